//! Timeouts, and how long a call may still wait.

use super::{Error, Result};
use crate::sys::Instant;
use std::time::Duration;

/// How long a call that nothing wakes is in the kernel before it looks whether its socket was closed.
pub(in crate::net) const POLL_SLICE: Duration = Duration::from_millis(20);

/// How long one call may wait.
#[derive(Clone, Copy)]
pub(crate) enum Deadline {
    Immediate,
    /// For these milliseconds from then. When that ends is worked out by the few calls that have to know.
    After(i64, Instant),
    Infinite,
}

impl Deadline {
    /// For this many milliseconds from now; -1 is for ever.
    pub(crate) fn from_ms(ms: i64) -> Result<Deadline> {
        match ms {
            0 => Ok(Deadline::Immediate),
            -1 => Ok(Deadline::Infinite),
            1.. => Ok(Deadline::After(ms, Instant::now())),
            _ => Err(Error::INVALID),
        }
    }

    /// For this long from now, a part of a millisecond as a whole one; without a time for ever.
    pub(in crate::net) fn from_timeout(time: Option<Duration>) -> Deadline {
        let ms = time.map_or(-1, |time| i64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX));
        // None of these is out of range.
        Deadline::from_ms(ms).unwrap_or(Deadline::Infinite)
    }

    /// What is left of it: `Some(None)` is for ever, `None` is over.
    pub(in crate::net) fn remaining(self) -> Option<Option<Duration>> {
        match self {
            Deadline::Immediate => None,
            Deadline::Infinite => Some(None),
            Deadline::After(ms, start) => {
                let left = Duration::from_millis(ms as u64).saturating_sub(start.elapsed().0);
                if left.is_zero() { None } else { Some(Some(left)) }
            }
        }
    }

    /// The error of a call whose time is over.
    pub(in crate::net) fn expiry_error(self) -> Error {
        if let Deadline::Immediate = self { Error::WOULD_BLOCK } else { Error::TIMED_OUT }
    }

    /// Whether it may be over already, as far as its start is known.
    pub(in crate::net) fn may_have_expired(self) -> bool {
        matches!(self, Deadline::After(ms, start) if Duration::from_millis(ms as u64) <= start.elapsed().1)
    }
}
