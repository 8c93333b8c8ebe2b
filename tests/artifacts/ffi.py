"""Python's cffi takes the header as it stands, without its preprocessor lines: ffi.py HEADER LIBRARY."""

import sys

from cffi import FFI

header, library = sys.argv[1:]
ffi = FFI()
ffi.cdef(open(header, encoding="utf-8").read())
jf = ffi.dlopen(library)


def expect(got, wanted):
    if got != wanted:
        sys.exit(f"{got!r}, not {wanted!r}")


expect(ffi.sizeof("jf_addr"), 128)
print(jf.jf_version(), ffi.string(jf.jf_version_text()).decode())

address, text = ffi.new("jf_addr *"), ffi.new("char[352]")
expect(jf.jf_addr_parse(b"[::1]:80", address), 0)
expect((address.family, address.port, address.len), (jf.JF_INET6, 80, 16))
expect(jf.jf_addr_format(address, text, len(text)), 8)
expect(ffi.string(text), b"[::1]:80")

pair, room = ffi.new("jf_socket[2]"), ffi.new("char[16]")
expect(jf.jf_pair(jf.JF_UNIX, jf.JF_STREAM, pair), 0)
expect(jf.jf_send(pair[0], b"hello", 5, 0), 5)
expect(jf.jf_recv(pair[1], room, 16, 0), 5)
expect(ffi.buffer(room, 5)[:], b"hello")
expect(jf.jf_recv(pair[1], room, 16, jf.JF_DONT_WAIT), jf.JF_E_WOULD_BLOCK)
expect(ffi.string(jf.jf_error_name(jf.JF_E_WOULD_BLOCK)), b"JF_E_WOULD_BLOCK")
expect([jf.jf_close(s) for s in pair], [0, 0])
expect(jf.jf_close(pair[0]), jf.JF_E_BAD_HANDLE)
