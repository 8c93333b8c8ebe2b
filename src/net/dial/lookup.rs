//! Lookups that can be abandoned.
//!
//! The system's resolver has no timeout and no cancellation. So each lookup runs on a separate thread, which owns all
//! that it reads and writes. A caller whose deadline expires returns. The thread ends when its answer arrives.

use crate::net::deadline::{Deadline, POLL_SLICE};
use crate::net::{Error, Result};
use crate::sys::errno::EINTR;
use crate::sys::{
    EPOCH_SHIFT, Errno, PollItem, WakeFd, fork_epoch, register_fork_handler, sleep, spawn_detached, wait_many,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// Maximum number of lookups of one source in flight in one process.
const MAX_IN_FLIGHT: u64 = 64;

/// What a lookup waits for. Each source has its own limit: name servers that do not answer leave the services usable.
#[derive(Clone, Copy)]
pub(in crate::net) enum Source {
    /// The sources of hosts and addresses.
    Names,
    /// The services database alone.
    Services,
}

/// The number of lookups of each source in flight, combined with the fork epoch in which they were counted. A forked
/// child has none of its parent's threads, so a count of another epoch is 0.
static IN_FLIGHT: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];

const COUNT_MASK: u64 = (1 << EPOCH_SHIFT) - 1;

/// Permission for one lookup in flight. Dropping it releases the permission.
struct Permit {
    source: Source,
    epoch: u64,
}

impl Permit {
    /// `None` while [`MAX_IN_FLIGHT`] lookups of the source are in flight.
    fn acquire(source: Source) -> Option<Permit> {
        register_fork_handler();
        let epoch = fork_epoch();
        let increment = |word: u64| {
            let count = if word & !COUNT_MASK == epoch { word & COUNT_MASK } else { 0 };
            (count < MAX_IN_FLIGHT).then_some(epoch | (count + 1))
        };
        IN_FLIGHT[source as usize].fetch_update(Relaxed, Relaxed, increment).ok().map(|_| Permit { source, epoch })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let decrement = |word: u64| (word & !COUNT_MASK == self.epoch).then(|| word - 1);
        // A count of another epoch does not include this permit.
        let _ = IN_FLIGHT[self.source as usize].fetch_update(Relaxed, Relaxed, decrement);
    }
}

type Work<T> = Box<dyn FnOnce() -> Result<T> + Send>;

/// A lookup whose answer is a `T`.
pub(in crate::net) struct Lookup<T> {
    source: Source,
    /// The work, until it is started.
    work: Option<Work<T>>,
    answer: Arc<Mutex<Option<Result<T>>>>,
}

impl<T: Send + 'static> Lookup<T> {
    /// A lookup that is not started yet.
    pub(in crate::net) fn new(source: Source, work: impl FnOnce() -> Result<T> + Send + 'static) -> Lookup<T> {
        Lookup { source, work: Some(Box::new(work)), answer: Arc::default() }
    }

    /// Starts the lookup, unless it is started or too many are in flight. Returns whether it is started. When it has
    /// finished, `waker` becomes readable.
    pub(in crate::net) fn start(&mut self, waker: &Waker) -> Result<bool> {
        if self.work.is_none() {
            return Ok(true);
        }
        let Some(permit) = Permit::acquire(self.source) else { return Ok(false) };
        let Some(work) = self.work.take() else { return Err(Error::INTERNAL) };
        let (answer, waker) = (Arc::clone(&self.answer), waker.weak());
        spawn_detached("jf-resolver", move || {
            let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Error::INTERNAL));
            // Both precede the wake: a woken thread finds the answer, and can start another lookup.
            *answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            drop(permit);
            if let Some(wake) = waker.upgrade() {
                wake.wake();
            }
        })?;
        Ok(true)
    }

    /// Takes the answer, if the lookup has finished.
    pub(in crate::net) fn take_answer(&mut self) -> Option<Result<T>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Becomes readable when a lookup has finished. Dropping it closes its descriptor, however many lookups are abandoned.
pub(in crate::net) struct Waker(Option<Arc<WakeFd>>);

impl Waker {
    pub(in crate::net) fn new() -> Result<Waker> {
        Ok(Waker(Some(Arc::new(WakeFd::new()?))))
    }

    /// The item to wait for.
    pub(in crate::net) fn item(&self) -> PollItem {
        self.0.as_ref().map_or(PollItem::NONE, |wake| wake.item())
    }

    pub(in crate::net) fn clear(&self) {
        self.0.iter().for_each(|wake| wake.clear());
    }

    fn weak(&self) -> Weak<WakeFd> {
        self.0.as_ref().map_or_else(Weak::new, Arc::downgrade)
    }
}

impl Drop for Waker {
    fn drop(&mut self) {
        // A lookup thread may hold the descriptor for the moment of its wake.
        while let Some(wake) = self.0.take() {
            self.0 = Arc::try_unwrap(wake).err();
            if self.0.is_some() {
                let _ = sleep(Duration::from_micros(50));
            }
        }
    }
}

/// Runs a lookup and waits for its answer until the deadline.
pub(in crate::net) fn answer_within<T: Send + 'static>(deadline: Deadline, mut lookup: Lookup<T>) -> Result<T> {
    if let Deadline::Immediate = deadline {
        return Err(Error::WOULD_BLOCK);
    }
    let waker = Waker::new()?;
    loop {
        let is_started = lookup.start(&waker)?;
        if let Some(answer) = lookup.take_answer() {
            return answer;
        }
        let left = deadline.remaining().ok_or(Error::TIMED_OUT)?;
        // No wake reports a free place among the lookups in flight.
        let time = if is_started { left } else { Some(left.map_or(POLL_SLICE, |left| left.min(POLL_SLICE))) };
        match wait_many(&mut [waker.item()], time) {
            Ok(_) | Err(Errno(EINTR)) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}
