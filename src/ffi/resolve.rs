//! C functions for name lookup.

use super::addr::{addr, jf_addr};
use super::boundary::{TextBuffer, array, guard, optional_text, text};
use super::socket::kind;
use crate::net::{Deadline, Error, Family, resolve_addr_within, resolve_within};
use std::ffi::c_char;

/// Looks up the addresses of a host and the port of a service, as the system is configured (hosts file, DNS and so on).
///
/// The service is looked up first. If the timeout expires, the lookup continues in its own thread, which ends with the
/// lookup and accesses no memory of the caller. At most 64 lookups of a process run at once, and 64 more of services
/// alone; further ones are queued. A lookup that has timed out counts until it ends. In a child that was forked while
/// another thread looked a name up, glibc may never answer, so use a timeout there. See docs/names.md.
///
/// @param host         [in, text] name (UTF-8; IDNA for non-ASCII names), or IPv4 or IPv6 address without brackets,
///                     optionally with a zone ("fe80::1%eth0"). "" means the loopback addresses. A host whose last
///                     label is a number, such as "127.1", is rejected (JF_E_ADDR_INVALID) unless it is an IPv4
///                     address.
/// @param service      [in, optional, text] port number, or service name such as "https"; NULL or "" means port 0
/// @param family       [enum(jf_family)] JF_INET or JF_INET6 for addresses of one family, JF_UNSPEC for both
/// @param type         [enum(jf_type)] JF_STREAM or JF_DGRAM: socket type to look the service up for; 0 for either
/// @param timeout_ms   [milliseconds] how long to wait; with 0, the call only accepts an address as `host` and a number
///                     as `service`
/// @param out          [out, array(cap)] where to write the addresses, in the order in which to try them (RFC 6724)
/// @param cap          capacity of `out`
///
/// @blocks   at most `timeout_ms`, until the lookup ends; signals do not end it
/// @return   [count] number of addresses, which may exceed `cap`; the first `cap` of them are written
/// @error JF_E_NAME_NOT_FOUND                                  the name does not exist
/// @error JF_E_NAME_NO_ADDRESS                                 the name exists, but has no address of this family
/// @error JF_E_NAME_TRY_AGAIN                                  the name servers did not answer, failed or refused to
///                                                             answer
/// @error JF_E_NAME_FAILED                                     the system reports a permanent failure (glibc never
///                                                             does)
/// @error JF_E_TIMED_OUT                                       the lookup took longer than `timeout_ms`
/// @error JF_E_WOULD_BLOCK                                     a lookup is required and `timeout_ms` is 0
/// @error JF_E_NOT_FOUND                                       the service is unknown, or the zone is not the name of
///                                                             an interface
/// @error JF_E_ADDR_INVALID                                    `host` or `service` is malformed
/// @error JF_E_UNSUPPORTED                                     the name is not ASCII and the system has no IDNA (glibc
///                                                             needs libidn2)
/// @error JF_E_FAMILY_UNSUPPORTED                              `family` is none of the above
/// @error JF_E_TYPE_UNSUPPORTED                                `type` is none of the above
/// @error JF_E_INVALID                                         `timeout_ms` is below -1
/// @error JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES, JF_E_NO_MEMORY   no descriptor or thread is available for the lookup
/// @see getaddrinfo(3)
/// @since 0.1
// SAFETY: `host` and `service` are NULL or NUL-terminated strings; `out` is NULL or writable for `cap` addresses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_resolve(
    host: *const c_char,
    service: *const c_char,
    family: i32,
    r#type: i32,
    timeout_ms: i64,
    out: *mut jf_addr,
    cap: usize,
) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let (host, service, out) = unsafe { (text(host)?, optional_text(service)?, array(out, cap)?) };
        let utf8 = |text: &'_ std::ffi::CStr| text.to_str().map(str::to_owned).map_err(|_| Error::ADDR_INVALID);
        let family = Family::from_number(super::socket::number(family)).ok_or(Error::FAMILY_UNSUPPORTED)?;
        let kind = if r#type == 0 { None } else { Some(kind(r#type)?) };
        let all = resolve_within(&utf8(host)?, &utf8(service)?, family, kind, Deadline::from_ms(timeout_ms)?)?;
        for (place, addr) in out.iter_mut().zip(&all) {
            place.write(jf_addr::of(addr));
        }
        Ok(all.len() as i64)
    })
}

/// Looks up the host name of an address, as the system is configured (hosts file, DNS and so on).
///
/// @param a            [in] JF_INET or JF_INET6 address; its port is ignored
/// @param timeout_ms   [milliseconds] how long to wait
/// @param host         [out, text(size)] where to write the name
/// @param size         capacity of `host` in bytes; JF_HOST_TEXT is enough for every name
///
/// @blocks   at most `timeout_ms`, until the lookup ends; signals do not end it. After the timeout, the lookup
///           continues as for jf_resolve.
/// @return   [length] length of the name. If it is `size` or more, the name did not fit and `host` holds an empty
///           string.
/// @error JF_E_NAME_NOT_FOUND                                  the address has no name
/// @error JF_E_NAME_TRY_AGAIN                                  the name servers did not answer, failed or refused to
///                                                             answer
/// @error JF_E_NAME_FAILED                                     the system reports a permanent failure (glibc never
///                                                             does)
/// @error JF_E_TIMED_OUT                                       the lookup took longer than `timeout_ms`
/// @error JF_E_WOULD_BLOCK                                     `timeout_ms` is 0
/// @error JF_E_FAMILY_UNSUPPORTED                              the address is of another family
/// @error JF_E_ADDR_INVALID                                    the address is malformed
/// @error JF_E_INVALID                                         `timeout_ms` is below -1
/// @error JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES, JF_E_NO_MEMORY   no descriptor or thread is available for the lookup
/// @see getnameinfo(3)
/// @since 0.1
// SAFETY: `a` is NULL or readable; `host` is NULL or writable for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_resolve_addr(a: *const jf_addr, timeout_ms: i64, host: *mut c_char, size: usize) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let host = unsafe { TextBuffer::new(host, size) }?;
        // SAFETY: guaranteed by the caller.
        let addr = unsafe { addr(a) }?;
        Ok(host.write(resolve_addr_within(addr, Deadline::from_ms(timeout_ms)?)?.as_bytes()))
    })
}
