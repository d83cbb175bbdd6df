"""User numbers for tables that have ids only."""

from collections.abc import Mapping

import polars as pl

from metrics.frames import Frames
from metrics.tables import BY_NAME, USER, USER_NUMBER, Table


def numbered(by_name: Mapping[str, pl.LazyFrame]) -> Frames:
    """Return tables with the live columns as frames of `Table.numbered_schema`.

    Users are numbered in the order of their ids, so that plans that are executed
    apart agree. A table that brings numbers along keeps them; then all of them do.
    """
    tables = {BY_NAME[name]: frame for name, frame in by_name.items()}
    with_users = {table: frame for table, frame in tables.items() if table.user_id}
    numbers = None if brings_numbers(by_name) else _numbers(with_users)
    return Frames({t.name: _numbered(t, frame, numbers) for t, frame in tables.items()})


def brings_numbers(by_name: Mapping[str, pl.LazyFrame]) -> bool:
    """Whether every table with user ids has their numbers already."""
    return all(
        USER in frame.collect_schema()
        for name, frame in by_name.items()
        if BY_NAME[name].user_id
    )


def _numbers(with_users: Mapping[Table, pl.LazyFrame]) -> pl.LazyFrame:
    """Return the number of each id: id, user."""
    ids = [frame.select(_id=table.user_id) for table, frame in with_users.items()]
    all_ids = pl.concat(ids).unique().sort("_id")
    return all_ids.with_row_index(USER).with_columns(pl.col(USER).cast(USER_NUMBER))


def _numbered(
    table: Table, frame: pl.LazyFrame, numbers: pl.LazyFrame | None
) -> pl.LazyFrame:
    if table.user_id and numbers is not None:
        frame = frame.drop(USER, strict=False).join(
            numbers,
            left_on=table.user_id,
            right_on="_id",
            how="left",
            maintain_order="left",
        )
    return frame.select(table.numbered_schema.names())
