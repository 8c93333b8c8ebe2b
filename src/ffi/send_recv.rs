//! Sending and receiving: the C functions.

use super::addr::{addr, jf_addr};
use super::boundary::{bytes, count, guard, optional, recv_buf, some_bytes, some_recv_buf};
use super::handle::InUse;
use super::socket::{SOCKETS, jf_socket};
use super::status::code;
use crate::net::{Addr, Error, FastPathMiss, Flags, Incomplete, RecvBuf, Result, SendBuf, Socket, VEC_MAX};
use std::ffi::c_void;
use std::mem::{MaybeUninit, align_of, size_of};
use std::{ptr, slice};

/// Flags of the sending and receiving calls, combined with |.
#[repr(C)]
#[allow(dead_code, reason = "C names for numbers that the core defines")]
#[derive(Clone, Copy)]
pub enum jf_flag {
    /// Send, receive: the out-of-band byte of a stream. A receive never waits; it returns JF_E_INVALID if there is no
    /// such byte.
    JF_OUT_OF_BAND = 0x1,
    /// Receive: leave the data in the queue, so that it can be received again.
    JF_PEEK = 0x2,
    /// Receive: if a message is longer than the buffer, return its whole length instead of JF_E_TRUNCATED. No effect on
    /// a stream. No effect with JF_ERROR_QUEUE, because the system does not report the length there.
    JF_TRUNC = 0x20,
    /// Send, receive: never wait, whatever the timeout of the socket.
    JF_DONT_WAIT = 0x40,
    /// Receive on a stream: wait until the buffer is full. The call returns less at the end of the stream, at the
    /// timeout, after an error, and after a signal. jf_recv_exact distinguishes these cases.
    JF_WAIT_ALL = 0x100,
    /// Send: the peer has just answered, so its link-layer address needs no probe.
    JF_CONFIRM = 0x800,
    /// Receive: read the error queue instead of the data. Never waits. A result of 0 is an entry without data, not the
    /// end of the stream. Not for JF_UNIX and JF_NETLINK, and not with JF_PEEK.
    JF_ERROR_QUEUE = 0x2000,
    /// Send: more data follows soon, so the system may delay a packet that is not full.
    JF_MORE = 0x8000,
    /// jf_recv_msg: deliver received sockets as descriptors, not as jf_sockets.
    JF_PLAIN_DESCRIPTORS = 0x10000,
}

/// A buffer.
#[repr(C)]
pub struct jf_buf {
    /// [inout, buffer(len)] the bytes; ignored if `len` is 0
    pub data: *mut c_void,
    /// Number of bytes.
    pub len: usize,
}

const _: () = assert!(
    size_of::<jf_buf>() == size_of::<SendBuf>()
        && size_of::<jf_buf>() == size_of::<RecvBuf>()
        && align_of::<jf_buf>() == align_of::<SendBuf>()
        && align_of::<jf_buf>() == align_of::<RecvBuf>()
);

/// Sends bytes on a stream, or one message.
///
/// A message is sent as a whole. On a stream, the call returns after a part of the bytes if the timeout is 0 or
/// expires, a signal handler runs, an error occurs, or another thread closes the socket. The result is then the length
/// of that part.
///
/// SIGPIPE is never raised. One thread may send while another receives. If two threads send on one stream, their bytes
/// may interleave.
///
/// @param s      connected socket
/// @param data   [in, buffer(len)] what to send; ignored if `len` is 0
/// @param len    number of bytes; 0 sends an empty message, or nothing on a stream
/// @param flags  [flags(jf_flag)] 0, or JF_DONT_WAIT | JF_MORE | JF_OUT_OF_BAND | JF_CONFIRM
///
/// @blocks  at most JF_OPT_SEND_TIMEOUT, until the queue has accepted the message; on a stream, all bytes; on a UNIX
///          stream with a timeout, at least one byte
/// @return  [count] number of bytes that the system accepted
/// @error JF_E_WOULD_BLOCK, JF_E_TIMED_OUT        the queue had no space in time; on a stream, not even for one byte
/// @error JF_E_PIPE, JF_E_CONN_RESET              the connection has ended
/// @error JF_E_NOT_CONNECTED, JF_E_DEST_REQUIRED  the socket has no peer; for TCP, Linux returns JF_E_PIPE
/// @error JF_E_CONN_REFUSED                       an earlier datagram was refused, because no socket is bound to its
///                                                destination
/// @error JF_E_MESSAGE_SIZE                       the message is longer than the socket can send
/// @error JF_E_UNSUPPORTED                        the socket does not support a flag
/// @see send(2)
/// @since 0.1
// SAFETY: `data` is NULL or readable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_send(s: jf_socket, data: *const c_void, len: usize, flags: u32) -> i64 {
    let flags = Flags::from_bits_retain(flags);
    // SAFETY: guaranteed by the caller.
    let buf = unsafe { some_bytes(data, len) }.map(SendBuf::from);
    if let Some((mut buf, socket)) = buf.and_then(|buf| Some((buf, SOCKETS.enter_at_once(s)?))) {
        match socket.send_fast(&mut buf, flags) {
            Ok(result) => return result.map_or_else(code, count),
            Err(Some(miss)) => return send_after_miss(socket, miss, buf),
            Err(None) => return send_slow(socket, buf, flags),
        }
    }
    // SAFETY: guaranteed by the caller.
    unsafe { send_checked(s, data, len, flags) }
}

// The fast path makes only the system call, so it needs no panic guard and no stack frame. The slow path has both; its
// functions are separate, so that the fast path does not pay for them.
#[cold]
#[inline(never)]
fn send_after_miss(socket: InUse<'static, Socket>, miss: FastPathMiss, buf: SendBuf<'_>) -> i64 {
    guard(|| socket.send_after_miss(miss, buf).map(count))
}

#[inline(never)]
fn send_slow(socket: InUse<'static, Socket>, buf: SendBuf<'_>, flags: Flags) -> i64 {
    guard(|| socket.send_slow(buf, flags).map(count))
}

// SAFETY: as `jf_send`. `extern "C"` because such a function can't unwind, which lets the compiler call it by a jump.
#[cold]
#[inline(never)]
unsafe extern "C" fn send_checked(s: jf_socket, data: *const c_void, len: usize, flags: Flags) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let bytes = unsafe { bytes(data, len) }?;
        SOCKETS.with(s, |socket| socket.send_slow(bytes.into(), flags)).map(count)
    })
}

/// Receives the available bytes of a stream, or one message.
///
/// A result of 0 is the end of a stream. On a JF_DGRAM socket, 0 is an empty message. On a JF_SEQPACKET socket, 0 is an
/// empty message or the end, which can't be distinguished. One thread may receive while another sends.
///
/// @param s      connected socket, or datagram socket
/// @param data   [out, buffer(len)] where to put the bytes; ignored if `len` is 0
/// @param len    capacity of `data` in bytes; with 0, a stream returns 0 at once
/// @param flags  [flags(jf_flag)] 0, or JF_DONT_WAIT | JF_PEEK | JF_WAIT_ALL | JF_TRUNC | JF_OUT_OF_BAND |
///                JF_ERROR_QUEUE
///
/// @blocks  at most JF_OPT_RECV_TIMEOUT, until data, the end of the stream or an error is available
/// @return  [count] number of bytes; 0 at the end of a stream, or for an empty message
/// @error JF_E_WOULD_BLOCK, JF_E_TIMED_OUT  nothing arrived in time
/// @error JF_E_TRUNCATED      the message was longer than `len`; the buffer is filled, and the remainder is discarded,
///                            unless JF_PEEK is set
/// @error JF_E_CONN_RESET     the peer reset the connection; reported once, after which the stream is at its end
/// @error JF_E_CONN_REFUSED   an earlier datagram was refused, because no socket is bound to its destination
/// @error JF_E_NOT_CONNECTED  the socket is not connected; for a UNIX stream, Linux returns JF_E_INVALID
/// @error JF_E_UNSUPPORTED    the socket does not support a flag, or jf_recv_many has enabled UDP GRO on it
/// @see recv(2)
/// @since 0.1
// SAFETY: `data` is NULL or writable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_recv(s: jf_socket, data: *mut c_void, len: usize, flags: u32) -> i64 {
    let flags = Flags::from_bits_retain(flags);
    // SAFETY: guaranteed by the caller.
    let buf = unsafe { some_recv_buf(data, len) };
    if let Some((mut buf, socket)) = buf.and_then(|buf| Some((buf, SOCKETS.enter_at_once(s)?))) {
        match socket.recv_fast(&mut buf, flags) {
            Ok(result) => return result.map_or_else(code, count),
            Err(Some(miss)) => return recv_after_miss(socket, miss, buf),
            Err(None) => return recv_slow(socket, buf, flags),
        }
    }
    // SAFETY: guaranteed by the caller.
    unsafe { recv_checked(s, data, len, flags) }
}

#[cold]
#[inline(never)]
fn recv_after_miss(socket: InUse<'static, Socket>, miss: FastPathMiss, buf: RecvBuf<'_>) -> i64 {
    guard(|| socket.recv_after_miss(miss, buf).map(count))
}

#[inline(never)]
fn recv_slow(socket: InUse<'static, Socket>, buf: RecvBuf<'_>, flags: Flags) -> i64 {
    guard(|| socket.recv_slow(buf, flags).map(count))
}

// SAFETY: as `jf_recv`.
#[cold]
#[inline(never)]
unsafe extern "C" fn recv_checked(s: jf_socket, data: *mut c_void, len: usize, flags: Flags) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let buf = unsafe { recv_buf(data, len) }?;
        SOCKETS.with(s, |socket| socket.recv_slow(buf, flags)).map(count)
    })
}

/// Sends a message to an address. On a connected datagram socket, the address replaces the peer's for this message.
///
/// @param s      datagram socket
/// @param data   [in, buffer(len)] what to send; ignored if `len` is 0
/// @param len    number of bytes; 0 sends an empty message
/// @param flags  [flags(jf_flag)] as for jf_send
/// @param a      [in] destination address
///
/// @blocks  at most JF_OPT_SEND_TIMEOUT, until the queue has space
/// @return  [count] number of bytes, always `len`
/// @error JF_E_WOULD_BLOCK, JF_E_TIMED_OUT  the queue had no space in time
/// @error JF_E_CONN_REFUSED        an earlier datagram was refused, because no socket is bound to its destination; or
///                                 no socket is bound to the UNIX path
/// @error JF_E_NOT_FOUND           the UNIX path does not exist
/// @error JF_E_MESSAGE_SIZE        the message is longer than the socket can send
/// @error JF_E_NETWORK_UNREACHABLE, JF_E_HOST_UNREACHABLE  no route to the network or the host
/// @error JF_E_ACCESS              broadcast address, but JF_OPT_BROADCAST is not set
/// @error JF_E_FAMILY_UNSUPPORTED  the address and the socket differ in family
/// @error JF_E_ADDR_INVALID        the address is invalid, or is an unnamed UNIX address
/// @error JF_E_TYPE_UNSUPPORTED    not a datagram socket
/// @error JF_E_UNSUPPORTED         the socket does not support a flag
/// @error JF_E_PIPE                the socket is shut down for sending
/// @see sendto(2)
/// @since 0.1
// SAFETY: `data` is NULL or readable for `len` bytes; `a` is NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_send_to(
    s: jf_socket,
    data: *const c_void,
    len: usize,
    flags: u32,
    a: *const jf_addr,
) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let (bytes, addr) = unsafe { (bytes(data, len)?, addr(a)?) };
        SOCKETS.with(s, |socket| socket.send_to(bytes, Flags::from_bits_retain(flags), addr)).map(count)
    })
}

/// Receives a message and the address of its sender. On a stream, the same as jf_recv, and the address is JF_UNSPEC.
///
/// @param s      datagram socket, or connected socket
/// @param data   [out, buffer(len)] where to put the bytes; ignored if `len` is 0
/// @param len    capacity of `data` in bytes; with 0, a stream returns 0 at once
/// @param flags  [flags(jf_flag)] as for jf_recv
/// @param from   [out, optional] where to write the sender's address; also written with JF_E_TRUNCATED
///
/// @blocks  at most JF_OPT_RECV_TIMEOUT, until data, the end of the stream or an error is available
/// @return  [count] number of bytes; 0 at the end of a stream, or for an empty message
/// @error JF_E_WOULD_BLOCK, JF_E_TIMED_OUT  nothing arrived in time
/// @error JF_E_TRUNCATED      the message was longer than `len`; the buffer is filled, and the remainder is discarded,
///                            unless JF_PEEK is set
/// @error JF_E_CONN_RESET     the peer reset the connection; reported once, after which the stream is at its end
/// @error JF_E_CONN_REFUSED   an earlier datagram was refused, because no socket is bound to its destination
/// @error JF_E_NOT_CONNECTED  the socket is not connected; for a UNIX stream, Linux returns JF_E_INVALID
/// @error JF_E_UNSUPPORTED    the socket does not support a flag, or jf_recv_many has enabled UDP GRO on it
/// @see recvfrom(2)
/// @since 0.1
// SAFETY: `data` is NULL or writable for `len` bytes; `from` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_recv_from(
    s: jf_socket,
    data: *mut c_void,
    len: usize,
    flags: u32,
    from: *mut jf_addr,
) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller; the layouts are equal.
        let Some(from) = unsafe { optional(from.cast::<Addr>()) }? else {
            // SAFETY: guaranteed by the caller.
            return Ok(unsafe { jf_recv(s, data, len, flags) });
        };
        // SAFETY: an `Addr` may hold any bytes, and nothing reads it before it is written.
        let from = unsafe { from.assume_init_mut() };
        // SAFETY: guaranteed by the caller.
        let buf = unsafe { recv_buf(data, len) }?;
        SOCKETS.with(s, |socket| socket.recv_from_into(buf, Flags::from_bits_retain(flags), from)).map(count)
    })
}

/// Sends all bytes on a stream, repeating the system call after partial sends.
///
/// After JF_E_TIMED_OUT, JF_E_WOULD_BLOCK or JF_E_INTERRUPTED, the caller may continue with the remaining bytes.
///
/// @param s     connected stream
/// @param data  [in, buffer(len)] what to send; ignored if `len` is 0
/// @param len   number of bytes
/// @param sent  [out, optional] where to write the number of bytes sent; also written when the call fails
///
/// @blocks  at most JF_OPT_SEND_TIMEOUT, which covers the whole call, until all bytes are in the queue
/// @return  [nothing]
/// @error JF_E_WOULD_BLOCK, JF_E_TIMED_OUT        the queue had no space in time
/// @error JF_E_PIPE, JF_E_CONN_RESET              the connection has ended
/// @error JF_E_NOT_CONNECTED, JF_E_DEST_REQUIRED  the socket has no peer; for TCP, Linux returns JF_E_PIPE
/// @error JF_E_TYPE_UNSUPPORTED                   not a stream
/// @since 0.1
// SAFETY: `data` is NULL or readable for `len` bytes; `sent` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_send_all(s: jf_socket, data: *const c_void, len: usize, sent: *mut usize) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let sent = unsafe { optional(sent) }?;
        let result = || {
            // SAFETY: guaranteed by the caller.
            let bytes = unsafe { bytes(data, len) }?;
            SOCKETS.with(s, |socket| Ok(socket.send_all(bytes)))
        };
        write_progress(sent, len, result())
    })
}

/// Receives from a stream until the buffer is full, repeating the system call after partial receives.
///
/// After JF_E_TIMED_OUT, JF_E_WOULD_BLOCK or JF_E_INTERRUPTED, the caller may continue with the rest of the buffer.
///
/// @param s         connected stream
/// @param data      [out, buffer(len)] where to put the bytes; ignored if `len` is 0
/// @param len       capacity of `data` in bytes
/// @param received  [out, optional] where to write the number of bytes received; also written when the call fails
///
/// @blocks  at most JF_OPT_RECV_TIMEOUT, which covers the whole call, until `len` bytes are received
/// @return  [nothing]
/// @error JF_E_END_OF_STREAM                the stream ended before the buffer was full
/// @error JF_E_WOULD_BLOCK, JF_E_TIMED_OUT  not enough bytes arrived in time
/// @error JF_E_CONN_RESET                   the peer reset the connection
/// @error JF_E_NOT_CONNECTED                the socket is not connected; for a UNIX stream, Linux returns JF_E_INVALID
/// @error JF_E_TYPE_UNSUPPORTED             not a stream
/// @since 0.1
// SAFETY: `data` is NULL or writable for `len` bytes; `received` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_recv_exact(s: jf_socket, data: *mut c_void, len: usize, received: *mut usize) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let received = unsafe { optional(received) }?;
        let result = || {
            // SAFETY: guaranteed by the caller.
            let buf = unsafe { recv_buf(data, len) }?;
            SOCKETS.with(s, |socket| Ok(socket.recv_exact(buf)))
        };
        write_progress(received, len, result())
    })
}

/// Writes how many of `len` bytes were transferred, also after an error, and returns the result.
fn write_progress(
    out: Option<&mut MaybeUninit<usize>>,
    len: usize,
    result: Result<Result<(), Incomplete>>,
) -> Result<i64> {
    let (result, done) = match result {
        Ok(Ok(())) => (Ok(0), len),
        Ok(Err(incomplete)) => (Err(incomplete.error), incomplete.done),
        Err(error) => (Err(error), 0),
    };
    out.map(|out| out.write(done));
    result
}

/// Sends the bytes of several buffers, in order, as one message or as consecutive bytes of a stream.
///
/// @param s      connected socket
/// @param bufs   [in, array(count)] the buffers, which are only read; ignored if `count` is 0
/// @param count  number of buffers, at most JF_VEC_MAX; together at most INT64_MAX bytes
/// @param flags  [flags(jf_flag)] as for jf_send
///
/// @blocks  at most JF_OPT_SEND_TIMEOUT, as jf_send
/// @return  [count] number of bytes that the system accepted
/// @error JF_E_WOULD_BLOCK, JF_E_TIMED_OUT        the queue had no space in time; on a stream, not even for one byte
/// @error JF_E_PIPE, JF_E_CONN_RESET              the connection has ended
/// @error JF_E_NOT_CONNECTED, JF_E_DEST_REQUIRED  the socket has no peer; for TCP, Linux returns JF_E_PIPE
/// @error JF_E_CONN_REFUSED                       an earlier datagram was refused, because no socket is bound to its
///                                                destination
/// @error JF_E_MESSAGE_SIZE                       the message is longer than the socket can send
/// @error JF_E_UNSUPPORTED                        the socket does not support a flag
/// @error JF_E_INVALID                            more than JF_VEC_MAX buffers
/// @see sendmsg(2)
/// @since 0.1
// SAFETY: `bufs` is NULL or has `count` elements, each NULL or readable for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_send_vec(s: jf_socket, bufs: *const jf_buf, count: usize, flags: u32) -> i64 {
    guard(|| {
        let mut copies = NO_COPIES;
        // SAFETY: guaranteed by the caller.
        let bufs = unsafe { send_bufs(bufs, count, &mut copies) }?;
        SOCKETS.with(s, |socket| socket.send_vec(bufs, Flags::from_bits_retain(flags))).map(self::count)
    })
}

/// Receives into several buffers, which are filled in order. The array itself is not changed.
///
/// @param s      connected socket, or datagram socket
/// @param bufs   [in, array(count)] the buffers, into which the bytes are written; ignored if `count` is 0
/// @param count  number of buffers, at most JF_VEC_MAX; together at most INT64_MAX bytes
/// @param flags  [flags(jf_flag)] as for jf_recv
///
/// @blocks  at most JF_OPT_RECV_TIMEOUT, as jf_recv
/// @return  [count] number of bytes; 0 at the end of a stream, or for an empty message
/// @error JF_E_WOULD_BLOCK, JF_E_TIMED_OUT  nothing arrived in time
/// @error JF_E_TRUNCATED      the message was longer than the buffers; they are filled, and the remainder is discarded,
///                            unless JF_PEEK is set
/// @error JF_E_CONN_RESET     the peer reset the connection; reported once, after which the stream is at its end
/// @error JF_E_CONN_REFUSED   an earlier datagram was refused, because no socket is bound to its destination
/// @error JF_E_NOT_CONNECTED  the socket is not connected; for a UNIX stream, Linux returns JF_E_INVALID
/// @error JF_E_UNSUPPORTED    the socket does not support a flag, or jf_recv_many has enabled UDP GRO on it
/// @error JF_E_INVALID        more than JF_VEC_MAX buffers
/// @see recvmsg(2)
/// @since 0.1
// SAFETY: `bufs` is NULL or has `count` elements, each NULL or writable for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_recv_vec(s: jf_socket, bufs: *mut jf_buf, count: usize, flags: u32) -> i64 {
    guard(|| {
        let mut copies = NO_COPIES;
        // SAFETY: guaranteed by the caller.
        let bufs = unsafe { recv_bufs(bufs, count, &mut copies) }?;
        SOCKETS.with(s, |socket| socket.recv_vec(bufs, Flags::from_bits_retain(flags))).map(self::count)
    })
}

/// Memory for a copy of a caller's buffer array; not touched unless a copy is needed.
pub type BufCopies = [MaybeUninit<jf_buf>; VEC_MAX];
pub const NO_COPIES: BufCopies = [const { MaybeUninit::uninit() }; VEC_MAX];

/// Checks a caller's buffers to send from.
///
/// # Safety
/// If not NULL, `bufs` must be readable for `count` elements, and each element for its length, for as long as the
/// result is used.
pub unsafe fn send_bufs(bufs: *const jf_buf, count: usize, copies: &mut BufCopies) -> Result<&[SendBuf<'_>]> {
    // SAFETY: guaranteed by the caller.
    let bufs = unsafe { checked(bufs, count, copies) }?;
    // SAFETY: `SendBuf` and `jf_buf` both have the layout of the system's `iovec`.
    Ok(unsafe { slice::from_raw_parts(bufs.as_ptr().cast(), bufs.len()) })
}

/// Checks a caller's buffers to receive into.
///
/// # Safety
/// If not NULL, `bufs` must be readable for `count` elements, and each element must be writable for its length and
/// unused elsewhere, for as long as the result is used.
pub unsafe fn recv_bufs(bufs: *mut jf_buf, count: usize, copies: &mut BufCopies) -> Result<&mut [RecvBuf<'_>]> {
    // SAFETY: guaranteed by the caller.
    let bufs = unsafe { checked(bufs, count, copies) }?;
    // SAFETY: `RecvBuf` and `jf_buf` both have the layout of the system's `iovec`.
    Ok(unsafe { slice::from_raw_parts_mut(bufs.as_ptr().cast_mut().cast(), bufs.len()) })
}

/// Checks a caller's buffers. In the result, the pointer is NULL exactly if the length is 0, because the system checks
/// both. If that needs a changed array, it is made in `copies`.
///
/// # Safety
/// If not NULL, `bufs` must be readable for `count` elements for as long as the result is used.
unsafe fn checked(bufs: *const jf_buf, count: usize, copies: &mut BufCopies) -> Result<&[jf_buf]> {
    // Checked first, so that an array of an absurd length is not read.
    let copies = copies.get_mut(..count).ok_or(Error::INVALID)?;
    if count == 0 {
        return Ok(&[]);
    }
    if bufs.is_null() || !bufs.is_aligned() {
        return Err(Error::INVALID);
    }
    // SAFETY: guaranteed by the caller.
    let bufs = unsafe { slice::from_raw_parts(bufs, count) };
    if bufs.iter().any(|buf| buf.len > 0 && buf.data.is_null()) {
        return Err(Error::INVALID);
    }
    if !bufs.iter().any(|buf| buf.len == 0 && !buf.data.is_null()) {
        return Ok(bufs);
    }
    for (copy, &jf_buf { data, len }) in copies.iter_mut().zip(bufs) {
        copy.write(jf_buf { data: if len == 0 { ptr::null_mut() } else { data }, len });
    }
    // SAFETY: all `count` elements were just written.
    Ok(unsafe { slice::from_raw_parts(copies.as_ptr().cast(), count) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_and_rust_flags_are_equal() {
        for (c, rust) in [
            (jf_flag::JF_OUT_OF_BAND, Flags::OUT_OF_BAND),
            (jf_flag::JF_PEEK, Flags::PEEK),
            (jf_flag::JF_TRUNC, Flags::TRUNC),
            (jf_flag::JF_DONT_WAIT, Flags::DONT_WAIT),
            (jf_flag::JF_WAIT_ALL, Flags::WAIT_ALL),
            (jf_flag::JF_CONFIRM, Flags::CONFIRM),
            (jf_flag::JF_ERROR_QUEUE, Flags::ERROR_QUEUE),
            (jf_flag::JF_MORE, Flags::MORE),
        ] {
            assert_eq!(Flags::from_bits_retain(c as u32), rust);
        }
        assert_eq!(crate::ffi::addr::jf_size::JF_VEC_MAX as usize, VEC_MAX);
    }
}
