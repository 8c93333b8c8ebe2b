"""Programs in pseudo-terminals, and raw connections to them. Every wait has a time limit."""

import fcntl
import os
import pty
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import termios

TIMEOUT = 60
programs = []  # the running programs


class Terminal:
    """A program in a pseudo-terminal, as the leader of its session.

    Echo is off, because it could be mixed into the program's output. Other terminal modes have their defaults.
    """

    def __init__(self, *command, files=None):
        self.name = " ".join(command)
        self.master, slave = pty.openpty()
        mode = termios.tcgetattr(slave)
        mode[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, mode)
        os.set_blocking(self.master, False)

        def set_up():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            if files:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, preexec_fn=set_up
        )
        os.close(slave)
        programs.append(self)
        self.unread, self.open, self.lines = b"", True, []

    def type(self, *lines):
        self.press("".join(line + "\n" for line in lines))

    def press(self, keys):
        keys = keys.encode()
        while keys:
            wait_until_ready(self.master, select.POLLOUT, self.name)
            keys = keys[os.write(self.master, keys) :]

    def pump(self):
        """Reads the available output and returns the new lines."""
        try:
            data = os.read(self.master, 65536)
        except BlockingIOError:
            return []
        except OSError:  # the program has exited, which closed the other side of the terminal
            data, self.open = b"", False
        *lines, self.unread = (self.unread + data).split(b"\r\n")
        # The program must replace control characters that other clients sent.
        lines = [line.decode() for line in lines]
        for line in lines:
            assert not re.search("[\0-\x1f\x7f-\x9f]", line), f"{self.name} shows {line!r}"
        self.lines += lines
        return lines

    def line(self):
        """The next line."""
        while not self.lines:
            assert self.open, f"{self.name} has exited after {self.unread}"
            wait_until_ready(self.master, select.POLLIN, self.name)
            self.pump()
        return self.lines.pop(0)

    def see(self, *expected):
        """Waits for these lines in order, and returns the other lines before and between them."""
        others = []
        for expected_line in expected:
            while (line := self.line()) != expected_line:
                others.append(line)
        return others

    def see_only(self, *expected):
        """Asserts that the next lines are these."""
        for expected_line in expected:
            line = self.line()
            assert line == expected_line, f"{self.name} shows {line!r} before {expected_line!r}"

    def end(self, status=0):
        """Waits until the program exits with this status, and returns the remaining lines."""
        while self.open:
            wait_until_ready(self.master, select.POLLIN, self.name)
            self.pump()
        exit_status = self.process.wait(TIMEOUT)
        assert exit_status == status, f"{self.name}: the status is {exit_status}, after {self.lines}"
        os.close(self.master)
        programs.remove(self)
        return self.lines


class Peer:
    """A raw connection to a server, or from a client."""

    def __init__(self, endpoint=None, connection=None):
        if connection:
            self.socket = connection
        elif endpoint.startswith("unix://"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(re.sub("^@", "\0", endpoint[7:]))
        else:
            host, port = endpoint[6:].rsplit(":", 1)
            self.socket = socket.create_connection((host.strip("[]"), int(port)), TIMEOUT)
        self.socket.settimeout(TIMEOUT)
        self.unread = b""

    def send(self, data):
        self.socket.sendall(data)

    def line(self):
        """The next line, or None at the end of the stream."""
        while b"\n" not in self.unread:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                return None
            self.unread += data
        line, self.unread = self.unread.split(b"\n", 1)
        return line.decode()

    def see(self, *expected):
        for expected_line in expected:
            while (line := self.line()) != expected_line:
                assert line is not None, f"the stream ended before {expected_line!r}"

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def wait_until_ready(fd, events, what):
    poll = select.poll()
    poll.register(fd, events)
    assert poll.poll(TIMEOUT * 1000), f"timeout while waiting for {what}"
