"""Rules of the insights on any data."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from metrics import (
    agreement,
    auto_flip,
    consensus,
    convergence,
    funnel,
    invites,
    room_health,
    spectators,
    vote_time,
)
from metrics.card_scale import SCALE
from metrics.query import SharedPlans
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
    room,
    user,
    vote,
)

FIRST = datetime(2026, 9, 28)
WINDOW = days("2026-09-28", "2026-10-25")
NOW = datetime(2026, 11, 22, 12)
TIMES = st.integers(0, 20 * 24 * 60).map(
    lambda minute: (FIRST + timedelta(minutes=minute)).isoformat()
)
USERS = st.sampled_from("abcdef")
ESTIMATES = st.dictionaries(USERS, st.sampled_from(SCALE), min_size=1, max_size=6)


def a_vote(
    time: str, key: int, given: dict[str, int], watching: int, *, flip: bool
) -> list[Row]:
    """A vote as the product stores it: its estimations agree with its figures."""
    values = given.values()
    return [
        vote(
            time,
            room=key,
            low=min(values),
            high=max(values),
            amount=len(given),
            spectators=watching,
            flip=flip,
        ),
        *(estimation(who, time, value, room=key) for who, value in given.items()),
        *(
            estimation(f"s{n}", time, None, room=key, spectator=True)
            for n in range(watching)
        ),
    ]


VOTES = st.lists(
    st.builds(
        a_vote,
        TIMES,
        st.integers(1, 3),
        ESTIMATES,
        st.integers(0, 2),
        flip=st.booleans(),
    ),
    max_size=30,
).map(lambda vote_rows: [row for each in vote_rows for row in each])
NEWCOMERS = st.lists(
    st.one_of(
        st.builds(event, USERS, TIMES, st.just("ENTERED_NEW_ROOM")),
        st.builds(event, USERS, TIMES, st.just("COPIED_ROOM_LINK")),
    ),
    max_size=15,
).map(lambda rows: [*rows, *(user(who, "2026-09-28 00:00") for who in "abcdef")])
ROOMS = [room(key, f"room {key}", "2026-09-28 00:00") for key in (1, 2, 3)]


def number(row: dict[str, object], name: str) -> float:
    value = row[name]
    assert isinstance(value, int | float)
    return value


def assert_rates_between_0_and_1(row: dict[str, object]) -> None:
    for name, value in row.items():
        if isinstance(value, float) and not name.endswith(("seconds", "steps", "hour")):
            assert 0 <= value <= 1, name


@quick
@given(VOTES, NEWCOMERS)
def test_rates_are_from_0_to_1(vote_rows: list[Row], user_rows: list[Row]) -> None:
    rows = frames(*vote_rows, *user_rows, *ROOMS)
    for plan in (
        plan_of(consensus.totals, rows, WINDOW),
        plan_of(agreement.totals, rows, WINDOW),
        plan_of(convergence.totals, rows, WINDOW),
        plan_of(vote_time.totals, rows, WINDOW),
        plan_of(spectators.totals, rows, WINDOW),
        plan_of(auto_flip.totals, rows, WINDOW),
        plan_of(invites.totals, rows, WINDOW, now=NOW),
    ):
        assert_rates_between_0_and_1(one(plan))


@quick
@given(VOTES)
def test_weeks_add_up_to_the_period(vote_rows: list[Row]) -> None:
    rows = frames(*vote_rows)
    line = column(plan_of(consensus.over_time, rows, WINDOW, "week"), "rounds")
    assert len(line) == 4
    total = one(plan_of(consensus.totals, rows, WINDOW))["rounds"]
    assert sum(int(str(n)) for n in line) == total
    sizes = column(plan_of(agreement.by_team_size, rows, WINDOW), "rounds")
    assert sum(int(str(n)) for n in sizes) == total


@quick
@given(VOTES, NEWCOMERS)
def test_funnel_steps_never_grow_and_dimensions_add_up(
    vote_rows: list[Row], user_rows: list[Row]
) -> None:
    rows = frames(*vote_rows, *user_rows)
    steps = [
        int(str(n))
        for n in column(plan_of(funnel.steps, rows, WINDOW, now=NOW), "reached")
    ]
    assert steps[0] == 6
    assert steps == sorted(steps, reverse=True)
    for build in (funnel.by_source, funnel.by_device, funnel.by_country):
        table = plan_of(build, rows, WINDOW, now=NOW).collect()
        assert [table[step].sum() for step in funnel.STEPS] == steps


@quick
@given(VOTES)
def test_health_is_from_0_to_100_and_is_the_sum_of_its_parts(
    vote_rows: list[Row],
) -> None:
    for found in answer(
        room_health.health(SharedPlans(frames(*vote_rows)), FIRST + timedelta(20))
    ):
        parts = [
            number(found, f"health_{part}")
            for part in ("weeks", "people", "consensus", "recent")
        ]
        assert all(0 <= part <= 25 for part in parts)
        assert abs(number(found, "health") - sum(parts)) < 1e-9
