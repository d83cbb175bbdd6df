"""The contract: what the live tables have to look like. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import polars as pl

from metrics.tables import Column, Table

_WHOLE_NUMBER = r"(tiny|small|medium|big)?int(\(\d+\))?( unsigned)?"
_FLAG = r"tinyint(\(\d+\))?( unsigned)?"
_TEXT = r"(var)?char\(\d+\)|(tiny|medium|long)?text|enum\(.*\)"
_TIME = r"timestamp(\(0\))?"


@dataclass(frozen=True, slots=True)
class LiveColumn:
    """A column as SHOW COLUMNS describes it."""

    name: str
    type: str
    nullable: bool


def offences(table: Table, live: Sequence[LiveColumn]) -> list[str]:
    """Return what keeps the table from being copied, one sentence each."""
    found = {column.name: column for column in live}
    return [
        offence
        for column in table.columns
        if (offence := _offence(table, column, found.get(column.name), list(found)))
    ]


def ignored(table: Table, live: Sequence[LiveColumn]) -> list[str]:
    """Return the live columns that are not copied, as table.column."""
    return [f"{table.name}.{c.name}" for c in live if c.name not in table.schema]


def _offence(
    table: Table, column: Column, live: LiveColumn | None, names: Sequence[str]
) -> str:
    name = f"{table.name}.{column.name}"
    if live is None:
        others = [n for n in names if n not in table.schema]
        near = get_close_matches(column.name, others, n=1)
        hint = f" (did it become '{near[0]}'?)" if near else ""
        return f"{name} is missing{hint}; the database has {', '.join(names)}"
    if not re.fullmatch(_family(column.dtype), live.type, re.IGNORECASE):
        return f"{name} is of type {live.type}, which does not fit {column.dtype}"
    if live.nullable and not column.nullable:
        return f"{name} may be null now, and must not"
    return ""


def _family(dtype: pl.DataType) -> str:
    """Return the pattern of live types that a column of this type can hold.

    A family, not a width: whether a value fits is checked value by value.
    """
    match dtype:
        case pl.Boolean():
            return _FLAG
        case pl.Datetime():
            return _TIME
        case pl.Decimal():
            return rf"decimal\(\d+,{dtype.scale}\)( unsigned)?"
        case pl.String():
            return _TEXT
        case _ if dtype.is_integer():
            return _WHOLE_NUMBER
        case _:
            raise TypeError(f"no live type is known for {dtype}")
