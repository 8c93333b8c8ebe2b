//! Look-ups that can be left behind.
//!
//! The system's resolver waits for as long as it likes, and can't be told to stop. So it is asked on a thread of its
//! own, which owns all that it reads and writes: a caller whose time is over goes, and the thread ends when it has its
//! answer, which nobody wants any more.

use crate::net::deadline::{Deadline, POLL_SLICE};
use crate::net::{Error, Result};
use crate::sys::errno::EINTR;
use crate::sys::{
    EPOCH_SHIFT, Errno, PollItem, WakeFd, fork_epoch, pause, register_fork_handler, spawn_detached, wait_many,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// The most look-ups of a process that are under way at once.
const MOST: u64 = 64;

/// How many are under way, below the epoch in which that was counted: a forked child has none of its parent's threads.
static UNDER_WAY: AtomicU64 = AtomicU64::new(0);

const COUNT: u64 = (1 << EPOCH_SHIFT) - 1;

/// One of the look-ups that may be under way.
struct SerialUpdate {
    epoch: u64,
}

impl SerialUpdate {
    /// `None` while there are as many as may be.
    fn take() -> Option<SerialUpdate> {
        register_fork_handler();
        let epoch = fork_epoch();
        let one_more = |word: u64| {
            let count = if word & !COUNT == epoch { word & COUNT } else { 0 };
            (count < MOST).then_some(epoch | (count + 1))
        };
        UNDER_WAY.fetch_update(Relaxed, Relaxed, one_more).ok().map(|_| SerialUpdate { epoch })
    }
}

impl Drop for SerialUpdate {
    fn drop(&mut self) {
        let one_less = |word: u64| (word & !COUNT == self.epoch).then(|| word - 1);
        // What is of another epoch does not count us.
        let _ = UNDER_WAY.fetch_update(Relaxed, Relaxed, one_less);
    }
}

type Work<T> = Box<dyn FnOnce() -> Result<T> + Send>;

/// A look-up, of which the answer is a `T`.
pub(in crate::net) struct Lookup<T> {
    /// What there is to do, until it is begun.
    work: Option<Work<T>>,
    answer: Arc<Mutex<Option<Result<T>>>>,
}

impl<T: Send + 'static> Lookup<T> {
    /// One that has not begun.
    pub(in crate::net) fn new(work: impl FnOnce() -> Result<T> + Send + 'static) -> Lookup<T> {
        Lookup { work: Some(Box::new(work)), answer: Arc::default() }
    }

    /// Begins, if it has not and if it is its turn; whether it has begun now. Its end makes `waker` ready.
    pub(in crate::net) fn begin(&mut self, waker: &Waker) -> Result<bool> {
        if self.work.is_none() {
            return Ok(true);
        }
        let Some(turn) = SerialUpdate::take() else { return Ok(false) };
        let Some(work) = self.work.take() else { return Err(Error::INTERNAL) };
        let (answer, waker) = (Arc::clone(&self.answer), waker.weak());
        spawn_detached(move || {
            let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Error::INTERNAL));
            // Who is woken finds both: the answer, and the turn free for another.
            *answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            drop(turn);
            if let Some(wake) = waker.upgrade() {
                wake.wake();
            }
        })?;
        Ok(true)
    }

    /// Takes its answer, once it is there.
    pub(in crate::net) fn take_answer(&mut self) -> Option<Result<T>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What a look-up that has ended makes ready. Its descriptor is closed when this is dropped, however many look-ups are
/// left behind.
pub(in crate::net) struct Waker(Option<Arc<WakeFd>>);

impl Waker {
    pub(in crate::net) fn new() -> Result<Waker> {
        Ok(Waker(Some(Arc::new(WakeFd::new()?))))
    }

    /// To wait for it.
    pub(in crate::net) fn item(&self) -> PollItem {
        self.0.as_ref().map_or(PollItem::NONE, |wake| wake.item())
    }

    /// Has it wait for the next look-up that ends.
    pub(in crate::net) fn clear(&self) {
        self.0.iter().for_each(|wake| wake.clear());
    }

    fn weak(&self) -> Weak<WakeFd> {
        self.0.as_ref().map_or_else(Weak::new, Arc::downgrade)
    }
}

impl Drop for Waker {
    fn drop(&mut self) {
        // A thread that is just waking us has it for a moment.
        while let Some(wake) = self.0.take() {
            self.0 = Arc::try_unwrap(wake).err();
            if self.0.is_some() {
                let _ = pause(Duration::from_micros(50));
            }
        }
    }
}

/// Looks something up, and waits for the answer.
pub(in crate::net) fn answer_to<T: Send + 'static>(
    deadline: Deadline,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    if let Deadline::Immediate = deadline {
        return Err(Error::WOULD_BLOCK);
    }
    let waker = Waker::new()?;
    let mut lookup = Lookup::new(work);
    loop {
        let begun = lookup.begin(&waker)?;
        if let Some(answer) = lookup.take_answer() {
            return answer;
        }
        let left = deadline.remaining().ok_or(Error::TIMED_OUT)?;
        // Nobody tells whose turn it is.
        let time = if begun { left } else { Some(left.map_or(POLL_SLICE, |left| left.min(POLL_SLICE))) };
        match wait_many(&mut [waker.item()], time) {
            Ok(_) | Err(Errno(EINTR)) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}
