from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import room_health
from metrics.frames import Frames, Period
from metrics.query import SharedPlans
from metrics.room_health import PARTS, whole_points
from tests.metrics import building
from tests.metrics.building import (
    Row,
    answer,
    at,
    column,
    one,
    plan_of,
    quick,
    unestimated,
    vote,
)

NOW = at("2026-11-22 12:00")
JUST = 1 / 86_400
"""A second ago, in days: what is exactly now is outside."""


def ago(
    days: float, *, low: int = 3, high: int = 5, amount: int = 4, room: int = 1
) -> list[Row]:
    """A vote in which one plays the low card and all others the high one."""
    time = (NOW - timedelta(days=days)).isoformat()
    cards = [low, *[high] * (amount - 1)]
    return [
        vote(time, low=low, high=high, amount=amount, room=room),
        *(
            building.estimation(f"p{n}", time, card, room=room)
            for n, card in enumerate(cards)
        ),
    ]


def frames(*rows: Row | list[Row]) -> Frames:
    flat = [row if isinstance(row, list) else [row] for row in rows]
    return building.frames(*(row for each in flat for row in each))


def only(*rows: list[Row], now: datetime = NOW) -> dict[str, object]:
    return one(room_health.health(SharedPlans(frames(*rows)), now))


def test_a_team_of_four_that_agrees_in_two_weeks_has_all_points() -> None:
    found = only(ago(JUST), ago(7.5))
    assert found["health"] == pytest.approx(100, abs=0.001)
    assert found["state"] == "healthy"
    assert found["rounds_with_estimate"] == 2


def test_one_active_week_earns_half() -> None:
    assert only(ago(JUST), ago(6.9))["health_weeks"] == 12.5


def test_the_middle_team_size_counts_up_to_four_users() -> None:
    assert only(ago(JUST, amount=2))["health_people"] == 12.5
    assert only(ago(JUST, amount=9))["health_people"] == 25
    assert only(ago(JUST, amount=2), ago(1, amount=4))["health_people"] == 18.75


def test_consensus_points_are_the_share_of_pairs_within_a_step() -> None:
    """All 6 pairs of the first vote, and the 3 of those on 21 in the second."""
    rows = [ago(1), ago(1.1, low=1, high=21), ago(1.2, low=2, high=2, amount=1)]
    assert only(*rows)["health_consensus"] == 25 * 9 / 12


def test_a_room_where_users_are_alone_has_no_points_for_consensus() -> None:
    assert only(ago(1, amount=1))["health_consensus"] == 0


def test_recency_falls_to_zero_in_28_days() -> None:
    assert only(ago(7))["health_recent"] == 18.75
    assert only(ago(40))["health_recent"] == 0


def test_votes_before_the_last_28_days_earn_nothing() -> None:
    found = only(ago(28 + JUST))
    assert (found["health"], found["state"], found["rounds_with_estimate"]) == (
        0,
        "dormant",
        0,
    )


def test_the_first_instant_of_the_28_days_counts_and_the_last_does_not() -> None:
    assert only(ago(28))["rounds_with_estimate"] == 1
    assert only(ago(28), ago(21))["health_weeks"] == 12.5 * 2
    assert only(ago(1), ago(0))["rounds_with_estimate"] == 1


@pytest.mark.parametrize(
    ("amount", "days", "points", "state"),
    [
        pytest.param(4, 19.6, 70.0, "healthy", id="70"),
        pytest.param(4, 19.7, 69.91, "cooling", id="just below 70"),
        pytest.param(1, 13.3, 31.88, "dormant", id="alone"),
        pytest.param(2, 19.6, 57.5, "cooling", id="half a team"),
    ],
)
def test_70_is_healthy_40_is_cooling(
    amount: int, days: float, points: float, state: str
) -> None:
    found = only(ago(days, amount=amount))
    assert found["health"] == pytest.approx(points, abs=0.01)
    assert found["state"] == state


def test_exactly_40_is_cooling_and_a_moment_later_dormant() -> None:
    """A split team of two in one week: 12.5 and 12.5, and 15 for recency."""
    rows = [ago(11.2, amount=2, low=1, high=21)]
    assert only(*rows)["state"] == "cooling"
    assert only(*rows, now=NOW + timedelta(minutes=1))["state"] == "dormant"


def test_votes_after_the_instant_are_not_known_yet() -> None:
    assert answer(room_health.health(SharedPlans(frames(ago(-1))), NOW)) == []


def test_empty_votes_keep_no_room_alive() -> None:
    assert (
        answer(
            room_health.health(
                SharedPlans(frames(unestimated("2026-11-22 09:00"))), NOW
            )
        )
        == []
    )


def test_a_deleted_room_has_no_name() -> None:
    found = only(ago(1, room=9))
    assert (found["room_id"], found["room_name"]) == (9, None)


def test_rooms_carry_number_and_name_the_healthiest_first() -> None:
    rows: list[Row | list[Row]] = [
        building.room(1, "quiet"),
        building.room(2, "busy"),
        building.room(3, "left"),
        building.room(4, "left later"),
        ago(20),
        ago(1, room=2),
        # Of rooms that have no points at all, the one that was used last is first.
        ago(70, amount=1, room=3),
        ago(60, amount=1, room=4),
    ]
    table = room_health.health(SharedPlans(frames(*rows)), NOW).collect()
    assert table["room_name"].to_list() == ["busy", "quiet", "left later", "left"]
    assert table["room_number"].to_list() == [2000, 1000, 4000, 3000]


def states(rows: Frames) -> pl.LazyFrame:
    return plan_of(room_health.states, rows, Period(NOW - timedelta(28), NOW))


def test_all_three_states_are_counted_also_without_rooms() -> None:
    table = plan_of(
        room_health.states, frames(ago(1), ago(8)), Period(NOW - timedelta(28), NOW)
    ).collect()
    assert table.rows() == [("healthy", 1), ("cooling", 0), ("dormant", 0)]


def test_rooms_left_for_good_are_not_among_the_states() -> None:
    """From a moment before the 56 days on."""
    rows = [ago(56, room=1), ago(56 + JUST, room=2)]
    assert states(frames(*rows)).collect()["room_count"].sum() == 1


def test_a_room_healthy_four_weeks_ago_and_dormant_now_is_listed() -> None:
    """Of the deleted one, 4, there is nothing to ask."""
    rows: list[Row | list[Row]] = [
        *(building.room(n, name) for n, name in ((1, "Phoenix"), (2, "Two"))),
        *(ago(days, room=room) for days in (29, 36, 43) for room in (1, 4)),
    ]
    rows += [ago(29, room=2), ago(36, room=2), ago(1, room=2)]  # still alive
    rows += [ago(29, room=3, amount=1, low=1, high=1)]  # was never healthy
    found = one(plan_of(room_health.gone_quiet, frames(*rows), now=NOW))
    assert found["room_name"] == "Phoenix"
    assert found["health_before"] == pytest.approx(75 + 25 * (1 - 1 / 28))
    assert found["health"] == 0
    assert found["healthy_rooms"] == 2


def test_a_room_was_healthy_at_70_points_and_is_not_dormant_at_40() -> None:
    """Each a moment before it has fewer."""
    healthy = [ago(28 + 19.6)]
    assert quiet_rooms(healthy) == [1]
    assert quiet_rooms(healthy, now=NOW + timedelta(minutes=1)) == []
    cooling = [ago(29), ago(36), ago(11.2, amount=2, low=1, high=21)]
    assert quiet_rooms(cooling) == []
    assert quiet_rooms(cooling, now=NOW + timedelta(minutes=1)) == [1]


def quiet_rooms(rows: list[list[Row]], now: datetime = NOW) -> list[object]:
    known = frames(building.room(1, "Phoenix"), *rows)
    return column(plan_of(room_health.gone_quiet, known, now=now), "room_id")


def test_a_room_that_has_gone_quiet_says_when_it_last_voted() -> None:
    rows = [ago(29), ago(36), ago(27, amount=1, low=1, high=1)]
    known = frames(building.room(1, "Phoenix"), *rows)
    found = one(plan_of(room_health.gone_quiet, known, now=NOW))
    assert found["last_round_at"] == NOW - timedelta(days=27)
    assert found["health"] == pytest.approx(only(*rows)["health"])


@quick
@given(
    st.lists(
        st.tuples(*[st.floats(0, 25, allow_nan=False)] * 4), min_size=1, max_size=5
    )
)
def test_whole_points_of_the_parts_add_up_to_those_of_the_health(
    parts: list[tuple[float, ...]],
) -> None:
    frame = pl.DataFrame(parts, dict.fromkeys(PARTS, pl.Float64), orient="row")
    health = pl.sum_horizontal(PARTS)
    shown = whole_points(frame.with_columns(health=health))
    whole = shown.select(pl.sum_horizontal(PARTS)).to_series().to_list()
    assert whole == shown["health"].floor().to_list()
    for part in PARTS:
        assert ((shown[part] - frame[part]).abs() < 1).all()


def test_of_rooms_whose_health_is_unknown_nothing_is_said() -> None:
    """As without the table of estimations: the list has their votes all the same."""
    table = pl.DataFrame({"state": [None] * 25, "health": [None] * 25})
    unknown = table.cast({"state": pl.String, "health": pl.Float64})
    assert room_health.answer_each_room(unknown) is None
