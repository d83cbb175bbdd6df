import time
from collections.abc import Hashable
from datetime import datetime, timedelta

import pytest
from polars.testing import assert_frame_equal

from metrics import convergence
from metrics.query import SharedPlans
from tests.metrics.building import (
    Row,
    at,
    days,
    estimation,
    executed,
    frames,
    one,
    plan_of,
    query,
    unestimated,
    vote,
)
from tests.metrics.oracle import statistics

DAY = days("2026-11-03", "2026-11-03")
FIRST = "2026-11-03 09:00:00"
TEAM = ("a", "b", "c", "d")


def vote_at(
    time: str,
    low: int,
    high: int,
    users: tuple[str, ...] = TEAM,
    *,
    duration: int = 60,
    room: int = 1,
) -> list[Row]:
    return [
        vote(time, low=low, high=high, amount=len(users), duration=duration, room=room),
        *(estimation(who, time, room=room) for who in users),
    ]


def counts(*vote_rows: list[Row]) -> tuple[object, ...]:
    rows = [row for each in vote_rows for row in each]
    found = one(plan_of(convergence.totals, frames(*rows), DAY))
    return found["apart_rounds"], found["re_votes"], found["converged"]


def test_a_split_vote_voted_again_with_fewer_steps_converges() -> None:
    again = vote_at("2026-11-03 09:05:00", 3, 5)
    assert counts(vote_at(FIRST, 2, 13), again) == (1, 1, 1)


def test_a_re_vote_that_is_as_far_apart_does_not_converge() -> None:
    again = vote_at("2026-11-03 09:05:00", 1, 5)
    assert counts(vote_at(FIRST, 1, 5), again) == (2, 1, 0)


def test_votes_one_step_apart_ask_for_no_re_vote() -> None:
    assert counts(vote_at(FIRST, 3, 5), vote_at("2026-11-03 09:05", 3, 3)) == (
        0,
        0,
        0,
    )


@pytest.mark.parametrize(
    ("ends", "duration", "re_votes"),
    [
        pytest.param("09:01:00", 60, 1, id="starts at once"),
        pytest.param("09:01:00", 61, 0, id="started a second before the first ended"),
        pytest.param("09:11:00", 60, 1, id="starts after exactly ten minutes"),
        pytest.param("09:11:01", 60, 0, id="starts a second later"),
        pytest.param("09:30:00", 1500, 1, id="counts from its start, not its end"),
    ],
)
def test_a_re_vote_starts_0_to_10_minutes_after_the_end(
    ends: str, duration: int, re_votes: int
) -> None:
    again = vote_at(f"2026-11-03 {ends}", 3, 3, duration=duration)
    assert counts(vote_at(FIRST, 1, 5), again)[1] == re_votes


@pytest.mark.parametrize(
    ("users", "re_votes"),
    [
        pytest.param(("a", "b", "c", "d", "e"), 1, id="4 of 5 users"),
        pytest.param(("a", "b", "c"), 0, id="3 of 4 users"),
        pytest.param(("w", "x", "y", "z"), 0, id="none of 8"),
    ],
)
def test_at_least_80_percent_of_the_users_are_the_same(
    users: tuple[str, ...], re_votes: int
) -> None:
    again = vote_at("2026-11-03 09:05:00", 3, 3, users)
    assert counts(vote_at(FIRST, 1, 5), again)[1] == re_votes


def test_only_the_rooms_very_next_vote_can_be_a_re_vote() -> None:
    others = vote_at("2026-11-03 09:03:00", 3, 3, ("x", "y"))
    late = vote_at("2026-11-03 09:05:00", 3, 3)
    assert counts(vote_at(FIRST, 1, 5), others, late)[1] == 0


def test_an_empty_vote_is_passed_over() -> None:
    empty = [unestimated("2026-11-03 09:03:00")]
    again = vote_at("2026-11-03 09:05:00", 3, 3)
    assert counts(vote_at(FIRST, 1, 5), empty, again) == (1, 1, 1)


def test_another_rooms_vote_is_no_re_vote() -> None:
    elsewhere = vote_at("2026-11-03 09:05:00", 3, 3, room=2)
    assert counts(vote_at(FIRST, 1, 5), elsewhere)[1] == 0


def test_a_re_vote_after_midnight_belongs_to_the_first_votes_day() -> None:
    first = vote_at("2026-11-03 23:59:00", 1, 5)
    assert counts(first, vote_at("2026-11-04 00:02:00", 3, 3)) == (1, 1, 1)


def test_a_vote_without_joined_estimations_cannot_be_compared() -> None:
    again = [vote("2026-11-03 09:05:00", amount=4)]
    assert counts(vote_at(FIRST, 1, 5), again) == (1, 0, 0)


def test_rates_from_twenty_split_votes() -> None:
    vote_rows = []
    for room in range(1, 21):
        vote_rows.append(vote_at(FIRST, 1, 5, room=room))
        if room <= 15:
            vote_rows.append(vote_at("2026-11-03 09:05:00", 3, 3, room=room))
    rows = [row for each in vote_rows for row in each]
    found = one(plan_of(convergence.totals, frames(*rows), DAY))
    assert found["re_vote_rate"] == 0.75
    assert found["convergence"] is None  # fifteen re-votes are too few
    line = one(plan_of(convergence.over_time, frames(*rows), DAY, "week"))
    assert (line["bucket"], line["cut"]) == (
        at("2026-11-02").date(),
        "start and running",
    )
    assert line["re_vote_rate"] == 0.75


def test_re_votes_are_compared_with_votes_of_their_own_period() -> None:
    """A room's wide votes of the day before tell nothing about this one."""
    day_before = days("2026-11-02", "2026-11-02")
    votes = {
        "2026-11-03 09:00": (1, 13),
        "2026-11-03 09:05": (3, 5),
        "2026-11-03 14:00": (3, 3),
        "2026-11-02 09:00": (1, 13),
        "2026-11-02 09:05": (1, 21),
        "2026-11-02 14:00": (1, 21),
    }
    rows = [
        row
        for room in range(20)
        for time, (low, high) in votes.items()
        for row in vote_at(time, low, high, (f"{room} a", f"{room} b"), room=room)
    ]
    now = query(frames(*rows), DAY, day_before)
    before = now.comparison_query
    assert before is not None
    shared = SharedPlans.of(now)
    for asked, expected in ((now, 1.0), (before, 0.0)):
        together = executed(convergence.totals(asked, shared))
        alone = executed(convergence.totals(asked, SharedPlans.of(asked, both=False)))
        assert_frame_equal(together, alone)
        assert together["expected_convergence"].to_list() == [expected]


def test_wide_votes_are_compared_with_near_ones_by_room() -> None:
    """Thirty rooms: wide votes are followed at once in most, near ones in few."""
    rooms = range(30)
    spreads = {"wide": ((1, 13), 5), "near": ((3, 5), 3)}
    rows, followed = list[Row](), dict[str, dict[Hashable, tuple[float, float]]]()
    for hour, (kind, ((low, high), often)) in enumerate(spreads.items(), 9):
        followed[kind] = {}
        for room in rooms:
            again = (room % 6 + hour) % 6 < often
            users = tuple(f"{room} {who}" for who in "ab")
            at_nine = f"2026-11-03 {hour:02}:00:00"
            rows += vote_at(at_nine, low, high, users, room=room)
            if again:
                end = f"2026-11-03 {hour:02}:05:00"
                rows += vote_at(end, 3, 3, users, room=room)
            followed[kind][room] = (float(again), 1.0)
    # What follows is a near vote itself, and nothing follows that.
    for kind in spreads:
        for room in rooms:
            part, n = followed["near"][room]
            followed["near"][room] = (part, n + followed[kind][room][0])
    found = one(plan_of(convergence.totals, frames(*rows), DAY))
    near, wide = followed["near"], followed["wide"]
    assert (found["agreeing_rounds"], found["apart_rounds"]) == (
        statistics.totals(near)[1],
        statistics.totals(wide)[1],
    )
    p = statistics.p_value(wide, near)
    difference = statistics.share(wide) - statistics.share(near)
    assert found["re_vote_rate_verdict"] == statistics.verdict(p, difference)
    least = statistics.detectable(wide, near, 1)
    assert found["re_vote_rate_detectable"] == pytest.approx(least, abs=1e-9)


def test_a_room_of_thousands_of_votes_takes_as_long_as_many_rooms_of_few() -> None:
    """Each re-vote is compared with all votes of its room: pairs would be millions."""
    pairs = 1_500

    def taken(rooms: int) -> float:
        rows = list[Row]()
        for number in range(pairs):
            start = datetime(2026, 9, 1) + timedelta(minutes=20 * number)
            users, room = (f"{number % rooms} a", f"{number % rooms} b"), number % rooms
            for after, (low, high) in enumerate(((1, 13), (3, 5))):
                end = f"{start + timedelta(minutes=5 * after)}"
                rows += vote_at(end, low, high, users, room=room + 1)
        votes, period = frames(*rows), days("2026-09-01", "2026-10-31")
        began = time.process_time()
        found = one(plan_of(convergence.totals, votes, period))
        seconds = time.process_time() - began
        assert found["compared_re_votes"] == pairs
        # Of the other votes of a room the near ones, which are half of them.
        assert found["expected_convergence"] == 0.5
        return seconds

    assert taken(1) < 5 * max(taken(20), 0.05)
