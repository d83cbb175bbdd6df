"""The usual change of key figures: recomputed by hand, and right 95 times in 100."""

from datetime import date, datetime, timedelta
from functools import partial
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import traffic, votes
from metrics.formats import judged_change
from metrics.frames import Frames, Period
from metrics.periods import (
    PERIODS,
    PREVIOUS,
    YEAR,
    Days,
    PeriodOption,
    compared_with,
    period_of,
    whole_months,
)
from metrics.query import SharedPlans, executable
from metrics.registry import DEFINITIONS
from metrics.tables import ESTIMATIONS, PAGE_VIEWS, VOTES
from metrics.usual_change import _OF_VOTES, KEYS, _pairs, usual_changes
from tests.metrics.building import (
    Row,
    answer,
    at,
    days,
    estimation,
    frames,
    one,
    plan_of,
    query,
    quick,
    view,
    vote,
)
from tests.metrics.oracle import changes as by_hand

WEEK = timedelta(weeks=1)
NOW = Period(datetime(2026, 11, 2), datetime(2026, 11, 9))
BEFORE = Period(NOW.start - WEEK, NOW.end - WEEK)


def weeks_of(counts: list[int]) -> Frames:
    """So many votes and page views on the Wednesday of each week, the last is NOW."""
    rows: list[Row] = []
    for back, count in enumerate(reversed(counts)):
        at = f"{NOW.start - back * WEEK + timedelta(days=2, hours=9)}"
        rows += [vote(at, flip=n % 3 == 0) for n in range(count)]
        rows += [view(f"u{n % 25}", at) for n in range(count)]
    return frames(*rows)


def usual(
    rows: Frames, period: Period = NOW, before: Period | None = BEFORE
) -> dict[str, dict[str, Any]]:
    plan = plan_of(usual_changes, rows, period, comparison=before)
    return {str(row["key"]): row for row in answer(plan)}


COUNTS = [32, 30, 34, 29, 31, 33, 30, 32, 35, 31, 29, 32, 34, 90]
"""Fourteen weeks; the last is the period, whose own change is not looked at."""


@quick
@given(st.lists(st.integers(0, 60), min_size=15, max_size=15), st.integers(1, 9))
def test_the_usual_change_is_that_of_the_twelve_pairs_before(
    counts: list[int], length: int
) -> None:
    """Of every figure, from the totals of each of those periods by itself."""
    last = NOW.end.date() - timedelta(days=1)
    now = [last - timedelta(days=n) for n in reversed(range(length))]
    before = [day - timedelta(days=length) for day in now]
    rows = weeks_of(counts)

    known: dict[tuple[date, ...], dict[str, Any]] = {}

    def figure(key: str, days: by_hand.Days) -> float | None:
        asked = query(rows, Period.of_days(days[0], days[-1]))
        # Pairs of periods share most of their days, and figures all of them.
        if tuple(days) not in known:
            shared = SharedPlans.of(asked)
            both = (totals(asked, shared) for totals in (traffic.totals, votes.totals))
            known[tuple(days)] = {k: v for plan in both for k, v in one(plan).items()}
        value = known[tuple(days)][key]
        assert value is None or isinstance(value, int | float)
        return value

    spans = [Period.of_days(days[0], days[-1]) for days in (now, before)]
    found = usual(rows, *spans)
    first = [*by_hand.earlier(now, before)][-1][1][0]
    begun = NOW.start.date() + timedelta(days=2)
    weeks = [begun - back * WEEK for back, n in enumerate(reversed(counts)) if n]
    for key, kind in KEYS.items():
        cases = "votes" if key in _OF_VOTES else "unique_users"
        pairs, low, high = by_hand.usual_range(
            partial(figure, key),
            by_hand.earlier(now, before),
            partial(figure, cases),
            share=kind == "difference",
            begins_earlier=any(day < first for day in weeks),
        )
        row = found.get(key, {"compared_periods": 0, "usual_low": None})
        assert row["compared_periods"] == pairs, key
        assert (row["usual_low"] is None) == (low is None), key
        if low is not None:
            assert (row["usual_low"], row["usual_high"]) == (
                pytest.approx(low, abs=1e-8),
                pytest.approx(high, abs=1e-8),
            )


def test_visits_are_counted_in_each_period_by_itself() -> None:
    """The same users come every week: never more, never fewer."""
    found = usual(weeks_of(COUNTS))["unique_users"]
    assert found["usual_low"] == found["usual_high"] == 0


def test_no_share_usually_changes_by_more_than_all_of_it() -> None:
    """From few votes that turn by themselves to nearly all, year after year."""
    rows = [
        vote(f"{period.start + timedelta(days=2, hours=9, minutes=n)}", flip=n < flips)
        for back in range(13)
        for period, flips in (
            (days_back(NOW, back), 20 - back % 2),
            (days_back(YEAR_BEFORE, back), back % 2),
        )
        for n in range(20)
    ]
    found = usual(frames(*rows), NOW, YEAR_BEFORE)["auto_flip_share"]
    assert 0.5 < found["usual_low"] < found["usual_high"] == 1


def days_back(period: Period, weeks: int) -> Period:
    return Period(period.start - weeks * WEEK, period.end - weeks * WEEK)


YEAR_BEFORE = days_back(NOW, 52)


def test_a_range_so_wide_that_it_says_nothing_is_none() -> None:
    """From 1 vote to hundreds and back, week by week; all turn over, then none."""
    rows = [
        vote(f"{week.start + timedelta(days=2)}", flip=back % 2 == 0)
        for back in range(14)
        for week in (days_back(NOW, back),)
        for _ in range(300 if back % 2 else 1)
    ]
    found = usual(frames(*rows))
    for key in ("votes", "auto_flip_share"):
        ends = found[key]["usual_low"], found[key]["usual_high"]
        assert ends == (None, None), key
        assert found[key]["compared_periods"] == 11
    # What is the same every week still says so.
    assert found["estimations_per_vote"]["usual_low"] == 0


@pytest.mark.parametrize("falls", [0, 1, 2])
def test_a_count_that_falls_to_nothing_now_and_then_is_no_news(falls: int) -> None:
    """A small team meets in most weeks: a week without a vote is beyond nothing."""
    weeks = [*COUNTS[:-1], 0]
    for week in (3, 8)[:falls]:
        weeks[week] = 0
    found = usual(weeks_of(weeks))
    for key in ("votes", "estimations", "page_views", "unique_users", "visits"):
        assert (found[key]["usual_low"] == -1) == (falls > 0), key
    # A mean has no value there, and is as usual as before.
    assert found["estimations_per_vote"]["usual_low"] == 0


def test_fewer_than_six_pairs_give_no_range() -> None:
    found = usual(weeks_of(COUNTS[-8:]))["votes"]
    assert found["compared_periods"] == 5
    assert found["usual_low"] is None
    assert usual(weeks_of(COUNTS[-9:]))["votes"]["usual_low"] is not None


def test_a_period_in_which_the_data_begins_says_nothing_of_usual_changes() -> None:
    """One vote of its last day is no week that was followed by a rise."""
    # The oldest of the earlier pairs as well as one of the others.
    for weeks in (10, 14):
        whole = usual(weeks_of(COUNTS[-weeks:]))
        begun = usual(weeks_of([1, *COUNTS[1 - weeks :]]))
        assert whole == begun, weeks
    # Also where a stray row is half a year older.
    early = usual(weeks_of([1, *[0] * 12, *COUNTS[-9:]]))
    assert early == usual(weeks_of(COUNTS[-9:]))
    # Also where estimations are kept for less time than page views, and the reverse.
    rows = weeks_of([1, *COUNTS])
    seats = [
        estimation(f"u{n % 25}", f"{NOW.start - back * WEEK + timedelta(days=2)}")
        for back in range(15)
        for n in range(9 + back)
    ]
    of_views = {live.name: rows.by_name[live.name] for live in (PAGE_VIEWS, VOTES)}
    kept = {**frames(*seats).by_name, **of_views}
    # In the oldest of the earlier pairs as well.
    for (weeks, known), (live, fewer) in product(
        ((9, 7), (13, 11)),
        (
            (ESTIMATIONS, {"activation_rate", "session_mean_minutes"}),
            (PAGE_VIEWS, {"activation_rate", "unique_users"}),
            (VOTES, {"votes"}),
        ),
    ):
        begins = NOW.start - weeks * WEEK
        since = kept[live.name].filter(pl.col(live.time) >= begins)
        found = usual(Frames({**kept, live.name: since}))
        pairs = {key: found[key]["compared_periods"] for key in found}
        assert {key for key, n in pairs.items() if n < 12} >= fewer, live
        assert all(n == known for key, n in pairs.items() if key in fewer), pairs
        others = {"activation_rate", "unique_users", "votes"} - fewer
        assert {pairs[key] for key in others} == {12}, live
    # With a week before it, nothing begins in the twelfth pair.
    assert usual(weeks_of([1, *COUNTS]))["votes"]["compared_periods"] == 12


def test_periods_that_touch_are_counted_in_one_pass() -> None:
    """Those that overlap are not: a row would be of both."""

    def parts(before: Period) -> int:
        asked = query(weeks_of(COUNTS), NOW, before)
        return len(executable(usual_changes(asked, SharedPlans.of(asked))))

    day_later = Period(BEFORE.start + WEEK / 7, BEFORE.end + WEEK / 7)
    assert parts(BEFORE) < parts(day_later)


def test_nothing_is_usual_without_a_comparison() -> None:
    assert usual(weeks_of(COUNTS), NOW, None) == {}


@pytest.mark.parametrize(
    ("period", "before"),
    [
        (days("2026-11-01", "2026-11-30"), days("2026-10-01", "2026-10-31")),
        (days("2026-11-03", "2026-11-03"), days("2026-11-02", "2026-11-02")),
        (days("2026-10-26", "2026-11-22"), days("2025-10-27", "2025-11-23")),
    ],
)
def test_all_kinds_of_periods_have_pairs(period: Period, before: Period) -> None:
    start = datetime(2024, 6, 3, 9)
    rows = [vote(f"{start + timedelta(days=n)}") for n in range(910)]
    found = usual(frames(*rows), period, before)
    assert found["votes"]["compared_periods"] >= 6
    assert list(found) == [key for key in KEYS if key in found]


BERLIN = ZoneInfo("Europe/Berlin")
MONTH_TO_DATE, LAST_MONTH = PERIODS["month_to_date"], PERIODS["last_month"]


@pytest.mark.parametrize("option", [MONTH_TO_DATE, LAST_MONTH], ids=lambda o: o.label)
@pytest.mark.parametrize("comparison", [PREVIOUS, YEAR])
@pytest.mark.parametrize("match", [False, True])
@pytest.mark.parametrize("today", ["2026-11-30", "2026-03-30", "2028-02-29"])
def test_both_periods_are_moved_back_together(
    option: PeriodOption, comparison: str, today: str, *, match: bool
) -> None:
    """Where one of the two is a whole month, and on each side of a clock change."""
    now = at(f"{today} 14:30")
    span = option.days(now.date(), now.date())
    before = compared_with(
        comparison,
        span,
        now,
        to_date=option.to_date,
        match_weekdays=match,
        zone=BERLIN,
    )
    assert before is not None
    asked = (period_of(span, now, BERLIN), before)
    both_months = all(whole_months(Days(p.first_day, p.last_day)) for p in asked)
    last = asked
    for pair in _pairs(*asked):
        if both_months:
            assert {period.local(period.start).day for period in pair} == {1}
            continue
        # Each by the same whole weeks, by the clocks of the zone.
        moves = {
            then.local(edge) - earlier.local(earlier_edge)
            for then, earlier in zip(last, pair, strict=True)
            for edge, earlier_edge in (
                (then.start, earlier.start),
                (then.end, earlier.end),
            )
        }
        (move,) = moves
        assert move % WEEK == timedelta()
        assert move >= max(period.length for period in asked) - WEEK / 7
        last = pair


def test_one_more_change_is_in_the_range_95_times_in_100() -> None:
    rng = np.random.default_rng(16)
    outside = 0
    for _ in range(120):
        counts = rng.poisson(30, 14).tolist()
        found = usual(weeks_of(counts))["votes"]
        before, last = counts[-2:]
        change = last / before - 1
        outside += not found["usual_low"] <= change <= found["usual_high"]
    assert outside / 120 <= 0.09


@pytest.mark.parametrize("meetings", [2, 4])
def test_changes_of_sparse_days_are_beyond_the_usual_5_times_in_100(
    meetings: int,
) -> None:
    """Votes come in meetings of six, some days have none; few have a spectator."""
    rng = np.random.default_rng(8)
    judged = beyond = 0
    spans = days("2026-11-19", "2026-11-19"), days("2026-11-18", "2026-11-18")
    for _ in range(60):
        rows: list[Row] = []
        for back in range(92):
            day = f"{datetime(2026, 11, 19, 9) - timedelta(days=back)}"
            count = int((1 + rng.poisson(5, rng.poisson(meetings))).sum())
            rows += [
                vote(day, spectators=seen, flip=flip)
                for seen, flip in zip(
                    rng.poisson(0.2, count).tolist(),
                    (rng.random(count) < 0.05).tolist(),
                    strict=True,
                )
            ]
        known = frames(*rows)
        now, before = (
            one(votes.totals(asked, SharedPlans.of(asked)))
            for asked in (query(known, span) for span in spans)
        )
        for key, row in usual(known, *spans).items():
            unit = DEFINITIONS[key].unit
            change = judged_change(now[key], before[key], unit)  # type: ignore[arg-type]
            if row["usual_low"] is not None and change is not None:
                judged += 1
                beyond += not row["usual_low"] <= change <= row["usual_high"]
    assert beyond <= 0.05 * judged, (beyond, judged)
    # Of a dozen votes a day no range is right.
    assert (judged > 300) == (meetings > 2), judged


def test_a_negative_sum_has_no_usual_ratio_and_fails_nothing() -> None:
    """Numbers of damaged rows; the other weeks are as they were."""
    rows = [
        vote(f"{NOW.start - back * WEEK + timedelta(hours=9)}", amount=amount)
        for back, amount in enumerate([3, 4, 5, 3, 4, 5, -7, 4, 5, 3, 4, 5, 3, 4, 5])
        for _ in range(20)
    ]
    found = usual(frames(*rows))["estimations"]
    assert found["compared_periods"] == 10
    assert found["usual_low"] < 0 < found["usual_high"]
