//! Timeouts, and the time that remains to a call.

use super::{Error, Result};
use crate::sys::Instant;
use std::time::Duration;

/// How often a blocking call that can't be woken checks whether its socket was closed.
pub(in crate::net) const POLL_SLICE: Duration = Duration::from_millis(20);

/// How long one call may wait.
#[derive(Clone, Copy)]
pub(crate) enum Deadline {
    /// The call never waits.
    Immediate,
    /// The call waits for this many milliseconds from this instant. The end is computed only where it is needed.
    After(i64, Instant),
    /// The call waits without a limit.
    Infinite,
}

impl Deadline {
    /// A deadline that is `ms` milliseconds from now; -1 is infinite.
    ///
    /// # Errors
    /// [`Error::INVALID`]: `ms` is less than -1.
    pub(crate) fn from_ms(ms: i64) -> Result<Deadline> {
        match ms {
            0 => Ok(Deadline::Immediate),
            -1 => Ok(Deadline::Infinite),
            1.. => Ok(Deadline::After(ms, Instant::now())),
            _ => Err(Error::INVALID),
        }
    }

    /// A deadline that is `timeout` from now, rounded up to whole milliseconds. `None` is infinite.
    pub(in crate::net) fn from_timeout(timeout: Option<Duration>) -> Deadline {
        let ms = timeout.map_or(-1, |time| i64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX));
        // `ms` is at least -1.
        Deadline::from_ms(ms).unwrap_or(Deadline::Infinite)
    }

    /// The time that remains: `Some(None)` is unlimited, `None` means that the deadline has passed.
    pub(in crate::net) fn remaining(self) -> Option<Option<Duration>> {
        match self {
            Deadline::Immediate => None,
            Deadline::Infinite => Some(None),
            Deadline::After(ms, start) => {
                let remaining = Duration::from_millis(ms as u64).saturating_sub(start.elapsed().0);
                if remaining.is_zero() { None } else { Some(Some(remaining)) }
            }
        }
    }

    /// The error of a call whose deadline has passed.
    pub(in crate::net) fn expiry_error(self) -> Error {
        if let Deadline::Immediate = self { Error::WOULD_BLOCK } else { Error::TIMED_OUT }
    }

    /// Whether the deadline may have passed. The start is known only to the precision of its clock.
    pub(in crate::net) fn may_have_expired(self) -> bool {
        matches!(self, Deadline::After(ms, start) if Duration::from_millis(ms as u64) <= start.elapsed().1)
    }
}
