//! Monotonic time.

use std::time::Duration;

/// The longest interval between two ticks of the kernel.
const TICK: Duration = Duration::from_millis(10);

/// A point in monotonic time, exact or as old as the last tick.
#[derive(Clone, Copy, Debug)]
pub struct Instant {
    nanos: u64,
    is_tick: bool,
}

impl Instant {
    /// The current time.
    #[inline]
    pub fn now() -> Instant {
        Instant { nanos: read(libc::CLOCK_MONOTONIC), is_tick: false }
    }

    /// The time of the kernel's last tick, which is up to 10 ms old. This function takes a third of the time of
    /// [`Instant::now`]. It is for calls that store an instant and rarely read it.
    #[inline]
    pub fn now_coarse() -> Instant {
        Instant { nanos: read(libc::CLOCK_MONOTONIC_COARSE), is_tick: true }
    }

    /// The minimum and the maximum of the time that has elapsed since this instant was created.
    pub fn elapsed(self) -> (Duration, Duration) {
        let max = Duration::from_nanos(read(libc::CLOCK_MONOTONIC).saturating_sub(self.nanos));
        (if self.is_tick { max.saturating_sub(TICK) } else { max }, max)
    }
}

// Not nix's clock_gettime, whose check for an error costs instructions in every call with a timeout.
#[inline]
fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is writable. Linux has both clocks, so the call does not fail.
    unsafe { libc::clock_gettime(clock, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
