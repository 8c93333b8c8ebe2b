# Says hello to a server and prints the answer: python3 hello.py libjackfield.so tcp://example.org:7000
import ctypes, sys

library, endpoint = sys.argv[1:]
jf = ctypes.CDLL(library)
jf.jf_error_text.argtypes, jf.jf_error_text.restype = [ctypes.c_int64], ctypes.c_char_p

def call(function, *arguments):
    function.restype = ctypes.c_int64
    result = function(*arguments)
    if result < 0:
        sys.exit("hello: " + jf.jf_error_text(result).decode())
    return ctypes.c_int64(result)

answer = ctypes.create_string_buffer(4096)
s = call(jf.jf_dial, endpoint.encode(), ctypes.c_int64(5000))  # in milliseconds, for all of it
call(jf.jf_set, s, 1, ctypes.c_int64(5000))  # JF_OPT_RECV_TIMEOUT
call(jf.jf_send_all, s, b"hello\n", ctypes.c_size_t(6), None)
call(jf.jf_shutdown, s, 2)  # JF_SHUT_WRITE: the server reads the end
while (n := call(jf.jf_recv, s, answer, ctypes.c_size_t(4096), 0).value) > 0:
    sys.stdout.buffer.write(answer.raw[:n])
call(jf.jf_close, s)
