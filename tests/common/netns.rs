//! Private networks for tests: unnamed namespaces with interfaces and routes.
//!
//! A sleeping process holds each namespace. The process ends when its `Namespace` is dropped, or when its sleep ends,
//! so a killed test leaves no namespace behind.

use super::expect_success;
use super::peers::program;
use super::process::{Process, TIMEOUT, run_with_input};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::process::Command;
use std::thread;
use std::time::Instant;

/// A network namespace.
pub struct Namespace {
    holder: Process,
    /// The process ID of the holder, which identifies the namespace.
    id: String,
}

impl Namespace {
    /// A namespace with only a loopback interface.
    pub fn new() -> Namespace {
        // SAFETY: the call has no arguments and always succeeds.
        let is_root = unsafe { libc::geteuid() } == 0;
        assert!(is_root, "this test creates network namespaces and must run as root");
        let hold = format!("echo $$ && exec sleep {}", TIMEOUT.as_secs());
        let mut holder = Process::start(&program("unshare", &["--net", "sh", "-c", &hold]));
        let id = holder.output.read_line();
        let namespace = Namespace { holder, id };
        namespace.ip("link set lo up");
        namespace
    }

    /// A command that runs in the namespace.
    pub fn command(&self, name: &str, arguments: &[&str]) -> Command {
        self.within(&program(name, arguments))
    }

    /// Wraps a command so that it runs in the namespace.
    pub fn within(&self, inner: &Command) -> Command {
        let mut command = program("nsenter", &["--net", "--target", &self.id]);
        command.arg(inner.get_program()).args(inner.get_args());
        command
    }

    /// Runs `ip` with arguments separated by spaces, and returns its output.
    pub fn ip(&self, arguments: &str) -> String {
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        expect_success(&mut self.command("ip", &arguments), 30)
    }

    /// Writes a value to a file below /proc/sys.
    pub fn set_sysctl(&self, path: &str, value: &str) {
        expect_success(&mut self.command("sh", &["-c", &format!("echo {value} >/proc/sys/{path}")]), 30);
    }

    /// Loads nftables rules.
    pub fn nft(&self, rules: &str) {
        run_with_input(&self.command("nft", &["-f", "-"]), rules.as_bytes());
    }

    /// Runs a closure in a new thread in the namespace. Sockets that it opens belong to the namespace, whichever thread
    /// uses them afterwards.
    pub fn enter<T: Send>(&self, code: impl FnOnce() -> T + Send) -> T {
        let namespace = File::open(format!("/proc/{}/ns/net", self.id)).expect("the holder runs");
        let code = || {
            // SAFETY: no memory is involved; the descriptor is open.
            let result = unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) };
            assert_eq!(result, 0, "the thread can enter the namespace");
            code()
        };
        thread::scope(|scope| scope.spawn(code).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }

    /// The index of an interface.
    pub fn interface_index(&self, interface: &str) -> u32 {
        let line = self.ip(&format!("-oneline link show dev {interface}"));
        line.split(':').next().and_then(|index| index.parse().ok()).expect("the line begins with the index")
    }

    /// Whether an interface is up and can carry packets.
    fn is_up(&self, interface: &str) -> bool {
        self.ip(&format!("-oneline link show dev {interface}")).contains(" state UP ")
    }
}

/// One end of a link: the namespace, the interface's name, and the interface's addresses with prefix lengths.
pub struct LinkEnd<'a> {
    pub namespace: &'a Namespace,
    pub interface: &'a str,
    pub addresses: &'a [&'a str],
}

/// Links two namespaces by a pair of virtual interfaces, which are up when this returns. The ends also get the
/// link-local addresses fe80::1 and fe80::2. `mtu` is in bytes.
pub fn create_link(a: &LinkEnd<'_>, b: &LinkEnd<'_>, mtu: u32) {
    a.namespace
        .ip(&format!("link add name {} type veth peer name {} netns {}", a.interface, b.interface, b.namespace.id));
    for (end, local) in [(a, "fe80::1/64"), (b, "fe80::2/64")] {
        let LinkEnd { namespace, interface, addresses } = end;
        // Otherwise the kernel generates link-local addresses, after a delay.
        namespace.ip(&format!("link set dev {interface} mtu {mtu} addrgenmode none up"));
        for address in addresses.iter().chain([&local]) {
            // Skips IPv6 duplicate address detection, which delays the use of the address.
            let nodad = if address.contains(':') { "nodad" } else { "" };
            namespace.ip(&format!("addr add {address} dev {interface} {nodad}"));
        }
    }
    let start = Instant::now();
    for end in [a, b] {
        while !end.namespace.is_up(end.interface) {
            assert!(start.elapsed() < TIMEOUT, "{} does not come up", end.interface);
        }
    }
}

/// Two hosts linked by `eth0` on both, with 10.77.0.1 and 10.77.0.2, fd77::1 and fd77::2, fe80::1 and fe80::2.
pub fn two_hosts() -> (Namespace, Namespace) {
    let (a, b) = (Namespace::new(), Namespace::new());
    create_link(
        &LinkEnd { namespace: &a, interface: "eth0", addresses: &["10.77.0.1/24", "fd77::1/64"] },
        &LinkEnd { namespace: &b, interface: "eth0", addresses: &["10.77.0.2/24", "fd77::2/64"] },
        1500,
    );
    (a, b)
}

/// Two hosts with a router between them.
///
/// ```text a eth0 10.77.1.1 fd77:1::1 --- left 10.77.1.9 fd77:1::9  router  right 10.77.2.9 fd77:2::9 --- 10.77.2.2
/// fd77:2::2 eth0 b ```
pub struct RoutedNetwork {
    pub a: Namespace,
    pub router: Namespace,
    pub b: Namespace,
}

impl RoutedNetwork {
    /// The MTUs, in bytes, are those of the links on the left and on the right of the router.
    pub fn new(left_mtu: u32, right_mtu: u32) -> RoutedNetwork {
        let (a, router, b) = (Namespace::new(), Namespace::new(), Namespace::new());
        router.set_sysctl("net/ipv4/ip_forward", "1");
        router.set_sysctl("net/ipv6/conf/all/forwarding", "1");
        create_link(
            &LinkEnd { namespace: &a, interface: "eth0", addresses: &["10.77.1.1/24", "fd77:1::1/64"] },
            &LinkEnd { namespace: &router, interface: "left", addresses: &["10.77.1.9/24", "fd77:1::9/64"] },
            left_mtu,
        );
        create_link(
            &LinkEnd { namespace: &router, interface: "right", addresses: &["10.77.2.9/24", "fd77:2::9/64"] },
            &LinkEnd { namespace: &b, interface: "eth0", addresses: &["10.77.2.2/24", "fd77:2::2/64"] },
            right_mtu,
        );
        for (host, via, via6) in [(&a, "10.77.1.9", "fd77:1::9"), (&b, "10.77.2.9", "fd77:2::9")] {
            host.ip(&format!("route add default via {via}"));
            host.ip(&format!("route add default via {via6}"));
        }
        RoutedNetwork { a, router, b }
    }
}
