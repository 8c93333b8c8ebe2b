"""A poller of the library, called through ctypes, in asyncio's event loop and in Python's select module.

usage: poller.py LIBRARY

Prints the name of each check that passed.
"""
import asyncio
import ctypes
import select
import sys
import threading

C = ctypes
UNIX, STREAM, READABLE, EDGE, DONT_WAIT, WOULD_BLOCK = 3, 1, 1, 64, 64, -4
LISTENER = 2**64 - 2
BUFFER_LEN, TIMEOUT = 65536, 30


class Event(C.Structure):
    _fields_ = [("token", C.c_uint64), ("events", C.c_uint32), ("error", C.c_int32)]


assert C.sizeof(Event) == 16
lib = C.CDLL(sys.argv[1])
lib.jf_error_name.restype = C.c_char_p
lib.jf_error_name.argtypes = [C.c_int64]
for name, arguments in {
    "jf_serve": [C.c_char_p, C.c_int32], "jf_accept": [C.c_int64, C.c_void_p], "jf_close": [C.c_int64],
    "jf_local_addr": [C.c_int64, C.c_void_p], "jf_addr_port": [C.c_void_p],
    "jf_pair": [C.c_int32, C.c_int32, C.POINTER(C.c_int64)],
    "jf_send_all": [C.c_int64, C.c_void_p, C.c_size_t, C.c_void_p],
    "jf_recv": [C.c_int64, C.c_void_p, C.c_size_t, C.c_uint32],
    "jf_poller_open": [], "jf_poller_fd": [C.c_int64], "jf_poller_wake": [C.c_int64], "jf_poller_close": [C.c_int64],
    "jf_poller_add": [C.c_int64, C.c_int64, C.c_uint32, C.c_uint64],
    "jf_poller_wait": [C.c_int64, C.POINTER(Event), C.c_size_t, C.c_int64],
}.items():
    function = getattr(lib, name)
    function.restype, function.argtypes = C.c_int64, arguments


def call(name, *arguments):
    result = getattr(lib, name)(*arguments)
    if result < 0 and result != WOULD_BLOCK:
        raise OSError(f"{name}: {lib.jf_error_name(result).decode()}")
    return result


def wait(poller, timeout_ms=0, capacity=16):
    events = (Event * capacity)()
    count = call("jf_poller_wait", poller, events, capacity, timeout_ms)
    assert all(event.error == 0 for event in events[:count])
    return [(event.token, event.events) for event in events[:count]]


class Echo:
    """An echo server whose sockets are in one poller, which asyncio's loop waits for."""

    def __init__(self, mode):
        self.mode = mode
        self.poller = call("jf_poller_open")
        self.listener = call("jf_serve", b"tcp://127.0.0.1:0", 64)
        addr = (C.c_uint64 * 16)()
        call("jf_local_addr", self.listener, addr)
        self.port = call("jf_addr_port", addr)
        call("jf_poller_add", self.poller, self.listener, READABLE, LISTENER)
        self.clients = set()
        self.buffer = C.create_string_buffer(BUFFER_LEN)
        self.woken = asyncio.Event()

    def ready(self):
        events = wait(self.poller, capacity=4)
        if not events:
            self.woken.set()
        for token, _ in events:
            if token == LISTENER:
                client = call("jf_accept", self.listener, None)
                self.clients.add(client)
                call("jf_poller_add", self.poller, client, READABLE | self.mode, client)
            else:
                self.answer(token)

    def answer(self, client):
        while (count := call("jf_recv", client, self.buffer, BUFFER_LEN, DONT_WAIT)) > 0:
            call("jf_send_all", client, self.buffer, count, None)
            if self.mode != EDGE:
                return
        if count == 0:
            call("jf_close", client)
            self.clients.remove(client)

    def close(self):
        for socket in (self.listener, *self.clients):
            call("jf_close", socket)
        call("jf_poller_close", self.poller)


async def exchange_lines(port, number):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for line_number in range(20):
        line = b"%d %d %s\n" % (number, line_number, b"x" * (number * 37 % 2000))
        writer.write(line)
        assert await reader.readline() == line
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()


async def in_asyncio(mode):
    loop, server, failed = asyncio.get_running_loop(), Echo(mode), []
    descriptor = call("jf_poller_fd", server.poller)
    task = asyncio.current_task()

    def stop(_, context):
        # The descriptor stays ready, so a failing callback would fail for ever.
        loop.remove_reader(descriptor)
        failed.append(context.get("exception"))
        task.cancel()
    loop.set_exception_handler(stop)
    loop.add_reader(descriptor, server.ready)
    try:
        await asyncio.gather(*(exchange_lines(server.port, number) for number in range(50)))
        # A wake from another thread also reaches the loop.
        for _ in range(20):
            server.woken.clear()
            thread = threading.Thread(target=call, args=("jf_poller_wake", server.poller))
            thread.start()
            await server.woken.wait()
            thread.join()
    finally:
        if failed:
            raise failed[0]
    assert not server.clients
    loop.remove_reader(descriptor)
    server.close()


def in_asyncio_level_triggered():
    asyncio.run(asyncio.wait_for(in_asyncio(0), TIMEOUT))


def in_asyncio_edge_triggered():
    asyncio.run(asyncio.wait_for(in_asyncio(EDGE), TIMEOUT))


def in_select(is_ready):
    """`is_ready(descriptor, seconds)` returns whether the descriptor becomes readable within the timeout."""
    poller = call("jf_poller_open")
    descriptor = call("jf_poller_fd", poller)
    pair, byte = (C.c_int64 * 2)(), C.create_string_buffer(1)
    call("jf_pair", UNIX, STREAM, pair)
    call("jf_poller_add", poller, pair[0], READABLE, 7)
    for _ in range(3):
        assert not is_ready(descriptor, 0)
        call("jf_send_all", pair[1], b"x", 1, None)
        assert is_ready(descriptor, TIMEOUT)
        assert wait(poller) == [(7, READABLE)]
        call("jf_recv", pair[0], byte, 1, 0)
        assert wait(poller) == []
        call("jf_poller_wake", poller)
        assert is_ready(descriptor, TIMEOUT)
        assert wait(poller, -1) == []
    call("jf_send_all", pair[1], b"x", 1, None)
    call("jf_close", pair[0])
    assert not is_ready(descriptor, 0)
    call("jf_close", pair[1])
    call("jf_poller_close", poller)


def in_poll():
    poll = select.poll()

    def is_ready(descriptor, seconds):
        poll.register(descriptor, select.POLLIN)
        return poll.poll(seconds * 1000) == [(descriptor, select.POLLIN)]
    in_select(is_ready)


def in_epoll():
    with select.epoll() as epoll:
        def is_ready(descriptor, seconds):
            try:
                epoll.register(descriptor, select.EPOLLIN)
            except FileExistsError:
                pass
            return epoll.poll(seconds) == [(descriptor, select.EPOLLIN)]
        in_select(is_ready)


for check in (in_asyncio_level_triggered, in_asyncio_edge_triggered, in_poll, in_epoll):
    check()
    print(check.__name__)
