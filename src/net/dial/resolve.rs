//! Resolving names to addresses, and addresses to names.

use crate::net::addr::host_port::{Host, Port};
use crate::net::deadline::Deadline;
use crate::net::dial::lookup::{Lookup, answer_within};
use crate::net::{Addr, Error, Family, Result, Type};
use crate::sys::{RawAddr, lookup_addr, lookup_host, lookup_host_without_search, lookup_service};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// Looks up the addresses of a host and the port of a service, with the system's resolver: hosts file, DNS, or other
/// configured sources. The addresses are in the order in which to try them ([RFC 6724]). ([getaddrinfo(3)])
///
/// `host` is a name, an IPv4 or IPv6 address (without brackets, optionally with a zone), or empty for the loopback
/// addresses of this machine. Only names need a lookup. Names beyond ASCII are converted by IDNA, for which glibc needs
/// libidn2. `service` is a port number, a name from the system's services database, or empty for port 0. `family` is
/// [`Family::Unspec`] for both IPv4 and IPv6. Without a `timeout`, the call blocks for as long as the system's
/// resolver.
///
/// A lookup that has not finished at the timeout continues on a separate thread and ends there. At most 64 lookups are
/// in flight in a process; further ones are queued.
///
/// ```
/// use jackfield::{Family, Type, resolve};
/// let found = resolve("127.0.0.1", "80", Family::Unspec, Some(Type::Stream), None)?;
/// assert_eq!(found, ["127.0.0.1:80".parse()?]);
/// # Ok::<(), jackfield::Error>(())
/// ```
///
/// # Errors
/// - [`Error::NAME_NOT_FOUND`]: the name does not exist.
/// - [`Error::NAME_NO_ADDRESS`]: the name exists but has no address of this family.
/// - [`Error::NAME_TRY_AGAIN`]: the name servers did not answer, failed or refused.
/// - [`Error::NAME_FAILED`]: the system reports a permanent failure (glibc does not).
/// - [`Error::TIMED_OUT`]: the timeout expired; [`Error::WOULD_BLOCK`]: the timeout is 0 and `host` is a name.
/// - [`Error::NOT_FOUND`]: the service is unknown, or the zone names no interface.
/// - [`Error::ADDR_INVALID`]: `host` or `service` is malformed.
/// - [`Error::UNSUPPORTED`]: the name needs IDNA, which the system lacks.
/// - [`Error::FAMILY_UNSUPPORTED`], [`Error::TYPE_UNSUPPORTED`]: not IPv4 or IPv6, not a stream or datagram type.
///
/// [RFC 6724]: https://www.rfc-editor.org/rfc/rfc6724
/// [getaddrinfo(3)]: https://man7.org/linux/man-pages/man3/getaddrinfo.3.html
pub fn resolve(
    host: &str,
    service: &str,
    family: Family,
    kind: Option<Type>,
    timeout: Option<Duration>,
) -> Result<Vec<Addr>> {
    resolve_within(host, service, family, kind, Deadline::from_timeout(timeout))
}

pub(crate) fn resolve_within(
    host: &str,
    service: &str,
    family: Family,
    kind: Option<Type>,
    deadline: Deadline,
) -> Result<Vec<Addr>> {
    if !matches!(family, Family::Unspec | Family::Inet | Family::Inet6) {
        return Err(Error::FAMILY_UNSUPPORTED);
    }
    if !matches!(kind, None | Some(Type::Stream | Type::Dgram)) {
        return Err(Error::TYPE_UNSUPPORTED);
    }
    let (host, port) = (Host::parse(host)?, port_number(&Port::parse(service)?, kind)?);
    addresses_of(host, port, family, deadline)
}

/// Looks up the name of an IP address, with the system's resolver. The timeout is as for [`resolve`].
/// ([getnameinfo(3)])
///
/// # Errors
/// - [`Error::NAME_NOT_FOUND`]: the address has no name.
/// - [`Error::NAME_FAILED`]: the resolver's answer is not a valid name.
/// - [`Error::FAMILY_UNSUPPORTED`]: the address is not IPv4 or IPv6.
/// - [`Error::NAME_TRY_AGAIN`], [`Error::TIMED_OUT`], [`Error::WOULD_BLOCK`]: as for [`resolve`].
///
/// [getnameinfo(3)]: https://man7.org/linux/man-pages/man3/getnameinfo.3.html
pub fn resolve_addr(addr: &Addr, timeout: Option<Duration>) -> Result<String> {
    resolve_addr_within(addr, Deadline::from_timeout(timeout))
}

pub(crate) fn resolve_addr_within(addr: &Addr, deadline: Deadline) -> Result<String> {
    addr.ip().ok_or(Error::FAMILY_UNSUPPORTED)?;
    let raw = *addr.raw();
    let name = answer_within(deadline, move || Ok(lookup_addr(&raw)?))?;
    // A name server may answer with anything. A text that is no name, such as an address, is rejected.
    let name = String::from_utf8(name).map_err(|_| Error::NAME_FAILED)?;
    if matches!(Host::parse(&name), Ok(Host::Name(_))) { Ok(name) } else { Err(Error::NAME_FAILED) }
}

/// The number of a port. A service name is looked up in the system's services database.
pub(in crate::net) fn port_number(port: &Port, kind: Option<Type>) -> Result<u16> {
    match port {
        Port::Number(number) => Ok(*number),
        Port::Service(name) => Ok(lookup_service(name, kind)?),
    }
}

/// The addresses of a host. A name is looked up, until the deadline.
pub(in crate::net) fn addresses_of(host: Host, port: u16, family: Family, deadline: Deadline) -> Result<Vec<Addr>> {
    let found = match resolve_locally(host, port)? {
        Known::Addrs(found) => found.into_iter().filter(|addr| has_family(addr, family)).collect(),
        Known::Name(name) => answer_within(deadline, move || addrs(lookup_host(&name, family)?, port))?,
    };
    if found.is_empty() { Err(Error::NAME_NO_ADDRESS) } else { Ok(found) }
}

/// A lookup of a name's addresses.
pub(in crate::net) fn lookup(name: &str, port: u16, family: Family) -> Lookup<Vec<Addr>> {
    let name = name.to_owned();
    Lookup::new(move || addrs(lookup_host(&name, family)?, port))
}

/// The same without the search domains of resolv.conf.
pub(in crate::net) fn lookup_as_is(name: &str, port: u16, family: Family) -> Lookup<Vec<Addr>> {
    let name = name.to_owned();
    Lookup::new(move || addrs(lookup_host_without_search(&name, family)?, port))
}

fn addrs(found: Vec<RawAddr>, port: u16) -> Result<Vec<Addr>> {
    let mut addrs: Vec<Addr> = Vec::new();
    for raw in found {
        let mut addr = Addr::from_os(raw);
        addr.set_port(port)?;
        // A hosts file may list an address twice.
        if !addrs.contains(&addr) {
            addrs.push(addr);
        }
    }
    Ok(addrs)
}

/// Whether an address has a family; every address has [`Family::Unspec`].
pub(in crate::net) fn has_family(addr: &Addr, family: Family) -> bool {
    family == Family::Unspec || addr.family() == family
}

/// A host that needs no lookup, or a name that does.
pub(in crate::net) enum Known {
    Addrs(Vec<Addr>),
    Name(String),
}

pub(in crate::net) fn resolve_locally(host: Host, port: u16) -> Result<Known> {
    Ok(match host {
        Host::Local => Known::Addrs(vec![(Ipv6Addr::LOCALHOST, port).into(), (Ipv4Addr::LOCALHOST, port).into()]),
        Host::Ip(ip, zone) => Known::Addrs(vec![Addr::with_zone(ip, &zone, port)?]),
        Host::Name(name) => Known::Name(name),
    })
}
