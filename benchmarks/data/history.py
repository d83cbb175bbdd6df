"""The six tables at a scale, sorted, numbered and typed like the live ones."""

from datetime import datetime

import numpy as np
import polars as pl

from benchmarks.data import rounds, visits
from benchmarks.data.dice import Ints, Span, dice, moment
from benchmarks.data.people import people, still_there
from benchmarks.data.sizes import Sizes
from benchmarks.data.teams import meetings, teams
from metrics.tables import (
    ESTIMATIONS,
    EVENTS,
    PAGE_VIEWS,
    ROOMS,
    TABLES,
    USERS,
    VOTES,
    Table,
)

SEED = 20_240_603
_DELETED_ROOMS = 31


def simulate(scale: int, until: datetime, seed: int = SEED) -> dict[str, pl.DataFrame]:
    """Return each table under its name; no row is later than `until`."""
    sizes, span = Sizes.of(scale), Span(until)
    crews = teams(seed, sizes)
    held = meetings(seed, sizes, span, crews)
    came = rounds.arrivals(seed, held, crews)
    played = rounds.rounds(seed, held)
    at = held.start[came.meeting] - dice(seed, "early").integers(-40, 90, came.who.size)
    rows = rounds.estimations(seed, played, came, held.room)
    seen = visits.first_seen(seed, sizes.users, came, at, span)
    ends = played.ends[np.cumsum(held.rounds) - 1]
    everybody = people(seed, seen)
    drawn = {
        USERS: still_there(everybody),
        ROOMS: _rooms(held.room, held.start, ends),
        PAGE_VIEWS: visits.page_views(
            seed, sizes.page_views, seen, came, at, held.room
        ),
        EVENTS: visits.events(seed, held, came, at, ends),
        VOTES: rounds.votes(seed, played, held.room, rows),
        ESTIMATIONS: rows,
    }
    names = everybody.get_column("id")
    return {t.name: _as_table(t, drawn.pop(t), names, until) for t in TABLES}


def _rooms(room: Ints, start: Ints, end: Ints) -> pl.DataFrame:
    number = pl.col("id").cast(pl.Int64)
    return (
        pl.DataFrame({"id": room + 1, "first": start, "last": end})
        .group_by("id")
        .agg(first_used_at=pl.col("first").min(), last_used_at=pl.col("last").max())
        .filter(pl.col("id") % _DELETED_ROOMS != 0)
        .with_columns(
            moment("last_used_at"),
            number=100_000 + number * 370_261 % 8_000_009,
            name=pl.format("team-{}", "id"),
        )
    )


def _as_table(
    table: Table, frame: pl.DataFrame, names: pl.Series, until: datetime
) -> pl.DataFrame:
    """Sort by time and number the rows; put ids in place of people's numbers."""
    frame = frame.with_columns(moment(table.time)).filter(pl.col(table.time) <= until)
    frame = frame.sort(table.time, maintain_order=True)
    if "who" in frame.columns:
        ids = names.gather(frame.get_column("who"))
        frame = frame.with_columns(ids.alias("user_id")).with_row_index(
            table.key, offset=1
        )
    elif table == VOTES:
        frame = frame.with_row_index(table.key, offset=1)
    return frame.select(pl.col(n).cast(t) for n, t in table.schema.items())
