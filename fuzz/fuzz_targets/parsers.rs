//! Fuzzes the parsers of addresses and endpoints.
//!
//! `make fuzz` in the folder above runs it for FUZZ_SECONDS (300), with the cases of tests/texts as seeds. Failing
//! inputs are written to target/fuzz; `target/fuzz/parsers FILE` runs one again.

#![no_main]

use jackfield::{Addr, Endpoint};
use libfuzzer_sys::fuzz_target;
use std::net::{IpAddr, SocketAddr};

fuzz_target!(|text: &str| {
    let addr = check_addr(text);
    check_endpoint(text);
    check_ip(text);
    // A text with an IP address and a port is a valid endpoint exactly when it is a valid address. The exception are
    // interface names as zones: only the address parser looks them up.
    let formatted = check_endpoint(&format!("tcp://{text}"));
    let stripped = formatted.as_deref().and_then(|formatted| formatted.strip_prefix("tcp://"));
    if let Some(addr) = addr.filter(|addr| addr.ip().is_some()) {
        let stripped = stripped.expect("an address is an endpoint");
        assert_eq!(stripped.parse::<Addr>(), Ok(addr));
    } else if let Some(stripped) = stripped {
        assert!(stripped.parse::<SocketAddr>().is_err(), "{stripped} is an endpoint, but no address");
    }
});

/// Parses an address, and checks that formatting and parsing it again gives the same address.
fn check_addr(text: &str) -> Option<Addr> {
    let addr = text.parse::<Addr>().ok()?;
    let formatted = addr.to_string();
    assert!(formatted.len() < 352);
    let reparsed: Addr = formatted.parse().expect("a formatted address can be parsed");
    assert_eq!(reparsed, addr);
    assert_eq!(reparsed.to_string(), formatted);
    Some(addr)
}

/// Parses an endpoint, and checks the same of it, or that the error is complete.
fn check_endpoint(text: &str) -> Option<String> {
    match text.parse::<Endpoint>() {
        Ok(endpoint) => {
            let formatted = endpoint.to_string();
            let reparsed: Endpoint = formatted.parse().expect("a formatted endpoint can be parsed");
            assert_eq!(reparsed, endpoint);
            assert_eq!(reparsed.to_string(), formatted);
            Some(formatted)
        }
        Err(error) => {
            assert!(text.is_char_boundary(error.at()), "{error}");
            let message = error.to_string();
            let (_, expected) = message.split_once(": expected ").expect("the message names what was expected");
            assert!(!expected.is_empty());
            None
        }
    }
}

/// Checks that an IP address is accepted exactly when the standard library accepts it.
fn check_ip(text: &str) {
    // The standard library does not parse zones.
    if text.contains('%') {
        return;
    }
    let expected = text.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 7));
    let host = if text.contains(':') { format!("[{text}]") } else { text.into() };
    let addr = check_addr(&format!("{host}:7")).filter(|addr| addr.ip().is_some());
    assert_eq!(addr, expected.map(Addr::from));
    let endpoint = check_endpoint(&format!("udp://{host}:7"));
    // A text that is not an address may still be a host name.
    if expected.is_some() || text.contains(':') {
        assert_eq!(endpoint, expected.map(|expected| format!("udp://{expected}")));
    }
}
