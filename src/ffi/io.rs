//! Sending and receiving as C sees them.

use super::addr::{addr, jf_addr};
use super::boundary::{bytes, count, guard, optional, recv_buf, some_bytes, some_recv_buf};
use super::handle::InUse;
use super::socket::{SOCKETS, jf_socket};
use super::status::code;
use crate::net::{Addr, Error, FastPathMiss, Flags, Incomplete, RecvBuf, Result, SendBuf, Socket, VEC_MAX};
use std::ffi::c_void;
use std::mem::{MaybeUninit, align_of, size_of};
use std::{ptr, slice};

/// Flags of the sending and receiving calls, joined with |.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_flag {
    /// Send, receive: a stream's urgent byte. Receiving it never waits; without one JF_E_INVALID is returned.
    JF_OUT_OF_BAND = 0x1,
    /// Receive: leave the data in the queue, to be received again.
    JF_PEEK = 0x2,
    /// Receive: return a message's whole length, even when it did not fit, instead of JF_E_TRUNCATED. No effect on a
    /// stream, nor where the system does not know the length: in the queue of errors.
    JF_TRUNC = 0x20,
    /// Send, receive: never wait, whatever the socket's timeout.
    JF_DONT_WAIT = 0x40,
    /// Receive on a stream: wait until the buffer is full. Less comes at the end, at the timeout, after an error and
    /// when a signal was handled; jf_recv_exact tells them apart.
    JF_WAIT_ALL = 0x100,
    /// Send: the peer answered just now, so that its link address needs no probe.
    JF_CONFIRM = 0x800,
    /// Receive: take from the queue of errors instead of the data; never waits. 0 is an entry without data there, not
    /// the end. Not for JF_UNIX and JF_NETLINK, and not with JF_PEEK.
    JF_ERROR_QUEUE = 0x2000,
    /// Send: more will follow soon, so that a packet may wait for it.
    JF_MORE = 0x8000,
    /// jf_recv_msg: sockets that came are plain descriptors, as other descriptors are.
    JF_PLAIN_DESCRIPTORS = 0x10000,
}

/// A piece of memory.
#[repr(C)]
pub struct jf_buf {
    /// Where it is; not looked at when len is 0.
    pub data: *mut c_void,
    /// How many bytes.
    pub len: usize,
}

const _: () = assert!(
    size_of::<jf_buf>() == size_of::<SendBuf>()
        && size_of::<jf_buf>() == size_of::<RecvBuf>()
        && align_of::<jf_buf>() == align_of::<SendBuf>()
        && align_of::<jf_buf>() == align_of::<RecvBuf>()
);

/// Sends bytes to the socket's peer: on a stream perhaps not all of them, a message always whole. SIGPIPE is never
/// raised.
///
/// s: a connected socket.
/// data: what to send; not looked at when len is 0.
/// len: how many bytes, at most INT64_MAX. 0 sends an empty message, or nothing on a stream.
/// flags: 0, or JF_DONT_WAIT, JF_MORE, JF_OUT_OF_BAND, JF_CONFIRM joined with |.
///
/// Blocks for JF_OPT_SEND_TIMEOUT until there is room, on a stream until there is room for everything (on a UNIX
/// stream with a timeout for a part). One thread may send while another receives; of two threads that send on a
/// stream, the bytes may mix. Returns how many bytes were taken over. Errors: JF_E_WOULD_BLOCK and JF_E_TIMED_OUT when
/// there was no room; JF_E_PIPE and JF_E_CONN_RESET when the connection is over; JF_E_NOT_CONNECTED and
/// JF_E_DEST_REQUIRED when there is no peer (of TCP, Linux says JF_E_PIPE there too); JF_E_CONN_REFUSED when an
/// earlier datagram found nobody; JF_E_UNSUPPORTED for a flag that such a socket does not have; JF_E_MESSAGE_SIZE;
/// JF_E_CLOSED when another thread closed the socket; JF_E_INTERRUPTED; JF_E_INVALID for a NULL, a length or a flag;
/// JF_E_BAD_HANDLE. See send(2). Since 0.1.
// SAFETY: `data` is NULL or readable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_send(s: jf_socket, data: *const c_void, len: usize, flags: u32) -> i64 {
    let flags = Flags::from_bits(flags);
    // SAFETY: the caller's.
    let buf = unsafe { some_bytes(data, len) }.map(SendBuf::from);
    if let Some((mut buf, socket)) = buf.and_then(|buf| Some((buf, SOCKETS.enter_at_once(s)?))) {
        match socket.send_fast(&mut buf, flags) {
            Ok(result) => return result.map_or_else(code, count),
            Err(Some(first)) => return send_after_miss(socket, first, buf),
            Err(None) => return send_slow(socket, buf, flags),
        }
    }
    // SAFETY: the caller's.
    unsafe { send_checked(s, data, len, flags) }
}

// The short way calls nothing but the system, so it needs no panic guard and no stack. Where it does not end the call, the
// long way has both, in functions of their own.
#[cold]
#[inline(never)]
fn send_after_miss(socket: InUse<'static, Socket>, first: FastPathMiss, buf: SendBuf<'_>) -> i64 {
    guard(|| socket.send_after_miss(first, buf).map(count))
}

#[inline(never)]
fn send_slow(socket: InUse<'static, Socket>, buf: SendBuf<'_>, flags: Flags) -> i64 {
    guard(|| socket.send_slow(buf, flags).map(count))
}

// SAFETY: as `jf_send`. As a function of C's it is known not to unwind, so that a jump leads here.
#[cold]
#[inline(never)]
unsafe extern "C" fn send_checked(s: jf_socket, data: *const c_void, len: usize, flags: Flags) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let bytes = unsafe { bytes(data, len) }?;
        SOCKETS.with(s, |socket| socket.send_slow(bytes.into(), flags)).map(count)
    })
}

/// Receives bytes from a stream, as many as are there, or one message.
///
/// s: a connected socket, or a datagram socket.
/// data: where to put them; not looked at when len is 0.
/// len: how much room there is, at most INT64_MAX.
/// flags: 0, or JF_DONT_WAIT, JF_PEEK, JF_WAIT_ALL, JF_TRUNC, JF_OUT_OF_BAND, JF_ERROR_QUEUE joined with |.
///
/// Blocks for JF_OPT_RECV_TIMEOUT until something is there. One thread may receive while another sends. Returns how
/// many bytes came. 0 is the end of a stream and nothing else (but for len 0, which returns 0 at once on a stream). On
/// a JF_DGRAM socket 0 is an empty message, on a JF_SEQPACKET socket an empty message or the end, which can't be told
/// apart. Errors: JF_E_WOULD_BLOCK and JF_E_TIMED_OUT when nothing came; JF_E_TRUNCATED when a message was longer than
/// the room, which is filled: the rest of the message is lost, but for JF_PEEK; JF_E_CONN_RESET, once: after that the
/// stream is at its end; JF_E_CONN_REFUSED when an earlier datagram found nobody; JF_E_NOT_CONNECTED (of a UNIX
/// stream, Linux says JF_E_INVALID); JF_E_UNSUPPORTED for a flag that such a socket does not have; JF_E_CLOSED when
/// another thread closed the socket; JF_E_INTERRUPTED; JF_E_INVALID for a NULL, a length or a flag; JF_E_BAD_HANDLE.
/// See recv(2). Since 0.1.
// SAFETY: `data` is NULL or writable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_recv(s: jf_socket, data: *mut c_void, len: usize, flags: u32) -> i64 {
    let flags = Flags::from_bits(flags);
    // SAFETY: the caller's.
    let buf = unsafe { some_recv_buf(data, len) };
    if let Some((mut buf, socket)) = buf.and_then(|buf| Some((buf, SOCKETS.enter_at_once(s)?))) {
        match socket.recv_fast(&mut buf, flags) {
            Ok(result) => return result.map_or_else(code, count),
            Err(Some(first)) => return recv_after_miss(socket, first, buf),
            Err(None) => return recv_slow(socket, buf, flags),
        }
    }
    // SAFETY: the caller's.
    unsafe { recv_checked(s, data, len, flags) }
}

#[cold]
#[inline(never)]
fn recv_after_miss(socket: InUse<'static, Socket>, first: FastPathMiss, buf: RecvBuf<'_>) -> i64 {
    guard(|| socket.recv_after_miss(first, buf).map(count))
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
        // SAFETY: the caller's.
        let buf = unsafe { recv_buf(data, len) }?;
        SOCKETS.with(s, |socket| socket.recv_slow(buf, flags)).map(count)
    })
}

/// Sends a message to an address; on a connected datagram socket, to this address instead of the peer.
///
/// s: a datagram socket.
/// data, len, flags: as for jf_send.
/// a: where to; not NULL.
///
/// Blocks for JF_OPT_SEND_TIMEOUT until there is room. Returns how many bytes were taken over: all. Errors: those of
/// jf_send; JF_E_FAMILY_UNSUPPORTED for an address of another family than the socket's; JF_E_ADDR_INVALID when it is
/// not an address, or a UNIX one without a name; JF_E_NETWORK_UNREACHABLE; JF_E_HOST_UNREACHABLE; JF_E_ACCESS for a
/// broadcast address without JF_OPT_BROADCAST; JF_E_NOT_FOUND and JF_E_CONN_REFUSED for a UNIX path;
/// JF_E_TYPE_UNSUPPORTED when it is no datagram socket. See sendto(2). Since 0.1.
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
        // SAFETY: the caller's.
        let (bytes, addr) = unsafe { (bytes(data, len)?, addr(a)?) };
        SOCKETS.with(s, |socket| socket.send_to(bytes, Flags::from_bits(flags), addr)).map(count)
    })
}

/// Receives a message and tells who sent it.
///
/// s: a datagram socket; on a stream it is jf_recv, and the address is JF_UNSPEC.
/// data, len, flags: as for jf_recv.
/// from: where to write the sender's address, which is also written with JF_E_TRUNCATED; NULL if it does not matter.
///
/// Blocks for JF_OPT_RECV_TIMEOUT. Returns and errors: as jf_recv. See recvfrom(2). Since 0.1.
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
        // SAFETY: the caller's; the layouts are the same.
        let Some(from) = unsafe { optional(from.cast::<Addr>()) }? else {
            // SAFETY: the caller's.
            return Ok(unsafe { jf_recv(s, data, len, flags) });
        };
        // SAFETY: an `Addr` may hold any bytes, and nothing reads those that are there.
        let from = unsafe { from.assume_init_mut() };
        // SAFETY: the caller's.
        let buf = unsafe { recv_buf(data, len) }?;
        SOCKETS.with(s, |socket| socket.recv_named(buf, Flags::from_bits(flags), from)).map(count)
    })
}

/// Sends all of the bytes on a stream, however often the system takes only part of them.
///
/// s: a connected stream.
/// data, len: what to send, as for jf_send.
/// sent: where to write how many bytes were sent, also when the call fails; NULL if it does not matter.
///
/// Blocks for JF_OPT_SEND_TIMEOUT, counted once for the whole. Returns 0. Errors: those of jf_send, after any part of
/// the bytes: after JF_E_TIMED_OUT, JF_E_WOULD_BLOCK and JF_E_INTERRUPTED go on with the rest; JF_E_TYPE_UNSUPPORTED
/// when it is no stream. Since 0.1.
// SAFETY: `data` is NULL or readable for `len` bytes; `sent` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_send_all(s: jf_socket, data: *const c_void, len: usize, sent: *mut usize) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let sent = unsafe { optional(sent) }?;
        let result = || {
            // SAFETY: the caller's.
            let bytes = unsafe { bytes(data, len) }?;
            SOCKETS.with(s, |socket| Ok(socket.send_all(bytes)))
        };
        tell_done(sent, len, result())
    })
}

/// Fills the whole buffer from a stream, however often the system gives only part of it.
///
/// s: a connected stream.
/// data, len: the room, as for jf_recv.
/// received: where to write how many bytes came, also when the call fails; NULL if it does not matter.
///
/// Blocks for JF_OPT_RECV_TIMEOUT, counted once for the whole. Returns 0. Errors: JF_E_END_OF_STREAM when the stream
/// ended first; those of jf_recv, after any part of the bytes: after JF_E_TIMED_OUT, JF_E_WOULD_BLOCK and
/// JF_E_INTERRUPTED go on with the rest; JF_E_TYPE_UNSUPPORTED when it is no stream. Since 0.1.
// SAFETY: `data` is NULL or writable for `len` bytes; `received` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_recv_exact(s: jf_socket, data: *mut c_void, len: usize, received: *mut usize) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let received = unsafe { optional(received) }?;
        let result = || {
            // SAFETY: the caller's.
            let buf = unsafe { recv_buf(data, len) }?;
            SOCKETS.with(s, |socket| Ok(socket.recv_exact(buf)))
        };
        tell_done(received, len, result())
    })
}

/// Tells how far a transfer of `len` bytes came, in any case.
fn tell_done(out: Option<&mut MaybeUninit<usize>>, len: usize, result: Result<Result<(), Incomplete>>) -> Result<i64> {
    let (result, done) = match result {
        Ok(Ok(())) => (Ok(0), len),
        Ok(Err(incomplete)) => (Err(incomplete.error), incomplete.done),
        Err(error) => (Err(error), 0),
    };
    out.map(|out| out.write(done));
    result
}

/// Sends the bytes of several buffers, one after the other, as if they were one.
///
/// s: a connected socket.
/// bufs: the buffers, which are only read; not looked at when count is 0.
/// count: how many, at most JF_VEC_MAX; together at most INT64_MAX bytes.
/// flags: as for jf_send.
///
/// Blocks, returns and fails as jf_send. See sendmsg(2). Since 0.1.
// SAFETY: `bufs` is NULL or `count` of them, each NULL or readable for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_send_vec(s: jf_socket, bufs: *const jf_buf, count: usize, flags: u32) -> i64 {
    guard(|| {
        let mut room = NO_BUFS;
        // SAFETY: the caller's.
        let bufs = unsafe { send_bufs(bufs, count, &mut room) }?;
        SOCKETS.with(s, |socket| socket.send_vec(bufs, Flags::from_bits(flags))).map(self::count)
    })
}

/// Receives into several buffers, one after the other, as if they were one.
///
/// s: a connected socket, or a datagram socket.
/// bufs: the buffers; not looked at when count is 0. The array itself is not changed.
/// count: how many, at most JF_VEC_MAX; together at most INT64_MAX bytes.
/// flags: as for jf_recv.
///
/// Blocks, returns and fails as jf_recv. See recvmsg(2). Since 0.1.
// SAFETY: `bufs` is NULL or `count` of them, each NULL or writable for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_recv_vec(s: jf_socket, bufs: *mut jf_buf, count: usize, flags: u32) -> i64 {
    guard(|| {
        let mut room = NO_BUFS;
        // SAFETY: the caller's.
        let bufs = unsafe { recv_bufs(bufs, count, &mut room) }?;
        SOCKETS.with(s, |socket| socket.recv_vec(bufs, Flags::from_bits(flags))).map(self::count)
    })
}

/// Room for a copy of a caller's buffers; it is not touched unless one is made.
pub type BufRoom = [MaybeUninit<jf_buf>; VEC_MAX];
pub const NO_BUFS: BufRoom = [const { MaybeUninit::uninit() }; VEC_MAX];

/// A caller's buffers to send from.
///
/// # Safety
/// If not NULL, `bufs` must be readable for `count` of them, and each for its length, for as long as the
/// result is used.
pub unsafe fn send_bufs(bufs: *const jf_buf, count: usize, room: &mut BufRoom) -> Result<&[SendBuf<'_>]> {
    // SAFETY: the caller's.
    let bufs = unsafe { checked(bufs, count, room) }?;
    // SAFETY: a `SendBuf` is laid out as a `jf_buf`, as both are as the system wants them.
    Ok(unsafe { slice::from_raw_parts(bufs.as_ptr().cast(), bufs.len()) })
}

/// A caller's buffers to receive into.
///
/// # Safety
/// If not NULL, `bufs` must be readable for `count` of them, and each must be writable for its length and
/// nobody else's, for as long as the result is used.
pub unsafe fn recv_bufs(bufs: *mut jf_buf, count: usize, room: &mut BufRoom) -> Result<&mut [RecvBuf<'_>]> {
    // SAFETY: the caller's.
    let bufs = unsafe { checked(bufs, count, room) }?;
    // SAFETY: a `RecvBuf` is laid out as a `jf_buf`, as both are as the system wants them.
    Ok(unsafe { slice::from_raw_parts_mut(bufs.as_ptr().cast_mut().cast(), bufs.len()) })
}

/// A caller's buffers, each of which has a place if it has a length, and none if it has none: the system looks at
/// both. A copy of them is made in `room` when that takes one.
///
/// # Safety
/// If not NULL, `bufs` must be readable for `count` of them for as long as the result is used.
unsafe fn checked(bufs: *const jf_buf, count: usize, room: &mut BufRoom) -> Result<&[jf_buf]> {
    // The limit comes first: an array of an absurd length is not walked.
    let room = room.get_mut(..count).ok_or(Error::INVALID)?;
    if count == 0 {
        return Ok(&[]);
    }
    if bufs.is_null() || !bufs.is_aligned() {
        return Err(Error::INVALID);
    }
    // SAFETY: the caller's.
    let bufs = unsafe { slice::from_raw_parts(bufs, count) };
    if bufs.iter().any(|buf| buf.len > 0 && buf.data.is_null()) {
        return Err(Error::INVALID);
    }
    if !bufs.iter().any(|buf| buf.len == 0 && !buf.data.is_null()) {
        return Ok(bufs);
    }
    for (copy, &jf_buf { data, len }) in room.iter_mut().zip(bufs) {
        copy.write(jf_buf { data: if len == 0 { ptr::null_mut() } else { data }, len });
    }
    // SAFETY: all of them were just written.
    Ok(unsafe { slice::from_raw_parts(room.as_ptr().cast(), count) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_and_rust_number_the_flags_alike() {
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
            assert_eq!(Flags::from_bits(c as u32), rust);
        }
        assert_eq!(crate::ffi::addr::jf_size::JF_VEC_MAX as usize, VEC_MAX);
    }
}
