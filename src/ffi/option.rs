//! Options as C sees them. Their enumerators, `jf_option`, are written by the build script from
//! src/sys/option_table.rs.

use super::boundary::{TextRoom, bytes, count, done, guard, recv_buf, required, text};
use super::socket::{SOCKETS, jf_socket};
use crate::net::{Error, Opt, Result, TEXT_CAPACITY};
use std::ffi::{c_char, c_void};

/// Values of JF_OPT_PATH_MTU_DISCOVERY: whether routers may cut packets into fragments.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the system")]
#[derive(Clone, Copy)]
pub enum jf_pmtu {
    /// They may.
    JF_PMTU_DONT = 0,
    /// As the route says; what is known to be too long for the path is cut here.
    JF_PMTU_WANT = 1,
    /// They may not; a datagram that is too long for the path is JF_E_MESSAGE_SIZE.
    JF_PMTU_DO = 2,
    /// They may not, and what is known of the path is not heeded, but the interface's own limit is.
    JF_PMTU_PROBE = 3,
    /// They may, and nothing is learnt of the path: the interface's own limit alone counts.
    JF_PMTU_INTERFACE = 4,
    /// As JF_PMTU_INTERFACE, but what is longer than that is cut here.
    JF_PMTU_OMIT = 5,
}

/// Bits of JF_OPT_TIMESTAMPING, joined with |: which times of a packet are taken, and how they are told.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the system")]
#[derive(Clone, Copy)]
pub enum jf_timestamping {
    /// Take when the device sent it.
    JF_TS_TX_HARDWARE = 1,
    /// Take when the system gave it to the device.
    JF_TS_TX_SOFTWARE = 2,
    /// Take when the device received it.
    JF_TS_RX_HARDWARE = 4,
    /// Take when the system received it.
    JF_TS_RX_SOFTWARE = 8,
    /// Tell the times that the system took.
    JF_TS_SOFTWARE = 16,
    /// Tell the times that the device took.
    JF_TS_RAW_HARDWARE = 64,
    /// Tell the number of the sent datagram or byte as well.
    JF_TS_OPT_ID = 128,
    /// Take when it came to the device's queue.
    JF_TS_TX_SCHED = 256,
    /// Take when the peer had acknowledged all of it; TCP.
    JF_TS_TX_ACK = 512,
    /// Tell the addresses of a sent packet as well.
    JF_TS_OPT_CMSG = 1024,
    /// Tell the time without the packet.
    JF_TS_OPT_TSONLY = 2048,
}

pub fn option(number: i32) -> Result<Opt> {
    Opt::from_number(number).ok_or(Error::INVALID)
}

/// Whether this system has an option, on whatever kind of socket. It is asked, by a socket that is opened for it.
///
/// option: one of JF_OPT_*.
///
/// Never blocks. Returns 1 or 0. Errors: JF_E_INVALID for an unknown option; JF_E_PERMISSION when only sockets have it
/// that this process may not open; JF_E_TOO_MANY_FILES; JF_E_SYSTEM_FILES; JF_E_NO_MEMORY; JF_E_NO_BUFFERS. See
/// getsockopt(2). Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_supported(option: i32) -> i64 {
    guard(|| Ok(self::option(option)?.is_supported()?.into()))
}

/// Sets an option of a socket to a number.
///
/// s: the socket.
/// option: one of JF_OPT_*.
/// value: in the option's unit and range.
///
/// Never blocks. Returns 0. Errors: JF_E_INVALID for an unknown option or a value out of range, or where the socket's
/// state doesn't allow it; JF_E_OPTION_UNSUPPORTED when this kind of socket has no such option or it is read only or a
/// text; JF_E_PERMISSION; JF_E_NOT_FOUND when there is no interface with that index; JF_E_BAD_HANDLE. See
/// setsockopt(2). Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_set(s: jf_socket, option: i32, value: i64) -> i64 {
    guard(|| {
        let option = self::option(option)?;
        SOCKETS.with(s, |socket| socket.set(option, value)).map(done)
    })
}

/// Reads an option of a socket that is a number.
///
/// s: the socket.
/// option: one of JF_OPT_*.
/// value: where to write it, in the option's unit; not NULL.
///
/// Never blocks. Returns 0. Errors: JF_E_INVALID for an unknown option or a NULL; JF_E_OPTION_UNSUPPORTED when this
/// kind of socket has no such option or it is set only or a text; JF_E_NOT_CONNECTED for what is told of a peer;
/// JF_E_BAD_HANDLE. See getsockopt(2). Since 0.1.
// SAFETY: `value` is NULL or writable for an int64_t.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_get(s: jf_socket, option: i32, value: *mut i64) -> i64 {
    guard(|| {
        let option = self::option(option)?;
        // SAFETY: the caller's.
        let value = unsafe { required(value) }?;
        value.write(SOCKETS.with(s, |socket| socket.get(option))?);
        Ok(0)
    })
}

/// Sets an option of a socket to a text.
///
/// s: the socket.
/// option: one of JF_OPT_*.
/// text: a string that ends with a zero; not NULL.
///
/// Never blocks, but the system may load a module for the name. Returns 0. Errors: JF_E_INVALID for an unknown option,
/// a NULL or a text that is too long; JF_E_OPTION_UNSUPPORTED when this kind of socket has no such option or it is read
/// only or a number; JF_E_NOT_FOUND when the system has nothing of that name; JF_E_PERMISSION; JF_E_BAD_HANDLE. See
/// setsockopt(2). Since 0.1.
// SAFETY: `text` is NULL or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_set_text(s: jf_socket, option: i32, text: *const c_char) -> i64 {
    guard(|| {
        let option = self::option(option)?;
        // SAFETY: the caller's.
        let text = unsafe { self::text(text) }?;
        SOCKETS.with(s, |socket| socket.set_text_bytes(option, text.to_bytes())).map(done)
    })
}

/// Reads an option of a socket that is a text.
///
/// s: the socket.
/// option: one of JF_OPT_*.
/// text: where to write it, with a zero at its end; may be NULL when size is 0.
/// size: how many bytes there are at text.
///
/// Never blocks. Returns the length of the text without its zero. If that is not less than size, the text did not fit,
/// and an empty string was written instead (nothing, when size is 0). Errors: JF_E_INVALID for an unknown option, a
/// NULL or a length; JF_E_OPTION_UNSUPPORTED when this kind of socket has no such option or it is a number;
/// JF_E_BAD_HANDLE. See getsockopt(2). Since 0.1.
// SAFETY: `text` is NULL or writable for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_get_text(s: jf_socket, option: i32, text: *mut c_char, size: usize) -> i64 {
    guard(|| {
        let option = self::option(option)?;
        // SAFETY: the caller's.
        let room = unsafe { TextRoom::new(text, size) }?;
        let mut all = [0; TEXT_CAPACITY];
        SOCKETS.with(s, |socket| Ok(room.write(socket.get_text_bytes(option, &mut all)?)))
    })
}

/// Sets what the system knows by a level and a name, for what has no JF_OPT_. A timeout that is set so is the socket's
/// JF_OPT_RECV_TIMEOUT or JF_OPT_SEND_TIMEOUT from then on.
///
/// s: the socket.
/// level, name: the system's numbers, such as SOL_SOCKET and SO_ATTACH_FILTER.
/// value: what the system wants; not looked at when len is 0. What it points to in turn is the caller's to get right.
/// len: how many bytes, at most INT32_MAX.
///
/// Never blocks by itself. Returns 0. Errors: JF_E_OPTION_UNSUPPORTED when the socket has no such option;
/// JF_E_PERMISSION; JF_E_INVALID for a NULL or a length, or what the system doesn't take; JF_E_BAD_HANDLE; any other
/// that the option has. See setsockopt(2). Since 0.1.
// SAFETY: `value` is NULL or readable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_set_raw(s: jf_socket, level: i32, name: i32, value: *const c_void, len: usize) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let value = unsafe { bytes(value, len) }?;
        SOCKETS.with(s, |socket| socket.set_raw(level, name, value)).map(done)
    })
}

/// Reads what the system knows by a level and a name, for what has no JF_OPT_.
///
/// s: the socket.
/// level, name: the system's numbers, such as IPPROTO_TCP and TCP_INFO.
/// value: where to write it; not looked at when room is 0. Some options read from it first.
/// room: how many bytes there are at value, at most INT32_MAX. Of a longer value most options write the beginning.
///
/// Never blocks. Returns the length of what was written. Errors: JF_E_OPTION_UNSUPPORTED when the socket has no such
/// option; JF_E_INVALID for a NULL or a length, or what the system doesn't take; JF_E_BAD_HANDLE; any other that the
/// option has. See getsockopt(2). Since 0.1.
// SAFETY: `value` is NULL or writable for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_get_raw(s: jf_socket, level: i32, name: i32, value: *mut c_void, room: usize) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let room = unsafe { recv_buf(value, room) }?;
        SOCKETS.with(s, |socket| socket.get_raw(level, name, room)).map(count)
    })
}
