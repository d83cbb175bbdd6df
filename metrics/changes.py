"""Changes: which country, source, room or weekday changed most between two periods."""

from collections.abc import Callable

import polars as pl

from metrics.behaviour import source_or_null
from metrics.expressions import count_where, rate
from metrics.frames import Frames, Period
from metrics.location import users_of
from metrics.query import Query, SharedPlans
from metrics.sentences import counted, percent
from metrics.subject import Definition, table
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, ROOMS, USERS, VOTES
from metrics.time_axis import local_date
from metrics.votes import WEEKDAYS

_READS = (USERS, PAGE_VIEWS, EVENTS, ESTIMATIONS, VOTES, ROOMS)
_NAMES = tuple(live.name for live in _READS)

DEFINITIONS = (
    Definition("now", "Now", "count", "The count in the period.", _NAMES),
    Definition(
        "total",
        "Total",
        "count",
        "The count over all labels, unchanged ones included.",
        _NAMES,
    ),
    Definition(
        "contribution",
        "Contribution",
        "share",
        "What the label alone adds to the change of the whole: its change, divided by "
        "the count of all labels before. Hidden where that is below 20.",
        _NAMES,
    ),
)
LABELS = ("dimension", "measure", "label", "room_id")

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


def what_changed(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return which country, source, room or weekday explains most of the change.

    Columns: dimension, measure (what is counted), label (null: not known), room_id
    (of rooms only: two may share a name), now, before, change, total_before (the
    measure over all labels; n) and contribution (change / total_before: what the
    label alone adds to the measure's change; null below 20). The largest contribution
    comes first, up or down; at most ten labels of each dimension. A label that did not
    change is left out; without a comparison the table is empty.
    """
    if query.comparison is None:
        # Nothing can be read twice: an empty table has no rows to share.
        shared = SharedPlans(Frames.empty())
    counts = _counted(shared, query.period, query.comparison or query.period)
    changed = [changed_most(frame, name) for name, frame in counts.items()]
    contribution, change = pl.col("contribution").abs(), pl.col("change").abs()
    return pl.concat(changed).sort(
        contribution,
        change,
        *("dimension", "label", "room_id"),
        descending=[True, True, False, False, False],
        nulls_last=True,
    )


def changed_most(counts: pl.LazyFrame, dimension: str) -> pl.LazyFrame:
    """Return the labels that changed most, up or down.

    `counts` has label, room_id, now, before. Columns: those of `what_changed`.
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


def _counted(
    shared: SharedPlans, now: Period, before: Period
) -> dict[str, pl.LazyFrame]:
    """Return label, room_id, now and before of each dimension."""

    def of_both(rows: Callable[[Period], pl.LazyFrame]) -> pl.LazyFrame:
        late = pl.lit(value=True).alias("late")
        return pl.concat(
            [rows(now).with_columns(late), rows(before).with_columns(~late)]
        )

    def views(period: Period) -> pl.LazyFrame:
        return shared.within(period).page_views

    def votes(period: Period) -> pl.LazyFrame:
        weekday = local_date("voted_at", period).dt.weekday()
        return shared.within(period).votes.with_columns(weekday=weekday)

    def users(period: Period) -> pl.LazyFrame:
        return users_of(shared, period)

    users_of_both, views_of_both, votes_of_both = map(of_both, (users, views, votes))
    # Few texts occur; each is matched once.
    texts = _count(views_of_both, pl.col("source"))
    named = pl.col("label").replace_strict(range(1, 8), WEEKDAYS)
    no_room = pl.lit(None, pl.Int32).alias("room_id")
    counts = {
        "country": _count(users_of_both, pl.col("country").alias("label")),
        "source": texts.group_by(label=source_or_null(pl.col("source"))).agg(_SUMS),
        "weekday": _count(votes_of_both, pl.col("weekday").alias("label")).with_columns(
            named
        ),
    }
    columns = "label", "room_id", "now", "before"
    return {
        "room": _named(_count(votes_of_both, pl.col("room_id")), shared.frames).select(
            columns
        ),
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


_UNITS = {"page_views": "page view", "users": "user", "votes": "vote"}
"""What one of the counted is called."""


def biggest_change(frame: pl.DataFrame) -> str | None:
    """Name the label that adds most to the change of the whole."""
    shown = frame.drop_nulls("contribution").head(1)
    if shown.is_empty():
        return None
    row = shown.row(0, named=True)
    more = "more" if row["change"] > 0 else "fewer"
    what = counted(abs(row["change"]), f"{more} {_UNITS[row['measure']]}")
    return (
        f"Biggest change: {what} {_place(row['dimension'], row['label'])}, "
        f"{percent(abs(row['contribution']))} of the previous {row['total_before']:,}."
    )


def _place(dimension: str, label: str | None) -> str:
    """Return where a change is: "from Germany", "in room X", "on Mondays"."""
    if dimension == "weekday":
        return f"on {label}s"
    if dimension == "room":
        return f"in room {label or '(deleted)'}"
    return f"from {label}" if label else f"without a known {dimension}"


TABLES = (
    table(
        "what_moved",
        "What changed most?",
        what_changed,
        *_READS,
        answer=biggest_change,
    ),
)
