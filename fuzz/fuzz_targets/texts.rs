//! What reads addresses and endpoints, fed with texts that a fuzzer makes.
//!
//! `make fuzz` in the folder above runs it for FUZZ_SECONDS, 300 if nothing else is said, starting from the cases of
//! tests/texts. What it finds is in target/fuzz; `target/fuzz/texts FILE` runs one again.

#![no_main]

use jackfield::{Addr, Endpoint};
use libfuzzer_sys::fuzz_target;
use std::net::{IpAddr, SocketAddr};

fuzz_target!(|text: &str| {
    let addr = addr(text);
    endpoint(text);
    ip(text);
    // An IP address with a port is an endpoint exactly when it is an address. Names of interfaces are only looked up for
    // addresses.
    let shown = endpoint(&format!("tcp://{text}"));
    let stripped = shown.as_deref().and_then(|shown| shown.strip_prefix("tcp://"));
    if let Some(addr) = addr.filter(|addr| addr.ip().is_some()) {
        let stripped = stripped.expect("an address is an endpoint");
        assert_eq!(stripped.parse::<Addr>(), Ok(addr));
    } else if let Some(stripped) = stripped {
        assert!(stripped.parse::<SocketAddr>().is_err(), "{stripped} is an endpoint, but no address");
    }
});

fn addr(text: &str) -> Option<Addr> {
    let addr = text.parse::<Addr>().ok()?;
    let shown = addr.to_string();
    assert!(shown.len() < 352);
    let again: Addr = shown.parse().expect("what is written can be read");
    assert_eq!(again, addr);
    assert_eq!(again.to_string(), shown);
    Some(addr)
}

fn endpoint(text: &str) -> Option<String> {
    match text.parse::<Endpoint>() {
        Ok(endpoint) => {
            let shown = endpoint.to_string();
            let again: Endpoint = shown.parse().expect("what is written can be read");
            assert_eq!(again, endpoint);
            assert_eq!(again.to_string(), shown);
            Some(shown)
        }
        Err(error) => {
            assert!(text.is_char_boundary(error.at()), "{error}");
            let shown = error.to_string();
            let (_, expected) = shown.split_once(": expected ").expect("it says what is expected");
            assert!(!expected.is_empty());
            None
        }
    }
}

/// Whether a text is an IP address by itself is the standard library's to say.
fn ip(text: &str) {
    // It knows no zones.
    if text.contains('%') {
        return;
    }
    let wanted = text.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 7));
    let host = if text.contains(':') { format!("[{text}]") } else { text.into() };
    let addr = addr(&format!("{host}:7")).filter(|addr| addr.ip().is_some());
    assert_eq!(addr, wanted.map(Addr::from));
    let endpoint = endpoint(&format!("udp://{host}:7"));
    // What is no address may still be a name.
    if wanted.is_some() || text.contains(':') {
        assert_eq!(endpoint, wanted.map(|wanted| format!("udp://{wanted}")));
    }
}
