//! Adopting a descriptor as a socket, and giving it up again.

use crate::net::{Error, Family, Opt, Result, Socket, Type};
use crate::sys::{Descriptor, Direction};
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering::Relaxed;

impl Socket {
    /// Takes ownership of a socket's descriptor and makes it close-on-exec. If the
    /// descriptor is non-blocking, both timeouts are 0. Otherwise they are those of `SO_RCVTIMEO` and `SO_SNDTIMEO`.
    ///
    /// # Errors
    /// [`Error::NOT_SOCKET`], or [`Error::FAMILY_UNSUPPORTED`] and [`Error::TYPE_UNSUPPORTED`] if there is no
    /// [`Family`] or [`Type`] for it. The unchanged descriptor is returned.
    pub fn from_fd(fd: OwnedFd) -> Result<Socket, (Error, OwnedFd)> {
        let fd = Descriptor::from(fd);
        match Mode::read(&fd).and_then(|mode| fd.set_close_on_exec().map(|()| mode).map_err(Error::from)) {
            Ok(mode) => Ok(mode.into_socket(fd)),
            Err(error) => Err((error, fd.into())),
        }
    }

    /// Gives up the descriptor, with the socket's timeouts: non-blocking if both are 0, otherwise blocking with
    /// `SO_RCVTIMEO` and `SO_SNDTIMEO`.
    pub fn into_fd(self) -> OwnedFd {
        let is_nonblocking = [Direction::Recv, Direction::Send].map(|direction| self.timeout_ms(direction)) == [0, 0];
        // A descriptor whose mode can't be changed is given up as it is.
        let _ = self.sync_kernel_timeout(Direction::Recv).and_then(|()| self.sync_kernel_timeout(Direction::Send));
        let _ = self.fd.set_nonblocking(is_nonblocking);
        if self.batches.is_batch_only() {
            let _ = self.fd.set(Opt::Gro, self.family, self.kind, 0);
        }
        self.fd.into()
    }
}

/// The state of a socket that its descriptor determines.
pub(in crate::net) struct Mode {
    pub(in crate::net) family: Family,
    pub(in crate::net) kind: Type,
    pub(in crate::net) recv_timeout: i64,
    pub(in crate::net) send_timeout: i64,
    pub(in crate::net) is_nonblocking: bool,
    pub(in crate::net) is_listener: bool,
}

impl Mode {
    pub(in crate::net) fn read(fd: &Descriptor) -> Result<Mode> {
        let (family, kind) = fd.family_and_type()?;
        let family = family.ok_or(Error::FAMILY_UNSUPPORTED)?;
        let is_nonblocking = fd.nonblocking()?;
        let timeout = |direction| if is_nonblocking { Ok(0) } else { kernel_timeout_ms(fd, direction) };
        let (recv_timeout, send_timeout) = (timeout(Direction::Recv)?, timeout(Direction::Send)?);
        let is_listener = kind.has_connections() && fd.get(Opt::Listening, family, kind)? == 1;
        Ok(Mode { family, kind, recv_timeout, send_timeout, is_nonblocking, is_listener })
    }

    pub(in crate::net) fn into_socket(self, fd: Descriptor) -> Socket {
        let socket = Socket::new(fd, self.family, self.kind);
        socket.store_timeout(Direction::Recv, self.recv_timeout);
        socket.store_timeout(Direction::Send, self.send_timeout);
        socket.nonblocking.store(self.is_nonblocking, Relaxed);
        socket.is_listener.store(self.is_listener, Relaxed);
        socket
    }
}

/// The kernel's timeout in milliseconds; -1 is for ever.
pub(in crate::net) fn kernel_timeout_ms(fd: &Descriptor, direction: Direction) -> Result<i64> {
    let time = fd.timeout(direction)?;
    Ok(time.map_or(-1, |time| i64::try_from(time.as_micros().div_ceil(1000)).unwrap_or(-1)))
}
