"""Runs c-examples/chat.c, each program in a separate terminal: chat.py PART [ARGUMENT...] -- PROGRAM...

The parts are talk, hostile, full and crowd. The environment variables CONN_RESET and CONN_REFUSED have the library's
texts for these errors.
"""

import os
import random
import re
import select
import signal
import socket
import sys
import tempfile
import time

from terminal import TIMEOUT, Peer, Terminal, programs

# The limits of chat.c.
TEXT, QUEUE, CLIENTS = 1000, 65536, 256
TOO_LONG = "* That line is too long. Goodbye."


def chat(*arguments, **options):
    return Terminal(*program, *arguments, **options)


def serve(endpoint, **options):
    server = chat("serve", endpoint, **options)
    return server, server.line()


def join(endpoint, nick, room="lobby"):
    client = chat("join", endpoint, nick, *([] if room == "lobby" else [room]))
    client.see(f"* You are {nick}, in the room {room}")
    return client


def who(client):
    """The names that /who lists, and all lines before the end of the list."""
    client.type("/who", "/?")
    lines = client.see("* There are /join ROOM, /nick NAME, /who and /quit")
    names = [line[2:-8] for line in lines if line.endswith(" is here")]
    return names, lines


def talk(endpoint):
    """Names, rooms, and the ways to disconnect."""
    with tempfile.TemporaryDirectory() as folder:
        server, endpoint = serve(endpoint.replace("FOLDER", folder))
        anna, bert = join(endpoint, "anna"), join(endpoint, "bert")
        anna.see("* bert is here")
        bert.type("good morning", "", "Grüße, 日本語, 😀")
        anna.see_only("bert: good morning", "bert: Grüße, 日本語, 😀")

        carl = chat("join", endpoint, "anna")
        carl.see("* The name anna is taken: choose another one with /nick NAME")
        carl.type("but it is me")
        carl.see("* Say who you are, with /nick NAME")
        for name in ["", "x" * 21, "a b", "b\u00fc", "no/slash"]:
            carl.type(f"/nick {name}")
            carl.see("* A name is 1 to 20 letters, digits, - and _")
        carl.type("/nick carl")
        carl.see("* You are carl, in the room lobby")
        for other in anna, bert:
            other.see_only("* carl is here")
        carl.type("/nick " + "x" * 20, "/nick bert", "/nick carl")
        anna.see_only(f"* carl is now {'x' * 20}", f"* {'x' * 20} is here", f"* {'x' * 20} is now carl")
        carl.see("* The name bert is taken: choose another one with /nick NAME", "* You are carl, in the room lobby")

        carl.type("/join kitchen")
        anna.see("* carl goes to the room kitchen")
        bert.see("* carl goes to the room kitchen")
        bert.type("carl is not to hear this")
        anna.see("bert: carl is not to hear this")
        dora = join(endpoint, "dora", "kitchen")
        carl.see("* You are carl, in the room kitchen")
        carl.see_only("* dora is here")
        dora.type("and this is not for the lobby")
        carl.see("dora: and this is not for the lobby")
        assert sorted(who(dora)[0]) == ["carl", "dora"]
        names, lines = who(anna)
        assert sorted(names) == ["anna", "bert"] and not any("lobby" in line for line in lines), lines

        # The client splits a line that is too long.
        anna.type("abcde" * 500)
        bert.see(*(f"anna: {'abcde' * n}" for n in (200, 200, 100)))

        dora.press("no end of line, but the end\x04\x04")
        carl.see("dora: no end of line, but the end", "* dora leaves")
        assert dora.end()[-1] == "* Goodbye."
        carl.type("/quit")
        assert carl.end() == ["* Goodbye."]
        bert.press("\x04")
        anna.see("* bert leaves")
        assert bert.end()[-1] == "* Goodbye."
        for leaves in ctrl_c, kill, half_close, reset:
            for name in "emil", "emil":  # the name is free again after a client has left
                leaves(endpoint, name, anna)
        assert who(anna)[0] == ["anna"]

        server.press("\x03")
        anna.see("* The server ends. Goodbye.")
        assert anna.end() == [] and server.end() == []
        assert os.listdir(folder) == []


def ctrl_c(endpoint, name, other):
    client = join(endpoint, name)
    client.press("\x03")
    client.end()
    other.see(f"* {name} is here", f"* {name} leaves")


def kill(endpoint, name, other):
    client = join(endpoint, name)
    other.see(f"* {name} is here")
    client.process.kill()
    client.end(-signal.SIGKILL)
    other.see(f"* {name} leaves")


def half_close(endpoint, name, other):
    peer = Peer(endpoint)
    peer.send(f"/nick {name}\nthis is no whole line".encode())
    other.see(f"* {name} is here")
    peer.socket.shutdown(socket.SHUT_WR)
    other.see_only(f"* {name} leaves")
    peer.see(f"* You are {name}, in the room lobby", "* Goodbye.")
    assert peer.line() is None


def reset(endpoint, name, other):
    peer = Peer(endpoint)
    peer.send(f"/nick {name}\n".encode())
    other.see(f"* {name} is here")
    peer.reset()
    other.see(f"* {name} leaves")


def hostile(endpoint):
    """Clients and a server that send malformed input. Terminal.pump checks each line for control characters."""
    server, endpoint = serve(endpoint)
    before = memory(server)
    anna, bert = join(endpoint, "anna"), join(endpoint, "bert")
    anna.see("* bert is here")

    eve = Peer(endpoint)
    eve.send(b"/nick eve\n")
    eve.see("* You are eve, in the room lobby")
    anna.see("* eve is here")
    edges = "\u00a0\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff"
    for sent, shown in {
        b"\x1b[2J \x07\x08\x7f\0\t\r\x0b": "?[2J ???????",
        b"\x9b31m \xc2\x9b31m \xe0\x82\x9b31m": "?31m ??31m ???31m",  # CSI in one byte, in UTF-8, and in wrong UTF-8
        b"\xed\xa0\x80 \xf4\x90\x80\x80 \xf0\x80\x80\x80 \xc1\x81": "??? ???? ???? ??",
        b"\xf8\x88\x80\x80\x80 \xff \x80 \xe2\x82 \xf0\x9f\x98 \xc3": "????? ? ? ?? ??? ?",
        edges.encode(): edges,
        b"the end of a line of telnet's\r": "the end of a line of telnet's",
        b"x" * TEXT: "x" * TEXT,
    }.items():
        eve.send(sent + b"\n")
        anna.see_only(f"eve: {shown}")

    # A client that sends too long a line gets a message and is disconnected, even if it keeps sending.
    eve.send(b"x" * TEXT)
    eve.send(b"y")
    eve.see(TOO_LONG)
    assert eve.line() is None
    try:
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            eve.send(b"z" * 65536)
        raise AssertionError("the server does not disconnect")
    except (BrokenPipeError, ConnectionResetError):
        pass
    anna.see("* eve leaves")

    chance = random.Random(1)
    for number in range(20):
        eve = Peer(endpoint)
        eve.send(f"/nick eve{number}\n".encode())
        eve.see(f"* You are eve{number}, in the room lobby")
        data = chance.randbytes(20000).replace(b"\n/", b"\n?")
        data = b"\n".join(data[start : start + 200] for start in range(0, len(data), 200)).replace(b"\n/", b"\n?")
        if number % 2:
            data = data.replace(b"\n", b"") + b"!" * (1 << 20)
        try:
            eve.send(data)
            eve.send(b"\n/who\n")
        except (BrokenPipeError, ConnectionResetError):
            assert number % 2, "only a client without line ends is disconnected"
        if number % 3:
            eve.socket.close()
        else:
            eve.reset()
        for client in anna, bert:
            client.see(f"* eve{number} leaves")
        Peer(endpoint).reset()
        Peer(endpoint).socket.close()

    # One burst is larger than a queue, but small enough for a client that reads.
    senders = [Peer(endpoint) for _ in range(8)]
    for number, peer in enumerate(senders):
        peer.send(f"/nick {number:020}\n".encode())
        peer.see(f"* You are {number:020}, in the room lobby")
    server.process.send_signal(signal.SIGSTOP)
    os.waitpid(server.process.pid, os.WUNTRACED)
    for peer in senders:
        peer.send(b"x\n" * (TEXT // 2))
    server.process.send_signal(signal.SIGCONT)
    for client in anna, bert:
        client.see(f"* {7:020} is here")
        for _ in range(8 * TEXT // 2):
            assert client.line().endswith(": x")
    for number, peer in enumerate(senders):
        peer.socket.close()
        for client in anna, bert:
            client.see_only(f"* {number:020} leaves")

    anna.type("are you still there?")
    bert.see_only("anna: are you still there?")
    bert.type("yes")
    anna.see_only("bert: yes")
    assert memory(server) - before < 2 << 20, "memory is not bounded"
    for unnamed in Peer(endpoint), Peer(endpoint):
        unnamed.send(b"/quit\n")
        unnamed.see("* Goodbye.")  # the client keeps its side open; the server must not wait for it
    server.process.terminate()
    for client in anna, bert:
        client.see("* The server ends. Goodbye.")
        client.end()
    server.end()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = "tcp://{}:{}".format(*listener.getsockname())
        for answer, shown in {
            b"\x1b[2J\x07\xc2\x9b\n" + b"x" * 2000: ["?[2J???", "chat: server: line too long"],
            b"* The end.\n": ["* The end."],
        }.items():
            anna = chat("join", endpoint, "anna", "attic")
            peer = Peer(connection=listener.accept()[0])
            peer.see("/join attic", "/nick anna")
            peer.send(answer)
            peer.socket.close()
            assert anna.end(len(shown) - 1) == shown
        anna = chat("join", endpoint, "anna")
        peer = Peer(connection=listener.accept()[0])
        peer.see("/join lobby", "/nick anna")
        peer.reset()
        assert anna.end(1) == [f"chat: server: {os.environ['CONN_RESET']}"]
    anna = chat("join", endpoint, "anna")
    assert anna.end(1) == [f"chat: {endpoint}: {os.environ['CONN_REFUSED']}"]
    for wrong in "serve", "join " + endpoint, "join udp://:1 anna", "serve udp://:0", "knit tcp://:0", "":
        assert chat(*wrong.split()).end(2)[0] == "usage: chat serve ENDPOINT"


def full(endpoint, limit):
    """More clients than the server has places or descriptors for."""
    server, endpoint = serve(endpoint, files=16 if limit == "descriptors" else None)
    places = 16 - len(os.listdir(f"/proc/{server.process.pid}/fd")) if limit == "descriptors" else CLIENTS
    assert places > 3
    peers = []
    for number in range(places + 2):
        peers.append(Peer(endpoint))
        peers[-1].send(f"/nick nick{number}\n".encode())
        if number < places:
            peers[-1].see(f"* You are nick{number}, in the room lobby")
    *served, first, second = peers
    for a, b in zip(served, served[1:]):
        a.send(b"are you there?\n")
        b.see(f"nick{served.index(a)}: are you there?")
    for peer in first, second:
        assert not select.select([peer.socket], [], [], 0)[0], "the client is not accepted yet"
        served.pop(1).socket.close()
        peer.see(f"* You are nick{peers.index(peer)}, in the room lobby")
        peer.send(b"here I am\n")
        served[0].see(f"nick{peers.index(peer)}: here I am")
    server.press("\x03")
    for peer in served + [first, second]:
        peer.see("* The server ends. Goodbye.")
        assert peer.line() is None
        peer.socket.close()
    server.end()


def memory(server, what="VmHWM"):
    with open(f"/proc/{server.process.pid}/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(what))


READERS, SLEEPERS = 40, 10
BURSTS, BURST = 24, 5  # how often each reader types, and how many lines
SHORTEST, LONGEST = 150, 300
# All lines in flight at once fit a queue, so no reader misses a line, however slow the machine is.
assert READERS * BURST * (LONGEST + 20) <= QUEUE


def crowd(endpoint, seconds):
    """40 clients that read and write, and 10 that do not read, in one room. They type for some seconds."""
    server, endpoint = serve(endpoint)
    before = memory(server)
    readers = {f"r{number}": chat("join", endpoint, f"r{number}") for number in range(READERS)}
    sleepers = {f"s{number}": chat("join", endpoint, f"s{number}") for number in range(SLEEPERS)}
    for name, client in (readers | sleepers).items():
        client.see(f"* You are {name}, in the room lobby")
    # All clients have joined. Once they have read these lines, they have also read all join messages.
    for speaker in "r0", "r1":
        readers[speaker].type("attention")
        for name, client in (readers | sleepers).items():
            if name != speaker:
                client.see(f"{speaker}: attention")

    # By sender: the number of lines sent, of lines that each reader has received, and of lines in flight.
    sent = dict.fromkeys(readers, 0)
    seen = {name: dict.fromkeys(readers.keys() - {name}, 0) for name in readers}
    in_flight = dict.fromkeys(readers, 0)
    by_fd = {client.master: (name, client) for name, client in readers.items()}
    poll = select.poll()
    for fd in by_fd:
        poll.register(fd, select.POLLIN)
    chance = random.Random(2)
    pace = seconds / BURSTS
    due = {name: time.monotonic() + pace * chance.random() for name in readers}
    while any(in_flight.values()) or due:
        now = time.monotonic()
        for name in [name for name, when in due.items() if when <= now and not in_flight[name]]:
            numbers = range(sent[name], sent[name] + BURST)
            readers[name].type(*(f"{number} ".ljust(chance.randint(SHORTEST, LONGEST), "x") for number in numbers))
            sent[name] += BURST
            in_flight[name] = BURST * (READERS - 1)
            due[name] = max(now, due[name] + pace)
            if sent[name] == BURSTS * BURST:
                del due[name]
        next_due = min((when for name, when in due.items() if not in_flight[name]), default=now + TIMEOUT)
        ready = poll.poll(max(next_due - now, 0) * 1000 + 1)
        assert ready or next_due < now + TIMEOUT, f"lines do not arrive: {in_flight}"
        for fd, _ in ready:
            reader, client = by_fd[fd]
            for line in client.pump():
                sender, number = re.fullmatch(r"(r\d+): (\d+) x*", line).groups()
                assert int(number) == seen[reader][sender], f"{reader} sees {line!r} after {seen[reader][sender]} lines"
                seen[reader][sender] += 1
                in_flight[sender] -= 1
            client.lines.clear()
    total = READERS * BURSTS * BURST
    assert all(sum(counts.values()) == total - BURSTS * BURST for counts in seen.values())

    # A place takes a few bytes more than a queue and a line.
    grown = memory(server) - before
    assert grown < (READERS + SLEEPERS) * (QUEUE + 4096) + (1 << 20), f"the server has grown by {grown} bytes"

    # One client that does not read is interrupted. The readers receive only the message about that.
    gone = sleepers.pop("s0")
    gone.press("\x03")
    gone.end()
    for client in readers.values():
        client.see_only("* s0 leaves")

    # The other sleepers start to read. Received and missed lines add up to all lines sent, including the one about s0.
    missed_by_all = []
    for name, client in sleepers.items():
        next_of, missed, received = dict.fromkeys(readers, 0), 0, 0
        while received + missed < total + 1:
            line = client.line()
            if report := re.fullmatch(r"\* You missed (\d+) lines", line):
                missed += int(report[1])
            else:
                received += 1
                if line != "* s0 leaves":
                    sender, number = re.fullmatch(r"(r\d+): (\d+) x*", line).groups()
                    assert int(number) >= next_of[sender], f"{name} sees {line!r} too late"
                    next_of[sender] = int(number) + 1
        assert missed > 0
        assert received + missed == total + 1, f"{name} received {received} and missed {missed} of {total + 1}"
        missed_by_all.append(missed)
    readers["r1"].type("good night")
    for name, client in (readers | sleepers).items():
        if name != "r1":
            client.see_only("r1: good night")

    server.press("\x03")
    for client in (readers | sleepers).values():
        client.see_only("* The server ends. Goodbye.")
        assert client.end() == []
    server.end()
    print(f"{total} lines; the server has grown by {grown} bytes; sleepers missed {missed_by_all}")


arguments, program = sys.argv[1 : sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1 :]
try:
    match arguments:
        case ["talk", endpoint]:
            talk(endpoint)
        case ["hostile", endpoint]:
            hostile(endpoint)
        case ["full", endpoint, limit]:
            full(endpoint, limit)
        case ["crowd", endpoint, seconds]:
            crowd(endpoint, int(seconds))
        case _:
            sys.exit(__doc__)
finally:
    for left in programs:
        left.process.kill()
        left.process.wait()
