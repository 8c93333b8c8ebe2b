"""What the benchmarks share: programs that take turns, and what is known of a median."""

import math
import os
import signal
import subprocess
import sys


class Player:
    """A running program, idle between its turns."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            ["timeout", "300", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def line(self):
        """The next line that the program prints."""
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"a program ended early: {self.process.args}, status {self.process.wait()}")
        return line.strip()

    def figures(self, count):
        """The numbers that the program prints about doing this much."""
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return [float(number) for number in self.line().split()]

    def turn(self, count):
        """The number, when it is one."""
        return self.figures(count)[0]

    def stop(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            sys.exit(f"a program failed: {self.process.args}, status {self.process.returncode}")


class Server:
    """A running echo server, with the number of its process."""

    def __init__(self, program, *prefix):
        endpoint = "tcp://127.0.0.1:0"
        self.process = subprocess.Popen(
            ["timeout", "300", "sh", "-c", 'echo $$; exec "$@"', "sh", *prefix, program, endpoint],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.stdout.readline().strip()
        self.endpoint = self.process.stdout.readline().strip()
        if not self.endpoint:
            sys.exit(f"a server ended early: {self.process.args}, status {self.process.wait()}")

    def stop(self):
        # To the process itself: timeout would signal twice. Not every server has a status for it.
        os.kill(int(self.pid), signal.SIGTERM)
        self.process.wait()


def verdict(values, goal):
    """Whether a goal is met, as far as the values tell."""
    low, high = interval(values)
    return "met" if low >= goal else "missed" if high < goal else "open"


def interval(values):
    """The two values between which the true median lies with at least 95 % confidence, by their ranks alone."""
    values, n = sorted(values), len(values)

    def outside(skip):
        return 2 * sum(math.comb(n, i) for i in range(skip + 1)) / 2 ** n

    skip = max((skip for skip in range(n // 2) if outside(skip) <= 0.05), default=0)
    return values[skip], values[n - 1 - skip]
