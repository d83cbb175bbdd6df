"""Turns what happened into the six tables, sorted, numbered, and cut at `now`."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from metrics.tables import BY_NAME, ESTIMATIONS, EVENTS, PAGE_VIEWS, ROOMS, USERS, VOTES
from simulation.history import History
from simulation.timeline import FIRST_DAY

_DELETED_USERS = 83
_DELETED_ROOMS = 31
"""Every so many-th user and room has been deleted on request; their rows stay."""


def frames(history: History, now: datetime) -> dict[str, pl.DataFrame]:
    """Return each table under its name; nothing in it is later than `now`."""
    acts = {
        VOTES.name: _rows(history.votes, VOTES.name, now),
        ESTIMATIONS.name: _rows(history.estimations, ESTIMATIONS.name, now),
        PAGE_VIEWS.name: _rows(history.views, PAGE_VIEWS.name, now),
        EVENTS.name: _rows(history.events, EVENTS.name, now),
    }
    return {
        USERS.name: _users(history, acts),
        ROOMS.name: _rooms(history, acts),
        **acts,
    }


def _rows(rows: Sequence[tuple[object, ...]], name: str, now: datetime) -> pl.DataFrame:
    table = BY_NAME[name]
    names = [column for column in table.schema if column != table.key]
    raw = {
        column: pl.Int64 if column == table.time else _plain(table.schema[column])
        for column in names
    }
    return (
        pl.DataFrame(rows, schema=raw, orient="row")
        .with_columns(_instant(table.time))
        .filter(pl.col(table.time) <= now)
        .sort(table.time, maintain_order=True)
        .with_row_index(table.key, offset=1)
        .cast(table.schema)
        .select(*table.schema)
    )


def _plain(dtype: pl.DataType) -> pl.DataType:
    return pl.Float64() if dtype.is_decimal() else dtype


def _instant(column: str) -> pl.Expr:
    start = datetime.combine(FIRST_DAY, datetime.min.time())
    return (pl.lit(start) + pl.duration(seconds=column)).alias(column)


def _users(history: History, acts: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return everybody who was seen, with the moment of the first act."""
    seen = (
        pl.concat(
            acts[table.name].select(id="user_id", created_at=table.time)
            for table in (PAGE_VIEWS, EVENTS)
        )
        .group_by("id")
        .agg(pl.col("created_at").min())
    )
    attributes = [name for name in USERS.schema if name != USERS.time]
    people = pl.DataFrame(
        [tuple(getattr(p, a) for a in attributes) for p in history.people.values()],
        schema={name: USERS.schema[name] for name in attributes},
        orient="row",
    )
    return (
        people.join(seen, on="id", how="inner", maintain_order="left")
        .sort("created_at", "id")
        .filter(pl.int_range(pl.len()) % _DELETED_USERS != _DELETED_USERS - 1)
        .cast(USERS.schema)
    )


def _rooms(history: History, acts: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the rooms that were entered, with their first and last use."""
    used = (
        pl.concat(
            acts[table.name].select(id="room_id", at=table.time)
            for table in (PAGE_VIEWS, VOTES)
        )
        .drop_nulls()
        .group_by("id")
        .agg(first_used_at=pl.col("at").min(), last_used_at=pl.col("at").max())
    )
    schema = {name: ROOMS.schema[name] for name in ("id", "number", "name")}
    return (
        pl.DataFrame(history.rooms, schema=schema, orient="row")
        .join(used, on="id", how="inner")
        .filter(pl.col("id") % _DELETED_ROOMS != 0)
        .sort("id")
        .cast(ROOMS.schema)
    )
