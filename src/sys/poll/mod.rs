//! Waiting for readiness, and waking threads that wait.

pub(super) mod events;
pub(super) mod poller;
pub(super) mod registrations;
pub(super) mod serial_update;
pub(super) mod timer;
pub(super) mod wait;
pub(super) mod wake;
