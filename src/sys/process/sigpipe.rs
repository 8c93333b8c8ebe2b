//! Keeping SIGPIPE away, where a system call has no flag for that.

use crate::sys::Errno;
use crate::sys::system_call::system_call;
use std::marker::PhantomData;
use std::ptr;

/// The kernel's set of signals, which is not the C library's: a bit each.
type SignalSet = u64;

const PIPE: SignalSet = 1 << (libc::SIGPIPE - 1);
const SET_SIZE: usize = size_of::<SignalSet>();

/// Keeps SIGPIPE from the calling thread until it is dropped, and then takes away the one that a call of this thread
/// has raised meanwhile. Nothing of it is seen outside: neither in the thread's mask, nor of a SIGPIPE that waited
/// before, nor in the signal's disposition.
pub struct NoSigpipe {
    /// The thread had it blocked before.
    was_blocked: bool,
    /// One waited before, of which a further one makes no second.
    waited: bool,
    raised: bool,
    /// The mask is the thread's.
    not_send: PhantomData<*const ()>,
}

impl NoSigpipe {
    /// Begins to.
    pub fn begin() -> NoSigpipe {
        let was_blocked = change(libc::SIG_BLOCK) & PIPE != 0;
        // What is not blocked does not wait.
        let waited = was_blocked && pending() & PIPE != 0;
        NoSigpipe { was_blocked, waited, raised: false, not_send: PhantomData }
    }

    /// Tells whether the last call may have raised it.
    pub fn tell(&mut self, raised: bool) {
        self.raised = raised;
    }
}

impl Drop for NoSigpipe {
    fn drop(&mut self) {
        if self.raised && !self.waited {
            take();
        }
        if !self.was_blocked {
            change(libc::SIG_UNBLOCK);
        }
    }
}

/// Blocks or unblocks it; the mask before.
fn change(how: i32) -> SignalSet {
    let (set, mut before) = (PIPE, 0);
    let args = [how as usize, &raw const set as usize, &raw mut before as usize, SET_SIZE];
    // SAFETY: both sets are ours and as long as it says. It can't fail.
    let _ = unsafe { system_call(libc::SYS_rt_sigprocmask, args) };
    before
}

/// The signals that wait for the thread and for the process.
fn pending() -> SignalSet {
    let mut set: SignalSet = 0;
    // SAFETY: the set is ours and as long as it says. It can't fail.
    let _ = unsafe { system_call(libc::SYS_rt_sigpending, [&raw mut set as usize, SET_SIZE]) };
    set
}

/// Takes one that waits; the thread's own comes before one that is for the whole process.
fn take() {
    let (set, at_once) = (PIPE, libc::timespec { tv_sec: 0, tv_nsec: 0 });
    let args = [&raw const set as usize, ptr::null::<u8>() as usize, &raw const at_once as usize, SET_SIZE];
    // SAFETY: the set and the time are ours; nothing is to be told about the signal. A handled signal interrupts it.
    while unsafe { system_call(libc::SYS_rt_sigtimedwait, args) } == Err(Errno(libc::EINTR)) {}
}
