//! Networks of a test's own: namespaces with interfaces and routes, which are gone when the test is, however it ends.
//!
//! A namespace is held by a process that waits in it, and has no name outside. It goes when the process does: with the value
//! that stands for it, and when the test is killed, at the end of the process's time.

use super::peers::program;
use super::process::{PATIENCE, Process, talk};
use super::succeed;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::process::Command;
use std::thread;
use std::time::Instant;

/// A network namespace.
pub struct Namespace {
    holder: Process,
    /// The holder's number, which names the namespace to the system.
    id: String,
}

impl Namespace {
    /// A namespace with nothing but its loopback interface.
    pub fn new() -> Namespace {
        // SAFETY: the call has no arguments and always succeeds.
        let is_root = unsafe { libc::geteuid() } == 0;
        assert!(is_root, "this test makes network namespaces, for which it has to be root");
        let hold = format!("echo $$ && exec sleep {}", PATIENCE.as_secs());
        let mut holder = Process::start(&program("unshare", &["--net", "sh", "-c", &hold]));
        let id = holder.output.line();
        let namespace = Namespace { holder, id };
        namespace.ip("link set lo up");
        namespace
    }

    /// A program that will run in it.
    pub fn command(&self, name: &str, arguments: &[&str]) -> Command {
        self.within(&program(name, arguments))
    }

    /// The same of one that is made already.
    pub fn within(&self, inner: &Command) -> Command {
        let mut command = program("nsenter", &["--net", "--target", &self.id]);
        command.arg(inner.get_program()).args(inner.get_args());
        command
    }

    /// Runs `ip` with these arguments, which have no spaces in them, and returns what it prints.
    pub fn ip(&self, arguments: &str) -> String {
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        succeed(&mut self.command("ip", &arguments), 30)
    }

    /// Sets a number of the kernel's below /proc/sys.
    pub fn set(&self, path: &str, value: &str) {
        succeed(&mut self.command("sh", &["-c", &format!("echo {value} >/proc/sys/{path}")]), 30);
    }

    /// Loads rules of nftables.
    pub fn nft(&self, rules: &str) {
        talk(&self.command("nft", &["-f", "-"]), rules.as_bytes());
    }

    /// Runs Rust code in it, in a thread whose sockets are the namespace's. They may be used anywhere.
    pub fn enter<T: Send>(&self, code: impl FnOnce() -> T + Send) -> T {
        let namespace = File::open(format!("/proc/{}/ns/net", self.id)).expect("the holder runs");
        let code = || {
            // SAFETY: no memory is involved; the descriptor is open.
            let result = unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) };
            assert_eq!(result, 0, "a thread enters the namespace");
            code()
        };
        thread::scope(|scope| scope.spawn(code).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }

    /// The index of one of its interfaces.
    pub fn index(&self, interface: &str) -> u32 {
        let line = self.ip(&format!("-oneline link show dev {interface}"));
        line.split(':').next().and_then(|index| index.parse().ok()).expect("the line begins with the index")
    }

    /// Whether an interface can carry packets.
    fn carries(&self, interface: &str) -> bool {
        self.ip(&format!("-oneline link show dev {interface}")).contains(" state UP ")
    }
}

/// An end of a cable: the namespace it is in, the interface's name, and its addresses with the lengths of their prefixes.
pub struct End<'a> {
    pub namespace: &'a Namespace,
    pub interface: &'a str,
    pub addresses: &'a [&'a str],
}

/// Lays a cable between two namespaces. It carries packets when this returns, and each end has the link-local address
/// fe80::1 or fe80::2 too. The bytes are the largest packet's.
pub fn cable(a: &End<'_>, b: &End<'_>, mtu: u32) {
    a.namespace
        .ip(&format!("link add name {} type veth peer name {} netns {}", a.interface, b.interface, b.namespace.id));
    for (end, local) in [(a, "fe80::1/64"), (b, "fe80::2/64")] {
        let End { namespace, interface, addresses } = end;
        // The kernel would make up link-local addresses of its own, and not at once.
        namespace.ip(&format!("link set dev {interface} mtu {mtu} addrgenmode none up"));
        for address in addresses.iter().chain([&local]) {
            // An IPv6 address would first wait for somebody to say that he has it.
            let at_once = if address.contains(':') { "nodad" } else { "" };
            namespace.ip(&format!("addr add {address} dev {interface} {at_once}"));
        }
    }
    let start = Instant::now();
    for end in [a, b] {
        while !end.namespace.carries(end.interface) {
            assert!(start.elapsed() < PATIENCE, "{} carries nothing", end.interface);
        }
    }
}

/// Two hosts side by side. Their interfaces are both `eth0`, with 10.77.0.1 and .2, fd77::1 and ::2, fe80::1 and ::2.
pub fn neighbours() -> (Namespace, Namespace) {
    let (a, b) = (Namespace::new(), Namespace::new());
    cable(
        &End { namespace: &a, interface: "eth0", addresses: &["10.77.0.1/24", "fd77::1/64"] },
        &End { namespace: &b, interface: "eth0", addresses: &["10.77.0.2/24", "fd77::2/64"] },
        1500,
    );
    (a, b)
}

/// Two hosts and the router between them.
///
/// ```text
/// a eth0 10.77.1.1 fd77:1::1 --- left 10.77.1.9 fd77:1::9  router  right 10.77.2.9 fd77:2::9 --- 10.77.2.2 fd77:2::2 eth0 b
/// ```
pub struct Routed {
    pub a: Namespace,
    pub router: Namespace,
    pub b: Namespace,
}

impl Routed {
    /// The bytes are the largest packets' to the left and to the right of the router.
    pub fn new(left_mtu: u32, right_mtu: u32) -> Routed {
        let (a, router, b) = (Namespace::new(), Namespace::new(), Namespace::new());
        router.set("net/ipv4/ip_forward", "1");
        router.set("net/ipv6/conf/all/forwarding", "1");
        cable(
            &End { namespace: &a, interface: "eth0", addresses: &["10.77.1.1/24", "fd77:1::1/64"] },
            &End { namespace: &router, interface: "left", addresses: &["10.77.1.9/24", "fd77:1::9/64"] },
            left_mtu,
        );
        cable(
            &End { namespace: &router, interface: "right", addresses: &["10.77.2.9/24", "fd77:2::9/64"] },
            &End { namespace: &b, interface: "eth0", addresses: &["10.77.2.2/24", "fd77:2::2/64"] },
            right_mtu,
        );
        for (host, via, via6) in [(&a, "10.77.1.9", "fd77:1::9"), (&b, "10.77.2.9", "fd77:2::9")] {
            host.ip(&format!("route add default via {via}"));
            host.ip(&format!("route add default via {via6}"));
        }
        Routed { a, router, b }
    }
}
