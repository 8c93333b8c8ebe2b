//! Detached threads, for calls that have no timeout.

use crate::sys::errno::{EAGAIN, ENOMEM, Errno};
use nix::sys::signal::Signal::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use std::io;
use std::thread;

/// The stack size in bytes, enough for the C library's resolver and its modules. Only used pages take memory.
const STACK_SIZE: usize = 1 << 20;

/// Synchronous signals, which a thread raises itself. They stay unblocked, so that the program's handlers run.
const SYNCHRONOUS_SIGNALS: [Signal; 7] = [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT];

/// Runs `work` in a detached thread with this name. The thread blocks all asynchronous signals: the program's handlers
/// run in the program's threads. `ENOMEM` if there are too many threads.
pub fn spawn_detached(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Errno> {
    // A new thread inherits the signal mask of its creator.
    let previous_mask = block_asynchronous_signals()?;
    let spawned = thread::Builder::new().name(name.into()).stack_size(STACK_SIZE).spawn(work);
    // Restoring a mask can't fail.
    let _ = previous_mask.thread_set_mask();
    match spawned.map(drop).map_err(io::Error::into) {
        Err(Errno(EAGAIN)) => Err(Errno(ENOMEM)),
        result => result,
    }
}

/// Returns the previous mask. The C library keeps its internal signals unblocked.
fn block_asynchronous_signals() -> Result<SigSet, Errno> {
    let mut signals = SigSet::all();
    SYNCHRONOUS_SIGNALS.into_iter().for_each(|signal| signals.remove(signal));
    Ok(signals.thread_swap_mask(SigmaskHow::SIG_BLOCK)?)
}
