"""Sends a line over Python's own sockets and prints what comes back: ask.py stream|dgram ADDRESS LINE."""

import sys

from address import connect

kind, address, line = sys.argv[1:]
with connect(address, kind) as s:
    s.settimeout(60)
    s.sendall(line.encode())
    print(s.recv(65536).decode())
