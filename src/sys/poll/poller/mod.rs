//! Waiting for many descriptors, in the way that the system has for it.
//!
//! Each way is a `RawPoller` with the same calls:
//!
//! | call | contract |
//! |---|---|
//! | `new` | one with nothing in it. It has one descriptor |
//! | `add`, `modify`, `remove` | of a descriptor, from any thread, while others wait: `EEXIST`, `ENOENT`, `EBADF`; `EPERM` for what it can't wait for, or not in that mode |
//! | `add_own`, `hear` | what ends a wait, of which no event is written: until it has been heard, and at least in one wait |
//! | `add_inner`, `heed_inner` | another poller in this one, and whether that is waited for. What it has is told by this one's wait, or that says that the inner one may be ready |
//! | `wait` | what is ready, each descriptor once. A wait that ends early with nothing is to be made again |
//! | `number` | by which [`registrations`](super::polled) knows it; `remove` in this module takes a descriptor out by that |
//! | `is_own` | whether a descriptor is the poller's |
//! | `fd` | the descriptor that is readable when an event can be had, if there is such a one |
//!
//! On Linux `--cfg jackfield_poller="poll"` chooses poll, for tests.

#[cfg_attr(all(target_os = "linux", not(jackfield_poller = "poll")), path = "epoll.rs")]
#[cfg_attr(any(not(target_os = "linux"), jackfield_poller = "poll"), path = "poll.rs")]
mod way;

pub use way::RawPoller;
pub(in crate::sys) use way::remove;

use crate::sys::Events;
use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// Something that a poller found ready, laid out as C gets it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct PollerEvent {
    /// What it was added with.
    pub token: u64,
    /// What it is ready for: bits of [`Events`].
    pub events: u32,
    /// A number of an error, or 0.
    pub error: i32,
}

impl PollerEvent {
    /// What it is ready for.
    pub fn events(&self) -> Events {
        Events::from_bits(self.events)
    }
}

/// The token of what is the poller's own: nobody else may have it.
pub const OWN_TOKEN: u64 = u64::MAX;

/// What came of a wait.
pub struct Waited {
    /// Whether something may have been ready that ends a wait.
    pub woken: bool,
    /// Whether the poller in this one may be ready.
    pub inner: bool,
}

/// Room for events, which need not be anything yet.
pub struct EventBuffer<'a> {
    place: *mut PollerEvent,
    len: usize,
    /// How much of it is taken by events.
    filled: usize,
    room: PhantomData<&'a mut [PollerEvent]>,
}

impl EventBuffer<'_> {
    /// Whether there is room for no further event.
    pub fn is_full(&self) -> bool {
        self.filled == self.len
    }

    /// How many events are in it.
    pub fn filled(&self) -> usize {
        self.filled
    }
}

impl<'a> From<&'a mut [MaybeUninit<PollerEvent>]> for EventBuffer<'a> {
    fn from(room: &'a mut [MaybeUninit<PollerEvent>]) -> EventBuffer<'a> {
        EventBuffer { place: room.as_mut_ptr().cast(), len: room.len(), filled: 0, room: PhantomData }
    }
}

impl<'a> From<&'a mut [PollerEvent]> for EventBuffer<'a> {
    fn from(room: &'a mut [PollerEvent]) -> EventBuffer<'a> {
        EventBuffer { place: room.as_mut_ptr(), len: room.len(), filled: 0, room: PhantomData }
    }
}
