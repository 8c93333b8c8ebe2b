"""Loads the header, stripped of preprocessor lines, into Python's cffi: ffi.py HEADER LIBRARY."""

import sys

from cffi import FFI

header, library = sys.argv[1:]
ffi = FFI()
ffi.cdef(open(header, encoding="utf-8").read())
jf = ffi.dlopen(library)


def assert_equal(actual, expected):
    if actual != expected:
        sys.exit(f"{actual!r}, not {expected!r}")


assert_equal(ffi.sizeof("jf_addr"), 128)
print(jf.jf_version(), ffi.string(jf.jf_version_text()).decode())

address, text = ffi.new("jf_addr *"), ffi.new("char[352]")
assert_equal(jf.jf_addr_parse(b"[::1]:80", address), 0)
assert_equal((address.family, address.port, address.len), (jf.JF_INET6, 80, 16))
assert_equal(jf.jf_addr_format(address, text, len(text)), 8)
assert_equal(ffi.string(text), b"[::1]:80")

pair, buffer = ffi.new("jf_socket[2]"), ffi.new("char[16]")
assert_equal(jf.jf_pair(jf.JF_UNIX, jf.JF_STREAM, pair), 0)
assert_equal(jf.jf_send(pair[0], b"hello", 5, 0), 5)
assert_equal(jf.jf_recv(pair[1], buffer, 16, 0), 5)
assert_equal(ffi.buffer(buffer, 5)[:], b"hello")
assert_equal(jf.jf_recv(pair[1], buffer, 16, jf.JF_DONT_WAIT), jf.JF_E_WOULD_BLOCK)
assert_equal(ffi.string(jf.jf_error_name(jf.JF_E_WOULD_BLOCK)), b"JF_E_WOULD_BLOCK")
assert_equal([jf.jf_close(s) for s in pair], [0, 0])
assert_equal(jf.jf_close(pair[0]), jf.JF_E_CLOSED)
