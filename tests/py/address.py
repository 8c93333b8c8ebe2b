"""Python sockets for addresses in the library's text form."""

import socket

TYPES = {"stream": socket.SOCK_STREAM, "dgram": socket.SOCK_DGRAM}


def parse(text):
    if text.startswith("unix:@"):
        return socket.AF_UNIX, "\0" + text[6:]
    if text.startswith("unix:"):
        return socket.AF_UNIX, text[5:]
    host, port = text.rsplit(":", 1)
    if host.startswith("["):
        return socket.AF_INET6, (host[1:-1], int(port))
    return socket.AF_INET, (host, int(port))


def connect(text, kind="stream"):
    family, address = parse(text)
    s = socket.socket(family, TYPES[kind])
    s.connect(address)
    return s


def bind(kind, text):
    family, address = parse(text)
    s = socket.socket(family, TYPES[kind])
    s.bind(address)
    if kind == "stream":
        s.listen()
    return s


def name(s):
    address = s.getsockname()
    if s.family == socket.AF_INET:
        return f"{address[0]}:{address[1]}"
    if s.family == socket.AF_INET6:
        return f"[{address[0]}]:{address[1]}"
    if isinstance(address, bytes):
        return "unix:@" + address[1:].decode()
    return "unix:" + address
