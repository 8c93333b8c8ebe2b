//! Which pollers a descriptor is in, so that it leaves them when it is closed.
//!
//! epoll forgets what it was told of a descriptor when its open file goes; but that stays as long as a duplicate or another
//! process has it, and events of what nobody has any more would go on. So a descriptor is taken out before it is closed.
//!
//! All that is kept of a poller is its number, which is its descriptor's where it has one of its own, and that it was in there once: to be taken out by one thread and
//! put in again by another is not one step, so nobody can tell that it is out. Leaving a poller where it is not does no
//! harm.

use crate::sys::errno::EMFILE;
use crate::sys::{Errno, fork_epoch, poll::poller, register_fork_handler};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// A poller's number plus one, below the epoch in which it was put in there: what a process has put
/// into a poller is not for a forked child of it to take out.
#[derive(Debug)]
pub struct Registrations(AtomicU32);

/// The bits of the number; the epoch is in those above.
const NUMBER: u32 = (1 << 22) - 1;
const NOWHERE: u32 = 0;
/// The number of more than one poller, and of one whose own does not fit.
const SEVERAL: u32 = NUMBER;

/// The pollers of this library, each as its number plus one below its epoch. Who is in several leaves all.
static POLLERS: [AtomicU64; 1024] = [const { AtomicU64::new(0) }; 1024];

fn epoch() -> u32 {
    (fork_epoch() >> u32::BITS) as u32
}

fn word(poller: RawFd) -> u32 {
    epoch() | (poller as u32 + 1).min(SEVERAL)
}

impl Registrations {
    pub const fn new() -> Registrations {
        Registrations(AtomicU32::new(NOWHERE))
    }

    /// It is about to be put into a poller.
    pub fn note(&self, poller: RawFd) {
        register_fork_handler();
        let here = word(poller);
        let noted = |now: u32| match now {
            NOWHERE => here,
            _ if now == here || now & !NUMBER != here & !NUMBER => here,
            _ => here | SEVERAL,
        };
        let _ = self.0.fetch_update(Relaxed, Relaxed, |now| Some(noted(now)));
    }

    /// Takes it out of all pollers that it is in.
    #[inline]
    pub fn leave(&self, fd: RawFd) {
        let now = self.0.load(Relaxed);
        if now != NOWHERE {
            leave(now, fd);
        }
    }
}

// Not to be there is as good, so no error matters.
#[cold]
fn leave(registrations: u32, fd: RawFd) {
    if registrations & !NUMBER != epoch() {
        return;
    }
    let is_here = |word: u64| word != 0 && word & !u64::from(u32::MAX) == fork_epoch();
    let mut pollers = POLLERS.iter().map(|place| place.load(Relaxed)).filter(|&word| is_here(word));
    let mut leave = |word: u64| {
        let _ = poller::remove((word as u32 - 1) as RawFd, fd);
    };
    match registrations & NUMBER {
        SEVERAL => pollers.for_each(leave),
        number => pollers.find(|&word| word as u32 == number).into_iter().for_each(&mut leave),
    }
}

/// Puts a poller on the list.
pub(in crate::sys) fn enlist(poller: RawFd) -> Result<(), Errno> {
    register_fork_handler();
    let word = fork_epoch() | (poller as u64 + 1);
    let is_free = |place: &&AtomicU64| place.compare_exchange(0, word, Relaxed, Relaxed).is_ok();
    POLLERS.iter().find(is_free).map(drop).ok_or(Errno(EMFILE))
}

/// Takes a poller from the list.
pub(in crate::sys) fn delist(poller: RawFd) {
    let is_it = |place: &&AtomicU64| {
        let word = place.load(Relaxed);
        word as u32 == poller as u32 + 1 && place.compare_exchange(word, 0, Relaxed, Relaxed).is_ok()
    };
    let _ = POLLERS.iter().find(is_it);
}
