"""XLSX workbooks, as LibreOffice opens them."""

import io
import re
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from metrics.expressions import NOT_SET
from tests import spreadsheet
from tests.metrics.building import quick
from ui import workbook
from ui.workbook import Sheet, to_xlsx

DANGEROUS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "{=1+1}",
    "a;=1+1;b",
    "a,=1+1",
    "\t=1",
    "https://example.org",
    "mailto:a@b.c",
    "'quoted",
    "007",
    "1e5",
    "",
    "Ünïcode ♥ 𝄞",
)
TABLES = {
    "votes_over_time": Sheet(
        "Votes over time",
        pl.DataFrame(
            {
                "bucket": [date(2026, 11, 2), date(2026, 11, 3)],
                "voted_at": [datetime(2026, 11, 2, 14, 30, 5), None],
                "votes": [1234, None],
                "share": [0.375, float("nan")],
                "duration_median_seconds": [float("inf"), 61.5],
                "was_auto_flip": [True, False],
                "avg_estimation": pl.Series(["4.25", None]).cast(pl.Decimal(4, 2)),
                "seats": [[1, 2], None],
                "room_id": [12345, None],
                "session_mean_minutes": [13.44, None],
                "votes_before": [0.5, None],
            }
        ),
    ),
    "texts": Sheet("Texts", pl.DataFrame({"text": DANGEROUS})),
    "early": Sheet(
        "Early days",
        pl.DataFrame(
            {
                "bucket": [date(1899, 12, 31), date(1900, 2, 28), date(1900, 3, 1)],
                "voted_at": [datetime(1, 1, 1, 6), None, datetime(1900, 3, 1, 5)],
                "of_the_first_vote_of_all_with_any_card": datetime(2026, 11, 2),
            }
        ),
    ),
    "empty": Sheet(
        "Nothing", pl.DataFrame(schema={"votes": pl.Int64, "activation_rate": float})
    ),
    "a_name_as_long_as_one_may_be_31": Sheet("Many", pl.DataFrame({"n": range(1234)})),
}
ABOUT = {"Page": "Votes", "Period": "2026-11-02 to 2026-11-03", "Filters": "=none"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all: LibreOffice takes seconds to set itself up in a new one."""
    return tmp_path_factory.mktemp("workbook")


@pytest.fixture(scope="module")
def opened(folder: Path) -> dict[str, list[list[spreadsheet.Cell]]]:
    file = folder / "votes.xlsx"
    file.write_bytes(to_xlsx("Votes", ABOUT, TABLES))
    return spreadsheet.workbook(file)


def test_the_first_sheet_says_what_was_asked_and_lists_the_others(
    opened: dict[str, list[list[spreadsheet.Cell]]],
) -> None:
    assert list(opened) == ["About", *TABLES]
    lines = [[cell.value for cell in row[:3]] for row in opened["About"] if row]
    assert ["Filters", "=none"] in [line[:2] for line in lines]
    assert ["votes_over_time", "Votes over time", "2"] in lines
    assert ["empty", "Nothing", "0"] in lines
    assert opened["About"][len(ABOUT) + len(TABLES)][2].shown == "1,234"


def test_dates_and_numbers_are_real(
    opened: dict[str, list[list[spreadsheet.Cell]]],
) -> None:
    head, first, second, *_ = opened["votes_over_time"]
    assert [cell.value for cell in head][:3] == ["Date", "Ended (UTC)", "Votes"]
    kinds = [(cell.kind, cell.value) for cell in first[:8]]
    assert kinds == [
        ("date", "2026-11-02"),
        ("date", "2026-11-02T14:30:05"),
        ("float", "1234"),
        ("percentage", "0.375"),
        ("", ""),
        ("string", "yes"),
        ("float", "4.25"),
        ("string", "1, 2"),
    ]
    assert [cell.kind for cell in second[:5]] == ["date", "", "", "", "float"]


def test_days_before_those_of_spreadsheets_are_texts(
    opened: dict[str, list[list[spreadsheet.Cell]]],
) -> None:
    """They would be errors, hours without a day, or the day before."""
    cells = [[(c.kind, c.value) for c in row[:2]] for row in opened["early"][1:4]]
    assert cells == [
        [("string", "1899-12-31"), ("string", "0001-01-01 06:00:00")],
        [("string", "1900-02-28"), ("", "")],
        [("date", "1900-03-01"), ("date", "1900-03-01T05:00:00")],
    ]


def test_numbers_are_printed_as_on_the_page(
    opened: dict[str, list[list[spreadsheet.Cell]]],
) -> None:
    """In 40 and 5.2 beside each other, seconds and minutes would look alike."""
    head, first, second, *_ = opened["votes_over_time"]
    names = [cell.value for cell in head]
    shown = dict(zip(names, (cell.shown for cell in first), strict=False))
    assert shown["Votes"] == "1,234"
    assert shown["Share"] == "37.5%"
    assert second[names.index("Median duration")].shown == "62 s"
    assert shown["Mean session"] == "13.4 min"
    # An ID counts nothing.
    assert shown["Room ID"] == "12345"
    assert shown["Votes, before"] == "0.5"


def test_columns_are_as_wide_as_what_is_printed_in_them(
    opened: dict[str, list[list[spreadsheet.Cell]]],
) -> None:
    """A narrower one shows "####" in place of a number or a time."""
    for rows, xml in zip(
        opened.values(), _sheets(to_xlsx("Votes", ABOUT, TABLES)), strict=True
    ):
        widths = _widths(xml)
        narrow = [
            (cell.shown, width)
            for row in rows
            for cell, width in zip(row, widths, strict=False)
            if cell.kind != "string" or cell.value in TABLES
            if len(cell.shown) > width
        ]
        assert narrow == []
        # Of the heading as well, beside which the list of filters has its arrow.
        heads = [len(cell.shown) for cell in rows[0]]
        assert [head for head, w in zip(heads, widths, strict=False) if head > w] == []


def test_a_time_stays_in_its_second_and_on_its_day() -> None:
    at = datetime(2026, 11, 2, 23, 59, 59, 999_999)
    for zone in ("UTC", "Australia/Lord_Howe", "Africa/Casablanca"):
        votes = pl.DataFrame({"voted_at": [at]}).with_columns(
            pl.col("voted_at").dt.replace_time_zone(zone)
        )
        _, sheet = _sheets(to_xlsx("Votes", {}, {"votes": Sheet("Votes", votes)}))
        found = re.search(r'<c r="A2"[^>]*><v>([^<]*)</v>', sheet)
        assert found
        days, seconds = divmod(round(float(found[1]) * 86_400), 86_400)
        assert (days, seconds) == ((at - datetime(1899, 12, 30)).days, 86_399)


def test_no_text_becomes_a_formula_or_a_link(
    opened: dict[str, list[list[spreadsheet.Cell]]],
) -> None:
    cells = [cell for rows in opened.values() for row in rows for cell in row]
    assert [cell for cell in cells if cell.formula] == []
    shown = [row[0].value for row in opened["texts"][1 : len(DANGEROUS) + 1]]
    # As on the page, an empty text is "(not set)".
    meant = [text.strip() or NOT_SET for text in DANGEROUS]
    assert [text.strip() for text in shown] == meant
    assert b"hyperlink" not in to_xlsx("Votes", ABOUT, TABLES)


def test_the_header_stays_in_sight() -> None:
    for xml in _sheets(to_xlsx("Votes", ABOUT, TABLES)):
        assert 'ySplit="1"' in xml
        assert 'state="frozen"' in xml


def test_each_sheet_is_printed_on_few_pages_of_a4(folder: Path) -> None:
    """With its heading on each: a page of the last columns alone would say nothing."""
    wide = pl.DataFrame({f"a column of a wide table {n}": [n] for n in range(20)})
    texts = pl.DataFrame({f"text {n}": ["Users with a vote. " * 12] for n in range(3)})
    sheets = {
        "wide": Sheet("Wide", wide),
        "many": Sheet("Many", wide.select(pl.nth(range(12)))),
        "most": Sheet("Most upright", wide.select(pl.nth(range(4)))),
        "more": Sheet("More", wide.select(pl.nth(range(5)))),
        "texts": Sheet("Texts", texts),
    }
    data = to_xlsx("Votes", ABOUT | {"Filters": "country:DE " * 30}, sheets)
    file = folder / "printed.xlsx"
    file.write_bytes(data)
    upright, across = (595, 842), (842, 595)
    expected = [upright, across, across, across, upright, across, upright]
    assert spreadsheet.printed_pages(file) == expected
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.read("xl/workbook.xml").decode()
        for number in range(1, 1 + len(sheets) + 1):
            sheet = archive.read(f"xl/worksheets/sheet{number}.xml")
            assert b"<oddFooter>&amp;L&amp;A&amp;R&amp;P / &amp;N</oddFooter>" in sheet
    repeated = re.findall(r'Print_Titles"[^>]*>([^<]*)<', names)
    assert repeated == [
        "About!$1:$1",
        "many!$1:$1",
        "more!$1:$1",
        "most!$1:$1",
        "texts!$1:$1",
        "wide!$A:$A,wide!$1:$1",
    ]


def test_rows_are_as_high_as_their_texts() -> None:
    """LibreOffice would print a text of several lines over the next rows."""
    frame = pl.DataFrame({"name": ["short", "long " * 40, None, "x" * 40_000], "n": 1})
    about = {"Period": "short", "Filters": "long " * 40}
    first, sheet = _sheets(to_xlsx("T", about, {"t": Sheet("T", frame)}))
    rows = [
        re.findall(r'<row r="(\d+)"[^>]*?(?: ht="([\d.]+)"[^>]*)?>', xml)
        for xml in (first, sheet)
    ]
    assert rows[0] == [("1", ""), ("2", ""), ("3", "45"), ("4", "")]
    assert rows[1] == [("1", ""), ("2", ""), ("3", "45"), ("4", ""), ("5", "408.75")]
    # They are in lines of a width that can be read.
    for xml in (first, sheet):
        assert 60 < max(_widths(xml)) < 70
    for of, sheets in ((about, {}), ({}, {"t": Sheet("T", frame)})):
        assert 'wrapText="1"' in _styles(to_xlsx("T", of, sheets))


def test_a_long_table_is_cut_and_the_first_sheet_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    for rows, is_cut in ((3, False), (1_234_567, True), (4, True)):
        long = Sheet("All votes", pl.DataFrame({"votes": range(rows)}))
        data = to_xlsx("Votes", {}, {"all_votes": long})
        first, sheet = _sheets(data)
        # How many there are has its place.
        assert _widths(first)[2] > 9
        assert sheet.count("<row ") == 1 + 3
        assert ("the first 3 rows; the CSV has all" in _texts(data)) == is_cut


def test_points_are_those_of_the_page() -> None:
    """Rounded, a room that is cooling would have the 70 points of a healthy one."""
    rooms = pl.DataFrame({"health": [69.96, None], "state": ["cooling", "dormant"]})
    _, sheet = _sheets(to_xlsx("Rooms", {}, {"rooms": Sheet("Rooms", rooms)}))
    assert "<v>69</v>" in sheet


def test_texts_are_those_of_the_page() -> None:
    """Codes are for programs, which have the CSV."""
    events = pl.DataFrame({"event": ["LEFT_ROOM", None], "country": ["DE", "XX"]})
    changes = pl.DataFrame({"dimension": ["country"], "label": ["BR"]})
    usual = pl.DataFrame({"key": ["duration_median_seconds"]})
    # Without a change of seats a text is empty, not missing.
    votes = pl.DataFrame({"joined": [""], "left": ["2"], "cards": [""]})
    activity = pl.DataFrame({"kind": ["event"], "name": ["COPIED_ROOM_LINK"]})
    sheets = {
        "events": Sheet("Events", events, "events"),
        "what_moved": Sheet("Changes", changes, "what_moved"),
        "usual_changes": Sheet("Usual", usual, "usual_changes"),
        "routes_over_time": Sheet(
            "Routes", pl.DataFrame({"label": ["HOME"]}), "routes_over_time"
        ),
        "votes": Sheet("Votes", votes, "votes"),
        "activity": Sheet("Activity", activity, "activity"),
        "definitions": Sheet("D", pl.DataFrame({"Column in CSV and API": ["votes"]})),
    }
    texts = _texts(to_xlsx("T", {}, sheets))
    for text in (
        *("Left a room", "(not set)", "Germany 🇩🇪", "XX", "Country", "Brazil 🇧🇷"),
        *(
            "Copied the room link",
            "Median duration",
            "Route",
            "Home",
            "Column in CSV and API",
        ),
    ):
        assert f"<t>{text}</t>" in texts
    assert texts.count("(not set)") == 1


def test_headings_that_differ_in_case_alone_are_numbered() -> None:
    frame = pl.DataFrame({"label": [1], "Label": [2], "LABEL": [3]})
    texts = _texts(to_xlsx("T", {}, {"t": Sheet("T", frame)}))
    assert "<t>Label (2)</t>" in texts
    assert "<t>LABEL (3)</t>" in texts


@quick
@example(["About", "History", "history"])
@given(st.lists(st.text(min_size=0, max_size=40), unique=True, max_size=6))
def test_any_names_make_sheets_that_a_spreadsheet_takes(names: list[str]) -> None:
    given_names = {name: Sheet("T", pl.DataFrame({"votes": [1]})) for name in names}
    used = workbook._sheet_names(given_names)
    # The first sheet has the one name, Excel keeps the other for itself.
    taken = {"about", "history"}
    assert len({name.lower() for name in used.values()} | taken) == len(names) + 2
    assert all(0 < len(name) <= 31 for name in used.values())
    to_xlsx("T", {}, given_names)


def test_a_long_heading_is_cut_to_what_a_table_takes() -> None:
    frame = pl.DataFrame({"x" * 300: [1]})
    assert f">X{'x' * 254}<" in _texts(to_xlsx("T", {}, {"t": Sheet("T", frame)}))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("x" * 32_767, "x" * 32_767),
        ("ä" * 32_768, "ä" * 32_766 + "…"),
        # Excel counts in UTF-16, and calls a file with a longer text damaged.
        ("\N{PILE OF POO}" * 16_384, "\N{PILE OF POO}" * 16_383 + "…"),
        ("x" * 32_766 + "\N{PILE OF POO}", "x" * 32_765 + "…"),
    ],
    ids=["fits", "too long", "too long in UTF-16", "only at its end"],
)
def test_decimals_and_long_texts_fit(given: str, shown: str) -> None:
    frame = pl.DataFrame({"text": [given], "n": [Decimal("1.5")]})
    texts = _texts(to_xlsx("T", {}, {"t": Sheet("T", frame)}))
    assert f">{shown}<" in texts


_WIDTH = 8.43
"""Digits of a column whose width is not said."""


def _sheets(data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = sorted(n for n in archive.namelist() if n.startswith("xl/worksheets/s"))
        return [archive.read(name).decode() for name in names]


def _widths(sheet: str) -> list[float]:
    """Return the widths of its columns in digits; equal ones are written as one."""
    found = re.findall(r'<col min="(\d+)" max="(\d+)" width="(.*?)"', sheet)
    columns = {
        place: float(width)
        for first, last, width in found
        for place in range(int(first), int(last) + 1)
    }
    return [columns.get(place, _WIDTH) for place in range(1, 21)]


def _styles(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("xl/styles.xml").decode()


def _texts(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("xl/sharedStrings.xml").decode()
