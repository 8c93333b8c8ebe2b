//! Sending and receiving messages with control messages: the C functions.

use super::addr::jf_addr;
use super::boundary::{array, bytes, count, guard};
use super::handle::InUse;
use super::message_types::{jf_cut, jf_has, jf_msg, jf_passed, jf_passed_kind};
use super::send_recv::{NO_COPIES, recv_bufs, send_bufs};
use super::socket::{SOCKETS, jf_socket};
use super::status::code;
use crate::net::{Credentials, Error, Flags, Incoming, Outgoing, PacketInfo, Result, SendBuf, Socket};
use std::mem::{MaybeUninit, align_of, size_of};
use std::os::fd::{AsFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::time::Duration;
use std::{iter, ptr, slice};

/// The JF_HAS_ bits of this version.
const KNOWN: u32 = (1 << Incoming::FIELDS.len()) - 1;
/// The JF_HAS_ bits that can be sent.
const SENDABLE: u32 = 0x3F;
/// Maximum length of a caller's packed control messages; the library's own fit into the remaining buffer.
const OTHER_MAX: usize = 2048;

const fn bit(bit: jf_has) -> u32 {
    bit as u32
}

/// Checks a caller's message: its size and its reserved fields.
///
/// # Safety
/// If not NULL, `message` must be readable for as many bytes as its `size` says, and must not be written to for as long
/// as the result is used.
unsafe fn message<'a>(message: *const jf_msg) -> Result<&'a jf_msg> {
    if message.is_null() || !message.is_aligned() {
        return Err(Error::INVALID);
    }
    // SAFETY: guaranteed by the caller.
    let size = unsafe { (*message).size } as usize;
    let more = size.checked_sub(size_of::<jf_msg>()).ok_or(Error::INVALID)?;
    // Fields of a later version are unknown here, so they must be zero. No version is larger than the limit.
    if more > 4096 {
        return Err(Error::INVALID);
    }
    // SAFETY: guaranteed by the caller.
    let more = unsafe { slice::from_raw_parts(message.add(1).cast::<u8>(), more) };
    if more.iter().any(|&byte| byte != 0) {
        return Err(Error::INVALID);
    }
    // SAFETY: guaranteed by the caller; any bytes are a valid `jf_msg`.
    let message = unsafe { &*message };
    if message.reserved == 0 { Ok(message) } else { Err(Error::INVALID) }
}

/// Sends a message: data with an optional address, descriptors, credentials and other control messages.
///
/// On a stream, control messages are attached to the first byte. If not all bytes were accepted, send the remaining
/// bytes without them. See docs/messages.md.
///
/// @param s      socket
/// @param msg    [in] the message. The call reads `size`, `bufs`, `passed`, `other` and the fields whose bits are set
///               in `present`
/// @param flags  [flags(jf_flag)] as for jf_send
///
/// @blocks  at most JF_OPT_SEND_TIMEOUT, until the queue has space
/// @return  [count] number of bytes that the system accepted; for a message, all
/// @error JF_E_WOULD_BLOCK, JF_E_TIMED_OUT        the queue had no space in time; on a stream, not even for one byte
/// @error JF_E_PIPE, JF_E_CONN_RESET              the connection has ended
/// @error JF_E_NOT_CONNECTED, JF_E_DEST_REQUIRED  the socket has no peer, and JF_HAS_ADDR is not set in `present`
/// @error JF_E_CONN_REFUSED        an earlier datagram was refused, because no socket is bound to its destination; or
///                                 no socket is bound to the UNIX path
/// @error JF_E_MESSAGE_SIZE        the message is longer than the socket can send
/// @error JF_E_NETWORK_UNREACHABLE, JF_E_HOST_UNREACHABLE  no route to the network or the host; with IPv4,
///                                 JF_E_NETWORK_UNREACHABLE also if `local` is not an address of this machine
/// @error JF_E_ACCESS              broadcast address, but JF_OPT_BROADCAST is not set
/// @error JF_E_FAMILY_UNSUPPORTED  an address and the socket differ in family
/// @error JF_E_ADDR_INVALID        an address is invalid, or the destination is an unnamed UNIX address
/// @error JF_E_TYPE_UNSUPPORTED    JF_HAS_ADDR is set in `present`, and the socket is not a datagram socket
/// @error JF_E_UNSUPPORTED         the socket does not support a flag or a field, or the field can only be received
/// @error JF_E_INVALID             wrong `size`, unknown bit, value out of range, more than JF_PASSED_MAX descriptors,
///                                 control messages without data on a stream, or `local` is not an address of this
///                                 machine
/// @error JF_E_CLOSED              a socket in `passed` is closed
/// @error JF_E_BAD_HANDLE          a descriptor in `passed` is not open, or a number is not a handle of a socket
/// @error JF_E_TOO_MANY_FILES      the call has to wait, and no descriptor is left to duplicate the passed sockets
/// @error JF_E_PERMISSION          the process may not send these credentials
/// @error JF_E_NOT_FOUND           the interface or the process does not exist
/// @see sendmsg(2), cmsg(3), unix(7), ip(7), ipv6(7), udp(7)
/// @since 0.1
// SAFETY: `msg` is NULL or readable for its size, and so are its arrays for their counts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_send_msg(s: jf_socket, msg: *const jf_msg, flags: u32) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let msg = unsafe { message(msg) }?;
        let mut copies = NO_COPIES;
        // SAFETY: guaranteed by the caller.
        let bufs = unsafe { send_bufs(msg.bufs, msg.buf_count, &mut copies) }?;
        // SAFETY: guaranteed by the caller.
        let outgoing = unsafe { outgoing(msg) }?;
        let flags = Flags::from_bits_retain(flags);
        if msg.passed_count == 0 {
            return send(s, bufs, flags, &outgoing);
        }
        // SAFETY: guaranteed by the caller.
        let passed = unsafe { passed_array(msg.passed, msg.passed_count) }?;
        let mut held = [const { None }; Outgoing::DESCRIPTORS_MAX];
        let held = held.get_mut(..passed.len()).ok_or(Error::INVALID)?;
        for (place, passed) in held.iter_mut().zip(passed) {
            *place = Some(Passed::of(passed)?);
        }
        // jf_close of a passed socket waits for the calls that use it, but can't wake this call, which waits for
        // another socket. So if this call has to wait, it replaces the passed sockets by duplicates first.
        let has_sockets = held.iter().flatten().any(Passed::is_socket);
        let mut attempt_flags = if has_sockets { flags | Flags::DONT_WAIT } else { flags };
        loop {
            let result = with_descriptors(held, |fds| {
                send(s, bufs, attempt_flags, &Outgoing { descriptors: fds, ..outgoing.clone() })
            });
            if attempt_flags == flags || result != Err(Error::WOULD_BLOCK) {
                return result;
            }
            for passed in held.iter_mut().flatten() {
                passed.duplicate()?;
            }
            attempt_flags = flags;
        }
    })
}

#[inline(never)]
fn send(s: jf_socket, bufs: &[SendBuf<'_>], flags: Flags, outgoing: &Outgoing<'_>) -> Result<i64> {
    SOCKETS.with(s, |socket| socket.send_msg(bufs, flags, outgoing)).map(count)
}

/// A socket or descriptor to send, which is kept open during the call.
enum Passed {
    Socket(InUse<'static, Socket>),
    Duplicate(OwnedFd),
    Descriptor(RawFd),
}

impl Passed {
    fn of(passed: &jf_passed) -> Result<Passed> {
        match passed.kind {
            _ if passed.reserved != 0 => Err(Error::INVALID),
            1 => SOCKETS.enter(passed.value).map(Passed::Socket),
            2 => RawFd::try_from(passed.value)
                .ok()
                .filter(|&fd| fd >= 0)
                .map(Passed::Descriptor)
                .ok_or(Error::BAD_HANDLE),
            _ => Err(Error::INVALID),
        }
    }

    fn is_socket(&self) -> bool {
        matches!(self, Passed::Socket(_))
    }

    /// Replaces a socket that is in use by a duplicate of its descriptor.
    #[cold]
    fn duplicate(&mut self) -> Result<()> {
        if let Passed::Socket(socket) = self {
            *self = Passed::Duplicate(socket.try_clone_fd()?);
        }
        Ok(())
    }

    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Passed::Socket(socket) => socket.as_fd(),
            Passed::Duplicate(fd) => fd.as_fd(),
            // SAFETY: not -1; the system checks whether it is open.
            Passed::Descriptor(fd) => unsafe { BorrowedFd::borrow_raw(*fd) },
        }
    }
}

/// Calls `call` with the descriptors of `passed`, at most as many as a message can carry.
fn with_descriptors<R>(passed: &[Option<Passed>], call: impl FnOnce(&[BorrowedFd<'_>]) -> R) -> R {
    // SAFETY: `call` gets only the elements that are written below.
    let mut fds = [unsafe { BorrowedFd::borrow_raw(0) }; Outgoing::DESCRIPTORS_MAX];
    let mut count = 0;
    for (fd, passed) in fds.iter_mut().zip(passed.iter().flatten()) {
        *fd = passed.as_fd();
        count += 1;
    }
    call(fds.get(..count).unwrap_or_default())
}

/// Checks a caller's array of sockets and descriptors to send.
///
/// # Safety
/// If not NULL, `data` must be readable for `count` elements for as long as the result is used.
unsafe fn passed_array<'a>(data: *const jf_passed, count: usize) -> Result<&'a [jf_passed]> {
    if count > Outgoing::DESCRIPTORS_MAX || data.is_null() || !data.is_aligned() {
        return Err(Error::INVALID);
    }
    // SAFETY: guaranteed by the caller.
    Ok(unsafe { slice::from_raw_parts(data, count) })
}

/// # Safety
/// `msg.other` must be NULL or readable for `msg.other_len` bytes.
unsafe fn outgoing(msg: &jf_msg) -> Result<Outgoing<'_>> {
    if msg.present & !KNOWN != 0 || msg.other_len > OTHER_MAX {
        return Err(Error::INVALID);
    }
    if msg.present & !SENDABLE != 0 {
        return Err(Error::UNSUPPORTED);
    }
    let has = |what| msg.present & bit(what) != 0;
    let byte = |number: u32| u8::try_from(number).map_err(|_| Error::INVALID);
    let mut outgoing = Outgoing::default();
    if has(jf_has::JF_HAS_ADDR) {
        outgoing.to = Some(msg.addr.checked()?);
    }
    if has(jf_has::JF_HAS_CREDENTIALS) {
        outgoing.credentials = Some(Credentials { pid: msg.pid, uid: msg.uid, gid: msg.gid });
    }
    if has(jf_has::JF_HAS_PACKET_INFO) {
        outgoing.source = Some(PacketInfo { interface: msg.interface_index, addr: *msg.local.checked()? });
    }
    if has(jf_has::JF_HAS_TTL) {
        outgoing.ttl = Some(byte(msg.ttl)?);
    }
    if has(jf_has::JF_HAS_TOS) {
        outgoing.tos = Some(byte(msg.tos)?);
    }
    if has(jf_has::JF_HAS_SEGMENT_SIZE) {
        outgoing.segment_size = Some(msg.segment_size.try_into().map_err(|_| Error::INVALID)?);
    }
    // SAFETY: guaranteed by the caller.
    outgoing.packed = unsafe { bytes(msg.other, msg.other_len) }?;
    Ok(outgoing)
}

/// Receives bytes from a stream, or one message, together with its control messages.
///
/// `truncated` reports what did not fit. If data was truncated, the call also returns JF_E_TRUNCATED; `msg` is written
/// nevertheless. Truncated control messages are reported by `truncated` alone. Descriptors that do not fit are closed.
/// See docs/messages.md.
///
/// @param s      socket
/// @param msg    [inout] the message. Read: `size`, `bufs`, `passed` and `passed_room`, `other` and `other_room`.
///               Written: `present`, `truncated`, `passed_count`, `other_len`, and the fields of `present`
/// @param flags  [flags(jf_flag)] as for jf_recv, and JF_PLAIN_DESCRIPTORS. With JF_ERROR_QUEUE, the data is that of
///               the datagram that failed; for a timestamp, it is the packet with all headers, or nothing
///               (JF_TS_OPT_TSONLY)
///
/// @blocks  at most JF_OPT_RECV_TIMEOUT, until data, the end of the stream or an error is available; with
///          JF_ERROR_QUEUE never
/// @return  [count] number of bytes; 0 at the end of a stream, or for an empty message
/// @error JF_E_WOULD_BLOCK, JF_E_TIMED_OUT  nothing arrived in time
/// @error JF_E_TRUNCATED      the message was longer than the buffers; they are filled, and the remainder is discarded,
///                            unless JF_PEEK is set
/// @error JF_E_CONN_RESET     the peer reset the connection; reported once, after which the stream is at its end
/// @error JF_E_CONN_REFUSED   an earlier datagram was refused, because no socket is bound to its destination
/// @error JF_E_NOT_CONNECTED  the socket is not connected; for a UNIX stream, Linux returns JF_E_INVALID
/// @error JF_E_UNSUPPORTED    the socket does not support a flag, or jf_recv_many has enabled UDP GRO on it
/// @error JF_E_INVALID        wrong `size`
/// @see recvmsg(2), cmsg(3), unix(7), ip(7), ipv6(7), udp(7)
/// @since 0.1
// SAFETY: `msg` is NULL or readable and writable for its size, and its arrays are writable for their capacities.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_recv_msg(s: jf_socket, msg: *mut jf_msg, flags: u32) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        unsafe { message(msg) }?;
        // SAFETY: checked above, and writable as guaranteed by the caller.
        let msg = unsafe { &mut *msg };
        let mut copies = NO_COPIES;
        // SAFETY: guaranteed by the caller.
        let bufs = unsafe { recv_bufs(msg.bufs, msg.buf_count, &mut copies) }?;
        // SAFETY: guaranteed by the caller.
        let passed = unsafe { array(msg.passed, msg.passed_room) }?;
        // SAFETY: guaranteed by the caller; only the pointer and the length are checked.
        unsafe { bytes(msg.other, msg.other_room) }?;
        let plain = flags & PLAIN != 0;
        let flags = Flags::from_bits_retain(flags & !PLAIN);
        let mut incoming = Incoming::new();
        let mut other = OtherBuffer { data: msg.other.cast(), capacity: msg.other_room, len: 0 };
        let result =
            SOCKETS.with(s, |socket| socket.recv_msg_with(bufs, flags, &mut incoming, &mut |packed| other.add(packed)));
        if matches!(result, Ok(_) | Err(Error::TRUNCATED)) {
            msg.other_len = other.len;
            write_message(msg, &mut incoming, passed, plain);
        }
        result.map(count)
    })
}

/// JF_PLAIN_DESCRIPTORS, a flag that only this layer knows.
const PLAIN: u32 = super::send_recv::jf_flag::JF_PLAIN_DESCRIPTORS as u32;

/// A caller's buffer for packed control messages.
struct OtherBuffer {
    data: *mut u8,
    capacity: usize,
    len: usize,
}

impl OtherBuffer {
    /// Appends a control message with its padding, if it fits as a whole.
    fn add(&mut self, packed: &[u8]) -> bool {
        let padded = packed.len().next_multiple_of(align_of::<usize>());
        if padded > self.capacity - self.len {
            return false;
        }
        // SAFETY: the pointer was checked, and the caller guarantees its capacity.
        unsafe {
            let end = self.data.add(self.len);
            ptr::copy_nonoverlapping(packed.as_ptr(), end, packed.len());
            ptr::write_bytes(end.add(packed.len()), 0, padded - packed.len());
        }
        self.len += padded;
        true
    }
}

/// Writes a received message.
fn write_message(msg: &mut jf_msg, incoming: &mut Incoming, passed: &mut [MaybeUninit<jf_passed>], plain: bool) {
    msg.present = 0;
    let mut has = |what| msg.present |= bit(what);
    if let Some(from) = &incoming.from {
        has(jf_has::JF_HAS_ADDR);
        msg.addr = jf_addr::of(from);
    }
    if let Some(Credentials { pid, uid, gid }) = incoming.credentials {
        has(jf_has::JF_HAS_CREDENTIALS);
        (msg.pid, msg.uid, msg.gid) = (pid, uid, gid);
    }
    if let Some(PacketInfo { interface, addr }) = &incoming.destination {
        has(jf_has::JF_HAS_PACKET_INFO);
        (msg.interface_index, msg.local) = (*interface, jf_addr::of(addr));
    }
    if let Some(ttl) = incoming.ttl {
        has(jf_has::JF_HAS_TTL);
        msg.ttl = ttl.into();
    }
    if let Some(tos) = incoming.tos {
        has(jf_has::JF_HAS_TOS);
        msg.tos = tos.into();
    }
    if let Some(size) = incoming.segment_size {
        has(jf_has::JF_HAS_SEGMENT_SIZE);
        msg.segment_size = size;
    }
    if let Some(time) = incoming.timestamp {
        has(jf_has::JF_HAS_TIME);
        msg.time = nanoseconds(time);
    }
    if let Some(time) = incoming.hardware_timestamp {
        has(jf_has::JF_HAS_HARDWARE_TIME);
        msg.hardware_time = nanoseconds(time);
    }
    if let Some(overflow) = incoming.overflow {
        has(jf_has::JF_HAS_OVERFLOW);
        msg.overflow = overflow;
    }
    if let Some(mtu) = incoming.path_mtu {
        has(jf_has::JF_HAS_PATH_MTU);
        msg.path_mtu = mtu;
    }
    if let Some(original) = &incoming.original_destination {
        has(jf_has::JF_HAS_ORIGINAL_DEST);
        msg.original = jf_addr::of(original);
    }
    if let Some(process) = incoming.take_process() {
        has(jf_has::JF_HAS_PROCESS);
        msg.process = process.into_raw_fd().into();
    }
    if let Some(error) = &incoming.error {
        has(jf_has::JF_HAS_ERROR);
        msg.error = error.error.map_or(0, Error::code);
        msg.error_origin = error.origin as u32;
        (msg.icmp_type, msg.icmp_code) = (error.icmp_type.into(), error.icmp_code.into());
        (msg.error_info, msg.error_data) = (error.info, error.data);
        msg.error_from = jf_addr::of(&error.from);
    }
    msg.passed_count = if incoming.descriptor_count() > 0 { move_descriptors(incoming, passed, plain) } else { 0 };
    let is_cut = incoming.is_control_truncated || incoming.descriptor_count() > 0;
    msg.truncated = u32::from(incoming.is_truncated) * jf_cut::JF_CUT_DATA as u32
        + u32::from(is_cut) * jf_cut::JF_CUT_CONTROL as u32;
}

/// Moves descriptors to the caller, as many as fit, and returns how many.
#[cold]
fn move_descriptors(incoming: &mut Incoming, passed: &mut [MaybeUninit<jf_passed>], plain: bool) -> usize {
    let count = incoming.descriptor_count().min(passed.len());
    for (place, fd) in passed.iter_mut().zip(iter::from_fn(|| incoming.take_descriptor())) {
        place.write(jf_passed::from_fd(fd, plain));
    }
    count
}

impl jf_passed {
    /// Makes a jf_passed of a received descriptor: a jf_socket if the library supports it as a socket, unless `plain`.
    fn from_fd(fd: OwnedFd, plain: bool) -> jf_passed {
        // The descriptor, until a socket owns it.
        let mut unclaimed = Some(fd);
        let socket = SOCKETS.insert(|| {
            let fd = unclaimed.take_if(|_| !plain).ok_or(Error::INVALID)?;
            Socket::from_fd(fd).map_err(|(error, fd)| {
                unclaimed = Some(fd);
                error
            })
        });
        let (value, kind) = match (unclaimed, socket) {
            (Some(fd), _) => (fd.into_raw_fd().into(), jf_passed_kind::JF_PASSED_DESCRIPTOR),
            (None, socket) => (socket.unwrap_or_else(code), jf_passed_kind::JF_PASSED_SOCKET),
        };
        jf_passed { value, kind: kind as u32, reserved: 0 }
    }
}

fn nanoseconds(time: Duration) -> i64 {
    time.as_nanos().try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::message_types::jf_origin;
    use super::*;
    use crate::net::{Origin, QueuedError};

    #[test]
    fn c_and_rust_numbers_are_equal() {
        assert_eq!(jf_origin::JF_ORIGIN_OTHER as u32, Origin::Other as u32);
        assert_eq!(jf_origin::JF_ORIGIN_LOCAL as u32, Origin::Local as u32);
        assert_eq!(jf_origin::JF_ORIGIN_ICMP as u32, Origin::Icmp as u32);
        assert_eq!(jf_origin::JF_ORIGIN_ICMP6 as u32, Origin::Icmp6 as u32);
        assert_eq!(jf_origin::JF_ORIGIN_TIMESTAMP as u32, Origin::Timestamp as u32);
        assert_eq!(jf_origin::JF_ORIGIN_ZERO_COPY as u32, Origin::ZeroCopy as u32);
        assert_eq!(jf_passed_kind::JF_PASSED_SOCKET as u32, 1);
        assert_eq!(jf_passed_kind::JF_PASSED_DESCRIPTOR as u32, 2);
        assert_eq!(KNOWN, bit(jf_has::JF_HAS_ERROR) * 2 - 1);
        assert_eq!(SENDABLE, bit(jf_has::JF_HAS_SEGMENT_SIZE) * 2 - 1);
        assert_eq!(crate::ffi::addr::jf_size::JF_PASSED_MAX as usize, Outgoing::DESCRIPTORS_MAX);
    }
    #[test]
    fn c_bits_are_in_the_order_of_the_fields() {
        let bits = [
            (jf_has::JF_HAS_ADDR, "from"),
            (jf_has::JF_HAS_CREDENTIALS, "credentials"),
            (jf_has::JF_HAS_PACKET_INFO, "destination"),
            (jf_has::JF_HAS_TTL, "ttl"),
            (jf_has::JF_HAS_TOS, "tos"),
            (jf_has::JF_HAS_SEGMENT_SIZE, "segment_size"),
            (jf_has::JF_HAS_TIME, "timestamp"),
            (jf_has::JF_HAS_HARDWARE_TIME, "hardware_timestamp"),
            (jf_has::JF_HAS_OVERFLOW, "overflow"),
            (jf_has::JF_HAS_PATH_MTU, "path_mtu"),
            (jf_has::JF_HAS_ORIGINAL_DEST, "original_destination"),
            (jf_has::JF_HAS_PROCESS, "process"),
            (jf_has::JF_HAS_ERROR, "error"),
        ];
        assert_eq!(bits.map(|(_, field)| field), Incoming::FIELDS);
        for (number, (has, field)) in bits.into_iter().enumerate() {
            assert_eq!(bit(has), 1 << number, "{field}");
        }
    }

    #[test]
    fn every_field_is_written() {
        let addr = crate::net::Addr::UNSPEC;
        let error = QueuedError {
            error: None,
            origin: Origin::Other,
            icmp_type: 0,
            icmp_code: 0,
            info: 0,
            data: 0,
            from: addr,
        };
        let mut incoming = Incoming::new();
        incoming.from = Some(addr);
        incoming.credentials = Some(Credentials { pid: 0, uid: 0, gid: 0 });
        incoming.destination = Some(PacketInfo { interface: 0, addr });
        (incoming.ttl, incoming.tos, incoming.segment_size) = (Some(0), Some(0), Some(0));
        (incoming.timestamp, incoming.hardware_timestamp) = (Some(Duration::ZERO), Some(Duration::ZERO));
        (incoming.overflow, incoming.path_mtu) = (Some(0), Some(0));
        incoming.original_destination = Some(addr);
        incoming.process = Some(OwnedFd::from(std::fs::File::open("/dev/null").unwrap()).into());
        incoming.error = Some(error);
        // SAFETY: all members are integers and pointers, for which zero is a value.
        let mut msg = unsafe { std::mem::zeroed::<jf_msg>() };
        write_message(&mut msg, &mut incoming, &mut [], false);
        assert_eq!(msg.present, KNOWN);
        // SAFETY: `write_message` gave the descriptor away.
        drop(unsafe { <OwnedFd as std::os::fd::FromRawFd>::from_raw_fd(msg.process as RawFd) });
    }
}
