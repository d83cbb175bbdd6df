"""What moved most between two periods, over several dimensions at once."""

from collections.abc import Callable

import polars as pl

from metrics import location
from metrics.behaviour import source_class
from metrics.frames import Frames, Window
from metrics.insights.shown import rate
from metrics.measures import where
from metrics.scope import Scope
from metrics.weekdays import WEEKDAYS

TOP = 10
"""Labels per dimension."""
MEASURES = {
    "country": "users",
    "source": "page_views",
    "room": "votes",
    "weekday": "votes",
}
"""What is counted in each dimension."""
_SUMS = pl.col("now", "before").sum()


def what_moved(scope: Scope) -> pl.LazyFrame:
    """Return which country, source, room or weekday explains most of the change.

    Columns: dimension, measure (what is counted), label (null: not known), room_id
    (of rooms only: two may share a name), now, before, change, total_before (the
    measure over all labels; n) and contribution (change / total_before: what the
    label alone adds to the measure's change; null below 20). The largest contribution
    comes first, up or down; at most ten labels of each dimension. A label that did not
    move is left out; without a comparison the table is empty.
    """
    moved = [moved_most(frame, name) for name, frame in _counted(scope).items()]
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


def moved_most(counts: pl.LazyFrame, dimension: str) -> pl.LazyFrame:
    """Return the labels that moved most, up or down.

    `counts` has label, room_id, now, before. Columns: those of `what_moved`.
    """
    change, total_before = pl.col("change"), pl.col("before").sum()
    return (
        counts.with_columns(
            change=pl.col("now") - pl.col("before"), total_before=total_before
        )
        .filter(change != 0)
        .sort(
            *(change.abs(), "label", "room_id"),
            descending=[True, False, False],
            nulls_last=True,
        )
        .head(TOP)
        .select(
            pl.lit(dimension).alias("dimension"),
            pl.lit(MEASURES[dimension]).alias("measure"),
            *("label", "room_id", "now", "before", "change", "total_before"),
            contribution=rate(change, "total_before"),
        )
    )


def _counted(scope: Scope) -> dict[str, pl.LazyFrame]:
    """Return label, room_id, now and before of each dimension."""
    people = _of_both(scope, location.people)
    views = _of_both(scope, lambda frames, window: frames.within(window).page_views)
    votes = _of_both(scope, lambda frames, window: frames.within(window).votes)
    # Few texts occur; each is looked at once.
    texts = _count(views, pl.col("source")).drop_nulls("source")
    on = pl.col("voted_at").dt.weekday()
    named = pl.col("label").replace_strict(range(1, 8), WEEKDAYS)
    no_room = pl.lit(None, pl.Int32).alias("room_id")
    counts = {
        "country": _count(people, pl.col("country").alias("label")),
        "source": texts.group_by(label=source_class(pl.col("source"))).agg(_SUMS),
        "weekday": _count(votes, on.alias("label")).with_columns(named),
    }
    columns = "label", "room_id", "now", "before"
    return {
        "room": _named(_count(votes, pl.col("room_id")), scope.frames).select(columns),
        **{
            dimension: frame.with_columns(no_room).select(columns)
            for dimension, frame in counts.items()
        },
    }


def _of_both(
    scope: Scope, rows: Callable[[Frames, Window], pl.LazyFrame]
) -> pl.LazyFrame:
    """Return the rows of both periods, and which they are of: late."""
    periods = {True: scope.window, False: scope.before or scope.window}
    return pl.concat(
        rows(scope.frames, window).with_columns(late=pl.lit(late))
        for late, window in periods.items()
    )


def _count(rows: pl.LazyFrame, by: pl.Expr) -> pl.LazyFrame:
    late = pl.col("late")
    return rows.group_by(by).agg(now=where(late), before=where(~late))


def _named(counts: pl.LazyFrame, frames: Frames) -> pl.LazyFrame:
    names = frames.rooms.select(room_id="id", label="name")
    return counts.join(names, on="room_id", how="left")
