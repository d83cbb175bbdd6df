"""What moved most between two periods, over several dimensions at once."""

import polars as pl

from metrics import behaviour, compare, location, weekdays
from metrics.frames import Frames, Window
from metrics.scope import Scope

TOP = 10
"""Labels per dimension."""

_MEASURES = {
    "country": "users",
    "source": "page views",
    "room": "votes",
    "weekday": "votes",
}


def what_moved(scope: Scope) -> pl.LazyFrame:
    """Return the labels that moved most, of countries, sources, rooms, weekdays.

    Columns: dimension, measure (what is counted), label (null: not known), now,
    before, change; by absolute change, at most ten of each dimension. A label that
    did not move is left out; without a comparison the table is empty.
    """
    now = _counted(scope, scope.rows, scope.window)
    before = _counted(scope, scope.rows_before, scope.before or scope.window)
    moved = [_moved(name, now[name], before[name]) for name in _MEASURES]
    return (
        pl.concat(moved)
        .filter(pl.lit(scope.before is not None))
        .sort(
            pl.col("change").abs(),
            "dimension",
            "label",
            descending=[True, False, False],
            nulls_last=True,
        )
    )


def _counted(scope: Scope, rows: Frames, window: Window) -> dict[str, pl.LazyFrame]:
    """Return label and count per dimension of one period."""
    people = location.people(rows, scope.frames.users)
    rooms = behaviour.rooms(rows, scope.frames.rooms)
    return {
        "country": location.users_by(people, ["country"]).select(
            label="country", count="count"
        ),
        "source": behaviour.sources(rows).select(label="source", count="count"),
        "room": rooms.select(label="room_name", count="votes")
        .group_by("label")
        .agg(pl.col("count").sum()),
        "weekday": weekdays.by_weekday(rows, window).select(
            label="weekday_name", count="votes"
        ),
    }


def _moved(dimension: str, now: pl.LazyFrame, before: pl.LazyFrame) -> pl.LazyFrame:
    moved = compare.moved(now, before, ["label"], "count")
    return (
        moved.filter(pl.col("count_change") != 0)
        .head(TOP)
        .select(
            pl.lit(dimension).alias("dimension"),
            pl.lit(_MEASURES[dimension]).alias("measure"),
            "label",
            now="count",
            before="count_before",
            change="count_change",
        )
    )
