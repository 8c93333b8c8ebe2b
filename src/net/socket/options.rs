//! Socket options.

#[cfg(feature = "capi")]
use crate::net::RecvBuf;
use crate::net::datagram::batch_state::Coalescing;
#[cfg(feature = "capi")]
use crate::net::socket::adopt::kernel_timeout_ms;
use crate::net::{Error, Family, Opt, Result, Socket};
use crate::sys::errno::{EACCES, EADDRNOTAVAIL, ENODEV, EOPNOTSUPP};
use crate::sys::{Direction, Errno, TEXT_CAPACITY, supports};
use std::sync::atomic::Ordering::Relaxed;

impl Opt {
    /// Whether this system supports the option on some kind of socket. The call opens such a socket to find out.
    ///
    /// # Errors
    /// [`Error::PERMISSION`] if this process may not open the kinds of sockets that have the option.
    pub fn is_supported(self) -> Result<bool> {
        Ok(supports(self)?)
    }
}

impl Socket {
    /// Sets a numeric option. [`Opt`] documents units and ranges. ([setsockopt(2)])
    ///
    /// # Errors
    /// - [`Error::INVALID`]: the value is out of range.
    /// - [`Error::OPTION_UNSUPPORTED`]: this kind of socket lacks the option, or it is read-only or a text.
    /// - [`Error::PERMISSION`]: the value needs a privilege.
    /// - [`Error::NOT_FOUND`]: no interface has this index.
    ///
    /// [setsockopt(2)]: https://man7.org/linux/man-pages/man2/setsockopt.2.html
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

    /// Reads a numeric option. ([getsockopt(2)])
    ///
    /// # Errors
    /// [`Error::OPTION_UNSUPPORTED`] if this kind of socket lacks the option, or it is write-only or a text;
    /// [`Error::NOT_CONNECTED`] if the option describes a peer and there is none.
    ///
    /// [getsockopt(2)]: https://man7.org/linux/man-pages/man2/getsockopt.2.html
    pub fn get(&self, option: Opt) -> Result<i64> {
        let system_value = || self.fd.get(option, self.family, self.kind).map_err(option_error);
        match option {
            Opt::RecvTimeout => Ok(self.timeout_ms(Direction::Recv)),
            Opt::SendTimeout => Ok(self.timeout_ms(Direction::Send)),
            Opt::Interruptible => Ok(self.interruptible.load(Relaxed).into()),
            Opt::Type => Ok(self.kind as i64),
            Opt::Family => Ok(self.family as i64),
            Opt::Error => match system_value()? {
                0 if self.take_pending_reset() => Ok(Error::CONN_RESET.code()),
                0 => Ok(0),
                errno => Ok(Error::from_os(errno as i32).code()),
            },
            // For IPv4 the kernel reports 0 if the interface was set by index. The socket has stored that index.
            Opt::MulticastInterface if self.family == Family::Inet => match system_value()? {
                0 => Ok(self.multicast_interface.load(Relaxed).into()),
                index => Ok(index),
            },
            _ => system_value(),
        }
    }

    /// Sets a text option.
    ///
    /// # Errors
    /// - [`Error::INVALID`]: the text is too long or contains a zero byte.
    /// - [`Error::OPTION_UNSUPPORTED`]: this kind of socket lacks the option, or it is read-only or a number.
    /// - [`Error::NOT_FOUND`]: the system does not know the name.
    /// - [`Error::PERMISSION`]: the value needs a privilege.
    pub fn set_text(&self, option: Opt, text: &str) -> Result<()> {
        self.set_text_bytes(option, text.as_bytes())
    }

    /// Reads a text option. Bytes that are not UTF-8 are replaced by U+FFFD.
    ///
    /// # Errors
    /// [`Error::OPTION_UNSUPPORTED`] if this kind of socket lacks the option, or it is a number.
    pub fn get_text(&self, option: Opt) -> Result<String> {
        let mut buffer = [0; TEXT_CAPACITY];
        Ok(String::from_utf8_lossy(self.get_text_bytes(option, &mut buffer)?).into_owned())
    }

    pub(crate) fn set_text_bytes(&self, option: Opt, text: &[u8]) -> Result<()> {
        self.fd.set_text(option, self.family, self.kind, text).map_err(option_error)
    }

    pub(crate) fn get_text_bytes<'a>(&self, option: Opt, buffer: &'a mut [u8; TEXT_CAPACITY]) -> Result<&'a [u8]> {
        self.fd.get_text(option, self.family, self.kind, buffer).map_err(option_error)
    }

    /// Takes the pending error (`SO_ERROR`), such as that of a refused connection.
    pub fn take_error(&self) -> Result<Option<Error>> {
        Ok(Error::from_code(self.get(Opt::Error)?))
    }

    fn set_timeout(&self, direction: Direction, ms: i64) -> Result<()> {
        if ms < -1 {
            return Err(Error::INVALID);
        }
        self.store_timeout(direction, ms);
        self.sync_kernel_timeout(direction)
    }
}

/// Options by native level and name. For C only: the value of some options holds pointers, which the kernel writes
/// through, so a safe Rust method would be unsound. Rust programs can use other crates through `AsFd`.
#[cfg(feature = "capi")]
impl Socket {
    pub(crate) fn set_raw(&self, level: i32, name: i32, value: &[u8]) -> Result<()> {
        self.fd.set_raw(level, name, value).map_err(no_such_option)?;
        // Update the values that `Socket` stores.
        if let Some(direction) = crate::sys::timeout_of(level, name) {
            self.store_timeout(direction, kernel_timeout_ms(&self.fd, direction)?);
        }
        if let Some(index) = crate::sys::multicast_interface_of(level, name, value) {
            self.multicast_interface.store(index, Relaxed);
        }
        if crate::sys::is_coalescing(level, name) {
            self.set_coalescing(Coalescing::Unknown);
        }
        Ok(())
    }

    pub(crate) fn get_raw(&self, level: i32, name: i32, buffer: RecvBuf<'_>) -> Result<usize> {
        self.fd.get_raw(level, name, buffer).map_err(no_such_option)
    }
}

/// EOPNOTSUPP means that a UNIX socket lacks the option.
pub(in crate::net) fn no_such_option(errno: Errno) -> Error {
    if errno.0 == EOPNOTSUPP { Error::OPTION_UNSUPPORTED } else { errno.into() }
}

/// The error of an option call. The system reports one condition by several numbers.
fn option_error(errno: Errno) -> Error {
    match errno.0 {
        // No such interface.
        EADDRNOTAVAIL | ENODEV => Error::NOT_FOUND,
        EACCES => Error::PERMISSION,
        _ => no_such_option(errno),
    }
}
