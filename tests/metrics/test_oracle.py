"""Each metric equals a plain loop over the same random world."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from metrics import (
    agreement,
    auto_flip,
    consensus,
    convergence,
    funnel,
    invites,
    retention,
    room_health,
    spectators,
    vote_time,
    votes,
)
from metrics.frames import Period
from metrics.query import SharedPlans
from metrics.subject import Build
from tests.metrics.building import answer, column, one, plan_of, quick
from tests.metrics.oracle import rooms, teams, users
from tests.metrics.oracle.world import DAYS, MEETINGS, WORLDS, World, day

WINDOW = Period.of_days(day(0), day(DAYS))
LATER = datetime(2026, 11, 30, 12)
TOTALS: Mapping[
    str,
    tuple[Build, Callable[[World], teams.Figures]],
] = {
    "consensus": (consensus.totals, teams.consensus),
    "agreement": (agreement.totals, teams.agreement),
    "convergence": (convergence.totals, teams.convergence),
    "round_time": (vote_time.totals, teams.round_time),
    "spectators": (spectators.totals, users.spectators),
    "auto_flip": (auto_flip.totals, teams.auto_flip),
}


@pytest.mark.parametrize("name", TOTALS)
@quick
@given(WORLDS)
@example(MEETINGS)
def test_totals(name: str, world: World) -> None:
    totals, counted = TOTALS[name]
    found, by_hand = (
        one(plan_of(totals, world.frames, WINDOW, now=LATER)),
        counted(world),
    )
    assert {key: found[key] for key in by_hand} == pytest.approx(by_hand)
    # What is not counted here are intervals and verdicts (see test_uncertainty.py).
    assert all(_UNSURE.search(key) for key in found.keys() - by_hand.keys())


_UNSURE = re.compile("_(low|high|verdict|detectable|since|until)$|^convergence_excess$")


@quick
@given(WORLDS)
def test_a_figure_is_the_same_in_all_tables_of_totals(world: World) -> None:
    """Also of few votes: one page would hide what another one shows."""
    asked = (votes.totals, vote_time.totals, auto_flip.totals)
    pages = [one(plan_of(table, world.frames, WINDOW, now=LATER)) for table in asked]
    figures = ("duration_median_seconds", "duration_p90_seconds", "auto_flip_share")
    for figure in figures:
        found = [page[figure] for page in pages if figure in page]
        assert len(found) == 2
        assert found[0] == pytest.approx(found[1])


@quick
@given(WORLDS, st.integers(1, 40))
def test_room_health_and_the_rooms_that_have_gone_quiet(world: World, on: int) -> None:
    now = datetime.combine(day(on), datetime.min.time()) + timedelta(
        hours=9, minutes=99
    )
    table = room_health.health(SharedPlans(world.frames), now).collect()
    points = dict(table.select("room_id", "health").iter_rows())
    assert points == pytest.approx(rooms.health(world, now))
    quiet = column(plan_of(room_health.gone_quiet, world.frames, now=now), "room_id")
    assert sorted(map(int, map(str, quiet))) == rooms.gone_quiet(world, now)


@quick
@given(
    WORLDS,
    st.sampled_from(["rooms", "users"]),
    st.sampled_from([1, 2]),
    st.integers(8, 45),
)
def test_retention(
    world: World, who: retention.Cohorts, weeks: retention.Weeks, on: int
) -> None:
    now = datetime.combine(day(on), datetime.min.time())
    plan = retention.grid(SharedPlans(world.frames), now, who, weeks, cohorts=4)
    cells = plan.select("cohort", "size", "k", "alive", "share", "later").collect()
    assert cells.rows() == rooms.retention(world, now, who, weeks, 4)


@quick
@given(WORLDS)
@example(MEETINGS)
def test_the_activation_funnel(world: World) -> None:
    found = column(plan_of(funnel.steps, world.frames, WINDOW, now=LATER), "reached")
    assert found == users.funnel(world)


@quick
@given(WORLDS)
def test_the_invite_loop(world: World) -> None:
    found = answer(plan_of(invites.by_room, world.frames, WINDOW, now=LATER))
    assert {row["room_id"]: row["newcomers"] for row in found} == users.newcomers(world)
    totals = one(plan_of(invites.totals, world.frames, WINDOW, now=LATER))
    assert (totals["openers"], totals["inviters"]) == users.intent(world)
