//! Reading and setting a socket's options.

use crate::net::datagram::batch_state::Coalescing;
use crate::net::{Error, Family, Opt, Result, Socket};
use crate::sys::errno::{EACCES, EADDRNOTAVAIL, ENODEV, EOPNOTSUPP};
use crate::sys::{Direction, Errno, TEXT_CAPACITY, supports};
use std::sync::atomic::Ordering::Relaxed;

impl Opt {
    /// Whether this system has the option on some kind of socket. It is asked, by opening a socket for it.
    ///
    /// # Errors
    /// [`Error::PERMISSION`] when only sockets have it that this process may not open.
    pub fn is_supported(self) -> Result<bool> {
        Ok(supports(self)?)
    }
}

impl Socket {
    /// Sets an option that is a number; [`Opt`] says in which unit and range.
    ///
    /// # Errors
    /// [`Error::INVALID`] for a value out of range, [`Error::OPTION_UNSUPPORTED`] when such a socket has no such option
    /// or it can only be read or is a text, [`Error::PERMISSION`], [`Error::NOT_FOUND`] when there is no interface with
    /// that index.
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
            _ => {
                self.fd.set(option, self.family, self.kind, value).map_err(option_error)?;
                match option {
                    Opt::MulticastInterface => self.multicast_interface.store(value as u32, Relaxed),
                    Opt::Gro => self.set_coalescing(Coalescing::Unknown),
                    _ => {}
                }
                Ok(())
            }
        }
    }

    /// Reads an option that is a number.
    ///
    /// # Errors
    /// [`Error::OPTION_UNSUPPORTED`] when such a socket has no such option or it can only be set or is a text,
    /// [`Error::NOT_CONNECTED`] for what is told of a peer.
    pub fn get(&self, option: Opt) -> Result<i64> {
        let kept = || self.fd.get(option, self.family, self.kind).map_err(option_error);
        match option {
            Opt::RecvTimeout => Ok(self.timeout_ms(Direction::Recv)),
            Opt::SendTimeout => Ok(self.timeout_ms(Direction::Send)),
            Opt::Interruptible => Ok(self.interruptible.load(Relaxed).into()),
            Opt::Type => Ok(self.kind as i64),
            Opt::Family => Ok(self.family as i64),
            Opt::Error => match kept()? {
                0 if self.take_pending_reset() => Ok(Error::CONN_RESET.code()),
                0 => Ok(0),
                errno => Ok(Error::from_os(errno as i32).code()),
            },
            // The system tells of the address it was set with, if it was one, and of no index.
            Opt::MulticastInterface if self.family == Family::Inet => match kept()? {
                0 => Ok(self.multicast_interface.load(Relaxed).into()),
                index => Ok(index),
            },
            _ => kept(),
        }
    }

    /// Sets an option that is a text.
    ///
    /// # Errors
    /// [`Error::INVALID`] for a text that is too long or has a zero in it, [`Error::OPTION_UNSUPPORTED`] when such a
    /// socket has no such option or it can only be read or is a number, [`Error::NOT_FOUND`] when the system has
    /// nothing of that name, [`Error::PERMISSION`].
    pub fn set_text(&self, option: Opt, text: &str) -> Result<()> {
        self.set_text_bytes(option, text.as_bytes())
    }

    /// Reads an option that is a text. What of it is not UTF-8 comes as U+FFFD.
    ///
    /// # Errors
    /// [`Error::OPTION_UNSUPPORTED`] when such a socket has no such option or it is a number.
    pub fn get_text(&self, option: Opt) -> Result<String> {
        let mut room = [0; TEXT_CAPACITY];
        Ok(String::from_utf8_lossy(self.get_text_bytes(option, &mut room)?).into_owned())
    }

    pub(crate) fn set_text_bytes(&self, option: Opt, text: &[u8]) -> Result<()> {
        self.fd.set_text(option, self.family, self.kind, text).map_err(option_error)
    }

    pub(crate) fn get_text_bytes<'a>(&self, option: Opt, room: &'a mut [u8; TEXT_CAPACITY]) -> Result<&'a [u8]> {
        self.fd.get_text(option, self.family, self.kind, room).map_err(option_error)
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

/// What the system sets and reads by level and name. It is for C alone: the value of some options holds pointers, which
/// the kernel would write through without Rust's knowing. In Rust, `AsFd` leads to every crate that knows how to.
#[cfg(feature = "capi")]
impl Socket {
    pub(crate) fn set_raw(&self, level: i32, name: i32, value: &[u8]) -> Result<()> {
        self.fd.set_raw(level, name, value).map_err(no_such_option)?;
        // What is waited for is what was set last, by whatever name.
        if let Some(direction) = crate::sys::timeout_of(level, name) {
            self.keep_timeout(direction, crate::net::socket::state::timeout_kept(&self.fd, direction)?);
        }
        if let Some(index) = crate::sys::multicast_interface_of(level, name, value) {
            self.multicast_interface.store(index, Relaxed);
        }
        if crate::sys::is_coalescing(level, name) {
            self.set_coalescing(Coalescing::Unknown);
        }
        Ok(())
    }

    pub(crate) fn get_raw(&self, level: i32, name: i32, room: crate::net::RecvBuf<'_>) -> Result<usize> {
        self.fd.get_raw(level, name, room).map_err(no_such_option)
    }
}

/// A UNIX socket says of an option that it has none of that kind, and it says it of an operation.
pub(in crate::net) fn no_such_option(errno: Errno) -> Error {
    if errno.0 == EOPNOTSUPP { Error::OPTION_UNSUPPORTED } else { errno.into() }
}

/// The system says the same in many ways.
fn option_error(errno: Errno) -> Error {
    match errno.0 {
        // There is no such interface.
        EADDRNOTAVAIL | ENODEV => Error::NOT_FOUND,
        EACCES => Error::PERMISSION,
        _ => no_such_option(errno),
    }
}
