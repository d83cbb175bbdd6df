from datetime import date, timedelta

import polars as pl
import pytest

from metrics import retention
from metrics.query import SharedPlans
from tests.metrics.building import Row, at, estimation, executed, frames, vote

NOW = at("2026-11-18 12:00")  # a Wednesday
MONDAY = date(2026, 11, 16)


def week(back: int, day: int = 1) -> str:
    """Return a moment that many weeks ago; day 0 is the Monday."""
    return f"{MONDAY - timedelta(weeks=back) + timedelta(days=day)} 09:00"


def alive(
    who: retention.Cohorts, *rows: Row, weeks: retention.Weeks = 1
) -> dict[tuple[int, int], object]:
    """Return what is alive by cohort (buckets ago) and age, of cohorts with any."""
    cells = retention.grid(
        SharedPlans(frames(*rows)), NOW, who, weeks, cohorts=4
    ).collect()
    latest = cells["cohort"].max()
    assert isinstance(latest, date)
    step = timedelta(weeks=weeks)
    return {
        ((latest - row["cohort"]) // step, row["k"]): row["alive"]
        for row in cells.to_dicts()
        if row["size"]
    }


def test_a_room_lives_in_weeks_with_a_vote_of_two_or_more() -> None:
    rows = [vote(week(3)), vote(week(1)), vote(week(1, 2)), vote(week(2), amount=1)]
    assert alive("rooms", *rows) == {(3, 0): 1, (3, 1): 0, (3, 2): 1, (3, 3): 0}


def test_weeks_start_on_monday() -> None:
    rows = [vote(week(2, 6)), vote(week(1, 0))]
    assert alive("rooms", *rows)[2, 1] == 1


def test_a_user_lives_in_weeks_with_an_own_estimation() -> None:
    rows = [estimation("a", week(2)), estimation("b", week(2))]
    rows += [estimation("a", week(1)), estimation("b", week(1), None)]
    rows += [estimation("b", week(0), None, spectator=True)]
    assert alive("users", *rows) == {(2, 0): 2, (2, 1): 1, (2, 2): 0, (2, 3): None}


def test_the_future_is_blank_and_the_past_is_zero() -> None:
    cells = alive("rooms", vote(week(1)))
    assert cells == {(1, 0): 1, (1, 1): 0, (1, 2): None, (1, 3): None}


def test_two_week_buckets_are_sprints() -> None:
    rows = [vote(week(3, 0)), vote(week(1, 0))]
    cells = alive("rooms", *rows, weeks=2)
    assert {age: value for (_, age), value in cells.items() if value} == {0: 1, 1: 1}


def test_a_room_that_began_before_the_grid_is_in_no_cohort() -> None:
    assert alive("rooms", vote(week(9)), vote(week(1))) == {}


def test_what_happens_after_now_is_not_known() -> None:
    assert alive("rooms", vote("2026-11-19 09:00")) == {}


def test_all_cohorts_and_ages_are_listed_without_any_row() -> None:
    cells = retention.grid(SharedPlans(frames()), NOW, "users", cohorts=4).collect()
    assert cells.height == 16
    assert cells["size"].sum() == 0


def test_the_share_of_a_cohort_of_twenty_is_shown() -> None:
    rows = [estimation(f"p{n}", week(1)) for n in range(20)]
    rows += [estimation(f"p{n}", week(0)) for n in range(5)]
    rows += [estimation("later", week(0))]
    cells = retention.grid(
        SharedPlans(frames(*rows)), NOW, "users", cohorts=2
    ).collect()
    assert cells.select("size", "k", "share", "running").rows() == [
        (20, 0, 1.0, False),
        (20, 1, 0.25, True),
        (1, 0, None, True),
        (1, 1, None, None),
    ]


def test_the_average_is_over_the_same_cohorts_at_all_ages() -> None:
    """Of four cohorts the two oldest have a second bucket that has ended."""
    rows = [estimation(f"p{n}", week(3)) for n in range(20)]
    rows += [estimation(f"q{n}", week(2)) for n in range(40)]
    rows += [estimation(f"r{n}", week(1)) for n in range(30)]
    rows += [estimation(f"p{n}", week(2)) for n in range(10)]
    rows += [estimation(f"p{n}", week(1)) for n in range(5, 15)]
    grid = retention.grid(SharedPlans(frames(*rows)), NOW, "users", cohorts=4)
    average = executed(retention.average(grid, 1))
    assert average.select("k", "size", "alive", "later").rows() == [
        (0, 60, 60, 60),
        (1, 60, 10, 15),
    ]
    assert average["share"].to_list() == [1, pytest.approx(10 / 60)]
    assert average["later_share"].to_list() == [1, pytest.approx(15 / 60)]


def test_an_average_is_of_those_who_started_eight_whole_buckets_before() -> None:
    rows = [estimation(f"p{back}", week(back)) for back in (15, 12, 9, 8, 1)]
    cells = retention.grid(SharedPlans(frames(*rows)), NOW, "users").collect()
    # This week is not over: of eight weeks ago, neither is the last age.
    days = MONDAY - timedelta(weeks=15), MONDAY - timedelta(weeks=8, days=1)
    assert retention.days_of_average(cells, 1) == days
    assert retention.days_of_average(cells.clear(), 1) is None


def test_all_are_there_at_the_start_of_a_curve_which_has_no_interval() -> None:
    rows = [
        estimation(f"{back}-{n}", week(back - later))
        for back in range(2, 12)
        for later in range(2)
        for n in range(back if later else 20)
    ]
    grid = retention.grid(SharedPlans(frames(*rows)), NOW, "users", cohorts=12)
    average = executed(retention.average(grid, 1))
    assert average["share"][0] == 1
    for end in ("low", "high"):
        start, later_on = average[f"share_{end}"]
        assert (start, later_on is None) == (None, False)
        start, later_on = average[f"later_share_{end}"]
        assert (start, later_on is None) == (None, False)


SUNDAY_OVER = at("2026-11-16 00:00")


def test_a_bucket_that_has_not_begun_is_blank_and_the_oldest_cohort_stays() -> None:
    """A period that ends on Sunday ends where Monday begins."""
    rows = [estimation(f"p{n}", "2026-10-26 09:00") for n in range(20)]
    cells = retention.grid(SharedPlans(frames(*rows)), SUNDAY_OVER, "users", cohorts=3)
    oldest = cells.collect().filter(pl.col("cohort") == date(2026, 10, 26))
    assert oldest.select("size", "k", "alive", "running").rows() == [
        (20, 0, 20, False),
        (20, 1, 0, False),
        (20, 2, 0, False),
    ]
    assert cells.collect()["cohort"].max() == date(2026, 11, 9)


@pytest.mark.parametrize(
    ("time", "size"), [("2026-11-15 23:59:59", 1), ("2026-11-16 00:00", 0)]
)
@pytest.mark.parametrize("who", ["users", "rooms"])
def test_the_end_of_the_period_is_out(
    time: str, size: int, who: retention.Cohorts
) -> None:
    rows = SharedPlans(frames(estimation("a", time), vote(time)))
    cells = retention.grid(rows, SUNDAY_OVER, who, cohorts=3).collect()
    assert cells.filter(pl.col("k") == 0)["size"].sum() == size
