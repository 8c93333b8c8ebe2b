"""Sends a line and prints the answer, with Python's socket module: request.py stream|dgram ADDRESS LINE."""

import sys

from address import connect

kind, address, line = sys.argv[1:]
with connect(address, kind) as s:
    s.settimeout(60)
    s.sendall(line.encode())
    print(s.recv(65536).decode())
