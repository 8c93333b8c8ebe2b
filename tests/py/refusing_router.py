"""Sends a router's ICMP errors about TCP connections: refusing_router.py INTERFACE RULE...

The rule 4:7000:3:1 answers an IPv4 SYN to port 7000, received on the interface, with an ICMP error of type 3, code 1.
The script does not drop the SYN; the namespace's firewall must do so. Each error is delayed by 5 ms, as in a network.
The kernel's own rejections would arrive before the client starts to wait.
"""

import socket
import struct
import sys
import time

ETH_P_ALL = 3
SYN, ACK = 2, 16


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def main():
    rules = {}
    for rule in sys.argv[2:]:
        version, port, kind, code = map(int, rule.split(":"))
        rules[version, port] = kind, code
    senders = {
        4: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        6: socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6),
    }
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    packets.bind((sys.argv[1], ETH_P_ALL))
    print("ready", flush=True)
    while True:
        packet, link_address = packets.recvfrom(65536)
        version = packet[0] >> 4
        if version not in senders or link_address[2] == socket.PACKET_OUTGOING:
            continue
        at = 40 if version == 6 else (packet[0] & 15) * 4
        protocol = packet[6] if version == 6 else packet[9]
        if protocol != socket.IPPROTO_TCP or packet[at + 13] & (SYN | ACK) != SYN:
            continue
        rule = rules.get((version, struct.unpack_from("!H", packet, at + 2)[0]))
        if rule is None:
            continue
        time.sleep(0.005)
        source = packet[8:24] if version == 6 else packet[12:16]
        message = struct.pack("!BBHI", *rule, 0, 0) + packet[: at + 20]
        if version == 4:
            message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
        family = socket.AF_INET6 if version == 6 else socket.AF_INET
        senders[version].sendto(message, (socket.inet_ntop(family, source), 0))


main()
