"""Processes measured from outside: wall time, processor time, peak memory."""

import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import struct_rusage
from tempfile import TemporaryFile

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


def peak_mb(pid: int | str = "self") -> float:
    """Return the peak of a process's resident memory so far; 0 once it has ended.

    `VmHWM` belongs to the memory of the running program. `getrusage`'s `ru_maxrss`
    is kept across `exec`, so a program would start with the peak of the process that
    started it: of a benchmark that has just generated its data.
    """
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 / _MEGABYTE if found else 0.0


def measure(environ: Mapping[str, str], *arguments: str) -> Measure:
    """Run `python …` to its end; raise when it fails."""
    with TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **environ},
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        peak, status, usage = _wait(process.pid)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{arguments} failed:\n{said.read().decode()}")
    return Measure(seconds, usage.ru_utime + usage.ru_stime, peak)


def _wait(pid: int) -> tuple[float, int, struct_rusage]:
    """Return peak memory in MB, exit status and usage, once a process has ended."""
    peak = 0.0
    while True:
        peak = max(peak, peak_mb(pid))
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            return peak, status, usage
        time.sleep(0.01)
