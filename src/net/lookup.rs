//! Look-ups that can be left behind.
//!
//! The system's resolver waits for as long as it likes, and can't be told to stop. So it is asked on a thread of its
//! own, which owns all that it reads and writes: a caller whose time is over goes, and the thread ends when it has its
//! answer, which nobody wants any more.

use super::wait::{Patience, SLICE};
use super::{Error, Result};
use crate::sys::errno::EINTR;
use crate::sys::{EPOCH_SHIFT, Errno, PollItem, Wake, fork_epoch, leave_behind, pause, wait_many, watch_forks};
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
struct Turn {
    epoch: u64,
}

impl Turn {
    /// `None` while there are as many as may be.
    fn take() -> Option<Turn> {
        watch_forks();
        let epoch = fork_epoch();
        let one_more = |word: u64| {
            let count = if word & !COUNT == epoch { word & COUNT } else { 0 };
            (count < MOST).then_some(epoch | (count + 1))
        };
        UNDER_WAY.fetch_update(Relaxed, Relaxed, one_more).ok().map(|_| Turn { epoch })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let one_less = |word: u64| (word & !COUNT == self.epoch).then(|| word - 1);
        // What is of another epoch does not count us.
        let _ = UNDER_WAY.fetch_update(Relaxed, Relaxed, one_less);
    }
}

type Work<T> = Box<dyn FnOnce() -> Result<T> + Send>;

/// A look-up, of which the answer is a `T`.
pub(super) struct Lookup<T> {
    /// What there is to do, until it is begun.
    work: Option<Work<T>>,
    answer: Arc<Mutex<Option<Result<T>>>>,
}

impl<T: Send + 'static> Lookup<T> {
    /// One that has not begun.
    pub(super) fn new(work: impl FnOnce() -> Result<T> + Send + 'static) -> Lookup<T> {
        Lookup { work: Some(Box::new(work)), answer: Arc::default() }
    }

    /// Begins, if it has not and if it is its turn; whether it has begun now. Its end makes `waker` ready.
    pub(super) fn begin(&mut self, waker: &Waker) -> Result<bool> {
        if self.work.is_none() {
            return Ok(true);
        }
        let Some(turn) = Turn::take() else { return Ok(false) };
        let Some(work) = self.work.take() else { return Err(Error::INTERNAL) };
        let (answer, waker) = (Arc::clone(&self.answer), waker.weak());
        leave_behind(move || {
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
    pub(super) fn take_answer(&mut self) -> Option<Result<T>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What a look-up that has ended makes ready. Its descriptor is closed when this is dropped, however many look-ups are
/// left behind.
pub(super) struct Waker(Option<Arc<Wake>>);

impl Waker {
    pub(super) fn new() -> Result<Waker> {
        Ok(Waker(Some(Arc::new(Wake::new()?))))
    }

    /// To wait for it.
    pub(super) fn item(&self) -> PollItem {
        self.0.as_ref().map_or(PollItem::NONE, |wake| wake.item())
    }

    /// Has it wait for the next look-up that ends.
    pub(super) fn clear(&self) {
        self.0.iter().for_each(|wake| wake.clear());
    }

    fn weak(&self) -> Weak<Wake> {
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
pub(super) fn answer_to<T: Send + 'static>(
    patience: Patience,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    if let Patience::Never = patience {
        return Err(Error::WOULD_BLOCK);
    }
    let waker = Waker::new()?;
    let mut lookup = Lookup::new(work);
    loop {
        let begun = lookup.begin(&waker)?;
        if let Some(answer) = lookup.take_answer() {
            return answer;
        }
        let left = patience.left().ok_or(Error::TIMED_OUT)?;
        // Nobody tells whose turn it is.
        let time = if begun { left } else { Some(left.map_or(SLICE, |left| left.min(SLICE))) };
        match wait_many(&mut [waker.item()], time) {
            Ok(_) | Err(Errno(EINTR)) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}
