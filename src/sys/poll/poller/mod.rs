//! Waiting for many descriptors: with epoll(7), or with poll(2) for ports to systems without it.
//!
//! Each implementation is a `RawPoller` with the same functions:
//!
//! | function | contract |
//! |---|---|
//! | `new` | Creates an empty poller, which uses one file descriptor. |
//! | `add`, `modify`, `remove` | Change a descriptor's registration, from any thread, also during waits. |
//! | `add_wake_fd` | Adds a wake descriptor or a timer. It ends a wait and produces no event. |
//! | `clear_wake` | Makes a wake descriptor not readable. Until then, it ends one wait (epoll) or every wait (poll). |
//! | `add_nested` | Adds another poller. `wait` writes its events, or reports that it may have some. |
//! | `set_nested_enabled` | Sets whether `wait` includes the nested poller. |
//! | `wait` | Writes the events that occurred, at most one per descriptor. It may return early without an event. |
//! | `id` | Identifies the poller in [`registrations`](super::registrations). |
//! | `is_internal_fd` | Returns whether a descriptor is the poller's own. |
//! | `fd` | Returns the descriptor that is readable while events are available, if the system has one. |
//!
//! Errors of a change: `EEXIST` (already registered), `ENOENT` (not registered), `EBADF` (not open), `EPERM` (the
//! system can't wait for this kind of file, or not in this mode).
//!
//! `remove_by_id` removes a descriptor from the poller with an id.
//!
//! On Linux, `--cfg jackfield_poller="poll"` selects poll(2), for tests.

mod event_buffer;

#[cfg(all(target_os = "linux", not(jackfield_poller = "poll")))]
mod epoll;
#[cfg(all(target_os = "linux", not(jackfield_poller = "poll")))]
mod epoll_ctl;
#[cfg(all(target_os = "linux", not(jackfield_poller = "poll")))]
pub use self::{epoll::RawPoller, epoll_ctl::remove_by_id};

#[cfg(any(not(target_os = "linux"), jackfield_poller = "poll"))]
mod interest_list;
#[cfg(any(not(target_os = "linux"), jackfield_poller = "poll"))]
mod poll;
#[cfg(any(not(target_os = "linux"), jackfield_poller = "poll"))]
pub use self::{interest_list::remove_by_id, poll::RawPoller};

pub use event_buffer::{EventBuffer, PollerEvent, RESERVED_TOKEN, WaitOutcome};
