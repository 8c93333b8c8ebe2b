//! The text form of addresses.
//!
//! ```text
//! 127.0.0.1:80    [::1]:80    [fe80::1%eth0]:80    unix:/run/x.sock    unix:@name    unix:
//! vsock:2:1024    vsock:any:1024    netlink:0:1    packet:eth0:0x0800:02:00:00:00:00:01
//! ```
//!
//! `unix:` alone is an unnamed UNIX address. A vsock address has a context identifier and a port, a netlink address a
//! port and a group mask. A packet address has an interface, a hexadecimal protocol and an optional hardware address.
//! In a UNIX address, `%` and two hexadecimal digits stand for a byte. Zero bytes, control characters, `%`, bytes that
//! are not UTF-8 and the leading `@` of a path are written so. Parsing a formatted address gives the same address,
//! except for the flow label. Host names are not looked up.

use crate::net::addr::endpoint_error::Expected;
use crate::net::addr::host_port::{Host, Port};
use crate::net::addr::parser::Parser;
use crate::net::{Addr, Error, Family, Result};
use crate::sys::errno::ENODEV;
use crate::sys::{Errno, interface_index};
use std::fmt::{self, Write};
use std::net::{IpAddr, SocketAddrV6};
use std::str::FromStr;

impl Addr {
    /// An IP address with a zone: the name or index of an interface, or empty.
    pub(in crate::net) fn with_zone(ip: IpAddr, zone: &str, port: u16) -> Result<Addr> {
        match ip {
            IpAddr::V6(ip) if !zone.is_empty() => Ok(SocketAddrV6::new(ip, port, 0, parse_interface(zone)?).into()),
            _ => Ok((ip, port).into()),
        }
    }
}

impl FromStr for Addr {
    type Err = Error;

    /// Parses an address.
    ///
    /// # Errors
    /// [`Error::ADDR_INVALID`] if the text is not an address, [`Error::NOT_FOUND`] if its zone names no interface.
    fn from_str(text: &str) -> Result<Addr> {
        if text.starts_with("unix:") {
            Ok(Parser::new(text, "unix:".len()).unix()?)
        } else if let Some(parts) = text.strip_prefix("vsock:") {
            let (cid, port) = parts.split_once(':').ok_or(Error::ADDR_INVALID)?;
            Ok(Addr::vsock(parse_any(cid)?, parse_any(port)?))
        } else if let Some(parts) = text.strip_prefix("netlink:") {
            let (port, groups) = parts.split_once(':').ok_or(Error::ADDR_INVALID)?;
            Ok(Addr::netlink(parse_number(port)?, parse_number(groups)?))
        } else if let Some(parts) = text.strip_prefix("packet:") {
            parse_packet(parts)
        } else {
            match Parser::new(text, 0).host_and_port() {
                Ok((Host::Ip(ip, zone), Port::Number(port))) => Addr::with_zone(ip, &zone, port),
                // No interface has a name that long.
                Err(error) if error.expected() == Expected::ShortZone => Err(Error::NOT_FOUND),
                _ => Err(Error::ADDR_INVALID),
            }
        }
    }
}

/// A decimal number. `u32::from_str` also accepts a sign.
fn parse_number(text: &str) -> Result<u32> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::ADDR_INVALID);
    }
    text.parse().map_err(|_| Error::ADDR_INVALID)
}

fn parse_any(text: &str) -> Result<u32> {
    if text == "any" { Ok(u32::MAX) } else { parse_number(text) }
}

/// The index of an interface that is given by index or name.
fn parse_interface(text: &str) -> Result<u32> {
    match text {
        "" => Err(Error::ADDR_INVALID),
        _ if text.bytes().all(|byte| byte.is_ascii_digit()) => parse_number(text),
        _ => interface_index(text).map_err(|errno| match errno {
            Errno(ENODEV) => Error::NOT_FOUND,
            // The query opens a socket, which can fail.
            _ => errno.into(),
        }),
    }
}

/// A hexadecimal number of exactly `digits` digits.
fn parse_hex(text: &str, digits: usize) -> Result<u16> {
    if text.len() != digits || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::ADDR_INVALID);
    }
    u16::from_str_radix(text, 16).map_err(|_| Error::ADDR_INVALID)
}

fn parse_packet(parts: &str) -> Result<Addr> {
    let mut parts = parts.split(':');
    let mut part = || parts.next().ok_or(Error::ADDR_INVALID);
    let interface = parse_interface(part()?)?;
    let protocol = parse_hex(part()?.strip_prefix("0x").ok_or(Error::ADDR_INVALID)?, 4)?;
    let hardware = parts.map(|byte| Ok(parse_hex(byte, 2)? as u8)).collect::<Result<Vec<u8>>>()?;
    Addr::packet(interface, protocol, &hardware)
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((cid, port)) = self.vsock_parts() {
            let number = |number: u32| if number == u32::MAX { "any".into() } else { number.to_string() };
            return write!(f, "vsock:{}:{}", number(cid), number(port));
        }
        if let Some((port, groups)) = self.netlink_parts() {
            return write!(f, "netlink:{port}:{groups}");
        }
        if let Some((interface, protocol, hardware)) = self.packet_parts() {
            write!(f, "packet:{interface}:0x{protocol:04x}")?;
            return hardware.iter().try_for_each(|byte| write!(f, ":{byte:02x}"));
        }
        match (self.ip(), self.port(), self.unix_bytes()) {
            (Some(IpAddr::V4(ip)), Some(port), _) => write!(f, "{ip}:{port}"),
            (Some(IpAddr::V6(ip)), Some(port), _) if self.scope_id() == 0 => write!(f, "[{ip}]:{port}"),
            (Some(IpAddr::V6(ip)), Some(port), _) => write!(f, "[{ip}%{}]:{port}", self.scope_id()),
            (.., Some(name)) => f.write_str("unix:").and_then(|()| write_unix(f, name)),
            _ => f.write_str("unspecified"),
        }
    }
}

/// Writes a path, or `@` and an abstract name.
pub(in crate::net) fn write_unix(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    let (start, bytes) = match bytes {
        [0, name @ ..] => ("@", name),
        [b'@', rest @ ..] => ("%40", rest),
        path => ("", path),
    };
    f.write_str(start)?;
    percent_encode(f, bytes)
}

fn percent_encode(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '%' | '\0'..'\x20' | '\x7f' => write!(f, "%{:02X}", char as u32)?,
                _ => f.write_char(char)?,
            }
        }
        for byte in chunk.invalid() {
            write!(f, "%{byte:02X}")?;
        }
    }
    Ok(())
}

impl fmt::Debug for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.family() {
            Family::Unspec => f.write_str("UNSPEC"),
            _ => fmt::Display::fmt(self, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_text_fits_the_documented_size() {
        let longest = Addr::abstract_name([b'%'; 107]).unwrap().to_string();
        assert!(longest.len() < 352);
        let ip = Addr::from(SocketAddrV6::new([0xffff; 8].into(), 65535, 0, u32::MAX)).to_string();
        assert!(ip.len() < longest.len());
    }
}
