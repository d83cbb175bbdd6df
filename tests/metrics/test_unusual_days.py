import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from math import sqrt
from statistics import median
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from metrics.frames import Frames, Period
from metrics.query import SharedPlans, executable
from metrics.registry import plan
from metrics.tables import TIMESTAMP
from metrics.unusual_days import (
    FEW,
    far_off,
    in_period,
    marks,
    predicted,
    unusual_days,
)
from tests.metrics.building import (
    Row,
    at,
    days,
    executed,
    frames,
    query,
    quick,
    view,
    vote,
)

MONDAY = date(2026, 7, 6)
WEEKS = 16


def unusual(rows: Frames, period: Period, today: date) -> pl.DataFrame:
    return executed(unusual_days(SharedPlans(rows), period, today))


def furthest(counts: pl.LazyFrame, since: date) -> pl.DataFrame:
    judged = predicted(counts.sort("measure", "bucket"))
    return marks(far_off(judged).collect(), since, date.max)


def series(values: list[float | None]) -> pl.LazyFrame:
    buckets = [MONDAY + timedelta(days=n) for n in range(len(values))]
    return pl.LazyFrame(
        {"measure": "votes", "bucket": buckets, "value": values},
        schema={"measure": pl.String, "bucket": pl.Date, "value": pl.Float64},
    )


def working_weeks(growth: float = 0) -> list[float | None]:
    """Sixteen weeks: a hundred on workdays, ten at weekends, growing per week."""
    return [
        (100 if n % 7 < 5 else 10) * (1 + growth * (n // 7)) for n in range(7 * WEEKS)
    ]


def marked(values: list[float | None]) -> list[object]:
    found = furthest(series(values), MONDAY)
    return found["bucket"].to_list()


def day(week: int, weekday: int) -> date:
    return MONDAY + timedelta(weeks=week, days=weekday)


def test_a_steady_rhythm_has_no_marks() -> None:
    assert marked(working_weeks()) == []


def test_steady_growth_has_no_marks() -> None:
    assert marked(working_weeks(growth=0.1)) == []


def test_a_dip_on_a_workday_is_marked_with_what_was_to_be_expected() -> None:
    values = working_weeks()
    values[7 * 14 + 1] = 0
    found = furthest(series(values), MONDAY).to_dicts()
    # Nothing varied. The square root of a count varies by a half by chance alone, and
    # 3.6 times that is 1.8: from 8.2 squared to 11.8 squared.
    assert found == [
        {
            "measure": "votes",
            "bucket": day(14, 1),
            "value": 0,
            "expected": 100,
            "low": 68,
            "high": 139,
        }
    ]


def test_what_is_expected_follows_growth_of_some_weeks_ago() -> None:
    """Mondays grow from 100 by 10 a week: the 8 before the sixteenth are 170 to 240."""
    values = working_weeks(growth=0.1)
    values[7 * 15] = 0
    found = furthest(series(values), MONDAY)
    assert found["bucket"].to_list() == [day(15, 0)]
    assert found["expected"].item() == 205


def test_a_measure_never_learns_from_the_one_that_is_before_it() -> None:
    """Five weeks are too few to judge, whatever the other measure was like."""
    young = series([100, *[1000] * 34]).with_columns(measure=pl.lit("votings"))
    found = furthest(pl.concat([series(working_weeks()), young]), MONDAY)
    assert found.height == 0


def test_a_spike_at_a_weekend_is_marked() -> None:
    values = working_weeks()
    values[7 * 15 + 5] = 100
    assert marked(values) == [day(15, 5)]


def test_a_quiet_weekend_is_expected() -> None:
    values = working_weeks()
    values[7 * 15 + 5] = 4
    assert marked(values) == []


def test_one_earlier_outlier_does_not_change_what_is_expected() -> None:
    values = working_weeks()
    values[7 * 4] = 5000
    values[7 * 15] = 101
    assert marked(values) == []


@pytest.mark.parametrize(("swing", "found"), [(0.0, [(15, 0)]), (0.5, [])])
def test_the_usual_spread_of_all_weekdays_widens_the_range(
    swing: float, found: list[tuple[int, int]]
) -> None:
    """Weeks swing around 100: a Monday of 40 is no surprise any more."""
    values: list[float | None] = [
        100 * (1 + swing * (-1) ** (n // 7)) for n in range(7 * WEEKS)
    ]
    values[7 * 15] = 40
    assert marked(values) == [day(*each) for each in found]


def test_one_restless_weekday_is_judged_by_the_calm_of_the_others() -> None:
    """Mondays swing by half around 100, all other days are steady."""
    values = working_weeks()
    for week in range(WEEKS):
        values[7 * week] = 150 if week % 2 else 50
    values[7 * 15] = 0
    assert day(15, 0) in marked(values)


def test_two_weeks_of_a_campaign_do_not_bend_the_trend() -> None:
    """Three times as many for two weeks: an outage right after them is unusual."""
    values = working_weeks()
    for n in range(7 * 13, 7 * 15):
        values[n] = 3 * (values[n] or 0)
    values[7 * 15 + 1] = 10
    found = furthest(series(values), day(15, 0))
    assert found["bucket"].to_list() == [day(15, 1)]
    assert found["expected"].item() == pytest.approx(100, rel=0.05)


def test_twelve_weeks_are_needed_to_know_what_to_expect() -> None:
    values = working_weeks()
    values[7 * 12 - 1] = 500
    assert marked(values[: 7 * 12]) == []
    values[7 * 12] = 500
    assert marked(values[: 7 * 12 + 1]) == [day(12, 0)]


def test_unknown_days_teach_nothing() -> None:
    values = working_weeks()
    values[7 * 9 + 1] = None
    values[7 * 15 + 1] = 0
    assert marked(values) == []


def test_small_numbers_are_never_marked() -> None:
    values: list[float | None] = [0.0] * (7 * WEEKS)
    values[7 * 15] = 19
    assert marked(values) == []
    values[7 * 15] = 20
    assert marked(values) == [day(15, 0)]


def test_at_most_three_days_are_marked_the_furthest_off() -> None:
    values = working_weeks()
    for weekday, value in enumerate((300, 200, 500, 400, 100)):
        values[7 * 15 + weekday] = value
    assert marked(values) == [day(15, 0), day(15, 2), day(15, 3)]


def test_each_measure_has_its_own_marks() -> None:
    values = working_weeks()
    values[7 * 14 + 1] = 0
    calm = series(working_weeks()).with_columns(measure=pl.lit("page_views"))
    found = furthest(pl.concat([calm, series(values)]), MONDAY)
    assert found.select("measure", "bucket").rows() == [("votes", day(14, 1))]


def test_days_before_the_period_are_not_marked() -> None:
    values = working_weeks()
    values[7 * 13 + 1] = 0
    assert furthest(series(values), day(14, 0)).is_empty()


def vote_rows(count: int) -> list[Row]:
    """Votes on the Tuesdays of sixteen weeks, none on the last but one."""
    return [
        vote(f"{day(week, 1)} 10:00", amount=2)
        for week in range(WEEKS)
        for _ in range(count if week != 14 else 0)
    ]


@pytest.mark.parametrize(("count", "found"), [(50, 1), (10, 0)])
def test_an_outage_shows_in_votes_and_estimations(count: int, found: int) -> None:
    period = days("2026-10-05", "2026-10-25")
    rows = frames(*vote_rows(count), view("a", "2026-07-06 10:00"))
    table = unusual(rows, period, date(2026, 10, 26))
    votes = table.filter(pl.col("measure") == "votes")
    assert votes["bucket"].to_list() == [day(14, 1)] * found


def test_a_longer_period_is_not_judged_by_what_a_shorter_one_shares() -> None:
    rows, today = frames(*vote_rows(50)), date(2026, 11, 26)
    shared = SharedPlans(rows)
    for first in ("2026-11-20", "2026-10-05"):
        period = days(first, "2026-11-25")
        found = executed(unusual_days(shared, period, today))
        assert_frame_equal(found, unusual(rows, period, today))
    assert not found.is_empty()


def test_all_who_ask_for_unusual_days_have_one_plan_executed() -> None:
    """Of a running period the comparison ends some hours before it begins."""
    period, before = (
        Period(span.start, span.end - timedelta(hours=9))
        for span in (days("2026-10-05", "2026-10-25"), days("2026-09-14", "2026-10-04"))
    )
    asked = query(frames(*vote_rows(50)), period, before)
    shared, earlier = SharedPlans.of(asked), asked.comparison_query
    assert earlier is not None
    plans = [in_period(asked, shared), in_period(earlier, shared)]
    last_week = days("2026-10-18", "2026-10-24")
    plans.append(unusual_days(shared, last_week, asked.today))
    assert len({id(part) for each in plans for part in executable(each)}) == 1


def test_the_first_day_of_the_data_teaches_nothing() -> None:
    """It may lack its morning: what it has says neither what to expect nor how far."""
    first = MONDAY - timedelta(weeks=12)

    def marks_of(votes: int) -> pl.DataFrame:
        rows = [
            vote(f"{first + timedelta(days=n)} 09:{minute:02}")
            for n in range(7 * 12 + 1)
            for minute in range(votes if n == 0 else 50 if n < 7 * 12 else 0)
        ]
        return unusual(frames(*rows), days(f"{MONDAY}", f"{MONDAY}"), date(2027, 1, 1))

    # Twelve weeks and no more: without the first day the last one cannot be judged.
    assert [marks_of(count).height for count in (1, 50)] == [0, 0]


def test_the_running_day_is_not_judged() -> None:
    period = days("2026-10-05", "2026-10-13")
    rows = frames(*vote_rows(50))
    assert unusual(rows, period, date(2026, 10, 13)).is_empty()


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_a_day_that_the_period_cuts_is_not_judged(zone: str) -> None:
    """As the comparison of a running period: its last day is no quiet one."""
    whole = Period.of_days(date(2026, 10, 1), date(2026, 10, 6), ZoneInfo(zone))
    rows, today = frames(*vote_rows(50)), date(2026, 11, 10)
    cut = replace(whole, end=datetime(2026, 10, 6, 5))
    assert unusual(rows, cut, today).is_empty()
    assert unusual(rows, whole, today).is_empty()


@pytest.mark.parametrize("stray", [[], [vote("1970-01-01 00:00")]])
def test_days_before_the_first_row_are_unknown_not_zero(stray: list[Row]) -> None:
    """A row of a clock that was set to 1970 is no beginning."""
    rows = [*stray, *([vote("2026-10-13 10:00")] * 500)]
    period = days("2026-10-05", "2026-10-25")
    assert unusual(frames(*rows), period, date(2026, 10, 26)).is_empty()


@pytest.mark.parametrize("first", ["2026-07-06", "2026-07-01", "1970-01-05"])
def test_a_period_from_before_the_first_row_has_the_same_unusual_days(
    first: str,
) -> None:
    """Page views begin later than votes: each measure learns from its own first row."""
    seen = [
        view(f"u{n}", f"{MONDAY + timedelta(days=number)} 10:00")
        for number in range(13, 7 * WEEKS)
        for n in range(300 if number == 7 * 15 else 30)
    ]
    rows = frames(*vote_rows(50), *seen)
    found = unusual(rows, days(first, "2026-10-25"), date(2026, 10, 26))
    assert found.select("measure", "bucket").rows() == [
        *((measure, day(14, 1)) for measure in ("estimations", "votes")),
        *((measure, day(15, 0)) for measure in ("page_views", "unique_users")),
    ]


def test_days_without_a_row_count_as_zero_where_the_year_before_has_one() -> None:
    """A pause longer than what is looked back on, then a day with 500 votes."""
    rows = [vote("2025-09-01 10:00"), *([vote("2026-10-13 10:00")] * 500)]
    period = days("2026-10-05", "2026-10-25")
    table = unusual(frames(*rows), period, date(2026, 10, 26))
    votes = table.filter(pl.col("measure") == "votes")
    assert votes["bucket"].to_list() == [date(2026, 10, 13)]
    assert votes["expected"].item() == 0


@quick
@given(
    st.lists(st.integers(0, 60), min_size=120, max_size=120),
    st.integers(100, 118),
    st.integers(1, 6),
)
def test_where_a_window_starts_does_not_change_what_is_unusual(
    counts: list[int], last: int, length: int
) -> None:
    """A window of few days and the day alone judge it in the same way."""
    held = pl.DataFrame({"day": [_day(n) for n in range(120)], "count": counts})
    rows = Frames(
        {
            **frames().by_name,
            "fpp_votes": held.lazy()
            .select(
                voted_at=pl.col("day").cast(TIMESTAMP).repeat_by("count").explode(),
                amount_of_estimations=pl.lit(1),
            )
            .drop_nulls(),
        }
    )
    today = _day(120)
    period = Period.of_days(_day(last - length), _day(last))
    together = unusual(rows, period, today)
    one = pl.concat(
        unusual(rows, Period.of_days(_day(n), _day(n)), today)
        for n in range(last - length, last + 1)
    )
    kept = one.join(together, on=["measure", "bucket"], how="semi")
    assert_frame_equal(together, kept)
    assert one.height == kept.height or (
        together.group_by("measure").len()["len"].max() == FEW
    )


def _day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def test_the_catalogue_judges_days_until_yesterday() -> None:
    asked = query(frames(*vote_rows(50)), days("2026-10-05", "2026-10-14"))
    table = executed(plan("unusual_days", asked))
    assert set(table["measure"]) == {"votes", "estimations"}


def test_a_day_is_judged_alike_wherever_in_a_day_the_period_begins() -> None:
    """The first day of what it is judged by would be cut as the period is."""
    luck = random.Random(1)  # noqa: S311 - counts, no secrets
    day = date(2026, 10, 12)
    counts = {day - timedelta(days=n): luck.randint(5, 60) for n in range(1, 150)}
    counts[day] = 400
    rows = frames(
        *(vote(f"{day} 09:00") for day, count in counts.items() for _ in range(count))
    )
    late = Period(at(f"{day} 13:45"), at(f"{day + timedelta(days=1)} 13:45"))
    today = day + timedelta(days=1)
    whole = days(f"{day}", f"{day}")
    found = unusual(rows, whole, today)
    assert_frame_equal(unusual(rows, late, today), found)
    # As by all days there are: 16 weeks of them are enough, and none of those lacks.
    known = pl.LazyFrame(
        {"measure": "votes", "bucket": counts.keys(), "value": counts.values()}
    )
    votes = found.filter(pl.col("measure") == "votes")
    assert_frame_equal(votes, furthest(known, day), check_dtypes=False)
    assert not votes.is_empty()


def test_a_weekend_that_a_daily_chart_hides_has_no_unusual_day() -> None:
    """A chart of weeks counts it."""
    saturday = [vote("2026-10-10 10:00")] * 200
    asked = query(frames(*vote_rows(50), *saturday), days("2026-10-05", "2026-10-14"))
    shown = executed(plan("unusual_days", asked))
    hidden = executed(plan("unusual_days", replace(asked, weekends=False)))
    assert date(2026, 10, 10) in shown["bucket"].to_list()
    assert_frame_equal(hidden, shown.filter(pl.col("bucket").dt.weekday() <= 5))
    assert not hidden.is_empty()
    of_weeks = replace(asked, weekends=False, granularity="week")
    assert_frame_equal(executed(plan("unusual_days", of_weeks)), shown)


def by_hand(values: list[int]) -> list[tuple[int, int]]:
    """Number and value of the days that `predicted` and `marks` define as unusual."""
    expected = {
        n: median(values[n - 7 * week] for week in range(1, 9))
        for n in range(56, len(values))
    }
    error = {n: abs(sqrt(values[n]) - sqrt(e)) for n, e in expected.items()}
    off = {}
    for n in range(84, len(values)):
        errors = [error[day] for day in range(n - 56, n) if day in error]
        usual = max(1.4826 * median(errors), 0.5)
        if max(values[n], expected[n]) >= 20 and error[n] > 3.6 * usual:
            off[n] = error[n] / usual
    largest = sorted(off, key=lambda n: (-off[n], n))[:3]
    return [(n, values[n]) for n in sorted(largest)]


@quick
@given(
    st.lists(st.integers(20, 40), min_size=130, max_size=130),
    st.dictionaries(st.integers(0, 129), st.integers(0, 200), max_size=12),
)
def test_marks_are_those_recomputed_by_hand(
    usual: list[int], odd: dict[int, int]
) -> None:
    counts = [odd.get(n, count) for n, count in enumerate(usual)]
    found = furthest(series([float(count) for count in counts]), MONDAY)
    days_found = [
        ((bucket - MONDAY).days, int(value))
        for bucket, value in found.select("bucket", "value").iter_rows()
    ]
    assert days_found == by_hand(counts)


def test_quiet_days_are_rarely_marked_and_outages_nearly_always() -> None:
    """A thousand weeks of meetings of some votes each: one quiet day in 300 at most."""
    rng = np.random.default_rng(16)
    usual = np.tile([60, 75, 75, 70, 50, 12, 10], 900)
    meetings = rng.poisson(usual / 4)
    votes = (meetings + rng.poisson(3 * meetings)).astype(float)
    frame = series(votes.tolist()).lazy()
    # Without the limit of three: every day has a measure of its own to be listed in.
    judged = predicted(frame).drop_nulls("margin").collect()
    error = (pl.col("value").sqrt() - pl.col("expected").sqrt()).abs()
    enough = pl.max_horizontal("value", "expected") >= 20
    marked_days = judged.filter(error > pl.col("margin"), enough)
    assert marked_days.height / judged.height < 1 / 300
    busy = judged.filter(pl.col("expected") >= 40)
    outages = busy.filter(pl.col("expected").sqrt() > pl.col("margin"))
    assert outages.height / busy.height > 0.95


@pytest.mark.parametrize(("teams", "often"), [(1, 0.2), (2, 0.1), (2, 0.35)])
def test_a_meeting_is_nothing_unusual_where_most_days_have_none(
    teams: int, often: float
) -> None:
    """A few teams that meet when they like, with 20 to 80 estimations each."""
    rng = np.random.default_rng(3)
    workdays = np.tile([1, 1, 1, 1, 1, 0, 0], 900)
    meetings = rng.binomial(teams, often, workdays.size) * workdays
    counts = [4 * float(rng.integers(5, 21, held).sum()) for held in meetings]
    judged = predicted(series([*counts])).drop_nulls("margin").collect()
    error = (pl.col("value").sqrt() - pl.col("expected").sqrt()).abs()
    enough = pl.max_horizontal("value", "expected") >= 20
    marked_days = judged.filter(error > pl.col("margin"), enough)
    assert marked_days.height / judged.height < 1 / 300
