//! The C library's resolver: lookups of hosts, services and addresses. These calls have no timeout.

use crate::sys::addr::{RawAddr, SockAddr};
use crate::sys::errno::{EMFILE, ENFILE, ENOMEM, Errno};
use crate::sys::socket::descriptor::Descriptor;
use crate::sys::system_call::with_cancellation_disabled;
use crate::sys::types::{Family, Type};
use libc::{addrinfo, c_char, c_int, socklen_t};
use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::ptr;

// glibc's numbers, which the libc crate does not have. Other C libraries reject the flag and never return the errors.
const AI_IDN: c_int = 0x40;
const EAI_ADDRFAMILY: c_int = -9;
const EAI_IDN_ENCODE: c_int = -105;

/// The capacity for the longest host name with its NUL, in bytes (NI_MAXHOST).
const HOST_CAPACITY: usize = 1025;

/// Why a lookup failed.
#[derive(Clone, Copy, Debug)]
pub enum NameError {
    /// The name does not exist.
    NotFound,
    /// The name exists, but has no address of the requested family.
    NoAddress,
    /// No name server answered, or the failure is temporary.
    TryAgain,
    /// The name server refused to answer, or the resolver failed.
    Failed,
    /// The service does not exist.
    NoService,
    /// The text is not a valid name.
    Malformed,
    /// The name is not ASCII, and the system can't convert it.
    IdnaUnsupported,
    System(Errno),
}

impl NameError {
    fn from_code(code: c_int) -> NameError {
        match code {
            libc::EAI_NONAME => NameError::NotFound,
            libc::EAI_NODATA | EAI_ADDRFAMILY => NameError::NoAddress,
            libc::EAI_AGAIN => NameError::TryAgain,
            libc::EAI_SERVICE => NameError::NoService,
            libc::EAI_MEMORY => NameError::System(Errno(libc::ENOMEM)),
            libc::EAI_SYSTEM => match Errno::last() {
                errno @ Errno(ENOMEM | EMFILE | ENFILE) => NameError::System(errno),
                // The errno of some module of the C library, which has no meaning for the caller.
                _ => NameError::Failed,
            },
            EAI_IDN_ENCODE => NameError::Malformed,
            _ => NameError::Failed,
        }
    }
}

/// Looks up the addresses of a host, in the order in which to try them, with port 0. Must be called in a thread that
/// has looked up no host or address before, because it resets the resolver state.
pub fn lookup_host(host: &str, family: Family) -> Result<Vec<RawAddr>, NameError> {
    reset_resolver_state();
    lookup_host_name(&CString::new(host).map_err(|_| NameError::Malformed)?, family)
}

/// As [`lookup_host`], without the search domains of resolv.conf(5). `NotFound` unless the system is known to try the
/// name without a search domain first.
pub fn lookup_host_without_search(host: &str, family: Family) -> Result<Vec<RawAddr>, NameError> {
    reset_resolver_state();
    let host = CString::new(host).map_err(|_| NameError::Malformed)?;
    if disable_search_domains(&host) { lookup_host_name(&host, family) } else { Err(NameError::NotFound) }
}

fn lookup_host_name(host: &CStr, family: Family) -> Result<Vec<RawAddr>, NameError> {
    let lookup = |flags| match get_addresses(Some(host), None, family, Some(Type::Stream), flags) {
        // For an alias whose target only has addresses of the other family, the resolver returns EAI_NONAME as well.
        Err(NameError::NotFound) if family != Family::Unspec => {
            let any_family = get_addresses(Some(host), None, Family::Unspec, Some(Type::Stream), flags);
            Err(if any_family.is_ok() { NameError::NoAddress } else { NameError::NotFound })
        }
        result => result,
    };
    if host.to_bytes().is_ascii() {
        return lookup(0);
    }
    // The resolver interprets the name in the locale's encoding.
    let _locale = Utf8Locale::set().ok_or(NameError::IdnaUnsupported)?;
    match lookup(AI_IDN | libc::AI_NUMERICHOST) {
        // Digits of other scripts become an address here, even a short one such as "127.1".
        Ok(_) | Err(NameError::NoAddress) => Err(NameError::Malformed),
        Err(NameError::Malformed) if !has_idna() => Err(NameError::IdnaUnsupported),
        _ => lookup(AI_IDN),
    }
}

/// Whether the C library can convert names that are not ASCII. glibc uses libidn2, which may not be installed.
fn has_idna() -> bool {
    let flags = AI_IDN | libc::AI_NUMERICHOST;
    let result = get_addresses(Some(c"\u{fc}"), None, Family::Unspec, Some(Type::Stream), flags);
    !matches!(result, Err(NameError::Malformed))
}

/// Resets the calling thread's resolver state, which holds the numbers of its name server sockets. glibc keeps that
/// state on the thread's stack. A forked child may reuse the stacks of its parent's threads, and in the child the
/// numbers may belong to other descriptors.
fn reset_resolver_state() {
    // If it fails, the lookup that follows fails as well.
    // SAFETY: the state belongs to the calling thread. The function neither reads it nor closes its sockets.
    #[cfg(target_env = "gnu")]
    with_cancellation_disabled(|| unsafe { glibc::__res_ninit(glibc::__res_state()) });
}

/// Disables the search domains for the calling thread. Returns whether the system would try the name without a search
/// domain first.
#[cfg(all(target_env = "gnu", target_endian = "little"))]
fn disable_search_domains(host: &CStr) -> bool {
    let dots = host.to_bytes().iter().filter(|&&byte| byte == b'.').count();
    // SAFETY: the state belongs to the calling thread and is initialised.
    unsafe {
        let state = glibc::__res_state();
        (*state).options &= !(glibc::RES_DEFNAMES | glibc::RES_DNSRCH);
        dots >= ((*state).ndots_and_flags & 15) as usize
    }
}

/// Returns false: it is not known in which order other C libraries try names.
#[cfg(not(all(target_env = "gnu", target_endian = "little")))]
fn disable_search_domains(_: &CStr) -> bool {
    false
}

/// glibc's resolver state of a thread, as in `<resolv.h>`.
#[cfg(target_env = "gnu")]
mod glibc {
    use libc::{c_char, c_int, c_ulong, c_ushort, sockaddr_in};

    #[repr(C)]
    pub struct State {
        retrans: c_int,
        retry: c_int,
        pub options: c_ulong,
        nscount: c_int,
        nsaddr_list: [sockaddr_in; 3],
        id: c_ushort,
        dnsrch: [*mut c_char; 7],
        defdname: [c_char; 256],
        pfcode: c_ulong,
        /// The lowest four bits: how many dots a name needs to be tried without a search domain first.
        pub ndots_and_flags: u32,
    }

    pub const RES_DEFNAMES: c_ulong = 0x80;
    pub const RES_DNSRCH: c_ulong = 0x200;

    unsafe extern "C" {
        pub fn __res_state() -> *mut State;
        pub fn __res_ninit(state: *mut State) -> c_int;
    }
}

/// Looks up the port of a service, for one socket type or for any. The database may be a network service, which need
/// not answer.
pub fn lookup_service(service: &str, kind: Option<Type>) -> Result<u16, NameError> {
    let service = CString::new(service).map_err(|_| NameError::Malformed)?;
    match get_addresses(None, Some(&service), Family::Inet, kind, 0)?.first() {
        Some(addr) => Ok(addr.port),
        None => Err(NameError::NoService),
    }
}

/// Calls getaddrinfo(3).
fn get_addresses(
    host: Option<&CStr>,
    service: Option<&CStr>,
    family: Family,
    kind: Option<Type>,
    flags: c_int,
) -> Result<Vec<RawAddr>, NameError> {
    let hints = addrinfo {
        ai_flags: flags,
        // `Unspec` has no system number of its own.
        ai_family: family.to_os().unwrap_or(libc::AF_UNSPEC),
        ai_socktype: kind.map_or(0, Type::to_os),
        ai_protocol: 0,
        ai_addrlen: 0,
        ai_addr: ptr::null_mut(),
        ai_canonname: ptr::null_mut(),
        ai_next: ptr::null_mut(),
    };
    let pointer = |text: Option<&CStr>| text.map_or(ptr::null(), CStr::as_ptr);
    let (host, service) = (pointer(host), pointer(service));
    let mut first = ptr::null_mut();
    call_resolver(|| {
        // SAFETY: the strings are NUL-terminated, `hints` is valid, and `first` is writable.
        unsafe { libc::getaddrinfo(host, service, &hints, &mut first) }
    })?;
    let mut found: Vec<RawAddr> = Vec::new();
    // SAFETY: getaddrinfo returned the first entry, or NULL, and it lives until the list is freed.
    let first_entry = unsafe { first.as_ref() };
    // SAFETY: each entry points to the next one, or to NULL, and all live until the list is freed.
    for entry in std::iter::successors(first_entry, |entry| unsafe { entry.ai_next.as_ref() }) {
        // SAFETY: an entry's address has the length of its family's addresses.
        if let Some(name) = unsafe { SockAddr::copy_ip(entry.ai_addr) } {
            let mut addr = RawAddr::UNSPEC;
            name.decode(&mut addr);
            found.push(addr);
        }
    }
    // SAFETY: the list came from getaddrinfo, and is not used afterwards.
    unsafe { libc::freeaddrinfo(first) };
    if found.is_empty() { Err(NameError::NoAddress) } else { Ok(found) }
}

/// Calls a resolver function that returns 0 or an `EAI_` code.
fn call_resolver(call: impl FnOnce() -> c_int) -> Result<(), NameError> {
    // The code is converted here because another call could change errno.
    let result = with_cancellation_disabled(|| match call() {
        0 => Ok(()),
        code => Err(NameError::from_code(code)),
    });
    // If the resolver can't open a file or a socket, it returns other errors. Opening a socket returns the actual
    // error.
    result.map_err(|error| match Descriptor::open(Family::Unix, Type::Dgram, 0) {
        Err(errno @ Errno(EMFILE | ENFILE)) => NameError::System(errno),
        _ => error,
    })
}

/// Looks up the host name of an address. Must be called in a thread that has looked up no host or address before,
/// because it resets the resolver state.
pub fn lookup_addr(addr: &RawAddr) -> Result<Vec<u8>, NameError> {
    reset_resolver_state();
    let mut name = SockAddr::new();
    name.encode(addr).map_err(NameError::System)?;
    let mut buffer: [MaybeUninit<c_char>; HOST_CAPACITY] = [MaybeUninit::uninit(); HOST_CAPACITY];
    let host = buffer.as_mut_ptr().cast::<c_char>();
    let (capacity, flags) = (HOST_CAPACITY as socklen_t, libc::NI_NAMEREQD);
    call_resolver(|| {
        // SAFETY: `name` is readable for its length, and `host` is writable for `capacity` bytes.
        unsafe { libc::getnameinfo(name.as_ptr(), name.len(), host, capacity, ptr::null_mut(), 0, flags) }
    })?;
    // SAFETY: the call wrote a NUL-terminated name.
    Ok(unsafe { CStr::from_ptr(host) }.to_bytes().to_vec())
}

/// Makes the calling thread's locale a UTF-8 locale until it is dropped.
struct Utf8Locale {
    locale: libc::locale_t,
    previous: libc::locale_t,
}

impl Utf8Locale {
    /// `None` if the system has no such locale.
    fn set() -> Option<Utf8Locale> {
        // SAFETY: the name is NUL-terminated, and `locale` is used only if it was created.
        unsafe {
            let locale = libc::newlocale(libc::LC_CTYPE_MASK, c"C.UTF-8".as_ptr(), ptr::null_mut());
            if locale.is_null() { None } else { Some(Utf8Locale { locale, previous: libc::uselocale(locale) }) }
        }
    }
}

impl Drop for Utf8Locale {
    fn drop(&mut self) {
        // SAFETY: the thread stops using `locale` before it is freed.
        unsafe {
            libc::uselocale(self.previous);
            libc::freelocale(self.locale);
        }
    }
}
