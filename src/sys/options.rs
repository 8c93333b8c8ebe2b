//! The options of a socket, and how the operating system knows them.

use super::errno::{EINVAL, ENOPROTOOPT};
use super::{Descriptor, Direction, Errno, Family, Type, check};
use libc::{c_int, c_void, socklen_t};
use std::mem::{MaybeUninit, size_of};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// A number that a socket keeps. The header and [`Socket::set`](crate::Socket::set) say what each stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum Opt {
    /// How long accept and recv wait, in milliseconds: -1 for ever, 0 not at all.
    RecvTimeout = 1,
    /// How long connect and send wait, in milliseconds: -1 for ever, 0 not at all.
    SendTimeout = 2,
    /// 0 or 1: a signal handled while a call waits ends the call.
    Interruptible = 3,
    /// 0 or 1: bind to an address whose old connections are still fading out.
    ReuseAddr = 4,
    /// 0 or 1: several sockets bind to one address and share what comes in.
    ReusePort = 5,
    /// 0 or 1: an IPv6 socket does not speak IPv4.
    OnlyV6 = 6,
    /// 0 or 1: TCP sends small packets at once.
    NoDelay = 7,
    /// 0 or 1: probe a silent peer.
    KeepAlive = 8,
    /// Seconds of silence before the first probe, 1 to 32767.
    KeepIdle = 9,
    /// Seconds between probes, 1 to 32767.
    KeepInterval = 10,
    /// Probes without an answer before the connection is given up, 1 to 127.
    KeepCount = 11,
    /// Milliseconds that closing waits for unsent data; 0 throws it away, -1 sends it in the background.
    Linger = 12,
    /// Bytes that the kernel keeps until they are received.
    RecvBuffer = 13,
    /// Bytes that the kernel keeps until they are sent.
    SendBuffer = 14,
    /// 0 or 1: datagrams may go to a broadcast address.
    Broadcast = 15,
    /// Routers that a packet may pass, 1 to 255.
    Ttl = 16,
    /// Read only: the code of the error that came in since it was last read, or 0; reading takes it.
    Error = 21,
    /// Read only: the number of the socket's [`Type`].
    Type = 22,
    /// Read only: the number of the socket's [`Family`].
    Family = 23,
    /// Read only: the protocol's number as the internet knows it (6 for TCP), or 0.
    Protocol = 24,
    /// Read only: 1 after listen.
    Listening = 25,
}

impl Opt {
    /// Every option.
    pub const ALL: [Opt; 21] = [
        Opt::RecvTimeout,
        Opt::SendTimeout,
        Opt::Interruptible,
        Opt::ReuseAddr,
        Opt::ReusePort,
        Opt::OnlyV6,
        Opt::NoDelay,
        Opt::KeepAlive,
        Opt::KeepIdle,
        Opt::KeepInterval,
        Opt::KeepCount,
        Opt::Linger,
        Opt::RecvBuffer,
        Opt::SendBuffer,
        Opt::Broadcast,
        Opt::Ttl,
        Opt::Error,
        Opt::Type,
        Opt::Family,
        Opt::Protocol,
        Opt::Listening,
    ];

    /// The option with this number.
    pub fn from_number(number: i32) -> Option<Opt> {
        Opt::ALL.into_iter().find(|&opt| opt as i32 == number)
    }
}

/// How an option's value here becomes the kernel's.
enum Form {
    /// 0 or 1.
    Switch,
    /// A number within these bounds, both included.
    Number(i64, i64),
    /// Linux doubles what it is given, to have room for its own bookkeeping, and returns the double.
    Buffer,
    /// `struct linger`, in whole seconds.
    Linger,
    /// A number that can only be read.
    ReadOnly,
}

/// Where the kernel keeps an option of a socket of this family: level and name.
struct Place(c_int, c_int);

/// The one place that knows what Linux calls an option.
fn look_up(opt: Opt, family: Family) -> Result<(Place, Form), Errno> {
    let socket = |name| Place(libc::SOL_SOCKET, name);
    let tcp = |name| Place(libc::IPPROTO_TCP, name);
    Ok(match opt {
        Opt::ReuseAddr => (socket(libc::SO_REUSEADDR), Form::Switch),
        Opt::ReusePort => (socket(libc::SO_REUSEPORT), Form::Switch),
        Opt::OnlyV6 => (Place(libc::IPPROTO_IPV6, libc::IPV6_V6ONLY), Form::Switch),
        Opt::NoDelay => (tcp(libc::TCP_NODELAY), Form::Switch),
        Opt::KeepAlive => (socket(libc::SO_KEEPALIVE), Form::Switch),
        Opt::KeepIdle => (tcp(libc::TCP_KEEPIDLE), Form::Number(1, 32767)),
        Opt::KeepInterval => (tcp(libc::TCP_KEEPINTVL), Form::Number(1, 32767)),
        Opt::KeepCount => (tcp(libc::TCP_KEEPCNT), Form::Number(1, 127)),
        Opt::Linger => (socket(libc::SO_LINGER), Form::Linger),
        Opt::RecvBuffer => (socket(libc::SO_RCVBUF), Form::Buffer),
        Opt::SendBuffer => (socket(libc::SO_SNDBUF), Form::Buffer),
        Opt::Broadcast => (socket(libc::SO_BROADCAST), Form::Switch),
        Opt::Ttl => match family {
            Family::Inet => (Place(libc::IPPROTO_IP, libc::IP_TTL), Form::Number(1, 255)),
            Family::Inet6 => (Place(libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS), Form::Number(1, 255)),
            _ => return Err(Errno(ENOPROTOOPT)),
        },
        Opt::Error => (socket(libc::SO_ERROR), Form::ReadOnly),
        Opt::Protocol => (socket(libc::SO_PROTOCOL), Form::ReadOnly),
        Opt::Listening => (socket(libc::SO_ACCEPTCONN), Form::ReadOnly),
        // The socket's own numbers, which the kernel does not keep.
        Opt::RecvTimeout | Opt::SendTimeout | Opt::Interruptible | Opt::Type | Opt::Family => {
            return Err(Errno(ENOPROTOOPT));
        }
    })
}

impl Descriptor {
    /// Reads one of the options that the kernel keeps.
    pub fn get(&self, opt: Opt, family: Family) -> Result<i64, Errno> {
        let (Place(level, name), form) = look_up(opt, family)?;
        if let Form::Linger = form {
            let linger: libc::linger = self.get_raw(level, name)?;
            return Ok(if linger.l_onoff == 0 { -1 } else { i64::from(linger.l_linger) * 1000 });
        }
        let value: c_int = self.get_raw(level, name)?;
        Ok(match form {
            Form::Buffer => i64::from(value / 2),
            _ => i64::from(value),
        })
    }

    /// Sets one of the options that the kernel keeps.
    pub fn set(&self, opt: Opt, family: Family, value: i64) -> Result<(), Errno> {
        let (Place(level, name), form) = look_up(opt, family)?;
        let (min, max) = match form {
            Form::Switch => (0, 1),
            Form::Number(min, max) => (min, max),
            Form::Buffer => (1, i64::from(c_int::MAX / 2)),
            Form::Linger => (-1, i64::from(c_int::MAX)),
            Form::ReadOnly => return Err(Errno(ENOPROTOOPT)),
        };
        if !(min..=max).contains(&value) {
            return Err(Errno(EINVAL));
        }
        if let Form::Linger = form {
            let seconds = (value.max(0) as u64).div_ceil(1000) as c_int;
            return self.set_raw(level, name, &libc::linger { l_onoff: (value >= 0).into(), l_linger: seconds });
        }
        self.set_raw(level, name, &(value as c_int))?;
        // An IPv6 socket speaks IPv4 too, and then obeys IPv4's number.
        if opt == Opt::Ttl && family == Family::Inet6 {
            self.set_raw(libc::IPPROTO_IP, libc::IP_TTL, &(value as c_int))?;
        }
        Ok(())
    }

    /// The socket's family, if it has a number here, and its type.
    pub fn kind(&self) -> Result<(Option<Family>, Type), Errno> {
        let family: c_int = self.get_raw(libc::SOL_SOCKET, libc::SO_DOMAIN)?;
        let kind: c_int = self.get_raw(libc::SOL_SOCKET, libc::SO_TYPE)?;
        Ok((Family::from_os(family), Type::from_os(kind)?))
    }

    /// How long a call that blocks in the kernel waits; nothing for ever.
    pub fn timeout(&self, direction: Direction) -> Result<Option<Duration>, Errno> {
        let time: libc::timeval = self.get_raw(libc::SOL_SOCKET, timeout_name(direction))?;
        let time = Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64);
        Ok((!time.is_zero()).then_some(time))
    }

    /// Sets how long a call that blocks in the kernel waits; nothing, or no time at all, for ever.
    pub fn set_timeout(&self, direction: Direction, time: Option<Duration>) -> Result<(), Errno> {
        let time = time.unwrap_or_default();
        let time = libc::timeval {
            tv_sec: time.as_secs().try_into().unwrap_or(libc::time_t::MAX),
            tv_usec: time.subsec_micros().into(),
        };
        self.set_raw(libc::SOL_SOCKET, timeout_name(direction), &time)
    }

    fn get_raw<T: Plain>(&self, level: c_int, name: c_int) -> Result<T, Errno> {
        self.get_raw_len(level, name).map(|(value, _)| value)
    }

    /// Reads a value of which the kernel may know only the start, and how many bytes those are; the rest is zero.
    pub(super) fn get_raw_len<T: Plain>(&self, level: c_int, name: c_int) -> Result<(T, usize), Errno> {
        let mut value = MaybeUninit::<T>::zeroed();
        let mut len = size_of::<T>() as socklen_t;
        let ptr = value.as_mut_ptr().cast::<c_void>();
        // SAFETY: `ptr` and `len` describe room of ours.
        check(unsafe { libc::getsockopt(self.as_raw_fd(), level, name, ptr, &mut len) }.into())?;
        // SAFETY: zeros and whatever the kernel wrote over them are a value of a plain type.
        Ok((unsafe { value.assume_init() }, len as usize))
    }

    fn set_raw<T: Plain>(&self, level: c_int, name: c_int, value: &T) -> Result<(), Errno> {
        let ptr = (value as *const T).cast::<c_void>();
        let len = size_of::<T>() as socklen_t;
        // SAFETY: `ptr` and `len` describe `value`.
        check(unsafe { libc::setsockopt(self.as_raw_fd(), level, name, ptr, len) }.into())?;
        Ok(())
    }
}

/// Types for which all bytes are values.
pub(super) trait Plain: Copy {}
impl Plain for c_int {}
impl Plain for libc::linger {}
impl Plain for libc::timeval {}

fn timeout_name(direction: Direction) -> c_int {
    match direction {
        Direction::Recv => libc::SO_RCVTIMEO,
        Direction::Send => libc::SO_SNDTIMEO,
    }
}
