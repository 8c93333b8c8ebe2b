//! The table of handles: the library's only global state, but for whether the inherited sockets are taken.
//!
//! A handle names a slot and the generation of its tenant. Looking one up takes one atomic addition and giving it back one
//! more; nothing is locked, so neither a thread that stops anywhere nor a fork can leave the table unusable.
//!
//! A slot's whole state is one word, so that every change of it is one step:
//!
//! ```text
//!  63   54   53   52  50 49        24 23           0
//! | epoch | SHUT | kind | generation | calls in use |
//! ```
//!
//! A vacant slot is SHUT and has no kind. An open one has its table's kind, and is SHUT when it is being closed. So the word
//! of an open slot is its handle, but for the count, which stands where the handle has the slot's index.
//!
//! - A call adds itself to the word and looks at what was there. Only if that was its generation, open and not closing may
//!   it touch the tenant; otherwise it takes itself out again.
//! - Closing sets SHUT, after which no call gets in; waits until the last one is out; takes the tenant; and vacates the
//!   slot by the next generation. No handle is ever valid twice: a slot whose generations are used up stays vacant.
//! - The calls of a parent's other threads do not exist in a forked child. So the word carries an epoch, which every fork
//!   changes: whoever finds another one than this process's first resets the count. A slot that was never used is of none.
//!
//! The first slots stand in the table itself, where a call finds them without a look at anything else; they take no memory
//! before they are used. The others live in chunks. None is ever freed or moved; vacant ones form a stack.

use super::sync::{AtomicPtr, AtomicU32, AtomicU64, Ordering, Pause, UnsafeCell};
use crate::net::{EPOCH_SHIFT, Error, Result, fork_epoch, register_fork_handler};
use Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::ptr;

const INDEX_BITS: u32 = 24;
const GENERATION_BITS: u32 = 26;
const GENERATION_SHIFT: u32 = INDEX_BITS;
const KIND_SHIFT: u32 = GENERATION_SHIFT + GENERATION_BITS;
/// As many as a double holds exactly.
const HANDLE_BITS: u32 = KIND_SHIFT + 3;

const COUNT: u64 = (1 << INDEX_BITS) - 1;
/// What no handle of one of the first slots has.
const NOT_FIRST: u64 = u64::MAX << HANDLE_BITS | (COUNT & !(u16::MAX as u64));
const GENERATION: u64 = ((1 << GENERATION_BITS) - 1) << GENERATION_SHIFT;
const KIND: u64 = 7 << KIND_SHIFT;
const SHUT: u64 = 1 << HANDLE_BITS;
const EPOCH: u64 = u64::MAX << EPOCH_SHIFT;

#[cfg(not(loom))]
mod size {
    pub const LAST_GENERATION: u64 = (1 << super::GENERATION_BITS) - 1;
    pub const CHUNK: usize = 1 << 10;
    pub const CHUNKS: usize = (1 << super::INDEX_BITS) / CHUNK;
    /// Of a table whose tenants are few, and of one whose tenants are many.
    pub const FEW: usize = CHUNK;
    pub const MANY: usize = 1 << 16;
}

/// Small enough to be explored.
#[cfg(loom)]
mod size {
    pub const LAST_GENERATION: u64 = 2;
    pub const CHUNK: usize = 2;
    pub const CHUNKS: usize = 2;
    pub const FEW: usize = CHUNK;
    pub const MANY: usize = CHUNK;
}

use size::{CHUNK, CHUNKS, LAST_GENERATION};
pub use size::{FEW, MANY};

/// A tenant's place; one cache line, so that neighbours don't slow each other down.
#[repr(align(64))]
struct Slot<T> {
    state: AtomicU64,
    /// In a vacant slot: the one below it in the stack, as `index + 1`.
    below: AtomicU32,
    tenant: UnsafeCell<MaybeUninit<T>>,
}

impl<T> Slot<T> {
    #[cfg(not(loom))]
    const fn unused() -> Slot<T> {
        Slot { state: AtomicU64::new(0), below: AtomicU32::new(0), tenant: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    // loom's cells are made at run time.
    #[cfg(loom)]
    fn unused() -> Slot<T> {
        Slot { state: AtomicU64::new(0), below: AtomicU32::new(0), tenant: UnsafeCell::new(MaybeUninit::uninit()) }
    }
}

/// The kind of its handles is 1 to 7; of the slots, FIRST stand in the table, at most 65536 and a multiple of CHUNK. A
/// static one is nothing but zeros, and takes no room in the library.
pub struct Table<T, const KIND: u64, const FIRST: usize> {
    first: [Slot<T>; FIRST],
    /// Those of the first slots are not used.
    chunks: [AtomicPtr<Slot<T>>; CHUNKS],
    /// How many slots were ever used.
    used: AtomicU32,
    /// The top of the stack of vacant slots as `index + 1`, below a count of changes that tells a top from the same
    /// one after it was away.
    vacant: AtomicU64,
}

// SAFETY: the table gives out only shared references to its tenants, and one owner takes each out.
unsafe impl<T: Send + Sync, const KIND: u64, const FIRST: usize> Sync for Table<T, KIND, FIRST> {}

impl<T, const KIND: u64, const FIRST: usize> Table<T, KIND, FIRST> {
    const KIND: u64 = KIND << KIND_SHIFT;

    #[cfg(not(loom))]
    pub const fn new() -> Self {
        assert!(FIRST <= u16::MAX as usize + 1 && FIRST % CHUNK == 0);
        Table {
            first: [const { Slot::unused() }; FIRST],
            chunks: [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS],
            used: AtomicU32::new(0),
            vacant: AtomicU64::new(0),
        }
    }

    #[cfg(loom)]
    pub fn new() -> Self {
        Table {
            first: std::array::from_fn(|_| Slot::unused()),
            chunks: std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())),
            used: AtomicU32::new(0),
            vacant: AtomicU64::new(0),
        }
    }

    /// Makes a tenant and returns its handle. The slot is there first, so that nothing is made that has no place.
    pub fn insert(&self, make: impl FnOnce() -> Result<T>) -> Result<i64> {
        register_fork_handler();
        let index = self.vacant_slot()?;
        let slot = self.slot(index).ok_or(Error::INTERNAL)?;
        let tenant = make().inspect_err(|_| self.push(slot, index))?;
        // SAFETY: the slot is vacant and out of the stack, so it is ours until it is OPEN.
        slot.tenant.with_mut(|place| unsafe { (*place).write(tenant) });
        let epoch = fork_epoch();
        let mut state = slot.state.load(Relaxed);
        loop {
            // Calls with old handles may be looking in and will take themselves out.
            let count = if state & EPOCH == epoch { state & COUNT } else { 0 };
            let open = (state & GENERATION) | Self::KIND | epoch | count;
            match slot.state.compare_exchange_weak(state, open, Release, Relaxed) {
                Ok(_) => return Ok(((state & GENERATION) | Self::KIND | index as u64) as i64),
                Err(now) => state = now,
            }
        }
    }

    /// Has `call` use a tenant, who stays for as long as that takes.
    #[inline]
    pub fn with<R>(&self, handle: i64, call: impl FnOnce(&T) -> Result<R>) -> Result<R> {
        let entered = match self.enter_at_once(handle) {
            Some(entered) => entered,
            None => self.enter(handle)?,
        };
        call(&entered)
    }

    /// Takes a tenant out. From here on its handle is no good; `wake` is called until every call that uses it has
    /// ended.
    pub fn remove(&self, handle: i64, wake: impl Fn(&T)) -> Result<T> {
        let (slot, index, open) = self.find(handle, fork_epoch())?;
        let mut state = slot.state.load(Relaxed);
        loop {
            if state & EPOCH != open & EPOCH {
                state = slot.renew(open & EPOCH);
            } else if differ(state, open) {
                return Err(Error::BAD_HANDLE);
            } else {
                match slot.state.compare_exchange_weak(state, state | SHUT, Acquire, Relaxed) {
                    Ok(_) => break,
                    Err(now) => state = now,
                }
            }
        }
        let mut pause = Pause::new();
        while slot.state.load(Acquire) & COUNT != 0 {
            // SAFETY: the tenant stays until we take it.
            slot.tenant.with(|tenant| wake(unsafe { (*tenant).assume_init_ref() }));
            pause.wait();
        }
        Ok(self.vacate(slot, index))
    }

    /// Takes a tenant out if no call uses it.
    pub fn remove_unused(&self, handle: i64) -> Result<T> {
        let (slot, index, open) = self.find(handle, fork_epoch())?;
        if slot.state.load(Relaxed) & EPOCH != open & EPOCH {
            slot.renew(open & EPOCH);
        }
        let open = open & !COUNT;
        match slot.state.compare_exchange(open, open | SHUT, Acquire, Relaxed) {
            Ok(_) => Ok(self.vacate(slot, index)),
            Err(state) if !differ(state, open) => Err(Error::BUSY),
            Err(_) => Err(Error::BAD_HANDLE),
        }
    }

    /// Takes the tenant of a slot that is closing and that no call uses.
    fn vacate(&self, slot: &Slot<T>, index: usize) -> T {
        // SAFETY: SHUT keeps new calls out, there are none in it, and whoever set it is the only one to get here.
        let tenant = slot.tenant.with_mut(|place| unsafe { (*place).assume_init_read() });
        if slot.state.load(Relaxed) & GENERATION == LAST_GENERATION << GENERATION_SHIFT {
            slot.state.fetch_sub(Self::KIND, Release);
        } else {
            slot.state.fetch_sub(Self::KIND - (1 << GENERATION_SHIFT), Release);
            self.push(slot, index);
        }
        tenant
    }

    /// Counts a call in.
    #[cold]
    #[inline(never)]
    pub fn enter(&self, handle: i64) -> Result<InUse<'_, T>> {
        loop {
            let epoch = fork_epoch();
            let (slot, _, open) = self.find(handle, epoch)?;
            let state = slot.state.fetch_add(1, Acquire);
            if state & EPOCH == epoch {
                let entered = InUse { slot };
                return if differ(state, open) { Err(Error::BAD_HANDLE) } else { Ok(entered) };
            }
            // What was added to a word of an older epoch is gone with this.
            slot.renew(epoch);
        }
    }

    /// [`Table::enter`] in as few steps as can be, for a handle of one of the first slots that is good and was used in
    /// this process before. It has nothing to call.
    #[inline(always)]
    pub fn enter_at_once(&self, handle: i64) -> Option<InUse<'_, T>> {
        let handle = handle as u64;
        if handle & NOT_FIRST != 0 {
            return None;
        }
        let slot = self.first.get(usize::from(handle as u16))?;
        let state = slot.state.fetch_add(1, Acquire);
        if !differ(state, handle | fork_epoch()) {
            return Some(InUse { slot });
        }
        // Else what was added is gone with the word's renewal.
        if state & EPOCH == fork_epoch() {
            slot.state.fetch_sub(1, Release);
        }
        None
    }

    /// The slot that a handle names, its index, and the slot's state, but for its count, when the handle is good.
    #[inline(always)]
    fn find(&self, handle: i64, epoch: u64) -> Result<(&Slot<T>, usize, u64)> {
        let handle = handle as u64;
        if handle >> HANDLE_BITS != 0 {
            return Err(Error::BAD_HANDLE);
        }
        let index = (handle & COUNT) as usize;
        let slot = self.slot(index).ok_or(Error::BAD_HANDLE)?;
        Ok((slot, index, handle | epoch))
    }

    #[inline(always)]
    fn slot(&self, index: usize) -> Option<&Slot<T>> {
        if index < FIRST {
            return Some(&self.first[index]);
        }
        let chunk = self.chunks.get(index / CHUNK)?.load(Acquire);
        if chunk.is_null() {
            return None;
        }
        // SAFETY: a chunk has CHUNK slots and is never freed.
        Some(unsafe { &*chunk.add(index % CHUNK) })
    }

    /// The index of a vacant slot that no one else gets.
    fn vacant_slot(&self) -> Result<usize> {
        if let Some(index) = self.pop() {
            return Ok(index);
        }
        let index = self
            .used
            .fetch_update(Relaxed, Relaxed, |used| ((used as usize) < CHUNK * CHUNKS).then_some(used + 1))
            .map_err(|_| Error::NO_MEMORY)? as usize;
        // When there is no memory for the chunk, its slots stay unused; the next try takes one after them.
        self.grow(index / CHUNK)?;
        Ok(index)
    }

    fn grow(&self, chunk: usize) -> Result<()> {
        let place = &self.chunks[chunk];
        if chunk < FIRST / CHUNK || !place.load(Acquire).is_null() {
            return Ok(());
        }
        let mut slots: Vec<Slot<T>> = Vec::new();
        slots.try_reserve_exact(CHUNK).map_err(|_| Error::NO_MEMORY)?;
        slots.extend((0..CHUNK).map(|_| Slot::unused()));
        let slots = Box::into_raw(slots.into_boxed_slice());
        if place.compare_exchange(ptr::null_mut(), slots.cast(), AcqRel, Acquire).is_err() {
            // SAFETY: another thread's chunk is in place, and nobody has seen ours.
            drop(unsafe { Box::from_raw(slots) });
        }
        Ok(())
    }

    fn push(&self, slot: &Slot<T>, index: usize) {
        let mut top = self.vacant.load(Relaxed);
        loop {
            slot.below.store(top as u32, Relaxed);
            match self.vacant.compare_exchange_weak(top, changed(top, index as u32 + 1), Release, Relaxed) {
                Ok(_) => return,
                Err(now) => top = now,
            }
        }
    }

    fn pop(&self) -> Option<usize> {
        let mut top = self.vacant.load(Acquire);
        loop {
            let index = (top as u32).checked_sub(1)? as usize;
            let below = self.slot(index)?.below.load(Relaxed);
            match self.vacant.compare_exchange_weak(top, changed(top, below), Acquire, Acquire) {
                Ok(_) => return Some(index),
                Err(now) => top = now,
            }
        }
    }
}

/// The stack's next word, with this slot on top.
fn changed(top: u64, slot: u32) -> u64 {
    ((top >> 32).wrapping_add(1) << 32) | u64::from(slot)
}

/// Whether two states differ in more than their counts.
#[inline(always)]
fn differ(a: u64, b: u64) -> bool {
    (a ^ b) & !COUNT != 0
}

impl<T> Slot<T> {
    /// Makes a word that an ancestor of this process wrote one of this process: no call is in the slot, and a close
    /// that was under way is not. Returns the word as it is now.
    #[cold]
    fn renew(&self, epoch: u64) -> u64 {
        let mut state = self.state.load(Relaxed);
        loop {
            if state & EPOCH == epoch {
                return state;
            }
            let shut = if state & KIND == 0 { SHUT } else { 0 };
            let renewed = (state & (KIND | GENERATION)) | shut | epoch;
            match self.state.compare_exchange_weak(state, renewed, AcqRel, Relaxed) {
                Ok(_) => return renewed,
                Err(now) => state = now,
            }
        }
    }
}

/// A call that is counted in; out again when dropped.
pub struct InUse<'a, T> {
    slot: &'a Slot<T>,
}

impl<T> Deref for InUse<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the slot was open when the call was counted in, so its tenant stays until the call is out.
        self.slot.tenant.with(|tenant| unsafe { (*tenant).assume_init_ref() })
    }
}

impl<T> Drop for InUse<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        // If a signal handler forked meanwhile, what is subtracted from in the child is of an older epoch, and void: nothing
        // renews it before this call is out, as handlers don't call the library.
        self.slot.state.fetch_sub(1, Release);
    }
}

#[cfg(test)]
#[path = "handle_tests.rs"]
mod tests;
