//! The interest list of a poller over poll(2). Every wait passes the whole list to the system.
//!
//! A change of the list restarts all waits in progress: the list's wake descriptor is readable while a thread waits
//! with an old list. One thread at a time sets the wake descriptor, and no lock is held meanwhile.
//!
//! poll(2) does not report that an event occurs again while it lasts, so edge-triggered mode is not supported. In
//! one-shot mode, edge-triggered and level-triggered registrations behave alike. Linux's poll holds a reference to a
//! closed socket until it returns: the socket and its address are released a moment after the close that wakes the
//! wait.

use super::event_buffer::{EventBuffer, PollerEvent, RESERVED_TOKEN};
use crate::sys::errno::{EEXIST, EMFILE, ENOENT, Errno};
use crate::sys::poll::events::Events;
use crate::sys::poll::serial_update::SerialUpdate;
use crate::sys::poll::wait::PollItem;
use crate::sys::poll::wake::WakeFd;
use std::collections::BTreeMap;
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All interest lists; the index is the poller's id.
static LISTS: [Mutex<Option<Arc<InterestList>>>; 1024] = [const { Mutex::new(None) }; 1024];

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
pub struct InterestList {
    wake: WakeFd,
    wake_update: SerialUpdate,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    registrations: BTreeMap<RawFd, Registration>,
    /// The descriptor at which the next wait begins in the list, so that a small buffer serves all descriptors in turn.
    next_fd: RawFd,
    /// Counts the changes of the list.
    version: u64,
    /// The number of waits in progress.
    waits: usize,
    /// The number of waits in progress that began before the last change.
    outdated_waits: usize,
    is_wake_ready: bool,
    nested: Option<Arc<InterestList>>,
    is_nested_enabled: bool,
}

#[derive(Debug)]
struct Registration {
    events: Events,
    token: u64,
    /// A one-shot registration has reported its event.
    is_disabled: bool,
    /// The version of the list that this registration was made in.
    version: u64,
}

/// A wait in progress: the version of its list, and which of the items belong to that list.
#[derive(Clone, Copy)]
pub struct Wait {
    version: u64,
    first_item: usize,
    item_count: usize,
}

impl InterestList {
    /// Creates an empty list and returns its id. `EMFILE` if there are 1024 lists.
    pub fn new() -> Result<(usize, Arc<InterestList>), Errno> {
        let (wake, wake_update) = (WakeFd::new()?, SerialUpdate::new());
        let list = Arc::new(InterestList { wake, wake_update, state: Mutex::default() });
        // In a forked child, a slot may be locked by a thread that the child does not have. Such a slot is not used.
        let claim = |slot: &Mutex<Option<_>>| {
            slot.try_lock().is_ok_and(|mut slot| slot.is_none() && slot.replace(list.clone()).is_none())
        };
        let id = LISTS.iter().position(claim).ok_or(Errno(EMFILE))?;
        Ok((id, list))
    }

    /// Calls `before`, and then frees the id of a list. In a forked child (`is_forked_child`), an id that is locked
    /// stays in use, since its lock may never be released.
    pub fn release(id: usize, is_forked_child: bool, before: impl FnOnce()) {
        let slot = if is_forked_child { LISTS[id].try_lock().ok() } else { Some(lock(&LISTS[id])) };
        if let Some(mut slot) = slot {
            before();
            *slot = None;
        }
    }

    pub fn wake_fd(&self) -> RawFd {
        self.wake.as_raw_fd()
    }

    /// Adds a registration; `EEXIST` if there is one. With `must_exist`, replaces the registration instead; `ENOENT` if
    /// there is none.
    pub fn put(&self, fd: RawFd, events: Events, token: u64, must_exist: bool) -> Result<(), Errno> {
        self.change(|state| {
            if state.registrations.contains_key(&fd) != must_exist {
                return Err(Errno(if must_exist { ENOENT } else { EEXIST }));
            }
            let version = state.version + 1;
            state.registrations.insert(fd, Registration { events, token, is_disabled: false, version });
            Ok(())
        })
    }

    /// Removes a registration. `ENOENT` if there is none.
    pub fn remove(&self, fd: RawFd) -> Result<(), Errno> {
        self.change(|state| state.registrations.remove(&fd).map(drop).ok_or(Errno(ENOENT)))
    }

    /// Includes the descriptors of another list in the waits, and enables it.
    pub fn set_nested(&self, nested: Arc<InterestList>) -> Result<(), Errno> {
        self.change(|state| {
            state.nested = Some(nested);
            state.is_nested_enabled = true;
            Ok(())
        })
    }

    pub fn set_nested_enabled(&self, is_enabled: bool) -> Result<(), Errno> {
        self.change(|state| {
            state.is_nested_enabled = is_enabled;
            Ok(())
        })
    }

    /// Changes the list and makes the waits in progress begin again.
    fn change(&self, change: impl FnOnce(&mut State) -> Result<(), Errno>) -> Result<(), Errno> {
        let mut state = lock(&self.state);
        change(&mut state)?;
        state.version += 1;
        state.outdated_waits = state.waits;
        self.update_wake(state);
        Ok(())
    }

    /// Makes the wake descriptor readable exactly while there are outdated waits.
    fn update_wake(&self, state: MutexGuard<'_, State>) {
        if (state.outdated_waits > 0) == state.is_wake_ready {
            return;
        }
        drop(state);
        let _ = self.wake_update.run(|| {
            let mut state = lock(&self.state);
            let (is_ready, must_be_ready) = (state.is_wake_ready, state.outdated_waits > 0);
            state.is_wake_ready = must_be_ready;
            drop(state);
            match (is_ready, must_be_ready) {
                (false, true) => self.wake.wake(),
                (true, false) => self.wake.clear(),
                _ => {}
            }
            Ok::<(), Errno>(())
        });
    }

    /// Begins a wait: adds the list to `items`. Also returns the nested list if it is enabled.
    pub fn begin_wait(&self, items: &mut PollItems) -> (Wait, Option<Arc<InterestList>>) {
        let mut state = lock(&self.state);
        let first_item = items.len;
        items.push(self.wake.item());
        let registrations =
            state.registrations.range(state.next_fd..).chain(state.registrations.range(..state.next_fd));
        for (&fd, registration) in registrations.filter(|(_, registration)| !registration.is_disabled) {
            items.push(PollItem(libc::pollfd { fd, events: registration.events.to_poll(), revents: 0 }));
        }
        state.waits += 1;
        let nested = state.nested.clone().filter(|_| state.is_nested_enabled);
        (Wait { version: state.version, first_item, item_count: items.len - first_item }, nested)
    }

    /// Ends a wait: writes the events of registrations that have not changed meanwhile, as far as the buffer has space.
    /// Returns whether a wake descriptor of the poller was ready.
    pub fn end_wait(&self, wait: Wait, items: &[PollItem], buffer: &mut EventBuffer<'_>) -> bool {
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        state.waits -= 1;
        state.outdated_waits -= usize::from(state.version != wait.version);
        let (mut is_woken, mut first_unreported) = (false, None);
        let items = items.iter().skip(wait.first_item + 1).take(wait.item_count - 1);
        for &PollItem(item) in items.filter(|item| item.0.revents != 0) {
            let registration = state.registrations.get_mut(&item.fd);
            let Some(registration) =
                registration.filter(|registration| !registration.is_disabled && registration.version <= wait.version)
            else {
                continue;
            };
            if item.revents & libc::POLLNVAL != 0 {
                // The descriptor was closed without being removed.
                state.registrations.remove(&item.fd);
            } else if registration.token == RESERVED_TOKEN {
                is_woken = true;
            } else if buffer.is_full() {
                first_unreported.get_or_insert(item.fd);
            } else {
                registration.is_disabled = registration.events.contains(Events::ONE_SHOT);
                let events = Events::from_poll(item.revents).bits();
                buffer.push(PollerEvent { token: registration.token, events, error: 0 });
            }
        }
        state.next_fd = first_unreported.unwrap_or(state.next_fd);
        self.update_wake(guard);
        is_woken
    }
}

/// Removes a descriptor from the poller with this id. If the id now belongs to another poller, the descriptor is not
/// registered there.
pub fn remove_by_id(id: RawFd, fd: RawFd) -> Result<(), Errno> {
    let list = lock(&LISTS[id as usize]).clone();
    list.map_or(Err(Errno(ENOENT)), |list| list.remove(fd))
}

/// The items of a call of poll(2). Up to 256 items need no allocation.
pub struct PollItems {
    inline: [PollItem; 256],
    allocated: Vec<PollItem>,
    len: usize,
}

impl PollItems {
    pub fn new() -> PollItems {
        PollItems { inline: [PollItem::NONE; 256], allocated: Vec::new(), len: 0 }
    }

    fn push(&mut self, item: PollItem) {
        if let Some(slot) = self.inline.get_mut(self.len) {
            *slot = item;
        } else {
            if self.allocated.is_empty() {
                self.allocated.extend(self.inline);
            }
            self.allocated.push(item);
        }
        self.len += 1;
    }

    pub fn as_mut_slice(&mut self) -> &mut [PollItem] {
        if self.allocated.is_empty() { &mut self.inline[..self.len] } else { &mut self.allocated }
    }
}
