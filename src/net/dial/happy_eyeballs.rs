//! Racing the addresses of a host against each other (RFC 8305, "Happy Eyeballs").
//!
//! The first attempt starts at once. The next one starts when an attempt has failed, or when the latest attempt has not
//! succeeded within the delay. IPv6 and IPv4 addresses alternate, starting with the family that the resolver puts
//! first. The first connection wins, and the other attempts are closed. Addresses arrive from [`Resolution`] while
//! attempts run.

use crate::net::deadline::Deadline;
use crate::net::dial::request::DialRequest;
use crate::net::dial::resolution::Resolution;
use crate::net::dial::resolve::{Query, has_family};
use crate::net::{Addr, Error, Events, Family, Result, Socket, Type};
use crate::sys::errno::EINTR;
use crate::sys::{Errno, Instant, PollItem, wait_many};
use std::collections::VecDeque;
use std::time::Duration;

pub(in crate::net) struct HappyEyeballs<'a> {
    request: DialRequest<'a>,
    kind: Type,
    candidates: Candidates,
    /// The attempts in flight.
    attempts: Vec<Socket>,
    /// The start of the latest attempt. `None` if the next attempt need not wait for the delay.
    latest_start: Option<Instant>,
    /// The lookups in flight, if there are any.
    resolution: Option<Resolution>,
    /// The most informative error so far.
    error: Option<Error>,
}

impl<'a> HappyEyeballs<'a> {
    pub(in crate::net) fn new(request: DialRequest<'a>, kind: Type, query: Query) -> Result<HappyEyeballs<'a>> {
        let mut candidates = Candidates::new(request.family());
        let resolution = match query.known_addrs() {
            Some(found) => {
                candidates.add(found?);
                None
            }
            None if matches!(request.deadline, Deadline::Immediate) => return Err(Error::WOULD_BLOCK),
            None => Some(Resolution::new(query, request.family())?),
        };
        Ok(HappyEyeballs {
            request,
            kind,
            candidates,
            attempts: Vec::new(),
            latest_start: None,
            resolution,
            error: None,
        })
    }

    pub(in crate::net) fn run(mut self) -> Result<Socket> {
        loop {
            self.poll_lookups()?;
            while self.is_next_attempt_due() {
                let Some(addr) = self.candidates.next() else { break };
                if let Some(winner) = self.start_attempt(&addr) {
                    return Ok(winner);
                }
            }
            if self.attempts.is_empty() && self.resolution.is_none() {
                return Err(self.error.unwrap_or(Error::NAME_NO_ADDRESS));
            }
            if let Some(winner) = self.wait()? {
                return Ok(winner);
            }
        }
    }

    /// Starts the lookups that are due, and takes the answers of the finished ones.
    fn poll_lookups(&mut self) -> Result<()> {
        let Some(resolution) = &mut self.resolution else { return Ok(()) };
        resolution.start_lookups(self.request.delay())?;
        while let Some((answer, is_final)) = resolution.next_answer() {
            match answer {
                Ok(found) => self.candidates.add(found),
                Err(error) if is_final => record_error(&mut self.error, error),
                // The lookup of both families decides.
                Err(_) => {}
            }
        }
        if resolution.is_finished() {
            self.resolution = None;
        }
        Ok(())
    }

    fn is_next_attempt_due(&self) -> bool {
        let has_waited = |start: Instant| start.elapsed().0 >= self.request.delay();
        self.attempts.is_empty() || self.latest_start.is_none_or(has_waited)
    }

    /// Starts to connect. Returns the socket if it is connected at once.
    fn start_attempt(&mut self, addr: &Addr) -> Option<Socket> {
        let started = self.request.open_socket(addr.family(), self.kind).and_then(|socket| {
            match socket.connect_within(addr, Deadline::Immediate) {
                Ok(()) => Ok(Some(socket)),
                // EINVAL: a link-local address without a zone.
                Err(Error::INVALID) => Err(Error::ADDR_INVALID),
                Err(Error::IN_PROGRESS) => {
                    self.attempts.push(socket);
                    Ok(None)
                }
                Err(error) => Err(error),
            }
        });
        self.latest_start = Some(Instant::now());
        started.unwrap_or_else(|error| {
            self.record_failure(error);
            None
        })
    }

    /// Rejects a TCP connection of a socket to itself. Linux makes one if there is no listener and the system happens
    /// to choose the remote port as the local one.
    fn check_peer(&self, socket: &Socket) -> Result<()> {
        let is_self = !self.request.has_local_port() && socket.local_addr()? == socket.peer_addr()?;
        if is_self { Err(Error::CONN_REFUSED) } else { Ok(()) }
    }

    /// Records a failed attempt. The next one starts without a delay.
    fn record_failure(&mut self, error: Error) {
        self.latest_start = None;
        record_error(&mut self.error, error);
    }

    /// Waits for the next event and handles the finished attempts. Returns the first connected socket.
    fn wait(&mut self) -> Result<Option<Socket>> {
        let left = self.request.remaining()?;
        let resolution = self.resolution.as_ref();
        let mut items =
            vec![self.request.wake_item(), resolution.map_or(PollItem::NONE, |resolution| resolution.waker.item())];
        let first_attempt = items.len();
        items.extend(self.attempts.iter().map(|socket| PollItem::new(&socket.fd, Events::WRITABLE)));
        let timers = [left.unwrap_or(Some(Duration::ZERO)), self.next_attempt_due(), self.next_lookup_due()];
        match wait_many(&mut items, timers.into_iter().flatten().min()) {
            Ok(0) if left.is_none() => return Err(self.request.deadline.expiry_error()),
            Err(Errno(EINTR)) if self.request.is_interruptible() => return Err(Error::INTERRUPTED),
            Ok(_) | Err(Errno(EINTR)) => {}
            Err(errno) => return Err(errno.into()),
        }
        if items[0].ready() != Events::NONE {
            self.request.clear_foreign_wake();
        }
        // From last to first, so that a removal does not move the attempts still to be visited.
        for (at, item) in items[first_attempt..].iter().enumerate().rev() {
            if item.ready() == Events::NONE {
                continue;
            }
            let socket = self.attempts.remove(at);
            match socket.finish_connect().and_then(|()| self.check_peer(&socket)) {
                Ok(()) => return Ok(Some(socket)),
                Err(error) => self.record_failure(error),
            }
        }
        Ok(None)
    }

    /// The time until the delay after the latest attempt is over, if an address is left to try.
    fn next_attempt_due(&self) -> Option<Duration> {
        let start = self.latest_start.filter(|_| !self.candidates.is_empty())?;
        Some(self.request.delay().saturating_sub(start.elapsed().0))
    }

    fn next_lookup_due(&self) -> Option<Duration> {
        self.resolution.as_ref()?.next_due(self.request.delay())
    }
}

/// Keeps the more informative of two errors, and the later one if they are equally informative.
fn record_error(recorded: &mut Option<Error>, error: Error) {
    // Ordered by how far the attempt got.
    let progress = |error: Error| match error {
        Error::NAME_NO_ADDRESS | Error::FAMILY_UNSUPPORTED => 0,
        Error::NAME_NOT_FOUND | Error::NAME_TRY_AGAIN | Error::NAME_FAILED => 1,
        Error::ADDR_NOT_AVAILABLE | Error::NETWORK_UNREACHABLE | Error::NETWORK_DOWN => 2,
        Error::HOST_UNREACHABLE | Error::HOST_DOWN => 3,
        Error::TIMED_OUT => 4,
        // The host answered, or this machine refused the connection.
        _ => 5,
    };
    if recorded.is_none_or(|recorded| progress(recorded) <= progress(error)) {
        *recorded = Some(error);
    }
}

/// The addresses to try.
struct Candidates {
    /// Addresses of other families are left out; [`Family::Unspec`] is every family.
    family: Family,
    queue: VecDeque<Addr>,
    /// Every address that was ever queued.
    seen: Vec<Addr>,
    latest_family: Family,
}

impl Candidates {
    fn new(family: Family) -> Candidates {
        Candidates { family, queue: VecDeque::new(), seen: Vec::new(), latest_family: Family::Unspec }
    }

    fn add(&mut self, found: Vec<Addr>) {
        for addr in found {
            if has_family(&addr, self.family) && !self.seen.contains(&addr) {
                self.seen.push(addr);
                self.queue.push_back(addr);
            }
        }
    }

    /// Removes the next address, preferably of another family than the previous one.
    fn next(&mut self) -> Option<Addr> {
        let alternate = self.queue.iter().position(|addr| addr.family() != self.latest_family);
        let next = self.queue.remove(alternate.unwrap_or(0))?;
        self.latest_family = next.family();
        Some(next)
    }

    fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}
