//! Ancillary data: control messages, packed and parsed.

pub(super) mod control;
pub(super) mod control_buf;
pub(super) mod descriptors;
mod pack;
mod parse;
