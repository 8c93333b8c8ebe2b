//! C functions for dialers.

use super::addr::{addr, jf_addr};
use super::boundary::{done, guard, text};
use super::handle::{SMALL_TABLE, Table};
use super::options::option;
use super::socket::SOCKETS;
use crate::net::{Deadline, Dialer, Error, Result};
use std::ffi::c_char;
use std::sync::RwLock;
use std::time::Duration;

/// A dialer handle: a positive number below 2^53. A handle is never reused.
pub type jf_dialer = i64;

const KIND: u64 = 2;

// The lock is only ever tried: a dialer is set up before it dials, and a conflicting call returns JF_E_BUSY.
#[cfg(not(loom))]
static DIALERS: Table<RwLock<Dialer>, KIND, SMALL_TABLE> = Table::new();
#[cfg(loom)]
static DIALERS: std::sync::LazyLock<Table<RwLock<Dialer>, KIND, SMALL_TABLE>> = std::sync::LazyLock::new(Table::new);

fn configure(d: jf_dialer, change: impl FnOnce(&mut Dialer) -> Result<&mut Dialer>) -> Result<i64> {
    DIALERS.with(d, |dialer| change(&mut *dialer.try_write().map_err(|_| Error::BUSY)?).map(drop)).map(done)
}

/// Opens a dialer: a reusable configuration for jf_dialer_dial, with socket options and a local address. Another thread
/// can cancel its dials.
///
/// A new dialer connects as jf_dial does. See docs/names.md.
///
/// @blocks   never
/// @return   [new jf_dialer] the dialer, which the caller closes with jf_dialer_close
/// @error JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES   no descriptor is available
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_dialer_open() -> i64 {
    guard(|| DIALERS.insert(|| Ok(RwLock::new(Dialer::new()?))))
}

/// Makes a dialer set a numeric option on each socket before it connects.
///
/// A later value replaces an earlier one. With JF_OPT_INTERRUPTIBLE, jf_dialer_dial itself returns JF_E_INTERRUPTED
/// after a signal was handled in its thread. JF_OPT_RECV_TIMEOUT and JF_OPT_SEND_TIMEOUT apply to the socket that
/// results. The value is checked only by jf_dialer_dial, which returns the error that jf_set would.
/// JF_OPT_FAST_OPEN_CONNECT is refused: with it, connecting succeeds at once, even to an address that does not answer.
/// See docs/names.md.
///
/// @param d        dialer
/// @param option   [enum(jf_option)] JF_OPT_* constant
/// @param value    value in the option's unit
///
/// @blocks   never
/// @return   [nothing]
/// @error JF_E_OPTION_UNSUPPORTED   the option is read-only or a text, or is JF_OPT_FAST_OPEN_CONNECT
/// @error JF_E_BUSY                 another thread is dialing with this dialer or changing it
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_dialer_set(d: jf_dialer, option: i32, value: i64) -> i64 {
    guard(|| {
        let option = self::option(option)?;
        configure(d, |dialer| dialer.set(option, value))
    })
}

/// Makes a dialer set a text option, such as JF_OPT_DEVICE, on each socket before it connects.
///
/// The value is checked only by jf_dialer_dial, which returns the error that jf_set_text would.
///
/// @param d        dialer
/// @param option   [enum(jf_option)] JF_OPT_* constant
/// @param text     [in, text] value, which is copied
///
/// @blocks   never
/// @return   [nothing]
/// @error JF_E_OPTION_UNSUPPORTED   the option is read-only or a number
/// @error JF_E_BUSY                 another thread is dialing with this dialer or changing it
/// @since 0.1
// SAFETY: `text` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_dialer_set_text(d: jf_dialer, option: i32, text: *const c_char) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let text = unsafe { self::text(text) }?.to_bytes();
        let option = self::option(option)?;
        configure(d, |dialer| dialer.set_text_bytes(option, text))
    })
}

/// Makes a dialer bind each socket to a local address before it connects.
///
/// Only addresses of the endpoint with the same family are tried. jf_dialer_dial returns the error that jf_bind would,
/// and JF_E_NAME_NO_ADDRESS if the endpoint has no address of that family.
///
/// @param d       dialer
/// @param local   [in] local address. Port 0 means any port. With another port, all attempts bind to it with
///                JF_OPT_REUSE_ADDR (TCP). JF_UNSPEC undoes an earlier call.
///
/// @blocks   never
/// @return   [nothing]
/// @error JF_E_ADDR_INVALID         the address is malformed
/// @error JF_E_FAMILY_UNSUPPORTED   the address is not an IPv4, IPv6 or UNIX address
/// @error JF_E_BUSY                 another thread is dialing with this dialer or changing it
/// @since 0.1
// SAFETY: `local` is NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_dialer_bind(d: jf_dialer, local: *const jf_addr) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let local = *unsafe { addr(local) }?;
        configure(d, |dialer| dialer.bind(local))
    })
}

/// Sets how long a dialer waits for an address to answer before it also tries the next one. The default is 250 ms.
///
/// @param d          dialer
/// @param delay_ms   10 to 60000 milliseconds; RFC 8305 recommends at least 100 on the public Internet
///
/// @blocks   never
/// @return   [nothing]
/// @error JF_E_INVALID   `delay_ms` is out of range
/// @error JF_E_BUSY      another thread is dialing with this dialer or changing it
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_dialer_set_delay(d: jf_dialer, delay_ms: i64) -> i64 {
    guard(|| {
        let delay = u64::try_from(delay_ms).map_err(|_| Error::INVALID)?;
        configure(d, |dialer| dialer.set_delay(Duration::from_millis(delay)))
    })
}

/// Connects to an endpoint as jf_dial does, with the settings of a dialer.
///
/// Any number of threads can dial with one dialer at once.
///
/// @param d            dialer
/// @param endpoint     [in, text] endpoint, as for jf_dial
/// @param timeout_ms   [milliseconds] timeout of the whole operation; with 0, the call never waits
///
/// @blocks   at most `timeout_ms`, until a connection is made, every address has failed or jf_dialer_close is called
/// @return   [new jf_socket] the connected socket, which the caller closes with jf_close
/// @error JF_E_TIMED_OUT                                       no address answered within `timeout_ms`
/// @error JF_E_WOULD_BLOCK                                     `timeout_ms` is 0 and waiting is required
/// @error JF_E_CLOSED                                          another thread closed the dialer
/// @error JF_E_INTERRUPTED                                     a signal was handled, and the dialer sets
///                                                             JF_OPT_INTERRUPTIBLE
/// @error JF_E_BUSY                                            another thread is changing the dialer
/// @error JF_E_CONN_REFUSED, JF_E_NETWORK_UNREACHABLE, JF_E_HOST_UNREACHABLE, JF_E_ACCESS   every address failed: the
///                                                             error is chosen as for jf_dial; it is one of these or
///                                                             another error of connect(2)
/// @error JF_E_ADDR_INVALID                                    the text is not an endpoint, or the address is
///                                                             link-local without a zone
/// @error JF_E_NAME_NOT_FOUND                                  the name does not exist
/// @error JF_E_NAME_NO_ADDRESS                                 the name exists, but has no address, or none of the
///                                                             family of the local address
/// @error JF_E_NAME_TRY_AGAIN                                  the name servers did not answer, failed or refused to
///                                                             answer
/// @error JF_E_NAME_FAILED                                     the system reports a permanent failure of the lookup
///                                                             (glibc never does)
/// @error JF_E_NOT_FOUND                                       the service is unknown, the zone is not the name of an
///                                                             interface, or the UNIX path does not exist
/// @error JF_E_UNSUPPORTED                                     the name is not ASCII and the system has no IDNA (glibc
///                                                             needs libidn2)
/// @error JF_E_OPTION_UNSUPPORTED, JF_E_PERMISSION, JF_E_ADDR_IN_USE, JF_E_ADDR_NOT_AVAILABLE   the socket does not
///                                                             accept an option or the local address; other errors of
///                                                             jf_set, jf_set_text and jf_bind are possible, too
/// @error JF_E_INVALID                                         `timeout_ms` is below -1, or the socket does not accept
///                                                             the value of an option
/// @error JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES               no descriptor is available
/// @see jf_dial, connect(2)
/// @since 0.1
// SAFETY: `endpoint` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_dialer_dial(d: jf_dialer, endpoint: *const c_char, timeout_ms: i64) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let endpoint = unsafe { text(endpoint) }?.to_str().map_err(|_| Error::ADDR_INVALID)?;
        let deadline = Deadline::from_ms(timeout_ms)?;
        SOCKETS.insert(|| {
            DIALERS.with(d, |dialer| {
                let dialer = dialer.try_read().map_err(|_| Error::BUSY)?;
                dialer.dial_within(endpoint, deadline)
            })
        })
    })
}

/// Closes a dialer. Calls of jf_dialer_dial in flight return JF_E_CLOSED, unless they already have a connection.
///
/// Sockets that the dialer connected stay open.
///
/// @param d   dialer; any other number has no effect and returns JF_E_CLOSED or JF_E_BAD_HANDLE
///
/// @blocks   at most about 20 milliseconds, until calls in flight have returned
/// @return   [nothing]
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_dialer_close(d: jf_dialer) -> i64 {
    guard(|| {
        // If the lock is held for a change, that change ends shortly, and `remove` calls this again.
        DIALERS.remove(d, |dialer| drop(dialer.try_read().map(|dialer| dialer.cancel()))).map(drop).map(done)
    })
}
