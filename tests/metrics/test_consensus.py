from polars.testing import assert_frame_equal

from metrics import consensus
from tests.metrics.building import (
    Row,
    answer,
    days,
    frames,
    one,
    plan_of,
    unestimated,
    vote,
)

WEEK = days("2026-11-02", "2026-11-08")
DAY = "2026-11-03 09:00"


def vote_rows(low: int, high: int, times: int, amount: int = 2) -> list[Row]:
    return [vote(DAY, low=low, high=high, amount=amount)] * times


def test_steps_are_places_on_the_scale_not_differences() -> None:
    """13 to 21 is one step, 1 to 5 are three, 1 to 21 six."""
    rows = [vote(DAY, low=13, high=21), vote(DAY, low=1, high=5)]
    rows += [vote(DAY, low=8, high=8), vote(DAY, low=1, high=21)]
    found = one(plan_of(consensus.totals, frames(*rows), WEEK))
    assert found["rounds"] == 4
    assert found["consensus_rounds"] == 1
    assert found["near_rounds"] == 2
    assert found["split_rounds"] == 2


def test_rates_and_mean_of_twenty_votes() -> None:
    rows = [*vote_rows(3, 3, 10), *vote_rows(3, 5, 5), *vote_rows(2, 13, 5)]
    found = one(plan_of(consensus.totals, frames(*rows), WEEK))
    assert found["consensus"] == 0.5
    assert found["near_consensus"] == 0.75
    assert found["split"] == 0.25
    assert found["mean_steps"] == (5 * 1 + 5 * 4) / 20


def test_nineteen_votes_are_counted_but_give_no_rate() -> None:
    found = one(plan_of(consensus.totals, frames(*vote_rows(3, 3, 19)), WEEK))
    assert found["rounds"] == 19
    assert found["consensus_rounds"] == 19
    assert found["consensus"] is None
    assert found["mean_steps"] is None


def test_votes_with_fewer_than_two_estimations_do_not_count() -> None:
    rows = [unestimated(DAY), vote(DAY, low=5, high=5, amount=1)]
    assert one(plan_of(consensus.totals, frames(*rows), WEEK))["rounds"] == 0


def test_votes_outside_the_window_do_not_count() -> None:
    rows = [vote("2026-11-01 23:59:59"), vote("2026-11-09 00:00"), vote(DAY)]
    assert one(plan_of(consensus.totals, frames(*rows), WEEK))["rounds"] == 1


def test_every_week_is_on_the_line_also_without_votes() -> None:
    period = days("2026-11-02", "2026-11-22")
    rows = [*vote_rows(3, 3, 20), vote("2026-11-22 10:00", low=1, high=21)]
    line = answer(plan_of(consensus.over_time, frames(*rows), period, "week"))
    assert [str(row["bucket"]) for row in line] == [
        *("2026-11-02", "2026-11-09", "2026-11-16")
    ]
    assert [row["rounds"] for row in line] == [20, 0, 1]
    assert [row["consensus"] for row in line] == [1.0, None, None]


def test_a_week_computed_from_rows_equals_the_week_shown() -> None:
    rows = [*vote_rows(3, 3, 12), *vote_rows(3, 8, 9), vote("2026-11-10 10:00")]
    period = days("2026-11-02", "2026-11-15")
    line = plan_of(consensus.over_time, frames(*rows), period, "week").collect()
    alone = plan_of(consensus.totals, frames(*rows), WEEK).collect()
    assert_frame_equal(line.head(1).select(alone.columns), alone)
