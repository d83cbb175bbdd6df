"""Location and technology: where users are, and on what devices."""

from collections.abc import Sequence
from functools import partial

import polars as pl

from metrics.activity import ACT, followed, inside
from metrics.activity_key import changes, user_number
from metrics.constants import TOP
from metrics.expressions import attribute, ranked, row_count, share
from metrics.frames import Frames, Period
from metrics.query import Query, SharedPlans
from metrics.subject import Definition, compared, table
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, USER, USER_NUMBER, USERS

ATTRIBUTES = ("country", "region", "city", "device", "os", "browser")

DEFINITIONS: tuple[Definition, ...] = ()
LABELS = ATTRIBUTES


def users_of(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return the users with any activity in a period, with their attributes.

    Deleted users have no attributes and are left out; see `attribute`.
    """

    def build() -> pl.LazyFrame:
        known = shared.users
        acts = inside(followed(shared, period), period)
        seen = acts.select(user_number(ACT).cast(USER_NUMBER).alias(USER))
        # Activity is in order of users: the first row of each is enough.
        users = seen.filter(changes(pl.col(USER))).join(known, on=USER)
        return users.with_columns(attribute(name) for name in ATTRIBUTES)

    return shared.node(("users", period), build)


def countries(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return users per country: country, count, share, and the comparison's count."""
    return _by(query, shared, "country")


def regions(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return users per region: country, region, count, share, …."""
    return _by(query, shared, "country", "region")


def cities(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return users per city: country, city, count, share, …."""
    return _by(query, shared, "country", "city")


def devices(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return users per device: device, count, share, …."""
    return _by(query, shared, "device")


def operating_systems(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return users per operating system: os, count, share, …."""
    return _by(query, shared, "os")


def browsers(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return users per browser: browser, count, share, …."""
    return _by(query, shared, "browser")


def _by(query: Query, shared: SharedPlans, *columns: str) -> pl.LazyFrame:
    def count(period: Period) -> pl.LazyFrame:
        return users_by(users_of(shared, period), columns)

    return compared(query, count, columns)


def users_by(users: pl.LazyFrame, columns: Sequence[str]) -> pl.LazyFrame:
    """Return users per group, most first, null groups too: `columns`, count, share."""
    counts = users.group_by(*columns).agg(count=row_count())
    return ranked(counts.with_columns(share=share("count")), columns)


def legacy_by(frames: Frames, *columns: str) -> pl.LazyFrame:
    """Return the 40 largest groups of all users: `columns`, count."""
    return users_by(frames.users, columns).drop("share").head(TOP)


READS = (USERS, PAGE_VIEWS, EVENTS, ESTIMATIONS)
_table = partial(table, counts_any=True)
TABLES = (
    _table("countries", "Users by country", countries, *READS),
    _table("regions", "Users by region", regions, *READS),
    _table("cities", "Users by city", cities, *READS),
    _table("devices", "Users by device", devices, *READS),
    _table("operating_systems", "Users by operating system", operating_systems, *READS),
    _table("browsers", "Users by browser", browsers, *READS),
)
