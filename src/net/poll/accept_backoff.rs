//! Accept backoff: a poller pauses its listeners while file descriptors are exhausted.
//!
//! A listener stays readable while connections are queued, so a loop that can't accept them would spin. With accept
//! backoff the listeners are registered in a nested poller. After an accept has failed for lack of a descriptor, the
//! nested poller is ignored until [`PAUSE`] has passed or the library has closed a descriptor.
//!
//! | state             | event                                        | next state              |
//! |-------------------|----------------------------------------------|-------------------------|
//! | Listening         | accept failed, no descriptor closed since    | Paused, timer started   |
//! | Paused            | accept failed, no descriptor closed since    | Paused, timer restarted |
//! | Paused            | timer expired                                | Expired                 |
//! | Paused or Expired | descriptor closed, or backoff disabled       | Listening               |
//! | Expired           | next update                                  | Listening               |
//!
//! Invariants:
//! - One thread at a time updates the state, in [`SerialUpdate`]. Only Paused to Expired may happen beside it, by the
//!   thread that read the timer.
//! - An expiry is never lost: the thread that read it marks whatever pause is current. If that is a later pause, it
//!   ends early, which is harmless.
//! - Paused is stored before the timer starts and before the nested poller is ignored; Listening is stored after the
//!   nested poller is waited for again. A thread that sees a reason to resume between those steps requests another
//!   update.
//! - A missed event delays the end of a pause at most until the timer expires, which wakes a waiting thread.

use crate::net::Result;
use crate::sys::errno::EINTR;
use crate::sys::{Errno, EventBuffer, FdExhaustion, RawPoller, SerialUpdate, Timer, WaitOutcome, fd_exhaustion};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The maximum duration of a pause.
const PAUSE: Duration = Duration::from_millis(100);

/// The listeners of a poller, and whether they are paused.
#[derive(Debug)]
pub(super) struct AcceptBackoff {
    /// The nested poller, which holds listeners only.
    listeners: RawPoller,
    timer: Timer,
    is_enabled: AtomicBool,
    update: SerialUpdate,
    state: AtomicU64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The listeners are waited for.
    Listening = 0,
    /// The listeners are ignored.
    Paused = 1,
    /// The listeners are ignored, and the timer has expired.
    Expired = 2,
}

/// The contents of [`AcceptBackoff::state`]. The counts are those of [`fd_exhaustion`]. They are compared for equality
/// only, so their lower 31 bits are enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    phase: Phase,
    /// The number of failed accepts that an update has taken into account.
    handled_failures: u32,
    /// The number of descriptors closed after an exhaustion, when the pause began.
    closed_at_pause: u32,
}

const COUNT_BITS: u32 = 31;

/// The part of a count that [`State`] holds.
fn truncated(count: u64) -> u32 {
    (count & ((1 << COUNT_BITS) - 1)) as u32
}

impl State {
    fn from_bits(bits: u64) -> State {
        let phase = match bits >> (2 * COUNT_BITS) {
            0 => Phase::Listening,
            1 => Phase::Paused,
            _ => Phase::Expired,
        };
        State { phase, handled_failures: truncated(bits >> COUNT_BITS), closed_at_pause: truncated(bits) }
    }

    fn bits(self) -> u64 {
        (self.phase as u64) << (2 * COUNT_BITS)
            | u64::from(self.handled_failures) << COUNT_BITS
            | u64::from(self.closed_at_pause)
    }
}

impl AcceptBackoff {
    /// Opens the nested poller and the timer, one descriptor each.
    pub(super) fn new() -> Result<AcceptBackoff> {
        let (listeners, timer) = (RawPoller::new()?, Timer::new()?);
        let failures = fd_exhaustion().exhaustions;
        let state = State { phase: Phase::Listening, handled_failures: truncated(failures), closed_at_pause: 0 };
        Ok(AcceptBackoff {
            listeners,
            timer,
            is_enabled: AtomicBool::new(true),
            update: SerialUpdate::new(),
            state: AtomicU64::new(state.bits()),
        })
    }

    /// Adds the timer and the nested poller to the user's poller.
    pub(super) fn add_to(&self, poller: &RawPoller) -> Result<()> {
        poller.add_wake_fd(self.timer.as_raw_fd())?;
        Ok(poller.add_nested(&self.listeners)?)
    }

    pub(super) fn set_enabled(&self, is_enabled: bool) {
        self.is_enabled.store(is_enabled, Relaxed);
    }

    /// The nested poller.
    pub(super) fn listeners(&self) -> &RawPoller {
        &self.listeners
    }

    /// Whether the descriptor is the timer's or the nested poller's.
    pub(super) fn is_own(&self, fd: RawFd) -> bool {
        self.listeners.is_internal_fd(fd) || self.timer.as_raw_fd() == fd
    }

    /// Begins or ends a pause if there is a reason. It is called before each wait.
    pub(super) fn before_wait(&self, poller: &RawPoller) -> Result<()> {
        let FdExhaustion { exhaustions: failures, recoveries: closed, .. } = fd_exhaustion();
        let state = self.state();
        let has_new_failures = state.handled_failures != truncated(failures);
        if self.must_resume(state, closed) || has_new_failures { self.request_update(poller) } else { Ok(()) }
    }

    /// Handles the result of a wait: ends the pause if the timer has expired, and appends the listeners' events to
    /// `events`, unless they are paused. Events that another thread has taken are not among them.
    pub(super) fn after_wait(
        &self,
        poller: &RawPoller,
        waited: &WaitOutcome,
        events: &mut EventBuffer<'_>,
    ) -> Result<()> {
        if waited.is_woken && self.is_paused() && self.timer.take_expiration() {
            self.change_state(|state| match state.phase {
                Phase::Paused => State { phase: Phase::Expired, ..state },
                _ => state,
            });
            self.request_update(poller)?;
        }
        // A wake or the timer may have ended the wait, with the listeners still paused.
        if !waited.is_nested_ready || events.is_full() || self.is_paused() {
            return Ok(());
        }
        match self.listeners.wait(events, Some(Duration::ZERO)) {
            Ok(_) | Err(Errno(EINTR)) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    fn state(&self) -> State {
        State::from_bits(self.state.load(Relaxed))
    }

    fn change_state(&self, change: impl Fn(State) -> State) {
        let _ = self.state.fetch_update(Relaxed, Relaxed, |bits| Some(change(State::from_bits(bits)).bits()));
    }

    fn is_paused(&self) -> bool {
        self.state().phase != Phase::Listening
    }

    fn must_resume(&self, state: State, closed: u64) -> bool {
        match state.phase {
            Phase::Listening => false,
            Phase::Paused => state.closed_at_pause != truncated(closed) || !self.is_enabled.load(Relaxed),
            Phase::Expired => true,
        }
    }

    /// Updates the state. If another thread is at it, that thread repeats its update, and this one returns at once.
    #[cold]
    fn request_update(&self, poller: &RawPoller) -> Result<()> {
        self.update.run(|| self.update_state(poller))
    }

    fn update_state(&self, poller: &RawPoller) -> Result<()> {
        let FdExhaustion { exhaustions: failures, is_exhausted, recoveries: closed } = fd_exhaustion();
        if self.must_resume(self.state(), closed) {
            poller.set_nested_enabled(&self.listeners, true)?;
            self.change_state(|state| State { phase: Phase::Listening, ..state });
        }
        let handled_failures = truncated(failures);
        if self.state().handled_failures == handled_failures {
            return Ok(());
        }
        if !is_exhausted || !self.is_enabled.load(Relaxed) {
            self.change_state(|state| State { handled_failures, ..state });
            return Ok(());
        }
        let paused = State { phase: Phase::Paused, handled_failures, closed_at_pause: truncated(closed) };
        self.change_state(|_| paused);
        self.timer.start(PAUSE)?;
        poller.set_nested_enabled(&self.listeners, false)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_survives_packing() {
        for phase in [Phase::Listening, Phase::Paused, Phase::Expired] {
            for (handled_failures, closed_at_pause) in [(0, 0), (1, 0), (0, 1), (0x7FFF_FFFF, 0x7FFF_FFFF)] {
                let state = State { phase, handled_failures, closed_at_pause };
                assert_eq!(State::from_bits(state.bits()), state);
            }
        }
    }

    #[test]
    fn counts_wrap_around() {
        assert_eq!(truncated(1 << COUNT_BITS), 0);
        assert_ne!(truncated(u64::from(u32::MAX)), truncated(u64::from(u32::MAX) + 1));
    }
}
