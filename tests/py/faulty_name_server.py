"""A name server with the faults that dnsmasq cannot simulate: faulty_name_server.py ADDRESS

Listens on port 53 of the address and prints each query. The answer depends on the first label of the name:

    servfail, refused, notimp, formerr      an error with this response code
    silent                                  no answer
    mute4, mute6                            no answer to queries for this family
    broken4, broken6                        SERVFAIL to queries for this family
    late6                                   addresses of this family after 1500 ms
    only6                                   addresses of IPv6 after 1500 ms, and none of IPv4;
                                            below the domain corp, an address of IPv4 at once, and none of IPv6
    garbage                                 a malformed answer
    loop                                    a CNAME record that refers to itself
    any other                               10.77.0.2 and fd77::2
"""

import select
import socket
import struct
import sys
import time

CODES = {"formerr": 1, "servfail": 2, "notimp": 4, "refused": 5}
A, CNAME, AAAA = 1, 5, 28


def read_name(packet, at):
    labels = []
    while packet[at]:
        labels.append(packet[at + 1 : at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    return labels, at + 1


def answer(packet):
    """The bytes of the answer and a delay in seconds, or None for no answer."""
    labels, end = read_name(packet, 12)
    kind = struct.unpack_from("!H", packet, end)[0]
    question = packet[12 : end + 4]
    label = labels[0]
    family = {A: "4", AAAA: "6"}.get(kind)
    print(kind, ".".join(labels), flush=True)

    def reply(code=0, records=()):
        head = packet[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(records), 0, 0)
        # Each record has the name of the question, as a compression pointer.
        return head + question + b"".join(
            b"\xc0\x0c" + struct.pack("!HHIH", record_kind, 1, 60, len(data)) + data for record_kind, data in records
        )

    if label in CODES:
        return reply(CODES[label]), 0
    if label == "silent" or label == "mute" + (family or ""):
        return None
    if label == "broken" + (family or ""):
        return reply(CODES["servfail"]), 0
    if label == "garbage":
        return packet[:2] + b"\x81\x80" + b"\xff" * 40, 0
    if label == "loop":
        return reply(0, [(CNAME, b"\xc0\x0c")]), 0
    if label == "only6" and (family == "4") != (labels[-1] == "corp"):
        return reply(), 0
    records = {
        A: [(A, socket.inet_aton("10.77.0.2"))],
        AAAA: [(AAAA, socket.inet_pton(socket.AF_INET6, "fd77::2"))],
    }.get(kind, [])
    return reply(0, records), 1.5 if label == "late" + (family or "") or labels == ["only6", "odd"] else 0


def main():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((sys.argv[1], 53))
    print("ready", flush=True)
    delayed = []
    while True:
        now = time.monotonic()
        for item in [item for item in delayed if item[0] <= now]:
            delayed.remove(item)
            server.sendto(item[1], item[2])
        timeout = min((item[0] - now for item in delayed), default=None)
        if select.select([server], [], [], None if timeout is None else max(0, timeout))[0]:
            packet, client = server.recvfrom(4096)
            result = answer(packet)
            if result is not None:
                delayed.append((time.monotonic() + result[1], result[0], client))


main()
