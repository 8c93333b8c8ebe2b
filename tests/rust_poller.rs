//! Pollers from Rust.

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

const NOW: Option<Duration> = Some(Duration::ZERO);
const LONG: Option<Duration> = Some(Duration::from_secs(20));

/// Whether pollers are over the system's poll, and so have no descriptor to wait for, and no edges.
fn only_poll() -> bool {
    Poller::open().unwrap().fd().is_err_and(|error| error == Error::UNSUPPORTED)
}

fn pair() -> (Socket, Socket) {
    Socket::pair(Family::Unix, Type::Stream).unwrap()
}

/// What a wait tells: tokens and events, by token.
fn told(poller: &Poller, time: Option<Duration>) -> Vec<(u64, Events)> {
    let mut buffer = [PollerEvent::default(); 16];
    let count = poller.wait(&mut buffer, time).unwrap();
    let mut told: Vec<_> = buffer[..count].iter().map(|event| (event.token, event.events())).collect();
    assert!(buffer[..count].iter().all(|event| event.error == 0));
    told.sort_by_key(|&(token, _)| token);
    told
}

fn send(socket: &Socket) {
    assert_eq!(socket.send(&b"x"[..], Flags::NONE), Ok(1));
}

fn recv(socket: &Socket) {
    assert_eq!(socket.recv(&mut [0; 1][..], Flags::NONE), Ok(1));
}

#[test]
fn sockets_are_told_of_in_every_mode() {
    let (a, b) = pair();
    let poller = Poller::open().unwrap();
    poller.add(&a, Events::READABLE, 1).unwrap();
    assert_eq!(told(&poller, NOW), []);
    send(&b);
    for _ in 0..3 {
        assert_eq!(told(&poller, None), [(1, Events::READABLE)]);
    }
    let edge = poller.modify(&a, Events::READABLE | Events::EDGE, u64::MAX - 1);
    if only_poll() {
        assert_eq!(edge, Err(Error::UNSUPPORTED));
        send(&b);
    } else {
        assert_eq!(told(&poller, LONG), [(u64::MAX - 1, Events::READABLE)]);
        assert_eq!(told(&poller, NOW), []);
        send(&b);
        assert_eq!(told(&poller, LONG), [(u64::MAX - 1, Events::READABLE)]);
    }
    poller.modify(&a, Events::READABLE | Events::WRITABLE | Events::ONE_SHOT, 0).unwrap();
    assert_eq!(told(&poller, LONG), [(0, Events::READABLE | Events::WRITABLE)]);
    send(&b);
    assert_eq!(told(&poller, NOW), []);
    poller.modify(&a, Events::NONE, 2).unwrap();
    b.shutdown(Shutdown::Write).unwrap();
    assert_eq!(told(&poller, NOW), []);
    poller.modify(&a, Events::READ_CLOSED, 2).unwrap();
    assert_eq!(told(&poller, NOW), [(2, Events::READ_CLOSED)]);
    a.shutdown(Shutdown::Write).unwrap();
    assert_eq!(told(&poller, NOW), [(2, Events::READ_CLOSED | Events::HANGUP)]);
    poller.remove(&a).unwrap();
    assert_eq!(told(&poller, NOW), []);
    poller.add(&a, Events::READABLE, 3).unwrap();
    assert_eq!(told(&poller, NOW), [(3, Events::READABLE | Events::HANGUP)]);
}

#[test]
fn what_is_wrong_is_refused() {
    let (a, b) = pair();
    let poller = Poller::open().unwrap();
    assert_eq!(poller.modify(&a, Events::READABLE, 1), Err(Error::NOT_FOUND));
    assert_eq!(poller.remove(&a), Err(Error::NOT_FOUND));
    assert_eq!(poller.add(&a, Events::READABLE, u64::MAX), Err(Error::INVALID));
    for bit in 8..32 {
        assert_eq!(poller.add(&a, Events::from_bits(1 << bit), 1), Err(Error::INVALID));
    }
    poller.add(&a, Events::WRITABLE, 1).unwrap();
    assert_eq!(poller.add(&a, Events::WRITABLE, 2), Err(Error::EXISTS));
    assert_eq!(poller.add_fd(a.as_fd(), Events::WRITABLE, 2), Err(Error::EXISTS));
    assert_eq!(poller.modify(&a, Events::WRITABLE, u64::MAX), Err(Error::INVALID));
    assert_eq!(poller.modify(&a, Events::from_bits(u32::MAX), 2), Err(Error::INVALID));
    assert_eq!(poller.remove(&b), Err(Error::NOT_FOUND));
    assert_eq!(poller.wait(&mut [], None), Err(Error::INVALID));
    assert_eq!(poller.wait(&mut [], NOW), Err(Error::INVALID));
    assert_eq!(told(&poller, NOW), [(1, Events::WRITABLE)]);
    let file = File::open("/").unwrap();
    assert_eq!(poller.add_fd(file.as_fd(), Events::READABLE, 1), Err(Error::UNSUPPORTED));
    if let Ok(fd) = poller.fd() {
        assert_eq!(poller.add_fd(fd, Events::READABLE, 1), Err(Error::UNSUPPORTED));
        assert_eq!(poller.remove_fd(fd), Err(Error::NOT_FOUND));
    }
}

#[test]
fn a_dropped_socket_leaves() {
    for count in 1..4 {
        let pollers: Vec<_> = (0..count).map(|_| Poller::open().unwrap()).collect();
        for give_up in [false, true] {
            let (a, b) = pair();
            let copy = a.try_clone().unwrap();
            for poller in &pollers {
                poller.add(&a, Events::READABLE, 1).unwrap();
            }
            send(&b);
            assert!(pollers.iter().all(|poller| told(poller, NOW) == [(1, Events::READABLE)]));
            let kept = if give_up {
                Some(OwnedFd::from(a))
            } else {
                drop(a);
                None
            };
            send(&b);
            assert!(pollers.iter().all(|poller| told(poller, NOW).is_empty()));
            // The copy is another, and so is what has been given up.
            for poller in &pollers {
                poller.add(&copy, Events::READABLE, 2).unwrap();
                assert_eq!(told(poller, NOW), [(2, Events::READABLE)]);
                if let Some(fd) = &kept {
                    poller.add_fd(fd.as_fd(), Events::READABLE, 3).unwrap();
                    assert_eq!(told(poller, NOW).len(), 2);
                    poller.remove_fd(fd.as_fd()).unwrap();
                }
            }
        }
        assert!(pollers.iter().all(|poller| told(poller, NOW).is_empty()));
    }
}

#[test]
fn a_dropped_poller_leaves_the_sockets() {
    let (a, b) = pair();
    for _ in 0..2000 {
        let poller = Poller::open().unwrap();
        poller.add(&a, Events::WRITABLE, 1).unwrap();
        assert_eq!(told(&poller, NOW), [(1, Events::WRITABLE)]);
    }
    send(&a);
    recv(&b);
}

#[test]
fn one_room_after_the_other_tells_all() {
    let sockets: Vec<_> = (0..40).map(|_| pair()).collect();
    let poller = Poller::open().unwrap();
    for (at, (a, _)) in sockets.iter().enumerate() {
        poller.add(a, Events::WRITABLE, at as u64).unwrap();
    }
    let mut times = BTreeMap::new();
    for _ in 0..8 {
        let mut buffer = [PollerEvent::default(); 5];
        assert_eq!(poller.wait(&mut buffer, NOW), Ok(5));
        for event in buffer {
            *times.entry(event.token).or_insert(0) += 1;
        }
    }
    assert!(times.len() == 40 && times.values().all(|&times| times == 1));
}

#[test]
fn a_wait_is_never_too_short() {
    let poller = Poller::open().unwrap();
    let (a, _b) = pair();
    poller.add(&a, Events::READABLE, 1).unwrap();
    for micros in [0, 1, 300, 1_000, 1_500, 20_900] {
        let time = Duration::from_micros(micros);
        let start = Instant::now();
        assert_eq!(told(&poller, Some(time)), []);
        assert!(start.elapsed() >= time);
    }
}

#[test]
fn a_wake_ends_one_wait() {
    let poller = Poller::open().unwrap();
    for _ in 0..5 {
        poller.wake().unwrap();
    }
    assert_eq!(told(&poller, None), []);
    let start = Instant::now();
    assert_eq!(told(&poller, Some(Duration::from_millis(5))), []);
    assert!(start.elapsed() >= Duration::from_millis(5));
    thread::scope(|scope| {
        let waiting: Vec<_> = [None, Some(Duration::MAX), LONG, Some(Duration::from_secs(1 << 40))]
            .map(|time| {
                scope.spawn({
                    let poller = &poller;
                    move || told(poller, time)
                })
            })
            .into();
        for out in 1..=waiting.len() {
            while waiting.iter().filter(|thread| thread.is_finished()).count() < out {
                poller.wake().unwrap();
                thread::yield_now();
            }
        }
        assert!(waiting.into_iter().all(|thread| thread.join().unwrap().is_empty()));
    });
}

#[test]
fn who_waits_is_told_what_comes_meanwhile() {
    let poller = Poller::open().unwrap();
    let (a, b) = pair();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| told(&poller, LONG));
        poller.add(&a, Events::READABLE, 1).unwrap();
        send(&b);
        assert_eq!(waiting.join().unwrap(), [(1, Events::READABLE)]);
        recv(&a);
        let waiting = scope.spawn(|| told(&poller, LONG));
        poller.modify(&a, Events::WRITABLE, 2).unwrap();
        assert_eq!(waiting.join().unwrap(), [(2, Events::WRITABLE)]);
    });
}

#[test]
fn a_canceled_poller_is_of_no_use() {
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
        assert_eq!(poller.wait(&mut [PollerEvent::default()], NOW), Err(Error::CLOSED));
        // The sockets do not mind.
        let other = Poller::open().unwrap();
        other.add(&a, Events::WRITABLE, 1).unwrap();
        assert_eq!(told(&other, NOW), [(1, Events::WRITABLE)]);
    }
}

#[test]
fn descriptors_and_pollers_are_waited_for() {
    let (inner, outer) = (Poller::open().unwrap(), Poller::open().unwrap());
    let (mut a, mut b) = UnixStream::pair().unwrap();
    inner.add_fd(a.as_fd(), Events::READABLE, 1).unwrap();
    let told_outside = |events: &[(u64, Events)]| only_poll() || told(&outer, NOW) == events;
    if !only_poll() {
        outer.add_fd(inner.fd().unwrap(), Events::READABLE, 2).unwrap();
        assert_eq!(inner.add_fd(outer.fd().unwrap(), Events::READABLE, 3), Err(Error::UNSUPPORTED));
    }
    assert!(told_outside(&[]));
    b.write_all(b"x").unwrap();
    assert!(told_outside(&[(2, Events::READABLE)]));
    assert_eq!(told(&inner, NOW), [(1, Events::READABLE)]);
    a.read_exact(&mut [0]).unwrap();
    assert_eq!(told(&inner, NOW), []);
    assert!(told_outside(&[]));
    inner.wake().unwrap();
    assert!(told_outside(&[(2, Events::READABLE)]));
    assert_eq!(told(&inner, None), []);
    inner.modify_fd(a.as_fd(), Events::WRITABLE, 4).unwrap();
    assert_eq!(told(&inner, NOW), [(4, Events::WRITABLE)]);
    inner.remove_fd(a.as_fd()).unwrap();
    assert_eq!(inner.remove_fd(a.as_fd()), Err(Error::NOT_FOUND));
    assert_eq!(told(&outer, NOW), []);
}

extern "C" fn heed(_: libc::c_int) {}

#[test]
fn a_signal_ends_a_wait_that_is_to_be_interrupted() {
    // SAFETY: the handler does nothing; nobody else here has this signal.
    unsafe { libc::signal(libc::SIGUSR1, heed as *const () as libc::sighandler_t) };
    let poller = Poller::open().unwrap();
    poller.set_interruptible(true).unwrap();
    let interrupt_until = |is_over: &dyn Fn() -> bool, thread| {
        while !is_over() {
            // SAFETY: no memory is involved; the thread is not joined yet.
            unsafe { libc::pthread_kill(thread, libc::SIGUSR1) };
            thread::yield_now();
        }
    };
    let poller = Arc::new(poller);
    for time in [None, LONG] {
        let waiting = thread::spawn({
            let poller = poller.clone();
            move || poller.wait(&mut [PollerEvent::default()], time)
        });
        interrupt_until(&|| waiting.is_finished(), waiting.as_pthread_t());
        assert_eq!(waiting.join().unwrap(), Err(Error::INTERRUPTED));
    }
    poller.set_interruptible(false).unwrap();
    let time = Duration::from_millis(50);
    let waiting = thread::spawn({
        let poller = poller.clone();
        move || {
            let start = Instant::now();
            (poller.wait(&mut [PollerEvent::default()], Some(time)), start.elapsed())
        }
    });
    interrupt_until(&|| waiting.is_finished(), waiting.as_pthread_t());
    let (result, took) = waiting.join().unwrap();
    assert_eq!(result, Ok(0));
    assert!(took >= time);
}

/// A server of four threads that wait on one poller; each connection is one thread's at a time.
#[test]
fn threads_share_a_poller() {
    const CLIENTS: u64 = 40;
    const LISTENER: u64 = 0;
    let poller = Poller::open().unwrap();
    let listener = Socket::open(Family::Inet, Type::Stream, 0).unwrap();
    listener.bind(&Addr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    listener.listen(-1).unwrap();
    let addr = SocketAddr::try_from(listener.local_addr().unwrap()).unwrap();
    poller.add(&listener, Events::READABLE | Events::ONE_SHOT, LISTENER).unwrap();
    let (connections, next, over) = (Mutex::new(BTreeMap::new()), AtomicU64::new(1), AtomicBool::new(false));
    let once = Events::READABLE | Events::ONE_SHOT;
    let serve = |token: u64| {
        if token == LISTENER {
            let (connection, _) = listener.accept().unwrap();
            let token = next.fetch_add(1, SeqCst);
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
                while !over.load(SeqCst) {
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
                    client.set_read_timeout(LONG).unwrap();
                    for turn in 0..50 {
                        let said = format!("{number} {turn}");
                        let mut answer = vec![0; said.len()];
                        client.write_all(said.as_bytes()).unwrap();
                        client.read_exact(&mut answer).unwrap();
                        assert_eq!(answer, said.as_bytes());
                    }
                    client.shutdown(std::net::Shutdown::Write).unwrap();
                    assert_eq!(client.read(&mut [0]).unwrap(), 0);
                })
            })
            .collect();
        let results: Vec<_> = clients.into_iter().map(|client| client.join()).collect();
        over.store(true, SeqCst);
        poller.wake().unwrap();
        assert!(results.into_iter().all(|result| result.is_ok()));
    });
    assert!(connections.into_inner().unwrap().is_empty());
}
