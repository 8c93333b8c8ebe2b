//! Sending and receiving messages as C sees it.

use super::addr::jf_addr;
use super::boundary::{array, bytes, count, guard};
use super::handle::InUse;
use super::io::{NO_COPIES, recv_bufs, send_bufs};
use super::msg::{jf_cut, jf_has, jf_msg, jf_passed, jf_passed_kind};
use super::socket::{SOCKETS, jf_socket};
use super::status::code;
use crate::net::{Credentials, Error, Flags, Incoming, Outgoing, PacketInfo, Result, SendBuf, Socket};
use std::mem::{MaybeUninit, align_of, size_of};
use std::os::fd::{AsFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::time::Duration;
use std::{iter, ptr, slice};

const KNOWN: u32 = 0x1FFF;
/// What can be sent.
const SENDABLE: u32 = 0x3F;
/// How much packed control data is taken from a caller; what else there is fits beside it.
const OTHER_MAX: usize = 2048;

const fn bit(bit: jf_has) -> u32 {
    bit as u32
}

/// A caller's message, once its size turned out to be one.
///
/// # Safety
/// If not NULL, `message` must be readable for as many bytes as its size says, and nobody may write to it for
/// as long as the result is used.
unsafe fn message<'a>(message: *const jf_msg) -> Result<&'a jf_msg> {
    if message.is_null() || !message.is_aligned() {
        return Err(Error::INVALID);
    }
    // SAFETY: the caller's.
    let size = unsafe { (*message).size } as usize;
    let more = size.checked_sub(size_of::<jf_msg>()).ok_or(Error::INVALID)?;
    // A later version's members are unknown here, so they must ask for nothing. No version is so large.
    if more > 4096 {
        return Err(Error::INVALID);
    }
    // SAFETY: the caller's.
    let more = unsafe { slice::from_raw_parts(message.add(1).cast::<u8>(), more) };
    if more.iter().any(|&byte| byte != 0) {
        return Err(Error::INVALID);
    }
    // SAFETY: the caller's; all bytes are a message.
    let message = unsafe { &*message };
    if message.reserved == 0 { Ok(message) } else { Err(Error::INVALID) }
}

/// Sends a message: data, to an address perhaps, with descriptors, credentials and other things beside it.
///
/// s: the socket.
/// msg: the message, which is only read; not NULL. Of the members, those count that present names, and bufs, passed
/// and other. Values that are zero are not needed.
/// flags: as for jf_send.
///
/// Blocks for JF_OPT_SEND_TIMEOUT until there is room. On a stream what goes beside the data goes with its first byte;
/// when less than all was taken over, send the rest without it. A socket that is passed may be closed meanwhile: where
/// the call has to wait, it takes a duplicate of it (JF_E_TOO_MANY_FILES). Returns how many bytes were taken over: of a
/// message all. Errors: those of jf_send and, with an address, of jf_send_to; JF_E_UNSUPPORTED for something that such
/// a socket does not carry, or that can only be received; JF_E_INVALID for a NULL, a wrong size, an unknown bit, a
/// value out of range, more than JF_PASSED_MAX descriptors, and for something to go beside no data on a stream;
/// JF_E_BAD_HANDLE for a socket or descriptor to pass that is not open; JF_E_PERMISSION for the credentials of another;
/// JF_E_NOT_FOUND for an interface or a process that is not there; for an address in local that is not this machine's
/// JF_E_INVALID, or JF_E_NETWORK_UNREACHABLE of IPv4. See sendmsg(2), cmsg(3), unix(7), ip(7), ipv6(7), udp(7). Since
/// 0.1.
// SAFETY: `msg` is NULL or readable for its size, and so are its arrays for their counts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_send_msg(s: jf_socket, msg: *const jf_msg, flags: u32) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let msg = unsafe { message(msg) }?;
        let mut room = NO_COPIES;
        // SAFETY: the caller's.
        let bufs = unsafe { send_bufs(msg.bufs, msg.buf_count, &mut room) }?;
        // SAFETY: the caller's.
        let outgoing = unsafe { outgoing(msg) }?;
        let flags = Flags::from_bits(flags);
        if msg.passed_count == 0 {
            return send(s, bufs, flags, &outgoing);
        }
        // SAFETY: the caller's.
        let passed = unsafe { to_pass(msg.passed, msg.passed_count) }?;
        let mut held = [const { None }; Outgoing::DESCRIPTORS_MAX];
        let held = held.get_mut(..passed.len()).ok_or(Error::INVALID)?;
        for (place, passed) in held.iter_mut().zip(passed) {
            *place = Some(Passed::of(passed)?);
        }
        // Whoever closes a socket waits for the calls that use it, and can't wake one that waits for another socket. So
        // while this one waits, it has duplicates instead.
        let may_let_go = held.iter().flatten().any(Passed::is_in_use);
        let mut now = if may_let_go { flags | Flags::DONT_WAIT } else { flags };
        loop {
            let result = pass(held, |fds| send(s, bufs, now, &Outgoing { descriptors: fds, ..outgoing.clone() }));
            if now == flags || result != Err(Error::WOULD_BLOCK) {
                return result;
            }
            for passed in held.iter_mut().flatten() {
                passed.let_go()?;
            }
            now = flags;
        }
    })
}

#[inline(never)]
fn send(s: jf_socket, bufs: &[SendBuf<'_>], flags: Flags, outgoing: &Outgoing<'_>) -> Result<i64> {
    SOCKETS.with(s, |socket| socket.send_msg(bufs, flags, outgoing)).map(count)
}

/// A thing to be passed, which stays open meanwhile.
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

    fn is_in_use(&self) -> bool {
        matches!(self, Passed::Socket(_))
    }

    /// Uses a socket no longer, but what it is now.
    #[cold]
    fn let_go(&mut self) -> Result<()> {
        if let Passed::Socket(socket) = self {
            *self = Passed::Duplicate(socket.try_clone_fd()?);
        }
        Ok(())
    }

    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Passed::Socket(socket) => socket.as_fd(),
            Passed::Duplicate(fd) => fd.as_fd(),
            // SAFETY: it is not -1; whether it is open, the system finds out.
            Passed::Descriptor(fd) => unsafe { BorrowedFd::borrow_raw(*fd) },
        }
    }
}

/// Has `call` use the descriptors of what is passed, at most as many as a message carries.
fn pass<R>(passed: &[Option<Passed>], call: impl FnOnce(&[BorrowedFd<'_>]) -> R) -> R {
    // SAFETY: no descriptor is looked at that was not written: there are as many as are passed.
    let mut fds = [unsafe { BorrowedFd::borrow_raw(0) }; Outgoing::DESCRIPTORS_MAX];
    let mut count = 0;
    for (fd, passed) in fds.iter_mut().zip(passed.iter().flatten()) {
        *fd = passed.as_fd();
        count += 1;
    }
    call(fds.get(..count).unwrap_or_default())
}

/// # Safety
/// If not NULL, `data` must be readable for `count` of them for as long as the result is used.
unsafe fn to_pass<'a>(data: *const jf_passed, count: usize) -> Result<&'a [jf_passed]> {
    if count > Outgoing::DESCRIPTORS_MAX || data.is_null() || !data.is_aligned() {
        return Err(Error::INVALID);
    }
    // SAFETY: the caller's.
    Ok(unsafe { slice::from_raw_parts(data, count) })
}

/// # Safety
/// `other` must be NULL or readable for as much as it says.
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
    // SAFETY: the caller's.
    outgoing.packed = unsafe { bytes(msg.other, msg.other_len) }?;
    Ok(outgoing)
}

/// Receives bytes from a stream, as many as are there, or one message, and what came beside them.
///
/// s: the socket.
/// msg: the message; not NULL. Read are bufs, passed_room with passed, and other_room with other; written are present,
/// truncated, passed_count, other_len, and the members that present names.
/// flags: as for jf_recv, and JF_PLAIN_DESCRIPTORS. With JF_ERROR_QUEUE the data is that of the datagram in question;
/// of a timestamp it is the packet with all its headers, or nothing (JF_TS_OPT_TSONLY).
///
/// Blocks for JF_OPT_RECV_TIMEOUT until something is there; with JF_ERROR_QUEUE never. Returns how many bytes came, as
/// jf_recv does. What did not fit is told in truncated: of the data with JF_E_TRUNCATED, after which msg is written
/// nonetheless; of what came beside it there is no other sign. Descriptors for which there is no room, or that nobody
/// asked for, are closed. Errors: those of jf_recv; JF_E_INVALID for a NULL or a wrong size. See recvmsg(2), cmsg(3),
/// unix(7), ip(7), ipv6(7), udp(7). Since 0.1.
// SAFETY: `msg` is NULL or readable and writable for its size, and its arrays are writable for their room.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_recv_msg(s: jf_socket, msg: *mut jf_msg, flags: u32) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        unsafe { message(msg) }?;
        // SAFETY: it is one, and the caller's to be written to.
        let msg = unsafe { &mut *msg };
        let mut room = NO_COPIES;
        // SAFETY: the caller's.
        let bufs = unsafe { recv_bufs(msg.bufs, msg.buf_count, &mut room) }?;
        // SAFETY: the caller's.
        let passed = unsafe { array(msg.passed, msg.passed_room) }?;
        // SAFETY: the caller's; only the pointer and the length are looked at.
        unsafe { bytes(msg.other, msg.other_room) }?;
        let plain = flags & PLAIN != 0;
        let flags = Flags::from_bits(flags & !PLAIN);
        let mut incoming = Incoming::new();
        let mut other = Other { at: msg.other.cast(), room: msg.other_room, len: 0 };
        let result =
            SOCKETS.with(s, |socket| socket.recv_msg_with(bufs, flags, &mut incoming, &mut |packed| other.add(packed)));
        if matches!(result, Ok(_) | Err(Error::TRUNCATED)) {
            msg.other_len = other.len;
            fill(msg, &mut incoming, passed, plain);
        }
        result.map(count)
    })
}

/// JF_PLAIN_DESCRIPTORS: a flag of this layer alone.
const PLAIN: u32 = super::io::jf_flag::JF_PLAIN_DESCRIPTORS as u32;

/// A caller's room for packed control data.
struct Other {
    at: *mut u8,
    room: usize,
    len: usize,
}

impl Other {
    /// Adds a piece with the padding behind it, if all of it fits.
    fn add(&mut self, packed: &[u8]) -> bool {
        let padded = packed.len().next_multiple_of(align_of::<usize>());
        if padded > self.room - self.len {
            return false;
        }
        // SAFETY: the room was checked to have a place, and it is the caller's to have as much of it as it says.
        unsafe {
            let at = self.at.add(self.len);
            ptr::copy_nonoverlapping(packed.as_ptr(), at, packed.len());
            ptr::write_bytes(at.add(packed.len()), 0, padded - packed.len());
        }
        self.len += padded;
        true
    }
}

/// Writes a message.
fn fill(msg: &mut jf_msg, incoming: &mut Incoming, passed: &mut [MaybeUninit<jf_passed>], plain: bool) {
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
    msg.passed_count = if incoming.descriptor_count() > 0 { hand_over(incoming, passed, plain) } else { 0 };
    let cut = incoming.control_is_cut || incoming.descriptor_count() > 0;
    msg.truncated =
        u32::from(incoming.is_cut) * jf_cut::JF_CUT_DATA as u32 + u32::from(cut) * jf_cut::JF_CUT_CONTROL as u32;
}

/// Hands descriptors over, as many as there are places for, and returns how many.
#[cold]
fn hand_over(incoming: &mut Incoming, passed: &mut [MaybeUninit<jf_passed>], plain: bool) -> usize {
    let count = incoming.descriptor_count().min(passed.len());
    for (place, fd) in passed.iter_mut().zip(iter::from_fn(|| incoming.take_descriptor())) {
        place.write(received(fd, plain));
    }
    count
}

/// A descriptor that came: whatever can be a socket is one.
fn received(fd: OwnedFd, plain: bool) -> jf_passed {
    // Where it is until a socket has it.
    let mut left = Some(fd);
    let socket = SOCKETS.insert(|| {
        let fd = left.take_if(|_| !plain).ok_or(Error::INVALID)?;
        Socket::from_fd(fd).map_err(|(error, fd)| {
            left = Some(fd);
            error
        })
    });
    let (value, kind) = match (left, socket) {
        (Some(fd), _) => (fd.into_raw_fd().into(), jf_passed_kind::JF_PASSED_DESCRIPTOR),
        (None, socket) => (socket.unwrap_or_else(code), jf_passed_kind::JF_PASSED_SOCKET),
    };
    jf_passed { value, kind: kind as u32, reserved: 0 }
}

fn nanoseconds(time: Duration) -> i64 {
    time.as_nanos().try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::msg::jf_origin;
    use super::*;
    use crate::net::Origin;

    #[test]
    fn c_and_rust_number_alike() {
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
}
