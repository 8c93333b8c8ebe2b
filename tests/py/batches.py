"""Batches of datagrams between the library, called through ctypes, and Python's socket module.

usage: batches.py LIBRARY

Prints the name of each check that passed.
"""
import ctypes as C
import socket
import struct
import sys

INET, INET6, UNIX = 1, 2, 3
DGRAM = 2
HAS_ADDR, HAS_TOS = 1, 16
OPT_RECV_TIMEOUT, OPT_RECV_TOS = 1, 64
COALESCED_COUNT, COALESCED_LEN = 128, 65536
# Options that Python has no names for.
UDP_SEGMENT, UDP_GRO = 103, 104


class Addr(C.Structure):
    _fields_ = [("family", C.c_uint16), ("port", C.c_uint16), ("scope_id", C.c_uint32), ("flow_info", C.c_uint32),
                ("len", C.c_uint32), ("data", C.c_uint8 * 112)]


class Datagram(C.Structure):
    _fields_ = [("data", C.c_void_p), ("len", C.c_size_t), ("result", C.c_int64), ("present", C.c_uint32),
                ("tos", C.c_uint32), ("addr", Addr), ("local", Addr), ("interface_index", C.c_uint32),
                ("reserved", C.c_uint32), ("time", C.c_int64), ("room", C.c_void_p), ("room_len", C.c_size_t)]


assert C.sizeof(Datagram) == 320
lib = C.CDLL(sys.argv[1])
lib.jf_error_name.restype = C.c_char_p
lib.jf_error_name.argtypes = [C.c_int64]
for name, arguments in {
    "jf_open": [C.c_int32, C.c_int32, C.c_int32], "jf_close": [C.c_int64],
    "jf_set": [C.c_int64, C.c_int32, C.c_int64], "jf_addr_parse": [C.c_char_p, C.POINTER(Addr)],
    "jf_bind": [C.c_int64, C.POINTER(Addr)], "jf_local_addr": [C.c_int64, C.POINTER(Addr)],
    "jf_send_many": [C.c_int64, C.POINTER(Datagram), C.c_size_t, C.c_uint32],
    "jf_recv_many": [C.c_int64, C.POINTER(Datagram), C.c_size_t, C.c_uint32],
}.items():
    getattr(lib, name).restype = C.c_int64
    getattr(lib, name).argtypes = arguments


def check(result):
    assert result >= 0, lib.jf_error_name(result)
    return result


def parse_addr(text):
    addr = Addr()
    check(lib.jf_addr_parse(text.encode(), addr))
    return addr


HOSTS = {INET: "127.0.0.1", INET6: "::1"}
SIZES = [100] * 70 + [7, 0, 0, 1200, 1200, 1200, 300, 9000, 9000, 1]
SENT = [bytes([index]) * size for index, size in enumerate(SIZES)]


def open_python_socket(family):
    s = socket.socket(socket.AF_INET if family == INET else socket.AF_INET6, socket.SOCK_DGRAM)
    s.settimeout(10)
    s.bind((HOSTS[family], 0))
    return s


def to_python(family):
    python_socket = open_python_socket(family)
    host = HOSTS[family] if family == INET else f"[{HOSTS[family]}]"
    to = parse_addr(f"{host}:{python_socket.getsockname()[1]}")
    socket_handle = check(lib.jf_open(family, DGRAM, 0))
    datagrams = (Datagram * len(SENT))()
    for datagram, data in zip(datagrams, SENT):
        datagram.data, datagram.len = C.cast(C.c_char_p(data), C.c_void_p), len(data)
        datagram.present, datagram.tos, datagram.addr = HAS_ADDR | HAS_TOS, 2, to
    python_socket.setsockopt(*((socket.IPPROTO_IP, socket.IP_RECVTOS) if family == INET else
                               (socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS)), 1)
    assert check(lib.jf_send_many(socket_handle, datagrams, len(SENT), 0)) == len(SENT)
    for data in SENT:
        data_received, control, _, _ = python_socket.recvmsg(65536, 256)
        assert data_received == data, (len(data_received), len(data))
        assert [item[2][0] for item in control] == [2], control
    check(lib.jf_close(socket_handle))


def from_python(family, coalesced):
    python_socket = open_python_socket(family)
    socket_handle = check(lib.jf_open(family, DGRAM, 0))
    addr = parse_addr("127.0.0.1:0" if family == INET else "[::1]:0")
    check(lib.jf_bind(socket_handle, addr))
    check(lib.jf_local_addr(socket_handle, addr))
    check(lib.jf_set(socket_handle, OPT_RECV_TIMEOUT, 10000))
    buffers = [C.create_string_buffer(COALESCED_LEN) for _ in range(1 if coalesced else 5)]
    datagrams = (Datagram * (COALESCED_COUNT if coalesced else 5))()
    for datagram, buffer in zip(datagrams, buffers):
        datagram.room, datagram.room_len = C.addressof(buffer), COALESCED_LEN
    received = []

    def receive(count):
        while len(received) < count:
            for datagram in datagrams[:check(lib.jf_recv_many(socket_handle, datagrams, len(datagrams), 0))]:
                assert datagram.result == datagram.len and datagram.present == HAS_ADDR
                assert datagram.addr.port == python_socket.getsockname()[1]
                received.append(C.string_at(datagram.data, datagram.len))

    python_socket.connect((HOSTS[family], addr.port))
    for data in SENT:
        python_socket.send(data)
    receive(len(SENT))
    # Then datagrams that the kernel segments.
    segments = bytes(range(200)) * 50
    python_socket.sendmsg([segments], [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", 160))])
    expected = SENT + [segments[at:at + 160] for at in range(0, len(segments), 160)]
    receive(len(expected))
    assert received == expected
    check(lib.jf_close(socket_handle))


for family, name in ((INET, "ipv4"), (INET6, "ipv6")):
    to_python(family)
    print(f"{name}_to_python")
    from_python(family, False)
    print(f"{name}_from_python")
    from_python(family, True)
    print(f"{name}_coalesced_from_python")
