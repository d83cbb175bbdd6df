"""What moved most between two periods, over several dimensions at once."""

from collections.abc import Callable

import polars as pl

from metrics import location
from metrics.behaviour import source_class
from metrics.expressions import count_where
from metrics.frames import Frames, Period
from metrics.minimum_sample import rate
from metrics.query import Query
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


def what_moved(query: Query) -> pl.LazyFrame:
    """Return which country, source, room or weekday explains most of the change.

    Columns: dimension, measure (what is counted), label (null: not known), room_id
    (of rooms only: two may share a name), now, before, change, total_before (the
    measure over all labels; n) and contribution (change / total_before: what the
    label alone adds to the measure's change; null below 20). The largest contribution
    comes first, up or down; at most ten labels of each dimension. A label that did not
    move is left out; without a comparison the table is empty.
    """
    frames = query.frames if query.comparison else Frames.empty()
    counted = _counted(frames, query.period, query.comparison or query.period)
    moved = [moved_most(frame, name) for name, frame in counted.items()]
    contribution, change = pl.col("contribution").abs(), pl.col("change").abs()
    return pl.concat(moved).sort(
        contribution,
        change,
        *("dimension", "label", "room_id"),
        descending=[True, True, False, False, False],
        nulls_last=True,
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


def _counted(frames: Frames, now: Period, before: Period) -> dict[str, pl.LazyFrame]:
    """Return label, room_id, now and before of each dimension."""

    def of_both(rows: Callable[[Period], pl.LazyFrame]) -> pl.LazyFrame:
        late = pl.lit(value=True).alias("late")
        return pl.concat(
            [rows(now).with_columns(late), rows(before).with_columns(~late)]
        )

    people = of_both(lambda period: location.people(frames, period))
    views = of_both(lambda period: frames.within(period).page_views)
    votes = of_both(lambda period: frames.within(period).votes)
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
        "room": _named(_count(votes, pl.col("room_id")), frames).select(columns),
        **{
            dimension: frame.with_columns(no_room).select(columns)
            for dimension, frame in counts.items()
        },
    }


def _count(rows: pl.LazyFrame, by: pl.Expr) -> pl.LazyFrame:
    late = pl.col("late")
    return rows.group_by(by).agg(now=count_where(late), before=count_where(~late))


def _named(counts: pl.LazyFrame, frames: Frames) -> pl.LazyFrame:
    names = frames.rooms.select(room_id="id", label="name")
    return counts.join(names, on="room_id", how="left")
