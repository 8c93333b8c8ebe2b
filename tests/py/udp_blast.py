"""A peer of c-examples/udp_blast.c over Python's own sockets.

blast.py send ADDRESS    sends 1000 datagrams of 100 bytes and 10 that are something else: of the numbers 0 to 1009 it leaves
                         out ten in the middle and the last ten, sends five twice, and 20 too late
blast.py recv ADDRESS    prints its address, and after the end mark how many bytes came, and ok when each number came once, in
                         order, with the same sender in all
"""

import socket
import struct
import sys

from address import connect, name, parse

END = 1 << 63
PATIENCE = 60
SO_RCVBUFFORCE = 33


def send(address):
    with connect(address, "dgram") as s:
        def give(number):
            s.send(struct.pack(">QQ", 0x0123456789ABCDEF, number) + bytes(84))

        late = range(100, 120)
        for number in range(1000):
            if not 500 <= number < 510 and number not in late:
                give(number)
            if number in (0, 200, 700, 701, 999):
                give(number)
            if number == 300:
                for other in late:
                    give(other)
            if number % 100 == 50:
                s.send(bytes(number // 100))
        s.send(struct.pack(">QQ", 0x0123456789ABCDEF, END | 1010))


def recv(address):
    family, where = parse(address)
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        s.settimeout(PATIENCE)
        s.bind(where)
        print(name(s), flush=True)
        senders, total, next_number = set(), 0, 0
        while True:
            data = s.recv(65536)
            sender, number = struct.unpack_from(">QQ", data)
            senders.add(sender)
            if number & END:
                break
            assert number == next_number, f"{number} comes and not {next_number}"
            next_number += 1
            total += len(data)
        assert number == END | next_number, f"{number - END} were sent and {next_number} came"
        assert len(data) == 16 and len(senders) == 1
        print(total, "ok")


{"send": send, "recv": recv}[sys.argv[1]](sys.argv[2])
