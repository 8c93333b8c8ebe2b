"""Many datagrams at once between the library, over ctypes, and Python's own socket module, both ways.

usage: many.py LIBRARY

Prints the name of each check that held.
"""
import ctypes as C
import socket
import struct
import sys

INET, INET6, UNIX = 1, 2, 3
DGRAM = 2
HAS_ADDR, HAS_TOS = 1, 16
OPT_RECV_TIMEOUT, OPT_RECV_TOS = 1, 64
COALESCED_COUNT, COALESCED_ROOM = 128, 65536
# What Python has no names for.
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


def ok(result):
    assert result >= 0, lib.jf_error_name(result)
    return result


def parsed(text):
    addr = Addr()
    ok(lib.jf_addr_parse(text.encode(), addr))
    return addr


HOSTS = {INET: "127.0.0.1", INET6: "::1"}
SIZES = [100] * 70 + [7, 0, 0, 1200, 1200, 1200, 300, 9000, 9000, 1]
SENT = [bytes([index]) * size for index, size in enumerate(SIZES)]


def theirs(family):
    s = socket.socket(socket.AF_INET if family == INET else socket.AF_INET6, socket.SOCK_DGRAM)
    s.settimeout(10)
    s.bind((HOSTS[family], 0))
    return s


def to_python(family):
    their = theirs(family)
    host = HOSTS[family] if family == INET else f"[{HOSTS[family]}]"
    to = parsed(f"{host}:{their.getsockname()[1]}")
    our = ok(lib.jf_open(family, DGRAM, 0))
    datagrams = (Datagram * len(SENT))()
    for datagram, data in zip(datagrams, SENT):
        datagram.data, datagram.len = C.cast(C.c_char_p(data), C.c_void_p), len(data)
        datagram.present, datagram.tos, datagram.addr = HAS_ADDR | HAS_TOS, 2, to
    their.setsockopt(*((socket.IPPROTO_IP, socket.IP_RECVTOS) if family == INET else
                       (socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS)), 1)
    assert ok(lib.jf_send_many(our, datagrams, len(SENT), 0)) == len(SENT)
    for data in SENT:
        came, beside, _, _ = their.recvmsg(65536, 256)
        assert came == data, (len(came), len(data))
        assert [item[2][0] for item in beside] == [2], beside
    ok(lib.jf_close(our))


def from_python(family, coalesced):
    their = theirs(family)
    our = ok(lib.jf_open(family, DGRAM, 0))
    addr = parsed("127.0.0.1:0" if family == INET else "[::1]:0")
    ok(lib.jf_bind(our, addr))
    ok(lib.jf_local_addr(our, addr))
    ok(lib.jf_set(our, OPT_RECV_TIMEOUT, 10000))
    rooms = [C.create_string_buffer(COALESCED_ROOM) for _ in range(1 if coalesced else 5)]
    datagrams = (Datagram * (COALESCED_COUNT if coalesced else 5))()
    for datagram, room in zip(datagrams, rooms):
        datagram.room, datagram.room_len = C.addressof(room), COALESCED_ROOM
    came = []

    def receive(count):
        while len(came) < count:
            for datagram in datagrams[:ok(lib.jf_recv_many(our, datagrams, len(datagrams), 0))]:
                assert datagram.result == datagram.len and datagram.present == HAS_ADDR
                assert datagram.addr.port == their.getsockname()[1]
                came.append(C.string_at(datagram.data, datagram.len))

    their.connect((HOSTS[family], addr.port))
    for data in SENT:
        their.send(data)
    receive(len(SENT))
    # Then taken apart by the kernel.
    segments = bytes(range(200)) * 50
    their.sendmsg([segments], [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", 160))])
    expected = SENT + [segments[at:at + 160] for at in range(0, len(segments), 160)]
    receive(len(expected))
    assert came == expected
    ok(lib.jf_close(our))


for family, name in ((INET, "ipv4"), (INET6, "ipv6")):
    to_python(family)
    print(f"{name}_to_python")
    from_python(family, False)
    print(f"{name}_from_python")
    from_python(family, True)
    print(f"{name}_runs_from_python")
