from metrics import spectators
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

WEEK = days("2026-11-02", "2026-11-08")
DAY = "2026-11-03 09:00"
LATER = "2026-11-20 09:00"
AFTER = at("2026-12-31")
"""When all newcomers of the week have been followed for 28 days."""


def watches(who: str, time: str = DAY) -> Row:
    return estimation(who, time, None, spectator=True)


def counted(*rows: Row) -> dict[str, object]:
    """The totals of the week, long after it."""
    return one(plan_of(spectators.totals, frames(*rows), WEEK, now=AFTER))


def test_the_share_is_of_participations_in_votes_with_an_estimation() -> None:
    rows = [vote(DAY, amount=3, spectators=1)] * 5
    found = one(plan_of(spectators.totals, frames(*rows, unestimated(DAY)), WEEK))
    assert (found["rounds_with_estimate"], found["seats"], found["spectators"]) == (
        5,
        20,
        5,
    )
    assert found["spectator_share"] == 0.25


def test_users_who_watched_first_and_estimated_later() -> None:
    rows = [watches("a"), estimation("a", LATER), watches("b"), watches("b", LATER)]
    found = counted(*rows)
    assert (found["watched_first"], found["estimated_later"]) == (2, 1)


def test_users_who_estimated_first_are_no_newcomers() -> None:
    rows = [estimation("a", "2026-10-01 09:00"), watches("a"), estimation("a", LATER)]
    rows += [estimation("b", "2026-11-02 09:00"), watches("b"), estimation("b", LATER)]
    assert counted(*rows)["watched_first"] == 0


def test_users_who_watched_first_before_the_window_do_not_count_again() -> None:
    rows = [watches("a", "2026-10-01 09:00"), watches("a")]
    assert counted(*rows)["watched_first"] == 0


def test_an_empty_participation_later_is_no_estimation() -> None:
    rows = [watches("a"), estimation("a", LATER, None)]
    assert counted(*rows)["estimated_later"] == 0


def test_the_share_of_twenty_users_is_shown() -> None:
    rows = [watches(f"p{n}") for n in range(20)]
    rows += [estimation(f"p{n}", LATER) for n in range(5)]
    found = counted(*rows)
    assert found["estimated_later_share"] == 0.25


def test_the_line_has_every_week() -> None:
    period = days("2026-11-02", "2026-11-15")
    line = plan_of(
        spectators.over_time, frames(vote(DAY, spectators=1)), period, "week"
    )
    assert line.collect()["seats"].to_list() == [3, 0]


def test_everyone_is_followed_for_28_days() -> None:
    """One estimates just in time, one too late."""
    rows = [watches(who) for who in "ab"]
    rows += [estimation("a", "2026-12-01 08:59"), estimation("b", "2026-12-01 09:00")]
    found = counted(*rows)
    assert (found["watched_first"], found["estimated_later"]) == (2, 1)


def test_newcomers_are_those_of_the_latest_days_that_are_28_days_ago() -> None:
    rows = [watches("a"), watches("b", "2026-10-10 09:00")]
    found = one(plan_of(spectators.totals, frames(*rows), WEEK, now=at("2026-11-09")))
    assert found["watched_first"] == 1
    dates = (str(found["watched_since"]), str(found["watched_until"]))
    assert dates == ("2026-10-05", "2026-10-11")
