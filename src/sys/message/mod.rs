//! Control messages: packing, parsing and received descriptors.

pub(super) mod control;
pub(super) mod control_buf;
pub(super) mod descriptors;
mod pack;
mod parse;
