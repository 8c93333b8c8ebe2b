//! Dialers as C sees them.

use super::addr::{addr, jf_addr};
use super::boundary::{done, guard, text};
use super::handle::{FEW, Table};
use super::option::option;
use super::socket::SOCKETS;
use crate::net::{Deadline, Dialer, Error, Result};
use std::ffi::c_char;
use std::sync::RwLock;
use std::time::Duration;

/// A dialer: how to connect, and what another thread cuts a connecting short by. The number is positive and below 2^53,
/// stands for this dialer alone, and is never given out again.
pub type jf_dialer = i64;

const KIND: u64 = 2;

// Nobody waits for the lock: a dialer is set up before it dials, and whoever finds it in use is told so.
#[cfg(not(loom))]
static DIALERS: Table<RwLock<Dialer>, KIND, FEW> = Table::new();
#[cfg(loom)]
static DIALERS: std::sync::LazyLock<Table<RwLock<Dialer>, KIND, FEW>> = std::sync::LazyLock::new(Table::new);

fn change(d: jf_dialer, change: impl FnOnce(&mut Dialer) -> Result<&mut Dialer>) -> Result<i64> {
    DIALERS.with(d, |dialer| change(&mut *dialer.try_write().map_err(|_| Error::BUSY)?).map(drop)).map(done)
}

/// Opens a dialer, which dials as jf_dial does until it is told otherwise.
///
/// Never blocks. Returns the dialer, which the caller closes with jf_dialer_close. Errors: JF_E_TOO_MANY_FILES;
/// JF_E_SYSTEM_FILES; JF_E_NO_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_dialer_open() -> i64 {
    guard(|| DIALERS.insert(|| Ok(RwLock::new(Dialer::new()?))))
}

/// Has a dialer set an option, a number, on each socket before it connects. What is set twice keeps the last value.
/// With JF_OPT_INTERRUPTIBLE the dialing itself ends at a signal with JF_E_INTERRUPTED; with JF_OPT_RECV_TIMEOUT and
/// JF_OPT_SEND_TIMEOUT the socket that comes of it has those.
///
/// d: the dialer.
/// option: JF_OPT_ and a name.
/// value: what to set it to, in the option's unit.
///
/// Never blocks. Returns 0. Errors: JF_E_INVALID for an unknown option; JF_E_OPTION_UNSUPPORTED for one that can only
/// be read or is a text; JF_E_BUSY while another thread dials with it or changes it; JF_E_BAD_HANDLE. Whether the value
/// is one is found out when a socket is there: then jf_dialer_dial returns what jf_set would. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_dialer_set(d: jf_dialer, option: i32, value: i64) -> i64 {
    guard(|| {
        let option = self::option(option)?;
        change(d, |dialer| dialer.set(option, value))
    })
}

/// Has a dialer set an option, a text, on each socket before it connects, such as JF_OPT_DEVICE.
///
/// d: the dialer.
/// option: JF_OPT_ and a name.
/// text: what to set it to, a string that ends with a zero; not NULL. It is copied.
///
/// Never blocks. Returns 0. Errors: JF_E_INVALID for an unknown option or a NULL; JF_E_OPTION_UNSUPPORTED for one that
/// can only be read or is a number; JF_E_BUSY while another thread dials with it or changes it; JF_E_BAD_HANDLE. As to
/// the value, see jf_dialer_set. Since 0.1.
// SAFETY: `text` is NULL or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_dialer_set_text(d: jf_dialer, option: i32, text: *const c_char) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let text = unsafe { self::text(text) }?.to_bytes();
        let option = self::option(option)?;
        change(d, |dialer| dialer.set_text_bytes(option, text))
    })
}

/// Has a dialer give each socket an address of its own before it connects. Only the endpoint's addresses of the same
/// family are tried.
///
/// d: the dialer.
/// local: the address, with port 0 for any; one with a port is shared among the attempts by JF_OPT_REUSE_ADDR.
/// JF_UNSPEC to leave it to the system again. Not NULL.
///
/// Never blocks. Returns 0. Errors: JF_E_BUSY while another thread dials with it or changes it; JF_E_ADDR_INVALID and
/// JF_E_FAMILY_UNSUPPORTED when it is not an IPv4, IPv6 or UNIX address; JF_E_INVALID for a NULL; JF_E_BAD_HANDLE.
/// jf_dialer_dial then returns what jf_bind would, and JF_E_NAME_NO_ADDRESS for an endpoint without an address of that
/// family. Since 0.1.
// SAFETY: `local` is NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_dialer_bind(d: jf_dialer, local: *const jf_addr) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let local = *unsafe { addr(local) }?;
        change(d, |dialer| dialer.bind(local))
    })
}

/// Sets how long a dialer leaves an address to answer before it tries the next one beside it. It is 250 at first.
///
/// d: the dialer.
/// delay_ms: 10 to 60,000 milliseconds. RFC 8305 would not have it below 100 on the public Internet.
///
/// Never blocks. Returns 0. Errors: JF_E_INVALID for another number; JF_E_BUSY while another thread dials with it or
/// changes it; JF_E_BAD_HANDLE. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_dialer_set_delay(d: jf_dialer, delay_ms: i64) -> i64 {
    guard(|| {
        let delay = u64::try_from(delay_ms).map_err(|_| Error::INVALID)?;
        change(d, |dialer| dialer.set_delay(Duration::from_millis(delay)))
    })
}

/// Connects to an endpoint as jf_dial does, with what the dialer was told. Any number of threads may dial with one
/// dialer.
///
/// d: the dialer.
/// endpoint: as for jf_dial; not NULL.
/// timeout_ms: as for jf_dial.
///
/// Blocks for timeout_ms, or until jf_dialer_close. Returns the socket, which the caller closes with jf_close. Errors:
/// as from jf_dial; JF_E_CLOSED when another thread closed the dialer; JF_E_INTERRUPTED when a signal was handled and
/// the dialer sets JF_OPT_INTERRUPTIBLE; what jf_set and jf_bind return for an option and an address that the socket
/// does not take; JF_E_BUSY while another thread changes the dialer; JF_E_BAD_HANDLE. Since 0.1.
// SAFETY: `endpoint` is NULL or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_dialer_dial(d: jf_dialer, endpoint: *const c_char, timeout_ms: i64) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
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

/// Closes a dialer. Those who dial with it are cut short and return JF_E_CLOSED, unless they have a connection already;
/// the sockets that came of it stay open.
///
/// d: the dialer; any number, in fact: what is not an open dialer does no harm.
///
/// Waits until calls in flight are out, which takes a few milliseconds. Must not be called from a signal handler.
/// Returns 0. Errors: JF_E_BAD_HANDLE. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_dialer_close(d: jf_dialer) -> i64 {
    guard(|| {
        // Who changes it is out in a moment.
        DIALERS.remove(d, |dialer| drop(dialer.try_read().map(|dialer| dialer.cancel()))).map(drop).map(done)
    })
}
