//! A clock that never goes back.

use std::time::Duration;

/// How far the kernel's ticks lie apart at the most.
const TICK: Duration = Duration::from_millis(10);

/// A moment: nanoseconds since some other, and whether it is only that of the tick before.
#[derive(Clone, Copy, Debug)]
pub struct Instant {
    nanos: u64,
    is_tick: bool,
}

impl Instant {
    /// This moment.
    #[inline]
    pub fn now() -> Instant {
        Instant { nanos: read(libc::CLOCK_MONOTONIC), is_tick: false }
    }

    /// The kernel's last tick, which takes a third of the time to ask for: for calls that mostly don't need to know.
    #[inline]
    pub fn recent() -> Instant {
        Instant { nanos: read(libc::CLOCK_MONOTONIC_COARSE), is_tick: true }
    }

    /// How long ago the moment that was asked for is at least, and at most.
    pub fn elapsed(self) -> (Duration, Duration) {
        let most = Duration::from_nanos(read(libc::CLOCK_MONOTONIC).saturating_sub(self.nanos));
        (if self.is_tick { most.saturating_sub(TICK) } else { most }, most)
    }
}

#[inline]
fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is ours. Linux has both clocks, so this can't fail.
    unsafe { libc::clock_gettime(clock, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
