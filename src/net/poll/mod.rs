//! Waiting for readiness of many sockets.

pub(super) mod poll_sockets;
pub(super) mod poller;
