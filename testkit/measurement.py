"""Processes measured from outside: wall time, processor time, peak memory."""

import json
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Measure:
    """What a process took."""

    seconds: float
    cpu_seconds: float
    """Processor time of the process itself; a busy machine changes it little."""
    peak_mb: float


def median(measures: Sequence[Measure]) -> Measure:
    """Return the median of each figure."""
    return Measure(
        statistics.median(one.seconds for one in measures),
        statistics.median(one.cpu_seconds for one in measures),
        statistics.median(one.peak_mb for one in measures),
    )


def peak_mb() -> float:
    """Return the peak of this process's resident memory so far.

    `VmHWM` belongs to the memory of the running program. `getrusage`'s `ru_maxrss`
    is kept across `exec`, so a program would start with the peak of the process that
    started it: of a benchmark that has just generated its data.
    """
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found, status
    return int(found[1]) * 1024 / _MEGABYTE


# A small process of its own starts the program: a program's `ru_maxrss` begins with the
# peak of the process that started it, which would be that of a whole benchmark.
_STARTER = """
import json, os, sys, time
started = time.perf_counter()
silent = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
program = os.posix_spawn(
    sys.executable, [sys.executable, *sys.argv[1:]], os.environ, file_actions=[silent]
)
_, status, usage = os.wait4(program, 0)
seconds = time.perf_counter() - started
code = os.waitstatus_to_exitcode(status)
print(json.dumps([code, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""


def measure(environ: Mapping[str, str], *arguments: str) -> Measure:
    """Run `python …` to its end; raise when it fails."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _STARTER, *arguments],
        cwd=ROOT,
        env={**os.environ, **environ},
        check=True,
        capture_output=True,
        text=True,
    )
    code, seconds, cpu_seconds, peak_kib = json.loads(done.stdout)
    if code:
        raise RuntimeError(f"{arguments} failed:\n{done.stderr}")
    return Measure(seconds, cpu_seconds, peak_kib * 1024 / _MEGABYTE)
