//! Racing the addresses of a host against each other, as RFC 8305 has it.
//!
//! The first address is tried at once. The next one is when one has failed, or when the last one tried has not answered
//! for a while; the families take turns, beginning with the one that the resolver puts first. Whoever is connected
//! first wins, and the others are closed.
//!
//! The resolver answers for both families together, which is what it takes to order them. A name server that is silent
//! about one of them holds that answer up. So, after the same while, the families are looked up apart too, and what
//! comes first is used. That is for names that the resolver tries as they are before it searches domains, and they are
//! tried as they are alone: else a family that the name has not could be found in one of those domains, at another
//! host.

use crate::net::addr::endpoint::Host;
use crate::net::deadline::{Deadline, POLL_SLICE};
use crate::net::dial::dialer::Dialing;
use crate::net::dial::lookup::{Lookup, Waker};
use crate::net::dial::resolve::{Known, is_of, known, lookup, lookup_as_is};
use crate::net::{Addr, Error, Events, Family, Result, Socket, Type};
use crate::sys::errno::EINTR;
use crate::sys::{Errno, Instant, PollItem, wait_many};
use std::collections::VecDeque;
use std::time::Duration;

pub(in crate::net) struct HappyEyeballs<'a> {
    dialing: Dialing<'a>,
    kind: Type,
    candidates: Candidates,
    /// The attempts under way.
    attempts: Vec<Socket>,
    /// When the last one began, unless one has failed since.
    last: Option<Instant>,
    asked: Option<Asked>,
    /// The error that says most so far.
    worst: Option<Error>,
}

impl<'a> HappyEyeballs<'a> {
    pub(in crate::net) fn new(dialing: Dialing<'a>, kind: Type, host: Host, port: u16) -> Result<HappyEyeballs<'a>> {
        let mut candidates = Candidates::new(dialing.family());
        let asked = match known(host, port)? {
            Known::Addrs(found) => {
                candidates.add(found);
                None
            }
            Known::Name(_) if matches!(dialing.deadline, Deadline::Immediate) => return Err(Error::WOULD_BLOCK),
            Known::Name(name) => Some(Asked::new(name, port, dialing.family())?),
        };
        Ok(HappyEyeballs { dialing, kind, candidates, attempts: Vec::new(), last: None, asked, worst: None })
    }

    pub(in crate::net) fn run(mut self) -> Result<Socket> {
        loop {
            self.hear()?;
            while self.is_due() {
                let Some(addr) = self.candidates.next() else { break };
                if let Some(winner) = self.attempt(&addr) {
                    return Ok(winner);
                }
            }
            if self.attempts.is_empty() && self.asked.is_none() {
                return Err(self.worst.unwrap_or(Error::NAME_NO_ADDRESS));
            }
            if let Some(winner) = self.wait()? {
                return Ok(winner);
            }
        }
    }

    /// Begins look-ups whose time has come, and takes the answers of those that have ended.
    fn hear(&mut self) -> Result<()> {
        let Some(asked) = &mut self.asked else { return Ok(()) };
        asked.begin(self.dialing.delay())?;
        while let Some((answer, is_last)) = asked.next_answer() {
            match answer {
                Ok(found) => self.candidates.add(found),
                Err(error) if is_last => note(&mut self.worst, error),
                // The other look-up knows better.
                Err(_) => {}
            }
        }
        if asked.lookups.is_empty() {
            self.asked = None;
        }
        Ok(())
    }

    /// Whether the next candidate is to be tried.
    fn is_due(&self) -> bool {
        self.attempts.is_empty() || self.last.is_none_or(|last| last.elapsed().0 >= self.dialing.delay())
    }

    /// Begins to connect. The socket, if it is connected at once.
    fn attempt(&mut self, addr: &Addr) -> Option<Socket> {
        let begun = self.dialing.open(addr.family(), self.kind).and_then(|socket| {
            match socket.connect_within(addr, Deadline::Immediate) {
                Ok(()) => Ok(Some(socket)),
                // A link-local address without a zone.
                Err(Error::INVALID) => Err(Error::ADDR_INVALID),
                Err(Error::IN_PROGRESS) => {
                    self.attempts.push(socket);
                    Ok(None)
                }
                Err(error) => Err(error),
            }
        });
        self.last = Some(Instant::now());
        begun.unwrap_or_else(|error| {
            self.failed(error);
            None
        })
    }

    /// TCP connects a socket to itself when nobody listens at the port that the system happens to pick for it.
    fn expect_somebody(&self, socket: &Socket) -> Result<()> {
        let to_itself = !self.dialing.picks_port() && socket.local_addr()? == socket.peer_addr()?;
        if to_itself { Err(Error::CONN_REFUSED) } else { Ok(()) }
    }

    /// An attempt has failed: the next one need not wait.
    fn failed(&mut self, error: Error) {
        self.last = None;
        note(&mut self.worst, error);
    }

    /// Waits until there is something to do, and sees to the attempts that have ended. The first socket that is
    /// connected.
    fn wait(&mut self) -> Result<Option<Socket>> {
        let left = self.dialing.time_left()?;
        let mut time = left.unwrap_or(Some(Duration::ZERO));
        let mut within = |other: Duration| time = Some(time.map_or(other, |time| time.min(other)));
        if let (Some(last), false) = (self.last, self.candidates.is_empty()) {
            within(self.dialing.delay().saturating_sub(last.elapsed().0));
        }
        if let Some(next) = self.asked.as_ref().and_then(|asked| asked.next_look(self.dialing.delay())) {
            within(next);
        }
        let answered = self.asked.as_ref().map_or(PollItem::NONE, |asked| asked.waker.item());
        let mut items = vec![self.dialing.stop_item(), answered];
        items.extend(self.attempts.iter().map(|socket| PollItem::new(&socket.fd, Events::WRITABLE)));
        match wait_many(&mut items, time) {
            Ok(0) if left.is_none() => return Err(self.dialing.deadline.expiry_error()),
            Err(Errno(EINTR)) if self.dialing.is_interruptible() => return Err(Error::INTERRUPTED),
            Ok(_) | Err(Errno(EINTR)) => {}
            Err(errno) => return Err(errno.into()),
        }
        if items[0].ready() != Events::NONE {
            self.dialing.stopped_somewhere();
        }
        for (at, item) in items.iter().enumerate().skip(2).rev() {
            if item.ready() == Events::NONE {
                continue;
            }
            // From the last to the first, so that those before keep their places.
            let socket = self.attempts.remove(at - 2);
            match socket.finish_connect().and_then(|()| self.expect_somebody(&socket)) {
                Ok(()) => return Ok(Some(socket)),
                Err(error) => self.failed(error),
            }
        }
        Ok(None)
    }
}

/// Keeps of two errors the one that says more, and of those that say as much the last.
fn note(worst: &mut Option<Error>, error: Error) {
    let tells = |error: Error| match error {
        Error::NAME_NO_ADDRESS | Error::FAMILY_UNSUPPORTED => 0,
        Error::NAME_NOT_FOUND | Error::NAME_TRY_AGAIN | Error::NAME_FAILED => 1,
        Error::ADDR_NOT_AVAILABLE | Error::NETWORK_UNREACHABLE | Error::NETWORK_DOWN => 2,
        Error::HOST_UNREACHABLE | Error::HOST_DOWN => 3,
        Error::TIMED_OUT => 4,
        // Somebody answered, or it was this machine that would not have it.
        _ => 5,
    };
    if worst.is_none_or(|worst| tells(worst) <= tells(error)) {
        *worst = Some(error);
    }
}

/// The addresses that have not been tried.
struct Candidates {
    family: Family,
    waiting: VecDeque<Addr>,
    known: Vec<Addr>,
    last: Family,
}

impl Candidates {
    /// Of one family, or of both.
    fn new(family: Family) -> Candidates {
        Candidates { family, waiting: VecDeque::new(), known: Vec::new(), last: Family::Unspec }
    }

    fn add(&mut self, found: Vec<Addr>) {
        for addr in found {
            if is_of(&addr, self.family) && !self.known.contains(&addr) {
                self.known.push(addr);
                self.waiting.push_back(addr);
            }
        }
    }

    /// The next one of the other family than the last, if there is one.
    fn next(&mut self) -> Option<Addr> {
        let other = self.waiting.iter().position(|addr| addr.family() != self.last);
        let next = self.waiting.remove(other.unwrap_or(0))?;
        self.last = next.family();
        Some(next)
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// The look-ups under way.
struct Asked {
    name: String,
    port: u16,
    waker: Waker,
    since: Instant,
    /// The first is what was asked for; those of the families apart come after it.
    lookups: Vec<Lookup<Vec<Addr>>>,
    /// One of them waits for its turn.
    waits: bool,
    /// The families are looked up apart, or never will be.
    apart: bool,
}

impl Asked {
    fn new(name: String, port: u16, family: Family) -> Result<Asked> {
        let lookups = vec![lookup(&name, port, family)];
        let apart = family != Family::Unspec;
        Ok(Asked { name, port, waker: Waker::new()?, since: Instant::now(), lookups, waits: false, apart })
    }

    fn begin(&mut self, delay: Duration) -> Result<()> {
        if !self.apart && self.since.elapsed().0 >= delay {
            self.apart = true;
            let apart = [Family::Inet6, Family::Inet].map(|family| lookup_as_is(&self.name, self.port, family));
            self.lookups.extend(apart);
        }
        // Whatever is ready is looked at after this.
        self.waker.clear();
        self.waits = false;
        for at in 0..self.lookups.len() {
            match self.lookups[at].begin(&self.waker) {
                Ok(begun) => self.waits |= !begun,
                Err(error) if at == 0 => return Err(error),
                // The first one, of both families, may still answer.
                Err(_) => {
                    self.lookups.truncate(1);
                    break;
                }
            }
        }
        Ok(())
    }

    /// When to look again although nobody calls.
    fn next_look(&self, delay: Duration) -> Option<Duration> {
        let apart = (!self.apart).then(|| delay.saturating_sub(self.since.elapsed().0));
        let turn = self.waits.then_some(POLL_SLICE);
        apart.into_iter().chain(turn).min()
    }

    /// What one of them came to, and whether that is the last word: then the others are left behind.
    fn next_answer(&mut self) -> Option<(Result<Vec<Addr>>, bool)> {
        let (at, answer) =
            self.lookups.iter_mut().enumerate().find_map(|(at, lookup)| Some((at, lookup.take_answer()?)))?;
        if at == 0 {
            self.lookups.clear();
        } else {
            self.lookups.remove(at);
        }
        Some((answer, at == 0))
    }
}
