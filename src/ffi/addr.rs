//! Addresses as C sees them.

use super::boundary::{TextRoom, done, guard, required, text};
use crate::net::{Addr, Error, RawAddr, Result};
use std::ffi::c_char;
use std::mem::{align_of, offset_of, size_of};
use std::ptr;

/// Sizes.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_size {
    /// Room for every address as text, with the zero at its end.
    JF_ADDR_TEXT = 352,
    /// Room for every host's name, with the zero at its end.
    JF_HOST_TEXT = 1025,
    /// The most buffers that jf_send_vec and jf_recv_vec take.
    JF_VEC_MAX = 1024,
    /// The most descriptors that one message carries.
    JF_PASSED_MAX = 253,
    /// The most sockets that jf_wait waits for.
    JF_WAIT_MAX = 256,
}

/// An address, 128 bytes on every operating system. An IPv4 or IPv6 one has a port; a UNIX one has a path, an abstract
/// name (Linux) or no name (len 0). Fill it with jf_addr_parse, or by hand after setting it all to zero. All numbers
/// are in the host's byte order.
#[repr(C)]
pub struct jf_addr {
    /// JF_INET, JF_INET6, JF_UNIX, JF_NETLINK, JF_VSOCK, JF_PACKET, or JF_UNSPEC for none.
    pub family: u16,
    /// JF_INET, JF_INET6: the port. JF_PACKET: the frame's protocol, which is its Ethernet type.
    pub port: u16,
    /// JF_INET6: the index of the interface that a link-local address belongs to, else 0. JF_NETLINK: the socket's
    /// port, 0 for the kernel's. JF_VSOCK: the machine (CID), UINT32_MAX for any. JF_PACKET: the interface's index.
    pub scope_id: u32,
    /// JF_INET6: flow label and traffic class. JF_NETLINK: a mask of groups. JF_VSOCK: the port, UINT32_MAX for any.
    /// JF_PACKET, of a frame received: what it is (packet(7), PACKET_HOST and so on) times 65536, plus the kind of
    /// hardware (ARPHRD_).
    pub flow_info: u32,
    /// How many bytes of data count: 4 for JF_INET, 16 for JF_INET6, 0 to 108 for JF_UNIX, 0 to 32 for JF_PACKET, else
    /// 0.
    pub len: u32,
    /// The IP address in network byte order; or a path, which needs no zero at its end; or a zero and an abstract
    /// name; or a hardware address.
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

/// A caller's address, once it turned out to be one.
///
/// # Safety
/// If not NULL, `addr` must be readable for as long as the result is used.
#[inline]
pub unsafe fn addr<'a>(addr: *const jf_addr) -> Result<&'a Addr> {
    let raw = addr.cast::<RawAddr>();
    if raw.is_null() || !raw.is_aligned() {
        return Err(Error::INVALID);
    }
    // SAFETY: the caller's; the layouts are the same.
    Addr::check(unsafe { &*raw })?;
    // SAFETY: an `Addr` is a `RawAddr` that passed its check.
    Ok(unsafe { &*raw.cast::<Addr>() })
}

impl jf_addr {
    pub fn of(addr: &Addr) -> jf_addr {
        // SAFETY: the layouts are the same, and all bytes are a `jf_addr`.
        unsafe { ptr::from_ref(addr).cast::<jf_addr>().read() }
    }

    /// The address, once it turned out to be one.
    pub fn checked(&self) -> Result<&Addr> {
        // SAFETY: it is readable.
        unsafe { addr(self) }
    }
}

/// A caller's address, if there is one.
///
/// # Safety
/// As [`addr`].
pub unsafe fn optional_addr<'a>(address: *const jf_addr) -> Result<Option<&'a Addr>> {
    // SAFETY: the caller's.
    if address.is_null() { Ok(None) } else { unsafe { addr(address) }.map(Some) }
}

/// Reads an address from text: "127.0.0.1:80", "[::1]:80", "[fe80::1%eth0]:80" (or the interface's number),
/// "unix:/path", "unix:@abstract name", "unix:" for no name, "vsock:2:1024" for machine and port (or "any"),
/// "netlink:0:1" for port and groups, "packet:eth0:0x0800:02:00:00:00:00:01" for interface, protocol and hardware
/// address, which may be missing. In a UNIX address % and two hexadecimal digits stand for a byte. No name of a host is
/// looked up.
///
/// text: a string that ends with a zero; not NULL.
/// out: where to write the address; not NULL.
///
/// Never blocks. Returns 0. Errors: JF_E_ADDR_INVALID when the text is no address; JF_E_NOT_FOUND when there is no
/// interface of that name; JF_E_TOO_MANY_FILES and JF_E_SYSTEM_FILES when there is no descriptor to ask for one with;
/// JF_E_INVALID for a NULL. Since 0.1.
// SAFETY: `text` is NULL or a C string; `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_addr_parse(text: *const c_char, out: *mut jf_addr) -> i64 {
    guard(|| {
        // SAFETY: the caller's; the layouts are the same.
        let out = unsafe { required(out.cast::<Addr>()) }?;
        // SAFETY: the caller's.
        let text = unsafe { self::text(text) }?.to_str().map_err(|_| Error::ADDR_INVALID)?;
        out.write(text.parse()?);
        Ok(0)
    })
}

/// Writes an address as text that jf_addr_parse reads; "unspecified" for JF_UNSPEC. A UNIX path's bytes that are not
/// text, and a % in it, are written as % and two hexadecimal digits.
///
/// a: the address; not NULL.
/// text: where to write it, with a zero at its end; may be NULL when size is 0.
/// size: how many bytes there are at text; JF_ADDR_TEXT are enough for every address.
///
/// Never blocks. Returns the length of the text without its zero. If that is not less than size, the text did not fit,
/// and an empty string was written instead (nothing, when size is 0). Errors: JF_E_INVALID for a NULL;
/// JF_E_FAMILY_UNSUPPORTED and JF_E_ADDR_INVALID when it is not an address. Since 0.1.
// SAFETY: `a` is NULL or readable; `text` is NULL or writable for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_addr_format(a: *const jf_addr, text: *mut c_char, size: usize) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let room = unsafe { TextRoom::new(text, size) }?;
        // SAFETY: the caller's.
        Ok(room.write(unsafe { addr(a) }?.to_string().as_bytes()))
    })
}

/// Whether two addresses are the same. Of JF_INET6 and JF_PACKET flow_info does not count.
///
/// a, b: the addresses; not NULL.
///
/// Never blocks. Returns 1 or 0. Errors: JF_E_INVALID for a NULL; JF_E_FAMILY_UNSUPPORTED and JF_E_ADDR_INVALID when
/// one is not an address. Since 0.1.
// SAFETY: both are NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_addr_equal(a: *const jf_addr, b: *const jf_addr) -> i64 {
    // SAFETY: the caller's.
    guard(|| Ok((unsafe { addr(a)? == addr(b)? }).into()))
}

/// The family of an address, for callers that can't read structs.
///
/// a: the address; not NULL.
///
/// Never blocks. Returns JF_INET or another of the families. Errors: JF_E_INVALID for a NULL;
/// JF_E_FAMILY_UNSUPPORTED and JF_E_ADDR_INVALID when it is not an address. Since 0.1.
// SAFETY: `a` is NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_addr_family(a: *const jf_addr) -> i64 {
    // SAFETY: the caller's.
    guard(|| Ok(unsafe { addr(a) }?.family() as i64))
}

/// The port of an IPv4 or IPv6 address, for callers that can't read structs.
///
/// a: the address; not NULL.
///
/// Never blocks. Returns the port in the host's byte order. Errors: JF_E_INVALID for a NULL; JF_E_FAMILY_UNSUPPORTED
/// when the address has no port; JF_E_ADDR_INVALID when it is not an address. Since 0.1.
// SAFETY: `a` is NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_addr_port(a: *const jf_addr) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let addr = unsafe { addr(a) }?;
        addr.port().map(i64::from).ok_or(Error::FAMILY_UNSUPPORTED)
    })
}

/// Changes the port of an IPv4 or IPv6 address, for callers that can't write structs.
///
/// a: the address; not NULL.
/// port: 0 to 65535, in the host's byte order.
///
/// Never blocks. Returns 0. Errors: JF_E_INVALID for a NULL or a port out of range; JF_E_FAMILY_UNSUPPORTED when the
/// address has no port; JF_E_ADDR_INVALID when it is not an address. Since 0.1.
// SAFETY: `a` is NULL or readable and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_addr_set_port(a: *mut jf_addr, port: i32) -> i64 {
    guard(|| {
        let port = u16::try_from(port).map_err(|_| Error::INVALID)?;
        // SAFETY: the caller's.
        let mut addr = *unsafe { addr(a) }?;
        addr.set_port(port).map(done)?;
        // SAFETY: the caller's.
        unsafe { required(a.cast()) }?.write(addr);
        Ok(0)
    })
}
