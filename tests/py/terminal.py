"""Programs in terminals, and connections to them that keep to no rules. Whatever is waited for has a time limit."""

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

PATIENCE = 60
programs = []  # those that run


class Terminal:
    """A program in a pseudo-terminal, whose session and only job it is.

    The terminal is an ordinary one, but for the echo, which could come amid a line of the program's.
    """

    def __init__(self, *command, files=None):
        self.name = " ".join(command)
        self.master, slave = pty.openpty()
        mode = termios.tcgetattr(slave)
        mode[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, mode)
        os.set_blocking(self.master, False)

        def begin():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            if files:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, preexec_fn=begin
        )
        os.close(slave)
        programs.append(self)
        self.unread, self.open, self.said = b"", True, []

    def type(self, *lines):
        self.press("".join(line + "\n" for line in lines))

    def press(self, keys):
        keys = keys.encode()
        while keys:
            wait_until_ready(self.master, select.POLLOUT, self.name)
            keys = keys[os.write(self.master, keys) :]

    def pump(self):
        """Reads what is there; returns the new lines."""
        try:
            came = os.read(self.master, 65536)
        except BlockingIOError:
            return []
        except OSError:  # the program has ended, and with it the terminal's other side
            came, self.open = b"", False
        *lines, self.unread = (self.unread + came).split(b"\r\n")
        # Whatever was sent, it is text without control characters by now.
        lines = [line.decode() for line in lines]
        for line in lines:
            assert not re.search("[\0-\x1f\x7f-\x9f]", line), f"{self.name} shows {line!r}"
        self.said += lines
        return lines

    def line(self):
        """The next line."""
        while not self.said:
            assert self.open, f"{self.name} has ended, after {self.unread}"
            wait_until_ready(self.master, select.POLLIN, self.name)
            self.pump()
        return self.said.pop(0)

    def see(self, *wanted):
        """Waits for these lines, one after the other, and returns those that came in between."""
        others = []
        for want in wanted:
            while (line := self.line()) != want:
                others.append(line)
        return others

    def see_only(self, *wanted):
        """Waits for these lines and no others."""
        for want in wanted:
            line = self.line()
            assert line == want, f"{self.name} shows {line!r} before {want!r}"

    def end(self, status=0):
        """Waits for the program's end, which must have this status, and returns the lines until then."""
        while self.open:
            wait_until_ready(self.master, select.POLLIN, self.name)
            self.pump()
        came = self.process.wait(PATIENCE)
        assert came == status, f"{self.name}: the status is {came}, after {self.said}"
        os.close(self.master)
        programs.remove(self)
        return self.said


class Peer:
    """A client, or a connection to one, that keeps to no rules."""

    def __init__(self, endpoint=None, connection=None):
        if connection:
            self.socket = connection
        elif endpoint.startswith("unix://"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(re.sub("^@", "\0", endpoint[7:]))
        else:
            host, port = endpoint[6:].rsplit(":", 1)
            self.socket = socket.create_connection((host.strip("[]"), int(port)), PATIENCE)
        self.socket.settimeout(PATIENCE)
        self.unread = b""

    def send(self, data):
        self.socket.sendall(data)

    def line(self):
        """The next line; None at the end."""
        while b"\n" not in self.unread:
            try:
                came = self.socket.recv(65536)
            except ConnectionResetError:
                came = b""
            if not came:
                return None
            self.unread += came
        line, self.unread = self.unread.split(b"\n", 1)
        return line.decode()

    def see(self, *wanted):
        for want in wanted:
            while (line := self.line()) != want:
                assert line is not None, f"the end came before {want!r}"

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def wait_until_ready(fd, events, what):
    poll = select.poll()
    poll.register(fd, events)
    assert poll.poll(PATIENCE * 1000), f"too long a wait for {what}"
