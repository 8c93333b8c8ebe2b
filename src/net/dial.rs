//! Connecting to an endpoint.

use super::wait::Patience;
use super::{Addr, Error, Opt, Result, Socket};
use std::time::Duration;

impl Socket {
    /// Dials.
    pub fn dial(endpoint: &str, timeout: Option<Duration>) -> Result<Socket> {
        dial_within(endpoint, Patience::of(timeout))
    }
}

pub(crate) fn dial_within(endpoint: &str, patience: Patience) -> Result<Socket> {
    Dialer::new()?.dial_within(endpoint, patience)
}

/// How to connect.
#[derive(Debug)]
pub struct Dialer;

impl Dialer {
    /// One.
    pub fn new() -> Result<Dialer> {
        Ok(Dialer)
    }

    /// Sets.
    pub fn set(&mut self, _option: Opt, _value: i64) -> Result<()> {
        Err(Error::UNSUPPORTED)
    }

    /// Sets.
    pub(crate) fn set_text_bytes(&mut self, _option: Opt, _text: &[u8]) -> Result<()> {
        Err(Error::UNSUPPORTED)
    }

    /// Binds.
    pub fn bind(&mut self, _local: Addr) -> Result<()> {
        Err(Error::UNSUPPORTED)
    }

    /// Delays.
    pub fn set_delay(&mut self, _delay: Duration) -> Result<()> {
        Err(Error::UNSUPPORTED)
    }

    /// Cancels.
    pub fn cancel(&self) {}

    pub(crate) fn dial_within(&self, _endpoint: &str, _patience: Patience) -> Result<Socket> {
        Err(Error::UNSUPPORTED)
    }
}
