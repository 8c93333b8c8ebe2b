"""Shared by the benchmark scripts: programs that alternate in short slices, and confidence intervals of medians.

The scripts use these words. A *program* under test is started once per round and measured in *slices* of a few
milliseconds. A *block* is one slice of each program, in rotating order. A *round* is a number of blocks with newly
started programs.
"""

import math
import os
import signal
import statistics
import subprocess
import sys


class Program:
    """A running benchmark program, idle between its slices."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            ["timeout", "300", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read_line(self):
        """Returns the next line that the program prints."""
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"a program ended early: {self.process.args}, status {self.process.wait()}")
        return line.strip()

    def measure_all(self, count):
        """Runs `count` iterations, and returns the numbers that the program prints about them."""
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return [float(number) for number in self.read_line().split()]

    def measure(self, count):
        """Runs `count` iterations, and returns the first number that the program prints about them."""
        return self.measure_all(count)[0]

    def stop(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            sys.exit(f"a program failed: {self.process.args}, status {self.process.returncode}")


class Server:
    """A running echo server, with its process id and endpoint."""

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
        # Signalling timeout would signal the server twice. Some servers exit with a nonzero status after SIGTERM.
        os.kill(int(self.pid), signal.SIGTERM)
        self.process.wait()


def verdict(values, goal):
    """Whether the true median meets the goal, at the confidence of `confidence_interval`."""
    low, high = confidence_interval(values)
    return "met" if low >= goal else "missed" if high < goal else "open"


def confidence_interval(values):
    """The two values between which the true median lies with at least 95 % confidence, whatever the distribution."""
    values, n = sorted(values), len(values)

    def error_probability(skip):
        return 2 * sum(math.comb(n, i) for i in range(skip + 1)) / 2 ** n

    skip = max((skip for skip in range(n // 2) if error_probability(skip) <= 0.05), default=0)
    return values[skip], values[n - 1 - skip]


def format_interval(values):
    """Formats the median of the values and its confidence interval."""
    low, high = confidence_interval(values)
    return f"{statistics.median(values):.3f} [{low:.3f} {high:.3f}]"
