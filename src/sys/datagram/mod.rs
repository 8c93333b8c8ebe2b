//! Many datagrams in one system call.

pub(super) mod recv_batch;
pub(super) mod send_batch;
pub(super) mod types;
