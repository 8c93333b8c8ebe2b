//! Connecting to an endpoint.

use crate::net::addr::endpoint::{Endpoint, Place};
use crate::net::deadline::{Deadline, POLL_SLICE};
use crate::net::dial::happy_eyeballs::HappyEyeballs;
use crate::net::dial::request::{Cancellation, DELAY_RANGE, DialRequest, Settings, Value};
use crate::net::dial::resolve::{LOOPBACK, Query};
use crate::net::{Addr, Error, Family, Opt, Result, Socket, Type};
use std::time::Duration;

impl Socket {
    /// Resolves an [`Endpoint`] and connects to it.
    ///
    /// A stream socket tries the IPv6 and IPv4 addresses of a name in turn. The next attempt starts when the previous
    /// one has failed, or has not succeeded within 250 ms. The first connection wins ([RFC 8305], "Happy Eyeballs"). A
    /// datagram socket is connected to the first address that has a route. An endpoint without a host means the
    /// loopback addresses of this machine.
    ///
    /// The timeout covers the whole call: the lookup of service and host, and all attempts. `None` waits for ever. With
    /// a timeout of 0 the call only does what does not block; a lookup would block. The new socket has no timeouts of
    /// its own.
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
    /// - [`Error::TIMED_OUT`]: the timeout expired; [`Error::WOULD_BLOCK`]: the timeout is 0 and the call would block.
    /// - [`Error::CONN_REFUSED`], [`Error::NETWORK_UNREACHABLE`] and others: every address failed. The error of the
    ///   attempt that got furthest is returned.
    /// - [`Error::ADDR_INVALID`]: the text is not an endpoint.
    /// - Those of [`resolve`](crate::resolve) and [`Socket::open`].
    ///
    /// [RFC 8305]: https://www.rfc-editor.org/rfc/rfc8305
    pub fn dial(endpoint: &str, timeout: Option<Duration>) -> Result<Socket> {
        dial_within(endpoint, Deadline::from_timeout(timeout))
    }
}

pub(crate) fn dial_within(endpoint: &str, deadline: Deadline) -> Result<Socket> {
    dial(endpoint, DialRequest { settings: &Settings::new(), deadline, cancellation: None })
}

/// A reusable connector: socket options, a local address, and cancellation from another thread.
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
    cancellation: Cancellation,
}

impl Dialer {
    /// A dialer with the settings of [`Socket::dial`]. It owns a wake descriptor.
    ///
    /// # Errors
    /// [`Error::TOO_MANY_FILES`] and [`Error::SYSTEM_FILES`]: the limit of open descriptors is reached.
    pub fn new() -> Result<Dialer> {
        Ok(Dialer { settings: Settings::new(), cancellation: Cancellation::new()? })
    }

    /// Sets a numeric option that each socket gets before it connects. With [`Opt::Interruptible`], a handled signal
    /// ends [`Dialer::dial`]. [`Dialer::dial`] returns the errors that [`Socket::set`] has for the value.
    ///
    /// # Errors
    /// [`Error::OPTION_UNSUPPORTED`]: the option is read-only or is a text, or it is [`Opt::FastOpenConnect`], with
    /// which an address that does not answer would count as connected.
    pub fn set(&mut self, option: Opt, value: i64) -> Result<&mut Dialer> {
        self.settings.set_option(option, Value::Number(value))?;
        Ok(self)
    }

    /// Sets a text option that each socket gets before it connects.
    ///
    /// # Errors
    /// [`Error::OPTION_UNSUPPORTED`]: the option is read-only or is a number.
    pub fn set_text(&mut self, option: Opt, text: &str) -> Result<&mut Dialer> {
        self.set_text_bytes(option, text.as_bytes())
    }

    pub(crate) fn set_text_bytes(&mut self, option: Opt, text: &[u8]) -> Result<&mut Dialer> {
        self.settings.set_option(option, Value::Text(text.to_vec()))?;
        Ok(self)
    }

    /// Sets the local address of each socket. [`Addr::UNSPEC`] restores the system's choice. Only remote addresses of
    /// the same family are tried. If the address has a port, all attempts share it by [`Opt::ReuseAddr`].
    ///
    /// # Errors
    /// [`Error::FAMILY_UNSUPPORTED`]: the address is not IPv4, IPv6 or UNIX.
    pub fn bind(&mut self, local: Addr) -> Result<&mut Dialer> {
        self.settings.local = match local.family() {
            Family::Unspec => None,
            Family::Inet | Family::Inet6 | Family::Unix => Some(local),
            _ => return Err(Error::FAMILY_UNSUPPORTED),
        };
        Ok(self)
    }

    /// Sets how long an attempt may take before the next one starts beside it: 10 ms to 60 s, by default 250 ms.
    ///
    /// # Errors
    /// [`Error::INVALID`]: the delay is out of range.
    pub fn set_delay(&mut self, delay: Duration) -> Result<&mut Dialer> {
        if !DELAY_RANGE.contains(&delay) {
            return Err(Error::INVALID);
        }
        self.settings.delay = delay;
        Ok(self)
    }

    /// Connects to an endpoint like [`Socket::dial`], with the dialer's settings. Any number of threads may call it at
    /// the same time.
    ///
    /// # Errors
    /// - [`Error::CLOSED`]: the dialer was canceled.
    /// - [`Error::INTERRUPTED`]: a signal was handled and [`Opt::Interruptible`] is set.
    /// - Those of [`Socket::dial`], [`Socket::set`] and [`Socket::bind`].
    pub fn dial(&self, endpoint: &str, timeout: Option<Duration>) -> Result<Socket> {
        self.dial_within(endpoint, Deadline::from_timeout(timeout))
    }

    pub(crate) fn dial_within(&self, endpoint: &str, deadline: Deadline) -> Result<Socket> {
        dial(endpoint, DialRequest { settings: &self.settings, deadline, cancellation: Some(&self.cancellation) })
    }

    /// Cancels the dialer: calls of [`Dialer::dial`] in flight that have not connected, and all later calls, return
    /// [`Error::CLOSED`].
    ///
    /// The wake descriptor is shared with forked processes. If one of them dials with a copy of this dialer, repeat the
    /// call until all calls in flight have returned.
    pub fn cancel(&self) {
        self.cancellation.cancel();
    }
}

fn dial(endpoint: &str, request: DialRequest<'_>) -> Result<Socket> {
    let Endpoint(place) = endpoint.parse()?;
    match place {
        // The local address is of another family than every address of the endpoint.
        Place::Unix(_) if matches!(request.family(), Family::Inet | Family::Inet6) => Err(Error::NAME_NO_ADDRESS),
        Place::Net(..) if request.family() == Family::Unix => Err(Error::NAME_NO_ADDRESS),
        Place::Unix(addr) => dial_unix(&addr, request),
        Place::Net(kind, host, port) => {
            let query = Query { host, port, kind: Some(kind), local: LOOPBACK };
            HappyEyeballs::new(request, kind, query)?.run()
        }
    }
}

/// Connects to a UNIX address. If the listener's backlog is full, connecting blocks, and a cancellation does not wake
/// it. So it blocks for one slice at a time and checks for cancellation in between.
fn dial_unix(addr: &Addr, request: DialRequest<'_>) -> Result<Socket> {
    let socket = request.open_socket(Family::Unix, Type::Stream)?;
    match socket.connect_within(addr, Deadline::Immediate) {
        Err(Error::WOULD_BLOCK) if !matches!(request.deadline, Deadline::Immediate) => {}
        result => return result.map(|()| socket),
    }
    loop {
        let left = request.remaining()?.ok_or(Error::TIMED_OUT)?;
        let slice = left.map_or(POLL_SLICE, |left| left.min(POLL_SLICE));
        match socket.connect_within(addr, Deadline::from_timeout(Some(slice))) {
            Err(Error::TIMED_OUT) => {}
            result => return result.map(|()| socket),
        }
    }
}
