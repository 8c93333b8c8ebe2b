//! Looking names up.

use super::wait::Patience;
use super::{Addr, Error, Family, Result, Type};
use std::time::Duration;

/// Looks up.
pub fn resolve(
    host: &str,
    service: &str,
    family: Family,
    kind: Option<Type>,
    timeout: Option<Duration>,
) -> Result<Vec<Addr>> {
    resolve_within(host, service, family, kind, Patience::of(timeout))
}

pub(crate) fn resolve_within(
    _host: &str,
    _service: &str,
    _family: Family,
    _kind: Option<Type>,
    _patience: Patience,
) -> Result<Vec<Addr>> {
    Err(Error::UNSUPPORTED)
}

/// Looks up.
pub fn resolve_addr(addr: &Addr, timeout: Option<Duration>) -> Result<String> {
    resolve_addr_within(addr, Patience::of(timeout))
}

pub(crate) fn resolve_addr_within(_addr: &Addr, _patience: Patience) -> Result<String> {
    Err(Error::UNSUPPORTED)
}
