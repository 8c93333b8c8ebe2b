# Sends "hello" to a server and prints the answer: python3 hello.py libjackfield.so tcp://example.org:7000
import ctypes, sys
from ctypes import c_int64, c_size_t

JF_OPT_RECV_TIMEOUT, JF_OPT_SEND_TIMEOUT, JF_SHUT_WRITE = 1, 2, 2
TIMEOUT_MS, CAPACITY = c_int64(5000), 4096
jf, endpoint = ctypes.CDLL(sys.argv[1]), sys.argv[2]
jf.jf_error_text.argtypes, jf.jf_error_text.restype = [c_int64], ctypes.c_char_p

def call(function, *arguments):
    function.restype = c_int64
    result = function(*arguments)
    if result < 0:
        sys.exit("hello: " + jf.jf_error_text(result).decode())
    return c_int64(result)

s = call(jf.jf_dial, endpoint.encode(), TIMEOUT_MS)  # name lookup and connection together
for option in JF_OPT_SEND_TIMEOUT, JF_OPT_RECV_TIMEOUT:
    call(jf.jf_set, s, option, TIMEOUT_MS)
call(jf.jf_send_all, s, b"hello\n", c_size_t(6), None)
call(jf.jf_shutdown, s, JF_SHUT_WRITE)  # half-close: the server now reads the end of the stream
answer = ctypes.create_string_buffer(CAPACITY)
while (count := call(jf.jf_recv, s, answer, c_size_t(CAPACITY), 0).value) > 0:
    sys.stdout.buffer.write(answer.raw[:count])
call(jf.jf_close, s)
