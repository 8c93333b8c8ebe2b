//! Conversions to and from std's types, and its `Read`, `Write` and `AsFd` traits.

use crate::net::{Error, Flags, Opt, Result, Socket};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::time::Duration;

impl Read for &Socket {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.recv(buf, Flags::NONE)?)
    }
}

impl Write for &Socket {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(self.send(buf, Flags::NONE)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Socket {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buf)
    }
}

impl Write for Socket {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        (&*self).write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl From<Socket> for OwnedFd {
    fn from(socket: Socket) -> OwnedFd {
        socket.into_fd()
    }
}

/// Fails like [`Socket::from_fd`], and closes the descriptor if it does.
impl TryFrom<OwnedFd> for Socket {
    type Error = Error;

    fn try_from(fd: OwnedFd) -> Result<Socket> {
        Socket::from_fd(fd).map_err(|(error, _)| error)
    }
}

/// Conversions from std's types fail if the descriptor can't be queried. Conversions into them check nothing, like
/// std's: a socket of another kind fails at its first use.
macro_rules! std_types {
    ($($type:ty),*) => {$(
        impl TryFrom<$type> for Socket {
            type Error = Error;

            fn try_from(socket: $type) -> Result<Socket> {
                OwnedFd::from(socket).try_into()
            }
        }

        impl From<Socket> for $type {
            fn from(socket: Socket) -> $type {
                socket.into_fd().into()
            }
        }
    )*};
}

std_types!(TcpStream, TcpListener, UdpSocket, UnixStream, UnixListener, UnixDatagram);

impl Socket {
    /// Sets the timeout of accepting and receiving; `None` is for ever. It is rounded up to whole milliseconds.
    pub fn set_recv_timeout(&self, time: Option<Duration>) -> Result<()> {
        self.set(Opt::RecvTimeout, milliseconds(time))
    }

    /// Sets the timeout of connecting and sending; `None` is for ever. It is rounded up to whole milliseconds.
    pub fn set_send_timeout(&self, time: Option<Duration>) -> Result<()> {
        self.set(Opt::SendTimeout, milliseconds(time))
    }
}

fn milliseconds(time: Option<Duration>) -> i64 {
    time.map_or(-1, |time| i64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX))
}
