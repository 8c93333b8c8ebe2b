//! The events that a poller reports, and the buffer that it writes them to.

use crate::sys::poll::events::Events;
use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// An event that a poller reports. The layout is that of the C interface, so that the C interface copies no events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct PollerEvent {
    /// The token of the registration.
    pub token: u64,
    /// The events, as bits of [`Events`].
    pub events: u32,
    /// An error number, or 0.
    pub error: i32,
}

impl PollerEvent {
    /// The events for which the registered descriptor is ready.
    pub fn events(&self) -> Events {
        Events::from_bits_retain(self.events)
    }
}

/// The token of the poller's internal descriptors. Other registrations can't use it.
pub const RESERVED_TOKEN: u64 = u64::MAX;

/// The internal descriptors that may have ended a wait.
pub struct WaitOutcome {
    /// A wake descriptor may have been ready.
    pub is_woken: bool,
    /// The nested poller may have events.
    pub is_nested_ready: bool,
}

/// A buffer for events, which may be uninitialised. Only the pollers change the fields; `filled` never exceeds
/// `capacity`.
pub struct EventBuffer<'a> {
    pub(super) start: *mut PollerEvent,
    pub(super) capacity: usize,
    /// The number of events at the start of the buffer.
    pub(super) filled: usize,
    borrowed: PhantomData<&'a mut [PollerEvent]>,
}

impl EventBuffer<'_> {
    pub fn is_full(&self) -> bool {
        self.filled == self.capacity
    }

    /// The number of events in the buffer.
    pub fn filled(&self) -> usize {
        self.filled
    }

    /// Appends an event. The buffer is not full.
    #[cfg(any(not(target_os = "linux"), jackfield_poller = "poll"))]
    pub(super) fn push(&mut self, event: PollerEvent) {
        assert!(!self.is_full());
        // SAFETY: the buffer is valid for `capacity` events, and `filled` is less.
        unsafe { self.start.add(self.filled).write(event) };
        self.filled += 1;
    }
}

impl<'a> From<&'a mut [MaybeUninit<PollerEvent>]> for EventBuffer<'a> {
    fn from(buffer: &'a mut [MaybeUninit<PollerEvent>]) -> EventBuffer<'a> {
        EventBuffer { start: buffer.as_mut_ptr().cast(), capacity: buffer.len(), filled: 0, borrowed: PhantomData }
    }
}

impl<'a> From<&'a mut [PollerEvent]> for EventBuffer<'a> {
    fn from(buffer: &'a mut [PollerEvent]) -> EventBuffer<'a> {
        EventBuffer { start: buffer.as_mut_ptr(), capacity: buffer.len(), filled: 0, borrowed: PhantomData }
    }
}
