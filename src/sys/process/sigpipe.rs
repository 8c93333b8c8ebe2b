//! Suppresses SIGPIPE during system calls that have no flag for it.

use crate::sys::errno::{EINTR, Errno};
use crate::sys::system_call::system_call;
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use std::marker::PhantomData;
use std::mem::size_of;
use std::ptr;

/// The kernel's signal set, one bit for each signal. The C library's type is longer.
type KernelSignalSet = u64;

const SIGPIPE_BIT: KernelSignalSet = 1 << (libc::SIGPIPE - 1);

/// Blocks SIGPIPE in the calling thread until it is dropped, and then discards a SIGPIPE that a call of the thread has
/// raised. The thread's mask, the signal's disposition and a SIGPIPE that was pending before stay as they are.
pub struct SigpipeGuard {
    was_blocked: bool,
    /// Whether SIGPIPE was pending at the start. A pending SIGPIPE is not queued again, so it must not be discarded.
    was_pending: bool,
    /// Whether the last call may have raised SIGPIPE.
    is_raised: bool,
    /// The mask belongs to the thread.
    not_send: PhantomData<*const ()>,
}

impl SigpipeGuard {
    pub fn new() -> SigpipeGuard {
        let mask = SigSet::from(Signal::SIGPIPE).thread_swap_mask(SigmaskHow::SIG_BLOCK);
        // Changing the mask can't fail.
        let was_blocked = mask.is_ok_and(|mask| mask.contains(Signal::SIGPIPE));
        // A signal that is not blocked can't be pending.
        let was_pending = was_blocked && is_sigpipe_pending();
        SigpipeGuard { was_blocked, was_pending, is_raised: false, not_send: PhantomData }
    }

    /// Sets whether the last call may have raised SIGPIPE.
    pub fn set_raised(&mut self, is_raised: bool) {
        self.is_raised = is_raised;
    }
}

impl Drop for SigpipeGuard {
    fn drop(&mut self) {
        if self.is_raised && !self.was_pending {
            consume_pending_sigpipe();
        }
        if !self.was_blocked {
            let _ = SigSet::from(Signal::SIGPIPE).thread_unblock();
        }
    }
}

/// Whether SIGPIPE is pending for the thread or for the process.
fn is_sigpipe_pending() -> bool {
    let mut pending: KernelSignalSet = 0;
    let args = [&raw mut pending as usize, size_of::<KernelSignalSet>()];
    // SAFETY: `pending` is writable for its size. The call can't fail.
    let _ = unsafe { system_call(libc::SYS_rt_sigpending, args) };
    pending & SIGPIPE_BIT != 0
}

/// Discards a pending SIGPIPE: the one of the thread, otherwise the one of the process.
// sigtimedwait(3) is a cancellation point.
fn consume_pending_sigpipe() {
    let (set, no_wait) = (SIGPIPE_BIT, libc::timespec { tv_sec: 0, tv_nsec: 0 });
    let no_info = ptr::null::<u8>();
    let args = [&raw const set as usize, no_info as usize, &raw const no_wait as usize, size_of::<KernelSignalSet>()];
    // SAFETY: `set` and `no_wait` are readable.
    while unsafe { system_call(libc::SYS_rt_sigtimedwait, args) } == Err(Errno(EINTR)) {}
}
