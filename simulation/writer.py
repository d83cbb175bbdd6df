"""Writes a simulated history as plain Parquet files, marked as demo data."""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from metrics.numbering import numbered
from metrics.tables import BY_NAME, TABLES, USER
from simulation.meetings import play
from simulation.tables import History, tables
from simulation.teams import teams
from simulation.timeline import TimeLine
from simulation.visitors import visit
from store.reader import DEMO_MARKER, StoreError, open_store

SEED = 20_240_603
# Rows are in order of time: a period reads few groups.
_ROW_GROUP = 16_384


def simulate(now: datetime, seed: int = SEED) -> dict[str, pl.DataFrame]:
    """Return the six tables of a history up to `now` (UTC), by name."""
    line = TimeLine.until(now)
    history = History()
    for team in teams(seed, line):
        play(team, seed, line, history)
    visit(seed, line, history)
    return tables(history, now)


def write(
    folder: Path, now: datetime, by_name: Mapping[str, pl.DataFrame] | None = None
) -> None:
    """Write six files, by default of a history up to `now` with the stories.

    The marker of demo data is written first and dated at the end.

    A folder that a run left half-written is therefore demo data, and not current.
    """
    folder.mkdir(parents=True, exist_ok=True)
    end = now.replace(tzinfo=UTC).timestamp()
    (folder / DEMO_MARKER).write_text("")
    for name, frame in _with_numbers(by_name or simulate(now)).items():
        path = folder / BY_NAME[name].file_name
        partial = path.with_suffix(".partial")
        _write_parquet(frame, partial)
        # As fresh as the history is: what reads plain files takes it for their end.
        os.utime(partial, (end, end))
        partial.replace(path)
    (folder / DEMO_MARKER).write_text(now.date().isoformat())


def _write_parquet(frame: pl.DataFrame, path: Path) -> None:
    try:
        frame.write_parquet(
            path,
            compression="uncompressed",
            statistics="full",
            row_group_size=_ROW_GROUP,
        )
    except pl.exceptions.ComputeError as error:
        path.unlink(missing_ok=True)
        # What Polars makes of a full disk: the system's number is in its text only.
        number = re.search(r"\(os error (\d+)\)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1]))) from error


def _with_numbers(by_name: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Add the user numbers, which the sync job's files have as well."""
    found = numbered({name: frame.lazy() for name, frame in by_name.items()})
    return {
        name: frame.hstack(found.by_name[name].select(USER).collect())
        if BY_NAME[name].user_id
        else frame
        for name, frame in by_name.items()
    }


def is_current(folder: Path, now: datetime) -> bool:
    """Whether the folder has a whole demo history that ends on the day of `now`."""
    try:
        day = (folder / DEMO_MARKER).read_text()
    except OSError:
        return False
    return day == now.date().isoformat() and all(
        (folder / table.file_name).is_file() for table in TABLES
    )


def holds_real_data(folder: Path) -> bool:
    """Whether the folder has a store, or files without the mark of demo data."""
    try:
        snapshot = open_store(folder)
    except StoreError:
        return True
    return bool(snapshot.tables) and not snapshot.demo
