"""What happened during a load: how often, how long it took, what went wrong."""

import statistics
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Filled by many threads at once."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    checked: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, kind: str, seconds: float) -> None:
        """Note an answer of this kind."""
        with self._lock:
            self.seconds[kind].append(seconds)

    def failed(self, what: str) -> None:
        """Note something that was not answered as it should."""
        with self._lock:
            self.errors.append(what)

    def compare(self, what: str, found: object, known: object) -> None:
        """Note whether a number is the known one."""
        with self._lock:
            self.checked += 1
            if found != known:
                self.wrong.append(f"{what}: {found!r}, not {known!r}")

    def report(self, minutes: float) -> str:
        """Return a table of times, and how many errors and wrong numbers."""
        lines = ["| what | answers | a second | median | 95 % | longest |"]
        lines.append("| --- | --: | --: | --: | --: | --: |")
        lines += [_line(kind, s, minutes) for kind, s in sorted(self.seconds.items())]
        lines.append("")
        lines.append(
            f"errors: {len(self.errors)}; numbers compared: {self.checked:,}, "
            f"wrong: {len(self.wrong)}"
        )
        lines += [f"  {text}" for text in (*self.errors[:10], *self.wrong[:10])]
        return "\n".join(lines)


def _line(kind: str, seconds: Sequence[float], minutes: float) -> str:
    ordered = sorted(seconds)
    times = (ordered[len(ordered) // 2], ordered[len(ordered) * 95 // 100], ordered[-1])
    shown = " | ".join(f"{time:.2f} s" for time in times)
    rate = len(seconds) / minutes / 60
    return f"| {kind} | {len(seconds):,} | {rate:.1f} | {shown} |"


@dataclass(slots=True)
class Memory:
    """Resident megabytes of a process, a sample every few seconds."""

    pid: int
    samples: list[float] = field(default_factory=list)

    def sample(self) -> None:
        """Take one."""
        with open(f"/proc/{self.pid}/status") as status:  # noqa: PTH123  # no file
            [kilobytes] = [line.split()[1] for line in status if "VmRSS" in line]
        self.samples.append(int(kilobytes) / 1000)

    def report(self, per_minute: int) -> str:
        """Return the median of each minute."""
        minutes = [
            statistics.median(self.samples[start : start + per_minute])
            for start in range(0, len(self.samples), per_minute)
        ]
        return " ".join(f"{megabytes:.0f}" for megabytes in minutes)
