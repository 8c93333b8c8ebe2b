//! Waiting: how long a call may, and what it does when the kernel hands it back too early.
//!
//! A call blocks in the kernel, in one system call, for as long as `SO_RCVTIMEO` or `SO_SNDTIMEO` says; those hold the
//! socket's timeout. What comes back early goes the long way round: after a signal the time is counted from the call's
//! start, so the rest of it is waited for in `poll`, and so it is when the kernel's timeout turns out not to be ours.
//!
//! Blocked calls are woken by a shutdown of their own socket. Some senders to UNIX sockets are not, or would not keep to
//! their time: they poll ([`Socket::must_poll`]). So do all calls of the families where a shutdown wakes nothing, not even
//! the poll, for a slice at a time; connecting to a UNIX socket blocks for a slice at a time (`connect`).

use super::first::First;
use super::{Error, Family, Flags, Result, Socket, Type};
use crate::sys::errno::{EAGAIN, EINTR, EPIPE};
use crate::sys::{Descriptor, Direction, Errno, Moment, pause, wait_ready};
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::Duration;

/// How long a call that nothing wakes is in the kernel before it looks whether its socket was closed.
pub(super) const SLICE: Duration = Duration::from_millis(20);

/// The longest pause of a call that can't wait for what it needs.
const LONGEST_PAUSE: Duration = Duration::from_millis(16);

/// How long one call may wait.
#[derive(Clone, Copy)]
pub(crate) enum Patience {
    Never,
    /// For these milliseconds from then. When that ends is worked out by the few calls that have to know.
    For(i64, Moment),
    ForEver,
}

impl Patience {
    /// For this many milliseconds from now; -1 is for ever.
    pub(crate) fn within(ms: i64) -> Result<Patience> {
        match ms {
            0 => Ok(Patience::Never),
            -1 => Ok(Patience::ForEver),
            1.. => Ok(Patience::For(ms, Moment::now())),
            _ => Err(Error::INVALID),
        }
    }

    /// For this long from now, a part of a millisecond as a whole one; without a time for ever.
    pub(super) fn of(time: Option<Duration>) -> Patience {
        let ms = time.map_or(-1, |time| i64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX));
        // None of these is out of range.
        Patience::within(ms).unwrap_or(Patience::ForEver)
    }

    /// What is left of it: `Some(None)` is for ever, `None` is over.
    pub(super) fn left(self) -> Option<Option<Duration>> {
        match self {
            Patience::Never => None,
            Patience::ForEver => Some(None),
            Patience::For(ms, start) => {
                let left = Duration::from_millis(ms as u64).saturating_sub(start.elapsed().0);
                if left.is_zero() { None } else { Some(Some(left)) }
            }
        }
    }

    /// The error of a call whose time is over.
    pub(super) fn over(self) -> Error {
        if let Patience::Never = self { Error::WOULD_BLOCK } else { Error::TIMED_OUT }
    }

    /// Whether it may be over already, as far as its start is known.
    fn may_be_over(self) -> bool {
        matches!(self, Patience::For(ms, start) if Duration::from_millis(ms as u64) <= start.elapsed().1)
    }
}

/// A system call that may be made again, without a copy of the code for each: to wait on is what few calls do.
pub(super) type Op<'a, T> = &'a mut dyn FnMut(&Descriptor, Flags) -> Result<T, Errno>;

impl Socket {
    /// Runs a call that may wait. `op` makes the system call once; it is given [`Flags::DONT_WAIT`] when it must not
    /// block.
    pub(super) fn call<T>(
        &self,
        direction: Direction,
        flags: Flags,
        op: impl FnMut(&Descriptor, Flags) -> Result<T, Errno>,
    ) -> Result<T> {
        self.wait_on(direction, self.patience_with(direction, flags), op)
    }

    /// Goes on with a call from what its first try came to.
    pub(super) fn call_on(
        &self,
        first: First,
        direction: Direction,
        mut op: impl FnMut(&Descriptor, Flags) -> Result<usize, Errno>,
    ) -> Result<usize> {
        // Whatever the timeout has been set to meanwhile: the short way is for calls that wait for ever or not at all.
        let patience = if first.flags() == Flags::NONE { Patience::ForEver } else { Patience::Never };
        first.result().or_else(|errno| self.handed_back(errno, direction, patience, &mut op))
    }

    /// Runs a call that blocks in the kernel, if it may.
    pub(super) fn wait_on<T>(
        &self,
        direction: Direction,
        patience: Patience,
        mut op: impl FnMut(&Descriptor, Flags) -> Result<T, Errno>,
    ) -> Result<T> {
        let at_once = matches!(patience, Patience::Never) || self.must_poll(direction, patience);
        match op(&self.fd, if at_once { Flags::DONT_WAIT } else { Flags::NONE }) {
            Ok(value) => Ok(value),
            Err(errno) => self.handed_back(errno, direction, patience, &mut op),
        }
    }

    /// Runs a call that waits in poll.
    pub(super) fn poll_on<T>(
        &self,
        direction: Direction,
        patience: Patience,
        mut op: impl FnMut(&Descriptor, Flags) -> Result<T, Errno>,
    ) -> Result<T> {
        op(&self.fd, Flags::DONT_WAIT).or_else(|errno| self.again(errno, direction, patience, &mut op))
    }

    /// How long a call in this direction that begins now may wait.
    pub(super) fn patience(&self, direction: Direction) -> Patience {
        match self.timeout_ms(direction) {
            0 => Patience::Never,
            ms if ms < 0 => Patience::ForEver,
            ms => Patience::For(ms, Moment::now()),
        }
    }

    /// The same of a single call with these flags. Where the kernel keeps the time, the start need not be known well.
    #[inline]
    fn patience_with(&self, direction: Direction, flags: Flags) -> Patience {
        let ms = self.timeout_ms(direction);
        if ms == 0 || flags.intersects(Flags::NEVER_WAIT) {
            Patience::Never
        } else if ms < 0 {
            Patience::ForEver
        } else if direction == Direction::Send && self.family == Family::Unix || self.unblocked.load(Relaxed) {
            Patience::For(ms, Moment::now())
        } else {
            Patience::For(ms, Moment::recent())
        }
    }

    /// What becomes of a call whose first try the kernel handed back.
    #[cold]
    fn handed_back<T>(&self, errno: Errno, direction: Direction, patience: Patience, op: Op<'_, T>) -> Result<T> {
        if let Patience::Never = patience {
            return Err(self.failure(errno));
        }
        self.time_left(errno, patience)?;
        let by_the_kernel = !self.must_poll(direction, patience) && !self.nonblocking.load(Relaxed);
        // When another call had the descriptor non-blocking, it was not the time that ended this one.
        if errno.0 == EAGAIN && by_the_kernel && patience.may_be_over() && !self.unblocked.load(SeqCst) {
            return Err(Error::TIMED_OUT);
        }
        // The kernel's timeout is not ours when somebody who shares the socket set it. Setting it right has the next call
        // wait in one system call again; a non-blocking descriptor can't.
        if errno.0 == EAGAIN && by_the_kernel {
            self.arm(direction)?;
        }
        self.again(errno, direction, patience, op)
    }

    /// Tries on until the call is done or its time is over; it may wait.
    pub(super) fn again<T>(
        &self,
        mut errno: Errno,
        direction: Direction,
        patience: Patience,
        op: Op<'_, T>,
    ) -> Result<T> {
        let mut left = self.time_left(errno, patience)?;
        let mut rest = Duration::from_millis(1);
        loop {
            let in_the_kernel = errno.0 == EINTR && left.is_none() && !self.must_poll(direction, patience);
            let ready = if in_the_kernel { Ok(()) } else { wait_ready(&self.fd, direction, self.slice(left)) };
            let flags = if in_the_kernel { Flags::NONE } else { Flags::DONT_WAIT };
            match ready.and_then(|()| op(&self.fd, flags)) {
                Ok(value) => return Ok(value),
                Err(next) => errno = next,
            }
            left = self.time_left(errno, patience)?;
            // A UNIX socket without a peer is ready to send, however full the queue of the address it sends to.
            if ready.is_ok() && errno.0 == EAGAIN && self.must_poll(direction, patience) {
                if let Err(interrupted) = pause(left.map_or(rest, |left| left.min(rest))) {
                    errno = interrupted;
                    left = self.time_left(errno, patience)?;
                }
                rest = (rest * 2).min(LONGEST_PAUSE);
            }
        }
    }

    /// How long of this a call may wait at once and still notice that its socket was closed.
    fn slice(&self, left: Option<Duration>) -> Option<Duration> {
        if self.family.wakes_at_shutdown() { left } else { Some(left.map_or(SLICE, |left| left.min(SLICE))) }
    }

    /// How long a call may go on that the kernel handed back; `None` is for ever.
    pub(super) fn time_left(&self, errno: Errno, patience: Patience) -> Result<Option<Duration>> {
        match errno.0 {
            _ if self.is_canceled() => Err(Error::CLOSED),
            EINTR if self.interruptible.load(Relaxed) => Err(Error::INTERRUPTED),
            EAGAIN | EINTR => patience.left().ok_or(Error::TIMED_OUT),
            _ => Err(self.failure(errno)),
        }
    }

    /// The error of a call that is over.
    #[cold]
    pub(super) fn failure(&self, errno: Errno) -> Error {
        match errno {
            _ if self.is_canceled() => Error::CLOSED,
            Errno(EPIPE) if self.take_untold_reset() => Error::CONN_RESET,
            _ => Error::from(errno),
        }
    }

    /// Gives the kernel the time that a blocking call in this direction waits.
    pub(super) fn arm(&self, direction: Direction) -> Result<()> {
        let ms = self.timeout_ms(direction);
        Ok(self.fd.set_timeout(direction, (ms > 0).then(|| Duration::from_millis(ms as u64)))?)
    }

    /// Whether a call in this direction may not block in the kernel: because a shutdown of the socket would not wake
    /// it, or for what Linux does with UNIX sockets. There a sender of datagrams is not woken either, and a sender of a
    /// stream waits for as long as `SO_SNDTIMEO` says anew for each piece of what it sends.
    #[inline]
    pub(super) fn must_poll(&self, direction: Direction, patience: Patience) -> bool {
        let sends_to_unix = || match self.kind {
            Type::Dgram => true,
            Type::Stream => matches!(patience, Patience::For(..)),
            _ => false,
        };
        !self.family.wakes_at_shutdown()
            || direction == Direction::Send && self.family == Family::Unix && sends_to_unix()
    }
}
