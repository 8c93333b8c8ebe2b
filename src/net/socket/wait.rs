//! Waiting: how long a call blocks, and how it goes on after the kernel returns early.
//!
//! A call blocks in the kernel, in one system call, for as long as `SO_RCVTIMEO` or `SO_SNDTIMEO` says. Those hold the
//! socket's timeout. After a signal, or if the kernel's timeout is not the socket's, the remaining time is waited for
//! in poll: the timeout counts from the start of the call.
//!
//! A shutdown of the socket wakes its blocked calls. Calls that a shutdown would not wake, or that would not keep to
//! their timeout, wait in poll ([`Socket::must_poll`]). For families where a shutdown does not even wake poll, it is
//! repeated in slices. Connecting to a UNIX socket blocks in slices too (`connect.rs`).

use crate::net::deadline::{Deadline, POLL_SLICE};
use crate::net::socket::fast_path::FastPathMiss;
use crate::net::{Error, Family, Flags, Result, Socket};
use crate::sys::errno::{EAGAIN, EINTR};
use crate::sys::{Descriptor, Direction, Errno, Instant, sleep, wait_ready};
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::time::Duration;

/// The first and the longest pause before a retry, where poll can't wait for the event.
const MIN_RETRY_PAUSE: Duration = Duration::from_millis(1);
const MAX_RETRY_PAUSE: Duration = Duration::from_millis(16);

/// A system call to repeat. It is a trait object, so that the code of the slow path exists once.
pub(in crate::net) type SystemCall<'a, T> = &'a mut dyn FnMut(&Descriptor, Flags) -> Result<T, Errno>;

impl Socket {
    /// Makes a call that may block for the socket's timeout. `op` makes the system call once, without blocking if it is
    /// passed [`Flags::DONT_WAIT`].
    pub(in crate::net) fn call<T>(
        &self,
        direction: Direction,
        flags: Flags,
        op: impl FnMut(&Descriptor, Flags) -> Result<T, Errno>,
    ) -> Result<T> {
        self.call_in_kernel(direction, self.call_deadline(direction, flags), op)
    }

    /// Continues a call on the slow path.
    pub(in crate::net) fn call_after_miss(
        &self,
        miss: FastPathMiss,
        direction: Direction,
        mut op: impl FnMut(&Descriptor, Flags) -> Result<usize, Errno>,
    ) -> Result<usize> {
        // The socket's timeout is not read again: it may have changed. The fast path handles only these two.
        let deadline = if miss.flags() == Flags::NONE { Deadline::Infinite } else { Deadline::Immediate };
        miss.result().or_else(|errno| self.retry_or_fail(errno, direction, deadline, &mut op))
    }

    /// Makes a call that blocks in the kernel, unless it must poll.
    pub(in crate::net) fn call_in_kernel<T>(
        &self,
        direction: Direction,
        deadline: Deadline,
        mut op: impl FnMut(&Descriptor, Flags) -> Result<T, Errno>,
    ) -> Result<T> {
        let is_nonblocking = matches!(deadline, Deadline::Immediate) || self.must_poll(direction, deadline);
        match op(&self.fd, if is_nonblocking { Flags::DONT_WAIT } else { Flags::NONE }) {
            Ok(value) => Ok(value),
            Err(errno) => self.retry_or_fail(errno, direction, deadline, &mut op),
        }
    }

    /// Makes a call that waits in poll.
    pub(in crate::net) fn call_in_poll<T>(
        &self,
        direction: Direction,
        deadline: Deadline,
        mut op: impl FnMut(&Descriptor, Flags) -> Result<T, Errno>,
    ) -> Result<T> {
        op(&self.fd, Flags::DONT_WAIT).or_else(|errno| self.retry_in_poll(errno, direction, deadline, &mut op))
    }

    /// The deadline of an operation in this direction that starts now.
    pub(in crate::net) fn deadline(&self, direction: Direction) -> Deadline {
        match self.timeout_ms(direction) {
            0 => Deadline::Immediate,
            ms if ms < 0 => Deadline::Infinite,
            ms => Deadline::After(ms, Instant::now()),
        }
    }

    /// The deadline of a single call with these flags. If the kernel keeps the timeout, a coarse start time suffices.
    #[inline]
    fn call_deadline(&self, direction: Direction, flags: Flags) -> Deadline {
        let ms = self.timeout_ms(direction);
        if ms == 0 || flags.intersects(Flags::NONBLOCKING) {
            Deadline::Immediate
        } else if ms < 0 {
            Deadline::Infinite
        } else if direction == Direction::Send && self.family == Family::Unix || self.was_nonblocking.load(Relaxed) {
            Deadline::After(ms, Instant::now())
        } else {
            Deadline::After(ms, Instant::now_coarse())
        }
    }

    /// Handles the failure of a call's first system call: returns the error, or retries in poll.
    #[cold]
    fn retry_or_fail<T>(
        &self,
        errno: Errno,
        direction: Direction,
        deadline: Deadline,
        op: SystemCall<'_, T>,
    ) -> Result<T> {
        if let Deadline::Immediate = deadline {
            return Err(self.error_from(errno));
        }
        self.remaining_after(errno, deadline)?;
        let has_blocked = !self.must_poll(direction, deadline) && !self.nonblocking.load(Relaxed);
        // EAGAIN means an expired timeout, unless another call made the descriptor non-blocking meanwhile.
        if errno.0 == EAGAIN && has_blocked && deadline.may_have_expired() && !self.was_nonblocking.load(SeqCst) {
            return Err(Error::TIMED_OUT);
        }
        // The kernel's timeout was changed by another owner of the socket. Restoring it lets the next call block in one
        // system call again.
        if errno.0 == EAGAIN && has_blocked {
            self.sync_kernel_timeout(direction)?;
        }
        self.retry_in_poll(errno, direction, deadline, op)
    }

    /// Waits and repeats a call until it is done or the deadline has passed.
    pub(in crate::net) fn retry_in_poll<T>(
        &self,
        mut errno: Errno,
        direction: Direction,
        deadline: Deadline,
        op: SystemCall<'_, T>,
    ) -> Result<T> {
        let mut left = self.remaining_after(errno, deadline)?;
        let mut retry_pause = MIN_RETRY_PAUSE;
        loop {
            let blocks_in_kernel = errno.0 == EINTR && left.is_none() && !self.must_poll(direction, deadline);
            let ready =
                if blocks_in_kernel { Ok(()) } else { wait_ready(&self.fd, direction, self.poll_timeout(left)) };
            let flags = if blocks_in_kernel { Flags::NONE } else { Flags::DONT_WAIT };
            match ready.and_then(|()| op(&self.fd, flags)) {
                Ok(value) => return Ok(value),
                Err(next) => errno = next,
            }
            left = self.remaining_after(errno, deadline)?;
            // An unconnected UNIX socket polls as writable even if the queue of the destination is full.
            if ready.is_ok() && errno.0 == EAGAIN && self.must_poll(direction, deadline) {
                if let Err(interrupted) = sleep(left.map_or(retry_pause, |left| left.min(retry_pause))) {
                    errno = interrupted;
                    left = self.remaining_after(errno, deadline)?;
                }
                retry_pause = (retry_pause * 2).min(MAX_RETRY_PAUSE);
            }
        }
    }

    /// The timeout of one poll: a slice of the remaining time if a shutdown does not wake the poll.
    fn poll_timeout(&self, left: Option<Duration>) -> Option<Duration> {
        if self.family.is_woken_by_shutdown() {
            left
        } else {
            Some(left.map_or(POLL_SLICE, |left| left.min(POLL_SLICE)))
        }
    }

    /// The remaining time of a call whose system call failed; `None` is for ever. An error that waiting does not change
    /// is returned.
    pub(in crate::net) fn remaining_after(&self, errno: Errno, deadline: Deadline) -> Result<Option<Duration>> {
        match errno.0 {
            _ if self.is_canceled() => Err(Error::CLOSED),
            EINTR if self.interruptible.load(Relaxed) => Err(Error::INTERRUPTED),
            EAGAIN | EINTR => deadline.remaining().ok_or(Error::TIMED_OUT),
            _ => Err(self.error_from(errno)),
        }
    }
}
