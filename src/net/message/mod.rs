//! Messages with ancillary data, and the error queue.

pub(super) mod messages;
