"""The checksum: equal on both sides, different for every kind of difference."""

import zlib
from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.tables import PAGE_VIEWS, TABLES, Table
from sync.checksum import EMPTY, checksum, row_texts
from sync.connecting import connected
from sync.policy import DEFAULT
from sync.spans import WHOLE
from sync.watch import Watch
from testkit.database_servers import LiveDatabase, Row
from tests.sync.rows import AT

SECOND = 1_793_613_600  # AT
ROWS: list[Row] = [
    (1, "a", "HOME", None, "x", AT),
    (2, "b", "HOME", 2, "y", AT),
    (3, "c", "ROOM", 3, None, AT),
]


def views(rows: Sequence[Row]) -> pl.DataFrame:
    texts = pl.Schema({**PAGE_VIEWS.schema, "viewed_at": pl.String()})
    frame = pl.DataFrame(rows, texts, orient="row")
    at = pl.col("viewed_at").str.to_datetime(time_unit="us")
    return frame.with_columns(at)


@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=30))
def test_a_row_is_written_whatever_its_texts_hold(texts: list[str]) -> None:
    rows: list[Row] = [
        (n, text, "HOME", None, text, AT) for n, text in enumerate(texts)
    ]
    expected = [
        f"{n}\x1f{t}\x1fHOME\x1f\x1f{t}\x1f{SECOND}\x1f0" for n, t in enumerate(texts)
    ]
    assert row_texts(PAGE_VIEWS, views(rows)) == [text.encode() for text in expected]


DIFFERENCES: dict[str, list[Row]] = {
    "a value edited": [(1, "a", "HOME", None, "z", AT), *ROWS[1:]],
    "values swapped between rows": [
        (1, "b", "HOME", None, "x", AT),
        (2, "a", "HOME", 2, "y", AT),
        ROWS[2],
    ],
    "null made empty": [*ROWS[:2], (3, "c", "ROOM", 3, "", AT)],
    "a value moved to another column": [
        (1, "a", "HOME", None, "x", AT),
        (2, "b", "HOME", None, "2", AT),
        ROWS[2],
    ],
    "a second moved": [*ROWS[:2], (3, "c", "ROOM", 3, None, "2026-11-02 10:00:01")],
    "a row lost": ROWS[:2],
    "a row twice": [*ROWS, ROWS[2]],
}


@pytest.mark.parametrize("rows", DIFFERENCES.values(), ids=DIFFERENCES.keys())
def test_every_kind_of_difference_changes_the_checksum(
    rows: list[Row],
) -> None:
    assert checksum(PAGE_VIEWS, views(rows)) != checksum(PAGE_VIEWS, views(ROWS))


def test_the_order_of_rows_does_not_matter() -> None:
    assert checksum(PAGE_VIEWS, views(ROWS[::-1])) == checksum(PAGE_VIEWS, views(ROWS))


def test_swapped_values_of_the_same_length_leave_the_plain_xor_as_it_is() -> None:
    """Why the checksum takes the xor of squares."""
    before = [zlib.crc32(text) for text in (b"1|aaaa", b"2|bbbb")]
    after = [zlib.crc32(text) for text in (b"1|bbbb", b"2|aaaa")]
    assert before[0] ^ before[1] == after[0] ^ after[1]
    assert before[0] ** 2 ^ before[1] ** 2 != after[0] ** 2 ^ after[1] ** 2


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_server_computes_the_same_checksum(
    database: LiveDatabase, table: Table
) -> None:
    database.fill_from_golden(table)
    with connected(database.settings, DEFAULT, Watch(60)) as source:
        theirs = source.checksum(table, WHOLE)
    assert theirs == checksum(table, database.rows(table))
    assert theirs.rows > 100


def test_the_server_agrees_on_texts_that_no_keyboard_writes(
    database: LiveDatabase,
) -> None:
    odd = ["", " ", "\x1f", "\x00", "'", "\\", "NULL", "Ω", "\U0001f600", "é" * 255]
    rows = [(n, "a\x1fb", "HOME", None, text, AT) for n, text in enumerate(odd, 1)]
    database.insert(PAGE_VIEWS, rows)
    with connected(database.settings, DEFAULT, Watch(60)) as source:
        theirs = source.checksum(PAGE_VIEWS, WHOLE)
        read = source.fetch(PAGE_VIEWS, WHOLE).rows().frame
    assert theirs == checksum(PAGE_VIEWS, read)
    assert read["source"].to_list() == odd


def test_an_empty_table_has_the_empty_checksum(database: LiveDatabase) -> None:
    with connected(database.settings, DEFAULT, Watch(60)) as source:
        assert source.checksum(PAGE_VIEWS, WHOLE) == EMPTY
    assert checksum(PAGE_VIEWS, views([])) == EMPTY
