//! Addresses and endpoints: values, parsing and formatting.

pub(super) mod address;
pub(super) mod endpoint;
pub(super) mod endpoint_error;
pub(super) mod host_port;
pub(super) mod parser;
pub(super) mod text;
