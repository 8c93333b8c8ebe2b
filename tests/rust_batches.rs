//! Batches of datagrams in the public Rust API.

use jackfield::{Addr, Batch, Datagram, Error, Family, Flags, Opt, PacketInfo, Socket, Type};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

fn bound(addr: impl Into<Addr>) -> (Socket, Addr) {
    let addr = addr.into();
    let socket = Socket::open(addr.family(), Type::Dgram, 0).unwrap();
    socket.bind(&addr).unwrap();
    socket.set(Opt::RecvTimeout, 10_000).unwrap();
    let addr = socket.local_addr().unwrap();
    (socket, addr)
}

/// Receives exactly `count` datagrams, and returns their bytes.
fn receive(socket: &Socket, batch: &mut Batch<'_>, count: usize) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    while all.len() < count {
        let received = socket.recv_many(batch, Flags::NONE).unwrap();
        assert_eq!((batch.iter().len(), received > 0), (received, true));
        all.extend(batch.iter().map(|datagram| datagram.bytes.to_vec()));
    }
    assert_eq!(socket.recv_many(batch, Flags::DONT_WAIT), Err(Error::WOULD_BLOCK));
    assert_eq!(batch.iter().len(), 0, "a failed call leaves the batch empty");
    all
}

#[test]
fn a_batch_arrives_with_and_without_coalescing() {
    for here in [Addr::from((Ipv4Addr::LOCALHOST, 0)), (Ipv6Addr::LOCALHOST, 0).into()] {
        let (receiver, to) = bound(here);
        let (sender, _) = bound(here);
        let bytes: Vec<Vec<u8>> =
            (0..150).map(|index: u8| vec![index; if index % 50 == 49 { 7 } else { 30 }]).collect();
        let mut one_each = vec![[0; 100]; 70];
        let mut one_each = Batch::one_each(one_each.iter_mut().map(|buffer| &mut buffer[..]));
        let mut memory = vec![0; 3 * Batch::COALESCED.1 + 5];
        let mut coalesced = Batch::coalesced(&mut memory).unwrap();
        for batch in [&mut one_each, &mut coalesced] {
            let mut datagrams: Vec<_> = bytes.iter().map(|bytes| Datagram::to(bytes, &to)).collect();
            assert_eq!(sender.send_many(&mut datagrams, Flags::NONE), Ok(150));
            assert!(datagrams.iter().zip(&bytes).all(|(datagram, bytes)| datagram.result() == Ok(bytes.len())));
            assert_eq!(receive(&receiver, batch, 150), bytes);
        }
        // The coalesced batch has enabled GRO, so only coalesced batches may receive from now on.
        assert_eq!(receiver.recv_many(&mut one_each, Flags::NONE), Err(Error::INVALID));
        assert_eq!(receiver.recv(&mut [0; 8][..], Flags::DONT_WAIT), Err(Error::UNSUPPORTED));
        receiver.set(Opt::Gro, 0).unwrap();
        assert_eq!(receiver.recv_many(&mut one_each, Flags::DONT_WAIT), Err(Error::WOULD_BLOCK));
        sender.send_to(b"last".as_slice(), Flags::NONE, &to).unwrap();
        assert_eq!(receiver.recv(&mut [0; 8][..], Flags::NONE), Ok(4));
    }
}

#[test]
fn arrivals_have_the_requested_metadata() {
    let (receiver, to) = bound((Ipv4Addr::LOCALHOST, 0));
    let (sender, from) = bound((Ipv4Addr::LOCALHOST, 0));
    sender.connect(&to).unwrap();
    let mut memory = vec![0; 65_536];
    let mut batch = Batch::coalesced(&mut memory).unwrap();
    for is_requested in [false, true] {
        for option in [Opt::RecvTos, Opt::RecvPacketInfo, Opt::Timestamps] {
            receiver.set(option, is_requested.into()).unwrap();
        }
        let before = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let mut datagrams = [b"one".as_slice(), b"two", b"three"].map(Datagram::new);
        for datagram in &mut datagrams {
            datagram.set_tos(2);
            datagram.set_source(&PacketInfo { interface: 0, addr: (Ipv4Addr::LOCALHOST, 0).into() });
        }
        assert_eq!(sender.send_many(&mut datagrams, Flags::NONE), Ok(3));
        assert!(format!("{datagrams:?}").contains("len: 3, result: Ok(3)"));
        let mut bytes = Vec::new();
        while bytes.len() < 3 {
            receiver.recv_many(&mut batch, Flags::NONE).unwrap();
            for datagram in batch.iter() {
                assert_eq!((datagram.from, datagram.is_truncated), (Some(from), false));
                assert_eq!(datagram.tos, is_requested.then_some(2));
                let to = datagram.destination.map(|to| (to.interface, to.addr.ip()));
                assert_eq!(to, is_requested.then_some((1, Some(Ipv4Addr::LOCALHOST.into()))));
                let is_recent = |time| time >= before && time < before + Duration::from_secs(60);
                assert_eq!(datagram.timestamp.map(is_recent), is_requested.then_some(true));
                bytes.push(datagram.bytes.to_vec());
            }
        }
        assert_eq!(bytes, [b"one".as_slice(), b"two", b"three"]);
    }
    assert!(format!("{batch:?}").contains("Arrival"));
}

#[test]
fn a_truncated_datagram_is_marked() {
    let (a, b) = Socket::pair(Family::Unix, Type::Dgram).unwrap();
    for flags in [Flags::NONE, Flags::TRUNC] {
        let mut datagrams = [b"longer than its buffer".as_slice(), b"short", b""].map(Datagram::new);
        assert_eq!(a.send_many(&mut datagrams, Flags::NONE), Ok(3));
        assert_eq!((datagrams[1].len(), datagrams[2].is_empty(), datagrams[0].is_empty()), (5, true, false));
        let mut buffers = [[0; 8]; 3];
        let mut batch = Batch::one_each(buffers.iter_mut().map(|buffer| &mut buffer[..]));
        assert_eq!(b.recv_many(&mut batch, flags), Ok(3));
        let received: Vec<_> =
            batch.iter().map(|datagram| (datagram.bytes, datagram.is_truncated, datagram.from)).collect();
        // The sender is an unnamed UNIX address.
        let unnamed = Some(Addr::unix("").unwrap());
        assert_eq!(received, [(&b"longer t"[..], true, unnamed), (b"short", false, unnamed), (b"", false, unnamed)]);
    }
}

#[test]
fn an_unknown_interface_returns_not_found() {
    let socket = Socket::open(Family::Inet, Type::Dgram, 0).unwrap();
    let to = Addr::from((Ipv4Addr::LOCALHOST, 9));
    let mut datagrams = [Datagram::to(b"x", &to), Datagram::to(b"y", &to)];
    datagrams[0].set_source(&PacketInfo { interface: 99_999, addr: Addr::UNSPEC });
    assert_eq!(socket.send_many(&mut datagrams, Flags::NONE), Ok(1));
    assert_eq!((datagrams[0].result(), datagrams[1].result()), (Err(Error::NOT_FOUND), Ok(1)));
}

#[test]
fn invalid_arguments_are_rejected() {
    assert_eq!(Batch::coalesced(&mut [0; 65_535]).unwrap_err(), Error::INVALID);
    let mut memory = vec![0; 65_536];
    let mut batch = Batch::coalesced(&mut memory).unwrap();
    let (stream, _) = Socket::pair(Family::Unix, Type::Stream).unwrap();
    assert_eq!(stream.recv_many(&mut batch, Flags::NONE), Err(Error::TYPE_UNSUPPORTED));
    assert_eq!(stream.send_many(&mut [Datagram::new(b"x")], Flags::NONE), Err(Error::TYPE_UNSUPPORTED));

    let (socket, to) = bound((Ipv4Addr::LOCALHOST, 0));
    for flags in [Flags::PEEK, Flags::MORE, Flags::ERROR_QUEUE, Flags::WAIT_ALL] {
        assert_eq!(socket.recv_many(&mut batch, flags), Err(Error::INVALID));
        assert_eq!(socket.send_many(&mut [Datagram::to(b"x", &to)], flags), Err(Error::INVALID));
    }
    assert_eq!(socket.recv_many(&mut Batch::one_each([]), Flags::DONT_WAIT), Ok(0));
    assert_eq!(socket.recv_many(&mut Batch::one_each([&mut [][..]]), Flags::DONT_WAIT), Err(Error::INVALID));
    assert_eq!(socket.send_many(&mut [], Flags::NONE), Ok(0));

    // A datagram that cannot be sent does not affect the others.
    let long = vec![0; 70_000];
    let other: Addr = (Ipv6Addr::LOCALHOST, 9).into();
    let mut datagrams = [Datagram::to(b"one", &to), Datagram::to(&long, &to), Datagram::to(b"two", &other)];
    assert_eq!(socket.send_many(&mut datagrams, Flags::NONE), Ok(1));
    let results = datagrams.each_ref().map(Datagram::result);
    assert_eq!(results, [Ok(3), Err(Error::MESSAGE_SIZE), Err(Error::FAMILY_UNSUPPORTED)]);
    assert_eq!(socket.send_many(&mut datagrams[1..], Flags::NONE), Err(Error::MESSAGE_SIZE));
    assert_eq!(receive(&socket, &mut batch, 1), [b"one"]);
    let mut unaddressed = [Datagram::new(b"x"), Datagram::new(b"y")];
    assert_eq!(socket.send_many(&mut unaddressed, Flags::NONE), Err(Error::DEST_REQUIRED));
}

#[test]
fn batches_are_send_and_sync() {
    fn assert_send_sync<T: Send + Sync>(value: T) -> T {
        value
    }
    let (receiver, to) = bound((Ipv4Addr::LOCALHOST, 0));
    let mut memory = vec![0; 65_536];
    let mut batch = assert_send_sync(Batch::coalesced(&mut memory).unwrap());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (sender, _) = bound((Ipv4Addr::LOCALHOST, 0));
            let mut datagrams = assert_send_sync([b"a".as_slice(), b"b"].map(|bytes| Datagram::to(bytes, &to)));
            assert_eq!(sender.send_many(&mut datagrams, Flags::NONE), Ok(2));
        });
        assert_eq!(receive(&receiver, &mut batch, 2), [b"a", b"b"]);
    });
}
