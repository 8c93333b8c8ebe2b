"""Messages with control data between the library, called through ctypes, and Python's socket module.

usage: messages.py LIBRARY

Prints the name of each check that passed.
"""
import ctypes
import os
import socket
import struct
import sys
import time

C = ctypes


class Addr(C.Structure):
    _fields_ = [("family", C.c_uint16), ("port", C.c_uint16), ("scope_id", C.c_uint32), ("flow_info", C.c_uint32),
                ("len", C.c_uint32), ("data", C.c_uint8 * 112)]


class Buf(C.Structure):
    _fields_ = [("data", C.c_void_p), ("len", C.c_size_t)]


class Passed(C.Structure):
    _fields_ = [("value", C.c_int64), ("kind", C.c_uint32), ("reserved", C.c_uint32)]


class Msg(C.Structure):
    _fields_ = [("size", C.c_uint32), ("present", C.c_uint32), ("truncated", C.c_uint32), ("reserved", C.c_uint32),
                ("bufs", C.POINTER(Buf)), ("buf_count", C.c_size_t),
                ("passed", C.POINTER(Passed)), ("passed_count", C.c_size_t), ("passed_room", C.c_size_t),
                ("other", C.c_void_p), ("other_len", C.c_size_t), ("other_room", C.c_size_t),
                ("addr", Addr), ("local", Addr), ("interface_index", C.c_uint32),
                ("pid", C.c_int32), ("uid", C.c_uint32), ("gid", C.c_uint32),
                ("ttl", C.c_uint32), ("tos", C.c_uint32), ("segment_size", C.c_uint32), ("overflow", C.c_uint32),
                ("time", C.c_int64), ("hardware_time", C.c_int64), ("process", C.c_int64),
                ("original", Addr), ("path_mtu", C.c_uint32), ("error_origin", C.c_uint32), ("error", C.c_int64),
                ("icmp_type", C.c_uint32), ("icmp_code", C.c_uint32), ("error_info", C.c_uint32),
                ("error_data", C.c_uint32), ("error_from", Addr)]


assert C.sizeof(Msg) == 680
INET, INET6, UNIX = 1, 2, 3
STREAM, DGRAM, SEQPACKET = 1, 2, 3
ADDR, CREDENTIALS, PACKET_INFO, TTL, TOS, SEGMENT_SIZE, TIME = 1, 2, 4, 8, 16, 32, 64
PASSED_SOCKET, PASSED_DESCRIPTOR = 1, 2
# Options that enable control messages.
OPT_GRO, OPT_RECV_TTL, OPT_RECV_TOS, OPT_RECV_PACKET_INFO, OPT_TIMESTAMPS, OPT_PASS_CREDENTIALS = 94, 63, 64, 65, 41, 46
# Constants that Python has no names for.
SO_PASSCRED, SCM_CREDENTIALS, SO_TIMESTAMPNS, UDP_SEGMENT, UDP_GRO, IP_PKTINFO = 16, 2, 35, 103, 104, 8
LOOPBACK = socket.if_nametoindex("lo")

lib = C.CDLL(sys.argv[1])
lib.jf_error_name.restype = C.c_char_p
lib.jf_error_name.argtypes = [C.c_int64]
for name, arguments in {
    "jf_from_fd": [C.c_int64], "jf_fd": [C.c_int64], "jf_close": [C.c_int64],
    "jf_set": [C.c_int64, C.c_int32, C.c_int64],
    "jf_send_msg": [C.c_int64, C.POINTER(Msg), C.c_uint32], "jf_recv_msg": [C.c_int64, C.POINTER(Msg), C.c_uint32],
    "jf_addr_parse": [C.c_char_p, C.POINTER(Addr)], "jf_addr_format": [C.POINTER(Addr), C.c_char_p, C.c_size_t],
}.items():
    function = getattr(lib, name)
    function.restype, function.argtypes = C.c_int64, arguments


def call(name, *arguments):
    result = getattr(lib, name)(*arguments)
    if result < 0:
        raise OSError(f"{name}: {lib.jf_error_name(result).decode()}")
    return result


def parse_addr(text):
    addr = Addr()
    call("jf_addr_parse", text.encode(), addr)
    return addr


def text_of(addr):
    buffer = C.create_string_buffer(200)
    call("jf_addr_format", addr, buffer, 200)
    return buffer.value.decode()


def host_of(addr):
    return text_of(addr).rsplit(":", 1)[0].strip("[]")


class JackfieldSocket:
    """A socket of the library, converted from a Python socket."""

    def __init__(self, python_socket):
        self.handle = call("jf_from_fd", python_socket.detach())

    def set(self, option, value):
        call("jf_set", self.handle, option, value)

    def send(self, data, passed=(), **members):
        msg = Msg(size=C.sizeof(Msg), **members)
        kept = C.create_string_buffer(data, len(data))
        msg.bufs, msg.buf_count = (Buf * 1)(Buf(C.addressof(kept), len(data))), 1
        msg.passed, msg.passed_count = (Passed * len(passed))(*passed), len(passed)
        assert call("jf_send_msg", self.handle, msg, 0) == len(data)

    def recv(self, size=100):
        buffer, other, passed = C.create_string_buffer(size), C.create_string_buffer(2048), (Passed * 64)()
        msg = Msg(size=C.sizeof(Msg), bufs=(Buf * 1)(Buf(C.addressof(buffer), size)), buf_count=1,
                  passed=passed, passed_room=64, other=C.addressof(other), other_room=2048)
        count = call("jf_recv_msg", self.handle, msg, 0)
        assert msg.truncated == 0 and msg.reserved == 0 and msg.size == 680
        return buffer.raw[:count], msg

    def close(self):
        call("jf_close", self.handle)


def recv_in_python(python_socket, size=100):
    """Receives with Python. Returns the data, a dictionary of the control messages, and the sender."""
    data, control, flags, addr = python_socket.recvmsg(size, 2048)
    assert not flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC)
    return data, {(level, kind): value for level, kind, value in control}, addr


def unix_pair(kind):
    a, b = socket.socketpair(socket.AF_UNIX, kind)
    return JackfieldSocket(a), b


UNIX_KINDS = (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET)


def descriptors_to_python():
    for kind in UNIX_KINDS:
        jf_socket, python_socket = unix_pair(kind)
        read, write = os.pipe()
        a, b = socket.socketpair()
        inner = JackfieldSocket(a)
        jf_socket.send(b"hello", [Passed(write, PASSED_DESCRIPTOR, 0), Passed(inner.handle, PASSED_SOCKET, 0)])
        data, fds, _, _ = socket.recv_fds(python_socket, 100, 8)
        assert data == b"hello" and len(fds) == 2
        os.write(fds[0], b"pipe")
        assert os.read(read, 10) == b"pipe"
        got = socket.socket(fileno=fds[1])
        got.send(b"socket")
        assert b.recv(10) == b"socket"
        for fd in (read, write, fds[0]):
            os.close(fd)
        for sock in (jf_socket, python_socket, inner, b, got):
            sock.close()


def descriptors_from_python():
    for kind in UNIX_KINDS:
        jf_socket, python_socket = unix_pair(kind)
        read, write = os.pipe()
        a, b = socket.socketpair()
        socket.send_fds(python_socket, [b"hello"], [write, a.fileno()])
        data, msg = jf_socket.recv()
        assert data == b"hello" and msg.passed_count == 2 and msg.other_len == 0
        assert [msg.passed[i].kind for i in range(2)] == [PASSED_DESCRIPTOR, PASSED_SOCKET]
        assert not os.get_inheritable(msg.passed[0].value)
        os.write(msg.passed[0].value, b"pipe")
        assert os.read(read, 10) == b"pipe"
        os.write(call("jf_fd", msg.passed[1].value), b"socket")
        assert b.recv(10) == b"socket"
        for fd in (read, write, msg.passed[0].value):
            os.close(fd)
        call("jf_close", msg.passed[1].value)
        for sock in (jf_socket, python_socket, a, b):
            sock.close()


def credentials_to_python():
    me = os.getpid(), os.getuid(), os.getgid()
    for kind in UNIX_KINDS:
        jf_socket, python_socket = unix_pair(kind)
        python_socket.setsockopt(socket.SOL_SOCKET, SO_PASSCRED, 1)
        jf_socket.send(b"x", present=CREDENTIALS, pid=me[0], uid=me[1], gid=me[2])
        _, control, _ = recv_in_python(python_socket)
        assert struct.unpack("iII", control[socket.SOL_SOCKET, SCM_CREDENTIALS]) == me
        jf_socket.close()
        python_socket.close()


def credentials_from_python():
    me = os.getpid(), os.getuid(), os.getgid()
    for kind in UNIX_KINDS:
        jf_socket, python_socket = unix_pair(kind)
        jf_socket.set(OPT_PASS_CREDENTIALS, 1)
        python_socket.sendmsg([b"x"], [(socket.SOL_SOCKET, SCM_CREDENTIALS, struct.pack("iII", *me))])
        data, msg = jf_socket.recv()
        assert data == b"x" and msg.present & CREDENTIALS and (msg.pid, msg.uid, msg.gid) == me
        jf_socket.close()
        python_socket.close()


class Family:
    """The addresses, constants and structs of IPv4 or IPv6."""

    def __init__(self, v6):
        self.family = socket.AF_INET6 if v6 else socket.AF_INET
        self.host = "::1" if v6 else "127.0.0.1"
        self.source = "::1" if v6 else "127.0.0.2"
        self.any = "::" if v6 else "0.0.0.0"
        self.level = socket.IPPROTO_IPV6 if v6 else socket.IPPROTO_IP
        self.ttl = socket.IPV6_HOPLIMIT if v6 else socket.IP_TTL
        self.recv_ttl = socket.IPV6_RECVHOPLIMIT if v6 else 12
        self.tos = socket.IPV6_TCLASS if v6 else socket.IP_TOS
        self.recv_tos = socket.IPV6_RECVTCLASS if v6 else socket.IP_RECVTOS
        self.info = socket.IPV6_PKTINFO if v6 else IP_PKTINFO
        self.recv_info = socket.IPV6_RECVPKTINFO if v6 else IP_PKTINFO

    def text(self, host, port):
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def packed_info(self, host):
        address = socket.inet_pton(self.family, host)
        return address + struct.pack("I", LOOPBACK) if ":" in host else struct.pack("I", LOOPBACK) + address + bytes(4)

    def info_of(self, value):
        """Unpacks packet info into the interface index and the destination."""
        if self.family == socket.AF_INET6:
            return struct.unpack("I", value[16:])[0], socket.inet_ntop(self.family, value[:16])
        return struct.unpack("i", value[:4])[0], socket.inet_ntop(self.family, value[8:])

    def pair(self):
        """A socket of the library, a Python socket, and the ports of both."""
        a, b = (socket.socket(self.family, socket.SOCK_DGRAM) for _ in range(2))
        ports = []
        for sock in (a, b):
            sock.bind((self.any, 0))
            ports.append(sock.getsockname()[1])
        b.settimeout(10)
        return JackfieldSocket(a), b, *ports


FAMILIES = Family(False), Family(True)


def packets_to_python():
    for family in FAMILIES:
        jf_socket, python_socket, port, to = family.pair()
        for name in (family.recv_ttl, family.recv_tos, family.recv_info):
            python_socket.setsockopt(family.level, name, 1)
        python_socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        for ecn in range(4):
            before = time.time()
            local, addr = parse_addr(family.text(family.source, 0)), parse_addr(family.text(family.host, to))
            jf_socket.send(b"hello", present=ADDR | TTL | TOS | PACKET_INFO, addr=addr,
                           ttl=7 + ecn, tos=0xB8 | ecn, interface_index=LOOPBACK, local=local)
            data, control, addr = recv_in_python(python_socket)
            assert data == b"hello" and addr[:2] == (family.source, port)
            assert int.from_bytes(control[family.level, family.ttl], "little") == 7 + ecn
            assert int.from_bytes(control[family.level, family.tos], "little") == 0xB8 | ecn
            assert family.info_of(control[family.level, family.info]) == (LOOPBACK, family.host)
            seconds, nanoseconds = struct.unpack("qq", control[socket.SOL_SOCKET, SO_TIMESTAMPNS])
            assert before - 0.001 <= seconds + nanoseconds / 1e9 <= time.time() + 0.001
        jf_socket.close()
        python_socket.close()


def packets_from_python():
    for family in FAMILIES:
        jf_socket, python_socket, to, port = family.pair()
        for option in (OPT_RECV_TTL, OPT_RECV_TOS, OPT_RECV_PACKET_INFO, OPT_TIMESTAMPS):
            jf_socket.set(option, 1)
        for ecn in range(4):
            before = time.time()
            control = [(family.level, family.ttl, struct.pack("i", 7 + ecn)),
                       (family.level, family.tos, struct.pack("i", 0xB8 | ecn)),
                       (family.level, family.info, family.packed_info(family.source))]
            python_socket.sendmsg([b"hel", b"lo"], control, 0, (family.host, to))
            data, msg = jf_socket.recv()
            assert data == b"hello" and msg.present == ADDR | TTL | TOS | PACKET_INFO | TIME and msg.other_len == 0
            assert text_of(msg.addr) == family.text(family.source, port)
            assert msg.ttl == 7 + ecn and msg.tos == 0xB8 | ecn
            assert msg.interface_index == LOOPBACK and host_of(msg.local) == family.host
            assert before - 0.001 <= msg.time / 1e9 <= time.time() + 0.001
        jf_socket.close()
        python_socket.close()


def segments_to_python():
    for family in FAMILIES:
        jf_socket, python_socket, _, to = family.pair()
        data = bytes(range(250)) * 10
        addr = parse_addr(family.text(family.host, to))
        jf_socket.send(data, present=ADDR | SEGMENT_SIZE, addr=addr, segment_size=1000)
        assert [python_socket.recv(2000) for _ in range(3)] == [data[:1000], data[1000:2000], data[2000:]]
        python_socket.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
        addr = parse_addr(family.text(family.host, to))
        jf_socket.send(data, present=ADDR | SEGMENT_SIZE, addr=addr, segment_size=1000)
        received, control, _ = recv_in_python(python_socket, 65536)
        assert received == data and int.from_bytes(control[socket.IPPROTO_UDP, UDP_GRO], "little") == 1000
        jf_socket.close()
        python_socket.close()


def segments_from_python():
    for family in FAMILIES:
        jf_socket, python_socket, to, _ = family.pair()
        data = bytes(range(250)) * 10
        jf_socket.set(OPT_GRO, 1)
        python_socket.sendmsg([data], [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("H", 1000))], 0, (family.host, to))
        received, msg = jf_socket.recv(65536)
        assert received == data and msg.present == ADDR | SEGMENT_SIZE and msg.segment_size == 1000
        jf_socket.close()
        python_socket.close()


for check in (descriptors_to_python, descriptors_from_python, credentials_to_python, credentials_from_python,
              packets_to_python, packets_from_python, segments_to_python, segments_from_python):
    open_before = len(os.listdir("/proc/self/fd"))
    check()
    assert len(os.listdir("/proc/self/fd")) == open_before, f"{check.__name__} leaves descriptors open"
    print(check.__name__)
