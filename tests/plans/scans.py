"""Which rows of which tables a set of plans reads, by Polars' own account."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

_CACHE = re.compile(r"CACHE\[id: ([^\]]+)\]")
_SCAN = re.compile(r"SCAN \[\S*?/blocks/(\w+)/")


@dataclass(frozen=True)
class Scan:
    """A table and the rows that are taken from it."""

    table: str
    rows: str
    """The filter that the files are read with; "" takes all."""


def scans(plans: Iterable[pl.LazyFrame]) -> list[Scan]:
    """Return what executing plans together reads; what is shared counts once."""
    lines = [*_executed(pl.explain_all([*plans]).splitlines())]
    found = []
    for place, line in enumerate(lines):
        if match := _SCAN.search(line):
            found.append(Scan(match[1], _filter(lines[place + 1 : place + 4])))
    return found


def _executed(lines: list[str]) -> Iterator[str]:
    """Leave out what a shared part prints again wherever it is used."""
    seen: set[str] = set()
    inside: int | None = None
    for line in lines:
        depth = len(line) - len(line.lstrip())
        if inside is not None and depth > inside:
            continue
        inside = None
        if match := _CACHE.search(line):
            inside = depth if match[1] in seen else None
            seen.add(match[1])
        yield line


def _filter(below: list[str]) -> str:
    for line in below:
        if "SCAN" in line:
            break
        if "SELECTION:" in line:
            return line.partition("SELECTION:")[2].strip()
    return ""
