"""The tables on how teams estimate, by name; their titles are the questions."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import polars as pl

from metrics.anomalies import unusual_days
from metrics.frames import Frames, Window
from metrics.insights import (
    agreement,
    auto_flip,
    consensus,
    convergence,
    funnel,
    health,
    invites,
    retention,
    round_time,
    spectators,
)
from metrics.insights.rounds import weekly
from metrics.metric_table import MetricTable, table
from metrics.scope import Every, Scope
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, ROOMS, USERS, VOTES

type Build = Callable[[Scope], pl.LazyFrame]


def _of_period(build: Callable[[Frames, Window], pl.LazyFrame]) -> Build:
    return lambda scope: build(scope.frames, scope.window)


def _over_time(build: Callable[[Frames, Window, Every], pl.LazyFrame]) -> Build:
    """Draw weeks where the page draws days: a day has too few rounds for a rate."""
    return lambda scope: build(scope.frames, scope.window, weekly(scope.every))


def _as_of(scope: Scope) -> datetime:
    """Return the end of the period, or now where it has not ended."""
    return min(scope.window.end, scope.now)


def _at_the_end(build: Callable[[Frames, datetime], pl.LazyFrame]) -> Build:
    return lambda scope: build(scope.frames, _as_of(scope))


def _new_rooms(build: Callable[[Frames, Window, datetime], pl.LazyFrame]) -> Build:
    return lambda scope: build(scope.frames, scope.window, scope.now)


def _funnel(build: Callable[[Frames, Window], pl.LazyFrame]) -> Build:
    return lambda scope: build(scope.frames, funnel.mature(scope.window, scope.now))


def _funnel_by(dimension: funnel.By) -> Build:
    return _funnel(lambda frames, window: funnel.by(frames, window, dimension))


def _retention() -> Iterator[MetricTable]:
    """Yield the grids of rooms and users, in weeks and sprints, and their averages."""
    kinds: tuple[tuple[retention.Who, str], ...] = (
        ("rooms", "rooms are used again"),
        ("users", "people estimate again"),
    )
    buckets: tuple[tuple[retention.Weeks, str], ...] = ((1, "weeks"), (2, "sprints"))
    for who, again in kinds:
        reads = VOTES if who == "rooms" else ESTIMATIONS
        for weeks, unit in buckets:
            grid = _grid(who, weeks)
            name = f"retention_{who}_by_{unit}"
            yield table(name, f"How many {again} some {unit} later?", grid, reads)
            yield table(
                f"{name}_average",
                f"How many {again} on average?",
                _averaged(grid),
                reads,
            )


def _grid(who: retention.Who, weeks: retention.Weeks) -> Build:
    return lambda scope: retention.grid(scope.frames, _as_of(scope), who, weeks)


def _averaged(grid: Build) -> Build:
    return lambda scope: retention.average(grid(scope))


_JOINED = (VOTES, ESTIMATIONS)
_JOURNEY = (USERS, PAGE_VIEWS, EVENTS, ESTIMATIONS, VOTES)
_INVITES = (ROOMS, ESTIMATIONS, EVENTS)

_TABLES = (
    table(
        "consensus",
        "How far apart do rounds end?",
        _of_period(consensus.totals),
        VOTES,
    ),
    table(
        "consensus_over_time",
        "Do teams agree more than before?",
        _over_time(consensus.over_time),
        VOTES,
    ),
    table(
        "consensus_by_team_size",
        "Do teams agree at first sight?",
        _of_period(consensus.by_team_size),
        VOTES,
    ),
    table(
        "consensus_by_team_size_over_time",
        "Do large teams drift apart?",
        _over_time(consensus.over_time_by_team_size),
        VOTES,
    ),
    table(
        "agreement",
        "How many estimates agree?",
        _of_period(agreement.totals),
        *_JOINED,
    ),
    table(
        "agreement_over_time",
        "Do more people stand on the most common card?",
        _over_time(agreement.over_time),
        *_JOINED,
    ),
    table(
        "agreement_by_team_size",
        "How many stand on the most common card?",
        _of_period(agreement.by_team_size),
        *_JOINED,
    ),
    table(
        "convergence",
        "Do split teams agree once they have talked?",
        _of_period(convergence.totals),
        *_JOINED,
    ),
    table(
        "convergence_over_time",
        "Do split teams converge more than before?",
        _over_time(convergence.over_time),
        *_JOINED,
    ),
    table(
        "round_time",
        "Where does the time of a meeting go?",
        _of_period(round_time.totals),
        VOTES,
    ),
    table(
        "round_time_over_time",
        "Do rounds take longer than before?",
        _over_time(round_time.over_time),
        VOTES,
    ),
    table(
        "room_states",
        "How many rooms are alive?",
        _at_the_end(health.states),
        VOTES,
        ROOMS,
    ),
    table(
        "room_health",
        "How healthy is each room?",
        _at_the_end(health.health),
        VOTES,
        ROOMS,
    ),
    table(
        "rooms_gone_quiet",
        "Which healthy rooms have gone quiet?",
        _at_the_end(health.went_dormant),
        VOTES,
        ROOMS,
    ),
    table(
        "spectators",
        "Do people who watch take part later?",
        _of_period(spectators.totals),
        *_JOINED,
    ),
    table(
        "spectators_over_time",
        "How many only watch?",
        _over_time(spectators.over_time),
        VOTES,
    ),
    table(
        "auto_flip", "What does auto-flip change?", _of_period(auto_flip.totals), VOTES
    ),
    table(
        "auto_flip_by_kind",
        "Are rounds with auto-flip quicker?",
        _of_period(auto_flip.by_kind),
        VOTES,
    ),
    *_retention(),
    table("funnel", "How far do new users get?", _funnel(funnel.steps), *_JOURNEY),
    table(
        "funnel_by_source",
        "Which sources bring people who stay?",
        _funnel_by("source"),
        *_JOURNEY,
    ),
    table(
        "funnel_by_device",
        "On which devices do people stay?",
        _funnel_by("device"),
        *_JOURNEY,
    ),
    table(
        "funnel_by_country",
        "From which countries do people stay?",
        _funnel_by("country"),
        *_JOURNEY,
    ),
    table(
        "invites", "Do rooms bring new people?", _new_rooms(invites.totals), *_INVITES
    ),
    table(
        "invites_by_newcomers",
        "How many new people does a new room bring?",
        _new_rooms(invites.newcomers),
        *_INVITES,
    ),
    table(
        "invites_by_room",
        "Which new rooms brought most new people?",
        _new_rooms(invites.rooms),
        *_INVITES,
    ),
    table(
        "unusual_days",
        "Which days were out of the ordinary?",
        lambda s: unusual_days(s.frames, s.window, s.now.date()),
        PAGE_VIEWS,
        VOTES,
    ),
)

INSIGHT_CATALOGUE: Mapping[str, MetricTable] = {t.name: t for t in _TABLES}
