//! Batches of datagrams.

pub(super) mod batch;
pub(super) mod batch_state;
pub(super) mod recv_many;
pub(super) mod send_many;
