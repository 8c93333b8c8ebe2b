//! c-examples/route.c prints the routers on the path to a host, from the ICMP errors that they send.

mod common;

use common::expect_success;
use common::netns::{Namespace, RoutedNetwork};
use common::peers::example;

/// The example's output in a namespace.
fn trace_route(from: &Namespace, to: &str) -> String {
    expect_success(&mut from.within(&example("route", &[to])), 60)
}

#[test]
fn the_route_leads_through_the_router() {
    let network = RoutedNetwork::new(1500, 1500);
    assert_eq!(trace_route(&network.a, "10.77.2.2:33434"), " 1  10.77.1.9:0\n 2  10.77.2.2:0  reached\n");
    assert_eq!(trace_route(&network.a, "[fd77:2::2]:33434"), " 1  [fd77:1::9]:0\n 2  [fd77:2::2]:0  reached\n");
    assert_eq!(trace_route(&network.b, "10.77.1.1:33434"), " 1  10.77.2.9:0\n 2  10.77.1.1:0  reached\n");
}

#[test]
fn the_route_to_the_local_host_has_one_hop() {
    let namespace = Namespace::new();
    assert_eq!(trace_route(&namespace, "127.0.0.1:33434"), " 1  127.0.0.1:0  reached\n");
    assert_eq!(trace_route(&namespace, "[::1]:33434"), " 1  [::1]:0  reached\n");
}
