"""The tables on how teams estimate, by name; their titles are the questions."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import polars as pl

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
)
from metrics.estimated_votes import at_least_weekly
from metrics.frames import Frames, Period
from metrics.metric_table import MetricTable, table
from metrics.query import Granularity, Query
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, ROOMS, USERS, VOTES
from metrics.unusual_days import unusual_days

type Build = Callable[[Query], pl.LazyFrame]


def _of_period(build: Callable[[Frames, Period], pl.LazyFrame]) -> Build:
    return lambda query: build(query.frames, query.period)


def _over_time(build: Callable[[Frames, Period, Granularity], pl.LazyFrame]) -> Build:
    """Draw weeks where the page draws days: a day has too few rounds for a rate."""
    return lambda query: build(
        query.frames, query.period, at_least_weekly(query.granularity)
    )


def _as_of(query: Query) -> datetime:
    """Return the end of the period, or now where it has not ended."""
    return min(query.period.end, query.now)


def _at_the_end(build: Callable[[Frames, datetime], pl.LazyFrame]) -> Build:
    return lambda query: build(query.frames, _as_of(query))


def _new_rooms(build: Callable[[Frames, Period, datetime], pl.LazyFrame]) -> Build:
    return lambda query: build(query.frames, query.period, query.now)


def _funnel(build: Callable[[Frames, Period], pl.LazyFrame]) -> Build:
    return lambda query: build(query.frames, funnel.mature(query.period, query.now))


def _funnel_by(dimension: funnel.By) -> Build:
    return _funnel(lambda frames, period: funnel.by(frames, period, dimension))


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
    return lambda query: retention.grid(query.frames, _as_of(query), who, weeks)


def _averaged(grid: Build) -> Build:
    return lambda query: retention.average(grid(query))


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
        _of_period(vote_time.totals),
        VOTES,
    ),
    table(
        "round_time_over_time",
        "Do rounds take longer than before?",
        _over_time(vote_time.over_time),
        VOTES,
    ),
    table(
        "room_states",
        "How many rooms are alive?",
        _at_the_end(room_health.states),
        VOTES,
        ROOMS,
    ),
    table(
        "room_health",
        "How healthy is each room?",
        _at_the_end(room_health.health),
        VOTES,
        ROOMS,
    ),
    table(
        "rooms_gone_quiet",
        "Which healthy rooms have gone quiet?",
        _at_the_end(room_health.went_dormant),
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
        lambda s: unusual_days(s.frames, s.period, s.now.date()),
        PAGE_VIEWS,
        VOTES,
    ),
)

INSIGHT_TABLES: Mapping[str, MetricTable] = {t.name: t for t in _TABLES}
