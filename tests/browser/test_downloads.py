"""What is taken away equals what is shown, in a file and in a spreadsheet."""

import io
import re
import zipfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Page, expect

from metrics.frames import Frames, Period
from metrics.query import Query
from metrics.registry import plan
from store import engine
from testkit import chromium
from testkit.chromium import Server
from tests.browser.by_hand import Days, Files
from tests.browser.looking import block, csv_button, go, grid, rows_of, save
from tests.spreadsheet import Cell, opened

pytestmark = pytest.mark.browser

MONTH = Days.last_month()
WINDOW = Period.of_days(MONTH.first, MONTH.last)
TABLES = {
    "votes_by_weekday": ("/votes?", "Votes by weekday", "weekday_name"),
    "cities": ("/location?place=Cities&", "Users by city", "city"),
    "rooms": ("/behaviour?part=Rooms&", "Votes by room", "room_name"),
    "historical": ("/historical?", "Newest first", "bucket"),
}
"""Table → its address, its title there, and the column that identifies its rows."""


def plain(text: str) -> str:
    """Return a cell without what a reader gets beside the value."""
    return text.replace(",", "").removesuffix("%")


@pytest.mark.parametrize("table", ["votes_by_weekday", "rooms", "historical"])
def test_a_csv_equals_the_table_that_is_shown(
    page: Page, demo_server: Server, table: str
) -> None:
    path, title, label = TABLES[table]
    go(page, f"{demo_server.url}{path}period=Last+month")
    name, content = save(page, csv_button(page, title))
    has = "historical_newest_first_by_day" if table == "historical" else table
    assert name == f"fpp_{has}_{MONTH.first}_{MONTH.last}.csv"
    head, *rows = rows_of(content)
    switch = block(page, title).get_by_text("Table", exact=True)
    if switch.count():
        switch.click()
        chromium.wait_until_drawn(page)
    shown = grid(block(page, title))
    assert len(shown) > 5
    # A long table is drawn as far as it is scrolled; the file has all of it.
    assert len(rows) >= len(shown)
    number = next(head.index(n) for n in ("votes", "count") if n in head)
    for row, cells in zip(rows, shown, strict=False):
        said = row[head.index(label)].removeprefix("'")
        texts = [plain(cell) for cell in cells]
        assert said in cells if said else {"(not set)", "(deleted)"} & {*cells}
        assert row[number] in texts


@pytest.mark.parametrize("path", ["/data", "/votes"])
def test_a_file_alone_has_the_name_that_it_has_in_the_zip(
    page: Page, demo_server: Server, path: str
) -> None:
    go(page, f"{demo_server.url}{path}")
    buttons = page.get_by_role("button", name="CSV")
    saved = dict(save(page, button) for button in buttons.all())
    page.get_by_role("button", name="Share").click()
    _, packed = save(page, page.get_by_role("button", name="Download page (ZIP)"))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert {name: archive.read(name) for name in saved} == saved
        about = archive.read("about.txt").decode()
    assert len(saved) > 1
    assert ("Grouped by: day\n" in about) == (path == "/votes")
    assert "(demo)" in about


def test_cells_are_copied_as_they_are_printed(page: Page, demo_server: Server) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    path, title, _ = TABLES["historical"]
    go(page, f"{demo_server.url}{path}period=Last+month")
    shown = grid(block(page, title))
    choose_first_cell(page, title)
    for key, count in (("Shift+ArrowDown", 2), ("Shift+ArrowRight", 4)):
        page.keyboard.press(key)
        expect(page.locator(CHOSEN)).to_have_count(count)
    assert copied(page) == [
        [f"{date.fromisoformat(day):%-d %b %Y}", votes] for day, votes, *_ in shown[:2]
    ]
    # All rows, also those that are not drawn.
    page.keyboard.press("Control+A")
    expect(page.locator(CHOSEN)).to_have_count(sum(map(len, shown)))
    rows = copied(page)
    assert [len(rows), len(rows[0])] == [
        (MONTH.last - MONTH.first).days + 1,
        len(shown[0]),
    ]
    # A spreadsheet runs none of them, and numbers stay numbers.
    texts = ["-41.9%", "-7 s", "a -5: +2", "a = b", "11,159"]
    formulas = ["=1+1", "a; =1;b", '"@x', "a :=1+1"]
    page.evaluate(FILL_CELLS, [*texts, [11159, "11,159"], *formulas])
    (row, *_) = copied(page)
    assert row[:6] == [*texts, "11159"]
    assert row[6:10] == ["'=1+1", "a;' '=1;b", "'\"@x", "a :'=1+1"]
    # As in our CSV, a room that is called 007 is not the number 7.
    names = ["007", "3-4", "2026-11-05", "1E5", "1234567890123456"]
    page.evaluate(FILL_CELLS, [*names, "7", "120456", "0", "100.0%", "2–3"])
    (row, *_) = copied(page)
    assert row[:10] == [
        *(f"'{name}" for name in names),
        "7",
        "120456",
        "0",
        "100.0%",
        "2–3",
    ]


def test_a_cell_whose_row_would_open_a_room_is_chosen_with_shift(
    page: Page, demo_server: Server
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    go(page, f"{demo_server.url}/insights?about=rooms&period=last_month")
    table = page.locator("[class*=st-key-rows_]").last
    shown, address = grid(table), page.url
    table.scroll_into_view_if_needed()
    scroller = table.locator(".dvn-scroller")
    # The column after that of the boxes, the first row below the titles.
    for y in (50, 80):
        scroller.click(modifiers=["Shift"], position={"x": 60, "y": y})
    expect(page.locator(CHOSEN)).to_have_count(2)
    assert copied(page) == [row[:1] for row in shown[:2]]
    assert page.url == address


FILL_CELLS = """texts => {
  const canvas = document.activeElement.closest("canvas");
  let node = canvas[Object.keys(canvas).find(key => key.startsWith("__reactFiber$"))];
  for (; node; node = node.return)
    if (node.memoizedProps?.getCellContent)
      node.memoizedProps.getCellContent = ([column]) => {
        const [data, displayData] = [texts[column] ?? ""].flat();
        return {kind: "text", data, displayData};
      };
}"""
"""Replaces what a table has in its columns."""
CHOSEN = "[role=gridcell][aria-selected=true]"


def choose_first_cell(page: Page, title: str) -> None:
    block(page, title).locator("canvas[data-testid=data-grid-canvas]").first.focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator(CHOSEN)).to_have_id("glide-cell-0-0")


def copied(page: Page) -> list[list[str]]:
    """Return the cells that are copied."""
    page.keyboard.press("Control+C")
    text = page.evaluate("navigator.clipboard.readText()")
    return [line.split("\t") for line in text.split("\n")]


def schema(table: str) -> pl.Schema:
    query = Query(Frames.empty(), WINDOW, None, "day", WINDOW.end)
    return engine.collect(plan(table, query)).schema


def assert_understood(cell: Cell, text: str, dtype: pl.DataType) -> None:
    """Compare LibreOffice's reading of a text with its column."""
    assert cell.formula is None
    if text == "":
        assert cell.kind == ""
    elif dtype.is_temporal():
        assert cell.kind == "date"
        assert cell.value == re.sub(r"(\.\d*?)0+$", r"\1", text).removesuffix(".")
    elif dtype.is_numeric():
        assert cell.kind == "float"
        assert float(cell.value) == pytest.approx(float(text), rel=1e-12)
    else:
        assert cell.value == text


def test_libreoffice_reads_dates_umlauts_and_formulas_as_they_are_meant(
    page: Page, demo_server: Server, demo_data: Path, tmp_path: Path
) -> None:
    files = {}
    for table in ("cities", "rooms", "historical"):
        path, title, _ = TABLES[table]
        go(page, f"{demo_server.url}{path}period=All+time&every=Month")
        files[table] = tmp_path / f"{table}.csv"
        files[table].write_bytes(save(page, csv_button(page, title))[1])
    control = tmp_path / "control.csv"
    control.write_text("name\n=1+1\n")
    sheets = opened(*files.values(), control)
    # Without the guard it would be a formula: the spreadsheet shows it.
    assert sheets[control][1] == [Cell("float", "2", "of:=1+1")]
    for table, file in files.items():
        head, *rows = rows_of(file.read_bytes())
        types = schema(table)
        sheet = sheets[file]
        assert [cell.value for cell in sheet[0]] == head
        assert len(sheet) == len(rows) + 1
        for cells, row in zip(sheet[1:], rows, strict=True):
            padded = [*cells, *[Cell("", "")] * (len(row) - len(cells))]
            for name, cell, text in zip(head, padded, row, strict=True):
                assert_understood(cell, text, types[name])
    cities = {cell.value for row in sheets[files["cities"]] for cell in row}
    rooms = {cell.value for row in sheets[files["rooms"]] for cell in row}
    assert {"Zürich", "München"} <= cities
    assert {"'=1+1", "'@équipe", "<b>x</b>"} <= rooms
    # On some dates the first users of a room like that were never in it.
    names = {*Files(demo_data).read("rooms")["name"]}
    assert {'a,b;"c"', "スクラム"} & names == {'a,b;"c"', "スクラム"} & rooms
