//! Resolving names to addresses, and addresses to names.

use crate::net::addr::host_port::{Host, Port};
use crate::net::deadline::Deadline;
use crate::net::dial::lookup::{Lookup, Source, answer_within};
use crate::net::{Addr, Error, Family, Result, Type};
use crate::sys::{NameError, RawAddr, lookup_addr, lookup_host, lookup_host_without_search, lookup_service};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// Looks up the addresses of a host and the port of a service, with the system's resolver: hosts file, DNS, or other
/// configured sources. The addresses are in the order in which to try them ([RFC 6724]). ([getaddrinfo(3)])
///
/// `host` is a name, an IPv4 or IPv6 address (without brackets, optionally with a zone), or empty for the loopback
/// addresses of this machine. Names beyond ASCII are converted by IDNA, for which glibc needs libidn2. `service` is a
/// port number, a name from the system's services database, or empty for port 0. Only names need a lookup, of the
/// service first. `family` is [`Family::Unspec`] for both IPv4 and IPv6. Without a `timeout`, the call blocks for as
/// long as the system's resolver.
///
/// A lookup that has not finished at the timeout continues on a separate thread and ends there. At most 64 lookups are
/// in flight in a process, and 64 more of services alone; further ones are queued.
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
/// - [`Error::TIMED_OUT`]: the timeout expired; [`Error::WOULD_BLOCK`]: the timeout is 0 and `host` or `service` is a
///   name.
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
    let query = Query { host: Host::parse(host)?, port: Port::parse(service)?, kind, local: LOOPBACK };
    addresses_of(&query, family, deadline)
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
    let name = answer_within(deadline, Lookup::new(Source::Names, move || Ok(lookup_addr(&raw)?)))?;
    // A name server may answer with anything. A text that is no name, such as an address, is rejected.
    let name = String::from_utf8(name).map_err(|_| Error::NAME_FAILED)?;
    if matches!(Host::parse(&name), Ok(Host::Name(_))) { Ok(name) } else { Err(Error::NAME_FAILED) }
}

/// What an empty host stands for in a dial.
pub(in crate::net) const LOOPBACK: [IpAddr; 2] = [IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)];

/// What to resolve. Each part is known, or a name that has to be looked up.
#[derive(Clone)]
pub(in crate::net) struct Query {
    pub(in crate::net) host: Host,
    pub(in crate::net) port: Port,
    /// The socket type of the service.
    pub(in crate::net) kind: Option<Type>,
    /// What an empty host stands for.
    pub(in crate::net) local: [IpAddr; 2],
}

impl Query {
    /// The addresses, if nothing has to be looked up.
    pub(in crate::net) fn known_addrs(&self) -> Option<Result<Vec<Addr>>> {
        match (&self.host, &self.port) {
            (Host::Name(_), _) | (_, Port::Service(_)) => None,
            (_, Port::Number(port)) => Some(self.addrs_with_port(*port)),
        }
    }

    pub(in crate::net) fn has_host_name(&self) -> bool {
        matches!(self.host, Host::Name(_))
    }

    /// The lookup of all names.
    pub(in crate::net) fn lookup(&self, family: Family) -> Lookup<Vec<Addr>> {
        self.lookup_with(move |name| lookup_host(name, family))
    }

    /// The same without the search domains of resolv.conf.
    pub(in crate::net) fn lookup_as_is(&self, family: Family) -> Lookup<Vec<Addr>> {
        self.lookup_with(move |name| lookup_host_without_search(name, family))
    }

    /// The addresses of a host that is not a name.
    fn addrs_with_port(&self, port: u16) -> Result<Vec<Addr>> {
        match &self.host {
            Host::Local => Ok(self.local.map(|ip| (ip, port).into()).to_vec()),
            Host::Ip(ip, zone) => Ok(vec![Addr::with_zone(*ip, zone, port)?]),
            Host::Name(_) => Err(Error::INTERNAL),
        }
    }

    fn lookup_with(
        &self,
        lookup_host: impl FnOnce(&str) -> std::result::Result<Vec<RawAddr>, NameError> + Send + 'static,
    ) -> Lookup<Vec<Addr>> {
        let query = self.clone();
        let source = if self.has_host_name() { Source::Names } else { Source::Services };
        Lookup::new(source, move || {
            // The service first: if it is unknown, no name server is asked.
            let port = match &query.port {
                Port::Number(number) => *number,
                Port::Service(name) => lookup_service(name, query.kind)?,
            };
            match &query.host {
                Host::Name(name) => addrs(lookup_host(name)?, port),
                _ => query.addrs_with_port(port),
            }
        })
    }
}

/// The addresses of a query. Names are looked up, until the deadline.
pub(in crate::net) fn addresses_of(query: &Query, family: Family, deadline: Deadline) -> Result<Vec<Addr>> {
    let found = query.known_addrs().unwrap_or_else(|| answer_within(deadline, query.lookup(family)))?;
    let found: Vec<Addr> = found.into_iter().filter(|addr| has_family(addr, family)).collect();
    if found.is_empty() { Err(Error::NAME_NO_ADDRESS) } else { Ok(found) }
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
