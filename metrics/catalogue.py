"""Every table that a page can show, and an export or the API can give, by name."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import polars as pl

from metrics import (
    behaviour,
    compare,
    daily,
    historical,
    location,
    movers,
    reoccurring,
    rooms,
    traffic,
    votes,
)
from metrics.frames import Frames
from metrics.metric_table import MetricTable
from metrics.metric_table import table as _table
from metrics.scope import Scope
from metrics.tables import (
    ESTIMATIONS,
    EVENTS,
    PAGE_VIEWS,
    ROOMS,
    TABLES,
    USERS,
    VOTES,
)


def _ranked(
    count: Callable[[Scope, Frames], pl.LazyFrame],
    on: Sequence[str],
    value: str = "count",
) -> Callable[[Scope], pl.LazyFrame]:
    """Count the period's rows and put the other period's counts beside them."""

    def build(scope: Scope) -> pl.LazyFrame:
        now = count(scope, scope.rows)
        if scope.before is None:
            return compare.uncompared(now, value)
        return compare.ranked(now, count(scope, scope.rows_before), on, value)

    return build


def _users_by(*columns: str) -> Callable[[Scope], pl.LazyFrame]:
    def count(scope: Scope, rows: Frames) -> pl.LazyFrame:
        people = location.people(rows, scope.frames.users)
        return location.users_by(people, columns)

    return _ranked(count, columns)


class _OverTime(Protocol):
    def __call__(self, scope: Scope, /) -> pl.LazyFrame: ...


def _over_time(build: _OverTime) -> Callable[[Scope], pl.LazyFrame]:
    """Hide Saturdays and Sundays of a daily series where the scope says so."""

    def shown(scope: Scope) -> pl.LazyFrame:
        series = build(scope)
        if scope.weekends or scope.every != "day":
            return series
        return series.filter(pl.col("bucket").dt.weekday() <= 5)

    return shown


def _behaviour_over_time(by: behaviour.By) -> Callable[[Scope], pl.LazyFrame]:
    return _over_time(lambda s: behaviour.over_time(s.frames, s.window, s.every, by))


_TRAFFIC = (PAGE_VIEWS, EVENTS, ESTIMATIONS)
_PEOPLE = (USERS, *_TRAFFIC)

_TABLES = (
    _table(
        "daily_summary",
        "Today and the last 24 hours",
        lambda s: daily.summary(s.frames, s.now),
        VOTES,
        PAGE_VIEWS,
        USERS,
        ROOMS,
    ),
    _table(
        "what_moved",
        "What moved most",
        movers.what_moved,
        *_PEOPLE,
        VOTES,
        ROOMS,
    ),
    _table(
        "traffic_totals",
        "Traffic of the period",
        lambda s: traffic.totals(s.frames, s.window),
        *_TRAFFIC,
    ),
    _table(
        "traffic_over_time",
        "Traffic over time",
        _over_time(lambda s: traffic.over_time(s.frames, s.window, s.every)),
        *_TRAFFIC,
    ),
    _table(
        "session_lengths",
        "How long sessions last",
        lambda s: traffic.session_lengths(s.frames, s.window),
        PAGE_VIEWS,
        ESTIMATIONS,
    ),
    _table(
        "sources_quality",
        "Which sources bring people who take part",
        lambda s: behaviour.sources_quality(s.rows),
        PAGE_VIEWS,
        ESTIMATIONS,
    ),
    _table(
        "votes_totals",
        "Votes of the period",
        lambda s: votes.totals(s.rows),
        VOTES,
    ),
    _table(
        "votes_over_time",
        "Votes over time",
        _over_time(lambda s: votes.over_time(s.frames, s.window, s.every)),
        VOTES,
    ),
    _table(
        "votes_by_weekday",
        "Votes by weekday",
        lambda s: votes.by_weekday(s.frames, s.window),
        VOTES,
    ),
    _table(
        "votes_by_weekday_and_hour",
        "Votes by weekday and hour (UTC)",
        lambda s: votes.by_weekday_and_hour(s.frames, s.window),
        VOTES,
    ),
    _table(
        "estimates",
        "How often each value is estimated",
        lambda s: votes.estimates(s.rows),
        ESTIMATIONS,
    ),
    _table(
        "round_durations",
        "How long rounds take",
        lambda s: votes.durations(s.rows),
        VOTES,
    ),
    _table(
        "team_sizes",
        "How many people estimate together",
        lambda s: votes.team_sizes(s.rows),
        VOTES,
    ),
    _table(
        "spread",
        "How far apart estimates are",
        lambda s: votes.spread(s.rows),
        VOTES,
    ),
    _table(
        "routes",
        "Page views by route",
        _ranked(lambda _, rows: behaviour.routes(rows), ["route"]),
        PAGE_VIEWS,
    ),
    _table(
        "sources",
        "Page views by source",
        _ranked(lambda _, rows: behaviour.sources(rows), ["source"]),
        PAGE_VIEWS,
    ),
    _table(
        "events",
        "Events by kind",
        _ranked(lambda _, rows: behaviour.events(rows), ["event"]),
        EVENTS,
    ),
    _table(
        "rooms",
        "Votes by room",
        _ranked(
            lambda s, rows: behaviour.rooms(rows, s.frames.rooms),
            ["room_id", "room_number", "room_name"],
            "votes",
        ),
        VOTES,
        ROOMS,
    ),
    _table(
        "routes_over_time",
        "Page views by route over time",
        _behaviour_over_time("route"),
        PAGE_VIEWS,
    ),
    _table(
        "sources_over_time",
        "Page views by source over time",
        _behaviour_over_time("source"),
        PAGE_VIEWS,
    ),
    _table(
        "events_over_time",
        "Events by kind over time",
        _behaviour_over_time("event"),
        EVENTS,
    ),
    _table("countries", "Users by country", _users_by("country"), *_PEOPLE),
    _table("regions", "Users by region", _users_by("country", "region"), *_PEOPLE),
    _table("cities", "Users by city", _users_by("country", "city"), *_PEOPLE),
    _table("devices", "Users by device", _users_by("device"), *_PEOPLE),
    _table("operating_systems", "Users by system", _users_by("os"), *_PEOPLE),
    _table("browsers", "Users by browser", _users_by("browser"), *_PEOPLE),
    _table(
        "historical",
        "How everything grew",
        _over_time(lambda s: historical.series(s.frames, s.window, s.every)),
        *TABLES,
    ),
    _table(
        "reoccurring",
        "Users and rooms that come back",
        _over_time(lambda s: reoccurring.series(s.frames, s.window, s.every)),
        ESTIMATIONS,
    ),
    _table("rounds", "Rounds, newest first", lambda s: rooms.rounds(s.rows), VOTES),
    _table(
        "all_rooms",
        "All rooms",
        lambda s: rooms.all_rooms(s.frames),
        ROOMS,
        VOTES,
    ),
)

CATALOGUE: Mapping[str, MetricTable] = {table.name: table for table in _TABLES}
