//! Names into addresses, and back.

use crate::net::addr::endpoint::{Host, Port};
use crate::net::deadline::Deadline;
use crate::net::dial::lookup::{Lookup, answer_to};
use crate::net::{Addr, Error, Family, Result, Type};
use crate::sys::{RawAddr, look_up, look_up_as_is, name_of, service_port};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// Looks up the addresses of a host, and the port of a service, as the system does for every program: in its hosts
/// file, by DNS, or however else it is configured. They come in the order in which to try them ([RFC 6724]).
/// ([getaddrinfo(3)])
///
/// The host is a name, beside ASCII as IDNA has it (for which glibc needs libidn2), or an address without brackets,
/// maybe with a zone, for which nobody is asked; nothing stands for this machine's loopback addresses. The service is a
/// port's number or a name from the system's database of services; nothing stands for port 0. The family may be
/// [`Family::Unspec`] for both, the type may be missing. Without a timeout it takes as long as the system does.
///
/// A look-up that is not done in time goes on in a thread of its own, and ends there. At most 64 are under way in a
/// process at once; further ones wait for their turn.
///
/// ```
/// use jackfield::{Family, Type, resolve};
/// let found = resolve("127.0.0.1", "80", Family::Unspec, Some(Type::Stream), None)?;
/// assert_eq!(found, ["127.0.0.1:80".parse()?]);
/// # Ok::<(), jackfield::Error>(())
/// ```
///
/// # Errors
/// [`Error::NAME_NOT_FOUND`] when there is no such name, [`Error::NAME_NO_ADDRESS`] when it has no address of that family,
/// [`Error::NAME_TRY_AGAIN`] when the name servers did not answer, failed or refused to, [`Error::NAME_FAILED`] when the
/// system says that they never will (glibc does not); [`Error::TIMED_OUT`], and [`Error::WOULD_BLOCK`] for a name when
/// the timeout is 0; [`Error::NOT_FOUND`] for an unknown service or a zone that is no interface's name;
/// [`Error::ADDR_INVALID`] when host or service is none;
/// [`Error::UNSUPPORTED`] when it takes IDNA and the system can't; [`Error::FAMILY_UNSUPPORTED`] and
/// [`Error::TYPE_UNSUPPORTED`] for others than IPv4, IPv6, streams and datagrams.
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
    let (host, port) = (Host::alone(host)?, port_number(&Port::alone(service)?, kind)?);
    addresses_of(host, port, family, deadline)
}

/// The name of the host with an address, as the system is configured to look it up. ([getnameinfo(3)])
///
/// # Errors
/// [`Error::NAME_NOT_FOUND`] when it has none, [`Error::FAMILY_UNSUPPORTED`] for other than IP addresses; the others as
/// from [`resolve`], as is what holds for the time.
///
/// [getnameinfo(3)]: https://man7.org/linux/man-pages/man3/getnameinfo.3.html
pub fn resolve_addr(addr: &Addr, timeout: Option<Duration>) -> Result<String> {
    resolve_addr_within(addr, Deadline::from_timeout(timeout))
}

pub(crate) fn resolve_addr_within(addr: &Addr, deadline: Deadline) -> Result<String> {
    addr.ip().ok_or(Error::FAMILY_UNSUPPORTED)?;
    let raw = *addr.raw();
    let name = answer_to(deadline, move || Ok(name_of(&raw)?))?;
    // What is no name, though it may look like an address, is nobody's name.
    let name = String::from_utf8(name).map_err(|_| Error::NAME_FAILED)?;
    if matches!(Host::alone(&name), Ok(Host::Name(_))) { Ok(name) } else { Err(Error::NAME_FAILED) }
}

/// The number of a port, from the database of services if it has to be.
pub(in crate::net) fn port_number(port: &Port, kind: Option<Type>) -> Result<u16> {
    match port {
        Port::Number(number) => Ok(*number),
        Port::Service(name) => Ok(service_port(name, kind)?),
    }
}

/// The addresses of a host, which may have to be looked up.
pub(in crate::net) fn addresses_of(host: Host, port: u16, family: Family, deadline: Deadline) -> Result<Vec<Addr>> {
    let found = match known(host, port)? {
        Known::Addrs(found) => found.into_iter().filter(|addr| is_of(addr, family)).collect(),
        Known::Name(name) => answer_to(deadline, move || addrs(look_up(&name, family)?, port))?,
    };
    if found.is_empty() { Err(Error::NAME_NO_ADDRESS) } else { Ok(found) }
}

/// A look-up of a name's addresses.
pub(in crate::net) fn lookup(name: &str, port: u16, family: Family) -> Lookup<Vec<Addr>> {
    let name = name.to_owned();
    Lookup::new(move || addrs(look_up(&name, family)?, port))
}

/// The same of a name as it is.
pub(in crate::net) fn lookup_as_is(name: &str, port: u16, family: Family) -> Lookup<Vec<Addr>> {
    let name = name.to_owned();
    Lookup::new(move || addrs(look_up_as_is(&name, family)?, port))
}

fn addrs(found: Vec<RawAddr>, port: u16) -> Result<Vec<Addr>> {
    let mut addrs: Vec<Addr> = Vec::new();
    for raw in found {
        let mut addr = Addr::from_os(raw);
        addr.set_port(port)?;
        // A hosts file may say the same twice.
        if !addrs.contains(&addr) {
            addrs.push(addr);
        }
    }
    Ok(addrs)
}

/// Whether an address is of a family, of which none is any.
pub(in crate::net) fn is_of(addr: &Addr, family: Family) -> bool {
    family == Family::Unspec || addr.family() == family
}

/// What is known of a host without asking anybody.
pub(in crate::net) enum Known {
    Addrs(Vec<Addr>),
    Name(String),
}

pub(in crate::net) fn known(host: Host, port: u16) -> Result<Known> {
    Ok(match host {
        Host::Here => Known::Addrs(vec![(Ipv6Addr::LOCALHOST, port).into(), (Ipv4Addr::LOCALHOST, port).into()]),
        Host::Ip(ip, zone) => Known::Addrs(vec![Addr::with_zone(ip, &zone, port)?]),
        Host::Name(name) => Known::Name(name),
    })
}
