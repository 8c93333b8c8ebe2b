//! The table of handles. Other global state is small: claimed listen descriptors, lookups in flight, fork detection,
//! and the registry of pollers.
//!
//! A handle consists of a slot's index and a generation. Acquiring the object of a slot takes one atomic operation, and
//! releasing it another. Nothing is locked, so neither a thread that stops anywhere nor a fork can make the table
//! unusable.
//!
//! A slot's whole state is one word, so that every change of state is atomic:
//!
//! ```text
//!  63   54    53    52  50 49        24 23           0
//! | epoch | CLOSED | kind | generation | calls in use |
//! ```
//!
//! A vacant slot is CLOSED and has kind 0. An occupied slot has its table's kind; it is CLOSED while it is being
//! closed. The word of an open slot equals its handle, except for the call count, which stands where the handle has the
//! index.
//!
//! - A call reads the word. If the generation matches and the slot is open, the call increments the count by
//!   compare-and-exchange, and may then use the object. A call with any other handle writes nothing: otherwise a close
//!   of the slot's present object would take it for a call in flight, and wake it by a shutdown.
//! - Closing sets CLOSED, which keeps new calls out. It then waits until the count is 0, takes the object, and vacates
//!   the slot with the next generation. No handle is ever valid twice: a slot whose generations are used up stays
//!   vacant, with a generation that is never part of a handle.
//! - So a handle is closed if its generation is below the slot's, or if its slot is being closed. A handle of a later
//!   generation, or of the generation of a vacant slot, was never given out.
//! - In a forked child, the parent's other threads and their calls do not exist. Each fork changes the epoch. A call
//!   with a valid handle that finds an old epoch in the word resets the count first. A slot that was never used has
//!   epoch 0.
//!
//! The first slots are embedded in the table, so that a lookup needs no other memory access. They occupy no physical
//! memory before they are used. Further slots live in chunks. Slots are never freed or moved; vacant ones form a stack.

use super::sync::{AtomicPtr, AtomicU32, AtomicU64, Backoff, Ordering, UnsafeCell};
use crate::net::{EPOCH_SHIFT, Error, Result, fork_epoch, register_fork_handler};
use Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::ptr;

const INDEX_BITS: u32 = 24;
const GENERATION_BITS: u32 = 26;
const GENERATION_SHIFT: u32 = INDEX_BITS;
const KIND_SHIFT: u32 = GENERATION_SHIFT + GENERATION_BITS;
/// A double represents integers of so many bits exactly.
const HANDLE_BITS: u32 = KIND_SHIFT + 3;

const COUNT: u64 = (1 << INDEX_BITS) - 1;
/// Bits that are 0 in every handle of an embedded slot.
const NOT_EMBEDDED: u64 = u64::MAX << HANDLE_BITS | (COUNT & !(u16::MAX as u64));
const GENERATION: u64 = ((1 << GENERATION_BITS) - 1) << GENERATION_SHIFT;
const ANY_KIND: u64 = 7 << KIND_SHIFT;
const CLOSED: u64 = 1 << HANDLE_BITS;
const EPOCH: u64 = u64::MAX << EPOCH_SHIFT;

#[cfg(not(loom))]
mod size {
    /// The last generation of a handle. A retired slot has the generation after it.
    pub const LAST_GENERATION: u64 = (1 << super::GENERATION_BITS) - 2;
    pub const CHUNK: usize = 1 << 10;
    pub const CHUNKS: usize = (1 << super::INDEX_BITS) / CHUNK;
    /// The number of embedded slots in a table for few objects, and in one for many.
    pub const SMALL_TABLE: usize = CHUNK;
    pub const LARGE_TABLE: usize = 1 << 16;
}

/// Small enough for loom to explore.
#[cfg(loom)]
mod size {
    pub const LAST_GENERATION: u64 = 2;
    pub const CHUNK: usize = 2;
    pub const CHUNKS: usize = 2;
    pub const SMALL_TABLE: usize = CHUNK;
    pub const LARGE_TABLE: usize = CHUNK;
}

use size::{CHUNK, CHUNKS, LAST_GENERATION};
pub use size::{LARGE_TABLE, SMALL_TABLE};

/// Holds one object. A slot fills a cache line, to avoid false sharing.
#[repr(align(64))]
struct Slot<T> {
    state: AtomicU64,
    /// In a vacant slot: the next slot of the stack, as `index + 1`; 0 at the bottom.
    next_vacant: AtomicU32,
    object: UnsafeCell<MaybeUninit<T>>,
}

impl<T> Slot<T> {
    #[cfg(not(loom))]
    const fn unused() -> Slot<T> {
        Slot {
            state: AtomicU64::new(0),
            next_vacant: AtomicU32::new(0),
            object: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    // loom's cells have no const constructor.
    #[cfg(loom)]
    fn unused() -> Slot<T> {
        Slot {
            state: AtomicU64::new(0),
            next_vacant: AtomicU32::new(0),
            object: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }
}

/// A table of objects. KIND, 1 to 7, is part of its handles. EMBEDDED is the number of slots in the table itself: a
/// multiple of CHUNK, at most 65536. A static table is all zeros, so it takes no space in the library's file.
pub struct Table<T, const KIND: u64, const EMBEDDED: usize> {
    embedded: [Slot<T>; EMBEDDED],
    /// The chunks of the embedded slots' indexes stay NULL.
    chunks: [AtomicPtr<Slot<T>>; CHUNKS],
    /// The number of slots that were ever allocated.
    used_slots: AtomicU32,
    /// The top of the stack of vacant slots as `index + 1` in the lower half, and a count of changes in the upper half.
    /// The count distinguishes a top from the same one after it was popped and pushed again (ABA).
    vacant_stack: AtomicU64,
}

// SAFETY: the table lends only shared references to its objects, and each object is moved out once.
unsafe impl<T: Send + Sync, const KIND: u64, const EMBEDDED: usize> Sync for Table<T, KIND, EMBEDDED> {}

impl<T, const KIND: u64, const EMBEDDED: usize> Table<T, KIND, EMBEDDED> {
    const KIND: u64 = KIND << KIND_SHIFT;

    #[cfg(not(loom))]
    pub const fn new() -> Self {
        assert!(EMBEDDED <= u16::MAX as usize + 1 && EMBEDDED % CHUNK == 0);
        Table {
            embedded: [const { Slot::unused() }; EMBEDDED],
            chunks: [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS],
            used_slots: AtomicU32::new(0),
            vacant_stack: AtomicU64::new(0),
        }
    }

    #[cfg(loom)]
    pub fn new() -> Self {
        Table {
            embedded: std::array::from_fn(|_| Slot::unused()),
            chunks: std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())),
            used_slots: AtomicU32::new(0),
            vacant_stack: AtomicU64::new(0),
        }
    }

    /// Creates an object and returns its handle. The slot is allocated first, so that `make` only runs if it has one.
    pub fn insert(&self, make: impl FnOnce() -> Result<T>) -> Result<i64> {
        register_fork_handler();
        let index = self.allocate_slot()?;
        let slot = self.slot(index).ok_or(Error::INTERNAL)?;
        let object = make().inspect_err(|_| self.push(slot, index))?;
        // SAFETY: the slot is vacant and not in the stack, so this thread owns it until its state says that it is open.
        slot.object.with_mut(|place| unsafe { (*place).write(object) });
        // No other thread writes the word of a vacant slot, whatever handles calls are made with.
        let open = (slot.state.load(Relaxed) & GENERATION) | Self::KIND;
        slot.state.store(open | fork_epoch(), Release);
        Ok((open | index as u64) as i64)
    }

    /// Runs `call` on an object, which can't be removed meanwhile.
    #[inline]
    pub fn with<R>(&self, handle: i64, call: impl FnOnce(&T) -> Result<R>) -> Result<R> {
        let entered = match self.enter_at_once(handle) {
            Some(entered) => entered,
            None => self.enter(handle)?,
        };
        call(&entered)
    }

    /// Removes an object. Its handle is invalid from the start; `wake` is called repeatedly until every call that uses
    /// the object has returned.
    pub fn remove(&self, handle: i64, wake: impl Fn(&T)) -> Result<T> {
        let (slot, index) = self.find(handle)?;
        self.change(slot, handle, |state| Ok(state | CLOSED))?;
        let mut backoff = Backoff::new();
        while slot.state.load(Acquire) & COUNT != 0 {
            // SAFETY: the object stays until this thread takes it.
            slot.object.with(|object| wake(unsafe { (*object).assume_init_ref() }));
            backoff.wait();
        }
        Ok(self.vacate(slot, index))
    }

    /// Removes an object if no call uses it; else returns [`Error::BUSY`].
    pub fn remove_unused(&self, handle: i64) -> Result<T> {
        let (slot, index) = self.find(handle)?;
        self.change(slot, handle, |state| if state & COUNT == 0 { Ok(state | CLOSED) } else { Err(Error::BUSY) })?;
        Ok(self.vacate(slot, index))
    }

    /// Takes the object out of a slot that is CLOSED and that no call uses, and vacates the slot.
    fn vacate(&self, slot: &Slot<T>, index: usize) -> T {
        // SAFETY: CLOSED keeps new calls out, the count is 0, and only the thread that set CLOSED gets here.
        let object = slot.object.with_mut(|place| unsafe { (*place).assume_init_read() });
        let state = slot.state.fetch_sub(Self::KIND - (1 << GENERATION_SHIFT), Release);
        if state & GENERATION < LAST_GENERATION << GENERATION_SHIFT {
            self.push(slot, index);
        }
        object
    }

    /// Acquires an object for a call: the slow path, for any slot and after a fork.
    #[cold]
    #[inline(never)]
    pub fn enter(&self, handle: i64) -> Result<InUse<'_, T>> {
        let (slot, _) = self.find(handle)?;
        self.change(slot, handle, |state| Ok(state + 1))?;
        Ok(InUse { slot })
    }

    /// Acquires an object for a call: the fast path, for a valid handle of an embedded slot whose word already has this
    /// process's epoch. It calls no function.
    #[inline(always)]
    pub fn enter_at_once(&self, handle: i64) -> Option<InUse<'_, T>> {
        let handle = handle as u64;
        if handle & NOT_EMBEDDED != 0 {
            return None;
        }
        let slot = self.embedded.get(usize::from(handle as u16))?;
        // The first attempt assumes that no other call is in flight, which saves reading the word.
        let open = || handle | fork_epoch();
        let mut state = open() & !COUNT;
        while let Err(now) = slot.state.compare_exchange_weak(state, state + 1, Acquire, Relaxed) {
            if (now ^ open()) & !COUNT != 0 {
                return None;
            }
            state = now;
        }
        Some(InUse { slot })
    }

    /// Changes the word of an open slot to `next` of it. Writes nothing if the handle is not the slot's present one.
    fn change(&self, slot: &Slot<T>, handle: i64, next: impl Fn(u64) -> Result<u64>) -> Result<()> {
        let handle = handle as u64;
        let mut state = slot.state.load(Relaxed);
        loop {
            if (state ^ handle) & (ANY_KIND | GENERATION) != 0 {
                let is_past = handle & GENERATION < state & GENERATION;
                return Err(if is_past { Error::CLOSED } else { Error::BAD_HANDLE });
            }
            let epoch = fork_epoch();
            // Calls and a close that an older epoch records are those of an ancestor of this process.
            let present = if state & EPOCH == epoch { state } else { state & (ANY_KIND | GENERATION) | epoch };
            if present & CLOSED != 0 {
                return Err(Error::CLOSED);
            }
            match slot.state.compare_exchange_weak(state, next(present)?, Acquire, Relaxed) {
                Ok(_) => return Ok(()),
                Err(now) => state = now,
            }
        }
    }

    /// The slot of a handle, and its index.
    fn find(&self, handle: i64) -> Result<(&Slot<T>, usize)> {
        let handle = handle as u64;
        if handle & !(COUNT | GENERATION) != Self::KIND {
            return Err(Error::BAD_HANDLE);
        }
        let index = (handle & COUNT) as usize;
        Ok((self.slot(index).ok_or(Error::BAD_HANDLE)?, index))
    }

    #[inline(always)]
    fn slot(&self, index: usize) -> Option<&Slot<T>> {
        if index < EMBEDDED {
            return Some(&self.embedded[index]);
        }
        let chunk = self.chunks.get(index / CHUNK)?.load(Acquire);
        if chunk.is_null() {
            return None;
        }
        // SAFETY: a chunk has CHUNK slots and is never freed.
        Some(unsafe { &*chunk.add(index % CHUNK) })
    }

    /// Allocates a vacant slot and returns its index.
    fn allocate_slot(&self) -> Result<usize> {
        if let Some(index) = self.pop() {
            return Ok(index);
        }
        let index = self
            .used_slots
            .fetch_update(Relaxed, Relaxed, |used| ((used as usize) < CHUNK * CHUNKS).then_some(used + 1))
            .map_err(|_| Error::NO_MEMORY)? as usize;
        // If there is no memory for the chunk, this slot stays unused; the next call tries the following index.
        self.ensure_chunk(index / CHUNK)?;
        Ok(index)
    }

    fn ensure_chunk(&self, chunk: usize) -> Result<()> {
        let place = &self.chunks[chunk];
        if chunk < EMBEDDED / CHUNK || !place.load(Acquire).is_null() {
            return Ok(());
        }
        let mut slots: Vec<Slot<T>> = Vec::new();
        slots.try_reserve_exact(CHUNK).map_err(|_| Error::NO_MEMORY)?;
        slots.extend((0..CHUNK).map(|_| Slot::unused()));
        let slots = Box::into_raw(slots.into_boxed_slice());
        if place.compare_exchange(ptr::null_mut(), slots.cast(), AcqRel, Acquire).is_err() {
            // SAFETY: another thread installed its chunk first, and no thread has seen this one.
            drop(unsafe { Box::from_raw(slots) });
        }
        Ok(())
    }

    fn push(&self, slot: &Slot<T>, index: usize) {
        let mut top = self.vacant_stack.load(Relaxed);
        loop {
            slot.next_vacant.store(top as u32, Relaxed);
            match self.vacant_stack.compare_exchange_weak(top, next_stack_top(top, index as u32 + 1), Release, Relaxed)
            {
                Ok(_) => return,
                Err(now) => top = now,
            }
        }
    }

    fn pop(&self) -> Option<usize> {
        let mut top = self.vacant_stack.load(Acquire);
        loop {
            let index = (top as u32).checked_sub(1)? as usize;
            let next_vacant = self.slot(index)?.next_vacant.load(Relaxed);
            match self.vacant_stack.compare_exchange_weak(top, next_stack_top(top, next_vacant), Acquire, Acquire) {
                Ok(_) => return Some(index),
                Err(now) => top = now,
            }
        }
    }
}

/// The word of the stack after a change, with `slot` on top.
fn next_stack_top(top: u64, slot: u32) -> u64 {
    ((top >> 32).wrapping_add(1) << 32) | u64::from(slot)
}

/// An object in use by a call, which is counted until this is dropped.
pub struct InUse<'a, T> {
    slot: &'a Slot<T>,
}

impl<T> Deref for InUse<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the slot was open when the count was incremented, so the object stays until it is decremented.
        self.slot.object.with(|object| unsafe { (*object).assume_init_ref() })
    }
}

impl<T> Drop for InUse<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        // If a signal handler forked meanwhile, the child decrements a count of an older epoch, which has no effect:
        // the count is not reset before this call returns, because signal handlers don't call the library.
        self.slot.state.fetch_sub(1, Release);
    }
}

#[cfg(test)]
#[path = "handle_tests.rs"]
mod tests;
