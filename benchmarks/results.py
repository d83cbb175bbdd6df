"""Measured figures, kept beside the stores that they were measured on."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

from benchmarks.one import Taken
from benchmarks.questions import DUCKDB, TOGETHER

type Results = Mapping[int, Mapping[str, Taken]]
"""Scale → question → what it took."""

_FILE = "results.json"


def keep(folder: Path, scale: int, name: str, taken: Taken) -> None:
    """Write the figures of one question; those of others stay."""
    path = folder / _FILE
    held = json.loads(path.read_text()) if path.exists() else {}
    held.setdefault(str(scale), {})[name] = asdict(taken)
    path.write_text(json.dumps(held, indent=1))


def kept(folder: Path) -> Results:
    """Read what was measured, smallest scale first."""
    held = json.loads((folder / _FILE).read_text())
    return {
        int(scale): {name: Taken(**one) for name, one in held[scale].items()}
        for scale in sorted(held, key=int)
    }


def rival_median(results: Results, scale: int, name: str) -> float | None:
    """Return DuckDB's seconds for the same question, where it was asked."""
    rival = results[scale].get(DUCKDB)
    if rival is None:
        return None
    if name == TOGETHER:
        return rival.median
    runs = (rival.parts or {}).get(name)
    return runs[len(runs) // 2] if runs else None


def growth(results: Results, name: str) -> Iterator[float]:
    """Yield how many times longer each scale takes than the one before."""
    for before, after in pairwise(results):
        yield results[after][name].median / results[before][name].median
