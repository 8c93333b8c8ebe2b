//! Options as C sees them.

use super::boundary::{done, guard, required};
use super::socket::{SOCKETS, jf_socket};
use crate::net::{Error, Opt};

/// The options of a socket, for jf_set and jf_get. "Switch" is 0 or 1.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_option {
    /// How long accept and the receiving calls wait, in milliseconds up to INT64_MAX: -1 for ever (the default), 0 not
    /// at all. The system keeps the time with the socket, so duplicates and processes that share the socket should not
    /// set different ones. (SO_RCVTIMEO)
    JF_OPT_RECV_TIMEOUT = 1,
    /// How long connect and the sending calls wait, in milliseconds: as JF_OPT_RECV_TIMEOUT. (SO_SNDTIMEO)
    JF_OPT_SEND_TIMEOUT = 2,
    /// Switch, default 0: a call that waits returns JF_E_INTERRUPTED after a signal was handled in its thread, so that
    /// Ctrl-C works in a host language. The signal's handler should not ask for SA_RESTART: then the system itself
    /// goes on waiting.
    JF_OPT_INTERRUPTIBLE = 3,
    /// Switch, default 0: jf_bind takes an address whose old connections are still fading out, if the sockets that had
    /// it set this as well. (SO_REUSEADDR)
    JF_OPT_REUSE_ADDR = 4,
    /// Switch: several sockets bind to one address and share what comes in. (SO_REUSEPORT)
    JF_OPT_REUSE_PORT = 5,
    /// Switch, default 0: a JF_INET6 socket does not speak IPv4. To be set before jf_bind. (IPV6_V6ONLY)
    JF_OPT_ONLY_V6 = 6,
    /// Switch, default 0: TCP sends small packets at once instead of collecting. (TCP_NODELAY)
    JF_OPT_NO_DELAY = 7,
    /// Switch, default 0: probe a peer that has been silent. (SO_KEEPALIVE)
    JF_OPT_KEEP_ALIVE = 8,
    /// Seconds of silence before the first probe, 1 to 32767. (TCP_KEEPIDLE)
    JF_OPT_KEEP_IDLE = 9,
    /// Seconds between probes, 1 to 32767. (TCP_KEEPINTVL)
    JF_OPT_KEEP_INTERVAL = 10,
    /// Probes without an answer until the connection is given up, 1 to 127. (TCP_KEEPCNT)
    JF_OPT_KEEP_COUNT = 11,
    /// Milliseconds up to INT32_MAX that jf_close waits for unsent data, which the system may round up to whole
    /// seconds; 0 throws the data away and resets the connection; -1 (the default) returns at once and sends it in the
    /// background. (SO_LINGER)
    JF_OPT_LINGER = 12,
    /// Bytes that are kept until they are received, 1 to 1073741823. The system rounds and limits the number: read it
    /// back. (SO_RCVBUF)
    JF_OPT_RECV_BUFFER = 13,
    /// Bytes that are kept until they are sent, 1 to 1073741823. The system rounds and limits the number: read it
    /// back. (SO_SNDBUF)
    JF_OPT_SEND_BUFFER = 14,
    /// Switch, default 0: datagrams may go to a broadcast address. (SO_BROADCAST)
    JF_OPT_BROADCAST = 15,
    /// Routers that a packet may pass, 1 to 255. (IP_TTL, IPV6_UNICAST_HOPS)
    JF_OPT_TTL = 16,
    /// Read only: the JF_E_ code of the error that came in since this was last read, such as JF_E_CONN_REFUSED, or 0;
    /// reading takes it. (SO_ERROR)
    JF_OPT_ERROR = 21,
    /// Read only: JF_STREAM, JF_DGRAM or JF_SEQPACKET. (SO_TYPE)
    JF_OPT_TYPE = 22,
    /// Read only: JF_INET, JF_INET6 or JF_UNIX. (SO_DOMAIN)
    JF_OPT_FAMILY = 23,
    /// Read only: the protocol's number, as in /etc/protocols: 6 for TCP, 17 for UDP, 0 for JF_UNIX. (SO_PROTOCOL)
    JF_OPT_PROTOCOL = 24,
    /// Read only switch: 1 after jf_listen. (SO_ACCEPTCONN)
    JF_OPT_LISTENING = 25,
}

/// Sets an option of a socket.
///
/// s: the socket.
/// option: one of JF_OPT_*.
/// value: in the option's unit and range.
///
/// Never blocks. Returns 0. Errors: JF_E_INVALID for an unknown option or a value out of range;
/// JF_E_OPTION_UNSUPPORTED when this kind of socket has no such option or it is read only; JF_E_BAD_HANDLE. See
/// setsockopt(2). Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_set(s: jf_socket, option: i32, value: i64) -> i64 {
    guard(|| {
        let option = Opt::from_number(option).ok_or(Error::INVALID)?;
        SOCKETS.with(s, |socket| socket.set(option, value)).map(done)
    })
}

/// Reads an option of a socket.
///
/// s: the socket.
/// option: one of JF_OPT_*.
/// value: where to write it, in the option's unit; not NULL.
///
/// Never blocks. Returns 0. Errors: JF_E_INVALID for an unknown option or a NULL; JF_E_OPTION_UNSUPPORTED when this
/// kind of socket has no such option; JF_E_BAD_HANDLE. See getsockopt(2). Since 0.1.
// SAFETY: `value` is NULL or writable for an int64_t.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_get(s: jf_socket, option: i32, value: *mut i64) -> i64 {
    guard(|| {
        let option = Opt::from_number(option).ok_or(Error::INVALID)?;
        // SAFETY: the caller's.
        let value = unsafe { required(value) }?;
        value.write(SOCKETS.with(s, |socket| socket.get(option))?);
        Ok(0)
    })
}

#[cfg(test)]
mod tests {
    use super::jf_option::*;
    use super::*;

    #[test]
    fn c_and_rust_number_the_options_alike() {
        let c = [
            JF_OPT_RECV_TIMEOUT,
            JF_OPT_SEND_TIMEOUT,
            JF_OPT_INTERRUPTIBLE,
            JF_OPT_REUSE_ADDR,
            JF_OPT_REUSE_PORT,
            JF_OPT_ONLY_V6,
            JF_OPT_NO_DELAY,
            JF_OPT_KEEP_ALIVE,
            JF_OPT_KEEP_IDLE,
            JF_OPT_KEEP_INTERVAL,
            JF_OPT_KEEP_COUNT,
            JF_OPT_LINGER,
            JF_OPT_RECV_BUFFER,
            JF_OPT_SEND_BUFFER,
            JF_OPT_BROADCAST,
            JF_OPT_TTL,
            JF_OPT_ERROR,
            JF_OPT_TYPE,
            JF_OPT_FAMILY,
            JF_OPT_PROTOCOL,
            JF_OPT_LISTENING,
        ];
        assert_eq!(c.map(|option| option as i32), Opt::ALL.map(|option| option as i32));
        assert_eq!(Opt::from_number(0), None);
        assert_eq!(Opt::from_number(17), None);
    }
}
