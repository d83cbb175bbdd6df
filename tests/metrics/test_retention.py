from datetime import date, timedelta

import pytest

from metrics import retention
from tests.metrics.building import Row, at, estimation, frames, vote

NOW = at("2026-11-18 12:00")  # a Wednesday
MONDAY = date(2026, 11, 16)


def week(back: int, day: int = 1) -> str:
    """Return a moment that many weeks ago; day 0 is the Monday."""
    return f"{MONDAY - timedelta(weeks=back) + timedelta(days=day)} 09:00"


def alive(
    who: retention.Who, *rows: Row, weeks: retention.Weeks = 1
) -> dict[tuple[int, int], object]:
    """Return what is alive by cohort (buckets ago) and age, of cohorts with any."""
    cells = retention.grid(frames(*rows), NOW, who, weeks, cohorts=4).collect()
    latest = cells["cohort"].max()
    assert isinstance(latest, date)
    step = timedelta(weeks=weeks)
    return {
        ((latest - row["cohort"]) // step, row["k"]): row["alive"]
        for row in cells.to_dicts()
        if row["size"]
    }


def test_a_room_lives_in_weeks_with_a_round_of_two_or_more() -> None:
    rows = [vote(week(3)), vote(week(1)), vote(week(1, 2)), vote(week(2), amount=1)]
    assert alive("rooms", *rows) == {(3, 0): 1, (3, 1): 0, (3, 2): 1, (3, 3): 0}


def test_weeks_start_on_monday() -> None:
    rows = [vote(week(2, 6)), vote(week(1, 0))]
    assert alive("rooms", *rows)[2, 1] == 1


def test_a_person_lives_in_weeks_with_an_own_estimate() -> None:
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
    cells = retention.grid(frames(), NOW, "users", cohorts=4).collect()
    assert cells.height == 16
    assert cells["size"].sum() == 0


def test_the_share_of_a_cohort_of_twenty_is_shown() -> None:
    rows = [estimation(f"p{n}", week(1)) for n in range(20)]
    rows += [estimation(f"p{n}", week(0)) for n in range(5)]
    rows += [estimation("later", week(0))]
    cells = retention.grid(frames(*rows), NOW, "users", cohorts=2).collect()
    assert cells.select("size", "k", "share", "running").rows() == [
        (20, 0, 1.0, False),
        (20, 1, 0.25, True),
        (1, 0, None, True),
        (1, 1, None, None),
    ]


def test_the_average_weighs_cohorts_by_size_and_leaves_out_the_running_week() -> None:
    rows = [estimation(f"p{n}", week(3)) for n in range(20)]
    rows += [estimation(f"q{n}", week(2)) for n in range(40)]
    rows += [estimation(f"p{n}", week(2)) for n in range(10)]
    rows += [estimation(f"q{n}", week(1)) for n in range(5)]
    grid = retention.grid(frames(*rows), NOW, "users", cohorts=4)
    average = retention.average(grid).collect()
    assert average["k"].to_list() == [0, 1, 2]
    assert average["size"].to_list() == [60, 60, 20]
    assert average["share"].to_list() == [1, pytest.approx(15 / 60), 0]
