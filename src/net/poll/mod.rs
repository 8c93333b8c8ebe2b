//! Waiting for readiness.

pub(super) mod accept_backoff;
pub(super) mod poll_sockets;
pub(super) mod poller;
