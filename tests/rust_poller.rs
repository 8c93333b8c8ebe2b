//! Pollers in the public Rust API.

use jackfield::{Addr, Error, Events, Family, Flags, Poller, PollerEvent, Shutdown, Socket, Type};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::thread::JoinHandleExt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const NO_WAIT: Option<Duration> = Some(Duration::ZERO);
const LONG_TIMEOUT: Option<Duration> = Some(Duration::from_secs(20));

/// Whether the poller backend is poll(2), which has no descriptor to wait for and no edge-triggered mode.
fn has_poll_backend() -> bool {
    Poller::open().unwrap().fd().is_err_and(|error| error == Error::UNSUPPORTED)
}

fn pair() -> (Socket, Socket) {
    Socket::pair(Family::Unix, Type::Stream).unwrap()
}

/// Waits, and returns the tokens and events, sorted by token.
fn wait_for_events(poller: &Poller, timeout: Option<Duration>) -> Vec<(u64, Events)> {
    let mut buffer = [PollerEvent::default(); 16];
    let count = poller.wait(&mut buffer, timeout).unwrap();
    let mut events: Vec<_> = buffer[..count].iter().map(|event| (event.token, event.events())).collect();
    assert!(buffer[..count].iter().all(|event| event.error == 0));
    events.sort_by_key(|&(token, _)| token);
    events
}

fn send(socket: &Socket) {
    assert_eq!(socket.send(&b"x"[..], Flags::NONE), Ok(1));
}

fn recv(socket: &Socket) {
    assert_eq!(socket.recv(&mut [0; 1][..], Flags::NONE), Ok(1));
}

#[test]
fn every_trigger_mode_reports_readiness() {
    let (a, b) = pair();
    let poller = Poller::open().unwrap();
    poller.add(&a, Events::READABLE, 1).unwrap();
    assert_eq!(wait_for_events(&poller, NO_WAIT), []);
    send(&b);
    for _ in 0..3 {
        assert_eq!(wait_for_events(&poller, None), [(1, Events::READABLE)]);
    }
    let edge = poller.modify(&a, Events::READABLE | Events::EDGE, u64::MAX - 1);
    if has_poll_backend() {
        assert_eq!(edge, Err(Error::UNSUPPORTED));
        send(&b);
    } else {
        assert_eq!(wait_for_events(&poller, LONG_TIMEOUT), [(u64::MAX - 1, Events::READABLE)]);
        assert_eq!(wait_for_events(&poller, NO_WAIT), []);
        send(&b);
        assert_eq!(wait_for_events(&poller, LONG_TIMEOUT), [(u64::MAX - 1, Events::READABLE)]);
    }
    poller.modify(&a, Events::READABLE | Events::WRITABLE | Events::ONE_SHOT, 0).unwrap();
    assert_eq!(wait_for_events(&poller, LONG_TIMEOUT), [(0, Events::READABLE | Events::WRITABLE)]);
    send(&b);
    assert_eq!(wait_for_events(&poller, NO_WAIT), []);
    poller.modify(&a, Events::NONE, 2).unwrap();
    b.shutdown(Shutdown::Write).unwrap();
    assert_eq!(wait_for_events(&poller, NO_WAIT), []);
    poller.modify(&a, Events::READ_CLOSED, 2).unwrap();
    assert_eq!(wait_for_events(&poller, NO_WAIT), [(2, Events::READ_CLOSED)]);
    a.shutdown(Shutdown::Write).unwrap();
    assert_eq!(wait_for_events(&poller, NO_WAIT), [(2, Events::READ_CLOSED | Events::HANGUP)]);
    poller.remove(&a).unwrap();
    assert_eq!(wait_for_events(&poller, NO_WAIT), []);
    poller.add(&a, Events::READABLE, 3).unwrap();
    assert_eq!(wait_for_events(&poller, NO_WAIT), [(3, Events::READABLE | Events::HANGUP)]);
}

#[test]
fn invalid_arguments_are_rejected() {
    let (a, b) = pair();
    let poller = Poller::open().unwrap();
    assert_eq!(poller.modify(&a, Events::READABLE, 1), Err(Error::NOT_FOUND));
    assert_eq!(poller.remove(&a), Err(Error::NOT_FOUND));
    assert_eq!(poller.add(&a, Events::READABLE, u64::MAX), Err(Error::INVALID));
    for bit in 8..32 {
        assert_eq!(poller.add(&a, Events::from_bits_retain(1 << bit), 1), Err(Error::INVALID));
    }
    poller.add(&a, Events::WRITABLE, 1).unwrap();
    assert_eq!(poller.add(&a, Events::WRITABLE, 2), Err(Error::EXISTS));
    assert_eq!(poller.add_fd(a.as_fd(), Events::WRITABLE, 2), Err(Error::EXISTS));
    assert_eq!(poller.modify(&a, Events::WRITABLE, u64::MAX), Err(Error::INVALID));
    assert_eq!(poller.modify(&a, Events::from_bits_retain(u32::MAX), 2), Err(Error::INVALID));
    assert_eq!(poller.remove(&b), Err(Error::NOT_FOUND));
    assert_eq!(poller.wait(&mut [], None), Err(Error::INVALID));
    assert_eq!(poller.wait(&mut [], NO_WAIT), Err(Error::INVALID));
    assert_eq!(wait_for_events(&poller, NO_WAIT), [(1, Events::WRITABLE)]);
    let file = File::open("/").unwrap();
    assert_eq!(poller.add_fd(file.as_fd(), Events::READABLE, 1), Err(Error::UNSUPPORTED));
    if let Ok(fd) = poller.fd() {
        assert_eq!(poller.add_fd(fd, Events::READABLE, 1), Err(Error::UNSUPPORTED));
        assert_eq!(poller.remove_fd(fd), Err(Error::NOT_FOUND));
    }
}

#[test]
fn a_dropped_socket_is_removed_from_its_pollers() {
    for count in 1..4 {
        let pollers: Vec<_> = (0..count).map(|_| Poller::open().unwrap()).collect();
        for convert in [false, true] {
            let (a, b) = pair();
            let copy = a.try_clone().unwrap();
            for poller in &pollers {
                poller.add(&a, Events::READABLE, 1).unwrap();
            }
            send(&b);
            assert!(pollers.iter().all(|poller| wait_for_events(poller, NO_WAIT) == [(1, Events::READABLE)]));
            let kept = if convert {
                Some(OwnedFd::from(a))
            } else {
                drop(a);
                None
            };
            send(&b);
            assert!(pollers.iter().all(|poller| wait_for_events(poller, NO_WAIT).is_empty()));
            // The duplicate, and the descriptor that the socket was converted into, can be added separately.
            for poller in &pollers {
                poller.add(&copy, Events::READABLE, 2).unwrap();
                assert_eq!(wait_for_events(poller, NO_WAIT), [(2, Events::READABLE)]);
                if let Some(fd) = &kept {
                    poller.add_fd(fd.as_fd(), Events::READABLE, 3).unwrap();
                    assert_eq!(wait_for_events(poller, NO_WAIT).len(), 2);
                    poller.remove_fd(fd.as_fd()).unwrap();
                }
            }
        }
        assert!(pollers.iter().all(|poller| wait_for_events(poller, NO_WAIT).is_empty()));
    }
}

#[test]
fn sockets_stay_usable_after_their_poller_is_dropped() {
    let (a, b) = pair();
    for _ in 0..2000 {
        let poller = Poller::open().unwrap();
        poller.add(&a, Events::WRITABLE, 1).unwrap();
        assert_eq!(wait_for_events(&poller, NO_WAIT), [(1, Events::WRITABLE)]);
    }
    send(&a);
    recv(&b);
}

#[test]
fn waits_with_a_small_buffer_report_all_sockets_in_turn() {
    let sockets: Vec<_> = (0..40).map(|_| pair()).collect();
    let poller = Poller::open().unwrap();
    for (at, (a, _)) in sockets.iter().enumerate() {
        poller.add(a, Events::WRITABLE, at as u64).unwrap();
    }
    let mut counts = BTreeMap::new();
    for _ in 0..8 {
        let mut buffer = [PollerEvent::default(); 5];
        assert_eq!(poller.wait(&mut buffer, NO_WAIT), Ok(5));
        for event in buffer {
            *counts.entry(event.token).or_insert(0) += 1;
        }
    }
    assert!(counts.len() == 40 && counts.values().all(|&count| count == 1));
}

#[test]
fn a_wait_never_ends_before_its_timeout() {
    let poller = Poller::open().unwrap();
    let (a, _b) = pair();
    poller.add(&a, Events::READABLE, 1).unwrap();
    for micros in [0, 1, 300, 1_000, 1_500, 20_900] {
        let time = Duration::from_micros(micros);
        let start = Instant::now();
        assert_eq!(wait_for_events(&poller, Some(time)), []);
        assert!(start.elapsed() >= time);
    }
}

#[test]
fn a_wake_ends_one_wait() {
    let poller = Poller::open().unwrap();
    for _ in 0..5 {
        poller.wake().unwrap();
    }
    assert_eq!(wait_for_events(&poller, None), []);
    let start = Instant::now();
    assert_eq!(wait_for_events(&poller, Some(Duration::from_millis(5))), []);
    assert!(start.elapsed() >= Duration::from_millis(5));
    thread::scope(|scope| {
        let waiting: Vec<_> = [None, Some(Duration::MAX), LONG_TIMEOUT, Some(Duration::from_secs(1 << 40))]
            .map(|time| {
                scope.spawn({
                    let poller = &poller;
                    move || wait_for_events(poller, time)
                })
            })
            .into();
        for finished in 1..=waiting.len() {
            while waiting.iter().filter(|thread| thread.is_finished()).count() < finished {
                poller.wake().unwrap();
                thread::yield_now();
            }
        }
        assert!(waiting.into_iter().all(|thread| thread.join().unwrap().is_empty()));
    });
}

#[test]
fn changes_during_a_wait_take_effect() {
    let poller = Poller::open().unwrap();
    let (a, b) = pair();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| wait_for_events(&poller, LONG_TIMEOUT));
        poller.add(&a, Events::READABLE, 1).unwrap();
        send(&b);
        assert_eq!(waiting.join().unwrap(), [(1, Events::READABLE)]);
        recv(&a);
        let waiting = scope.spawn(|| wait_for_events(&poller, LONG_TIMEOUT));
        poller.modify(&a, Events::WRITABLE, 2).unwrap();
        assert_eq!(waiting.join().unwrap(), [(2, Events::WRITABLE)]);
    });
}

#[test]
fn a_cancelled_poller_returns_closed() {
    for waiters in [0, 1, 20] {
        let poller = Poller::open().unwrap();
        let (a, _b) = pair();
        poller.add(&a, Events::READABLE, 1).unwrap();
        thread::scope(|scope| {
            let wait = || poller.wait(&mut [PollerEvent::default(); 4], None);
            let waiting: Vec<_> = (0..waiters).map(|_| scope.spawn(wait)).collect();
            poller.cancel();
            assert!(waiting.into_iter().all(|thread| thread.join().unwrap() == Err(Error::CLOSED)));
            for _ in 0..3 {
                assert_eq!(wait(), Err(Error::CLOSED));
            }
        });
        assert_eq!(poller.wait(&mut [PollerEvent::default()], NO_WAIT), Err(Error::CLOSED));
        // The socket stays usable.
        let other = Poller::open().unwrap();
        other.add(&a, Events::WRITABLE, 1).unwrap();
        assert_eq!(wait_for_events(&other, NO_WAIT), [(1, Events::WRITABLE)]);
    }
}

#[test]
fn a_poller_waits_for_descriptors_and_for_another_poller() {
    let (inner, outer) = (Poller::open().unwrap(), Poller::open().unwrap());
    let (mut a, mut b) = UnixStream::pair().unwrap();
    inner.add_fd(a.as_fd(), Events::READABLE, 1).unwrap();
    let outer_reports = |events: &[(u64, Events)]| has_poll_backend() || wait_for_events(&outer, NO_WAIT) == events;
    if !has_poll_backend() {
        outer.add_fd(inner.fd().unwrap(), Events::READABLE, 2).unwrap();
        assert_eq!(inner.add_fd(outer.fd().unwrap(), Events::READABLE, 3), Err(Error::UNSUPPORTED));
    }
    assert!(outer_reports(&[]));
    b.write_all(b"x").unwrap();
    assert!(outer_reports(&[(2, Events::READABLE)]));
    assert_eq!(wait_for_events(&inner, NO_WAIT), [(1, Events::READABLE)]);
    a.read_exact(&mut [0]).unwrap();
    assert_eq!(wait_for_events(&inner, NO_WAIT), []);
    assert!(outer_reports(&[]));
    inner.wake().unwrap();
    assert!(outer_reports(&[(2, Events::READABLE)]));
    assert_eq!(wait_for_events(&inner, None), []);
    inner.modify_fd(a.as_fd(), Events::WRITABLE, 4).unwrap();
    assert_eq!(wait_for_events(&inner, NO_WAIT), [(4, Events::WRITABLE)]);
    inner.remove_fd(a.as_fd()).unwrap();
    assert_eq!(inner.remove_fd(a.as_fd()), Err(Error::NOT_FOUND));
    assert_eq!(wait_for_events(&outer, NO_WAIT), []);
}

extern "C" fn ignore_signal(_: libc::c_int) {}

#[test]
fn a_signal_ends_an_interruptible_wait() {
    // SAFETY: the handler does nothing, and no other test uses this signal.
    unsafe { libc::signal(libc::SIGUSR1, ignore_signal as *const () as libc::sighandler_t) };
    let poller = Poller::open().unwrap();
    poller.set_interruptible(true).unwrap();
    let interrupt_until = |is_finished: &dyn Fn() -> bool, thread| {
        while !is_finished() {
            // SAFETY: no memory is involved; the thread has not been joined.
            unsafe { libc::pthread_kill(thread, libc::SIGUSR1) };
            thread::yield_now();
        }
    };
    let poller = Arc::new(poller);
    for timeout in [None, LONG_TIMEOUT] {
        let waiting = thread::spawn({
            let poller = poller.clone();
            move || poller.wait(&mut [PollerEvent::default()], timeout)
        });
        interrupt_until(&|| waiting.is_finished(), waiting.as_pthread_t());
        assert_eq!(waiting.join().unwrap(), Err(Error::INTERRUPTED));
    }
    poller.set_interruptible(false).unwrap();
    let timeout = Duration::from_millis(50);
    let waiting = thread::spawn({
        let poller = poller.clone();
        move || {
            let start = Instant::now();
            (poller.wait(&mut [PollerEvent::default()], Some(timeout)), start.elapsed())
        }
    });
    interrupt_until(&|| waiting.is_finished(), waiting.as_pthread_t());
    let (result, elapsed) = waiting.join().unwrap();
    assert_eq!(result, Ok(0));
    assert!(elapsed >= timeout);
}

/// A server of four threads that wait on one poller. One-shot registrations give each connection to one thread at a
/// time.
#[test]
fn several_threads_wait_on_one_poller() {
    const CLIENTS: u64 = 40;
    const LISTENER: u64 = 0;
    let poller = Poller::open().unwrap();
    let listener = Socket::open(Family::Inet, Type::Stream, 0).unwrap();
    listener.bind(&Addr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    listener.listen(-1).unwrap();
    let addr = SocketAddr::try_from(listener.local_addr().unwrap()).unwrap();
    poller.add(&listener, Events::READABLE | Events::ONE_SHOT, LISTENER).unwrap();
    let (connections, next_token, is_over) = (Mutex::new(BTreeMap::new()), AtomicU64::new(1), AtomicBool::new(false));
    let once = Events::READABLE | Events::ONE_SHOT;
    let serve = |token: u64| {
        if token == LISTENER {
            let (connection, _) = listener.accept().unwrap();
            let token = next_token.fetch_add(1, SeqCst);
            let connection = Arc::new(connection);
            connections.lock().unwrap().insert(token, connection.clone());
            poller.add(&connection, once, token).unwrap();
            return poller.modify(&listener, once, LISTENER).unwrap();
        }
        let connection = connections.lock().unwrap().get(&token).cloned().unwrap();
        let mut buffer = [0; 4096];
        match connection.recv(&mut buffer[..], Flags::DONT_WAIT).unwrap() {
            0 => drop(connections.lock().unwrap().remove(&token)),
            count => {
                connection.send_all(&buffer[..count]).unwrap();
                poller.modify(&connection, once, token).unwrap();
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !is_over.load(SeqCst) {
                    let mut buffer = [PollerEvent::default(); 3];
                    let count = poller.wait(&mut buffer, None).unwrap();
                    buffer[..count].iter().for_each(|event| serve(event.token));
                }
                poller.wake().unwrap();
            });
        }
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                scope.spawn(move || {
                    let mut client = TcpStream::connect(addr).unwrap();
                    client.set_read_timeout(LONG_TIMEOUT).unwrap();
                    for line_number in 0..50 {
                        let line = format!("{number} {line_number}");
                        let mut answer = vec![0; line.len()];
                        client.write_all(line.as_bytes()).unwrap();
                        client.read_exact(&mut answer).unwrap();
                        assert_eq!(answer, line.as_bytes());
                    }
                    client.shutdown(std::net::Shutdown::Write).unwrap();
                    assert_eq!(client.read(&mut [0]).unwrap(), 0);
                })
            })
            .collect();
        let results: Vec<_> = clients.into_iter().map(|client| client.join()).collect();
        is_over.store(true, SeqCst);
        poller.wake().unwrap();
        assert!(results.into_iter().all(|result| result.is_ok()));
    });
    assert!(connections.into_inner().unwrap().is_empty());
}
