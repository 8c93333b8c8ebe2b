//! Readiness events with the same numbers on every system, and their conversion to those of poll(2).

use bitflags::bitflags;
use std::ffi::c_short;

bitflags! {
    /// Events for which a socket can be ready, and the modes of a poller's registration.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    #[repr(transparent)]
    pub struct Events: u32 {
        /// A receive or an accept would not block: data, a connection, an end of stream or an error is available.
        const READABLE = 1;
        /// A send would not block, or a connection attempt has finished.
        const WRITABLE = 2;
        /// An error is pending. Always reported.
        const ERROR = 4;
        /// Both directions are closed. Always reported.
        const HANGUP = 8;
        /// The peer has shut down sending. Data may remain to be received.
        const READ_CLOSED = 16;
        /// Out-of-band data is available.
        const PRIORITY = 32;
        /// [`Poller`](crate::Poller) only: edge-triggered. An event is reported once when it occurs, not for as long as
        /// it lasts.
        const EDGE = 64;
        /// [`Poller`](crate::Poller) only: one-shot. After one event, the registration is disabled until it is
        /// modified.
        const ONE_SHOT = 128;
    }
}

impl Events {
    /// No events.
    pub const NONE: Events = Events::empty();

    /// All events, without the modes [`Events::EDGE`] and [`Events::ONE_SHOT`].
    pub const ALL: Events = Events::from_bits_retain(63);

    /// The events and modes that a poller accepts.
    pub(crate) const FOR_POLLER: Events = Events::all();

    pub(in crate::sys) fn to_poll(self) -> c_short {
        POLL_BITS.iter().filter(|(event, _)| self.contains(*event)).fold(0, |bits, (_, bit)| bits | bit)
    }

    pub(in crate::sys) fn from_poll(bits: c_short) -> Events {
        let events =
            POLL_BITS.iter().filter(|(_, bit)| bits & bit != 0).fold(Events::NONE, |all, &(event, _)| all | event);
        // POLLNVAL reports a descriptor that is not open, which is impossible while its socket is in use.
        if bits & libc::POLLNVAL != 0 { events | Events::ERROR } else { events }
    }
}

const POLL_BITS: [(Events, c_short); 6] = [
    (Events::READABLE, libc::POLLIN),
    (Events::WRITABLE, libc::POLLOUT),
    (Events::ERROR, libc::POLLERR),
    (Events::HANGUP, libc::POLLHUP),
    (Events::READ_CLOSED, libc::POLLRDHUP),
    (Events::PRIORITY, libc::POLLPRI),
];
