#!/usr/bin/env python3
"""An echo server and its client in Python. It calls jackfield through ctypes, and needs only the shared library.

    echo.py libjackfield.so serve 127.0.0.1:7000 [CLIENTS]   echoes bytes, to one client after the other
    echo.py libjackfield.so ask 127.0.0.1:7000 [LINE...]     sends the lines (or its input) and prints the answers

An address is 127.0.0.1:7000, [::1]:7000, unix:/path or unix:@name; port 0 is a free one. The first line that the server
prints is the address at which it listens.
"""

import ctypes
import os
import sys
from ctypes import POINTER, c_char_p, c_int32, c_int64, c_size_t, c_uint8, c_uint16, c_uint32, c_void_p

# Constants from jackfield.h. They are the same on every system, and never change.
JF_E_INTERRUPTED, JF_E_CONN_ABORTED = -7, -30
JF_UNIX = 3
JF_STREAM = 1
JF_SHUT_WRITE = 2
JF_OPT_INTERRUPTIBLE, JF_OPT_REUSE_ADDR = 3, 4


class Address(ctypes.Structure):
    """The struct jf_addr."""

    _fields_ = [
        ("family", c_uint16),
        ("port", c_uint16),
        ("scope_id", c_uint32),
        ("flow_info", c_uint32),
        ("len", c_uint32),
        ("data", c_uint8 * 112),
    ]


class Error(Exception):
    """An error of the library: its code, name and text."""

    def __init__(self, library, code):
        self.code = code
        self.name = library.jf_error_name(code).decode()
        super().__init__(f"{self.name}: {library.jf_error_text(code).decode()}")


class Jackfield:
    """The functions of the library. Each raises Error when it fails."""

    # Every function returns an int64_t.
    SIGNATURES = {
        "jf_open": [c_int32, c_int32, c_int32],
        "jf_bind": [c_int64, POINTER(Address)],
        "jf_listen": [c_int64, c_int32],
        "jf_accept": [c_int64, POINTER(Address)],
        "jf_connect": [c_int64, POINTER(Address)],
        "jf_shutdown": [c_int64, c_int32],
        "jf_close": [c_int64],
        "jf_local_addr": [c_int64, POINTER(Address)],
        "jf_addr_parse": [c_char_p, POINTER(Address)],
        "jf_addr_format": [POINTER(Address), c_char_p, c_size_t],
        "jf_recv": [c_int64, c_void_p, c_size_t, c_uint32],
        "jf_send": [c_int64, c_void_p, c_size_t, c_uint32],
        "jf_set": [c_int64, c_int32, c_int64],
    }

    def __init__(self, path):
        # CDLL releases Python's global interpreter lock during a call, so other threads keep running.
        self.library = ctypes.CDLL(os.path.abspath(path))
        for name in ("jf_error_name", "jf_error_text"):
            function = getattr(self.library, name)
            function.argtypes, function.restype = [c_int64], c_char_p
        for name, argtypes in self.SIGNATURES.items():
            function = getattr(self.library, name)
            function.argtypes, function.restype = argtypes, c_int64
            setattr(self, name, self.raise_errors(function))

    def raise_errors(self, function):
        def call(*arguments):
            while True:
                result = function(*arguments)
                if result >= 0:
                    return result
                # After JF_E_INTERRUPTED Python runs its signal handlers before the next call. The handler of Ctrl-C
                # raises KeyboardInterrupt.
                if result != JF_E_INTERRUPTED:
                    raise Error(self.library, result)

        return call


class Socket:
    """A stream socket, closed at the end of its `with` block."""

    def __init__(self, jf, handle):
        self.jf, self.handle = jf, handle
        # Without this option a blocked call would not return after Ctrl-C.
        jf.jf_set(handle, JF_OPT_INTERRUPTIBLE, 1)

    @classmethod
    def open(cls, jf, family):
        return cls(jf, jf.jf_open(family, JF_STREAM, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.jf.jf_close(self.handle)

    def accept(self):
        peer = Address()
        return Socket(self.jf, self.jf.jf_accept(self.handle, peer)), peer

    def recv(self, size):
        """Receives at most `size` bytes; returns b"" at the end of the stream."""
        buffer = ctypes.create_string_buffer(size)
        count = self.jf.jf_recv(self.handle, buffer, size, 0)
        return buffer[:count]

    def send(self, data):
        """Sends all bytes. It loops over jf_send instead of jf_send_all, so that a signal cannot lose the count."""
        while data:
            data = data[self.jf.jf_send(self.handle, data, len(data), 0) :]


def parse_address(jf, text):
    address = Address()
    jf.jf_addr_parse(text.encode(), address)
    return address


def format_address(jf, address):
    text = ctypes.create_string_buffer(352)  # JF_ADDR_TEXT
    jf.jf_addr_format(address, text, len(text))
    return text.value.decode()


def serve(jf, text, max_clients):
    address = parse_address(jf, text)
    with Socket.open(jf, address.family) as listener:
        # Otherwise a restarted server could not bind while old connections are in TIME-WAIT.
        jf.jf_set(listener.handle, JF_OPT_REUSE_ADDR, 1)
        jf.jf_bind(listener.handle, address)
        try:
            jf.jf_listen(listener.handle, -1)
            jf.jf_local_addr(listener.handle, address)
            print(format_address(jf, address), flush=True)
            served = 0
            while max_clients is None or served < max_clients:
                try:
                    client, peer = listener.accept()
                except Error as error:
                    if error.code == JF_E_CONN_ABORTED:  # the client closed while in the backlog
                        continue
                    raise
                with client:
                    print(f"{format_address(jf, peer)} {echo(client)}", flush=True)
                served += 1
        finally:
            # Closing a UNIX socket does not remove its file.
            if address.family == JF_UNIX and address.len > 0 and address.data[0] != 0:
                os.remove(bytes(address.data[: address.len]))


def echo(client):
    """Echoes to one client until the end of its stream. Returns a line for the log."""
    total = 0
    try:
        while data := client.recv(65536):
            client.send(data)
            total += len(data)
    except Error as error:  # an error of one client does not end the server
        return f"sent {total} bytes: {error}"
    return f"sent {total} bytes"


def ask(jf, text, lines):
    """Sends lines, and writes the answers to the output."""
    server = parse_address(jf, text)
    out = sys.stdout.buffer
    with Socket.open(jf, server.family) as s:
        jf.jf_connect(s.handle, server)
        for line in lines:
            # Sending more than the socket buffers hold would deadlock: the server waits for the client to read.
            for start in range(0, len(line), 4096):
                piece = line[start : start + 4096]
                s.send(piece)
                remaining = len(piece)
                while remaining:
                    answer = s.recv(remaining)
                    if not answer:
                        sys.exit("echo.py: the server closed the connection")
                    out.write(answer)
                    remaining -= len(answer)
        jf.jf_shutdown(s.handle, JF_SHUT_WRITE)
        while answer := s.recv(4096):
            out.write(answer)
    out.flush()


def main():
    match sys.argv[1:]:
        case [library, "serve", address]:
            serve(Jackfield(library), address, None)
        case [library, "serve", address, max_clients] if max_clients.isdecimal() and int(max_clients) > 0:
            serve(Jackfield(library), address, int(max_clients))
        case [library, "ask", address]:
            ask(Jackfield(library), address, sys.stdin.buffer)
        case [library, "ask", address, *lines]:
            ask(Jackfield(library), address, [os.fsencode(line) + b"\n" for line in lines])
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Error as error:
        sys.exit(f"echo.py: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
