"""Reads NUL-terminated texts, and prints the canonical form of each IP address, or none."""

import ipaddress
import sys


def canonical(text):
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "none"
    # The form of RFC 5952, section 5. Python uses it since 3.13.
    if address.version == 6 and address.ipv4_mapped:
        zone = "%" + address.scope_id if address.scope_id else ""
        return f"::ffff:{address.ipv4_mapped}{zone}"
    return str(address)


for text in sys.stdin.buffer.read().decode().split("\0")[:-1]:
    print(canonical(text))
