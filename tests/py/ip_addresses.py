"""Reads texts, each with a zero at its end, and prints each as the IP address that it is, or that it is none."""

import ipaddress
import sys


def again(text):
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "none"
    # RFC 5952, section 5; Python does the same since 3.13.
    if address.version == 6 and address.ipv4_mapped:
        zone = "%" + address.scope_id if address.scope_id else ""
        return f"::ffff:{address.ipv4_mapped}{zone}"
    return str(address)


for text in sys.stdin.buffer.read().decode().split("\0")[:-1]:
    print(again(text))
