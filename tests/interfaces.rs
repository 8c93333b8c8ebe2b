//! The list of interfaces of a network namespace, compared with the output of `ip`.

mod common;

use common::expect_success;
use common::library;
use common::netns::two_hosts;
use common::peers::{python, shared_library};
use jackfield::{Addr, Interface, InterfaceFlags, interfaces};
use std::net::IpAddr;

fn addr(ip: &str) -> Option<Addr> {
    Some((ip.parse::<IpAddr>().expect("the text is an IP address"), 0).into())
}

#[test]
fn the_list_equals_the_output_of_ip() {
    let (host, _other) = two_hosts();
    for arguments in [
        "addr add 10.66.0.1/24 brd + dev eth0",
        "addr add 10.66.0.2/24 dev eth0 label eth0:1",
        "addr add 10.99.0.1 peer 10.99.0.2/32 dev eth0",
        "addr add fd99::1 peer fd99::2/128 dev eth0 nodad",
        "link add name bridge mtu 1280 type bridge",
        "addr add 10.67.0.1/0 dev bridge",
        "link add name fifteen-letters type veth peer name veth0",
        "tuntap add tunnel mode tun",
        "link set dev tunnel addrgenmode none up",
        "addr add 10.88.0.1 peer 10.88.0.2/24 dev tunnel",
        "addr add fd88::1 peer fd88::2/128 dev tunnel nodad",
        "tuntap add alone mode tun",
    ] {
        host.ip(arguments);
    }
    library();
    let printed = expect_success(&mut host.within(&python("tests/py/interfaces.py", &[&shared_library()])), 60);
    // lo 2, eth0 7 including one added by the script, bridge 1, both ends of the veth pair 2, tunnel 2, alone 1.
    assert_eq!(printed, "16\n");
}

#[test]
fn the_rust_api_returns_typed_entries() {
    let (host, _other) = two_hosts();
    let list = host.enter(interfaces).unwrap();
    let names: Vec<_> = list.iter().map(|interface| interface.name.to_str().unwrap()).collect();
    assert_eq!(names, ["lo", "lo", "eth0", "eth0", "eth0"]);
    let Interface { index, flags, mtu, hardware, addr: loopback, prefix_len, peer, .. } = &list[0];
    assert_eq!((*index, *mtu, hardware.len(), *prefix_len, *peer), (1, 65536, 6, 8, None));
    assert_eq!(*loopback, addr("127.0.0.1"));
    assert!(flags.contains(InterfaceFlags::UP) && flags.contains(InterfaceFlags::LOOPBACK));
    assert!(!flags.contains(InterfaceFlags::MULTICAST));
    assert_eq!([list[2].addr, list[3].addr], [addr("10.77.0.1"), addr("fd77::1")]);
    assert_eq!(
        list[4].addr,
        Some("[fe80::1%eth0]:0".replace("eth0", &host.interface_index("eth0").to_string()).parse().unwrap())
    );
    assert_eq!(list[4].addr.unwrap().scope_id(), list[4].index);
}
