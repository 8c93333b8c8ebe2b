//! The pollers in which a descriptor is registered, so that it can be removed from them before it is closed.
//!
//! epoll drops a registration only when the open file description ends. A duplicate or another process can keep that
//! open after close, and events would still be reported for a closed descriptor.
//!
//! A descriptor stores one poller id, or [`ALL_POLLERS`]. The id stays after a removal: two threads may remove the
//! descriptor and add it again, which is not atomic, so the stored id can't be cleared. Removing a descriptor from a
//! poller in which it is not registered has no effect.

use crate::sys::errno::{EMFILE, Errno};
use crate::sys::poll::poller::remove_by_id;
use crate::sys::process::fork::{fork_epoch, register_fork_handler};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// A poller's id plus one in the low bits, the fork epoch of the registration in the high bits. A forked child doesn't
/// undo its parent's registrations.
#[derive(Debug)]
pub struct Registrations(AtomicU32);

const ID_MASK: u32 = (1 << 22) - 1;
const NO_POLLER: u32 = 0;
/// The descriptor may be registered in any poller: it was added to more than one, or to one whose id does not fit.
const ALL_POLLERS: u32 = ID_MASK;

/// The ids of all pollers, each plus one, with the fork epoch in the high bits; 0 is a free slot.
static POLLERS: [AtomicU64; 1024] = [const { AtomicU64::new(0) }; 1024];

fn epoch_bits() -> u32 {
    (fork_epoch() >> u32::BITS) as u32
}

impl Registrations {
    pub const fn new() -> Registrations {
        Registrations(AtomicU32::new(NO_POLLER))
    }

    /// Records a registration. Must be called before the descriptor is added to the poller.
    pub fn record(&self, poller_id: RawFd) {
        register_fork_handler();
        let epoch = epoch_bits();
        let new = epoch | (poller_id as u32 + 1).min(ALL_POLLERS);
        let merged = |old: u32| match old {
            NO_POLLER => new,
            _ if old == new || old & !ID_MASK != epoch => new,
            _ => epoch | ALL_POLLERS,
        };
        let _ = self.0.fetch_update(Relaxed, Relaxed, |old| Some(merged(old)));
    }

    /// Removes the descriptor from all pollers in which it is registered.
    #[inline]
    pub fn remove_from_pollers(&self, fd: RawFd) {
        let recorded = self.0.load(Relaxed);
        if recorded != NO_POLLER {
            remove_from_pollers(recorded, fd);
        }
    }
}

#[cold]
fn remove_from_pollers(recorded: u32, fd: RawFd) {
    if recorded & !ID_MASK != epoch_bits() {
        return;
    }
    let is_current = |word: u64| word != 0 && word & !u64::from(u32::MAX) == fork_epoch();
    let mut pollers = POLLERS.iter().map(|slot| slot.load(Relaxed)).filter(|&word| is_current(word));
    let mut remove = |word: u64| {
        // The descriptor may not be registered there any more.
        let _ = remove_by_id((word as u32 - 1) as RawFd, fd);
    };
    match recorded & ID_MASK {
        ALL_POLLERS => pollers.for_each(remove),
        id => pollers.find(|&word| word as u32 == id).into_iter().for_each(&mut remove),
    }
}

/// Adds a poller to the list of pollers. `EMFILE` if the list is full.
pub(in crate::sys) fn register_poller(id: RawFd) -> Result<(), Errno> {
    register_fork_handler();
    let word = fork_epoch() | (id as u64 + 1);
    let claim = |slot: &&AtomicU64| slot.compare_exchange(0, word, Relaxed, Relaxed).is_ok();
    POLLERS.iter().find(claim).map(drop).ok_or(Errno(EMFILE))
}

/// Removes a poller from the list of pollers.
pub(in crate::sys) fn unregister_poller(id: RawFd) {
    let release = |slot: &&AtomicU64| {
        let word = slot.load(Relaxed);
        word as u32 == id as u32 + 1 && slot.compare_exchange(word, 0, Relaxed, Relaxed).is_ok()
    };
    let _ = POLLERS.iter().find(release);
}
