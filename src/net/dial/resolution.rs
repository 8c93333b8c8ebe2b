//! The lookups of one endpoint while it is dialed.
//!
//! One lookup of both families starts first, because the resolver orders the addresses of both by RFC 6724. A name
//! server that does not answer for one family delays that answer. So, after the attempt delay, each family is looked up
//! separately as well, and the earliest answers are used.
//!
//! Separate lookups take the name as it is, without the search domains of resolv.conf, and only for names that the
//! resolver tries as they are first. Otherwise a family that the name lacks could be found in a search domain, at
//! another host.

use crate::net::deadline::POLL_SLICE;
use crate::net::dial::lookup::{Lookup, Waker};
use crate::net::dial::resolve::Query;
use crate::net::{Addr, Family, Result};
use crate::sys::Instant;
use std::time::Duration;

pub(in crate::net) struct Resolution {
    query: Query,
    /// Becomes readable when a lookup has finished.
    pub(in crate::net) waker: Waker,
    start: Instant,
    /// The requested lookup first, then those of the separate families.
    lookups: Vec<Lookup<Vec<Addr>>>,
    /// A lookup could not start, because too many are in flight in this process.
    has_queued: bool,
    /// The separate lookups were added, or are not needed.
    is_separated: bool,
}

impl Resolution {
    pub(in crate::net) fn new(query: Query, family: Family) -> Result<Resolution> {
        let lookups = vec![query.lookup(family)];
        let is_separated = family != Family::Unspec || !query.has_host_name();
        Ok(Resolution { query, waker: Waker::new()?, start: Instant::now(), lookups, has_queued: false, is_separated })
    }

    /// Starts the lookups that are due.
    pub(in crate::net) fn start_lookups(&mut self, delay: Duration) -> Result<()> {
        if !self.is_separated && self.start.elapsed().0 >= delay {
            self.is_separated = true;
            let separate = [Family::Inet6, Family::Inet].map(|family| self.query.lookup_as_is(family));
            self.lookups.extend(separate);
        }
        // Answers are collected after this, so that no wake is lost.
        self.waker.clear();
        self.has_queued = false;
        for at in 0..self.lookups.len() {
            match self.lookups[at].start(&self.waker) {
                Ok(is_started) => self.has_queued |= !is_started,
                Err(error) if at == 0 => return Err(error),
                // The lookup of both families may still answer.
                Err(_) => {
                    self.lookups.truncate(1);
                    break;
                }
            }
        }
        Ok(())
    }

    /// The time until lookups have to be started even though no lookup has finished.
    pub(in crate::net) fn next_due(&self, delay: Duration) -> Option<Duration> {
        let separate = (!self.is_separated).then(|| delay.saturating_sub(self.start.elapsed().0));
        let queued = self.has_queued.then_some(POLL_SLICE);
        separate.into_iter().chain(queued).min()
    }

    /// Takes a finished lookup's answer, and whether it is final. A final answer abandons the other lookups.
    pub(in crate::net) fn next_answer(&mut self) -> Option<(Result<Vec<Addr>>, bool)> {
        let (at, answer) =
            self.lookups.iter_mut().enumerate().find_map(|(at, lookup)| Some((at, lookup.take_answer()?)))?;
        if at == 0 {
            self.lookups.clear();
        } else {
            self.lookups.remove(at);
        }
        Some((answer, at == 0))
    }

    pub(in crate::net) fn is_finished(&self) -> bool {
        self.lookups.is_empty()
    }
}
