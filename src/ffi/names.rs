//! Looking names up, as C sees it.

use super::addr::{addr, jf_addr};
use super::boundary::{TextRoom, array, guard, optional_text, text};
use super::socket::kind;
use crate::net::{Deadline, Error, Family, resolve_addr_within, resolve_within};
use std::ffi::c_char;

/// Looks up the addresses of a host, and the port of a service, as the system does for every program: in its hosts
/// file, by DNS, or however else it is configured.
///
/// host: a host's name (names that are not ASCII in UTF-8, as IDNA has it, for which glibc needs libidn2), or an
/// IPv4 or IPv6 address, the latter without brackets and maybe with a zone ("fe80::1%eth0"), for which nothing is
/// asked; "" for this machine's loopback addresses. A name whose last part is a number, such as "127.1", is
/// no name. Not NULL.
/// service: a port's number or a name from the system's database of services, such as "https"; NULL or "" for port 0.
/// family: JF_INET or JF_INET6 for addresses of that family alone, JF_UNSPEC for both.
/// type: JF_STREAM or JF_DGRAM, the kind of service that is meant; 0 for either.
/// timeout_ms: how long to wait, in milliseconds; -1 for ever, 0 not at all, which does for addresses.
/// out: where to write the addresses, in the order in which to try them (RFC 6724); not looked at when cap is 0.
/// cap: how many there is room for.
///
/// Blocks for timeout_ms, whatever signals arrive. A look-up that is not done then goes on in a thread of its own,
/// which ends with it and touches nothing of the caller's. (In a child that was forked while another thread looked a
/// name up, glibc may never answer: give a time there.) At most 64 look-ups are under way in a process at once; further
/// ones wait for their turn. Returns how many addresses there are, of which the first cap were written. Errors:
/// JF_E_NAME_NOT_FOUND when there is no such name; JF_E_NAME_NO_ADDRESS when it has no address of that family;
/// JF_E_NAME_TRY_AGAIN when the name servers did not answer, failed or refused to; JF_E_NAME_FAILED when the system
/// says that they never will (glibc does not); JF_E_TIMED_OUT; JF_E_WOULD_BLOCK when a name would have to be looked up
/// and timeout_ms is 0; JF_E_NOT_FOUND for an unknown service or a zone that is no interface's name; JF_E_ADDR_INVALID
/// when host or service is none; JF_E_UNSUPPORTED for a name that is not ASCII where the system can't do IDNA;
/// JF_E_FAMILY_UNSUPPORTED and JF_E_TYPE_UNSUPPORTED for others than these; JF_E_INVALID for a NULL, a cap that no
/// memory has, and a timeout below -1; JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES and JF_E_NO_MEMORY when there is no
/// descriptor or thread to look it up with. See getaddrinfo(3). Since 0.1.
// SAFETY: `host` and `service` are NULL or C strings; `out` is NULL or writable for `cap` addresses.
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
        // SAFETY: the caller's.
        let (host, service, out) = unsafe { (text(host)?, optional_text(service)?, array(out, cap)?) };
        let words = |text: &'_ std::ffi::CStr| text.to_str().map(str::to_owned).map_err(|_| Error::ADDR_INVALID);
        let family = Family::from_number(super::socket::number(family)).ok_or(Error::FAMILY_UNSUPPORTED)?;
        let kind = if r#type == 0 { None } else { Some(kind(r#type)?) };
        let all = resolve_within(&words(host)?, &words(service)?, family, kind, Deadline::from_ms(timeout_ms)?)?;
        for (place, addr) in out.iter_mut().zip(&all) {
            place.write(jf_addr::of(addr));
        }
        Ok(all.len() as i64)
    })
}

/// Looks up the name of the host with an address, as the system is configured to.
///
/// a: the address, JF_INET or JF_INET6; its port does not count. Not NULL.
/// timeout_ms: how long to wait, in milliseconds; -1 for ever, 0 not at all (JF_E_WOULD_BLOCK).
/// host: where to write the name, with a zero at its end; may be NULL when size is 0.
/// size: how many bytes there are at host; JF_HOST_TEXT are enough for every name.
///
/// Blocks for timeout_ms, as jf_resolve does. Returns the length of the name without its zero. If that is not less than
/// size, it did not fit, and an empty string was written instead (nothing, when size is 0). Errors:
/// JF_E_NAME_NOT_FOUND when the address has no name; JF_E_NAME_TRY_AGAIN, JF_E_NAME_FAILED, JF_E_TIMED_OUT,
/// JF_E_WOULD_BLOCK, JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES and JF_E_NO_MEMORY as from jf_resolve;
/// JF_E_FAMILY_UNSUPPORTED for other addresses; JF_E_ADDR_INVALID when it is none; JF_E_INVALID for a NULL or a timeout
/// below -1. See getnameinfo(3). Since 0.1.
// SAFETY: `a` is NULL or readable; `host` is NULL or writable for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_resolve_addr(a: *const jf_addr, timeout_ms: i64, host: *mut c_char, size: usize) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let room = unsafe { TextRoom::new(host, size) }?;
        // SAFETY: the caller's.
        let addr = unsafe { addr(a) }?;
        Ok(room.write(resolve_addr_within(addr, Deadline::from_ms(timeout_ms)?)?.as_bytes()))
    })
}
