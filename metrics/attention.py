"""What needs attention now: late data, unusual days, rooms that have gone quiet.

The Overview's first line and `GET /api/alerts` give the same findings.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import sqrt
from typing import Literal
from zoneinfo import ZoneInfo

import polars as pl

from metrics.expressions import MINIMUM_SAMPLE, distinct_count, row_count
from metrics.frames import Frames, Period, instant
from metrics.query import Plan, SharedPlans
from metrics.room_health import went_dormant
from metrics.sentences import counted
from metrics.tables import ESTIMATIONS, ROOMS, VOTES
from metrics.time_axis import local_date, local_time
from metrics.time_zone import UTC_ZONE, to_local
from metrics.unusual_days import unusual_days

DAYS = 7
"""Whole days before today whose unusual ones are named."""
WEEKS = 8
"""How many of the same weekday say what is usual for today."""
FEWEST_WEEKS = 4
"""With fewer of them nothing is called usual."""
LATE_AFTER = 2
"""Missed runs of the sync job after which the data is late."""
MEASURES = {
    "votes": "vote",
    "estimations": "estimation",
    "rooms": "active room",
    "unique_users": "user",
    "new_users": "new user",
    "page_views": "page view",
}
"""What is counted today → what one of it is called."""
_PAGES = {
    "votes": "votes",
    "estimations": "votes",
    "rooms": "behaviour",
    "unique_users": "traffic",
    "new_users": "historical",
    "page_views": "traffic",
}
_QUIET = "rooms_gone_quiet"

Kind = Literal["data_late", "today", "unusual_day", "rooms_quiet"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that needs attention, and where to look."""

    kind: Kind
    text: str
    page: str
    """The page's path, such as `votes`."""
    query: Mapping[str, str] = field(default_factory=dict)
    """The parameters of the page's address."""
    day: date | None = None
    measure: str | None = None
    value: float | None = None
    """The figure to look at; for late data its age in seconds."""
    expected: tuple[float, float] | None = None
    """The lowest and the highest value that would need no attention."""


def plans(
    frames: Frames,
    now: datetime,
    zone: ZoneInfo = UTC_ZONE,
    missing: Collection[str] = (),
) -> Mapping[str, Plan]:
    """Return the plans that `findings` needs the answers of, by name.

    `frames` are all of history without bots. `now` is the end of the data: after
    that instant nothing can be missing. Days are those of the zone. `missing` are
    live tables that the store lacks.
    """
    day = to_local(now, zone).date()
    # Today is judged by `today`, against the same time of day.
    recent = Period.of_days(day - timedelta(days=DAYS), day - timedelta(days=1), zone)
    found = {
        "today": today(frames, now, zone),
        "unusual_days": unusual_days(frames, recent, day),
    }
    # Without one of its tables every room would look quiet.
    if {VOTES.name, ESTIMATIONS.name, ROOMS.name}.isdisjoint(missing):
        found[_QUIET] = went_dormant(SharedPlans(frames), now)
    return found


def today(frames: Frames, now: datetime, zone: ZoneInfo = UTC_ZONE) -> pl.LazyFrame:
    """Return the running day beside the same weekday's in the 8 weeks before.

    Each day counts up to the same time of day. Columns: measure (`MEASURES`), today,
    median, lowest and highest (of the days before; null with fewer than 4 of them
    since the first row), weeks (how many).
    """
    clock = to_local(now, zone)
    first = clock.date() - timedelta(weeks=WEEKS)
    period = Period(Period.of_days(first, first, zone).start, now, zone)
    inside = frames.within(period)
    estimations = pl.col("amount_of_estimations").sum().cast(pl.Int64)
    counts = [
        _per_day(
            inside.votes,
            frames.votes,
            "voted_at",
            period,
            votes=row_count(),
            estimations=estimations,
            rooms=distinct_count("room_id"),
        ),
        _per_day(
            inside.page_views,
            frames.page_views,
            "viewed_at",
            period,
            unique_users=distinct_count("user"),
            page_views=row_count(),
        ),
        _per_day(
            inside.users,
            frames.users,
            "created_at",
            period,
            new_users=row_count(),
        ),
    ]
    # Range and median say nothing of a handful of days.
    running = pl.col("day") == clock.date()
    before = pl.col("value").filter(~running)
    enough = before.count() >= FEWEST_WEEKS
    return (
        pl.concat(counts)
        .group_by("measure")
        .agg(
            today=pl.col("value").filter(running).first(),
            median=pl.when(enough).then(before.median()),
            lowest=pl.when(enough).then(before.min()),
            highest=pl.when(enough).then(before.max()),
            weeks=before.count().cast(pl.Int64),
        )
        .sort(pl.col("measure").cast(pl.Enum([*MEASURES])))
    )


def _per_day(
    inside: pl.LazyFrame,
    everything: pl.LazyFrame,
    time: str,
    period: Period,
    **measures: pl.Expr,
) -> pl.LazyFrame:
    """Return measure, day, value for today and the same weekdays before it.

    Only rows up to the time of day at which the period ends. A day without rows is 0,
    and null before the first row.
    """
    clock = period.local(period.end)
    days = [clock.date() - timedelta(weeks=weeks) for weeks in range(WEEKS + 1)]
    day, of_day = local_date(time, period), local_time(time, period)
    same = inside.filter(day.is_in(days), of_day < pl.lit(clock.time()))
    # Any earlier row will do: to look for the first would take a walk through all.
    earlier = everything.filter(pl.col(time) < instant(period.start)).head(1)
    began = pl.concat([earlier, inside]).select(began=day.min())
    value = pl.col("value").fill_null(0)
    return (
        pl.LazyFrame({"day": days})
        .join(began, how="cross")
        .join(same.group_by(day=day).agg(**measures), on="day", how="left")
        .unpivot([*measures], index=["day", "began"], variable_name="measure")
        .select("measure", "day", pl.when(pl.col("day") >= pl.col("began")).then(value))
    )


def findings(
    answers: Mapping[str, pl.DataFrame],
    now: datetime,
    data_until: datetime | None,
    sync_interval: int,
    zone: ZoneInfo = UTC_ZONE,
) -> list[Finding]:
    """Return what needs attention, the most urgent first.

    `answers` are those of `plans`; `sync_interval` is the time between two runs of
    the sync job in seconds, `zone` that of the plans.
    """
    # Late data ends before now: figures are complete only up to its end.
    until = min(now, data_until or now)
    return [
        *_late(now, data_until, timedelta(seconds=sync_interval)),
        *_unusual_today(answers["today"], until, zone),
        *_unusual_days(answers["unusual_days"]),
        *(_quiet(answers[_QUIET]) if _QUIET in answers else ()),
    ]


def _late(
    now: datetime, data_until: datetime | None, interval: timedelta
) -> Iterator[Finding]:
    if data_until is None or now - data_until <= LATE_AFTER * interval:
        return
    late = now - data_until
    yield Finding(
        "data_late",
        f"Data is {duration(late)} late",
        "data",
        day=data_until.date(),
        value=late.total_seconds(),
        expected=(0, (LATE_AFTER * interval).total_seconds()),
    )


def duration(span: timedelta) -> str:
    """Return a span in its largest unit: "48 minutes", "1 day"."""
    minutes = span // timedelta(minutes=1)
    for size, unit in ((24 * 60, "day"), (60, "hour")):
        if minutes >= size:
            return counted(minutes // size, unit)
    return counted(minutes, "minute")


def _unusual_today(
    today: pl.DataFrame, until: datetime, zone: ZoneInfo
) -> Iterator[Finding]:
    clock = to_local(until, zone)
    for row in today.drop_nulls("median").iter_rows(named=True):
        measure, low, high = row["measure"], row["lowest"], row["highest"]
        if not _far_outside(row["today"], low, high):
            continue
        usual = f"{low:,}–{high:,}" if low < high else f"{low:,}"
        yield Finding(
            "today",
            f"Today: {counted(row['today'], MEASURES[measure])} by {clock:%H:%M} "
            f"{zone.key}, usually {usual}",
            _PAGES[measure],
            {"period": "Today", "show": measure},
            clock.date(),
            measure,
            row["today"],
            (low, high),
        )


def _far_outside(value: int, low: int, high: int) -> bool:
    """Return whether a count is further outside the range than that is wide.

    In square roots, since large counts vary more. Of eight days, chance alone puts
    fewer than 1 in 300 there.
    """
    # A small team's quiet Tuesday is no incident.
    if max(value, high) < MINIMUM_SAMPLE:
        return False
    below, above = sqrt(low), sqrt(high)
    # A root of a count scatters by half a unit anyway, however alike the days were.
    width = max(above - below, 1.0)
    return not below - width <= sqrt(value) <= above + width


def _unusual_days(days: pl.DataFrame) -> Iterator[Finding]:
    """Name each day once, with the measure that is furthest off; the latest first."""
    value, high = pl.col("value").sqrt(), pl.col("high").sqrt()
    expected = pl.col("expected").sqrt()
    off = (value - expected).abs() / (high - expected)
    # Several measures of one bad day are one finding.
    each = days.sort("bucket", off, descending=True).unique(
        "bucket", keep="first", maintain_order=True
    )
    for row in each.iter_rows(named=True):
        day, measure = row["bucket"], row["measure"]
        week = timedelta(days=6)
        yield Finding(
            "unusual_day",
            f"{day:%a} {day.day} {day:%b}: {counted(row['value'], MEASURES[measure])}, "
            f"{row['low']:,}–{row['high']:,} expected",
            _PAGES[measure],
            {"from": f"{day - week}", "to": f"{day}", "show": measure},
            day,
            measure,
            row["value"],
            (row["low"], row["high"]),
        )


def _quiet(rooms: pl.DataFrame) -> Iterator[Finding]:
    if rooms.is_empty():
        return
    have = "has" if rooms.height == 1 else "have"
    yield Finding(
        "rooms_quiet",
        f"{counted(rooms.height, 'healthy room')} {have} gone quiet",
        "insights",
        {"about": "Rooms"},
        value=rooms.height,
        expected=(0, 0),
    )
