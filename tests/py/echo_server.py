"""An echo server with Python's socket module: echo_server.py stream|dgram ADDRESS COUNT

Serves COUNT clients or datagrams. The first line of output is the address.
"""

import sys

from address import bind, name

kind, address, count = sys.argv[1:]
with bind(kind, address) as s:
    print(name(s), flush=True)
    for _ in range(int(count)):
        if kind == "dgram":
            data, peer = s.recvfrom(65536)
            s.sendto(data, peer)
            continue
        client, _ = s.accept()
        with client:
            while data := client.recv(65536):
                client.sendall(data)
