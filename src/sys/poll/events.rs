//! What a socket can be ready for, with numbers of our own, and Linux's for them.

use std::ffi::c_short;
use std::ops::{BitOr, BitOrAssign};

/// What a socket can be ready for. Events are joined with `|`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Events(u32);

impl Events {
    /// None.
    pub const NONE: Events = Events(0);
    /// A receive or an accept would not wait: there is data, a connection, an end or an error.
    pub const READABLE: Events = Events(1);
    /// A send would not wait, or a connection has been made or refused.
    pub const WRITABLE: Events = Events(2);
    /// There is an error. Always told.
    pub const ERROR: Events = Events(4);
    /// Both directions have ended. Always told.
    pub const HANGUP: Events = Events(8);
    /// The peer sends no more; there may be something still to be received.
    pub const READ_CLOSED: Events = Events(16);
    /// There is urgent data.
    pub const PRIORITY: Events = Events(32);

    /// All of them.
    pub const ALL: Events = Events(63);

    /// For a [`Poller`](crate::Poller): tells an event once when it comes up, not for as long as it lasts.
    pub const EDGE: Events = Events(64);
    /// For a [`Poller`](crate::Poller): tells an event and then no more, until it is asked for again.
    pub const ONE_SHOT: Events = Events(128);

    /// What a poller may be asked for.
    pub(crate) const FOR_POLLER: Events = Events(Self::ALL.0 | Self::EDGE.0 | Self::ONE_SHOT.0);

    /// The events with these bits, defined or not: the call they are given to refuses unknown ones.
    pub const fn from_bits(bits: u32) -> Events {
        Events(bits)
    }

    /// The bits of these events.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of those are among these.
    pub const fn contains(self, those: Events) -> bool {
        self.0 & those.0 == those.0
    }

    /// Whether none but these are set.
    pub const fn within(self, allowed: Events) -> bool {
        allowed.contains(self)
    }

    pub(in crate::sys) fn to_os(self) -> c_short {
        PLACES.iter().filter(|(event, _)| self.contains(*event)).fold(0, |bits, (_, bit)| bits | bit)
    }

    pub(in crate::sys) fn from_os(bits: c_short) -> Events {
        let events =
            PLACES.iter().filter(|(_, bit)| bits & bit != 0).fold(Events::NONE, |all, &(event, _)| all | event);
        // A descriptor that is none, which can't be as long as its socket is in use.
        if bits & libc::POLLNVAL != 0 { events | Events::ERROR } else { events }
    }
}

/// What Linux calls each.
const PLACES: [(Events, c_short); 6] = [
    (Events::READABLE, libc::POLLIN),
    (Events::WRITABLE, libc::POLLOUT),
    (Events::ERROR, libc::POLLERR),
    (Events::HANGUP, libc::POLLHUP),
    (Events::READ_CLOSED, libc::POLLRDHUP),
    (Events::PRIORITY, libc::POLLPRI),
];

impl BitOr for Events {
    type Output = Events;

    fn bitor(self, other: Events) -> Events {
        Events(self.0 | other.0)
    }
}

impl BitOrAssign for Events {
    fn bitor_assign(&mut self, other: Events) {
        *self = *self | other;
    }
}
