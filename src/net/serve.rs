//! Serving an endpoint.

use super::{Error, Result, Socket};

impl Socket {
    /// Serves.
    pub fn serve(_endpoint: &str, _backlog: i32) -> Result<Socket> {
        Err(Error::UNSUPPORTED)
    }
}
