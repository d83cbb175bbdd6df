import pytest

from metrics import convergence
from tests.metrics.building import (
    Row,
    at,
    days,
    estimation,
    frames,
    one,
    plan_of,
    unestimated,
    vote,
)

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
