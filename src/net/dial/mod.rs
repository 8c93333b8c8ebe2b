//! From a name to a connection: lookup, RFC 8305 and connecting.

pub(super) mod dialer;
pub(super) mod happy_eyeballs;
pub(super) mod lookup;
pub(super) mod request;
pub(super) mod resolution;
pub(super) mod resolve;
