//! The system's resolver: names of hosts and services, and back. Its functions wait as long as it takes.

use crate::sys::addr::SockAddr;
use crate::sys::errno::{EMFILE, ENFILE, ENOMEM};
use crate::sys::system_call::uncanceled;
use crate::sys::{Descriptor, Errno, Family, RawAddr, Type};
use libc::{addrinfo, c_char, c_int, socklen_t};
use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::{mem, ptr};

// What the libc crate does not have: glibc's numbers. A C library that has not the first refuses it, and never returns
// the others.
const AI_IDN: c_int = 0x40;
const EAI_ADDRFAMILY: c_int = -9;
const EAI_IDN_ENCODE: c_int = -105;

/// The longest name with the zero at its end.
const HOST_ROOM: usize = 1025;

/// Why a name could not be looked up.
#[derive(Clone, Copy, Debug)]
pub enum NameError {
    /// There is no such name.
    NotFound,
    /// There is, but it has no address of this family.
    NoAddress,
    /// Nobody answered, for now.
    TryAgain,
    /// Whoever was asked refuses to answer.
    Failed,
    /// There is no such service.
    NoService,
    /// It can't be a name.
    Malformed,
    /// The name is not ASCII, and nothing here makes it that.
    NoIdna,
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
                // Whatever a module of the C library's happened upon says nothing to who asked.
                _ => NameError::Failed,
            },
            EAI_IDN_ENCODE => NameError::Malformed,
            _ => NameError::Failed,
        }
    }
}

/// The addresses of a host, in the order in which to try them, all with port 0. It is for a thread that has looked
/// nothing up yet.
pub fn look_up(host: &str, family: Family) -> Result<Vec<RawAddr>, NameError> {
    begin_anew();
    find(&CString::new(host).map_err(|_| NameError::Malformed)?, family)
}

/// The same of a name as it is: no domains are searched. `NotFound` where it is not known that the system would begin
/// with that.
pub fn look_up_as_is(host: &str, family: Family) -> Result<Vec<RawAddr>, NameError> {
    begin_anew();
    let host = CString::new(host).map_err(|_| NameError::Malformed)?;
    if search_no_domains(&host) { find(&host, family) } else { Err(NameError::NotFound) }
}

fn find(host: &CStr, family: Family) -> Result<Vec<RawAddr>, NameError> {
    let ask = |flags| match addresses(Some(host), None, family, Some(Type::Stream), flags) {
        // It says so too of a name that has addresses of the other family alone, if it has them by way of another name.
        Err(NameError::NotFound) if family != Family::Unspec => {
            let any = addresses(Some(host), None, Family::Unspec, Some(Type::Stream), flags);
            Err(if any.is_ok() { NameError::NoAddress } else { NameError::NotFound })
        }
        result => result,
    };
    let numeric = AI_IDN | libc::AI_NUMERICHOST;
    if host.to_bytes().is_ascii() {
        return ask(0);
    }
    // It takes the name to be in the locale's encoding.
    let _utf8 = Utf8::begin().ok_or(NameError::NoIdna)?;
    match ask(numeric) {
        // Digits of other scripts become an address here, even one as short as "127.1".
        Ok(_) | Err(NameError::NoAddress) => Err(NameError::Malformed),
        Err(NameError::Malformed) if !has_idna() => Err(NameError::NoIdna),
        _ => ask(AI_IDN),
    }
}

/// Whether names that are not ASCII can be made so: the C library has another one do it, which may not be installed.
fn has_idna() -> bool {
    let name = addresses(Some(c"\u{fc}"), None, Family::Unspec, Some(Type::Stream), AI_IDN | libc::AI_NUMERICHOST);
    !matches!(name, Err(NameError::Malformed))
}

/// Has a new thread forget what it knows of name servers, which it can't know yet. A forked child gives its threads the
/// stacks of its parent's, and glibc keeps there by which sockets a thread asks: their numbers are the parent's, and in
/// the child may be anybody's.
fn begin_anew() {
    // SAFETY: the state is the calling thread's own. Nothing in it is looked at or closed. If it fails, so does what
    // comes after it.
    #[cfg(target_env = "gnu")]
    uncanceled(|| unsafe { glibc::__res_ninit(glibc::__res_state()) });
}

/// Has the calling thread try a name as it is, and not in the domains that are searched. Whether that is what the
/// system would try first.
#[cfg(all(target_env = "gnu", target_endian = "little"))]
fn search_no_domains(host: &CStr) -> bool {
    let dots = host.to_bytes().iter().filter(|&&byte| byte == b'.').count();
    // SAFETY: the state is the calling thread's own, and has begun.
    unsafe {
        let state = glibc::__res_state();
        (*state).options &= !(glibc::RES_DEFNAMES | glibc::RES_DNSRCH);
        dots >= ((*state).ndots_and_more & 15) as usize
    }
}

/// Nobody tells what the system does first.
#[cfg(not(all(target_env = "gnu", target_endian = "little")))]
fn search_no_domains(_: &CStr) -> bool {
    false
}

/// What glibc keeps for a thread, as <resolv.h> has it.
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
        /// Four bits for how many dots a name has that is tried as it is first.
        pub ndots_and_more: u32,
    }

    pub const RES_DEFNAMES: c_ulong = 0x80;
    pub const RES_DNSRCH: c_ulong = 0x200;

    unsafe extern "C" {
        pub fn __res_state() -> *mut State;
        pub fn __res_ninit(state: *mut State) -> c_int;
    }
}

/// The port of a service; of whichever kind has it, if none is given.
pub fn service_port(service: &str, kind: Option<Type>) -> Result<u16, NameError> {
    let service = CString::new(service).map_err(|_| NameError::Malformed)?;
    match addresses(None, Some(&service), Family::Inet, kind, 0)?.first() {
        Some(addr) => Ok(addr.port),
        None => Err(NameError::NoService),
    }
}

fn addresses(
    host: Option<&CStr>,
    service: Option<&CStr>,
    family: Family,
    kind: Option<Type>,
    flags: c_int,
) -> Result<Vec<RawAddr>, NameError> {
    // SAFETY: all zeros is a hint at nothing.
    let mut hints: addrinfo = unsafe { mem::zeroed() };
    hints.ai_flags = flags;
    // No family is the one that the system calls none.
    hints.ai_family = family.to_os().unwrap_or(libc::AF_UNSPEC);
    hints.ai_socktype = kind.map_or(0, Type::to_os);
    let pointer = |text: Option<&CStr>| text.map_or(ptr::null(), CStr::as_ptr);
    let (host, service) = (pointer(host), pointer(service));
    let mut first = ptr::null_mut();
    asked(|| {
        // SAFETY: the texts end with zeros, and the hints and the place for the list are ours.
        unsafe { libc::getaddrinfo(host, service, &hints, &mut first) }
    })?;
    let mut found: Vec<RawAddr> = Vec::new();
    // SAFETY: each entry points to the next one or to none, and all live until the list is freed.
    for entry in std::iter::successors(unsafe { first.as_ref() }, |entry| unsafe { entry.ai_next.as_ref() }) {
        // SAFETY: an entry's address is as long as its family's are.
        if let Some(name) = unsafe { SockAddr::copy_ip(entry.ai_addr) } {
            let mut addr = RawAddr::UNSPEC;
            name.decode(&mut addr);
            found.push(addr);
        }
    }
    // SAFETY: the list is the C library's, and nothing uses it after this.
    unsafe { libc::freeaddrinfo(first) };
    if found.is_empty() { Err(NameError::NoAddress) } else { Ok(found) }
}

/// Calls a function of the resolver, which returns 0 or one of its codes.
fn asked(call: impl FnOnce() -> c_int) -> Result<(), NameError> {
    // What the code means is asked before anything else can change errno.
    let result = uncanceled(|| match call() {
        0 => Ok(()),
        code => Err(NameError::from_code(code)),
    });
    // Where it can open no file and no socket, it says anything but that.
    result.map_err(|error| match Descriptor::open(Family::Unix, Type::Dgram, 0) {
        Err(errno @ Errno(EMFILE | ENFILE)) => NameError::System(errno),
        _ => error,
    })
}

/// The name of the host with an address. It is for a thread that has looked nothing up yet.
pub fn name_of(addr: &RawAddr) -> Result<Vec<u8>, NameError> {
    begin_anew();
    let mut name = SockAddr::new();
    name.encode(addr).map_err(NameError::System)?;
    let mut host: [MaybeUninit<c_char>; HOST_ROOM] = [MaybeUninit::uninit(); HOST_ROOM];
    let room = (host.as_mut_ptr().cast::<c_char>(), HOST_ROOM as socklen_t);
    asked(|| {
        // SAFETY: the address is as long as it says, and so is the room.
        unsafe { libc::getnameinfo(name.as_ptr(), name.len(), room.0, room.1, ptr::null_mut(), 0, libc::NI_NAMEREQD) }
    })?;
    // SAFETY: a name was written, with a zero at its end.
    Ok(unsafe { CStr::from_ptr(room.0) }.to_bytes().to_vec())
}

/// Has the calling thread take texts for UTF-8 until it is dropped.
struct Utf8 {
    locale: libc::locale_t,
    before: libc::locale_t,
}

impl Utf8 {
    /// `None` when the system has no such locale.
    fn begin() -> Option<Utf8> {
        // SAFETY: the name ends with a zero; a locale that is there is ours.
        unsafe {
            let locale = libc::newlocale(libc::LC_CTYPE_MASK, c"C.UTF-8".as_ptr(), ptr::null_mut());
            if locale.is_null() { None } else { Some(Utf8 { locale, before: libc::uselocale(locale) }) }
        }
    }
}

impl Drop for Utf8 {
    fn drop(&mut self) {
        // SAFETY: the thread has its own locale again before ours goes.
        unsafe {
            libc::uselocale(self.before);
            libc::freelocale(self.locale);
        }
    }
}
