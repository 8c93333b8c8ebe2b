//! Name resolution, endpoints and dialers in the public Rust API.

use jackfield::{Addr, Dialer, Endpoint, Error, Family, Flags, Opt, Socket, Type, resolve, resolve_addr};
use std::thread;
use std::time::Duration;

const LONG_TIMEOUT: Option<Duration> = Some(Duration::from_secs(20));

/// The endpoint of a TCP listener.
fn endpoint_of(server: &Socket) -> String {
    format!("tcp://{}", server.local_addr().unwrap())
}

/// A listener with a full backlog, on which a dial blocks, and the clients that fill it.
fn full_listener() -> (Socket, Vec<Socket>) {
    let server = Socket::serve("tcp://127.0.0.1:0", 0).unwrap();
    let addr = server.local_addr().unwrap();
    let clients = (0..4).map(|_| {
        let client = Socket::open(Family::Inet, Type::Stream, 0).unwrap();
        client.set(Opt::SendTimeout, 0).unwrap();
        assert_eq!(client.connect(&addr), Err(Error::IN_PROGRESS));
        client
    });
    let clients = clients.collect();
    (server, clients)
}

/// Accepts a connection and sends data over it.
fn assert_connected(server: &Socket, client: &Socket) {
    let (connection, _) = server.accept().unwrap();
    client.send_all(b"hello").unwrap();
    let mut buffer = [0; 16];
    assert_eq!(connection.recv(&mut buffer[..], Flags::NONE), Ok(5));
}

#[test]
fn a_client_can_dial_every_served_endpoint() {
    let folder = std::env::temp_dir().join(format!("jackfield-dial-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = format!("unix://{}", folder.join("x").display());
    let everywhere = Socket::serve("tcp://:0", 16).unwrap();
    let port = everywhere.local_addr().unwrap().port().unwrap();
    for (server, dialed) in [
        (Socket::serve("tcp://127.0.0.1:0", 16).unwrap(), None),
        (Socket::serve("tcp://[::1]:0", 16).unwrap(), None),
        (Socket::serve(&path, 16).unwrap(), Some(path.clone())),
        (everywhere.try_clone().unwrap(), Some(format!("tcp://localhost:{port}"))),
        (everywhere.try_clone().unwrap(), Some(format!("tcp://:{port}"))),
        (everywhere, Some(format!("tcp://127.0.0.1:{port}"))),
    ] {
        let dialed = dialed.unwrap_or_else(|| endpoint_of(&server));
        for timeout in [None, LONG_TIMEOUT] {
            assert_connected(&server, &Socket::dial(&dialed, timeout).expect(&dialed));
        }
    }
    std::fs::remove_dir_all(folder).unwrap();

    let server = Socket::serve("udp://127.0.0.1:0", 0).unwrap();
    let client = Socket::dial(&format!("udp://{}", server.local_addr().unwrap()), LONG_TIMEOUT).unwrap();
    client.send(b"hello".as_slice(), Flags::NONE).unwrap();
    let mut buffer = [0; 16];
    assert_eq!(server.recv_from(&mut buffer[..], Flags::NONE), Ok((5, client.local_addr().unwrap())));
}

#[test]
fn a_dialed_socket_has_the_dialers_options() {
    let server = Socket::serve("tcp://127.0.0.1:0", 16).unwrap();
    let plain = Socket::dial(&endpoint_of(&server), LONG_TIMEOUT).unwrap();
    assert_eq!((plain.get(Opt::RecvTimeout), plain.get(Opt::SendTimeout)), (Ok(-1), Ok(-1)));
    assert_eq!(plain.get(Opt::NoDelay), Ok(0));

    let mut dialer = Dialer::new().unwrap();
    dialer.set(Opt::NoDelay, 0).unwrap().set(Opt::NoDelay, 1).unwrap().set(Opt::RecvTimeout, 1234).unwrap();
    dialer.set_text(Opt::Congestion, "reno").unwrap();
    dialer.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let socket = dialer.dial(&endpoint_of(&server), LONG_TIMEOUT).unwrap();
    assert_eq!((socket.get(Opt::NoDelay), socket.get(Opt::RecvTimeout)), (Ok(1), Ok(1234)));
    assert_eq!(socket.get_text(Opt::Congestion).as_deref(), Ok("reno"));

    dialer.set(Opt::NoDelay, 2).unwrap();
    assert_eq!(dialer.dial(&endpoint_of(&server), LONG_TIMEOUT).unwrap_err(), Error::INVALID);
    dialer.set(Opt::NoDelay, 1).unwrap().bind("[::1]:0".parse().unwrap()).unwrap();
    assert_eq!(dialer.dial(&endpoint_of(&server), LONG_TIMEOUT).unwrap_err(), Error::NAME_NO_ADDRESS);
    assert_eq!(dialer.dial("unix:///x", LONG_TIMEOUT).unwrap_err(), Error::NAME_NO_ADDRESS);
    dialer.bind(Addr::unix("").unwrap()).unwrap();
    assert_eq!(dialer.dial("tcp://localhost:1", LONG_TIMEOUT).unwrap_err(), Error::NAME_NO_ADDRESS);
    assert_eq!(dialer.set(Opt::Error, 1).unwrap_err(), Error::OPTION_UNSUPPORTED);
    assert_eq!(dialer.set(Opt::Congestion, 1).unwrap_err(), Error::OPTION_UNSUPPORTED);
    assert_eq!(dialer.set(Opt::FastOpenConnect, 1).unwrap_err(), Error::OPTION_UNSUPPORTED);
    assert_eq!(dialer.set_text(Opt::NoDelay, "1").unwrap_err(), Error::OPTION_UNSUPPORTED);
    assert_eq!(dialer.bind(Addr::netlink(0, 0)).unwrap_err(), Error::FAMILY_UNSUPPORTED);
    dialer.bind(Addr::UNSPEC).unwrap().dial(&endpoint_of(&server), LONG_TIMEOUT).unwrap();
}

#[test]
fn the_attempt_delay_is_range_checked() {
    let mut dialer = Dialer::new().unwrap();
    for ms in [10, 250, 60_000] {
        dialer.set_delay(Duration::from_millis(ms)).unwrap();
    }
    for ms in [0, 9, 60_001, u64::MAX] {
        assert_eq!(dialer.set_delay(Duration::from_millis(ms)).unwrap_err(), Error::INVALID, "{ms}");
    }
}

#[test]
fn a_dial_times_out() {
    let (server, _clients) = full_listener();
    let short = Some(Duration::from_millis(30));
    assert_eq!(Socket::dial(&endpoint_of(&server), short).unwrap_err(), Error::TIMED_OUT);
    assert_eq!(Socket::dial(&endpoint_of(&server), Some(Duration::ZERO)).unwrap_err(), Error::WOULD_BLOCK);
}

#[test]
fn cancelling_a_dialer_ends_its_dials() {
    let (server, _clients) = full_listener();
    let dialer = Dialer::new().unwrap();
    thread::scope(|scope| {
        let dialing: Vec<_> =
            (0..4).map(|_| scope.spawn(|| dialer.dial(&endpoint_of(&server), None).unwrap_err())).collect();
        dialer.cancel();
        for thread in dialing {
            assert_eq!(thread.join().unwrap(), Error::CLOSED);
        }
    });
    assert_eq!(dialer.dial(&endpoint_of(&server), LONG_TIMEOUT).unwrap_err(), Error::CLOSED);
}

#[test]
fn addresses_are_resolved_without_a_lookup() {
    let now = Some(Duration::ZERO);
    let found = |host, service, family| resolve(host, service, family, Some(Type::Stream), now);
    let addr = |text: &str| Ok(vec![text.parse::<Addr>().unwrap()]);
    assert_eq!(found("127.0.0.1", "80", Family::Unspec), addr("127.0.0.1:80"));
    assert_eq!(found("fe80::1%1", "", Family::Inet6), addr("[fe80::1%1]:0"));
    assert_eq!(found("", "80", Family::Inet), addr("127.0.0.1:80"));
    assert_eq!(found("", "80", Family::Unspec).unwrap().len(), 2);

    assert_eq!(found("::1", "80", Family::Inet), Err(Error::NAME_NO_ADDRESS));
    assert_eq!(found("127.1", "80", Family::Unspec), Err(Error::ADDR_INVALID));
    assert_eq!(found("[::1]", "80", Family::Unspec), Err(Error::ADDR_INVALID));
    assert_eq!(found("::1", "65536", Family::Unspec), Err(Error::ADDR_INVALID));
    assert_eq!(found("fe80::1%no-such-if", "80", Family::Unspec), Err(Error::NOT_FOUND));
    assert_eq!(found("localhost", "80", Family::Unspec), Err(Error::WOULD_BLOCK));
    assert_eq!(found("::1", "https", Family::Unspec), Err(Error::WOULD_BLOCK));
    assert_eq!(found("::1", "80", Family::Unix), Err(Error::FAMILY_UNSUPPORTED));
    assert_eq!(resolve("::1", "80", Family::Unspec, Some(Type::Raw), now), Err(Error::TYPE_UNSUPPORTED));
}

#[test]
fn services_are_looked_up() {
    let found = |host, service, kind| resolve(host, service, Family::Unspec, kind, LONG_TIMEOUT);
    let addr = |text: &str| Ok(vec![text.parse::<Addr>().unwrap()]);
    assert_eq!(found("::1", "https", Some(Type::Stream)), addr("[::1]:443"));
    assert_eq!(found("127.0.0.1", "domain", None), addr("127.0.0.1:53"));
    assert_eq!(found("::1", "no-such-service", Some(Type::Stream)), Err(Error::NOT_FOUND));
    assert_eq!(Socket::dial("tcp://:https", Some(Duration::ZERO)).unwrap_err(), Error::WOULD_BLOCK);
    assert_eq!(Socket::dial("tcp://:no-such-service", LONG_TIMEOUT).unwrap_err(), Error::NOT_FOUND);
}

/// IDNA maps these digits to ASCII, and the C library would accept the result as an address.
#[test]
fn digits_of_other_scripts_are_rejected() {
    for host in ["１２７.１", "127。0。0。1", "٠x7f.1", "𝟏𝟐𝟕.0.0.1"] {
        assert_eq!(resolve(host, "80", Family::Unspec, None, LONG_TIMEOUT), Err(Error::ADDR_INVALID), "{host}");
    }
}

#[test]
fn localhost_resolves_both_ways() {
    let found = resolve("localhost", "80", Family::Unspec, None, LONG_TIMEOUT).unwrap();
    assert!(found.iter().all(|addr| addr.ip().is_some_and(|ip| ip.is_loopback())), "{found:?}");
    assert_eq!(resolve_addr(&"127.0.0.1:0".parse().unwrap(), LONG_TIMEOUT).as_deref(), Ok("localhost"));
    assert_eq!(resolve_addr(&Addr::unix("/x").unwrap(), LONG_TIMEOUT), Err(Error::FAMILY_UNSUPPORTED));
}

#[test]
fn a_malformed_endpoint_reports_the_position() {
    let error = "tcp://example.org".parse::<Endpoint>().unwrap_err();
    assert_eq!(error.at(), 17);
    assert_eq!(error.to_string(), "byte 17: expected : and a port");
    assert_eq!(Error::from(error), Error::ADDR_INVALID);
    let endpoint: Endpoint = "tcp://[::0001]:080".parse().unwrap();
    assert_eq!(endpoint.to_string(), "tcp://[::1]:80");
    // A link-local address needs a zone.
    let without_zone = Socket::dial("tcp://[fe80::1]:80", LONG_TIMEOUT);
    for call in [without_zone, Socket::dial("tcp://example.org", LONG_TIMEOUT), Socket::serve("tcp://example.org", 1)] {
        assert_eq!(call.unwrap_err(), Error::ADDR_INVALID);
    }
}
