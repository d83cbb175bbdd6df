"""Tables on where people are and what they browse with."""

import polars as pl

from metrics import location
from metrics.entries.shapes import Build, compared
from metrics.frames import Period
from metrics.metric_table import table
from metrics.query import Query
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, USERS

_PEOPLE = (USERS, PAGE_VIEWS, EVENTS, ESTIMATIONS)


def _users_by(*columns: str) -> Build:
    def count(query: Query, period: Period) -> pl.LazyFrame:
        return location.users_by(location.people(query.frames, period), columns)

    return compared(count, columns)


LOCATION = (
    table("countries", "Users by country", _users_by("country"), *_PEOPLE),
    table("regions", "Users by region", _users_by("country", "region"), *_PEOPLE),
    table("cities", "Users by city", _users_by("country", "city"), *_PEOPLE),
    table("devices", "Users by device", _users_by("device"), *_PEOPLE),
    table("operating_systems", "Users by system", _users_by("os"), *_PEOPLE),
    table("browsers", "Users by browser", _users_by("browser"), *_PEOPLE),
)
