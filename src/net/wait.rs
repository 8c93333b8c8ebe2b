//! Waiting: how long a call may, and what it does when the kernel hands it back too early.
//!
//! A call blocks in the kernel, in one system call, for as long as `SO_RCVTIMEO` or `SO_SNDTIMEO` says; those hold the
//! socket's timeout. What comes back early goes the long way round: after a signal the time is counted from the call's
//! start, so the rest of it is waited for in `poll`, and so it is when the kernel's timeout turns out not to be ours.
//!
//! Most blocked calls are woken by a shutdown of their own socket. The few that are not ([`Socket::in_slices`]) block for
//! at most a slice at a time and look in between.

use super::{Error, Flags, Result, Socket};
use crate::sys::errno::{EAGAIN, EINTR};
use crate::sys::{Descriptor, Direction, Errno, wait_ready};
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// How long a call that nothing can wake is in the kernel before it looks whether its socket was closed.
pub(super) const SLICE: Duration = Duration::from_millis(20);

/// How long one call may wait.
#[derive(Clone, Copy)]
pub(super) enum Patience {
    Never,
    Until(Instant),
    ForEver,
}

impl Patience {
    /// What is left of it: `Some(None)` is for ever, `None` is over.
    pub(super) fn left(self) -> Option<Option<Duration>> {
        match self {
            Patience::Never => None,
            Patience::ForEver => Some(None),
            Patience::Until(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() { None } else { Some(Some(left)) }
            }
        }
    }
}

/// How a call waits once the kernel has handed it back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// For readiness; then it is tried without waiting.
    Poll,
    /// By blocking in the kernel for another slice.
    Slice,
}

impl Socket {
    /// Runs a call that may wait. `op` makes the system call once; it is given [`Flags::DONT_WAIT`] when it must not block.
    #[inline]
    pub(super) fn call<T>(
        &self,
        direction: Direction,
        flags: Flags,
        mut op: impl FnMut(&Descriptor, Flags) -> Result<T, Errno>,
    ) -> Result<T> {
        let patience = if flags.intersects(Flags::NEVER_WAIT) { Patience::Never } else { self.patience(direction) };
        match self.first(patience, &mut op) {
            Ok(value) => Ok(value),
            Err(errno) => self.again(errno, direction, patience, self.again_by(direction), op),
        }
    }

    #[inline]
    pub(super) fn first<T>(
        &self,
        patience: Patience,
        op: &mut impl FnMut(&Descriptor, Flags) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        op(&self.fd, if let Patience::Never = patience { Flags::DONT_WAIT } else { Flags::NONE })
    }

    /// How long a call in this direction that begins now may wait.
    #[inline]
    pub(super) fn patience(&self, direction: Direction) -> Patience {
        match self.timeout_ms(direction) {
            0 => Patience::Never,
            ms if ms < 0 => Patience::ForEver,
            ms => {
                Instant::now().checked_add(Duration::from_millis(ms as u64)).map_or(Patience::ForEver, Patience::Until)
            }
        }
    }

    /// What becomes of a call that the kernel handed back with an error.
    #[cold]
    pub(super) fn again<T>(
        &self,
        mut errno: Errno,
        direction: Direction,
        patience: Patience,
        by: Again,
        mut op: impl FnMut(&Descriptor, Flags) -> Result<T, Errno>,
    ) -> Result<T> {
        if let Patience::Never = patience {
            return Err(self.failure(errno));
        }
        let mut kernel_is_early = errno.0 == EAGAIN && by == Again::Poll;
        loop {
            match errno.0 {
                _ if self.is_canceled() => return Err(Error::CLOSED),
                EAGAIN => {}
                EINTR if self.interruptible.load(Relaxed) => return Err(Error::INTERRUPTED),
                EINTR => {}
                _ => return Err(Error::from(errno)),
            }
            let left = patience.left().ok_or(Error::TIMED_OUT)?;
            // The kernel's timeout is not ours when the socket was accepted from a listener with one, or somebody who
            // shares the socket set it. Setting it right has the next call wait in one system call again.
            if kernel_is_early {
                kernel_is_early = false;
                self.arm(direction)?;
            }
            let result = if by == Again::Slice || (errno.0 == EINTR && left.is_none()) {
                op(&self.fd, Flags::NONE)
            } else {
                wait_ready(&self.fd, direction, left).and_then(|()| op(&self.fd, Flags::DONT_WAIT))
            };
            match result {
                Ok(value) => return Ok(value),
                Err(next) => errno = next,
            }
        }
    }

    /// The error of a call that is over.
    #[cold]
    pub(super) fn failure(&self, errno: Errno) -> Error {
        if self.is_canceled() { Error::CLOSED } else { Error::from(errno) }
    }

    #[inline]
    pub(super) fn again_by(&self, direction: Direction) -> Again {
        if self.in_slices(direction) { Again::Slice } else { Again::Poll }
    }

    /// Gives the kernel the time that a blocking call in this direction waits.
    pub(super) fn arm(&self, direction: Direction) -> Result<()> {
        let ms = self.timeout_ms(direction);
        let time = (ms > 0).then(|| Duration::from_millis(ms as u64));
        let time = if self.in_slices(direction) { Some(time.map_or(SLICE, |time| time.min(SLICE))) } else { time };
        Ok(self.fd.set_timeout(direction, time)?)
    }
}
