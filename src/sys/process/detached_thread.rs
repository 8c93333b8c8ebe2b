//! A thread for what the system has no other way to leave behind.

use crate::sys::Errno;
use crate::sys::errno::{EAGAIN, ENOMEM};
use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::thread;

/// Enough for the C library's resolver with whatever modules it loads; only what is used takes memory.
const STACK: usize = 1 << 20;

/// Signals that a thread raises by what it does itself: whoever handles them wants to be told.
const SYNCHRONOUS: [i32; 7] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS, libc::SIGABRT];

/// Has a thread of its own do something, and end with it. Nobody waits for it. No other signals are handled in it: the
/// program's handlers run in the program's threads.
pub fn spawn_detached(work: impl FnOnce() + Send + 'static) -> Result<(), Errno> {
    // A thread begins with the mask of the one that starts it.
    let before = block_signals();
    let started = thread::Builder::new().name("jf-resolver".into()).stack_size(STACK).spawn(work);
    // SAFETY: the mask is this thread's from before.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &before, ptr::null_mut()) };
    match started.map(drop).map_err(io::Error::into) {
        // What the system has for too many threads.
        Err(Errno(EAGAIN)) => Err(Errno(ENOMEM)),
        result => result,
    }
}

/// Blocks the signals that nobody raises by himself; the mask before. The C library keeps those for itself out of it
/// that it needs in every thread.
fn block_signals() -> libc::sigset_t {
    let (mut set, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    // SAFETY: both sets are ours, and written before they are read. Neither call can fail.
    unsafe {
        libc::sigfillset(set.as_mut_ptr());
        for signal in SYNCHRONOUS {
            libc::sigdelset(set.as_mut_ptr(), signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), before.as_mut_ptr());
        before.assume_init()
    }
}
