"""A peer of c-examples/udp_blast.c with Python's socket module.

udp_blast.py send ADDRESS    sends 995 datagrams of 100 bytes with sequence numbers, and 10 datagrams of other kinds.
                             Of the numbers 0 to 1009 it skips ten in the middle and the last ten, sends five twice, and
                             20 late.
udp_blast.py recv ADDRESS    prints its address; after the end mark, prints the number of bytes and ok. Fails unless
                             each number arrived once, in order, and all datagrams have the same sender.
"""

import socket
import struct
import sys

from address import connect, name, parse

END = 1 << 63
TIMEOUT = 60
SO_RCVBUFFORCE = 33


def send(address):
    with connect(address, "dgram") as s:
        def send_number(number):
            s.send(struct.pack(">QQ", 0x0123456789ABCDEF, number) + bytes(84))

        late = range(100, 120)
        for number in range(1000):
            if not 500 <= number < 510 and number not in late:
                send_number(number)
            if number in (0, 200, 700, 701, 999):
                send_number(number)
            if number == 300:
                for other in late:
                    send_number(other)
            if number % 100 == 50:
                s.send(bytes(number // 100))
        s.send(struct.pack(">QQ", 0x0123456789ABCDEF, END | 1010))


def recv(address):
    family, socket_address = parse(address)
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        s.settimeout(TIMEOUT)
        s.bind(socket_address)
        print(name(s), flush=True)
        senders, total, next_number = set(), 0, 0
        while True:
            data = s.recv(65536)
            sender, number = struct.unpack_from(">QQ", data)
            senders.add(sender)
            if number & END:
                break
            assert number == next_number, f"received {number} instead of {next_number}"
            next_number += 1
            total += len(data)
        assert number == END | next_number, f"{number - END} sent, {next_number} received"
        assert len(data) == 16 and len(senders) == 1
        print(total, "ok")


{"send": send, "recv": recv}[sys.argv[1]](sys.argv[2])
