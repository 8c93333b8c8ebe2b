//! Waiting: how long a call may, and what it does when the kernel hands it back too early.
//!
//! A call blocks in the kernel, in one system call, for as long as `SO_RCVTIMEO` or `SO_SNDTIMEO` says; those hold the
//! socket's timeout. What comes back early goes the long way round: after a signal the time is counted from the call's
//! start, so the rest of it is waited for in `poll`, and so it is when the kernel's timeout turns out not to be ours.
//!
//! Blocked calls are woken by a shutdown of their own socket. Some senders to UNIX sockets are not, or would not keep to
//! their time: they poll ([`Socket::must_poll`]). So do all calls of the families where a shutdown wakes nothing, not even
//! the poll, for a slice at a time; connecting to a UNIX socket blocks for a slice at a time (`connect`).

use crate::net::deadline::{Deadline, POLL_SLICE};
use crate::net::socket::fast_path::FastPathMiss;
use crate::net::{Error, Family, Flags, Result, Socket, Type};
use crate::sys::errno::{EAGAIN, EINTR, EPIPE};
use crate::sys::{Descriptor, Direction, Errno, Instant, pause, wait_ready};
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::Duration;

/// The longest pause of a call that can't wait for what it needs.
const LONGEST_PAUSE: Duration = Duration::from_millis(16);

/// A system call that may be made again, without a copy of the code for each: to wait on is what few calls do.
pub(in crate::net) type Op<'a, T> = &'a mut dyn FnMut(&Descriptor, Flags) -> Result<T, Errno>;

impl Socket {
    /// Runs a call that may wait. `op` makes the system call once; it is given [`Flags::DONT_WAIT`] when it must not
    /// block.
    pub(in crate::net) fn call<T>(
        &self,
        direction: Direction,
        flags: Flags,
        op: impl FnMut(&Descriptor, Flags) -> Result<T, Errno>,
    ) -> Result<T> {
        self.call_in_kernel(direction, self.call_deadline(direction, flags), op)
    }

    /// Goes on with a call from what its first try came to.
    pub(in crate::net) fn call_on(
        &self,
        first: FastPathMiss,
        direction: Direction,
        mut op: impl FnMut(&Descriptor, Flags) -> Result<usize, Errno>,
    ) -> Result<usize> {
        // Whatever the timeout has been set to meanwhile: the short way is for calls that wait for ever or not at all.
        let deadline = if first.flags() == Flags::NONE { Deadline::Infinite } else { Deadline::Immediate };
        first.result().or_else(|errno| self.retry_or_fail(errno, direction, deadline, &mut op))
    }

    /// Runs a call that blocks in the kernel, if it may.
    pub(in crate::net) fn call_in_kernel<T>(
        &self,
        direction: Direction,
        deadline: Deadline,
        mut op: impl FnMut(&Descriptor, Flags) -> Result<T, Errno>,
    ) -> Result<T> {
        let at_once = matches!(deadline, Deadline::Immediate) || self.must_poll(direction, deadline);
        match op(&self.fd, if at_once { Flags::DONT_WAIT } else { Flags::NONE }) {
            Ok(value) => Ok(value),
            Err(errno) => self.retry_or_fail(errno, direction, deadline, &mut op),
        }
    }

    /// Runs a call that waits in poll.
    pub(in crate::net) fn call_in_poll<T>(
        &self,
        direction: Direction,
        deadline: Deadline,
        mut op: impl FnMut(&Descriptor, Flags) -> Result<T, Errno>,
    ) -> Result<T> {
        op(&self.fd, Flags::DONT_WAIT).or_else(|errno| self.retry_in_poll(errno, direction, deadline, &mut op))
    }

    /// How long a call in this direction that begins now may wait.
    pub(in crate::net) fn deadline(&self, direction: Direction) -> Deadline {
        match self.timeout_ms(direction) {
            0 => Deadline::Immediate,
            ms if ms < 0 => Deadline::Infinite,
            ms => Deadline::After(ms, Instant::now()),
        }
    }

    /// The same of a single call with these flags. Where the kernel keeps the time, the start need not be known well.
    #[inline]
    fn call_deadline(&self, direction: Direction, flags: Flags) -> Deadline {
        let ms = self.timeout_ms(direction);
        if ms == 0 || flags.intersects(Flags::NEVER_WAIT) {
            Deadline::Immediate
        } else if ms < 0 {
            Deadline::Infinite
        } else if direction == Direction::Send && self.family == Family::Unix || self.unblocked.load(Relaxed) {
            Deadline::After(ms, Instant::now())
        } else {
            Deadline::After(ms, Instant::recent())
        }
    }

    /// What becomes of a call whose first try the kernel handed back.
    #[cold]
    fn retry_or_fail<T>(&self, errno: Errno, direction: Direction, deadline: Deadline, op: Op<'_, T>) -> Result<T> {
        if let Deadline::Immediate = deadline {
            return Err(self.failure(errno));
        }
        self.time_left(errno, deadline)?;
        let by_the_kernel = !self.must_poll(direction, deadline) && !self.nonblocking.load(Relaxed);
        // When another call had the descriptor non-blocking, it was not the time that ended this one.
        if errno.0 == EAGAIN && by_the_kernel && deadline.may_have_expired() && !self.unblocked.load(SeqCst) {
            return Err(Error::TIMED_OUT);
        }
        // The kernel's timeout is not ours when somebody who shares the socket set it. Setting it right has the next call
        // wait in one system call again; a non-blocking descriptor can't.
        if errno.0 == EAGAIN && by_the_kernel {
            self.arm(direction)?;
        }
        self.retry_in_poll(errno, direction, deadline, op)
    }

    /// Tries on until the call is done or its time is over; it may wait.
    pub(in crate::net) fn retry_in_poll<T>(
        &self,
        mut errno: Errno,
        direction: Direction,
        deadline: Deadline,
        op: Op<'_, T>,
    ) -> Result<T> {
        let mut left = self.time_left(errno, deadline)?;
        let mut rest = Duration::from_millis(1);
        loop {
            let in_the_kernel = errno.0 == EINTR && left.is_none() && !self.must_poll(direction, deadline);
            let ready = if in_the_kernel { Ok(()) } else { wait_ready(&self.fd, direction, self.slice(left)) };
            let flags = if in_the_kernel { Flags::NONE } else { Flags::DONT_WAIT };
            match ready.and_then(|()| op(&self.fd, flags)) {
                Ok(value) => return Ok(value),
                Err(next) => errno = next,
            }
            left = self.time_left(errno, deadline)?;
            // A UNIX socket without a peer is ready to send, however full the queue of the address it sends to.
            if ready.is_ok() && errno.0 == EAGAIN && self.must_poll(direction, deadline) {
                if let Err(interrupted) = pause(left.map_or(rest, |left| left.min(rest))) {
                    errno = interrupted;
                    left = self.time_left(errno, deadline)?;
                }
                rest = (rest * 2).min(LONGEST_PAUSE);
            }
        }
    }

    /// How long of this a call may wait at once and still notice that its socket was closed.
    fn slice(&self, left: Option<Duration>) -> Option<Duration> {
        if self.family.wakes_at_shutdown() { left } else { Some(left.map_or(POLL_SLICE, |left| left.min(POLL_SLICE))) }
    }

    /// How long a call may go on that the kernel handed back; `None` is for ever.
    pub(in crate::net) fn time_left(&self, errno: Errno, deadline: Deadline) -> Result<Option<Duration>> {
        match errno.0 {
            _ if self.is_canceled() => Err(Error::CLOSED),
            EINTR if self.interruptible.load(Relaxed) => Err(Error::INTERRUPTED),
            EAGAIN | EINTR => deadline.remaining().ok_or(Error::TIMED_OUT),
            _ => Err(self.failure(errno)),
        }
    }

    /// The error of a call that is over.
    #[cold]
    pub(in crate::net) fn failure(&self, errno: Errno) -> Error {
        match errno {
            _ if self.is_canceled() => Error::CLOSED,
            Errno(EPIPE) if self.take_pending_reset() => Error::CONN_RESET,
            _ => Error::from(errno),
        }
    }

    /// Gives the kernel the time that a blocking call in this direction waits.
    pub(in crate::net) fn arm(&self, direction: Direction) -> Result<()> {
        let ms = self.timeout_ms(direction);
        Ok(self.fd.set_timeout(direction, (ms > 0).then(|| Duration::from_millis(ms as u64)))?)
    }

    /// Whether a call in this direction may not block in the kernel: because a shutdown of the socket would not wake
    /// it, or for what Linux does with UNIX sockets. There a sender of datagrams is not woken either, and a sender of a
    /// stream waits for as long as `SO_SNDTIMEO` says anew for each piece of what it sends.
    #[inline]
    pub(in crate::net) fn must_poll(&self, direction: Direction, deadline: Deadline) -> bool {
        let sends_to_unix = || match self.kind {
            Type::Dgram => true,
            Type::Stream => matches!(deadline, Deadline::After(..)),
            _ => false,
        };
        !self.family.wakes_at_shutdown()
            || direction == Direction::Send && self.family == Family::Unix && sends_to_unix()
    }
}
