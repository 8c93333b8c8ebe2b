//! The way to a host, as c-examples/route.c shows it: every router on it, told by the errors that come back.

mod common;

use common::netns::{Namespace, Routed};
use common::peers::example;
use common::succeed;

/// What the example prints in a namespace.
fn way(from: &Namespace, to: &str) -> String {
    succeed(&mut from.within(&example("route", &[to])), 60)
}

#[test]
fn it_leads_through_the_router() {
    let network = Routed::new(1500, 1500);
    assert_eq!(way(&network.a, "10.77.2.2:33434"), " 1  10.77.1.9:0\n 2  10.77.2.2:0  reached\n");
    assert_eq!(way(&network.a, "[fd77:2::2]:33434"), " 1  [fd77:1::9]:0\n 2  [fd77:2::2]:0  reached\n");
    assert_eq!(way(&network.b, "10.77.1.1:33434"), " 1  10.77.2.9:0\n 2  10.77.1.1:0  reached\n");
}

#[test]
fn it_is_short_to_oneself() {
    let alone = Namespace::new();
    assert_eq!(way(&alone, "127.0.0.1:33434"), " 1  127.0.0.1:0  reached\n");
    assert_eq!(way(&alone, "[::1]:33434"), " 1  [::1]:0  reached\n");
}
