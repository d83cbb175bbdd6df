"""Rules of the metrics on any data."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from metrics import behaviour, traffic, votes
from metrics.frames import Frames, Period
from tests.metrics.building import (
    Row,
    answer,
    column,
    days,
    estimation,
    event,
    frames,
    one,
    plan_of,
    quick,
    unestimated,
    view,
    vote,
)

FIRST = datetime(2026, 10, 26)
MINUTES = 28 * 24 * 60
FOUR_WEEKS = days("2026-10-26", "2026-11-22")

TIMES = st.integers(0, MINUTES - 1).map(
    lambda minute: (FIRST + timedelta(minutes=minute)).isoformat()
)
USERS = st.sampled_from("abcd")
SOURCES = st.sampled_from([None, "cv", "https://www.google.com/", "x"])
ROUTES = st.sampled_from(["HOME", "ROOM", "GUIDE"])
ACTIONS = st.one_of(
    st.builds(view, USERS, TIMES, ROUTES, SOURCES),
    st.builds(event, USERS, TIMES),
    st.builds(estimation, USERS, TIMES),
)
VOTES = st.builds(
    vote,
    TIMES,
    room=st.integers(1, 3),
    amount=st.integers(1, 9),
    spectators=st.integers(0, 3),
    duration=st.integers(0, 5000),
    flip=st.booleans(),
)
SOME_ACTIONS = st.lists(ACTIONS, max_size=25).map(lambda rows: frames(*rows))
SOME_VOTES = st.lists(VOTES, max_size=12)


def number(row: dict[str, object], name: str) -> float:
    value = row[name]
    assert isinstance(value, int | float)
    return value


@quick
@given(SOME_ACTIONS)
def test_rates_are_from_0_to_1_and_add_up(rows: Frames) -> None:
    totals = one(plan_of(traffic.totals, rows))
    for rate in ("bounce_rate", "activation_rate", "visit_bounce_rate"):
        assert totals[rate] is None or 0 <= number(totals, rate) <= 1
    if totals["unique_users"]:
        both = number(totals, "bounce_rate") + number(totals, "activation_rate")
        assert abs(both - 1) < 1e-12


@quick
@given(st.lists(ACTIONS, max_size=25))
def test_users_are_at_most_visits_and_visits_at_most_actions(rows: list[Row]) -> None:
    totals = one(plan_of(traffic.totals, frames(*rows)))
    user_rows = len({row.values["user_id"] for row in rows})
    assert number(totals, "unique_users") <= user_rows
    assert user_rows <= number(totals, "visits") <= len(rows)


@quick
@given(SOME_ACTIONS)
def test_visits_of_the_days_add_up_to_those_of_the_period(rows: Frames) -> None:
    daily = column(plan_of(traffic.over_time, rows, FOUR_WEEKS, "day"), "visits")
    assert len(daily) == 28
    total = one(plan_of(traffic.totals, rows, FOUR_WEEKS))["visits"]
    assert sum(int(str(visits)) for visits in daily) == total


@quick
@given(SOME_ACTIONS, st.integers(0, 3))
def test_a_week_alone_equals_the_week_shown(rows: Frames, week: int) -> None:
    start = FIRST + timedelta(weeks=week)
    alone = Period(start, start + timedelta(weeks=1))
    shown = answer(plan_of(traffic.over_time, rows, FOUR_WEEKS, "week"))[week]
    assert shown == {
        "bucket": start.date(),
        **one(plan_of(traffic.totals, rows, alone)),
        "cut": None,
    }


@quick
@given(SOME_VOTES, st.lists(TIMES, min_size=1, max_size=5))
def test_a_vote_without_estimations_changes_no_average(
    vote_rows: list[Row], empty: list[str]
) -> None:
    without = one(plan_of(votes.totals, frames(*vote_rows)))
    added = one(
        plan_of(votes.totals, frames(*vote_rows, *(unestimated(t) for t in empty)))
    )
    counts = {
        "votes": len(vote_rows) + len(empty),
        "rounds_without_estimate": len(empty),
    }
    assert added == without | counts


@quick
@given(SOME_VOTES)
def test_weekdays_and_hours_count_every_vote_once(vote_rows: list[Row]) -> None:
    rows = frames(*vote_rows)
    hours = answer(plan_of(votes.by_weekday_and_hour, rows, FOUR_WEEKS))
    table = answer(plan_of(votes.by_weekday, rows, FOUR_WEEKS))
    assert len(hours) == 168
    for day in table:
        own = [h for h in hours if h["weekday"] == day["weekday"]]
        assert sum(int(number(h, "votes")) for h in own) == day["votes"]
        assert day["days"] == 4
    assert sum(int(number(day, "votes")) for day in table) == len(vote_rows)


@quick
@given(SOME_ACTIONS)
def test_ranked_lists_fall_and_their_shares_add_up_to_1(rows: Frames) -> None:
    for plan in (plan_of(behaviour.routes, rows), plan_of(behaviour.sources, rows)):
        counts = [int(str(count)) for count in column(plan, "count")]
        assert counts == sorted(counts, reverse=True)
        shares = [float(str(share)) for share in column(plan, "share")]
        assert not shares or abs(sum(shares) - 1) < 1e-9


@quick
@given(SOME_ACTIONS)
def test_labels_over_time_add_up_to_the_ranked_list(rows: Frames) -> None:
    ranked = {r["route"]: r["count"] for r in answer(plan_of(behaviour.routes, rows))}
    shown: dict[object, int] = {}
    for row in answer(plan_of(behaviour.routes_over_time, rows, FOUR_WEEKS, "week")):
        count = int(number(row, "count"))
        shown[row["label"]] = shown.get(row["label"], 0) + count
    assert shown == ranked
