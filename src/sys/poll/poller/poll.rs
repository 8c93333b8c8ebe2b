//! A poller over poll(2), for systems without epoll(7) or kqueue(2).

use super::event_buffer::{EventBuffer, RESERVED_TOKEN, WaitOutcome};
use super::interest_list::{InterestList, PollItems};
use crate::sys::errno::{EINTR, EPERM, Errno};
use crate::sys::poll::events::Events;
use crate::sys::poll::registrations::{register_poller, unregister_poller};
use crate::sys::poll::wait::wait_many;
use crate::sys::poll::wake::WakeFd;
use crate::sys::process::fork::fork_epoch;
use crate::sys::system_call::errno_result;
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

#[derive(Debug)]
pub struct RawPoller {
    id: usize,
    epoch: u64,
    list: Arc<InterestList>,
    /// Whether the next wait writes the nested poller's events first. It alternates, because the buffer may be too
    /// small for the events of both.
    is_nested_first: AtomicBool,
}

impl RawPoller {
    pub fn new() -> Result<RawPoller, Errno> {
        let (id, list) = InterestList::new()?;
        let poller = RawPoller { id, epoch: fork_epoch(), list, is_nested_first: AtomicBool::new(false) };
        register_poller(poller.id())?;
        Ok(poller)
    }

    pub fn add(&self, fd: RawFd, events: Events, token: u64) -> Result<(), Errno> {
        check_pollable(fd)?;
        check_mode(events)?;
        self.list.put(fd, events, token, false)
    }

    pub fn modify(&self, fd: RawFd, events: Events, token: u64) -> Result<(), Errno> {
        check_pollable(fd)?;
        check_mode(events)?;
        self.list.put(fd, events, token, true)
    }

    pub fn remove(&self, fd: RawFd) -> Result<(), Errno> {
        check_pollable(fd)?;
        self.list.remove(fd)
    }

    pub fn add_wake_fd(&self, fd: RawFd) -> Result<(), Errno> {
        self.add(fd, Events::READABLE, RESERVED_TOKEN)
    }

    pub fn clear_wake(&self, wake: &WakeFd) {
        wake.clear();
    }

    pub fn add_nested(&self, nested: &RawPoller) -> Result<(), Errno> {
        self.list.set_nested(nested.list.clone())
    }

    pub fn set_nested_enabled(&self, _: &RawPoller, is_enabled: bool) -> Result<(), Errno> {
        self.list.set_nested_enabled(is_enabled)
    }

    pub fn id(&self) -> RawFd {
        self.id as RawFd
    }

    pub fn is_internal_fd(&self, fd: RawFd) -> bool {
        fd == self.list.wake_fd()
    }

    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    pub fn wait(&self, buffer: &mut EventBuffer<'_>, timeout: Option<Duration>) -> Result<WaitOutcome, Errno> {
        let mut items = PollItems::new();
        let (wait, nested) = self.list.begin_wait(&mut items);
        let nested = nested.map(|list| (list.begin_wait(&mut items).0, list));
        let items = items.as_mut_slice();
        let result = wait_many(items, timeout);
        // A signal handler may have forked. In the child, the locks may never be released.
        if self.epoch != fork_epoch() {
            return Err(Errno(EINTR));
        }
        let items = if result.is_ok() { &*items } else { &[] };
        let end_nested = |buffer: &mut _| nested.as_ref().map(|(wait, list)| list.end_wait(*wait, items, buffer));
        let is_nested_first = self.is_nested_first.fetch_xor(true, Relaxed);
        if is_nested_first {
            end_nested(buffer);
        }
        let is_woken = self.list.end_wait(wait, items, buffer);
        if !is_nested_first {
            end_nested(buffer);
        }
        result.map(|_| WaitOutcome { is_woken, is_nested_ready: false })
    }
}

impl Drop for RawPoller {
    fn drop(&mut self) {
        InterestList::release(self.id, self.epoch != fork_epoch(), || unregister_poller(self.id()));
    }
}

/// `EPERM` for edge-triggered mode without one-shot mode.
fn check_mode(events: Events) -> Result<(), Errno> {
    let is_edge_triggered = events.contains(Events::EDGE) && !events.contains(Events::ONE_SHOT);
    if is_edge_triggered { Err(Errno(EPERM)) } else { Ok(()) }
}

/// `EBADF` for a descriptor that is not open, `EPERM` for files and directories, which are always ready.
fn check_pollable(fd: RawFd) -> Result<(), Errno> {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // nix's fstat takes only descriptors that are known to be open.
    // SAFETY: `stat` is writable, and initialised if the call succeeds.
    let mode = unsafe {
        errno_result(libc::fstat(fd, stat.as_mut_ptr()).into())?;
        stat.assume_init().st_mode
    };
    match mode & libc::S_IFMT {
        libc::S_IFREG | libc::S_IFDIR => Err(Errno(EPERM)),
        _ => Ok(()),
    }
}
