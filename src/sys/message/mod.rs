//! Control messages as the system packs them.

pub(super) mod control;
