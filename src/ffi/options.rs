//! C functions for socket options. The build script generates the enum `jf_option` from
//! src/sys/socket/option_table.rs.

use super::boundary::{TextBuffer, bytes, count, done, guard, recv_buf, required, text};
use super::socket::{SOCKETS, jf_socket};
use crate::net::{Error, Opt, Result, TEXT_CAPACITY};
use std::ffi::{c_char, c_void};

/// Values of JF_OPT_PATH_MTU_DISCOVERY: whether IP packets may be fragmented.
#[repr(C)]
#[allow(dead_code, reason = "C names for numbers of the system")]
#[derive(Clone, Copy)]
pub enum jf_pmtu {
    /// Packets may be fragmented, here and by routers.
    JF_PMTU_DONT = 0,
    /// The route decides. Datagrams longer than the known path MTU are fragmented here.
    JF_PMTU_WANT = 1,
    /// Packets are never fragmented. A datagram longer than the known path MTU fails with JF_E_MESSAGE_SIZE.
    JF_PMTU_DO = 2,
    /// Packets are never fragmented, and the known path MTU is ignored. A datagram longer than the interface's MTU
    /// fails with JF_E_MESSAGE_SIZE.
    JF_PMTU_PROBE = 3,
    /// Only routers may fragment packets. The path MTU is neither learned nor used. A datagram longer than the
    /// interface's MTU fails with JF_E_MESSAGE_SIZE.
    JF_PMTU_INTERFACE = 4,
    /// Like JF_PMTU_INTERFACE, but datagrams longer than the interface's MTU are fragmented here.
    JF_PMTU_OMIT = 5,
}

/// Bits of JF_OPT_TIMESTAMPING, joined with |: which timestamps are taken, and which are reported.
#[repr(C)]
#[allow(dead_code, reason = "C names for numbers of the system")]
#[derive(Clone, Copy)]
pub enum jf_timestamping {
    /// Take a timestamp when the network device sends the packet.
    JF_TS_TX_HARDWARE = 1,
    /// Take a timestamp when the system passes the packet to the network device.
    JF_TS_TX_SOFTWARE = 2,
    /// Take a timestamp when the network device receives the packet.
    JF_TS_RX_HARDWARE = 4,
    /// Take a timestamp when the system receives the packet.
    JF_TS_RX_SOFTWARE = 8,
    /// Report the timestamps that the system took.
    JF_TS_SOFTWARE = 16,
    /// Report the timestamps that the network device took.
    JF_TS_RAW_HARDWARE = 64,
    /// Also report the number of the sent datagram or byte.
    JF_TS_OPT_ID = 128,
    /// Take a timestamp when the packet enters the packet scheduler.
    JF_TS_TX_SCHED = 256,
    /// Take a timestamp when the peer has acknowledged all of the data; TCP.
    JF_TS_TX_ACK = 512,
    /// Also report the addresses of a sent packet.
    JF_TS_OPT_CMSG = 1024,
    /// Report the timestamp without the packet.
    JF_TS_OPT_TSONLY = 2048,
}

pub fn option(number: i32) -> Result<Opt> {
    Opt::from_number(number).ok_or(Error::INVALID)
}

/// Returns whether this system supports an option on at least one kind of socket.
///
/// The answer comes from the system: the call opens a socket and tries the option.
///
/// @param option   [enum(jf_option)] JF_OPT_* constant
///
/// @blocks   never
/// @return   [boolean] 1 if the option is supported, 0 if not
/// @error JF_E_PERMISSION                                      only sockets that this process may not open have the
///                                                             option
/// @error JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES, JF_E_NO_BUFFERS   the socket for the query could not be opened
/// @see getsockopt(2)
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_supported(option: i32) -> i64 {
    guard(|| Ok(self::option(option)?.is_supported()?.into()))
}

/// Sets a numeric option of a socket.
///
/// @param s        socket
/// @param option   [enum(jf_option)] JF_OPT_* constant
/// @param value    value in the option's unit and range
///
/// @blocks   never
/// @return   [nothing]
/// @error JF_E_INVALID              `value` is out of range, or the socket's state does not allow it
/// @error JF_E_OPTION_UNSUPPORTED   this kind of socket has no such option, or the option is read-only or a text
/// @error JF_E_PERMISSION           the process lacks a capability that the option requires
/// @error JF_E_NOT_FOUND            there is no interface with this index
/// @see setsockopt(2)
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_set(s: jf_socket, option: i32, value: i64) -> i64 {
    guard(|| {
        let option = self::option(option)?;
        SOCKETS.with(s, |socket| socket.set(option, value)).map(done)
    })
}

/// Reads a numeric option of a socket.
///
/// @param s        socket
/// @param option   [enum(jf_option)] JF_OPT_* constant
/// @param value    [out] where to write the value, in the option's unit
///
/// @blocks   never
/// @return   [nothing]
/// @error JF_E_OPTION_UNSUPPORTED   this kind of socket has no such option, or the option is write-only or a text
/// @error JF_E_NOT_CONNECTED        the option describes the peer, and the socket has none
/// @see getsockopt(2)
/// @since 0.1
// SAFETY: `value` is NULL or writable for an int64_t.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_get(s: jf_socket, option: i32, value: *mut i64) -> i64 {
    guard(|| {
        let option = self::option(option)?;
        // SAFETY: guaranteed by the caller.
        let value = unsafe { required(value) }?;
        value.write(SOCKETS.with(s, |socket| socket.get(option))?);
        Ok(0)
    })
}

/// Sets a text option of a socket.
///
/// @param s        socket
/// @param option   [enum(jf_option)] JF_OPT_* constant
/// @param text     [in, text] value
///
/// @blocks   never, except that the system may load a kernel module for the name
/// @return   [nothing]
/// @error JF_E_INVALID              `text` is too long
/// @error JF_E_OPTION_UNSUPPORTED   this kind of socket has no such option, or the option is read-only or a number
/// @error JF_E_NOT_FOUND            the system has nothing of this name
/// @error JF_E_PERMISSION           the process lacks a capability that the option or its value requires
/// @see setsockopt(2)
/// @since 0.1
// SAFETY: `text` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_set_text(s: jf_socket, option: i32, text: *const c_char) -> i64 {
    guard(|| {
        let option = self::option(option)?;
        // SAFETY: guaranteed by the caller.
        let text = unsafe { self::text(text) }?;
        SOCKETS.with(s, |socket| socket.set_text_bytes(option, text.to_bytes())).map(done)
    })
}

/// Reads a text option of a socket.
///
/// @param s        socket
/// @param option   [enum(jf_option)] JF_OPT_* constant
/// @param text     [out, text(size)] where to write the value
/// @param size     capacity of `text` in bytes
///
/// @blocks   never
/// @return   [length] length of the value. If it is `size` or more, the value did not fit and `text` holds an empty
///           string.
/// @error JF_E_OPTION_UNSUPPORTED   this kind of socket has no such option, or the option is a number
/// @see getsockopt(2)
/// @since 0.1
// SAFETY: `text` is NULL or writable for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_get_text(s: jf_socket, option: i32, text: *mut c_char, size: usize) -> i64 {
    guard(|| {
        let option = self::option(option)?;
        // SAFETY: guaranteed by the caller.
        let text = unsafe { TextBuffer::new(text, size) }?;
        let mut value = [0; TEXT_CAPACITY];
        SOCKETS.with(s, |socket| Ok(text.write(socket.get_text_bytes(option, &mut value)?)))
    })
}

/// Sets a socket option by its native level and name, for options without a JF_OPT_ constant.
///
/// A timeout that is set this way becomes the socket's JF_OPT_RECV_TIMEOUT or JF_OPT_SEND_TIMEOUT. The library can't
/// check pointers inside the value.
///
/// @param s       socket
/// @param level   native level, such as SOL_SOCKET
/// @param name    native name, such as SO_ATTACH_FILTER
/// @param value   [in, buffer(len)] value in the system's format
/// @param len     length of `value` in bytes, at most INT32_MAX
///
/// @blocks   never, unless the system blocks for this option
/// @return   [nothing]
/// @error JF_E_OPTION_UNSUPPORTED   the socket has no such option
/// @error JF_E_PERMISSION           the process lacks a capability that the option requires
/// @error JF_E_INVALID              `len` is above INT32_MAX, or the system rejects the value
/// @error JF_E_OS                   the code is JF_E_OS - errno: any other error of the option
/// @see setsockopt(2)
/// @since 0.1
// SAFETY: `value` is NULL or readable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_set_raw(s: jf_socket, level: i32, name: i32, value: *const c_void, len: usize) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let value = unsafe { bytes(value, len) }?;
        SOCKETS.with(s, |socket| socket.set_raw(level, name, value)).map(done)
    })
}

/// Reads a socket option by its native level and name, for options without a JF_OPT_ constant.
///
/// @param s       socket
/// @param level   native level, such as IPPROTO_TCP
/// @param name    native name, such as TCP_INFO
/// @param value   [inout, buffer(room)] buffer for the value; some options also read it
/// @param room    capacity of `value` in bytes, at most INT32_MAX. For most options, a longer value is truncated.
///
/// @blocks   never
/// @return   [count] number of bytes written
/// @error JF_E_OPTION_UNSUPPORTED   the socket has no such option
/// @error JF_E_INVALID              `room` is above INT32_MAX, or the system rejects the request
/// @error JF_E_OS                   the code is JF_E_OS - errno: any other error of the option
/// @see getsockopt(2)
/// @since 0.1
// SAFETY: `value` is NULL or writable for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_get_raw(s: jf_socket, level: i32, name: i32, value: *mut c_void, room: usize) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let value = unsafe { recv_buf(value, room) }?;
        SOCKETS.with(s, |socket| socket.get_raw(level, name, value)).map(count)
    })
}
