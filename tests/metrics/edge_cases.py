"""Edge cases of data: no rows, one row, nothing known, long ago."""

import polars as pl

from metrics.frames import Frames
from tests.metrics.building import estimation, event, frames, room, user, view, vote

EMPTY = Frames.empty()
SINGLE = frames(
    user("a", "2026-11-02 09:00", country="DE"),
    room(1, "x", "2026-11-02 09:00"),
    view("a", "2026-11-02 09:00"),
    event("a", "2026-11-02 09:00"),
    vote("2026-11-02 09:00"),
    estimation("a", "2026-11-02 09:00"),
)
BEFORE_START = frames(
    user("a", "2020-02-29 09:00"),
    room(1, "x", "2020-02-29 09:00"),
    view("a", "2020-02-29 09:00", source="cv"),
    event("a", "2020-02-29 09:00"),
    vote("2020-02-29 09:00"),
    estimation("a", "2020-02-29 09:00"),
)
ALL_NULL = SINGLE.map(
    lambda table, frame: frame.with_columns(
        pl.lit(None, column.dtype).alias(column.name)
        for column in table.columns
        if column.nullable
    )
)
NOTHING_KNOWN = SINGLE.map(
    lambda table, frame: frame.with_columns(
        pl.lit(None, column.dtype).alias(column.name)
        for column in table.columns
        if column.name not in {table.key, table.time}
    )
)
DATA = {
    "empty": EMPTY,
    "single row": SINGLE,
    "all null": ALL_NULL,
    "nothing known": NOTHING_KNOWN,
    "before the start": BEFORE_START,
}
