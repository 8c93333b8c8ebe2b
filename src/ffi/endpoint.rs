//! C functions for endpoints: check, dial, serve.

use super::boundary::{done, guard, optional, text};
use super::socket::SOCKETS;
use crate::net::{Deadline, Endpoint, EndpointError, Error, Expected, Socket, dial_within};
use std::ffi::c_char;

/// Checks the syntax of an endpoint, as jf_dial and jf_serve do, and reports the position and cause of an error.
///
/// An endpoint is a text that describes what to connect to or where to serve:
///
/// tcp://example.org:https   tcp://127.0.0.1:80   tcp://[::1]:80   tcp://[fe80::1%eth0]:80   tcp://:8080
/// udp://example.org:53      unix:///run/x.sock   unix://relative/path   unix://@name
///
/// Names are not looked up, so jf_dial and jf_serve may still reject a non-ASCII name that IDNA does not allow. See
/// docs/addresses.md for the grammar.
///
/// @param endpoint   [in, text] text to check, in UTF-8
/// @param at         [out, optional] where to write the position of the first wrong character, as the number of bytes
///                   before it. If something is missing, it is the length of the text. If a number is out of range, it
///                   is the position of the number's first digit. Written only if the endpoint is malformed.
/// @param expected   [out, static text, optional] where to write a description of what is expected there, in English,
///                   such as "] after the address". Written only if the endpoint is malformed.
///
/// @blocks   never
/// @return   [nothing] 0 if the text is an endpoint
/// @error JF_E_ADDR_INVALID   the text is not an endpoint
/// @since 0.1
// SAFETY: `endpoint` is NULL or a NUL-terminated string; `at` and `expected` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_endpoint_check(
    endpoint: *const c_char,
    at: *mut usize,
    expected: *mut *const c_char,
) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let (endpoint, at, expected) = unsafe { (text(endpoint)?, optional(at)?, optional(expected)?) };
        // Bytes that are not UTF-8 are parsed as replacement characters, which names and paths may contain, so that an
        // error before them is found.
        let parsed = match (endpoint.to_string_lossy().parse::<Endpoint>(), endpoint.to_str()) {
            (Err(error), Err(bad)) if error.at() < bad.valid_up_to() => Err(error),
            (_, Err(bad)) => Err(EndpointError::new(bad.valid_up_to(), Expected::Text)),
            (parsed, Ok(_)) => parsed.map(drop),
        };
        parsed.map(done).map_err(|error| {
            at.map(|at| at.write(error.at()));
            expected.map(|expected| expected.write(error.expected().c_text().as_ptr()));
            Error::ADDR_INVALID
        })
    })
}

/// Connects to an endpoint: looks the name up, and connects to the first of its addresses that answers (RFC 8305).
///
/// IPv6 and IPv4 addresses are tried in turn. The next attempt starts when the previous one has failed, or has not
/// succeeded within 250 ms. If every attempt fails, the call returns the error of the attempt that got furthest: an
/// answer of the peer counts more than a missing route. See docs/names.md.
///
/// A UDP socket is connected to the first address that has a route, whether or not a server uses it: for "localhost",
/// that may be [::1] while the server is bound to 127.0.0.1. The timeouts of the new socket are -1.
///
/// @param endpoint     [in, text] such as "tcp://example.org:https", "udp://[::1]:53" or "unix:///run/x.sock"; see
///                     docs/addresses.md. An endpoint without a host means this machine's loopback addresses.
/// @param timeout_ms   [milliseconds] timeout of the whole operation: the lookup of service and host, and all attempts;
///                     with 0, the call never waits, so a name that needs a lookup is an error
///
/// @blocks   at most `timeout_ms`, until a connection is made or every address has failed. Signals do not end the call;
///           use jf_dialer_dial for cancellation. A lookup is queued while 64 lookups run, as for jf_resolve.
/// @return   [new jf_socket] the connected socket, which the caller closes with jf_close
/// @error JF_E_TIMED_OUT                                       no address answered within `timeout_ms`
/// @error JF_E_WOULD_BLOCK                                     `timeout_ms` is 0 and waiting is required
/// @error JF_E_CONN_REFUSED, JF_E_NETWORK_UNREACHABLE, JF_E_HOST_UNREACHABLE, JF_E_ACCESS   every address failed: one
///                                                             of these or another error of connect(2)
/// @error JF_E_ADDR_INVALID                                    the text is not an endpoint (use jf_endpoint_check for
///                                                             the cause), or the address is link-local without a zone
/// @error JF_E_NAME_NOT_FOUND                                  the name does not exist
/// @error JF_E_NAME_NO_ADDRESS                                 the name exists, but has no address
/// @error JF_E_NAME_TRY_AGAIN                                  the name servers did not answer, failed or refused to
///                                                             answer
/// @error JF_E_NAME_FAILED                                     the system reports a permanent failure of the lookup
///                                                             (glibc never does)
/// @error JF_E_NOT_FOUND                                       the service is unknown, the zone is not the name of an
///                                                             interface, or the UNIX path does not exist
/// @error JF_E_UNSUPPORTED                                     the name is not ASCII and the system has no IDNA (glibc
///                                                             needs libidn2)
/// @error JF_E_INVALID                                         `timeout_ms` is below -1
/// @error JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES               no descriptor is available
/// @see connect(2)
/// @since 0.1
// SAFETY: `endpoint` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_dial(endpoint: *const c_char, timeout_ms: i64) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let endpoint = unsafe { text(endpoint) }?.to_str().map_err(|_| Error::ADDR_INVALID)?;
        SOCKETS.insert(|| dial_within(endpoint, Deadline::from_ms(timeout_ms)?))
    })
}

/// Opens a socket that serves an endpoint: bound and, except for udp://, listening.
///
/// "tcp://:8080" means port 8080 of all addresses of this machine, IPv6 and IPv4 with one socket, whatever the system's
/// default for dual-stack sockets. The address of an IPv4 client is then IPv4-mapped, such as [::ffff:192.0.2.1]:40000.
/// "tcp://127.0.0.1:0" picks a free port; jf_local_addr returns it. For a name, jf_serve uses the first IPv4 address of
/// the name that belongs to this machine; if there is none, the first such IPv6 address. "unix:///run/x.sock" creates a
/// socket file, or replaces one that no server uses any more; jf_close does not delete the file.
///
/// A TCP socket has JF_OPT_REUSE_ADDR set, so that a server can be restarted at once. A UDP socket for a multicast
/// group has it, too, so that several receivers can share the port. See docs/names.md.
///
/// @param endpoint   [in, text] where to serve; see docs/addresses.md
/// @param backlog    maximum number of connections to queue, as for jf_listen; -1 for the system's maximum
///
/// @blocks   at most 5 seconds, until service and host have been looked up; at most 1 second, until the directory of a
///           socket file to be replaced is locked (flock(2)); otherwise never. Signals do not end the call.
/// @return   [new jf_socket] the socket, which the caller closes with jf_close
/// @error JF_E_ADDR_IN_USE                                     another socket serves this endpoint
/// @error JF_E_EXISTS                                          the path exists and is not a socket; a symlink is not
///                                                             followed
/// @error JF_E_BUSY                                            another process locked the directory for longer than 1
///                                                             second
/// @error JF_E_ADDR_INVALID                                    the text is not an endpoint, or it can't be served: a
///                                                             multicast group for TCP, or a link-local address without
///                                                             a zone
/// @error JF_E_ADDR_NOT_AVAILABLE                              the address does not belong to this machine
/// @error JF_E_ACCESS, JF_E_PERMISSION                         no permission for the port, the directory or the file
/// @error JF_E_NOT_FOUND                                       the directory, the service or the zone does not exist
/// @error JF_E_NAME_NOT_FOUND, JF_E_NAME_NO_ADDRESS, JF_E_NAME_TRY_AGAIN, JF_E_NAME_FAILED, JF_E_TIMED_OUT   the lookup
///                                                             of the host or the service failed
/// @error JF_E_UNSUPPORTED                                     the name is not ASCII and the system has no IDNA (glibc
///                                                             needs libidn2)
/// @error JF_E_INVALID                                         `backlog` is below -1
/// @error JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES               no descriptor is available
/// @see bind(2), listen(2)
/// @since 0.1
// SAFETY: `endpoint` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_serve(endpoint: *const c_char, backlog: i32) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let endpoint = unsafe { text(endpoint) }?.to_str().map_err(|_| Error::ADDR_INVALID)?;
        SOCKETS.insert(|| Socket::serve(endpoint, backlog))
    })
}
