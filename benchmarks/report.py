"""The figures as Markdown tables: targets, then one line per question."""

import os
import platform
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import duckdb
import polars as pl

from benchmarks import targets
from benchmarks.one import Taken
from benchmarks.questions import RIVALS
from benchmarks.results import Results, growth, rival_median


def report(results: Results) -> str:
    """Return everything that was measured, as Markdown."""
    reached = [*targets.lines(results)]
    parts = [machine()]
    if reached:
        parts.append(_table(("Target", "at most", "measured", "met"), reached))
    parts += [_median_table(results), *(_detail(results, s) for s in results)]
    return "\n\n".join(parts) + "\n"


def machine() -> str:
    """Return where and with what this was measured."""
    return (
        f"{os.cpu_count()} cores ({_processor()}), {_memory_gb():.0f} GB; "
        f"Python {platform.python_version()}, Polars {pl.__version__}, "
        f"DuckDB {duckdb.__version__}, {platform.system()} {platform.release()}."
    )


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text()
    names = [line for line in text.splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def _questions(results: Results) -> list[str]:
    """Return what was asked at every scale, in the order of the first."""
    first, *others = results.values()
    asked = [name for name in first if all(name in taken for taken in others)]
    return [name for name in asked if name not in RIVALS]


def _median_table(results: Results) -> str:
    """Medians at every scale, growth between them, and DuckDB at the largest."""
    scales = [*results]
    head = [
        "Question",
        *(f"{scale}× ms" for scale in scales),
        *(f"×{b // a} data" for a, b in pairwise(scales)),
        *(f"DuckDB {scale}× ms" for scale in scales),
        f"ours / DuckDB, {scales[-1]}×",
    ]
    return _table(head, [_medians(results, name) for name in _questions(results)])


def _medians(results: Results, name: str) -> Sequence[str]:
    other = [rival_median(results, scale, name) for scale in results]
    last = [*results.values()][-1][name].median
    return (
        name,
        *(_ms(taken[name].median) for taken in results.values()),
        *(f"{times:.1f}" for times in growth(results, name)),
        *("" if seconds is None else _ms(seconds) for seconds in other),
        f"{last / other[-1]:.2f}" if other[-1] else "",
    )


def _detail(results: Results, scale: int) -> str:
    head = (f"At {scale}×", "median ms", "fastest", "slowest", "peak MB", "rows/s")
    taken = results[scale]
    return _table(head, [_line(name, one) for name, one in taken.items()])


def _line(name: str, one: Taken) -> Sequence[str]:
    return (
        name,
        _ms(one.median),
        _ms(one.seconds[0]),
        _ms(one.seconds[-1]),
        f"{one.peak_mb:,.0f}",
        f"{one.rows / one.median / 1e6:.0f} M" if one.rows else "",
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f}" if seconds < 0.1 else f"{seconds * 1000:,.0f}"


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    def row(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cells) + " |"

    rule: Iterator[str] = ("---" if n == 0 else "--:" for n in range(len(head)))
    return "\n".join([row(head), row([*rule]), *map(row, lines)])
