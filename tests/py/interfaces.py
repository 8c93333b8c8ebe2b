"""Compares the library's list of interfaces with what `ip` says: interfaces.py libjackfield.so; prints how many entries agree.

Before it does so it gives 10.55.0.1 to an interface named eth0, by a label that `ip` itself would refuse.
"""

import ctypes
import ipaddress
import json
import socket
import struct
import subprocess
import sys

FLAGS = {"UP": 1, "LOOPBACK": 4, "BROADCAST": 8, "POINTOPOINT": 16, "MULTICAST": 32}
STRANGE = "nobody's label"


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


def ours(library):
    jf = ctypes.CDLL(library)
    jf.jf_interfaces.argtypes, jf.jf_interfaces.restype = [ctypes.c_void_p, ctypes.c_size_t], ctypes.c_int64
    room = (Interface * 200)()
    count = jf.jf_interfaces(room, 200)
    assert 0 < count <= 200, count
    for i in room[:count]:
        hardware = bytes(i.hardware[: i.hardware_len]).hex(":")
        scope = i.addr.scope_id
        yield (i.index, i.name.decode(), i.flags, i.mtu, hardware, i.addr.text(), i.prefix_len, i.peer.text(), scope)


def theirs():
    shown = subprocess.run(["ip", "-json", "addr", "show"], check=True, capture_output=True, timeout=20).stdout
    for link in sorted(json.loads(shown), key=lambda link: link["ifindex"]):
        flags = sum(number for name, number in FLAGS.items() if name in link["flags"])
        if "UP" in link["flags"] and "NO-CARRIER" not in link["flags"]:
            flags |= 2
        about = (link["ifindex"], link["ifname"], flags, link["mtu"], link.get("address", ""))
        if not link["addr_info"]:
            yield (*about, None, 0, None, 0)
        for a in link["addr_info"]:
            if a.get("label") == STRANGE:
                about_it = (0, STRANGE, flags, 0, "")
            else:
                about_it = about
            scope = about[0] if a["family"] == "inet6" and a["scope"] == "link" else 0
            yield (*about_it, a["local"], a["prefixlen"], a.get("broadcast", a.get("address")), scope)


def add_strangely(index):
    def attribute(kind, data):
        return struct.pack("=HH", len(data) + 4, kind) + data + bytes(-len(data) % 4)

    ip = socket.inet_aton("10.55.0.1")
    body = struct.pack("=BBBBI", socket.AF_INET, 24, 0, 0, index)
    body += attribute(1, ip) + attribute(2, ip) + attribute(3, STRANGE.encode() + b"\0")
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
        # RTM_NEWADDR; request, acknowledge, create.
        s.send(struct.pack("=IHHII", len(body) + 16, 20, 0x405, 1, 0) + body)
        answer = s.recv(4096)
        assert struct.unpack_from("=i", answer, 16)[0] == 0, answer


add_strangely(socket.if_nametoindex("eth0"))
got, want = list(ours(sys.argv[1])), sorted(theirs(), key=lambda entry: entry[0])
for ours_, theirs_ in zip(got, want):
    assert ours_ == theirs_, f"{ours_} is not {theirs_}"
assert len(got) == len(want), f"{len(got)} entries, not {len(want)}"
print(len(got))
