"""Users' numbers in place of their ids."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from metrics.numbering import numbered
from metrics.tables import EVENTS, TABLES, USER, USERS
from tests.metrics.building import Row, column, event, frames, quick, user

NINE = "2026-11-02 09:00"
names = st.lists(st.text("abcXYZ_-019", min_size=1, max_size=21), max_size=12)


@quick
@given(names, names)
def test_one_number_stands_for_one_id_in_every_table(
    users: list[str], actors: list[str]
) -> None:
    rows: list[Row] = [*map(user, users), *(event(who, NINE) for who in actors)]
    found = frames(*rows)
    seen = [*column(found.users, USER), *column(found.events, USER)]
    pairs = set(zip([*users, *actors], seen, strict=True))
    assert len(pairs) == len({*users, *actors}) == len(set(seen))
    assert set(seen) == set(range(len(pairs)))


def test_numbers_that_every_table_brings_along_are_kept() -> None:
    brought = {
        table.name: pl.LazyFrame(
            schema={**table.schema, **({USER: pl.UInt32()} if table.user_id else {})}
        )
        for table in TABLES
    }
    one = brought[EVENTS.name].collect_schema()
    brought[EVENTS.name] = pl.LazyFrame([{USER: 77, "user_id": "a"}], schema=one)
    assert column(numbered(brought).events, USER) == [77]


def test_where_one_table_has_no_numbers_all_users_are_numbered_again() -> None:
    rows = {table.name: pl.LazyFrame(schema=table.schema) for table in TABLES}
    one = {**EVENTS.schema, USER: pl.UInt32()}
    rows[EVENTS.name] = pl.LazyFrame([{USER: 77, "user_id": "a"}], schema=one)
    rows[USERS.name] = pl.LazyFrame([{"id": "b"}], schema=USERS.schema)
    found = numbered(rows)
    assert (column(found.events, USER), column(found.users, USER)) == ([0], [1])
