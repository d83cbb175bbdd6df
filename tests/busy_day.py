"""The golden data with busy days.

It is that of a small product, none of whose own days is far from what others before it
let expect.
"""

import shutil
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path

import polars as pl

from metrics.tables import ESTIMATIONS, PAGE_VIEWS, VOTES, Table
from testkit.dashboard import GOLDEN

TIMES = 40
"""How many times the rows of a busy day are there, besides once."""
AUTUMN: Mapping[date, Collection[Table]] = {
    date(2026, 9, 21): (VOTES, ESTIMATIONS),
    date(2026, 10, 30): (VOTES, ESTIMATIONS, PAGE_VIEWS),
}


def busy(
    folder: Path, days: Mapping[date, Collection[Table]] = AUTUMN, times: int = TIMES
) -> Path:
    """Write the golden files with busy days to a folder, and return it."""
    for file in GOLDEN.glob("*.parquet"):
        shutil.copy(file, folder)
    for day, tables in days.items():
        for live in tables:
            file = folder / live.file_name
            busier(pl.read_parquet(file), live, day, times).write_parquet(file)
    return folder


def busier(
    rows: pl.DataFrame, live: Table, day: date, times: int = TIMES
) -> pl.DataFrame:
    """Return the rows of a table with those of a day many times more."""
    more = pl.concat([rows.filter(pl.col(live.time).dt.date() == day)] * times)
    last = rows.select(pl.col(live.key).max()).item()
    ids = pl.Series(live.key, range(last + 1, last + 1 + more.height))
    return pl.concat([rows, more.with_columns(ids.cast(rows.schema[live.key]))])
