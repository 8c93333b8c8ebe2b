"""Chats with c-examples/chat.c, each program in a terminal of its own: chat.py PART [ARGUMENT...] -- PROGRAM...

The parts are talk, hostile, full and crowd.
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

from terminal import PATIENCE, Peer, Terminal, programs

# As chat.c has them.
TEXT, QUEUE, CLIENTS = 1000, 65536, 256
TOO_LONG = "* That line is too long. Goodbye."


def chat(*arguments, **how):
    return Terminal(*program, *arguments, **how)


def serve(endpoint, **how):
    server = chat("serve", endpoint, **how)
    return server, server.line()


def join(endpoint, nick, room="lobby"):
    client = chat("join", endpoint, nick, *([] if room == "lobby" else [room]))
    client.see(f"* You are {nick}, in the room {room}")
    return client


def who(client):
    """The names that a client is told, and the lines that it was told before."""
    client.type("/who", "/?")
    said = client.see("* There are /join ROOM, /nick NAME, /who and /quit")
    names = [line[2:-8] for line in said if line.endswith(" is here")]
    return names, said


def talk(endpoint):
    """Names, rooms, and all the ways to leave."""
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
        names, said = who(anna)
        assert sorted(names) == ["anna", "bert"] and not any("lobby" in line for line in said), said

        # What is longer than a line may be is sent as several.
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
            for name in "emil", "emil":  # who is gone does not keep the name
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
    """Clients that send what nobody should, and a server that does. Every line is looked at in Terminal.pump."""
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

    # Whoever sends no end of a line is told, cut off, and disconnected even if it doesn't care.
    eve.send(b"x" * TEXT)
    eve.send(b"y")
    eve.see(TOO_LONG)
    assert eve.line() is None
    try:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            eve.send(b"z" * 65536)
        raise AssertionError("the server goes on reading")
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
            assert number % 2, "only the one without ends of lines is cut off"
        if number % 3:
            eve.socket.close()
        else:
            eve.reset()
        for client in anna, bert:
            client.see(f"* eve{number} leaves")
        Peer(endpoint).reset()
        Peer(endpoint).socket.close()

    # More in one go than a queue holds, though not more than can be sent to a client that reads.
    loud = [Peer(endpoint) for _ in range(8)]
    for number, peer in enumerate(loud):
        peer.send(f"/nick {number:020}\n".encode())
        peer.see(f"* You are {number:020}, in the room lobby")
    server.process.send_signal(signal.SIGSTOP)
    os.waitpid(server.process.pid, os.WUNTRACED)
    for peer in loud:
        peer.send(b"x\n" * (TEXT // 2))
    server.process.send_signal(signal.SIGCONT)
    for client in anna, bert:
        client.see(f"* {7:020} is here")
        for _ in range(8 * TEXT // 2):
            assert client.line().endswith(": x")
    for number, peer in enumerate(loud):
        peer.socket.close()
        for client in anna, bert:
            client.see_only(f"* {number:020} leaves")

    anna.type("are you still there?")
    bert.see_only("anna: are you still there?")
    bert.type("yes")
    anna.see_only("bert: yes")
    assert memory(server) - before < 2 << 20, "bounded"
    for nobody in Peer(endpoint), Peer(endpoint):
        nobody.send(b"/quit\n")
        nobody.see("* Goodbye.")  # it does not close its side: the server does not wait for ever
    server.process.terminate()
    for client in anna, bert:
        client.see("* The server ends. Goodbye.")
        client.end()
    server.end()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = "tcp://{}:{}".format(*listener.getsockname())
        for answer, said in {
            b"\x1b[2J\x07\xc2\x9b\n" + b"x" * 2000: ["?[2J???", "chat: server: line too long"],
            b"* The end.\n": ["* The end."],
        }.items():
            anna = chat("join", endpoint, "anna", "attic")
            peer = Peer(connection=listener.accept()[0])
            peer.see("/join attic", "/nick anna")
            peer.send(answer)
            peer.socket.close()
            assert anna.end(len(said) - 1) == said
        anna = chat("join", endpoint, "anna")
        peer = Peer(connection=listener.accept()[0])
        peer.see("/join lobby", "/nick anna")
        peer.reset()
        assert anna.end(1) == ["chat: server: The peer ended the connection without a word."]
    anna = chat("join", endpoint, "anna")
    assert anna.end(1) == [f"chat: {endpoint}: Nobody listens at that address."]
    for wrong in "serve", "join " + endpoint, "join udp://:1 anna", "serve udp://:0", "knit tcp://:0", "":
        assert chat(*wrong.split()).end(2)[0] == "usage: chat serve ENDPOINT"


def full(endpoint, how):
    """More clients than there are places, or descriptors."""
    server, endpoint = serve(endpoint, files=16 if how == "descriptors" else None)
    places = 16 - len(os.listdir(f"/proc/{server.process.pid}/fd")) if how == "descriptors" else CLIENTS
    assert places > 3
    peers = []
    for number in range(places + 2):
        peers.append(Peer(endpoint))
        peers[-1].send(f"/nick nick{number}\n".encode())
        if number < places:
            peers[-1].see(f"* You are nick{number}, in the room lobby")
    *inside, first, second = peers
    for a, b in zip(inside, inside[1:]):
        a.send(b"are you there?\n")
        b.see(f"nick{inside.index(a)}: are you there?")
    for peer in first, second:
        assert not select.select([peer.socket], [], [], 0)[0], "it is not let in"
        inside.pop(1).socket.close()
        peer.see(f"* You are nick{peers.index(peer)}, in the room lobby")
        peer.send(b"here I am\n")
        inside[0].see(f"nick{peers.index(peer)}: here I am")
    server.press("\x03")
    for peer in inside + [first, second]:
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
# All that can be under way at once fits a queue: no reader misses anything, however slow the machine is.
assert READERS * BURST * (LONGEST + 20) <= QUEUE


def crowd(endpoint, seconds):
    """40 clients that read and write, and 10 that do not read, in one room."""
    server, endpoint = serve(endpoint)
    before = memory(server)
    readers = {f"r{number}": chat("join", endpoint, f"r{number}") for number in range(READERS)}
    sleepers = {f"s{number}": chat("join", endpoint, f"s{number}") for number in range(SLEEPERS)}
    for name, client in (readers | sleepers).items():
        client.see(f"* You are {name}, in the room lobby")
    # All have entered by now, and have read of it when they have read this.
    for speaker in "r0", "r1":
        readers[speaker].type("attention")
        for name, client in (readers | sleepers).items():
            if name != speaker:
                client.see(f"{speaker}: attention")

    # Sender by sender: how many lines were sent, how many of them each reader has, and how many are still to arrive.
    sent = dict.fromkeys(readers, 0)
    seen = {name: dict.fromkeys(readers.keys() - {name}, 0) for name in readers}
    lacking = dict.fromkeys(readers, 0)
    by_fd = {client.master: (name, client) for name, client in readers.items()}
    poll = select.poll()
    for fd in by_fd:
        poll.register(fd, select.POLLIN)
    chance = random.Random(2)
    pace = seconds / BURSTS
    due = {name: time.monotonic() + pace * chance.random() for name in readers}
    while any(lacking.values()) or due:
        now = time.monotonic()
        for name in [name for name, when in due.items() if when <= now and not lacking[name]]:
            numbers = range(sent[name], sent[name] + BURST)
            readers[name].type(*(f"{number} ".ljust(chance.randint(SHORTEST, LONGEST), "x") for number in numbers))
            sent[name] += BURST
            lacking[name] = BURST * (READERS - 1)
            due[name] = max(now, due[name] + pace)
            if sent[name] == BURSTS * BURST:
                del due[name]
        next_due = min((when for name, when in due.items() if not lacking[name]), default=now + PATIENCE)
        ready = poll.poll(max(next_due - now, 0) * 1000 + 1)
        assert ready or next_due < now + PATIENCE, f"lines do not arrive: {lacking}"
        for fd, _ in ready:
            reader, client = by_fd[fd]
            for line in client.pump():
                sender, number = re.fullmatch(r"(r\d+): (\d+) x*", line).groups()
                assert int(number) == seen[reader][sender], f"{reader} sees {line!r} after {seen[reader][sender]} lines"
                seen[reader][sender] += 1
                lacking[sender] -= 1
            client.said.clear()
    total = READERS * BURSTS * BURST
    assert all(sum(counts.values()) == total - BURSTS * BURST for counts in seen.values())

    # Each place is some bytes more than a queue and a line.
    grown = memory(server) - before
    assert grown < (READERS + SLEEPERS) * (QUEUE + 4096) + (1 << 20), f"{grown} bytes more"

    # One of those who do not read is interrupted, and the others hear of that alone.
    gone = sleepers.pop("s0")
    gone.press("\x03")
    gone.end()
    for client in readers.values():
        client.see_only("* s0 leaves")

    # The others wake up. What they have and what they missed is all that was sent, s0's leaving included.
    missed_by_all = []
    for name, client in sleepers.items():
        next_of, missed, got = dict.fromkeys(readers, 0), 0, 0
        while got + missed < total + 1:
            line = client.line()
            if report := re.fullmatch(r"\* You missed (\d+) lines", line):
                missed += int(report[1])
            else:
                got += 1
                if line != "* s0 leaves":
                    sender, number = re.fullmatch(r"(r\d+): (\d+) x*", line).groups()
                    assert int(number) >= next_of[sender], f"{name} sees {line!r} too late"
                    next_of[sender] = int(number) + 1
        assert missed > 0 and got + missed == total + 1, f"{name} has {got} and missed {missed} of {total + 1}"
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
    print(f"{total} lines; the server has grown by {grown} bytes; those who did not read missed {missed_by_all}")


arguments, program = sys.argv[1 : sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1 :]
try:
    match arguments:
        case ["talk", where]:
            talk(where)
        case ["hostile", where]:
            hostile(where)
        case ["full", where, how]:
            full(where, how)
        case ["crowd", where, seconds]:
            crowd(where, int(seconds))
        case _:
            sys.exit(__doc__)
finally:
    for left in programs:
        left.process.kill()
        left.process.wait()
