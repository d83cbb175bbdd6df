"""Tables on where people are and what they browse with."""

import polars as pl

from metrics import location
from metrics.entries.shapes import Build, compared
from metrics.frames import Window
from metrics.metric_table import table
from metrics.scope import Scope
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, USERS

_PEOPLE = (USERS, PAGE_VIEWS, EVENTS, ESTIMATIONS)


def _users_by(*columns: str) -> Build:
    def count(scope: Scope, window: Window) -> pl.LazyFrame:
        return location.users_by(location.people(scope.frames, window), columns)

    return compared(count, columns)


LOCATION = (
    table("countries", "Users by country", _users_by("country"), *_PEOPLE),
    table("regions", "Users by region", _users_by("country", "region"), *_PEOPLE),
    table("cities", "Users by city", _users_by("country", "city"), *_PEOPLE),
    table("devices", "Users by device", _users_by("device"), *_PEOPLE),
    table("operating_systems", "Users by system", _users_by("os"), *_PEOPLE),
    table("browsers", "Users by browser", _users_by("browser"), *_PEOPLE),
)
