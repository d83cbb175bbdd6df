import statistics
from itertools import combinations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from metrics import agreement, votes
from metrics.card_scale import SCALE
from metrics.estimated_votes import (
    estimations_with_later_votes,
    estimations_with_vote,
)
from metrics.query import SharedPlans
from tests.metrics.building import (
    Row,
    answer,
    days,
    estimation,
    frames,
    one,
    plan_of,
    quick,
    vote,
)

DAY = days("2026-11-03", "2026-11-03")
NOON = "2026-11-03 12:00:00"


def vote_of(*values: int, second: int = 0, room: int = 1) -> list[Row]:
    time = f"2026-11-03 12:00:{second:02}"
    users = [
        estimation(f"p{n}", time, value, room=room) for n, value in enumerate(values)
    ]
    return [vote(time, amount=len(values), room=room), *users]


def test_the_fullest_card_counts_as_agreeing() -> None:
    found = one(plan_of(agreement.totals, frames(*vote_of(3, 3, 5)), DAY))
    assert (found["estimates"], found["agreeing"], found["outliers"]) == (3, 2, 0)


def test_a_tie_counts_one_of_the_cards() -> None:
    found = one(plan_of(agreement.totals, frames(*vote_of(2, 2, 8, 8)), DAY))
    assert found["agreeing"] == 2


def test_an_outlier_is_two_steps_from_the_median() -> None:
    """The median of 3, 3, 5, 8 is half a step above 3; 8 is 1.5 steps off."""
    found = one(plan_of(agreement.totals, frames(*vote_of(3, 3, 5, 8)), DAY))
    assert found["outliers"] == 0
    found = one(plan_of(agreement.totals, frames(*vote_of(3, 3, 5, 13)), DAY))
    assert found["outliers"] == 1
    found = one(plan_of(agreement.totals, frames(*vote_of(1, 3, 3)), DAY))
    assert found["outliers"] == 1


def test_a_vote_is_covered_when_all_its_estimations_are_found() -> None:
    rows = [*vote_of(3, 5), vote("2026-11-03 13:00", amount=3)]
    rows += [estimation(who, "2026-11-03 13:00") for who in ("a", "b")]
    found = one(plan_of(agreement.totals, frames(*rows), DAY))
    assert (found["rounds"], found["covered_rounds"]) == (2, 1)


def test_rates_from_twenty_estimates() -> None:
    rows = [r for n in range(5) for r in vote_of(3, 3, 3, 13, second=10 * n)]
    found = one(plan_of(agreement.totals, frames(*rows), DAY))
    assert found["estimates"] == 20
    assert found["agreement"] == 0.75
    assert found["outlier_share"] == 0.25
    assert found["coverage"] is None  # five votes are too few


def test_spectators_and_empty_estimates_are_left_out() -> None:
    rows = vote_of(3, 3)
    rows += [estimation("s", NOON, None, spectator=True), estimation("e", NOON, None)]
    rows += [estimation("t", NOON, 8, spectator=True)]
    assert one(plan_of(agreement.totals, frames(*rows), DAY))["estimates"] == 2


def test_an_estimation_joins_the_nearest_vote_within_two_seconds() -> None:
    rows = [vote("2026-11-03 12:00:00"), vote("2026-11-03 12:00:03")]
    times = ("11:59:58", "12:00:01", "12:00:02", "12:00:05", "12:00:06", "11:59:57")
    rows += [estimation(time, f"2026-11-03 {time}") for time in times]
    names = sorted(times)
    found = {
        names[int(str(row["user"]))]: row["vote_id"]
        for row in answer(estimations_with_vote(SharedPlans(frames(*rows)), DAY))
    }
    assert found == {"11:59:58": 1, "12:00:01": 1, "12:00:02": 2, "12:00:05": 2}


def test_a_vote_of_another_room_is_never_joined() -> None:
    rows = [vote(NOON, room=1), estimation("a", NOON, room=2)]
    assert answer(estimations_with_vote(SharedPlans(frames(*rows)), DAY)) == []


def test_each_estimation_is_joined_once() -> None:
    rows = [vote(NOON), vote(NOON), vote("2026-11-03 12:00:01"), estimation("a", NOON)]
    assert len(answer(estimations_with_vote(SharedPlans(frames(*rows)), DAY))) == 1


def test_an_estimation_across_midnight_belongs_to_its_votes_day() -> None:
    rows = [vote("2026-11-03 23:59:59"), estimation("a", "2026-11-04 00:00:01")]
    assert len(answer(estimations_with_vote(SharedPlans(frames(*rows)), DAY))) == 1
    assert (
        answer(
            estimations_with_vote(
                SharedPlans(frames(*rows)), days("2026-11-04", "2026-11-04")
            )
        )
        == []
    )


def test_votes_with_one_estimation_have_no_pairs() -> None:
    assert one(plan_of(agreement.totals, frames(*vote_of(3)), DAY))["rounds"] == 0


def test_by_team_size_and_over_time_count_the_same_estimations() -> None:
    rows = [*vote_of(3, 3), *vote_of(1, 2, 3, 5, second=30)]
    sizes = plan_of(agreement.by_team_size, frames(*rows), DAY).collect()
    assert sizes["estimation_pairs"].to_list() == [1, 6, 0]
    assert sizes["matching_pairs"].to_list() == [1, 0, 0]
    near = plan_of(agreement.near_by_team_size, frames(*rows), DAY).collect()
    assert near["near_pairs"].to_list() == [1, 3, 0]
    line = plan_of(agreement.over_time, frames(*rows), DAY, "week").collect()
    assert line["estimates"].to_list() == [6]


@quick
@given(st.lists(st.sampled_from(SCALE), min_size=2, max_size=9))
def test_agreement_is_what_python_counts(values: list[int]) -> None:
    places = [SCALE.index(value) for value in values]
    middle = statistics.median(places)
    found = one(plan_of(agreement.totals, frames(*vote_of(*values)), DAY))
    assert found["agreeing"] == max(values.count(value) for value in SCALE)
    assert found["outliers"] == sum(abs(place - middle) >= 2 for place in places)
    apart = [abs(a - b) for a, b in combinations(places, 2)]
    assert found["estimation_pairs"] == len(apart)
    assert found["matching_pairs"] == apart.count(0)
    assert found["near_pairs"] == apart.count(0) + apart.count(1)


def test_a_card_below_the_scale_is_the_lowest_in_agreement_and_in_spread() -> None:
    """As in damaged data: one rule for the pairs and for the ends of a vote."""
    rows = [
        vote("2026-11-03 10:00", low=-3, high=1, amount=2),
        estimation("a", "2026-11-03 10:00", -3),
        estimation("b", "2026-11-03 10:00", 1),
    ]
    found = one(plan_of(agreement.totals, frames(*rows), DAY))
    assert (found["matching_pairs"], found["outliers"]) == (1, 0)
    spread = plan_of(votes.spread, frames(*rows), DAY).collect()
    assert spread.filter(pl.col("votes") > 0)["steps"].to_list() == [0]


def test_votes_without_any_estimation_found_lower_the_coverage() -> None:
    """All 20 votes count, though the estimations of only 15 are there."""
    rows = [vote(f"2026-11-03 09:{n:02}", room=n, amount=2) for n in range(20)]
    for n in range(15):
        rows += [estimation(who, f"2026-11-03 09:{n:02}", room=n) for who in "ab"]
    found = one(plan_of(agreement.totals, frames(*rows), DAY))
    assert (found["rounds"], found["covered_rounds"]) == (20, 15)
    assert found["coverage"] == 0.75


def test_the_share_of_pairs_does_not_depend_on_team_size() -> None:
    """Everyone plays 3 or 5 in turn: of all pairs of a large team as of a small one."""
    rng = np.random.default_rng(16)
    rows: list[Row] = []
    for n in range(600):
        time = f"2026-11-03 {8 + n // 60:02}:{n % 60:02}:00"
        size = 2 if n % 2 else 9
        rows.append(vote(time, amount=size, room=n % 30))
        rows += [
            estimation(f"p{m}", time, int(rng.choice((3, 5))), room=n % 30)
            for m in range(size)
        ]
    table = plan_of(agreement.by_team_size, frames(*rows), DAY).collect()
    small, _, large = table["matching_pair_share"]
    assert abs(small - large) < 0.06
    assert set(table["matching_pair_share_verdict"].drop_nulls()) == {
        "no clear difference"
    }
    answer = agreement.answer_by_team_size(table)
    assert answer
    assert "% of pairs of estimations match." in answer
    without = agreement.answer_by_team_size(table.with_columns(matching_pairs=0))
    assert "none of the pairs of estimations match." in str(without)


def test_team_sizes_are_two_to_three_four_to_six_and_seven_or_more() -> None:
    rows = [vote(NOON, amount=amount) for amount in (2, 3, 4, 5, 6, 7, 12)]
    table = plan_of(agreement.near_by_team_size, frames(*rows), DAY).collect()
    assert table.select("order", "team_size", "rounds").rows() == [
        (1, "2–3", 2),
        (2, "4–6", 3),
        (3, "7 or more", 2),
    ]


def test_every_team_size_has_its_line_also_without_a_vote() -> None:
    period = days("2026-11-02", "2026-11-15")
    plan = plan_of(
        agreement.near_by_team_size_over_time,
        frames(*vote_of(3, 3)),
        period,
        "week",
    )
    line = plan.select("order", "rounds", "estimation_pairs", "half").collect()
    assert line.rows() == [
        *((1, 1, 1, "first"), (2, 0, 0, "first"), (3, 0, 0, "first")),
        *((1, 0, 0, "second"), (2, 0, 0, "second"), (3, 0, 0, "second")),
    ]


def test_an_estimation_is_that_of_a_nearer_vote_outside_what_is_looked_at() -> None:
    """At the end of the day after: one second before midnight and two after it."""
    rows = [
        vote("2026-11-04 23:59:59"),
        estimation("anna", "2026-11-05 00:00:01"),
        vote("2026-11-05 00:00:02"),
    ]
    shared = SharedPlans(frames(*rows))
    assert estimations_with_later_votes(shared, DAY).collect().is_empty()
