"""A name server for what dnsmasq doesn't do: name_server.py ADDRESS

It prints what it is asked for, and answers at port 53 of the address by what a name's first label says, until it is ended:

    servfail, refused, notimp, formerr      with this code
    silent                                  nothing
    mute4, mute6                            nothing when asked for addresses of this family
    broken4, broken6                        SERVFAIL when asked for addresses of this family
    late6                                   addresses of this family after 1500 ms
    only6                                   the same, and none of the other family; but one at once for a name that ends in corp
    garbage                                 what is no answer
    loop                                    that it is called loop.odd
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
    """The answer's bytes and after how many seconds to send them, or None."""
    labels, end = read_name(packet, 12)
    kind = struct.unpack_from("!H", packet, end)[0]
    question = packet[12 : end + 4]
    what = labels[0]
    asks = {A: "4", AAAA: "6"}.get(kind)
    print(kind, ".".join(labels), flush=True)

    def reply(code=0, records=()):
        head = packet[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(records), 0, 0)
        # The name of each record is the question's.
        return head + question + b"".join(
            b"\xc0\x0c" + struct.pack("!HHIH", record_kind, 1, 60, len(data)) + data for record_kind, data in records
        )

    if what in CODES:
        return reply(CODES[what]), 0
    if what == "silent" or what == "mute" + (asks or ""):
        return None
    if what == "broken" + (asks or ""):
        return reply(CODES["servfail"]), 0
    if what == "garbage":
        return packet[:2] + b"\x81\x80" + b"\xff" * 40, 0
    if what == "loop":
        return reply(0, [(CNAME, b"\xc0\x0c")]), 0
    if what == "only6" and (asks == "4") != (labels[-1] == "corp"):
        return reply(), 0
    records = {
        A: [(A, socket.inet_aton("10.77.0.2"))],
        AAAA: [(AAAA, socket.inet_pton(socket.AF_INET6, "fd77::2"))],
    }.get(kind, [])
    return reply(0, records), 1.5 if what == "late" + (asks or "") or labels == ["only6", "odd"] else 0


def main():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((sys.argv[1], 53))
    print("ready", flush=True)
    waiting = []
    while True:
        now = time.monotonic()
        for item in [item for item in waiting if item[0] <= now]:
            waiting.remove(item)
            server.sendto(item[1], item[2])
        patience = min((item[0] - now for item in waiting), default=None)
        if select.select([server], [], [], None if patience is None else max(0, patience))[0]:
            packet, client = server.recvfrom(4096)
            result = answer(packet)
            if result is not None:
                waiting.append((time.monotonic() + result[1], result[0], client))


main()
