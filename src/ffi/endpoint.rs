//! Endpoints as C sees them.

use super::boundary::{done, guard, optional, text};
use super::socket::SOCKETS;
use crate::net::{Deadline, Endpoint, EndpointError, Error, Expected, Socket, dial_within};
use std::ffi::c_char;

/// Reads an endpoint: what to connect to, or where to serve, in one text.
///
///    tcp://example.org:https   tcp://127.0.0.1:80   tcp://[::1]:80   tcp://[fe80::1%eth0]:80   tcp://:8080
///    udp://example.org:53      unix:///run/x.sock   unix://relative/path   unix://@name
///
/// tcp:// and udp:// (lower case) are followed by a host, a colon and a port, unix:// by a path, or by @ and an
/// abstract name (Linux).
///
/// The host is one of: nothing, for this machine; an IPv4 address, as four decimal numbers without leading zeros; an
/// IPv6 address in brackets, maybe with % and its zone, which is an interface's name (up to 15 bytes) or index; a name.
/// A name is made of letters, digits, "-" and "_", and beyond ASCII of what IDNA takes, in parts of 1 to 63 characters
/// with dots between them, 253 characters at most, and may have one more dot at its end. If its last part is a number,
/// decimal or hexadecimal after 0x, it is an IPv4 address or wrong: "127.1" and "2130706433" are wrong.
///
/// The port is a number from 0 to 65535 of at most five digits, or the name of a service: 1 to 63 letters, digits, "-",
/// "_", "." and "+", one a letter at least.
///
/// A path is 1 to 108 bytes, absolute (unix:///run/x.sock) or relative (unix://x.sock); an abstract name is 0 to 107
/// bytes. In both, % and two hexadecimal digits stand for a byte: %25 for a %, %40 for the @ that a path begins with.
/// In a path no byte is zero.
///
/// This checks a text as jf_dial and jf_serve do, to tell what is wrong with it. Nothing is looked up, so whether IDNA
/// makes a name of what is not ASCII is not known yet.
///
/// endpoint: a string, in UTF-8, that ends with a zero; not NULL.
/// at: where to write which character is the first that is wrong, as the number of bytes before it, which is the text's
/// length when something is missing; NULL if it does not matter. A number out of its range is wrong at its first digit.
/// Written when the text is wrong, and only then.
/// expected: where to write what should be there, as a string in English such as "] after the address" that is never
/// freed; NULL if it does not matter. Written when the text is wrong, and only then.
///
/// Never blocks. Returns 0 when the text is an endpoint. Errors: JF_E_ADDR_INVALID when it is not; JF_E_INVALID for a
/// NULL. Since 0.1.
// SAFETY: `endpoint` is NULL or a C string; `at` and `expected` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_endpoint_check(
    endpoint: *const c_char,
    at: *mut usize,
    expected: *mut *const c_char,
) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let (endpoint, at, expected) = unsafe { (text(endpoint)?, optional(at)?, optional(expected)?) };
        // What is no UTF-8 is read as characters that may stand in a name or a path, so what is wrong before it is
        // found.
        let read = match (endpoint.to_string_lossy().parse::<Endpoint>(), endpoint.to_str()) {
            (Err(error), Err(bad)) if error.at() < bad.valid_up_to() => Err(error),
            (_, Err(bad)) => Err(EndpointError::new(bad.valid_up_to(), Expected::Text)),
            (read, Ok(_)) => read.map(drop),
        };
        read.map(done).map_err(|error| {
            at.map(|at| at.write(error.at()));
            expected.map(|expected| expected.write(error.expected().c_text().as_ptr()));
            Error::ADDR_INVALID
        })
    })
}

/// Connects to an endpoint, by whichever of its addresses answers first: a name is looked up, its IPv6 and IPv4
/// addresses are tried in turn, the next one when the last has failed or has not answered for 250 ms, and the first
/// connection that is made is it (RFC 8305, "Happy Eyeballs"). A UDP socket is connected to the first address that
/// there is a route to.
///
/// endpoint: such as "tcp://example.org:https", "udp://[::1]:53", "unix:///run/x.sock"; jf_endpoint_check says it all.
/// Without a host it is this machine's loopback addresses. Not NULL.
/// timeout_ms: how long all of it may take, in milliseconds; -1 for ever, 0 only as long as nothing has to be waited
/// for.
///
/// Blocks for timeout_ms, whatever signals arrive; jf_dialer_dial can be cut short. Names are looked up as by
/// jf_resolve, of which 64 look-ups, abandoned ones too, are under way at once. Returns the socket, which waits for
/// ever in its calls as a new one does and which the caller closes with jf_close. Errors: JF_E_TIMED_OUT;
/// JF_E_WOULD_BLOCK when the timeout is 0; when every address failed the error that says most, such as
/// JF_E_CONN_REFUSED, JF_E_NETWORK_UNREACHABLE, JF_E_HOST_UNREACHABLE or JF_E_ACCESS; JF_E_ADDR_INVALID when the text
/// is no endpoint (jf_endpoint_check tells why), or a link-local address without a zone; JF_E_NAME_NOT_FOUND,
/// JF_E_NAME_NO_ADDRESS, JF_E_NAME_TRY_AGAIN, JF_E_NAME_FAILED, JF_E_NOT_FOUND and JF_E_UNSUPPORTED as from jf_resolve;
/// for a UNIX path JF_E_NOT_FOUND and JF_E_ACCESS; JF_E_INVALID for a NULL or a timeout below -1; JF_E_TOO_MANY_FILES;
/// JF_E_SYSTEM_FILES; JF_E_NO_MEMORY. See connect(2). Since 0.1.
// SAFETY: `endpoint` is NULL or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_dial(endpoint: *const c_char, timeout_ms: i64) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let endpoint = unsafe { text(endpoint) }?.to_str().map_err(|_| Error::ADDR_INVALID)?;
        SOCKETS.insert(|| dial_within(endpoint, Deadline::from_ms(timeout_ms)?))
    })
}

/// Opens a socket that serves an endpoint: bound and, but for udp://, listening.
///
/// endpoint: as for jf_endpoint_check. "tcp://:8080" is port 8080 of all of this machine's addresses, IPv6 and IPv4
/// with one socket, whatever the system's default for that; "tcp://127.0.0.1:0" picks a free port, which jf_local_addr
/// tells. A name stands for the first of its IPv4 addresses, or else IPv6 addresses, that is this machine's.
/// "unix:///run/x.sock" makes a socket file, in place of one that nobody serves any more; it stays when the socket is
/// closed. Not NULL.
/// backlog: how many connections to keep until they are accepted, as for jf_listen; -1 for as many as the system
/// allows.
///
/// A TCP socket has JF_OPT_REUSE_ADDR, so that a server can be started again at once; so has a UDP one for a multicast
/// group, which can have many receivers. Blocks only to look a name up, and then for at most 5 seconds; and for at most
/// one second when it is to replace a socket file and somebody has the folder locked (flock(2)), as others who replace
/// one there have for a moment. Signals do not matter. Returns the socket, which the caller closes with jf_close.
/// Errors: JF_E_ADDR_IN_USE when somebody serves there; JF_E_EXISTS when the path is that of a file, a folder or a
/// symlink; JF_E_BUSY when the folder was locked for longer than that; JF_E_ADDR_INVALID when the text is no endpoint,
/// or none that can be served (a multicast group for TCP, a link-local address without a zone); JF_E_ADDR_NOT_AVAILABLE
/// when it is not an address of this machine; JF_E_ACCESS and JF_E_PERMISSION for a port, a folder or a file that is
/// not the caller's; JF_E_NOT_FOUND when there is no such folder, service or zone; JF_E_NAME_NOT_FOUND and so on, and
/// JF_E_TIMED_OUT, when a name can't be looked up; JF_E_INVALID for a NULL or a backlog below -1; JF_E_TOO_MANY_FILES;
/// JF_E_SYSTEM_FILES; JF_E_NO_MEMORY. See bind(2), listen(2). Since 0.1.
// SAFETY: `endpoint` is NULL or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_serve(endpoint: *const c_char, backlog: i32) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let endpoint = unsafe { text(endpoint) }?.to_str().map_err(|_| Error::ADDR_INVALID)?;
        SOCKETS.insert(|| Socket::serve(endpoint, backlog))
    })
}
