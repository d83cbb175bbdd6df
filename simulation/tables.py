"""What happened, noted as rows, and the six tables that these rows become."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import polars as pl

from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, ROOMS, USERS, VOTES, Table
from simulation.teams import WENT_QUIET
from simulation.timeline import first_day
from simulation.users import User

Event = Literal[
    "CONTACT_FORM_SUBMISSION",
    "ENTERED_RANDOM_ROOM",
    "ENTERED_NEW_ROOM",
    "ENTERED_EXISTING_ROOM",
    "ENTERED_RECENT_ROOM",
    "LEFT_ROOM",
    "COPIED_ROOM_LINK",
    "CHANGED_ROOM_NAME",
]
Route = Literal["HOME", "CONTACT", "IMPRINT", "GUIDE", "ROOM", "ANALYTICS", "ROADMAP"]
_DELETED_USERS = 83
# Every so many-th user and room has been deleted on request; their rows stay.
_DELETED_ROOMS = 31


@dataclass(frozen=True, slots=True)
class History:
    """Rows as they happen; `tables` sorts and numbers them."""

    users: dict[str, User] = field(default_factory=dict)
    rooms: list[tuple[int, int, str]] = field(default_factory=list)
    views: list[tuple[str, Route, int | None, str | None, int]] = field(
        default_factory=list
    )
    events: list[tuple[str, Event, int]] = field(default_factory=list)
    votes: list[tuple[int, float, int, int, int, int, int, bool, int]] = field(
        default_factory=list
    )
    estimations: list[tuple[str, int, int | None, bool, int]] = field(
        default_factory=list
    )

    def view(self, user: User, route: Route, at: int, room: int | None = None) -> None:
        """Note a page view; only the first one carries the referrer."""
        source = None if user.id in self.users else user.source
        self.users[user.id] = user
        self.views.append((user.id, route, room, source, at))

    def event(self, user: User, event: Event, at: int) -> None:
        """Note an event of a user."""
        self.events.append((user.id, event, at))


def tables(history: History, now: datetime) -> dict[str, pl.DataFrame]:
    """Return each table under its name; no row is later than `now`."""
    rows: dict[Table, Sequence[tuple[object, ...]]] = {
        VOTES: history.votes,
        ESTIMATIONS: history.estimations,
        PAGE_VIEWS: history.views,
        EVENTS: history.events,
    }
    start = datetime.combine(first_day(now), datetime.min.time())
    acts = {
        table.name: numbered_rows(table, _frame(table, noted), start, now)
        for table, noted in rows.items()
    }
    attributes = [name for name in USERS.schema if name != USERS.time]
    users = pl.DataFrame(
        [tuple(getattr(u, a) for a in attributes) for u in history.users.values()],
        schema={name: USERS.schema[name] for name in attributes},
        orient="row",
    )
    schema = {name: ROOMS.schema[name] for name in ("id", "number", "name")}
    rooms = pl.DataFrame(history.rooms, schema=schema, orient="row")
    return {
        USERS.name: users_seen(users, acts),
        ROOMS.name: rooms_used(rooms, acts),
        **acts,
    }


def _frame(table: Table, rows: Sequence[tuple[object, ...]]) -> pl.DataFrame:
    """Return rows without their key, times still in seconds."""
    schema = {
        name: pl.Int64 if name == table.time else _plain(dtype)
        for name, dtype in table.schema.items()
        if name != table.key
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _plain(dtype: pl.DataType) -> pl.DataType:
    return pl.Float64() if dtype.is_decimal() else dtype


def numbered_rows(
    table: Table, rows: pl.DataFrame, start: datetime, until: datetime
) -> pl.DataFrame:
    """Return rows with the table's schema, sorted by time and numbered from 1.

    The time column is in seconds since `start`; rows after `until` are left out.
    """
    instant = pl.lit(start) + pl.duration(seconds=table.time)
    return (
        rows.with_columns(instant.alias(table.time))
        .filter(pl.col(table.time) <= until)
        .sort(table.time, maintain_order=True)
        .with_row_index(table.key, offset=1)
        .select(pl.col(name).cast(dtype) for name, dtype in table.schema.items())
    )


def users_seen(users: pl.DataFrame, acts: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the users with a view or an event, created with the first of them.

    Some have been deleted on request; their rows in other tables stay.
    """
    seen = (
        pl.concat(
            acts[table.name].select(id="user_id", created_at=table.time)
            for table in (PAGE_VIEWS, EVENTS)
        )
        .group_by("id")
        .agg(pl.col("created_at").min())
    )
    return (
        users.join(seen, on="id", how="inner", maintain_order="left")
        .sort("created_at", "id")
        .filter(pl.int_range(pl.len()) % _DELETED_USERS != _DELETED_USERS - 1)
        .select(pl.col(name).cast(dtype) for name, dtype in USERS.schema.items())
    )


def rooms_used(rooms: pl.DataFrame, acts: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the rooms with a view or a vote, with their first and last use."""
    used = (
        pl.concat(
            acts[table.name].select(id="room_id", at=table.time)
            for table in (PAGE_VIEWS, VOTES)
        )
        .drop_nulls()
        .group_by("id")
        .agg(first_used_at=pl.col("at").min(), last_used_at=pl.col("at").max())
    )
    return (
        rooms.join(used, on="id", how="inner")
        # Not those that the demo tells of.
        .filter((pl.col("id") % _DELETED_ROOMS != 0) | pl.col("name").is_in(WENT_QUIET))
        .sort("id")
        .select(pl.col(name).cast(dtype) for name, dtype in ROOMS.schema.items())
    )
