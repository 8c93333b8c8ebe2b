"""Sends its input as one datagram and prints the answer, with Python's socket module: request_udp.py ADDRESS."""

import sys

from address import connect

with connect(sys.argv[1], "dgram") as s:
    s.send(sys.stdin.buffer.read())
    sys.stdout.buffer.write(s.recv(65536))
