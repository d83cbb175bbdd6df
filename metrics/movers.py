"""What moved most between two periods, over several dimensions at once."""

import polars as pl

from metrics import behaviour, compare, location, weekdays
from metrics.frames import Frames, Window
from metrics.scope import Scope

TOP = 10
"""Labels per dimension."""
MEASURES = {
    "country": "users",
    "source": "page_views",
    "room": "votes",
    "weekday": "votes",
}
"""What is counted in each dimension."""


def what_moved(scope: Scope) -> pl.LazyFrame:
    """Return which country, source, room or weekday explains most of the change.

    Columns: dimension, measure (what is counted), label (null: not known), room_id
    (of rooms only: two may share a name), now, before, change, total_before (the
    measure over all labels; n) and contribution (change / total_before: what the
    label alone adds to the measure's change; null below 20). The largest contribution
    comes first, up or down; at most ten labels of each dimension. A label that did not
    move is left out; without a comparison the table is empty.
    """
    now = _counted(scope.frames, scope.window)
    nothing = Frames.empty(), scope.window
    before = _counted(*(scope.frames, scope.before) if scope.before else nothing)
    moved = [_moved(name, now[name], before[name]) for name in MEASURES]
    contribution, change = pl.col("contribution").abs(), pl.col("change").abs()
    return (
        pl.concat(moved)
        .filter(pl.lit(scope.before is not None))
        .sort(
            contribution,
            change,
            *("dimension", "label", "room_id"),
            descending=[True, True, False, False, False],
            nulls_last=True,
        )
    )


def _counted(frames: Frames, window: Window) -> dict[str, pl.LazyFrame]:
    """Return label, room_id and count per dimension of one period."""
    rows, people = frames.within(window), location.people(frames, window)
    counts = {
        "country": location.users_by(people, ["country"]).rename({"country": "label"}),
        "source": behaviour.sources(rows).rename({"source": "label"}),
        "room": behaviour.rooms(rows, frames.rooms).rename(
            {"room_name": "label", "votes": "count"}
        ),
        "weekday": weekdays.by_weekday(rows, window).select(
            label="weekday_name", count="votes"
        ),
    }
    no_room = pl.lit(None, pl.Int32).alias("room_id")
    return {
        name: (frame if name == "room" else frame.with_columns(no_room)).select(
            "label", "room_id", "count"
        )
        for name, frame in counts.items()
    }


def _moved(dimension: str, now: pl.LazyFrame, before: pl.LazyFrame) -> pl.LazyFrame:
    moved = compare.moved(now, before, ["label", "room_id"], "count")
    return (
        moved.filter(pl.col("count_change") != 0)
        .head(TOP)
        .select(
            pl.lit(dimension).alias("dimension"),
            pl.lit(MEASURES[dimension]).alias("measure"),
            *("label", "room_id"),
            pl.col("count").alias("now"),
            pl.col("count_before").alias("before"),
            pl.col("count_change").alias("change"),
            *("total_before", "contribution"),
        )
    )
