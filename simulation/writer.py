"""Writes a simulated history as plain Parquet files, marked as demo data."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import polars as pl

from metrics.numbering import numbered
from metrics.tables import BY_NAME, TABLES, USER
from simulation.founding import teams
from simulation.frames import frames
from simulation.history import History
from simulation.meetings import play
from simulation.timeline import TimeLine
from simulation.visitors import visit
from store.reader import DEMO_MARKER, StoreError, open_store

SEED = 20_240_603
_ROW_GROUP = 16_384
"""Rows are in order of time: a period reads few groups."""


def simulate(now: datetime, seed: int = SEED) -> dict[str, pl.DataFrame]:
    """Return the six tables of a history up to `now` (UTC), by name."""
    line = TimeLine.until(now)
    history = History()
    for team in teams(seed, line):
        play(team, seed, line, history)
    visit(seed, line, history)
    return frames(history, now)


def write(folder: Path, now: datetime, seed: int = SEED) -> None:
    """Write the six files; the marker stands from the start and is dated at the end.

    A folder that a run left half-written is therefore demo data, and not current.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DEMO_MARKER).write_text("")
    for name, frame in _with_numbers(simulate(now, seed)).items():
        path = folder / BY_NAME[name].file_name
        partial = path.with_suffix(".partial")
        frame.write_parquet(
            partial,
            compression="uncompressed",
            statistics="full",
            row_group_size=_ROW_GROUP,
        )
        partial.replace(path)
    (folder / DEMO_MARKER).write_text(now.date().isoformat())


def _with_numbers(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Add people's numbers, which the sync job's files have as well."""
    found = numbered({name: frame.lazy() for name, frame in tables.items()})
    return {
        name: frame.hstack(found.by_name[name].select(USER).collect())
        if BY_NAME[name].user_id
        else frame
        for name, frame in tables.items()
    }


def is_current(folder: Path, now: datetime) -> bool:
    """Whether the folder holds a whole demo history that ends on the day of `now`."""
    try:
        day = (folder / DEMO_MARKER).read_text()
    except FileNotFoundError:
        return False
    return day == now.date().isoformat() and all(
        (folder / table.file_name).is_file() for table in TABLES
    )


def holds_real_data(folder: Path) -> bool:
    """Whether the folder holds a store, or files that nobody marked as simulated."""
    try:
        snapshot = open_store(folder)
    except StoreError:
        return True
    return bool(snapshot.tables) and not snapshot.demo
