"""What the benchmarks share: programs that take turns, and what is known of a median."""

import math
import subprocess
import sys


class Player:
    """A running program, idle between its turns."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            ["timeout", "300", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def turn(self, count):
        """What the program prints about doing this much."""
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"a program ended early: {self.process.args}, status {self.process.wait()}")
        return float(line)

    def stop(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            sys.exit(f"a program failed: {self.process.args}, status {self.process.returncode}")


def interval(values):
    """The two values between which the true median lies with at least 95 % confidence, by their ranks alone."""
    values, n = sorted(values), len(values)

    def outside(skip):
        return 2 * sum(math.comb(n, i) for i in range(skip + 1)) / 2 ** n

    skip = max((skip for skip in range(n // 2) if outside(skip) <= 0.05), default=0)
    return values[skip], values[n - 1 - skip]
