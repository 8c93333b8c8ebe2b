//! Connecting to an endpoint.

use crate::net::addr::endpoint::{Endpoint, Place};
use crate::net::deadline::{Deadline, POLL_SLICE};
use crate::net::dial::happy_eyeballs::HappyEyeballs;
use crate::net::dial::resolve::port_number;
use crate::net::{Addr, Error, Family, Opt, Result, Socket, Type};
use crate::sys::{PollItem, WakeFd};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// How long an address is left to answer before the next one is tried beside it, as RFC 8305 recommends.
const DELAY: Duration = Duration::from_millis(250);

/// The range of it. RFC 8305 has the same least.
const DELAYS: std::ops::RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(60);

impl Socket {
    /// Connects to an endpoint, by whichever of its addresses answers first. A name is looked up; its IPv6 and IPv4
    /// addresses are tried in turn, the next one when the last has failed or has not answered for 250 ms; the first
    /// connection that is made is it ([RFC 8305], "Happy Eyeballs"). A datagram socket is connected to the first
    /// address that there is a route to.
    ///
    /// The [`Endpoint`] may be without a host: then it is at this machine's loopback addresses. All of it takes no
    /// longer than the timeout, if there is one; when that is 0, only what does not wait is done. The socket has no
    /// timeouts.
    ///
    /// ```
    /// use jackfield::Socket;
    /// use std::time::Duration;
    /// let server = Socket::serve("tcp://127.0.0.1:0", 16)?;
    /// let socket = Socket::dial(&format!("tcp://{}", server.local_addr()?), Some(Duration::from_secs(5)))?;
    /// # assert_eq!(socket.peer_addr()?, server.local_addr()?);
    /// # Ok::<(), jackfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::TIMED_OUT`]; [`Error::WOULD_BLOCK`] when the timeout is 0; when every address failed, the error that says
    /// most, such as [`Error::CONN_REFUSED`] or [`Error::NETWORK_UNREACHABLE`]; [`Error::ADDR_INVALID`] for what is no
    /// endpoint; those of [`resolve`](crate::resolve) and [`Socket::open`].
    ///
    /// [RFC 8305]: https://www.rfc-editor.org/rfc/rfc8305
    pub fn dial(endpoint: &str, timeout: Option<Duration>) -> Result<Socket> {
        dial_within(endpoint, Deadline::from_timeout(timeout))
    }
}

pub(crate) fn dial_within(endpoint: &str, deadline: Deadline) -> Result<Socket> {
    Dialing { settings: &Settings::new(), deadline, stop: None }.dial(endpoint)
}

/// How to connect: what to set and bind before, and what another thread cuts a connecting short by.
///
/// ```
/// use jackfield::{Dialer, Opt};
/// use std::time::Duration;
/// let mut dialer = Dialer::new()?;
/// dialer.set(Opt::NoDelay, 1)?.set(Opt::RecvTimeout, 5000)?;
/// # let server = jackfield::Socket::serve("tcp://127.0.0.1:0", 16)?;
/// # let endpoint = format!("tcp://{}", server.local_addr()?);
/// let socket = dialer.dial(&endpoint, Some(Duration::from_secs(5)))?;
/// assert_eq!(socket.get(Opt::RecvTimeout)?, 5000);
/// # Ok::<(), jackfield::Error>(())
/// ```
#[derive(Debug)]
pub struct Dialer {
    settings: Settings,
    stop: Stop,
}

impl Dialer {
    /// One that dials as [`Socket::dial`] does until it is told otherwise.
    ///
    /// # Errors
    /// [`Error::TOO_MANY_FILES`] and [`Error::SYSTEM_FILES`]: it has a descriptor, to be woken by.
    pub fn new() -> Result<Dialer> {
        let stop = Stop { stopped: AtomicBool::new(false), wake: WakeFd::new()? };
        Ok(Dialer { settings: Settings::new(), stop })
    }

    /// Sets an option, a number, on each socket before it connects; [`Dialer::dial`] returns what [`Socket::set`] says
    /// of the value. With [`Opt::Interruptible`] dialing ends at a signal.
    ///
    /// # Errors
    /// [`Error::OPTION_UNSUPPORTED`] for an option that can only be read or is a text.
    pub fn set(&mut self, option: Opt, value: i64) -> Result<&mut Dialer> {
        self.settings.keep(option, Value::Number(value))?;
        Ok(self)
    }

    /// The same of an option that is a text.
    ///
    /// # Errors
    /// [`Error::OPTION_UNSUPPORTED`] for an option that can only be read or is a number.
    pub fn set_text(&mut self, option: Opt, text: &str) -> Result<&mut Dialer> {
        self.set_text_bytes(option, text.as_bytes())
    }

    pub(crate) fn set_text_bytes(&mut self, option: Opt, text: &[u8]) -> Result<&mut Dialer> {
        self.settings.keep(option, Value::Text(text.to_vec()))?;
        Ok(self)
    }

    /// Gives each socket an address of its own before it connects; [`Addr::UNSPEC`] leaves it to the system again. Only
    /// the endpoint's addresses of the same family are tried. An address with a port is shared among the attempts, by
    /// [`Opt::ReuseAddr`].
    ///
    /// # Errors
    /// [`Error::FAMILY_UNSUPPORTED`] when it is not an IPv4, IPv6 or UNIX address.
    pub fn bind(&mut self, local: Addr) -> Result<&mut Dialer> {
        self.settings.local = match local.family() {
            Family::Unspec => None,
            Family::Inet | Family::Inet6 | Family::Unix => Some(local),
            _ => return Err(Error::FAMILY_UNSUPPORTED),
        };
        Ok(self)
    }

    /// Sets how long an address is left to answer before the next one is tried beside it: 10 ms to a minute, at first
    /// 250 ms.
    ///
    /// # Errors
    /// [`Error::INVALID`] when it is out of range.
    pub fn set_delay(&mut self, delay: Duration) -> Result<&mut Dialer> {
        if !DELAYS.contains(&delay) {
            return Err(Error::INVALID);
        }
        self.settings.delay = delay;
        Ok(self)
    }

    /// Connects to an endpoint as [`Socket::dial`] does, with what was set. Any number of threads may at once.
    ///
    /// # Errors
    /// Those of [`Socket::dial`]; [`Error::CLOSED`] when it was canceled, [`Error::INTERRUPTED`] when a signal was
    /// handled and [`Opt::Interruptible`] was set; those of [`Socket::set`] and [`Socket::bind`].
    pub fn dial(&self, endpoint: &str, timeout: Option<Duration>) -> Result<Socket> {
        self.dial_within(endpoint, Deadline::from_timeout(timeout))
    }

    pub(crate) fn dial_within(&self, endpoint: &str, deadline: Deadline) -> Result<Socket> {
        Dialing { settings: &self.settings, deadline, stop: Some(&self.stop) }.dial(endpoint)
    }

    /// Makes all who dial with it return [`Error::CLOSED`], unless they have a connection already, and all who will.
    /// Where a forked process dials with it too, repeat it until all are out.
    pub fn cancel(&self) {
        self.stop.stopped.store(true, Relaxed);
        self.stop.wake.wake();
    }
}

#[derive(Debug)]
struct Stop {
    stopped: AtomicBool,
    wake: WakeFd,
}

/// What a dialer was told.
#[derive(Debug)]
struct Settings {
    options: Vec<(Opt, Value)>,
    local: Option<Addr>,
    delay: Duration,
}

#[derive(Debug)]
enum Value {
    Number(i64),
    Text(Vec<u8>),
}

impl Settings {
    fn new() -> Settings {
        Settings { options: Vec::new(), local: None, delay: DELAY }
    }

    fn keep(&mut self, option: Opt, value: Value) -> Result<()> {
        if !option.can_be_set(matches!(value, Value::Text(_))) {
            return Err(Error::OPTION_UNSUPPORTED);
        }
        self.options.retain(|(other, _)| *other != option);
        self.options.push((option, value));
        Ok(())
    }
}

/// One dialing.
#[derive(Clone, Copy)]
pub(in crate::net) struct Dialing<'a> {
    settings: &'a Settings,
    pub(in crate::net) deadline: Deadline,
    stop: Option<&'a Stop>,
}

impl Dialing<'_> {
    fn dial(self, endpoint: &str) -> Result<Socket> {
        let Endpoint(place) = endpoint.parse()?;
        match place {
            // There is none of the family that the sockets' own address has.
            Place::Unix(_) if matches!(self.family(), Family::Inet | Family::Inet6) => Err(Error::NAME_NO_ADDRESS),
            Place::Net(..) if self.family() == Family::Unix => Err(Error::NAME_NO_ADDRESS),
            Place::Unix(addr) => self.dial_unix(&addr),
            Place::Net(kind, host, port) => {
                let port = port_number(&port, Some(kind))?;
                HappyEyeballs::new(self, kind, host, port)?.run()
            }
        }
    }

    /// There is one address, and what may have to be waited for is room in the listener's queue. Nothing wakes those
    /// who wait for that, so they look up from it now and then.
    fn dial_unix(self, addr: &Addr) -> Result<Socket> {
        let socket = self.open(Family::Unix, Type::Stream)?;
        match socket.connect_within(addr, Deadline::Immediate) {
            Err(Error::WOULD_BLOCK) if !matches!(self.deadline, Deadline::Immediate) => {}
            result => return result.map(|()| socket),
        }
        loop {
            let left = self.time_left()?.ok_or(Error::TIMED_OUT)?;
            match socket.connect_within(
                addr,
                Deadline::from_timeout(Some(left.map_or(POLL_SLICE, |left| left.min(POLL_SLICE)))),
            ) {
                Err(Error::TIMED_OUT) => {}
                result => return result.map(|()| socket),
            }
        }
    }

    /// How much time is left, as from [`Deadline::left`], unless the dialer was canceled.
    pub(in crate::net) fn time_left(&self) -> Result<Option<Option<Duration>>> {
        if self.stop.is_some_and(|stop| stop.stopped.load(Relaxed)) {
            Err(Error::CLOSED)
        } else {
            Ok(self.deadline.remaining())
        }
    }

    /// What becomes ready when the dialer is canceled.
    pub(in crate::net) fn stop_item(&self) -> PollItem {
        self.stop.map_or(PollItem::NONE, |stop| stop.wake.item())
    }

    /// What the stop item tells. It is shared with forked processes, in which others than this one may be stopped.
    pub(in crate::net) fn stopped_somewhere(&self) {
        self.stop.iter().filter(|stop| !stop.stopped.load(Relaxed)).for_each(|stop| stop.wake.clear());
    }

    pub(in crate::net) fn delay(&self) -> Duration {
        self.settings.delay
    }

    /// The family to which the addresses are confined.
    pub(in crate::net) fn family(&self) -> Family {
        self.settings.local.map_or(Family::Unspec, |local| local.family())
    }

    /// Whether the sockets' own port is given, not the system's choice.
    pub(in crate::net) fn picks_port(&self) -> bool {
        self.settings.local.and_then(|local| local.port()).is_some_and(|port| port != 0)
    }

    pub(in crate::net) fn is_interruptible(&self) -> bool {
        self.settings.options.iter().any(|option| matches!(option, (Opt::Interruptible, Value::Number(1))))
    }

    /// Opens a socket with what the dialer was told.
    pub(in crate::net) fn open(&self, family: Family, kind: Type) -> Result<Socket> {
        let socket = Socket::open(family, kind, 0)?;
        if let (Some(local), Type::Stream) = (&self.settings.local, kind) {
            match local.port() {
                // The port is picked when the peer is known, of which each may be connected to from the same.
                Some(0) => drop(socket.set(Opt::BindNoPort, 1)),
                Some(_) => socket.set(Opt::ReuseAddr, 1)?,
                None => {}
            }
        }
        for (option, value) in &self.settings.options {
            match value {
                Value::Number(number) => socket.set(*option, *number)?,
                Value::Text(text) => socket.set_text_bytes(*option, text)?,
            }
        }
        if let Some(local) = &self.settings.local {
            socket.bind(local)?;
        }
        Ok(socket)
    }
}
