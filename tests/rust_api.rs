//! Sockets, options and addresses in the public Rust API.

use jackfield::{
    Addr, Error, Events, Family, Flags, Opt, RecvBuf, SendBuf, Shutdown, Socket, TcpFields, TcpOptions, TcpState, Type,
    WAIT_MAX, WaitItem, wait,
};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

fn listener(addr: impl Into<Addr>) -> (Socket, Addr) {
    let addr = addr.into();
    let listener = Socket::open(addr.family(), Type::Stream, 0).unwrap();
    listener.bind(&addr).unwrap();
    listener.listen(-1).unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

fn tcp_pair() -> (Socket, Socket) {
    let (listener, addr) = listener((Ipv4Addr::LOCALHOST, 0));
    let client = Socket::open(Family::Inet, Type::Stream, 0).unwrap();
    client.connect(&addr).unwrap();
    (client, listener.accept().unwrap().0)
}

#[test]
fn streams_work_in_every_family() {
    let name = Addr::abstract_name(format!("jackfield-rust-{}", std::process::id())).unwrap();
    for addr in [(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into(), name] {
        let (listener, addr) = listener(addr);
        let client = Socket::open(addr.family(), Type::Stream, 0).unwrap();
        client.connect(&addr).unwrap();
        let (server, peer) = listener.accept().unwrap();
        assert_eq!(peer, client.local_addr().unwrap());
        assert_eq!(client.peer_addr().unwrap(), addr);
        client.send_all(b"question").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut question = String::new();
        (&server).read_to_string(&mut question).unwrap();
        assert_eq!(question, "question");
        server.send_vec(&[SendBuf::from(&b"an"[..]), SendBuf::from(&b"swer"[..])], Flags::NONE).unwrap();
        let mut answer = [0; 6];
        client.recv_exact(&mut answer[..]).unwrap();
        assert_eq!(&answer, b"answer");
    }
}

#[test]
fn a_truncated_datagram_is_an_error() {
    for kind in [Type::Dgram, Type::SeqPacket] {
        let (a, b) = Socket::pair(Family::Unix, kind).unwrap();
        a.send(&b"0123456789"[..], Flags::NONE).unwrap();
        a.send(&b"0123456789"[..], Flags::NONE).unwrap();
        a.send(&b"next"[..], Flags::NONE).unwrap();
        let mut buffer = [0; 4];
        assert_eq!(b.recv(&mut buffer[..], Flags::NONE), Err(Error::TRUNCATED));
        assert_eq!(&buffer, b"0123");
        assert_eq!(b.recv(&mut buffer[..], Flags::TRUNC), Ok(10));
        let (front, back) = buffer.split_at_mut(2);
        assert_eq!(b.recv_vec(&mut [RecvBuf::from(front), RecvBuf::from(back)], Flags::NONE), Ok(4));
        assert_eq!(&buffer, b"next");
    }
}

#[test]
fn a_part_of_a_file_is_sent() {
    let path = std::env::temp_dir().join(format!("jackfield-rust-file-{}", std::process::id()));
    std::fs::write(&path, b"0123456789").unwrap();
    let mut file = std::fs::File::open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let mut buffer = [0; 4];
    file.read_exact(&mut buffer[..2]).unwrap();
    for (a, b) in [tcp_pair(), Socket::pair(Family::Unix, Type::Stream).unwrap()] {
        for timeout in [-1, 0, 10_000] {
            a.set(Opt::SendTimeout, timeout).unwrap();
            assert_eq!(a.send_file(&file, 3, 4), Ok(4));
            b.recv_exact(&mut buffer[..]).unwrap();
            assert_eq!(&buffer, b"3456");
            assert_eq!(a.send_file(&file, 8, usize::MAX), Ok(2));
            b.recv_exact(&mut buffer[..2]).unwrap();
            assert_eq!(&buffer[..2], b"89");
            assert_eq!(a.send_file(&file, 10, 1), Err(Error::END_OF_STREAM));
            assert_eq!(a.send_file(&file, 11, 1), Err(Error::INVALID));
            assert_eq!(a.send_file(&file, u64::MAX, 1), Err(Error::INVALID));
            assert_eq!(a.send_file(&b, 0, 1), Err(Error::UNSUPPORTED));
        }
        a.cancel();
        assert_eq!(a.send_file(&file, 0, 1), Err(Error::CLOSED));
    }
    // send_file does not change the file's position.
    file.read_exact(&mut buffer[..2]).unwrap();
    assert_eq!(&buffer[..2], b"23");
    let (a, _b) = Socket::pair(Family::Unix, Type::SeqPacket).unwrap();
    assert_eq!(a.send_file(&file, 0, 1), Err(Error::TYPE_UNSUPPORTED));
}

#[test]
fn wait_returns_the_ready_sockets() {
    let ((a, b), (c, d)) = (tcp_pair(), Socket::pair(Family::Unix, Type::Dgram).unwrap());
    let mut items = [WaitItem::new(&a, Events::READABLE), WaitItem::new(&c, Events::READABLE)];
    let start = Instant::now();
    assert_eq!(wait(&mut items, Some(Duration::from_micros(20_500))), Ok(0));
    assert!(start.elapsed() >= Duration::from_micros(20_500));
    assert_eq!(wait(&mut items, Some(Duration::ZERO)), Ok(0));
    d.send(&b"x"[..], Flags::NONE).unwrap();
    assert_eq!(wait(&mut items, None), Ok(1));
    assert_eq!((items[0].ready, items[1].ready), (Events::NONE, Events::READABLE));
    b.shutdown(Shutdown::Write).unwrap();
    let mut items = [WaitItem::new(&a, Events::READ_CLOSED | Events::READABLE)];
    assert_eq!(wait(&mut items, Some(Duration::from_secs(10))), Ok(1));
    assert!(items[0].ready.contains(Events::READ_CLOSED));
    assert_eq!(wait(&mut [WaitItem::new(&a, Events::from_bits_retain(64))], None), Err(Error::INVALID));
    assert_eq!(wait(&mut vec![items[0]; WAIT_MAX + 1], None), Err(Error::INVALID));
    assert_eq!(wait(&mut vec![items[0]; WAIT_MAX], None), Ok(WAIT_MAX));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| wait(&mut [WaitItem::new(&d, Events::READABLE)], None));
        d.cancel();
        assert_eq!(waiting.join().unwrap(), Err(Error::CLOSED));
    });
}

#[test]
fn tcp_info_describes_a_connection() {
    let (a, b) = tcp_pair();
    a.send_all(&[7; 1000]).unwrap();
    b.recv_exact(&mut [0; 1000][..]).unwrap();
    let (sender, receiver) = (a.tcp_info().unwrap(), b.tcp_info().unwrap());
    assert_eq!((sender.state, receiver.state), (TcpState::Established, TcpState::Established));
    assert_eq!((sender.bytes_sent - sender.bytes_retransmitted, receiver.bytes_received), (1000, 1000));
    assert!(sender.filled.contains(TcpFields::BYTES_SENT) && sender.options.contains(TcpOptions::SACK));
    let (local, _peer) = Socket::pair(Family::Unix, Type::Stream).unwrap();
    assert_eq!(local.tcp_info(), Err(Error::OPTION_UNSUPPORTED));
}

#[test]
fn recv_from_returns_the_sender() {
    let open = || {
        let socket = Socket::open(Family::Inet, Type::Dgram, 0).unwrap();
        socket.bind(&(Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let addr = socket.local_addr().unwrap();
        (socket, addr)
    };
    let ((a, a_addr), (b, b_addr)) = (open(), open());
    a.send_to(&b""[..], Flags::NONE, &b_addr).unwrap();
    a.send_to(&b"x"[..], Flags::NONE, &b_addr).unwrap();
    let mut buffer = [0; 4];
    assert_eq!(b.recv_from(&mut buffer[..], Flags::NONE), Ok((0, a_addr)));
    assert_eq!(b.recv_from(&mut buffer[..], Flags::NONE), Ok((1, a_addr)));
    let elsewhere = Addr::from((Ipv6Addr::LOCALHOST, 9));
    assert_eq!(a.send_to(&b"x"[..], Flags::NONE, &elsewhere), Err(Error::FAMILY_UNSUPPORTED));
}

#[test]
fn a_receive_observes_its_timeout() {
    let (client, _server) = tcp_pair();
    let mut buffer = [0; 4];
    client.set(Opt::RecvTimeout, 0).unwrap();
    assert_eq!(client.recv(&mut buffer[..], Flags::NONE), Err(Error::WOULD_BLOCK));
    client.set_recv_timeout(Some(Duration::from_millis(30))).unwrap();
    let start = Instant::now();
    assert_eq!(client.recv(&mut buffer[..], Flags::NONE), Err(Error::TIMED_OUT));
    assert!(start.elapsed() >= Duration::from_millis(30));
    let incomplete = client.recv_exact(&mut buffer[..]).unwrap_err();
    assert_eq!((incomplete.error, incomplete.done), (Error::TIMED_OUT, 0));
    client.set_recv_timeout(None).unwrap();
    assert_eq!(client.get(Opt::RecvTimeout), Ok(-1));
    assert_eq!(client.set(Opt::RecvTimeout, -2), Err(Error::INVALID));
}

#[test]
fn an_accepted_socket_does_not_inherit_the_listeners_timeout() {
    let (listener, addr) = listener((Ipv4Addr::LOCALHOST, 0));
    listener.set(Opt::RecvTimeout, 20).unwrap();
    assert_eq!(listener.accept().unwrap_err(), Error::TIMED_OUT);
    let client = Socket::open(Family::Inet, Type::Stream, 0).unwrap();
    client.connect(&addr).unwrap();
    let (server, _) = listener.accept().unwrap();
    assert_eq!(server.get(Opt::RecvTimeout), Ok(-1));
    let start = Instant::now();
    let writer = thread::spawn(move || {
        // The receive timeout serves as a delay of 100 ms.
        client.set(Opt::RecvTimeout, 100).unwrap();
        assert_eq!(client.recv(&mut [0; 1][..], Flags::NONE), Err(Error::TIMED_OUT));
        client.send(&b"late"[..], Flags::NONE).unwrap();
    });
    assert_eq!(server.recv(&mut [0; 8][..], Flags::NONE), Ok(4));
    assert!(start.elapsed() >= Duration::from_millis(100));
    writer.join().unwrap();
}

#[test]
fn cancelling_a_socket_wakes_blocked_calls() {
    let (client, _server) = tcp_pair();
    let (listener, _) = listener((Ipv4Addr::LOCALHOST, 0));
    let datagrams = Socket::open(Family::Inet, Type::Dgram, 0).unwrap();
    datagrams.bind(&(Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    for (socket, accepts) in [(client, false), (datagrams, false), (listener, true)] {
        let socket = Arc::new(socket);
        let waiting = thread::spawn({
            let socket = socket.clone();
            move || match accepts {
                true => socket.accept().map(drop),
                false => socket.recv(&mut [0; 4][..], Flags::NONE).map(drop),
            }
        });
        // The result is the same whether or not the call is already blocked.
        socket.cancel();
        assert_eq!(waiting.join().unwrap(), Err(Error::CLOSED));
    }
}

#[test]
fn option_values_are_stored_and_range_checked() {
    let socket = Socket::open(Family::Inet6, Type::Stream, 0).unwrap();
    for (option, value) in [
        (Opt::NoDelay, 1),
        (Opt::KeepAlive, 1),
        (Opt::KeepIdle, 77),
        (Opt::KeepInterval, 7),
        (Opt::KeepCount, 9),
        (Opt::Linger, 3000),
        (Opt::Linger, -1),
        (Opt::RecvBuffer, 40_000),
        (Opt::Ttl, 33),
        (Opt::OnlyV6, 1),
        (Opt::Interruptible, 1),
    ] {
        socket.set(option, value).unwrap();
        assert_eq!(socket.get(option), Ok(value), "{option:?}");
    }
    for (option, value) in [(Opt::NoDelay, 2), (Opt::Ttl, 0), (Opt::Ttl, 256), (Opt::Linger, -2), (Opt::KeepCount, 128)]
    {
        assert_eq!(socket.set(option, value), Err(Error::INVALID), "{option:?}");
    }
    assert_eq!(socket.get(Opt::Type), Ok(Type::Stream as i64));
    assert_eq!(socket.get(Opt::Family), Ok(Family::Inet6 as i64));
    assert_eq!(socket.get(Opt::Protocol), Ok(6));
    assert_eq!(socket.set(Opt::Protocol, 6), Err(Error::OPTION_UNSUPPORTED));
    let (local, _) = Socket::pair(Family::Unix, Type::Stream).unwrap();
    assert_eq!(local.get(Opt::NoDelay), Err(Error::OPTION_UNSUPPORTED));
    assert_eq!(local.take_error(), Ok(None));
}

#[test]
fn text_options_have_separate_calls() {
    let socket = Socket::open(Family::Inet, Type::Stream, 0).unwrap();
    socket.set_text(Opt::Congestion, "reno").unwrap();
    assert_eq!(socket.get_text(Opt::Congestion).as_deref(), Ok("reno"));
    assert_eq!(socket.set_text(Opt::Congestion, "no-such"), Err(Error::NOT_FOUND));
    assert_eq!(socket.set_text(Opt::Congestion, "sixteen--letters"), Err(Error::INVALID));
    // Only Rust can pass a NUL inside the text; the kernel would use the name before it.
    assert_eq!(socket.set_text(Opt::Congestion, "cubic\0"), Err(Error::INVALID));
    assert_eq!(socket.get_text(Opt::Congestion).as_deref(), Ok("reno"));
    assert_eq!(socket.set(Opt::Congestion, 1), Err(Error::OPTION_UNSUPPORTED));
    assert_eq!(socket.get(Opt::Congestion), Err(Error::OPTION_UNSUPPORTED));
    assert_eq!(socket.set_text(Opt::NoDelay, "1"), Err(Error::OPTION_UNSUPPORTED));
    assert_eq!(socket.get_text(Opt::NoDelay), Err(Error::OPTION_UNSUPPORTED));
    assert_eq!(socket.set_text(Opt::PeerSecurity, "label"), Err(Error::OPTION_UNSUPPORTED));
}

#[test]
fn every_option_has_a_number_and_is_supported() {
    for &option in Opt::ALL {
        assert_eq!(Opt::from_number(option as i32), Some(option));
        assert!(option as i32 >= 1);
        match option {
            // Not every kernel has security labels, vsock or UDP-Lite, and raw sockets need a privilege.
            Opt::PeerSecurity | Opt::VsockBufferSize | Opt::VsockBufferMin | Opt::VsockBufferMax => {}
            Opt::UdpLiteSendCoverage | Opt::UdpLiteRecvCoverage => {}
            Opt::HeaderIncluded | Opt::ChecksumOffset => {
                assert!(matches!(option.is_supported(), Ok(true) | Err(Error::PERMISSION)), "{option:?}");
            }
            _ => assert_eq!(option.is_supported(), Ok(true), "{option:?}"),
        }
    }
    for number in [i32::MIN, -1, 0, 100, i32::MAX] {
        assert_eq!(Opt::from_number(number), None);
    }
}

#[test]
fn an_ipv6_listener_accepts_ipv4() {
    let (listener, addr) = listener((Ipv6Addr::UNSPECIFIED, 0));
    let client = Socket::open(Family::Inet, Type::Stream, 0).unwrap();
    client.connect(&(Ipv4Addr::LOCALHOST, addr.port().unwrap()).into()).unwrap();
    let (_, peer) = listener.accept().unwrap();
    assert_eq!(peer.ip(), Some(Ipv4Addr::LOCALHOST.to_ipv6_mapped().into()));
}

#[test]
fn std_sockets_convert_both_ways() {
    let std_listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = Addr::from(std_listener.local_addr().unwrap());
    let listener = Socket::try_from(std_listener).unwrap();
    assert_eq!(listener.get(Opt::Listening), Ok(1));
    let client = Socket::open(Family::Inet, Type::Stream, 0).unwrap();
    client.connect(&addr).unwrap();
    let (server, _) = listener.accept().unwrap();
    server.set(Opt::RecvTimeout, 1500).unwrap();

    let (mut client, mut server) = (TcpStream::from(client), TcpStream::from(server));
    assert_eq!(server.read_timeout().unwrap(), Some(Duration::from_millis(1500)));
    client.write_all(b"std").unwrap();
    let mut buffer = [0; 3];
    server.read_exact(&mut buffer).unwrap();
    server.set_nonblocking(true).unwrap();
    let server = Socket::try_from(server).unwrap();
    assert_eq!(server.get(Opt::RecvTimeout), Ok(0));
    assert_eq!(server.recv(&mut buffer[..], Flags::NONE), Err(Error::WOULD_BLOCK));
    server.set(Opt::RecvTimeout, 20).unwrap();
    assert_eq!(server.recv(&mut buffer[..], Flags::NONE), Err(Error::TIMED_OUT));
    let _: TcpListener = listener.into();

    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert_eq!(Socket::try_from(udp).unwrap().kind(), Type::Dgram);
    let (a, b) = UnixStream::pair().unwrap();
    let (a, _b) = (Socket::try_from(a).unwrap(), Socket::try_from(b).unwrap());
    assert_eq!((a.family(), a.kind()), (Family::Unix, Type::Stream));
    let (a, _b) = Socket::pair(Family::Unix, Type::Dgram).unwrap();
    let a = UnixDatagram::from(a);
    assert_eq!(a.write_timeout().unwrap(), None);
    let _ = UnixListener::from(Socket::open(Family::Unix, Type::Stream, 0).unwrap());
}

#[test]
fn a_non_blocking_descriptor_with_a_timeout_does_not_busy_wait() {
    let name = Addr::abstract_name(format!("jackfield-full-{}", std::process::id())).unwrap();
    let listener = Socket::open(Family::Unix, Type::Stream, 0).unwrap();
    listener.bind(&name).unwrap();
    listener.listen(0).unwrap();
    let queued = Socket::open(Family::Unix, Type::Stream, 0).unwrap();
    queued.connect(&name).unwrap();

    let std = UnixStream::from(Socket::open(Family::Unix, Type::Stream, 0).unwrap());
    std.set_nonblocking(true).unwrap();
    let socket = Socket::try_from(std).unwrap();
    assert_eq!(socket.connect(&name), Err(Error::WOULD_BLOCK));
    socket.set(Opt::SendTimeout, 300).unwrap();
    let (start, cpu_time) = (Instant::now(), thread_cpu_time());
    assert_eq!(socket.connect(&name), Err(Error::TIMED_OUT));
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert!(thread_cpu_time() - cpu_time < Duration::from_millis(100), "the call busy-waits");
}

/// The CPU time of the calling thread.
fn thread_cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer refers to a local value.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[test]
fn from_fd_returns_a_descriptor_that_is_not_a_socket() {
    let file = std::fs::File::open("/dev/null").unwrap();
    let number = file.as_raw_fd();
    let (error, fd) = Socket::from_fd(OwnedFd::from(file)).unwrap_err();
    assert_eq!((error, fd.as_raw_fd()), (Error::NOT_SOCKET, number));
    assert!(fd.as_fd().try_clone_to_owned().is_ok());
}

#[test]
fn a_duplicate_outlives_the_original() {
    let (client, server) = tcp_pair();
    let other = client.try_clone().unwrap();
    drop(client);
    other.send_all(b"still here").unwrap();
    let mut buffer = [0; 10];
    server.recv_exact(&mut buffer[..]).unwrap();
    drop(other);
    let incomplete = server.recv_exact(&mut buffer[..]).unwrap_err();
    assert_eq!(incomplete.error, Error::END_OF_STREAM);
}

#[test]
fn errors_convert_to_and_from_std() {
    let refused = Socket::open(Family::Inet, Type::Stream, 0).unwrap().connect(&closed_port()).unwrap_err();
    assert_eq!(refused, Error::CONN_REFUSED);
    assert_eq!(io::Error::from(refused).kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(io::Error::from(Error::END_OF_STREAM).kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(format!("{refused:?}: {refused}"), format!("CONN_REFUSED: {}", refused.text()));
    assert_eq!(format!("{:?}", Error::from_os(71)), "PROTOCOL");
    assert_eq!(format!("{:?}", Error::from_os(40)), "OS(40)");
}

/// A local address that refuses connections: a bound socket that does not listen occupies the port.
fn closed_port() -> Addr {
    static BOUND: std::sync::OnceLock<Socket> = std::sync::OnceLock::new();
    let bound = BOUND.get_or_init(|| {
        let socket = Socket::open(Family::Inet, Type::Stream, 0).unwrap();
        socket.bind(&(Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        socket
    });
    bound.local_addr().unwrap()
}

#[test]
fn addresses_convert_to_and_from_std() {
    for text in ["127.0.0.1:80", "[::1]:443", "[fe80::1%3]:9"] {
        let std: SocketAddr = text.parse().unwrap();
        assert_eq!(SocketAddr::try_from(Addr::from(std)), Ok(std));
        assert_eq!(Addr::from(std).to_string(), text);
    }
    assert_eq!(SocketAddr::try_from(Addr::unix("/x").unwrap()), Err(Error::FAMILY_UNSUPPORTED));
    assert_eq!(Addr::unix("a\0b"), Err(Error::ADDR_INVALID));
    assert_eq!(Addr::unix("x".repeat(109)), Err(Error::ADDR_INVALID));
    let mut addr: Addr = "1.2.3.4:5".parse().unwrap();
    addr.set_port(6).unwrap();
    assert_eq!((addr.port(), addr.ip()), (Some(6), Some(Ipv4Addr::new(1, 2, 3, 4).into())));
    let mut none = Addr::UNSPEC;
    assert_eq!(none.set_port(1), Err(Error::FAMILY_UNSUPPORTED));
}
