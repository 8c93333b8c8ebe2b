//! Messages with control data, and the error queue.

pub(super) mod error_queue;
pub(super) mod incoming;
pub(super) mod message_calls;
pub(super) mod outgoing;
pub(super) mod packet_info;
pub(super) mod queued_error;
