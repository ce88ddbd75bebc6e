"""Running a program and saying what it cost: CPU seconds, wall seconds, peak memory; and how large files are.

The program that measures must stay small: Linux counts the memory a process had before it became another program, so
a child's peak is never below that of its parent. The workload is therefore made in a process of its own.
"""
import os
import statistics
import subprocess
import time
from dataclasses import asdict, dataclass


@dataclass
class Cost:
    """What one run of a program cost; of several runs CPU and wall add up, memory is the largest."""

    cpu_s: float = 0.0
    wall_s: float = 0.0
    rss_mb: float = 0.0
    code: int = 0
    out: str = ""

    def __add__(self, other):
        return Cost(self.cpu_s + other.cpu_s, self.wall_s + other.wall_s, max(self.rss_mb, other.rss_mb),
                    other.code or self.code, other.out)

    def as_json(self):
        return {k: round(v, 4) for k, v in asdict(self).items() if k not in ("out", "code")}


class Failed(Exception):
    """A program that did not do what it was asked."""


def run(command, cwd=None, env=None, accept=(0,)):
    """Runs a program to its end; raises Failed for another exit code than those accepted."""
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    out = process.stdout.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    # Popen must not wait for it again.
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    cost = Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - started, usage.ru_maxrss / 1024,
                process.returncode, out)
    if process.returncode not in accept:
        said = (out.strip().splitlines() or ["nothing was said"])[-1]
        words = [word for word in command[1:] if word[:1].isalpha() and "/" not in word]
        raise Failed(f"{' '.join([os.path.basename(command[0]), *words[:1]])} ended with {process.returncode}: {said}")
    return cost


def size(path):
    """Bytes of a file, or of all files below a folder; 0 where there is nothing."""
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(path) for name in names)


def median(values):
    values = list(values)
    return statistics.median(values) if values else float("nan")
