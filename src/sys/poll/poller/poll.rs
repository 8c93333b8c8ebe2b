//! poll, for systems that have nothing better: what is waited for is kept here, and every wait hands all of it to the system.
//!
//! A change has those who wait begin anew, or they would not see it. The descriptor that wakes them is ready for as long as
//! somebody waits for what is no longer so; one thread at a time makes it so, and none has the lock while it does.
//!
//! poll does not tell that something comes up once more while it is ready, so there are no edges; but where one event is
//! asked for, an edge is no different from a level. Linux's poll holds on to what is closed until it has returned: a socket
//! and its address are free a moment after the close that wakes a wait for it.

use crate::sys::errno::{EEXIST, EINTR, EMFILE, ENOENT, EPERM};
use crate::sys::poll::registrations::{delist, enlist};
use crate::sys::{Errno, Events, PollItem, SerialUpdate, WakeFd, check, fork_epoch, wait_many};
use crate::sys::{EventBuffer, OWN_TOKEN, PollerEvent, Waited};
use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// All pollers, each at the place of its number.
static PLACES: [Mutex<Option<Arc<Registry>>>; 1024] = [const { Mutex::new(None) }; 1024];

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
pub struct RawPoller {
    number: usize,
    epoch: u64,
    registry: Arc<Registry>,
    /// Whose are told first, the inner one's or its own, by turns: there may not be room for both.
    inner_first: AtomicBool,
}

#[derive(Debug)]
struct Registry {
    wake: WakeFd,
    turn: SerialUpdate,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: BTreeMap<RawFd, Entry>,
    /// Where the next wait begins, so that everyone has a place in a small room by and by.
    next: RawFd,
    /// The number of the last change.
    changes: u64,
    /// How many wait, and how many of them for what was so before the last change.
    waiting: usize,
    behind: usize,
    is_wake_ready: bool,
    inner: Option<Arc<Registry>>,
    heeds_inner: bool,
}

#[derive(Debug)]
struct Entry {
    events: Events,
    token: u64,
    /// It has told its one event.
    is_over: bool,
    /// The number of the change that made it what it is.
    since: u64,
}

impl RawPoller {
    pub fn new() -> Result<RawPoller, Errno> {
        let registry = Arc::new(Registry { wake: WakeFd::new()?, turn: SerialUpdate::new(), state: Mutex::default() });
        // In a forked child a place may be locked by a thread that it does not have; that one is as good as taken.
        let is_ours = |place: &Mutex<Option<_>>| {
            place.try_lock().is_ok_and(|mut place| place.is_none() && place.replace(registry.clone()).is_none())
        };
        let number = PLACES.iter().position(is_ours).ok_or(Errno(EMFILE))?;
        let poller = RawPoller { number, epoch: fork_epoch(), registry, inner_first: AtomicBool::new(false) };
        enlist(poller.number())?;
        Ok(poller)
    }

    pub fn add(&self, fd: RawFd, events: Events, token: u64) -> Result<(), Errno> {
        self.put(fd, events, token, false)
    }

    pub fn modify(&self, fd: RawFd, events: Events, token: u64) -> Result<(), Errno> {
        self.put(fd, events, token, true)
    }

    pub fn remove(&self, fd: RawFd) -> Result<(), Errno> {
        expect_waitable(fd)?;
        self.registry.remove(fd)
    }

    fn put(&self, fd: RawFd, events: Events, token: u64, is_there: bool) -> Result<(), Errno> {
        expect_waitable(fd)?;
        if events.contains(Events::EDGE) && !events.contains(Events::ONE_SHOT) {
            return Err(Errno(EPERM));
        }
        self.registry.change(|state| {
            if state.entries.contains_key(&fd) != is_there {
                return Err(Errno(if is_there { ENOENT } else { EEXIST }));
            }
            state.entries.insert(fd, Entry { events, token, is_over: false, since: state.changes + 1 });
            Ok(())
        })
    }

    pub fn add_own(&self, fd: RawFd) -> Result<(), Errno> {
        self.add(fd, Events::READABLE, OWN_TOKEN)
    }

    pub fn hear(&self, wake: &WakeFd) {
        wake.clear();
    }

    pub fn add_inner(&self, inner: &RawPoller) -> Result<(), Errno> {
        self.registry.change(|state| {
            state.inner = Some(inner.registry.clone());
            state.heeds_inner = true;
            Ok(())
        })
    }

    pub fn heed_inner(&self, _: &RawPoller, heed: bool) -> Result<(), Errno> {
        self.registry.change(|state| {
            state.heeds_inner = heed;
            Ok(())
        })
    }

    pub fn number(&self) -> RawFd {
        self.number as RawFd
    }

    pub fn is_own(&self, fd: RawFd) -> bool {
        fd == self.registry.wake.as_raw_fd()
    }

    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    pub fn wait(&self, room: &mut EventBuffer<'_>, time: Option<Duration>) -> Result<Waited, Errno> {
        let mut items = Items::new();
        let (own, inner) = self.registry.begin(&mut items);
        let inner = inner.map(|registry| (registry.begin(&mut items).0, registry));
        let items = items.all();
        let result = wait_many(items, time);
        // A handler may have forked, and in the child locks are not to be had.
        if self.epoch != fork_epoch() {
            return Err(Errno(EINTR));
        }
        let items = if result.is_ok() { &*items } else { &[] };
        let end_inner = |room: &mut _| inner.as_ref().map(|(begun, registry)| registry.end(*begun, items, room));
        let inner_first = self.inner_first.fetch_xor(true, Relaxed);
        if inner_first {
            end_inner(room);
        }
        let woken = self.registry.end(own, items, room);
        if !inner_first {
            end_inner(room);
        }
        result.map(|_| Waited { woken, inner: false })
    }
}

impl Drop for RawPoller {
    fn drop(&mut self) {
        let place = &PLACES[self.number];
        // In a forked child it may be locked for ever; then it is not used again.
        let place = if self.epoch == fork_epoch() { Some(lock(place)) } else { place.try_lock().ok() };
        if let Some(mut place) = place {
            delist(self.number());
            *place = None;
        }
    }
}

/// A wait that has begun: the number of the last change before it, and which of the items are from here.
#[derive(Clone, Copy)]
struct Begun {
    changes: u64,
    first: usize,
    count: usize,
}

impl Registry {
    /// Changes what is waited for, and has those begin anew who wait.
    fn change(&self, change: impl FnOnce(&mut State) -> Result<(), Errno>) -> Result<(), Errno> {
        let mut state = lock(&self.state);
        change(&mut state)?;
        state.changes += 1;
        state.behind = state.waiting;
        self.set_wake(state);
        Ok(())
    }

    fn remove(&self, fd: RawFd) -> Result<(), Errno> {
        self.change(|state| state.entries.remove(&fd).map(drop).ok_or(Errno(ENOENT)))
    }

    /// Has the descriptor that wakes be as it should.
    fn set_wake(&self, state: MutexGuard<'_, State>) {
        if (state.behind > 0) == state.is_wake_ready {
            return;
        }
        drop(state);
        let _ = self.turn.take(|| {
            let mut state = lock(&self.state);
            let (is_ready, shall_be) = (state.is_wake_ready, state.behind > 0);
            state.is_wake_ready = shall_be;
            drop(state);
            match (is_ready, shall_be) {
                (false, true) => self.wake.wake(),
                (true, false) => self.wake.clear(),
                _ => {}
            }
            Ok::<(), Errno>(())
        });
    }

    fn begin(&self, items: &mut Items) -> (Begun, Option<Arc<Registry>>) {
        let mut state = lock(&self.state);
        let first = items.len;
        items.push(self.wake.item());
        let entries = state.entries.range(state.next..).chain(state.entries.range(..state.next));
        for (&fd, entry) in entries.filter(|(_, entry)| !entry.is_over) {
            items.push(PollItem(libc::pollfd { fd, events: entry.events.to_os(), revents: 0 }));
        }
        state.waiting += 1;
        let inner = state.inner.clone().filter(|_| state.heeds_inner);
        (Begun { changes: state.changes, first, count: items.len - first }, inner)
    }

    /// Ends a wait: writes what is ready and was not changed meanwhile, as far as there is room. Whether something was ready
    /// that ends a wait.
    fn end(&self, begun: Begun, items: &[PollItem], room: &mut EventBuffer<'_>) -> bool {
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        state.waiting -= 1;
        state.behind -= usize::from(state.changes != begun.changes);
        let (mut woken, mut without_place) = (false, None);
        for &PollItem(item) in
            items.iter().skip(begun.first + 1).take(begun.count - 1).filter(|item| item.0.revents != 0)
        {
            let entry = state.entries.get_mut(&item.fd).filter(|entry| !entry.is_over && entry.since <= begun.changes);
            let Some(entry) = entry else { continue };
            if item.revents & libc::POLLNVAL != 0 {
                // Closed without being taken out.
                state.entries.remove(&item.fd);
            } else if entry.token == OWN_TOKEN {
                woken = true;
            } else if room.is_full() {
                without_place.get_or_insert(item.fd);
            } else {
                entry.is_over = entry.events.contains(Events::ONE_SHOT);
                let event = PollerEvent { token: entry.token, events: Events::from_os(item.revents).bits(), error: 0 };
                // SAFETY: there is room for one more.
                unsafe { room.place.add(room.filled).write(event) };
                room.filled += 1;
            }
        }
        state.next = without_place.unwrap_or(state.next);
        self.set_wake(guard);
        woken
    }
}

/// What poll is asked for; only of very many it takes memory that is allocated.
struct Items {
    few: [PollItem; 256],
    many: Vec<PollItem>,
    len: usize,
}

impl Items {
    fn new() -> Items {
        Items { few: [PollItem::NONE; 256], many: Vec::new(), len: 0 }
    }

    fn push(&mut self, item: PollItem) {
        if let Some(place) = self.few.get_mut(self.len) {
            *place = item;
        } else {
            if self.many.is_empty() {
                self.many.extend(self.few);
            }
            self.many.push(item);
        }
        self.len += 1;
    }

    fn all(&mut self) -> &mut [PollItem] {
        if self.many.is_empty() { &mut self.few[..self.len] } else { &mut self.many }
    }
}

/// `EBADF` for what is not open, `EPERM` for what is always ready.
fn expect_waitable(fd: RawFd) -> Result<(), Errno> {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the place is ours.
    check(unsafe { libc::fstat(fd, stat.as_mut_ptr()) }.into())?;
    // SAFETY: it has been filled.
    match unsafe { stat.assume_init() }.st_mode & libc::S_IFMT {
        libc::S_IFREG | libc::S_IFDIR => Err(Errno(EPERM)),
        _ => Ok(()),
    }
}

/// Takes a descriptor out of the poller with a number, or of whatever else has that by now, in which it is not.
pub(in crate::sys) fn remove(number: RawFd, fd: RawFd) -> Result<(), Errno> {
    let registry = lock(&PLACES[number as usize]).clone();
    registry.map_or(Err(Errno(ENOENT)), |registry| registry.remove(fd))
}
