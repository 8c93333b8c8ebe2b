//! Names of hosts, services and network interfaces.

pub(super) mod interfaces;
pub(super) mod resolver;
