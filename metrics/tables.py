"""The six tables of the live database, described once, as data.

Sync, store, health, demo, documentation and tests iterate over `TABLES`: a
seventh table is one more entry here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

TIMESTAMP = pl.Datetime("us")
"""All timestamps are UTC, without a zone, as the files store them."""
USER = "user"
USER_NUMBER = pl.UInt32()
"""Column with the number of a user: one per id, dense, never reused.

Counting, sorting and joining numbers takes a fraction of the time that texts take.
"""
MOST_USERS = 1_000_000_000
"""How many there can be: metrics sort a number, a second and a kind as 64 bits."""


class Blocks(StrEnum):
    """How the store splits a table into immutable files."""

    KEY_RANGE = "key_range"
    """`id DIV 65536`: tables that only grow, with an auto-increment key."""
    QUARTER = "quarter"
    """The quarter of the time column: tables whose key carries no order.

    Months would be many small files, each of which costs every question 0.2 ms.
    """
    WHOLE = "whole"
    """One file: small tables whose rows are updated."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its live name, its type in every frame, and whether it may be null."""

    name: str
    dtype: pl.DataType
    nullable: bool = False
    alias: str | None = None
    """The name that older Parquet files use."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the live database."""

    name: str
    columns: tuple[Column, ...]
    key: str
    time: str
    """The column that places a row in time: when it was created or happened."""
    blocks: Blocks
    user_id: str | None = None
    """The column with a user's id, if there is one."""

    @property
    def schema(self) -> pl.Schema:
        """Column names and types, in the order of the live table."""
        return pl.Schema({column.name: column.dtype for column in self.columns})

    @property
    def stored_schema(self) -> pl.Schema:
        """The same with a user's number beside the id: the columns of a block."""
        numbers = {} if self.user_id is None else {USER: USER_NUMBER}
        return pl.Schema({**self.schema, **numbers})

    @property
    def numbered_schema(self) -> pl.Schema:
        """The same with a user's number in place of the id: what metrics see."""
        return pl.Schema(
            (USER, USER_NUMBER) if name == self.user_id else (name, dtype)
            for name, dtype in self.schema.items()
        )

    @property
    def aliases(self) -> Mapping[str, str]:
        """Names in older files, each with the live name."""
        return {c.alias: c.name for c in self.columns if c.alias is not None}

    @property
    def file_name(self) -> str:
        """The file's name in a folder of plain Parquet files."""
        return f"{self.name}.parquet"


# Wide enough for signed and unsigned columns of the source alike.
_ROW_ID = pl.Int64()
_ROOM_ID = pl.Int32()
_SMALL = pl.Int32()
_ESTIMATE = pl.Int16()
_TEXT = pl.String()
_FLAG = pl.Boolean()

USERS = Table(
    name="fpp_users",
    columns=(
        Column("id", _TEXT, alias="user_id"),
        Column("device", _TEXT, nullable=True),
        Column("os", _TEXT, nullable=True),
        Column("browser", _TEXT, nullable=True),
        Column("country", _TEXT, nullable=True),
        Column("region", _TEXT, nullable=True),
        Column("city", _TEXT, nullable=True),
        Column("created_at", TIMESTAMP),
    ),
    key="id",
    time="created_at",
    blocks=Blocks.QUARTER,
    user_id="id",
)

ROOMS = Table(
    name="fpp_rooms",
    columns=(
        Column("id", _ROOM_ID),
        Column("number", _ROOM_ID),
        Column("name", _TEXT),
        Column("first_used_at", TIMESTAMP),
        Column("last_used_at", TIMESTAMP),
    ),
    key="id",
    time="first_used_at",
    blocks=Blocks.WHOLE,
)

PAGE_VIEWS = Table(
    name="fpp_page_views",
    columns=(
        Column("id", _ROW_ID),
        Column("user_id", _TEXT),
        Column("route", _TEXT),
        Column("room_id", _ROOM_ID, nullable=True),
        Column("source", _TEXT, nullable=True),
        Column("viewed_at", TIMESTAMP),
    ),
    key="id",
    time="viewed_at",
    blocks=Blocks.KEY_RANGE,
    user_id="user_id",
)

EVENTS = Table(
    name="fpp_events",
    columns=(
        Column("id", _ROW_ID),
        Column("user_id", _TEXT),
        Column("event", _TEXT),
        Column("event_at", TIMESTAMP, alias="created_at"),
    ),
    key="id",
    time="event_at",
    blocks=Blocks.KEY_RANGE,
    user_id="user_id",
)

VOTES = Table(
    name="fpp_votes",
    columns=(
        Column("id", _ROW_ID),
        Column("room_id", _ROOM_ID),
        Column("avg_estimation", pl.Decimal(4, 2)),
        Column("max_estimation", _SMALL),
        Column("min_estimation", _SMALL),
        Column("amount_of_estimations", _SMALL),
        Column("amount_of_spectators", _SMALL),
        Column("duration", _SMALL),
        Column("was_auto_flip", _FLAG),
        Column("voted_at", TIMESTAMP),
    ),
    key="id",
    time="voted_at",
    blocks=Blocks.KEY_RANGE,
)

ESTIMATIONS = Table(
    name="fpp_estimations",
    columns=(
        Column("id", _ROW_ID),
        Column("user_id", _TEXT),
        Column("room_id", _ROOM_ID),
        Column("estimation", _ESTIMATE, nullable=True),
        Column("spectator", _FLAG),
        Column("estimated_at", TIMESTAMP),
    ),
    key="id",
    time="estimated_at",
    blocks=Blocks.KEY_RANGE,
    user_id="user_id",
)

TABLES: tuple[Table, ...] = (USERS, ROOMS, PAGE_VIEWS, EVENTS, VOTES, ESTIMATIONS)
BY_NAME: Mapping[str, Table] = {table.name: table for table in TABLES}
