"""The checksum: equal on both sides, different for every kind of difference."""

import hashlib
from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from metrics.tables import PAGE_VIEWS, TABLES, Blocks, Table
from sync.checksum import (
    Checksum,
    Form,
    checksum,
    letters,
    pages_checksum,
    row_texts,
    rows_checksum,
)
from sync.partitions import WHOLE, Partition
from sync.schema_contract import KEEP_ASCII
from sync.sql import PAGE_KEYS
from testkit.database_servers import LiveDatabase, Row
from testkit.harness import Store
from tests.sync.rows import AT, page_text, page_view
from tests.sync.sources import opened

SECOND = 1_793_613_600  # AT
ALL = Partition("-1x65536", -65_536, 65_536)
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


@pytest.mark.parametrize("digest", [None, "", "0123", "crc32:0123"])
def test_a_checksum_of_another_form_is_none(digest: str | None) -> None:
    assert Checksum.stated(3, digest) is None
    assert Checksum.stated(3, "rows:0123") == Checksum(3, "rows:0123")


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=30))
def test_a_row_with_any_texts_is_written(texts: list[str]) -> None:
    rows: list[Row] = [
        (n, text, "HOME", None, text, AT) for n, text in enumerate(texts)
    ]
    expected = [
        f"{n}\x1f{t}\x1fHOME\x1f\x1f{t}\x1f{SECOND}\x1f{size}\x1f4\x1f{size}"
        for n, t in enumerate(texts)
        for size in [len(t.encode())]
    ]
    assert row_texts(PAGE_VIEWS, views(rows)) == [text.encode() for text in expected]


PARTS = st.text(st.sampled_from("a\x1f\x1e1"), max_size=4)


@settings(deadline=None)
@given(st.tuples(PARTS, PARTS, PARTS), st.tuples(PARTS, PARTS, PARTS))
def test_no_two_rows_are_written_alike(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    """Whatever moves from one column to the next, with whatever separators."""
    assume(one != other)
    first, second = (
        views([(1, user, route, None, source, AT)])
        for user, route, source in (one, other)
    )
    assert checksum(PAGE_VIEWS, first, Form.ROWS) != checksum(
        PAGE_VIEWS, second, Form.ROWS
    )


PIECES = [
    "a",
    "1",
    "HOME",
    "\x1f",
    "\x1e",
    f"\x1f{SECOND}\x1f0\x1e2\x1fa\x1fHOME\x1f\x1f",
]
TEXT = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)
PAGE = st.lists(st.tuples(TEXT, st.none() | TEXT), min_size=1, max_size=3)


@settings(deadline=None)
@given(PAGE, PAGE)
def test_no_two_pages_are_written_alike(
    ours: list[tuple[str, str | None]], theirs: list[tuple[str, str | None]]
) -> None:
    """A page of the store has the server's checksum only where the rows are equal."""
    held, live = (
        [page_view(n, user, source) for n, (user, source) in enumerate(page, 1)]
        for page in (ours, theirs)
    )
    of_ours, of_theirs = (
        pages_checksum([(len(page), hashlib.sha256(page_text(page)).hexdigest())])
        for page in (held, live)
    )
    found = checksum(PAGE_VIEWS, views(held), Form.PAGES)
    assert found != of_theirs or ours == theirs
    texts = "".join(user + (source or "") for user, source in ours)
    # With a separator in a text it has none.
    assert (found == of_ours) is not ("\x1f" in texts or "\x1e" in texts)


def test_a_page_with_a_separator_in_a_text_has_no_checksum() -> None:
    plain, odd = (
        checksum(PAGE_VIEWS, views([page_view(1, text, None)]), Form.PAGES)
        for text in ("a", "a\x1f")
    )
    text = page_text([page_view(1, "a\x1f", None)])
    of_server = pages_checksum([(1, hashlib.sha256(text).hexdigest())])
    assert odd not in {plain, of_server}


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
    "a key on the next page": [*ROWS[:2], (PAGE_KEYS, *ROWS[2][1:])],
}


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("rows", DIFFERENCES.values(), ids=DIFFERENCES.keys())
def test_every_kind_of_difference_changes_the_checksum(
    rows: list[Row], form: Form
) -> None:
    ours = checksum(PAGE_VIEWS, views(ROWS), form)
    assert checksum(PAGE_VIEWS, views(rows), form) != ours


def test_two_words_with_the_same_crc32_have_two_checksums() -> None:
    plumless, buckeroo = (
        views([(1, word, "HOME", None, None, AT)]) for word in ("plumless", "buckeroo")
    )
    for form in Form:
        assert checksum(PAGE_VIEWS, plumless, form) != checksum(
            PAGE_VIEWS, buckeroo, form
        )


def test_the_order_of_rows_does_not_matter_to_sums_of_rows() -> None:
    one, other = views(ROWS[::-1]), views(ROWS)
    assert checksum(PAGE_VIEWS, one, Form.ROWS) == checksum(
        PAGE_VIEWS, other, Form.ROWS
    )


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_server_computes_the_same_checksum(
    database: LiveDatabase, table: Table
) -> None:
    database.fill_from_golden(table)
    by_key = table.blocks is Blocks.KEY_RANGE
    rows = database.rows(table)
    with opened(database) as source:
        for form in Form if by_key else [Form.ROWS]:
            theirs = source.checksum(table, ALL if by_key else WHOLE, form)
            assert theirs == checksum(table, rows, form)
            assert theirs.rows > 100


@pytest.mark.parametrize("charset", sorted(KEEP_ASCII))
def test_charsets_that_keep_ascii_have_its_bytes_and_no_others(
    database: LiveDatabase, charset: str
) -> None:
    known = "SELECT COUNT(*) FROM information_schema.CHARACTER_SETS "
    if not database.count(f"{known} WHERE CHARACTER_SET_NAME = '{charset}'"):
        return  # of the other kind of server only
    plain = "".join(f"{byte:02X}" for byte in range(128))
    found = database.value(f"SELECT HEX(CONVERT(_{charset} x'{plain}' USING utf8mb4))")
    assert found == plain


def test_texts_of_plain_ascii_are_told_from_others() -> None:
    rows = [page_view(1, "aZ~\x7f", "plain"), page_view(2, "b", None)]
    assert letters(PAGE_VIEWS, views(rows)) == ()
    for text in ("é", "東", "\U0001f600", "?"):
        odd = views([*rows, page_view(3, "c", f"plain {text}")])
        assert letters(PAGE_VIEWS, odd) == ("source",)


@pytest.mark.parametrize("charset", ["latin1", "gbk", "utf16"])
def test_plain_texts_are_compared_unconverted_and_edits_of_them_seen(
    database: LiveDatabase, store: Store, charset: str
) -> None:
    """é in latin1 is one byte; the two bytes that it has in UTF-8 are Ã©."""
    database.execute(
        f"ALTER TABLE fpp_page_views MODIFY source varchar(255) CHARACTER SET {charset}"
    )
    texts = ["plain", "", None, "also plain"]
    database.insert(PAGE_VIEWS, [page_view(n, "u", t) for n, t in enumerate(texts, 1)])
    assert store.sync() == 0
    (block,) = store.manifest().tables[PAGE_VIEWS.name]
    assert block.letters == ()
    edits = ["\u0439" if charset == "gbk" else "é", "?", "plain"]
    edits += ["Ã©"] if charset != "gbk" else []
    for edit in edits:
        database.execute("UPDATE fpp_page_views SET source = %s WHERE id = 1", (edit,))
        assert store.sync() == 0
        store.assert_equals_source()
        files = [file.file for file in store.manifest().files]
        assert store.sync() == 0
        assert [file.file for file in store.manifest().files] == files
        assert store.verify() == 0


@pytest.mark.parametrize("form", Form)
def test_the_server_agrees_on_texts_that_no_keyboard_writes(
    database: LiveDatabase, form: Form
) -> None:
    odd = ["", " ", "\x00", "'", "\\", "NULL", "Ω", "\U0001f600", "é" * 255]
    # A page has no checksum where a text contains a separator.
    odd += ["\x1f", "a\x1fb", "\x1e"] if form is Form.ROWS else []
    rows = [page_view(n, "a", text) for n, text in enumerate(odd, -30)]
    database.insert(PAGE_VIEWS, rows)
    with opened(database) as source:
        read = source.raw_rows(PAGE_VIEWS, ALL).rows()
        theirs = source.checksum(PAGE_VIEWS, ALL, form)
    assert theirs == checksum(PAGE_VIEWS, read, form)
    assert read["source"].to_list() == odd


@pytest.mark.parametrize("form", Form)
def test_an_empty_table_has_the_checksum_of_no_rows(
    database: LiveDatabase, form: Form
) -> None:
    with opened(database) as source:
        theirs = source.checksum(PAGE_VIEWS, ALL, form)
    assert theirs == checksum(PAGE_VIEWS, views([]), form)
    assert theirs.rows == 0


def test_each_of_the_two_sums_of_rows_changes_the_checksum() -> None:
    assert len({rows_checksum(1, *sums) for sums in ((1, 2), (3, 2), (1, 3))}) == 3
