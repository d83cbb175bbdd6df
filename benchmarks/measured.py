"""A process measured from outside: wall time, processor time, peak memory."""

import os
import statistics
import subprocess
import sys
import time
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
    """Of the process itself; a busy machine does not change it much."""
    peak_mb: float


def median(measures: Sequence[Measure]) -> Measure:
    """Return the median of each figure."""
    return Measure(
        statistics.median(one.seconds for one in measures),
        statistics.median(one.cpu_seconds for one in measures),
        statistics.median(one.peak_mb for one in measures),
    )


def measure(environ: Mapping[str, str], *arguments: str) -> Measure:
    """Run `python …` to its end; raise when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    said = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{arguments} failed:\n{said.decode()}")
    return Measure(
        seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / _MEGABYTE
    )
