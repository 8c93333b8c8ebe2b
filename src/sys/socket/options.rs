//! Reading and setting socket options, and converting between the library's values and the kernel's.
//!
//! `option_table.rs` lists the options and their native levels and names.

use crate::sys::errno::{
    EACCES, EAFNOSUPPORT, EINVAL, ENODEV, ENOPROTOOPT, EOPNOTSUPP, EPERM, EPROTONOSUPPORT, ESOCKTNOSUPPORT, Errno,
};
use crate::sys::names::interfaces::interfaces;
use crate::sys::socket::buffers::RecvBuf;
use crate::sys::socket::descriptor::Descriptor;
use crate::sys::types::{Family, Type};
use libc::c_int;

/// The native names in the table: those of libc, and those of <linux/vm_sockets.h> and <linux/udp.h> that libc lacks.
mod os {
    pub use libc::*;

    pub const SO_VM_SOCKETS_BUFFER_SIZE: c_int = 0;
    pub const SO_VM_SOCKETS_BUFFER_MIN_SIZE: c_int = 1;
    pub const SO_VM_SOCKETS_BUFFER_MAX_SIZE: c_int = 2;
    pub const UDPLITE_SEND_CSCOV: c_int = 10;
    pub const UDPLITE_RECV_CSCOV: c_int = 11;
}

/// A buffer of this many bytes is long enough for every text option.
pub const TEXT_CAPACITY: usize = 4096;

/// How an option's value is represented in the kernel.
#[derive(Clone, Copy, PartialEq)]
enum ValueFormat {
    /// 0 or 1.
    Switch,
    /// An `int`, or an `unsigned int` if the maximum exceeds `int`.
    Number,
    /// 64 bits.
    Wide,
    /// An `int`. Linux doubles the value for its own overhead, and returns the double.
    Buffer,
    /// `struct linger`, in whole seconds.
    Linger,
    /// An interface's index, in network byte order.
    Interface,
    /// An interface's index. IPv4: set in a `struct ip_mreqn`, and read as the interface's address.
    MulticastInterface,
    /// One of two values of path MTU discovery.
    DontFragment,
    /// A field of `struct ucred`.
    Peer,
    /// A string that is not NUL-terminated.
    Text,
}

#[derive(PartialEq)]
enum Access {
    Both,
    Read,
    Set,
}

/// The sockets that have an option with a native level and name.
#[derive(Clone, Copy, PartialEq)]
enum SocketKinds {
    Every,
    /// IPv4 and IPv6 sockets, at the socket level.
    Ip,
    /// Sockets that carry IPv4: IPv4 sockets, and IPv6 sockets that are not raw.
    V4,
    V6,
    /// Like `V4` and `V6`, without TCP, which has no multicast.
    Packets4,
    Packets6,
    Raw4,
    Raw6,
    /// IPv6, but not raw.
    Ipv6NotRaw,
    Tcp,
    /// UDP and UDP-Lite.
    Udp,
    PlainUdp,
    UdpLite,
    Unix,
    Netlink,
    Vsock,
}

/// An option's native name, and the sockets that have it. The sockets also determine the native level.
struct NativeOption {
    at: SocketKinds,
    name: c_int,
}

/// A row of the table.
struct OptionSpec {
    form: ValueFormat,
    /// The minimum and the maximum value; for a text, its length.
    range: (i64, i64),
    access: Access,
    places: &'static [NativeOption],
}

macro_rules! access {
    () => {
        Access::Both
    };
    (setting $($needs:tt)+) => {
        Access::Both
    };
    (write only $($needs:tt)*) => {
        Access::Set
    };
    (read only) => {
        Access::Read
    };
}

macro_rules! range {
    (Switch) => {
        (0, 1)
    };
    (DontFragment) => {
        (0, 1)
    };
    ($form:ident) => {
        (0, 0)
    };
    ($form:ident $most:literal) => {
        (0, $most)
    };
    ($form:ident $least:literal $most:literal $($unit:literal)?) => {
        ($least, $most)
    };
}

/// The values of an option, for rustdoc.
macro_rules! values {
    (Switch) => { "0 or 1" };
    (DontFragment) => { "0 or 1" };
    (Text $most:literal) => { concat!("Text of at most ", $most, " bytes") };
    ($form:ident) => { "A number" };
    ($form:ident $least:literal $most:literal $($unit:literal)?) => { concat!($least, " to ", $most $(, " ", $unit)?) };
}

macro_rules! access_note {
    () => { "" };
    (read only) => { "; read-only" };
    (write only) => { "; write-only" };
    (write only, $($needs:tt)+) => { concat!("; write-only, ", stringify!($($needs)+)) };
    ($($access:tt)+) => { concat!("; ", stringify!($($access)+)) };
}

macro_rules! options {
    ($($(#[doc = $text:literal])+ $name:ident = $number:literal: $form:ident $(($($limit:literal),+))?
        [$($access:tt)*] {$($at:ident: $os:ident),*})*) => {
        /// A socket option: a number for [`Socket::set`](crate::Socket::set) and [`Socket::get`](crate::Socket::get),
        /// or a text for [`Socket::set_text`](crate::Socket::set_text) and
        /// [`Socket::get_text`](crate::Socket::get_text).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(i32)]
        #[non_exhaustive]
        pub enum Opt {$(
            $(#[doc = $text])+
            #[doc = concat!(
                "\n\n", values!($form $($($limit)+)?), $("; ", stringify!($at), ": `", stringify!($os), "`",)*
                access_note!($($access)*),
            )]
            ///
            /// [`Error`]: crate::Error
            /// [`Error::CONN_REFUSED`]: crate::Error::CONN_REFUSED
            /// [`Error::INTERRUPTED`]: crate::Error::INTERRUPTED
            /// [`Error::INVALID`]: crate::Error::INVALID
            /// [`Error::MESSAGE_SIZE`]: crate::Error::MESSAGE_SIZE
            /// [`Error::NOT_CONNECTED`]: crate::Error::NOT_CONNECTED
            /// [`Error::NOT_FOUND`]: crate::Error::NOT_FOUND
            /// [`Error::OPTION_UNSUPPORTED`]: crate::Error::OPTION_UNSUPPORTED
            /// [`Flags::ERROR_QUEUE`]: crate::Flags::ERROR_QUEUE
            $name = $number,
        )*}

        impl Opt {
            /// Every option.
            pub const ALL: &'static [Opt] = &[$(Opt::$name),*];

            /// The option with this number.
            pub fn from_number(number: i32) -> Option<Opt> {
                match number {
                    $($number => Some(Opt::$name),)*
                    _ => None,
                }
            }

            fn spec(self) -> &'static OptionSpec {
                match self {$(
                    Opt::$name => const {
                        &OptionSpec {
                            form: ValueFormat::$form,
                            range: range!($form $($($limit)+)?),
                            access: access!($($access)*),
                            places: &[$(NativeOption { at: SocketKinds::$at, name: os::$os }),*],
                        }
                    },
                )*}
            }
        }
    };
}

include!("option_table.rs");

impl Opt {
    /// Whether the option can be set to a text, or to a number.
    pub(crate) fn can_be_set(self, to_text: bool) -> bool {
        let OptionSpec { form, access, .. } = self.spec();
        *access != Access::Read && (*form == ValueFormat::Text) == to_text
    }
}

impl SocketKinds {
    fn level(self) -> c_int {
        match self {
            SocketKinds::Every | SocketKinds::Ip | SocketKinds::Unix | SocketKinds::Netlink => libc::SOL_SOCKET,
            SocketKinds::V4 | SocketKinds::Packets4 | SocketKinds::Raw4 => libc::IPPROTO_IP,
            SocketKinds::V6 | SocketKinds::Packets6 | SocketKinds::Raw6 | SocketKinds::Ipv6NotRaw => libc::IPPROTO_IPV6,
            SocketKinds::Tcp => libc::IPPROTO_TCP,
            SocketKinds::Udp | SocketKinds::PlainUdp => libc::IPPROTO_UDP,
            SocketKinds::UdpLite => libc::IPPROTO_UDPLITE,
            SocketKinds::Vsock => libc::AF_VSOCK,
        }
    }

    /// Whether a socket of this family and type is included.
    fn applies_to(self, family: Family, kind: Type) -> bool {
        let (is_ip, is_raw) = (matches!(family, Family::Inet | Family::Inet6), kind == Type::Raw);
        let has_ipv4 = family == Family::Inet || family == Family::Inet6 && !is_raw;
        match self {
            SocketKinds::Every => true,
            SocketKinds::Ip => is_ip,
            SocketKinds::V4 => has_ipv4,
            SocketKinds::V6 => family == Family::Inet6,
            SocketKinds::Packets4 => has_ipv4 && kind != Type::Stream,
            SocketKinds::Packets6 => family == Family::Inet6 && kind != Type::Stream,
            SocketKinds::Raw4 => family == Family::Inet && is_raw,
            SocketKinds::Raw6 => family == Family::Inet6 && is_raw,
            SocketKinds::Ipv6NotRaw => family == Family::Inet6 && !is_raw,
            SocketKinds::Tcp => is_ip && kind == Type::Stream,
            SocketKinds::Udp | SocketKinds::PlainUdp | SocketKinds::UdpLite => is_ip && kind == Type::Dgram,
            SocketKinds::Unix => family == Family::Unix,
            SocketKinds::Netlink => family == Family::Netlink,
            SocketKinds::Vsock => family == Family::Vsock,
        }
    }

    /// Opens a socket that is included.
    fn open_sample_socket(self) -> Result<Descriptor, Errno> {
        /// The protocol of raw sockets whose user writes the headers.
        const RAW: i32 = libc::IPPROTO_RAW;
        let (family, kind, protocol) = match self {
            SocketKinds::Every => (Family::Unix, Type::Dgram, 0),
            // A security label needs a peer.
            SocketKinds::Unix => return Ok(Descriptor::pair(Family::Unix, Type::Stream)?.0),
            SocketKinds::Ip | SocketKinds::V4 | SocketKinds::Packets4 | SocketKinds::Udp | SocketKinds::PlainUdp => {
                (Family::Inet, Type::Dgram, 0)
            }
            SocketKinds::V6 | SocketKinds::Packets6 | SocketKinds::Ipv6NotRaw => (Family::Inet6, Type::Dgram, 0),
            SocketKinds::Raw4 => (Family::Inet, Type::Raw, RAW),
            SocketKinds::Raw6 => (Family::Inet6, Type::Raw, RAW),
            SocketKinds::Tcp => (Family::Inet, Type::Stream, 0),
            SocketKinds::UdpLite => (Family::Inet, Type::Dgram, libc::IPPROTO_UDPLITE),
            SocketKinds::Netlink => (Family::Netlink, Type::Raw, libc::NETLINK_ROUTE),
            SocketKinds::Vsock => (Family::Vsock, Type::Stream, 0),
        };
        Descriptor::open(family, kind, protocol)
    }
}

impl OptionSpec {
    /// The native options of a socket of this family and type, in the reverse order of the table. The option is read at
    /// the first of these, which is the last in the table.
    fn places(&self, family: Family, kind: Type) -> impl Iterator<Item = &'static NativeOption> {
        self.places.iter().rev().filter(move |place| place.at.applies_to(family, kind))
    }
}

/// Whether the system has the option on a socket of any kind. This function opens sockets to find out.
pub fn supports(opt: Opt) -> Result<bool, Errno> {
    let OptionSpec { access, places, range, .. } = opt.spec();
    let mut refused = None;
    for place in *places {
        let (level, name) = (place.at.level(), place.name);
        let result = place.at.open_sample_socket().and_then(|socket| match access {
            // The value does not matter, nor does a lack of permission.
            Access::Set => socket.set_value(level, name, &(range.0 as c_int)),
            _ => socket.get_raw(level, name, RecvBuf::from(&mut [0; 64][..])).map(drop),
        });
        match (result, access) {
            // The system has no such socket, or no such option.
            (Err(Errno(EAFNOSUPPORT | EPROTONOSUPPORT | ESOCKTNOSUPPORT | ENODEV | ENOPROTOOPT | EOPNOTSUPP)), _) => {}
            // Raw sockets need a privilege.
            (Err(errno @ Errno(EPERM | EACCES)), Access::Both) => refused = Some(errno),
            (Err(errno @ Errno(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::ENOBUFS)), _) => return Err(errno),
            _ => return Ok(true),
        }
    }
    match refused {
        Some(errno) => Err(errno),
        None => Ok(places.is_empty()),
    }
}

impl Descriptor {
    /// Reads an option that is a number.
    pub fn get(&self, opt: Opt, family: Family, kind: Type) -> Result<i64, Errno> {
        let OptionSpec { form, range, access, .. } = opt.spec();
        let place = opt.spec().places(family, kind).next().ok_or(Errno(ENOPROTOOPT))?;
        if *access == Access::Set || *form == ValueFormat::Text {
            return Err(Errno(ENOPROTOOPT));
        }
        self.check_protocol(place)?;
        let (level, name) = (place.at.level(), place.name);
        let int = || self.get_value::<c_int>(level, name);
        Ok(match form {
            ValueFormat::Number if range.1 > i64::from(c_int::MAX) => i64::from(int()? as u32),
            ValueFormat::Switch | ValueFormat::Number => int()?.into(),
            ValueFormat::Wide => self.get_value::<u64>(level, name)?.try_into().unwrap_or(i64::MAX),
            ValueFormat::Buffer => i64::from(int()? / 2),
            ValueFormat::Linger => match self.get_value::<libc::linger>(level, name)? {
                libc::linger { l_onoff: 0, .. } => -1,
                libc::linger { l_linger, .. } => i64::from(l_linger) * 1000,
            },
            ValueFormat::Interface => u32::from_be(int()? as u32).into(),
            ValueFormat::MulticastInterface if level == libc::IPPROTO_IP => match int()? {
                0 => 0,
                address => interface_index_of(address as u32)?.into(),
            },
            ValueFormat::MulticastInterface => int()?.into(),
            ValueFormat::DontFragment => matches!(int()?, libc::IP_PMTUDISC_DO | libc::IP_PMTUDISC_PROBE).into(),
            ValueFormat::Peer => {
                let peer: libc::ucred = self.get_value(level, name)?;
                // The kernel reports this number if there is no peer.
                if peer.uid == u32::MAX {
                    return Err(Errno(libc::ENOTCONN));
                }
                match opt {
                    Opt::PeerUid => peer.uid.into(),
                    Opt::PeerGid => peer.gid.into(),
                    _ => peer.pid.into(),
                }
            }
            ValueFormat::Text => return Err(Errno(ENOPROTOOPT)),
        })
    }

    /// Sets an option that is a number, at every place that the socket has.
    pub fn set(&self, opt: Opt, family: Family, kind: Type, value: i64) -> Result<(), Errno> {
        let OptionSpec { form, range, access, .. } = opt.spec();
        let mut places = opt.spec().places(family, kind).peekable();
        if *access == Access::Read || *form == ValueFormat::Text {
            return Err(Errno(ENOPROTOOPT));
        }
        self.check_protocol(places.peek().ok_or(Errno(ENOPROTOOPT))?)?;
        if !(range.0..=range.1).contains(&value) {
            return Err(Errno(EINVAL));
        }
        places.try_for_each(|place| {
            let (level, name) = (place.at.level(), place.name);
            let int = |value: c_int| self.set_value(level, name, &value);
            match form {
                ValueFormat::Wide => self.set_value(level, name, &(value as u64)),
                ValueFormat::Linger => {
                    let seconds = (value.max(0) as u64).div_ceil(1000) as c_int;
                    self.set_value(level, name, &libc::linger { l_onoff: (value >= 0).into(), l_linger: seconds })
                }
                ValueFormat::Interface => int((value as u32).to_be() as c_int),
                ValueFormat::MulticastInterface if level == libc::IPPROTO_IP => {
                    let any = libc::in_addr { s_addr: libc::INADDR_ANY };
                    let group = libc::ip_mreqn { imr_multiaddr: any, imr_address: any, imr_ifindex: value as c_int };
                    self.set_value(level, name, &group)
                }
                ValueFormat::DontFragment if value == 1 => int(libc::IP_PMTUDISC_DO),
                ValueFormat::DontFragment => int(libc::IP_PMTUDISC_DONT),
                _ => int(value as c_int),
            }
        })
    }

    /// Reads an option that is a text.
    pub fn get_text<'a>(
        &self,
        opt: Opt,
        family: Family,
        kind: Type,
        buf: &'a mut [u8; TEXT_CAPACITY],
    ) -> Result<&'a [u8], Errno> {
        let OptionSpec { form: ValueFormat::Text, .. } = opt.spec() else { return Err(Errno(ENOPROTOOPT)) };
        let place = opt.spec().places(family, kind).next().ok_or(Errno(ENOPROTOOPT))?;
        let len = self.get_raw(place.at.level(), place.name, RecvBuf::from(&mut buf[..]))?;
        let text = &buf[..len.min(TEXT_CAPACITY)];
        // Some values are NUL-terminated.
        Ok(text.split(|&byte| byte == 0).next().unwrap_or(text))
    }

    /// Sets an option that is a text.
    pub fn set_text(&self, opt: Opt, family: Family, kind: Type, text: &[u8]) -> Result<(), Errno> {
        let OptionSpec { form: ValueFormat::Text, access: Access::Both, range, .. } = opt.spec() else {
            return Err(Errno(ENOPROTOOPT));
        };
        let place = opt.spec().places(family, kind).next().ok_or(Errno(ENOPROTOOPT))?;
        // The kernel would truncate it without an error.
        if text.len() > range.1 as usize || text.contains(&0) {
            return Err(Errno(EINVAL));
        }
        self.set_raw(place.at.level(), place.name, text)
    }

    /// Rejects options of UDP-Lite on UDP, and the reverse: the kernel accepts them without effect.
    fn check_protocol(&self, place: &NativeOption) -> Result<(), Errno> {
        let protocol = match place.at {
            SocketKinds::PlainUdp => libc::IPPROTO_UDP,
            SocketKinds::UdpLite => libc::IPPROTO_UDPLITE,
            _ => return Ok(()),
        };
        match self.get_value::<c_int>(libc::SOL_SOCKET, libc::SO_PROTOCOL)? {
            actual if actual == protocol => Ok(()),
            _ => Err(Errno(ENOPROTOOPT)),
        }
    }
}

/// The index of the interface with this IPv4 address; 0 if there is none.
fn interface_index_of(address: u32) -> Result<u32, Errno> {
    let all = interfaces()?;
    let found =
        all.iter().find(|one| one.addr.family == Family::Inet as u16 && one.addr.bytes() == address.to_ne_bytes());
    Ok(found.map_or(0, |one| one.index))
}
