"""Compares the library's list of interfaces with the output of `ip`: interfaces.py libjackfield.so

Prints the number of entries. First adds 10.55.0.1 to eth0 with a label that `ip` itself would reject.
"""

import ctypes
import ipaddress
import json
import socket
import struct
import subprocess
import sys

FLAGS = {"UP": 1, "LOOPBACK": 4, "BROADCAST": 8, "POINTOPOINT": 16, "MULTICAST": 32}
FOREIGN_LABEL = "foreign label"


class Address(ctypes.Structure):
    _fields_ = [
        ("family", ctypes.c_uint16),
        ("port", ctypes.c_uint16),
        ("scope_id", ctypes.c_uint32),
        ("flow_info", ctypes.c_uint32),
        ("len", ctypes.c_uint32),
        ("data", ctypes.c_uint8 * 112),
    ]

    def text(self):
        return str(ipaddress.ip_address(bytes(self.data[: self.len]))) if self.family else None


class Interface(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char * 16)]
    _fields_ += [(name, ctypes.c_uint32) for name in "index flags mtu prefix_len hardware_len reserved".split()]
    _fields_ += [("hardware", ctypes.c_uint8 * 32), ("addr", Address), ("peer", Address)]


def entries_of_library(library):
    jf = ctypes.CDLL(library)
    jf.jf_interfaces.argtypes, jf.jf_interfaces.restype = [ctypes.c_void_p, ctypes.c_size_t], ctypes.c_int64
    buffer = (Interface * 200)()
    count = jf.jf_interfaces(buffer, 200)
    assert 0 < count <= 200, count
    for i in buffer[:count]:
        hardware = bytes(i.hardware[: i.hardware_len]).hex(":")
        scope = i.addr.scope_id
        yield (i.index, i.name.decode(), i.flags, i.mtu, hardware, i.addr.text(), i.prefix_len, i.peer.text(), scope)


def entries_of_ip():
    shown = subprocess.run(["ip", "-json", "addr", "show"], check=True, capture_output=True, timeout=20).stdout
    for link in sorted(json.loads(shown), key=lambda link: link["ifindex"]):
        flags = sum(number for name, number in FLAGS.items() if name in link["flags"])
        if "UP" in link["flags"] and "NO-CARRIER" not in link["flags"]:
            flags |= 2
        link_fields = (link["ifindex"], link["ifname"], flags, link["mtu"], link.get("address", ""))
        if not link["addr_info"]:
            yield (*link_fields, None, 0, None, 0)
        for a in link["addr_info"]:
            if a.get("label") == FOREIGN_LABEL:
                fields = (0, FOREIGN_LABEL, flags, 0, "")
            else:
                fields = link_fields
            scope = link_fields[0] if a["family"] == "inet6" and a["scope"] == "link" else 0
            yield (*fields, a["local"], a["prefixlen"], a.get("broadcast", a.get("address")), scope)


def add_address_with_foreign_label(index):
    def attribute(kind, data):
        return struct.pack("=HH", len(data) + 4, kind) + data + bytes(-len(data) % 4)

    ip = socket.inet_aton("10.55.0.1")
    body = struct.pack("=BBBBI", socket.AF_INET, 24, 0, 0, index)
    body += attribute(1, ip) + attribute(2, ip) + attribute(3, FOREIGN_LABEL.encode() + b"\0")
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
        # RTM_NEWADDR; request, acknowledge, create.
        s.send(struct.pack("=IHHII", len(body) + 16, 20, 0x405, 1, 0) + body)
        answer = s.recv(4096)
        assert struct.unpack_from("=i", answer, 16)[0] == 0, answer


add_address_with_foreign_label(socket.if_nametoindex("eth0"))
entries, expected_entries = list(entries_of_library(sys.argv[1])), sorted(entries_of_ip(), key=lambda entry: entry[0])
for entry, expected in zip(entries, expected_entries):
    assert entry == expected, f"{entry} is not {expected}"
assert len(entries) == len(expected_entries), f"{len(entries)} entries, not {len(expected_entries)}"
print(len(entries))
