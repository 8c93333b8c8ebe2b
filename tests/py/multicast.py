"""Multicast with Python's socket module.

multicast.py send INTERFACE FROM TO WORD [FROM TO WORD]...   sends datagrams, each from the given source address
multicast.py recv INTERFACE GROUP SOURCE|- COUNT             prints its address, then COUNT received words

INTERFACE is an interface index.
"""

import os
import socket
import struct
import sys

from address import name, parse

MCAST_JOIN_SOURCE_GROUP = 46


def outgoing_interface(family, index):
    if family == socket.AF_INET:
        return socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("=4s4si", bytes(4), bytes(4), index)
    return socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index


def packed(family, host):
    """Packs a sockaddr_storage."""
    ip = socket.inet_pton(family, host)
    if family == socket.AF_INET:
        return struct.pack("=HH4s120x", family, 0, ip)
    return struct.pack("=HHI16sI100x", family, 0, 0, ip, 0)


def membership(family, index, group, source):
    ip = socket.inet_pton(family, group)
    if source == "-" and family == socket.AF_INET:
        return socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("=4s4si", ip, bytes(4), index)
    if source == "-":
        return socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, struct.pack("=16si", ip, index)
    level = socket.IPPROTO_IP if family == socket.AF_INET else socket.IPPROTO_IPV6
    return level, MCAST_JOIN_SOURCE_GROUP, struct.pack("=I4x", index) + packed(family, group) + packed(family, source)


def send(index, words):
    # Datagrams sent from different CPUs may be reordered.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for source, to, word in zip(words[::3], words[1::3], words[2::3]):
        family, address = parse(source)
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            s.setsockopt(*outgoing_interface(family, index))
            s.bind(address)
            s.sendto(word.encode(), parse(to)[1])


def recv(index, group, source, count):
    family, address = parse(group)
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.bind(("", 0))
        s.setsockopt(*membership(family, index, address[0], source))
        print(name(s), flush=True)
        for _ in range(count):
            print(s.recv(65536).decode(), flush=True)


verb, interface = sys.argv[1], int(sys.argv[2])
if verb == "send":
    send(interface, sys.argv[3:])
else:
    recv(interface, sys.argv[3], sys.argv[4], int(sys.argv[5]))
