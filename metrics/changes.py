"""Changes: which country, source, room or weekday changed most between two periods."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

import polars as pl

from metrics.activity import ACT, followed
from metrics.activity_key import act_second, changes, seconds, user_number
from metrics.behaviour import source_or_null
from metrics.estimated_votes import own_cluster, room_or_user
from metrics.expressions import (
    attribute,
    count_where,
    hide_small_samples,
    named,
    nearest_whole,
    rate,
    ratio,
)
from metrics.frames import Frames, Period
from metrics.location import READS as READS_OF_USERS
from metrics.location import users_of
from metrics.query import Query, SharedPlans, Unfinished, is_late
from metrics.sentences import ONE_OF, counted, percent
from metrics.subject import Definition, table
from metrics.tables import (
    ESTIMATIONS,
    EVENTS,
    PAGE_VIEWS,
    ROOMS,
    USER_NUMBER,
    USERS,
    VOTES,
    Table,
)
from metrics.time_axis import clocks_shown, local_date, number_of, same_weekdays
from metrics.uncertainty import HIGHER, LOWER, judged
from metrics.votes import WEEKDAYS

_READS = (USERS, PAGE_VIEWS, EVENTS, ESTIMATIONS, VOTES, ROOMS)
_NAMES = tuple(live.name for live in _READS)

DEFINITIONS = (
    Definition(
        "now",
        "Now",
        "count",
        "The count in the period: users with any activity by country (not deleted "
        "ones), page views by source, votes by room and by weekday.",
        _NAMES,
    ),
    Definition(
        "before",
        "Before",
        "count",
        "The count in the comparison; for a weekday, scaled to the number of these "
        "weekdays in the period, up to the same time where the last one still runs.",
        _NAMES,
        only_in="what_moved",
    ),
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
        "The label's part in the total change: its change, divided by the previous "
        "count of all labels. Hidden if that is below 20.",
        _NAMES,
    ),
    Definition(
        "explained",
        "Part of the change",
        "share",
        "The label's change, divided by that of all labels: above 100% if others "
        "offset a part, below 0 if it offsets them. Hidden if the previous count of "
        "all is below 20.",
        _NAMES,
        neutral=True,
    ),
)
LABELS = ("dimension", "rank", "measure", "label", "room_id")

MEASURES = {
    "country": "users",
    "source": "page_views",
    "room": "votes",
    "weekday": "votes",
}
"""What is counted in each dimension."""
_READ_BY = {
    "country": READS_OF_USERS,
    "source": (PAGE_VIEWS,),
    "room": (VOTES,),
    "weekday": (VOTES,),
}


def what_changed(query: Query, shared: SharedPlans) -> Unfinished:
    """Return which countries, sources, rooms and weekdays the change comes from.

    Columns: dimension, rank (from 1, the largest change of the dimension, up or down),
    measure (what is counted), label (null: not set), room_id (of rooms only: two may
    share a name), now, before, change, change_verdict (see below), total_before (the
    measure over all labels; n), contribution (change / total_before) and explained
    (change / the change of all labels of the dimension; both null below 20). The first
    of each dimension come first. Every label that changed is there, so that changes add
    up to that of the whole; without a comparison the table is empty.

    Months differ in how many Mondays they have: of a weekday, `before` is the count
    per day times the number of these days in the period. Where a period ends within a
    day, that day counts up to the same time only.

    A change is the sum of those of its parts: of teams and of users without one, for
    rooms of the days of the period. It is clear where it is larger than what the parts
    give by going up and down as much as they did: its standard error is the root of
    the sum of their squares.
    """
    if query.comparison is None:
        # Nothing can be read twice: an empty table has no rows to share.
        shared = SharedPlans(Frames.empty())
    counts = _counted(shared, query.period, query.comparison or query.period)
    columns = ("dimension", "rank", "measure", "label", "room_id", "now", "before")
    labels = (
        changed_most(counts, shared)
        .sort("rank", "dimension")
        .select(
            pl.col("dimension").cast(pl.String),
            *(*columns[1:], "change", "error", "clusters"),
            *("total_before", "contribution", "explained"),
        )
    )
    if missing := {*query.missing} | query.not_compared:
        # What is left of the users by country would look like a fall.
        known = [
            dimension
            for dimension, tables in _READ_BY.items()
            if missing.isdisjoint(table.name for table in tables)
        ]
        labels = labels.filter(pl.col("dimension").is_in(known))
    return Unfinished(labels, judged("change", "change_verdict"))


_DIMENSIONS = pl.Enum([*MEASURES])


def changed_most(counts: pl.LazyFrame, shared: SharedPlans) -> pl.LazyFrame:
    """Return the labels of each dimension that changed, the largest change first.

    `counts` has dimension, label, room_id, cluster, now, before; `shared` has the names
    of rooms. Columns: those of `what_changed`, and instead of the verdict the error of
    the change and its effective clusters.
    """
    change = pl.col("now") - pl.col("before")
    # Weights of the clusters: how many of them the change rests on (Kish).
    larger = pl.max_horizontal("now", "before")
    moved, dimension = pl.col("change"), pl.col("dimension")
    total = pl.col("total_before")
    names = shared.room_names.select("room_id", "room_name")
    return (
        counts.group_by("dimension", "label", "room_id")
        .agg(
            pl.col("now", "before").sum(),
            squares=(change**2).sum(),
            clusters=larger.sum() ** 2 / (larger**2).sum(),
        )
        # Only a weekday's scaled count is no whole number.
        .with_columns(nearest_whole(pl.col("now", "before")))
        .with_columns(
            change=change, total_before=pl.col("before").sum().over("dimension")
        )
        .with_columns(
            explained=hide_small_samples(
                ratio(moved, moved.sum().over("dimension")), total
            ),
        )
        .filter(moved != 0)
        .join(names, on="room_id", how="left")
        .with_columns(label=pl.coalesce("label", "room_name"))
        .sort(
            *("dimension", moved.abs(), "label", "room_id"),
            descending=[False, True, False, False],
            nulls_last=True,
        )
        .select(
            "dimension",
            rank=pl.int_range(1, pl.len() + 1).over("dimension"),
            measure=dimension.replace_strict(MEASURES, return_dtype=pl.String),
            **{
                name: pl.col(name)
                for name in ("label", "room_id", "now", "before", "change")
            },
            total_before=total,
            error=pl.col("squares").sqrt(),
            clusters="clusters",
            contribution=rate(moved, "total_before"),
            explained="explained",
        )
    )


def _counted(shared: SharedPlans, now: Period, before: Period) -> pl.LazyFrame:
    """Return dimension, label, room_id, cluster, now and before of all dimensions."""
    views, estimations, votes = (
        _of_both(shared, live, now, before) for live in (PAGE_VIEWS, ESTIMATIONS, VOTES)
    )
    # Few texts occur; each is matched once.
    texts = views.select(pl.col("source").unique())
    classes = texts.with_columns(label=source_or_null(pl.col("source")))
    sources = views.join(classes, on="source", how="left", nulls_equal=True)
    # Users of one room are alike: their changes are one change.
    teams = room_or_user(views, estimations)
    of_users = [
        rows.select("user", "label", "late", dimension=pl.lit(dimension, _DIMENSIONS))
        for dimension, rows in (
            ("country", _users(shared, now, before)),
            ("source", sources),
        )
    ]
    labelled = pl.concat(of_users).join(teams, on="user", how="left")
    # A room's votes come in meetings: its days are its clusters.
    day = _day_of_each("voted_at", now, before)
    parts = [
        labelled.group_by("dimension", "label", cluster=own_cluster())
        .agg(**_COUNTS)
        .select(*_COMMON[:2], pl.lit(None, pl.Int32).alias("room_id"), *_COMMON[3:]),
        votes.group_by("room_id", cluster=day)
        .agg(**_COUNTS)
        .select(
            pl.lit("room", _DIMENSIONS).alias("dimension"),
            pl.lit(None, pl.String).alias("label"),
            *_COMMON[2:],
        ),
    ]
    # Of less than a week, days of one weekday would be compared with those of another.
    # By the clock: a week in which the clocks go forward has an hour less.
    lengths = (p.wall(p.end) - p.wall(p.start) for p in (now, before))
    if min(lengths) >= timedelta(days=7):
        parts.append(_of_weekdays(votes, now, before))
    return pl.concat(parts)


_COUNTS = {
    "now": count_where(pl.col("late")).cast(pl.Float64),
    "before": count_where(~pl.col("late")).cast(pl.Float64),
}
_COMMON = ("dimension", "label", "room_id", "cluster", "now", "before")


def _of_both(
    shared: SharedPlans, live: Table, now: Period, before: Period
) -> pl.LazyFrame:
    """Return the rows of both periods, with whether they are of the later one: late."""
    late = pl.lit(value=True).alias("late")
    if shared.beside(now) != (before, now):
        return pl.concat(
            [
                shared.within(period).by_name[live.name].with_columns(is_late)
                for period, is_late in ((now, late), (before, ~late))
            ]
        )
    rows = shared.within(Period(before.start, now.end)).by_name[live.name]
    both = rows.with_columns(late=is_late(live.time, before, now))
    if before.end == now.start:
        return both
    # A `filter` of the frame would move below the shared rows, which then run twice.
    return both.select(pl.all().filter(pl.col("late").is_not_null()))


def _users(shared: SharedPlans, now: Period, before: Period) -> pl.LazyFrame:
    """Return the users with any activity in each period: user, label, late.

    The label is their country.
    """
    late = pl.lit(value=True).alias("late")
    country = pl.col("country").alias("label")
    if shared.beside(now) != (before, now):
        return pl.concat(
            [
                users_of(shared, period).select("user", country, is_late)
                for period, is_late in ((now, late), (before, ~late))
            ]
        )
    acts = followed(shared, Period(before.start, now.end))
    number = number_of(act_second(ACT), shared, (before, now))
    seen = acts.select(user=user_number(ACT).cast(USER_NUMBER), number=number)
    # Activity is in order of users and time: the first row of each is enough.
    each = changes(pl.col("user")) | changes(pl.col("number"))
    users = seen.filter(each, pl.col("number").is_not_null())
    known = shared.users
    return users.join(known, on="user").select(
        "user", attribute("country").alias("label"), late=pl.col("number") == 1
    )


def _around(now: Period, before: Period) -> Period:
    """Return the period from the start of the earlier one to the end of the later."""
    return Period(min(now.start, before.start), max(now.end, before.end), now.zone)


def _day_of_each(column: str, now: Period, before: Period) -> pl.Expr:
    """Return which day of its period a row is on, from 0, as clocks there count days.

    Not in steps of 24 hours: after a change of the clocks these would divide at one
    o'clock, and a day of each period would be cut in two.
    """
    starts = [(p.wall(p.start) - _EPOCH) // timedelta(seconds=1) for p in (now, before)]
    start = pl.when("late").then(starts[0]).otherwise(starts[1])
    clock = _around(now, before).local_seconds(seconds(pl.col(column)))
    return (clock - start) // _DAY


def _of_weekdays(votes: pl.LazyFrame, now: Period, before: Period) -> pl.LazyFrame:
    whole = _around(now, before)
    of_now, of_before = edges = [clocks_shown(period) for period in (now, before)]
    # A period that ends at noon has one afternoon fewer: its times of day are counted
    # apart. Rows have whole seconds, clocks parts of them.
    times = sorted({0, *(_second_of_day(edge) for both in edges for edge in both)})
    second = whole.local_seconds(seconds(pl.col("voted_at"))) % _DAY
    place = sum((second >= since for since in times[1:]), pl.lit(0))
    # Five Mondays against four would look like a change.
    scale = {
        len(times) * weekday + number: _ratio(of_now, of_before, weekday, since)
        for weekday in range(1, 8)
        for number, since in enumerate(times)
    }
    by = pl.col("weekday").cast(pl.Int64) * len(times) + pl.col("place")
    weekday = pl.col("weekday")
    return (
        votes.group_by(
            weekday=local_date("voted_at", whole).dt.weekday(),
            place=place.cast(pl.Int64),
            cluster="room_id",
        )
        .agg(**_COUNTS)
        .with_columns(pl.col("before") * by.replace_strict(scale))
        .group_by("weekday", "cluster")
        .agg(pl.col("now", "before").sum())
        .select(
            pl.lit("weekday", _DIMENSIONS).alias("dimension"),
            weekday.replace_strict(range(1, 8), WEEKDAYS, return_dtype=pl.String).alias(
                "label"
            ),
            pl.lit(None, pl.Int32).alias("room_id"),
            pl.col("cluster").cast(pl.Int64),
            *("now", "before"),
        )
    )


_DAY = 86_400
_EPOCH = datetime(1970, 1, 1)


def _second_of_day(clock: datetime) -> int:
    """Return the first whole second of the day that is not before a time."""
    since = clock - datetime.combine(clock.date(), time.min)
    return -(-since // timedelta(seconds=1)) % _DAY


def _ratio(
    now: tuple[datetime, datetime],
    before: tuple[datetime, datetime],
    weekday: int,
    second: int,
) -> float:
    """Return how often a period has a time of the week, per time in the one before."""
    clock = time(second // 3_600, second // 60 % 60, second % 60)
    counts = [same_weekdays(*edges, weekday, clock) for edges in (now, before)]
    # Where it never was nothing was counted either.
    return counts[0] / max(counts[1], 1)


# Of the biggest change, what another one has to offset to be named.
_SMALL = 0.1


def biggest_change(frame: pl.DataFrame) -> str | None:
    """Name the largest clear change, what it explains, and what offsets it."""
    shown = frame.drop_nulls("contribution").sort(
        pl.col("contribution").abs(), descending=True, maintain_order=True
    )
    if shown.is_empty():
        return None
    # The largest change may be chance; the largest clear one is what to look at.
    clear = shown.filter(pl.col("change_verdict").is_in([HIGHER, LOWER]))
    if clear.is_empty():
        row = shown.row(0, named=True)
        unknown = shown["change_verdict"].null_count() == shown.height
        # Their sum may have changed clearly, as a figure beside them then says.
        start = (
            "Too little is known to call a change clear"
            if unknown
            else "No single change is clear"
        )
        return f"{start}. The largest is {_change(row)}, {_part(row)}."
    row = clear.row(0, named=True)
    clearly = "" if row == shown.row(0, named=True) else "clear "
    text = f"Biggest {clearly}change: {_change(row)}, {_part(row)}"
    opposite = clear.filter(
        pl.col("dimension") == row["dimension"],
        pl.col("change").sign() != (1 if row["change"] > 0 else -1),
        pl.col("change").abs() >= _SMALL * abs(row["change"]),
    )
    if opposite.is_empty():
        return f"{text}."
    return f"{text}; partly offset by {_change(opposite.row(0, named=True))}."


def _change(row: Mapping[str, Any]) -> str:
    more = "more" if row["change"] > 0 else "fewer"
    what = counted(abs(row["change"]), f"{more} {ONE_OF[row['measure']]}")
    return f"{what} {_place(row['dimension'], row['label'])}"


def _part(row: Mapping[str, Any]) -> str:
    """Return what part of the count before a change is, in words."""
    part, total = percent(abs(row["contribution"])), f"{row['total_before']:,}"
    # Of months, it is not the count before: that has other numbers of weekdays.
    if row["dimension"] == "weekday":
        return f"{part} of the previous {total}, scaled to the same weekdays"
    # More than visitors, and without deleted ones: not the count on a tile.
    which = " with any activity" if row["measure"] == "users" else ""
    return f"{part} of the previous {total}{which}"


def _place(dimension: str, label: str | None) -> str:
    """Return where a change is: "from Germany", "in room X", "on Mondays"."""
    if dimension == "weekday":
        return f"on {label}s"
    if dimension == "room":
        # A room whose name is blank is there.
        return "in a deleted room" if label is None else f"in room {named(label)}"
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
