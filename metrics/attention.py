"""What needs attention now: late data, unusual days, rooms that have gone quiet.

The Overview's first line and `GET /api/alerts` give the same findings.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import sqrt
from statistics import median
from typing import Any, Literal
from zoneinfo import ZoneInfo

import polars as pl

from metrics.expressions import MINIMUM_SAMPLE, distinct_count, row_count, total
from metrics.frames import Period
from metrics.growth import year_before
from metrics.query import Plan, Query, SharedPlans, Unfinished
from metrics.registry import plan
from metrics.sentences import ONE_OF, counted, listed, weekday_of
from metrics.tables import PAGE_VIEWS, USERS, VOTES, Table
from metrics.time_axis import local_date, local_time
from metrics.time_zone import UTC_ZONE, to_local
from metrics.unusual_days import judges, unusual_days

DAYS = 7
"""Whole days before today whose unusual ones are named."""
WEEKS = 8
"""How many of the same weekday say what is usual for today."""
FEWEST_WEEKS = 4
"""With fewer of them nothing is called usual."""
LATE_AFTER = 2
"""Missed runs of the sync job after which the data is late."""
MEASURES = (
    "votes",
    "estimations",
    "rooms",
    "unique_users",
    "new_users",
    "page_views",
)
"""What is counted today."""
PAGES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "votes": ("votes", {"show": "votes"}),
    "estimations": ("votes", {"show": "estimations"}),
    "rooms": ("behaviour", {"part": "rooms"}),
    "unique_users": ("traffic", {"show": "unique_users"}),
    "new_users": ("historical", {"of": "new_users"}),
    "page_views": ("traffic", {"show": "page_views"}),
}
"""Measure → the page that draws it, and what of its address chooses it."""
_QUIET, _JUDGES = "rooms_gone_quiet", "judges_days"

Kind = Literal["table_missing", "data_late", "today", "unusual_day", "rooms_quiet"]


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
    """The day that it is about, or since when it has been so; None if not known."""
    measure: str | None = None
    value: float | None = None
    """The figure to look at; for late data its age in seconds."""
    expected: tuple[float, float] | None = None
    """The lowest and the highest usual value: between them nothing is found."""


def plans(
    shared: SharedPlans,
    now: datetime,
    zone: ZoneInfo = UTC_ZONE,
    missing: Collection[str] = (),
    later_begins: Mapping[str, date] | None = None,
) -> Mapping[str, Plan]:
    """Return the plans that `findings` needs the answers of, by name.

    `shared` is of all of history without bots. `now` is the end of the data: after
    that instant nothing can be missing. Days are those of the zone. `missing` are
    live tables that the store lacks, `later_begins` those that begin weeks after
    others, as in a `Query`.
    """
    day = to_local(now, zone).date()
    # Today is judged by `today`, against the same time of day.
    recent = Period.of_days(day - timedelta(days=DAYS), day - timedelta(days=1), zone)
    last = Period(now - timedelta(days=DAYS), now, zone)
    later = later_begins or {}
    query = Query(
        shared.frames, last, None, "day", now, missing=missing, later_begins=later
    )
    return {
        "today": today(shared, now, zone),
        "unusual_days": unusual_days(shared, recent, day),
        _JUDGES: judges(shared, recent),
        # Their health is not known without one of its tables.
        _QUIET: plan(_QUIET, query, shared),
    }


def today(shared: SharedPlans, now: datetime, zone: ZoneInfo = UTC_ZONE) -> Unfinished:
    """Return the running day beside the same weekday's in the 8 weeks before.

    Each day counts up to the same time of day. Columns: measure (`MEASURES`), today,
    median, lowest and highest (of the days before; null with fewer than 4 of them
    after the first one with rows), weeks (how many).
    """
    clock = to_local(now, zone)
    days = [clock.date() - timedelta(weeks=weeks) for weeks in range(WEEKS + 1)]
    period = Period(Period.of_days(days[-1], days[-1], zone).start, now, zone)
    estimations = total("amount_of_estimations")
    counts = [
        _per_day(
            shared,
            VOTES,
            period,
            votes=row_count(),
            estimations=estimations,
            rooms=distinct_count("room_id"),
        ),
        _per_day(
            shared,
            PAGE_VIEWS,
            period,
            unique_users=distinct_count("user"),
            page_views=row_count(),
        ),
        _per_day(shared, USERS, period, new_users=row_count()),
    ]

    def finish(found: pl.DataFrame) -> pl.DataFrame:
        columns = found.to_dict(as_series=False)
        rows = [_beside_usual(measure, columns, days) for measure in MEASURES]
        return pl.DataFrame(rows, _COLUMNS, orient="row")

    return Unfinished(pl.concat(counts, how="diagonal"), finish)


def _per_day(
    shared: SharedPlans, table: Table, period: Period, **measures: pl.Expr
) -> pl.LazyFrame:
    """Return the measures of the days with rows, and when the table's rows began.

    Only the weekday on which the period ends, and rows up to its time of day. Columns:
    day, the measures; and one row with the first day that has any row, at any time
    (see `growth.year_before`): the names of the measures, each with `_began`.
    """
    rows = shared.within(period).by_name[table.name]
    clock = period.local(period.end)
    day, of_day = local_date(table.time, period), local_time(table.time, period)
    weekday = pl.lit(clock.isoweekday(), pl.Int8)
    # Clocks that go back show times of today that are later than now.
    is_past = (of_day < pl.lit(clock.time())) | (day == pl.lit(clock.date()))
    same = rows.filter(day.dt.weekday() == weekday, is_past)
    earlier = year_before(shared.frames, period.start, table)
    # Whatever the clocks showed then: before the period.
    before = pl.lit(period.first_day - timedelta(days=1))
    known = pl.when(pl.col(table.time).is_not_null()).then(before)
    times = pl.concat([earlier.select(day=known), rows.select(day=day)])
    began = [pl.col("day").min().alias(f"{name}_began") for name in measures]
    counts = same.group_by(day=day).agg(**measures)
    return pl.concat([counts, times.select(*began)], how="diagonal")


def _beside_usual(
    measure: str, found: Mapping[str, Sequence[Any]], days: Sequence[date]
) -> tuple[str, int | None, float | None, int | None, int | None, int]:
    """Return the row of a measure; a day without rows is 0, before the first unknown.

    `days` are the running one and those before it, the latest first. The first day
    with rows may lack its morning: it says what today is, not what is usual.
    """
    began = next(filter(None, found[f"{measure}_began"]), None)
    # Rows of the other tables have nothing to say about this measure.
    counted = zip(found["day"], found[measure], strict=True)
    counts = {day: count for day, count in counted if count is not None}
    running, *before = days
    today = None if began is None or running < began else counts.get(running, 0)
    known = [counts.get(day, 0) for day in before if began and day > began]
    # Range and median say nothing of a handful of days.
    if len(known) < FEWEST_WEEKS:
        return measure, today, None, None, None, len(known)
    return measure, today, float(median(known)), min(known), max(known), len(known)


_COLUMNS = {
    "measure": pl.String,
    "today": pl.Int64,
    "median": pl.Float64,
    "lowest": pl.Int64,
    "highest": pl.Int64,
    "weeks": pl.Int64,
}


def findings(
    answers: Mapping[str, pl.DataFrame],
    now: datetime,
    until: datetime,
    sync_interval: int,
    zone: ZoneInfo = UTC_ZONE,
    missing: Collection[str] = (),
    *,
    due: bool = True,
) -> list[Finding]:
    """Return what needs attention, the most urgent first.

    `answers` are those of `plans` up to `until`, where the data ends: late data ends
    before now. `sync_interval` is the time between two runs of the sync job in seconds,
    `zone` that of the plans. `missing` are live tables that the store lacks, where
    nothing else says so. `due` says whether newer data is expected at all.
    """
    clock = to_local(until, zone)
    # Late data, or a moment after midnight: it ends on another day.
    is_today = clock.date() == to_local(now, zone).date()
    name = "Today" if is_today else weekday_of(clock.date())
    # By date: a message is read on later days, too, whose today is another one.
    day = {"from": f"{clock.date()}", "to": f"{clock.date()}"}
    interval = timedelta(seconds=sync_interval)
    return [
        *_missing(missing),
        *(_late(now - until, clock.date(), interval) if due else ()),
        *_unusual_today(answers["today"], clock, zone, name, day),
        *_unusual_days(answers["unusual_days"]),
        *_quiet(answers[_QUIET].drop_nulls("health"), zone, day),
    ]


def usual_days(today: pl.DataFrame, weekday: str) -> str:
    """Return which days say what is usual: "Usual: the last 8 Mondays, until …".

    `today` are the counts of `today`. A young table knows fewer of these days.
    """
    weeks = sorted({*today.drop_nulls("median")["weeks"]})
    if not weeks:
        return f"Nothing is called usual before {FEWEST_WEEKS} {weekday}s of data."
    number = "–".join(map(str, (weeks[0], *weeks[1:][-1:])))
    return f"Usual: the last {number} {weekday}s, until the same time."


def all_clear(answers: Mapping[str, pl.DataFrame]) -> str:
    """Return what is said without findings: of what the data is long enough for."""
    if answers["today"]["median"].is_null().all():
        return (
            "Too little data to call anything unusual: it takes four weeks for today, "
            "twelve for whole days."
        )
    if not answers[_JUDGES].item():
        return "Nothing unusual today. Whole days are judged after twelve weeks."
    return f"Nothing unusual today or in the last {DAYS} days."


def _missing(tables: Collection[str]) -> Iterator[Finding]:
    if tables:
        are = "Table {} is" if len(tables) == 1 else "Tables {} are"
        text = f"{are.format(listed(sorted(tables)))} missing"
        yield Finding("table_missing", text, "data", value=len(tables), expected=(0, 0))


def _late(late: timedelta, since: date, interval: timedelta) -> Iterator[Finding]:
    if late <= LATE_AFTER * interval:
        return
    yield Finding(
        "data_late",
        f"Data is {duration(late)} late",
        "data",
        day=since,
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
    today: pl.DataFrame,
    clock: datetime,
    zone: ZoneInfo,
    name: str,
    day: Mapping[str, str],
) -> Iterator[Finding]:
    for row in today.drop_nulls("median").iter_rows(named=True):
        measure, low, high = row["measure"], row["lowest"], row["highest"]
        page, shown = PAGES[measure]
        if not _far_outside(row["today"], low, high):
            continue
        usual = f"{low:,}–{high:,}" if low < high else f"{low:,}"
        yield Finding(
            "today",
            f"{name}: {counted(row['today'], ONE_OF[measure])} by {clock:%H:%M} "
            f"{zone.key}, usually {usual}",
            page,
            {**day, **shown},
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
    # Sums of damaged rows may be negative.
    value, low, high = max(value, 0), max(low, 0), max(high, 0)
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
        page, shown = PAGES[measure]
        week = timedelta(days=6)
        yield Finding(
            "unusual_day",
            f"{weekday_of(day)}: {counted(row['value'], ONE_OF[measure])}, "
            f"{row['low']:,}–{row['high']:,} expected",
            page,
            {"from": f"{day - week}", "to": f"{day}", **shown},
            day,
            measure,
            row["value"],
            (row["low"], row["high"]),
        )


def _quiet(
    rooms: pl.DataFrame, zone: ZoneInfo, day: Mapping[str, str]
) -> Iterator[Finding]:
    if rooms.is_empty():
        return
    have = "has" if rooms.height == 1 else "have"
    yield Finding(
        "rooms_quiet",
        f"{counted(rooms.height, 'healthy room')} {have} gone quiet",
        "insights",
        # The page shows the rooms of the end of its period.
        {"about": "Rooms", **day},
        # Since then none of them has had a non-empty vote.
        day=to_local(max(rooms["last_round_at"]), zone).date(),
        value=rooms.height,
        expected=(0, 0),
    )
