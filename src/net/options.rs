//! Reading and setting a socket's options.

use super::{Error, Opt, Result, Socket};
use crate::sys::errno::EOPNOTSUPP;
use crate::sys::{Direction, Errno};
use std::sync::atomic::Ordering::Relaxed;

impl Socket {
    /// Sets an option; [`Opt`] says in which unit and range.
    ///
    /// # Errors
    /// [`Error::INVALID`] for a value out of range, [`Error::OPTION_UNSUPPORTED`] when such a socket has no such
    /// option or it can only be read, [`Error::PERMISSION`].
    pub fn set(&self, option: Opt, value: i64) -> Result<()> {
        match option {
            Opt::RecvTimeout => self.set_timeout(Direction::Recv, value),
            Opt::SendTimeout => self.set_timeout(Direction::Send, value),
            Opt::Interruptible => match value {
                0 | 1 => {
                    self.interruptible.store(value == 1, Relaxed);
                    Ok(())
                }
                _ => Err(Error::INVALID),
            },
            _ => self.fd.set(option, self.family, value).map_err(option_error),
        }
    }

    /// Reads an option.
    ///
    /// # Errors
    /// [`Error::OPTION_UNSUPPORTED`] when such a socket has no such option.
    pub fn get(&self, option: Opt) -> Result<i64> {
        match option {
            Opt::RecvTimeout => Ok(self.timeout_ms(Direction::Recv)),
            Opt::SendTimeout => Ok(self.timeout_ms(Direction::Send)),
            Opt::Interruptible => Ok(self.interruptible.load(Relaxed).into()),
            Opt::Type => Ok(self.kind as i64),
            Opt::Family => Ok(self.family as i64),
            Opt::Error => match self.fd.get(option, self.family).map_err(option_error)? {
                0 => Ok(0),
                errno => Ok(Error::from_os(errno as i32).code()),
            },
            _ => self.fd.get(option, self.family).map_err(option_error),
        }
    }

    /// The error that came in since it was last asked for, such as a refused connection's; asking takes it.
    pub fn take_error(&self) -> Result<Option<Error>> {
        Ok(Error::from_code(self.get(Opt::Error)?))
    }

    fn set_timeout(&self, direction: Direction, ms: i64) -> Result<()> {
        if ms < -1 {
            return Err(Error::INVALID);
        }
        self.keep_timeout(direction, ms);
        self.arm(direction)
    }
}

/// A UNIX socket says of an option that it has none of that kind, and it says it of an operation.
pub(super) fn option_error(errno: Errno) -> Error {
    if errno.0 == EOPNOTSUPP { Error::OPTION_UNSUPPORTED } else { errno.into() }
}
