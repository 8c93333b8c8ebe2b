//! One request to dial: the settings of its sockets, its deadline and its cancellation.

use crate::net::deadline::Deadline;
use crate::net::{Addr, Error, Family, Opt, Result, Socket, Type};
use crate::sys::{PollItem, WakeFd};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// How long an attempt may take before the next one starts beside it (RFC 8305, Connection Attempt Delay).
const DEFAULT_DELAY: Duration = Duration::from_millis(250);

/// The delays that a dialer accepts. RFC 8305 has the same minimum.
pub(in crate::net) const DELAY_RANGE: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(60);

/// Cancellation by another thread.
#[derive(Debug)]
pub(in crate::net) struct Cancellation {
    is_canceled: AtomicBool,
    wake: WakeFd,
}

impl Cancellation {
    pub(in crate::net) fn new() -> Result<Cancellation> {
        Ok(Cancellation { is_canceled: AtomicBool::new(false), wake: WakeFd::new()? })
    }

    pub(in crate::net) fn cancel(&self) {
        self.is_canceled.store(true, Relaxed);
        self.wake.wake();
    }
}

/// The settings of the sockets that a request opens.
#[derive(Debug)]
pub(in crate::net) struct Settings {
    options: Vec<(Opt, Value)>,
    pub(in crate::net) local: Option<Addr>,
    pub(in crate::net) delay: Duration,
}

#[derive(Debug)]
pub(in crate::net) enum Value {
    Number(i64),
    Text(Vec<u8>),
}

impl Settings {
    pub(in crate::net) fn new() -> Settings {
        Settings { options: Vec::new(), local: None, delay: DEFAULT_DELAY }
    }

    pub(in crate::net) fn set_option(&mut self, option: Opt, value: Value) -> Result<()> {
        // With fast open, connecting succeeds at once, even to an address that does not answer.
        if option == Opt::FastOpenConnect || !option.can_be_set(matches!(value, Value::Text(_))) {
            return Err(Error::OPTION_UNSUPPORTED);
        }
        self.options.retain(|(other, _)| *other != option);
        self.options.push((option, value));
        Ok(())
    }
}

/// One request to dial.
#[derive(Clone, Copy)]
pub(in crate::net) struct DialRequest<'a> {
    pub(in crate::net) settings: &'a Settings,
    pub(in crate::net) deadline: Deadline,
    pub(in crate::net) cancellation: Option<&'a Cancellation>,
}

impl DialRequest<'_> {
    /// The remaining time, as from [`Deadline::remaining`], or [`Error::CLOSED`] after a cancellation.
    pub(in crate::net) fn remaining(&self) -> Result<Option<Option<Duration>>> {
        if self.cancellation.is_some_and(|cancellation| cancellation.is_canceled.load(Relaxed)) {
            Err(Error::CLOSED)
        } else {
            Ok(self.deadline.remaining())
        }
    }

    /// The poll item of the cancellation's wake descriptor.
    pub(in crate::net) fn wake_item(&self) -> PollItem {
        self.cancellation.map_or(PollItem::NONE, |cancellation| cancellation.wake.item())
    }

    /// Clears a wake that another process caused. Forked processes share the wake descriptor.
    pub(in crate::net) fn clear_foreign_wake(&self) {
        let is_foreign = |cancellation: &&Cancellation| !cancellation.is_canceled.load(Relaxed);
        self.cancellation.iter().copied().filter(is_foreign).for_each(|cancellation| cancellation.wake.clear());
    }

    pub(in crate::net) fn delay(&self) -> Duration {
        self.settings.delay
    }

    /// The family of the local address, to which remote addresses are confined.
    pub(in crate::net) fn family(&self) -> Family {
        self.settings.local.map_or(Family::Unspec, |local| local.family())
    }

    /// Whether the local address has a port, so that the system chooses none.
    pub(in crate::net) fn has_local_port(&self) -> bool {
        self.settings.local.and_then(|local| local.port()).is_some_and(|port| port != 0)
    }

    pub(in crate::net) fn is_interruptible(&self) -> bool {
        self.settings.options.iter().any(|option| matches!(option, (Opt::Interruptible, Value::Number(1))))
    }

    /// Opens a socket with the settings.
    pub(in crate::net) fn open_socket(&self, family: Family, kind: Type) -> Result<Socket> {
        let socket = Socket::open(family, kind, 0)?;
        if let (Some(local), Type::Stream) = (&self.settings.local, kind) {
            match local.port() {
                // The system chooses the port at connect, so that different peers can share one local port.
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
