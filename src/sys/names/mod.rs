//! Names of hosts, services and interfaces.

pub(super) mod interfaces;
pub(super) mod resolver;
