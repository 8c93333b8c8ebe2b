//! Messages with control data in the public Rust API.

use jackfield::{Addr, Credentials, Error, Family, Flags, Incoming, Opt, Origin, Outgoing, PacketInfo, Socket, Type};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::{Duration, SystemTime};

fn bound(addr: impl Into<Addr>) -> (Socket, Addr) {
    let addr = addr.into();
    let socket = Socket::open(addr.family(), Type::Dgram, 0).unwrap();
    socket.bind(&addr).unwrap();
    socket.set(Opt::RecvTimeout, 10_000).unwrap();
    let addr = socket.local_addr().unwrap();
    (socket, addr)
}

fn pair() -> (Socket, Socket) {
    Socket::pair(Family::Unix, Type::SeqPacket).unwrap()
}

/// Sends a message with descriptors.
fn send_descriptors(socket: &Socket, data: &[u8], fds: &[BorrowedFd<'_>]) {
    let mut message = Outgoing::default();
    message.descriptors = fds;
    assert_eq!(socket.send_msg(&[data.into()], Flags::NONE, &message), Ok(data.len()));
}

/// Receives one message. `message` may have been used before.
fn receive(socket: &Socket, message: &mut Incoming) -> Vec<u8> {
    let mut buffer = [0; 100];
    let (front, back) = buffer.split_at_mut(3);
    let count = socket.recv_msg(&mut [front.into(), back.into()], Flags::NONE, message).unwrap();
    buffer[..count].to_vec()
}

/// Whether all descriptors of the write end of a pipe are closed.
fn is_at_end(pipe: &mut impl Read) -> bool {
    pipe.read(&mut [0]).unwrap() == 0
}

#[test]
fn control_messages_arrive_as_typed_fields() {
    for (here, source) in [
        ((Ipv4Addr::LOCALHOST, 0).into(), (Ipv4Addr::new(127, 0, 0, 2), 0).into()),
        ((Ipv6Addr::LOCALHOST, 0).into(), {
            let source: Addr = (Ipv6Addr::LOCALHOST, 0).into();
            source
        }),
    ] {
        let here: Addr = here;
        let (socket, to) = bound(here);
        let sender = Socket::open(here.family(), Type::Dgram, 0).unwrap();
        for option in [Opt::RecvTtl, Opt::RecvTos, Opt::RecvPacketInfo, Opt::Timestamps] {
            socket.set(option, 1).unwrap();
        }
        let mut outgoing = Outgoing::to(&to);
        outgoing.ttl = Some(9);
        outgoing.tos = Some(0xB9);
        outgoing.source = Some(PacketInfo { interface: 0, addr: source });
        let before = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        sender.send_msg(&[b"two ".as_slice().into(), b"pieces".as_slice().into()], Flags::NONE, &outgoing).unwrap();
        let mut incoming = Incoming::new();
        assert_eq!(receive(&socket, &mut incoming), b"two pieces");
        assert_eq!(incoming.from.unwrap().ip(), source.ip());
        assert_eq!((incoming.ttl, incoming.tos), (Some(9), Some(0xB9)));
        assert_eq!(incoming.destination.unwrap().addr.ip(), here.ip());
        let time = incoming.timestamp.unwrap();
        assert!(time >= before && time < before + Duration::from_secs(60), "{time:?} {before:?}");
        assert!(!incoming.is_truncated && !incoming.is_control_truncated && incoming.descriptor_count() == 0);
        assert_eq!((incoming.credentials, incoming.overflow, incoming.error), (None, None, None));
    }
}

#[test]
fn an_incoming_message_can_be_reused() {
    let (a, b) = pair();
    let (mut read, write) = std::io::pipe().unwrap();
    b.set(Opt::PassCredentials, 1).unwrap();
    let mut incoming = Incoming::default();
    send_descriptors(&a, b"first", &[write.as_fd(), a.as_fd(), write.as_fd()]);
    drop(write);
    assert_eq!(receive(&b, &mut incoming), b"first");
    assert_eq!(incoming.descriptor_count(), 3);
    assert_eq!(incoming.credentials.unwrap().pid, std::process::id() as i32);
    let mut first: File = incoming.take_descriptor().unwrap().into();
    first.write_all(b"x").unwrap();
    read.read_exact(&mut [0]).unwrap();
    drop(first);
    assert_eq!(incoming.descriptor_count(), 2);

    // The next receive closes the two descriptors that were not taken.
    b.set(Opt::PassCredentials, 0).unwrap();
    a.send(b"second".as_slice(), Flags::NONE).unwrap();
    assert_eq!(receive(&b, &mut incoming), b"second");
    assert_eq!((incoming.descriptor_count(), incoming.credentials), (0, None));
    assert!(incoming.take_descriptor().is_none() && incoming.take_process().is_none());
    assert!(is_at_end(&mut read));

    // A failed receive also clears the previous message.
    let (mut read, write) = std::io::pipe().unwrap();
    send_descriptors(&a, b"third", &[write.as_fd()]);
    drop(write);
    assert_eq!(receive(&b, &mut incoming), b"third");
    let mut buffer = [0; 8];
    assert_eq!(b.recv_msg(&mut [buffer[..].as_mut().into()], Flags::DONT_WAIT, &mut incoming), Err(Error::WOULD_BLOCK));
    assert_eq!(incoming.descriptor_count(), 0);
    assert!(is_at_end(&mut read));
}

#[test]
fn descriptors_not_taken_are_closed_on_drop() {
    let (a, b) = pair();
    let (mut read, write) = std::io::pipe().unwrap();
    let mut incoming = Incoming::new();
    send_descriptors(&a, b"x", &[write.as_fd(); Outgoing::DESCRIPTORS_MAX]);
    receive(&b, &mut incoming);
    assert_eq!(incoming.descriptor_count(), Outgoing::DESCRIPTORS_MAX);
    let taken: Vec<_> = std::iter::from_fn(|| incoming.take_descriptor()).take(3).collect();
    for fd in &taken {
        // SAFETY: no memory is involved.
        let flags = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFD) };
        assert_eq!(flags, libc::FD_CLOEXEC);
    }
    drop(write);
    drop(incoming);
    drop(taken);
    assert!(is_at_end(&mut read));
}

#[test]
fn too_many_descriptors_return_invalid() {
    let (a, _b) = pair();
    let null = File::open("/dev/null").unwrap();
    let too_many = vec![null.as_fd(); Outgoing::DESCRIPTORS_MAX + 1];
    let mut message = Outgoing::default();
    message.descriptors = &too_many;
    assert_eq!(a.send_msg(&[b"x".as_slice().into()], Flags::NONE, &message), Err(Error::INVALID));
}

#[test]
fn a_truncated_message_keeps_its_control_data() {
    let (a, b) = pair();
    let null = File::open("/dev/null").unwrap();
    send_descriptors(&a, b"hello", &[null.as_fd(), null.as_fd()]);
    let (mut buffer, mut incoming) = ([0; 2], Incoming::new());
    assert_eq!(b.recv_msg(&mut [buffer[..].as_mut().into()], Flags::NONE, &mut incoming), Err(Error::TRUNCATED));
    assert_eq!(&buffer, b"he");
    assert!(incoming.is_truncated && !incoming.is_control_truncated);
    assert_eq!(incoming.descriptor_count(), 2);
    a.send(b"hello".as_slice(), Flags::NONE).unwrap();
    assert_eq!(b.recv_msg(&mut [buffer[..].as_mut().into()], Flags::TRUNC, &mut incoming), Ok(5));
    assert!(incoming.is_truncated);
    a.send(b"he".as_slice(), Flags::NONE).unwrap();
    assert_eq!(b.recv_msg(&mut [buffer[..].as_mut().into()], Flags::NONE, &mut incoming), Ok(2));
    assert!(!incoming.is_truncated);
}

#[test]
fn unsupported_control_data_is_rejected() {
    let (udp, to) = bound((Ipv4Addr::LOCALHOST, 0));
    let (unix, _other) = pair();
    let data = [b"x".as_slice().into()];
    let me = Credentials { pid: std::process::id() as i32, uid: 0, gid: 0 };
    let mut message = Outgoing::to(&to);
    message.credentials = Some(me);
    assert_eq!(udp.send_msg(&data, Flags::NONE, &message), Err(Error::UNSUPPORTED));
    let mut message = Outgoing::default();
    message.ttl = Some(1);
    assert_eq!(unix.send_msg(&data, Flags::NONE, &message), Err(Error::UNSUPPORTED));
    let mut message = Outgoing::to(&to);
    message.ttl = Some(0);
    assert_eq!(udp.send_msg(&data, Flags::NONE, &message), Err(Error::INVALID));
}

#[test]
fn the_error_queue_reports_a_refused_datagram() {
    let (s, _) = bound((Ipv4Addr::LOCALHOST, 0));
    // A socket connected to another peer occupies the port, but refuses datagrams from other senders.
    let ((occupant, refusing), (_peer, peer)) = (bound((Ipv4Addr::LOCALHOST, 0)), bound((Ipv4Addr::LOCALHOST, 0)));
    occupant.connect(&peer).unwrap();
    s.set(Opt::RecvErrors, 1).unwrap();
    s.send_to(b"hello".as_slice(), Flags::NONE, &refusing).unwrap();
    let (mut buffer, mut incoming) = ([0; 8], Incoming::new());
    assert_eq!(s.recv_msg(&mut [buffer[..].as_mut().into()], Flags::ERROR_QUEUE, &mut incoming), Ok(5));
    let error = incoming.error.unwrap();
    assert_eq!((error.error, error.origin), (Some(Error::CONN_REFUSED), Origin::Icmp));
    assert_eq!((error.icmp_type, error.icmp_code), (3, 3));
    assert_eq!((incoming.from, error.from.ip()), (Some(refusing), Some(Ipv4Addr::LOCALHOST.into())));
    let result = s.recv_msg(&mut [buffer[..].as_mut().into()], Flags::ERROR_QUEUE, &mut incoming);
    assert_eq!((result, incoming.error), (Err(Error::WOULD_BLOCK), None));
}
