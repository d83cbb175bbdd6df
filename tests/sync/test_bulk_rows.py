"""Rows that come in bulk: equal to their rows, or read row by row."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.tables import ESTIMATIONS, PAGE_VIEWS
from sync.checksum import Form, pages_checksum
from sync.decode import BulkRows
from sync.partitions import Partition
from sync.sql import LINE_END, SEPARATOR
from testkit.database_servers import LiveDatabase, Row, Server
from testkit.harness import Store
from tests.sync.rows import AT, insert_estimations, page_text, page_view
from tests.sync.sources import opened

ALL = Partition("0x65536", 0, 65_536)
PLAIN = ["", " ", "\n", "\r\n", '"', "'", ",", "\\", "\x00", "\ufeff", "NULL"]
PLAIN += ["null", "é" * 255, "Ω", "\U0001f600", "#", "1"]
ODD = [
    SEPARATOR,
    LINE_END,
    f"a{SEPARATOR}b",
    f"{LINE_END}9{SEPARATOR}x",
    "a\x1e\x1e",
    "\r",
]
VALUES = st.tuples(
    st.text(st.characters(codec="utf-8")),
    st.none() | st.integers(-(2**31), 2**31 - 1),
    st.none() | st.text(st.characters(codec="utf-8")),
)


def views(texts: Sequence[str | None]) -> list[Row]:
    rows: list[Row] = [(n, f"u{n}", "HOME", n, t, AT) for n, t in enumerate(texts, 1)]
    return [*rows, (len(texts) + 1, "nobody", "HOME", None, None, AT)]


def bulk_of(database: LiveDatabase) -> BulkRows:
    with opened(database) as source:
        return source.bulk_rows(PAGE_VIEWS, ALL)


def test_plain_texts_and_nulls_come_in_bulk(database: LiveDatabase) -> None:
    database.insert(PAGE_VIEWS, views(PLAIN))
    rows = bulk_of(database).rows()
    assert rows is not None
    assert rows.equals(database.rows(PAGE_VIEWS))


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_a_text_that_pages_cannot_carry_is_not_believed_and_read_row_by_row(
    database: LiveDatabase, store: Store, text: str
) -> None:
    database.insert(PAGE_VIEWS, views([*PLAIN, text]))
    assert bulk_of(database).rows() is None
    assert store.sync() == 0
    store.assert_equals_source()


def test_an_odd_id_gives_no_other_user_a_number(
    database: LiveDatabase, store: Store
) -> None:
    odd = f"a{SEPARATOR}b"
    database.insert(PAGE_VIEWS, [(1, odd, "HOME", None, None, AT)])
    assert store.sync() == 0
    assert store.user_ids().to_dict(as_series=False) == {"user": [0], "person": [odd]}


def test_odd_texts_in_every_block_of_a_backlog_are_all_there(
    database: LiveDatabase, small_blocks: Store
) -> None:
    small_blocks.policy = replace(small_blocks.policy, snapshot_seconds=0)
    database.insert(PAGE_VIEWS, views(ODD * 12))
    assert small_blocks.sync() == 0
    small_blocks.assert_equals_source()
    assert small_blocks.verify() == 0


@contextmanager
def small_packets(server: Server) -> Iterator[None]:
    """Let the server send no value of more than 16 kB, and write none above 8 kB."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET GLOBAL max_allowed_packet = 16384")
        try:
            yield
        finally:
            cursor.execute("SET GLOBAL max_allowed_packet = DEFAULT")


def test_a_page_that_the_server_cuts_is_read_row_by_row(
    server: Server, database: LiveDatabase, store: Store
) -> None:
    insert_estimations(database, range(1, 1_001))
    with small_packets(server):
        with opened(database) as source:
            bulk = source.bulk_rows(ESTIMATIONS, ALL)
        assert store.sync() == 0
        assert store.sync() == 0
        (block,) = store.manifest().tables[ESTIMATIONS.name]
    assert (bulk.checksum.rows, len(bulk.pages[0])) == (1_000, 8_192)
    assert bulk.rows() is None
    assert str(block.checksum).startswith(Form.ROWS)
    store.assert_equals_source()
    assert store.verify() == 0


@settings(deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=20))
def test_bulk_rows_are_their_rows_or_nothing(
    values: list[tuple[str, int | None, str | None]],
) -> None:
    at = datetime(2026, 11, 2, 10, tzinfo=UTC).replace(tzinfo=None)
    rows = [(n, u, "HOME", r, s, at) for n, (u, r, s) in enumerate(values, 1)]
    frame = pl.DataFrame(rows, PAGE_VIEWS.schema, orient="row")
    page = page_text(page_view(n, u, s, r) for n, (u, r, s) in enumerate(values, 1))
    proof = pages_checksum([(len(values), hashlib.sha256(page).hexdigest())])
    found = BulkRows(PAGE_VIEWS, proof, [page]).rows()
    texts = "".join(user + (source or "") for user, _, source in values)
    if not {SEPARATOR, LINE_END, "\r"} & {*texts}:
        assert found is not None
    assert found is None or found.equals(frame)


def test_pages_cover_a_partition_without_overlap() -> None:
    assert [(p.lower, p.upper) for p in Partition("x", 5, 26).pages(10)] == [
        (5, 15),
        (15, 25),
        (25, 26),
    ]
