//! Addresses: the C struct and functions.

use super::boundary::{TextBuffer, done, guard, required, text};
use crate::net::{Addr, Error, RawAddr, Result};
use std::ffi::c_char;
use std::mem::{align_of, offset_of, size_of};
use std::ptr;

/// Sizes and limits.
#[repr(C)]
#[allow(dead_code, reason = "C names for numbers that the core defines")]
#[derive(Clone, Copy)]
pub enum jf_size {
    /// Buffer size that is enough for every address as text, including the NUL.
    JF_ADDR_TEXT = 352,
    /// Buffer size that is enough for every host name, including the NUL.
    JF_HOST_TEXT = 1025,
    /// Maximum number of buffers of jf_send_vec and jf_recv_vec.
    JF_VEC_MAX = 1024,
    /// Maximum number of descriptors in one message.
    JF_PASSED_MAX = 253,
    /// Maximum number of sockets of jf_wait.
    JF_WAIT_MAX = 256,
}

/// An address: 128 bytes on every operating system. All numbers are in the host's byte order.
///
/// An IPv4 or IPv6 address has a port. A UNIX address has a path, an abstract name (Linux) or no name (`len` 0). Fill
/// the struct with jf_addr_parse, or zero the whole struct and set its fields. See docs/addresses.md.
#[repr(C)]
pub struct jf_addr {
    /// [enum(jf_family)] The address family; JF_UNSPEC for no address.
    pub family: u16,
    /// JF_INET, JF_INET6: the port. JF_PACKET: the protocol of the frame, which is its Ethernet type.
    pub port: u16,
    /// JF_INET6: the interface index of a link-local address, else 0. JF_NETLINK: the port of the socket, 0 for the
    /// kernel. JF_VSOCK: the machine (CID), UINT32_MAX for any. JF_PACKET: the interface index.
    pub scope_id: u32,
    /// JF_INET6: flow label and traffic class. JF_NETLINK: a mask of groups. JF_VSOCK: the port, UINT32_MAX for any.
    /// JF_PACKET, for a received frame: its packet type (PACKET_HOST and so on, see packet(7)) times 65536, plus the
    /// hardware type (ARPHRD_).
    pub flow_info: u32,
    /// Number of bytes used in `data`: 4 for JF_INET, 16 for JF_INET6, 0 to 108 for JF_UNIX, 0 to 32 for JF_PACKET,
    /// else 0.
    pub len: u32,
    /// The IP address in network byte order; a path, which needs no terminating NUL; a NUL and an abstract name; or a
    /// hardware address.
    pub data: [u8; 112],
}

const _: () = assert!(
    size_of::<jf_addr>() == 128
        && size_of::<Addr>() == 128
        && align_of::<jf_addr>() == align_of::<Addr>()
        && offset_of!(jf_addr, family) == offset_of!(RawAddr, family)
        && offset_of!(jf_addr, port) == offset_of!(RawAddr, port)
        && offset_of!(jf_addr, scope_id) == offset_of!(RawAddr, scope_id)
        && offset_of!(jf_addr, flow_info) == offset_of!(RawAddr, flow_info)
        && offset_of!(jf_addr, len) == offset_of!(RawAddr, len)
        && offset_of!(jf_addr, data) == offset_of!(RawAddr, data)
);

/// Checks a caller's address.
///
/// # Safety
/// If not NULL, `addr` must be readable for as long as the result is used.
#[inline]
pub unsafe fn addr<'a>(addr: *const jf_addr) -> Result<&'a Addr> {
    let raw = addr.cast::<RawAddr>();
    if raw.is_null() || !raw.is_aligned() {
        return Err(Error::INVALID);
    }
    // SAFETY: guaranteed by the caller; the layouts are equal.
    Addr::check(unsafe { &*raw })?;
    // SAFETY: an `Addr` is a `RawAddr` that has passed the check.
    Ok(unsafe { &*raw.cast::<Addr>() })
}

impl jf_addr {
    pub fn of(addr: &Addr) -> jf_addr {
        // SAFETY: the layouts are equal, and any bytes are a valid `jf_addr`.
        unsafe { ptr::from_ref(addr).cast::<jf_addr>().read() }
    }

    /// The address, if it is valid.
    pub fn checked(&self) -> Result<&Addr> {
        // SAFETY: a reference is readable.
        unsafe { addr(self) }
    }
}

/// Checks a caller's address; NULL is `None`.
///
/// # Safety
/// As [`addr`].
pub unsafe fn optional_addr<'a>(address: *const jf_addr) -> Result<Option<&'a Addr>> {
    // SAFETY: guaranteed by the caller.
    if address.is_null() { Ok(None) } else { unsafe { addr(address) }.map(Some) }
}

/// Parses an address. Host names are not resolved.
///
/// The forms are "127.0.0.1:80", "[::1]:80", "[fe80::1%eth0]:80" (or an interface index), "unix:/path",
/// "unix:@abstract name", "unix:" for no name, "vsock:2:1024" (machine and port; either may be "any"), "netlink:0:1"
/// (port and groups) and "packet:eth0:0x0800:02:00:00:00:00:01" (interface, protocol, and an optional hardware
/// address). In a UNIX address, % and two hexadecimal digits stand for one byte. See docs/addresses.md.
///
/// @param text  [in, text] the address
/// @param out   [out] where to write the address
///
/// @blocks  never
/// @return  [nothing]
/// @error JF_E_ADDR_INVALID                       the text is not an address
/// @error JF_E_NOT_FOUND                          no interface has this name
/// @error JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES  no descriptor is left for the lookup of an interface
/// @since 0.1
// SAFETY: `text` is NULL or a C string; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_addr_parse(text: *const c_char, out: *mut jf_addr) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller; the layouts are equal.
        let out = unsafe { required(out.cast::<Addr>()) }?;
        // SAFETY: guaranteed by the caller.
        let text = unsafe { self::text(text) }?.to_str().map_err(|_| Error::ADDR_INVALID)?;
        out.write(text.parse()?);
        Ok(0)
    })
}

/// Formats an address as text.
///
/// jf_addr_parse reads every such text, except "unspecified", which stands for JF_UNSPEC. `flow_info` of JF_INET6 and
/// JF_PACKET is not part of the text.
///
/// In a UNIX address, control characters, zero bytes, %, bytes that are not UTF-8, and an @ at the start of a path are
/// written as % and two hexadecimal digits.
///
/// @param a     [in] the address
/// @param text  [out, text(size)] where to write the text
/// @param size  capacity of `text` in bytes; JF_ADDR_TEXT is enough for every address
///
/// @blocks  never
/// @return  [length] of the whole text. If it is `size` or more, the text did not fit, and an empty string was written
///          (nothing, if `size` is 0)
/// @error JF_E_FAMILY_UNSUPPORTED, JF_E_ADDR_INVALID  the address is invalid
/// @since 0.1
// SAFETY: `a` is NULL or readable; `text` is NULL or writable for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_addr_format(a: *const jf_addr, text: *mut c_char, size: usize) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let out = unsafe { TextBuffer::new(text, size) }?;
        // SAFETY: guaranteed by the caller.
        Ok(out.write(unsafe { addr(a) }?.to_string().as_bytes()))
    })
}

/// Compares two addresses. `flow_info` is ignored for JF_INET6 and JF_PACKET.
///
/// @param a  [in] an address
/// @param b  [in] another address
///
/// @blocks  never
/// @return  [boolean] 1 if the addresses are equal, else 0
/// @error JF_E_FAMILY_UNSUPPORTED, JF_E_ADDR_INVALID  one of the addresses is invalid
/// @since 0.1
// SAFETY: both are NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_addr_equal(a: *const jf_addr, b: *const jf_addr) -> i64 {
    // SAFETY: guaranteed by the caller.
    guard(|| Ok((unsafe { addr(a)? == addr(b)? }).into()))
}

/// Returns the family of an address, for callers that can't read structs.
///
/// @param a  [in] the address
///
/// @blocks  never
/// @return  [enum(jf_family)] the family
/// @error JF_E_FAMILY_UNSUPPORTED, JF_E_ADDR_INVALID  the address is invalid
/// @since 0.1
// SAFETY: `a` is NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_addr_family(a: *const jf_addr) -> i64 {
    // SAFETY: guaranteed by the caller.
    guard(|| Ok(unsafe { addr(a) }?.family() as i64))
}

/// Returns the port of an IPv4 or IPv6 address, for callers that can't read structs.
///
/// @param a  [in] the address
///
/// @blocks  never
/// @return  [number] the port, in the host's byte order
/// @error JF_E_FAMILY_UNSUPPORTED  the address has no port
/// @error JF_E_ADDR_INVALID        the address is invalid
/// @since 0.1
// SAFETY: `a` is NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_addr_port(a: *const jf_addr) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let addr = unsafe { addr(a) }?;
        addr.port().map(i64::from).ok_or(Error::FAMILY_UNSUPPORTED)
    })
}

/// Sets the port of an IPv4 or IPv6 address, for callers that can't write structs.
///
/// @param a     [inout] the address
/// @param port  0 to 65535, in the host's byte order
///
/// @blocks  never
/// @return  [nothing]
/// @error JF_E_INVALID             `port` is out of range
/// @error JF_E_FAMILY_UNSUPPORTED  the address has no port
/// @error JF_E_ADDR_INVALID        the address is invalid
/// @since 0.1
// SAFETY: `a` is NULL or readable and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_addr_set_port(a: *mut jf_addr, port: i32) -> i64 {
    guard(|| {
        let port = u16::try_from(port).map_err(|_| Error::INVALID)?;
        // SAFETY: guaranteed by the caller.
        let mut addr = *unsafe { addr(a) }?;
        addr.set_port(port).map(done)?;
        // SAFETY: guaranteed by the caller.
        unsafe { required(a.cast()) }?.write(addr);
        Ok(0)
    })
}
