"""The schema contract: what the live tables have to look like."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol

import polars as pl

from metrics.sentences import cut, some_of
from metrics.tables import Column, Table
from sync.exceptions import ContractError, EngineError

_WHOLE_NUMBER = r"(tiny|small|medium|big)?int(\(\d+\))?( unsigned)?"
_FLAG = r"tinyint(\(\d+\))?( unsigned)?"
_TEXT = r"(var)?char\(\d+\)|(tiny|medium|long)?text|enum\(.*\)"
_TIME = r"timestamp(\(0\))?"
_UTF8 = {"utf8mb4", "utf8mb3", "utf8"}
KEEP_ASCII = {
    *("latin1", "latin2", "latin5", "latin7", "greek", "hebrew", "koi8r", "koi8u"),
    *("cp1250", "cp1251", "cp1256", "cp1257", "cp850", "cp852", "cp866", "cp932"),
    *("big5", "euckr", "gb18030", "gb2312", "gbk", "sjis", "ujis"),
}
"""Charsets in which bytes below 0x80 are the characters of ASCII, and no others."""
# MariaDB adds how a column is stored, or which version made it: no part of its type.
_REMARK = re.compile(r"\s*/\*.*?\*/")
_WITH_SNAPSHOTS = {"InnoDB", "ROCKSDB"}


@dataclass(frozen=True, slots=True)
class LiveColumn:
    """A column as SHOW FULL COLUMNS describes it."""

    name: str
    type: str
    nullable: bool
    collation: str = "utf8mb4_general_ci"
    """Of a text; its first word is the charset."""
    index: str = ""
    """PRI where it is in the primary key, UNI where its values are unique."""


class Described(Protocol):
    """What a source has to offer."""

    def columns(self, table: Table) -> list[LiveColumn] | None:
        """Return the live columns; None where the table is missing or not granted."""

    def engine(self, table: Table) -> str:
        """Return the storage engine of a table, "" for a view."""


def check_contract(tables: Sequence[Table], source: Described) -> tuple[str, ...]:
    """Return the live columns that are not copied.

    Raises ContractError or EngineError, which name all tables that differ.
    """
    broken: list[str] = []
    missing: list[str] = []
    left_out: list[str] = []
    engines: dict[str, str] = {}
    for table in tables:
        live = source.columns(table)
        if live is None:
            missing.append(table.name)
            continue
        broken += offences(table, live)
        left_out += ignored(table, live)
        engine = source.engine(table)
        # A view has no engine: its tables are what counts, and are not known here.
        if engine and engine not in _WITH_SNAPSHOTS:
            engines[table.name] = engine
    if broken or missing:
        raise ContractError(broken, missing)
    if engines:
        raise EngineError(engines)
    return tuple(left_out)


def other_charsets(live: Sequence[LiveColumn]) -> dict[str, str]:
    """Return the charset of each text whose bytes are not UTF-8.

    The server has to convert them; MariaDB keeps any byte in a column of ASCII.
    """
    charsets = {c.name: c.collation.partition("_")[0] for c in live if c.collation}
    return {name: found for name, found in charsets.items() if found not in _UTF8}


def has_own_key(table: Table, live: Sequence[LiveColumn]) -> bool:
    """Return whether the database lets no two rows have the same key.

    A view has no index, and in a primary key of several columns each may repeat.
    """
    primary = [column.name for column in live if column.index == "PRI"]
    unique = [column.name for column in live if column.index == "UNI"]
    return primary == [table.key] or table.key in unique


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
        missing = [n for n in table.schema if n not in names]
        # A rename is the usual reason, the more so of one column for one other.
        near = get_close_matches(column.name, others, n=1)
        if not near and len(others) == len(missing) == 1:
            near = others
        hint = f" (did it become '{near[0]}'?)" if near else ""
        return f"{name} is missing{hint}; the database has {some_of(names)}"
    live_type = _REMARK.sub("", live.type)
    pattern, wanted = _family(column.dtype)
    if not re.fullmatch(pattern, live_type, re.IGNORECASE):
        return f"{name} is of type {cut(live.type)} but must be {wanted}"
    if live.nullable and not column.nullable:
        return f"{name} may be null now but must not"
    return ""


def _family(dtype: pl.DataType) -> tuple[str, str]:
    """Return the pattern of live types that fit a column of this type, and their name.

    A family, not a width: whether a value fits is checked value by value.
    """
    match dtype:
        case pl.Boolean():
            return _FLAG, "a flag (tinyint)"
        case pl.Datetime():
            return _TIME, "timestamp"
        case pl.Decimal():
            pattern = rf"decimal\(\d+,{dtype.scale}\)( unsigned)?"
            return pattern, f"decimal(…,{dtype.scale})"
        case pl.String():
            return _TEXT, "text (varchar, text or enum)"
        case _ if dtype.is_integer():
            return _WHOLE_NUMBER, "a whole number (int)"
        case _:
            raise TypeError(f"no live type is known for {dtype}")
