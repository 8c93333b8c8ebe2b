"""Sends its input to a server and prints the answer, with Python's socket module: echo_client.py ADDRESS."""

import shutil
import sys
import threading

from address import connect

with connect(sys.argv[1]) as s, s.makefile("rwb") as stream:

    def send():
        shutil.copyfileobj(sys.stdin.buffer, stream)
        stream.flush()
        s.shutdown(1)

    threading.Thread(target=send).start()
    shutil.copyfileobj(stream, sys.stdout.buffer)
