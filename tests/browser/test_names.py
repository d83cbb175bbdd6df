"""Names from the database are text, never markup, wherever they appear."""

import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import polars as pl
import pytest
from playwright.sync_api import Page, ViewportSize, expect

from store.reader import DEMO_MARKER
from testkit import chromium
from testkit.fixed_clock import NOW
from tests.browser.by_hand import Days, Files
from tests.browser.conftest import as_left, emptied, visiting
from tests.browser.looking import PAGES, go, too_wide, turn_to

pytestmark = pytest.mark.browser

NAME = "<b>x</b>"
AS_TEXT = re.compile(r"<\u2060?b>\u2060?x</b>")
"""The name as a page shows it: a word joiner keeps Markdown from reading a tag."""
CHOICES = ("period", "from", "to", "compare", "every", "tz", "bots", "filter", "place")
TURNED = (
    *("https://zq.example/x", "www.zq.example", "see zq@zq.example.", "[zq](//zq.co)"),
    *("![zq](/zq.png)", "`zq`", "~~zq~~", "**zq**", "*zq*", "_zq_", ":red[zq]"),
    *("$zq^2$", "<b>zq</b>", "<img src=zq>", "# zq", "- zq", "1. zq", "> zq"),
    *("<script>window.zq = 1</script>", "![zq](https://zq.example/zq.png)"),
    *("<img src=//zq.example/ onerror=window.zq=1>", ":streamlit: zq"),
    "zq" + "x" * 500,
    *("zq\n\n    zq", "|zq|\n|-|\n|zq|", ":material/zq:", ":smile: zq", "zq -> zq"),
)
"""Texts in which Markdown or Streamlit find something to turn."""
NAMELESS = {"Historical", "Returning"}
"""Pages that show numbers and dates alone."""
VIEWS = {
    **{title: path for title, path in PAGES.items() if title not in NAMELESS},
    "A city as filter": "/traffic?filter=city%3A%3Cb%3Ex%3C%2Fb%3E",
    "The room": "/room?room={room}",
    "Cities": "/location?place=Cities",
    "Rooms by votes": "/behaviour?part=Rooms",
    "Insights on rooms": "/insights?about=Rooms",
    "Texts as filters": "/traffic?"
    + urlencode([("filter", f"city:{t}") for t in TURNED]),
    "Texts as choices": "/location?"
    + urlencode({key: TURNED[n] for n, key in enumerate(CHOICES)}),
    # From their end: of many warnings the first five are shown.
    "Texts as rooms": "/room?" + urlencode([("room", t) for t in TURNED[::-1]]),
}
SHOWN = {"Overview", "Cities", "A city as filter", "The room", "Rooms by votes"}
"""The busiest room or the largest city is among the first."""


MARKUP = """() => [...document.querySelectorAll(
    `[data-testid=stMain] :is(a, img, code, .katex, del, em, b, strong, ul, ol, td,
    blockquote, pre, [data-testid=stIconMaterial], span[style*=color])`)]
  .filter(e => !e.closest('[data-testid=stDataFrame], [data-testid=stCode], svg'))
  // The report has a table of its own.
  .filter(e => !(e.closest('.st-key-report') && /^(TD|STRONG|UL)$/.test(e.tagName)))
  // Of several warnings about a link there is a list.
  .filter(e => !e.matches('[data-testid=stAlert] :not(li) > ul'))
  .filter(e => /zq/.test(e.outerHTML))
  .filter(e => e.tagName != 'A' || new URL(e.href).host != location.host)
  .map(e => e.outerHTML.slice(0, 300))"""


def turned(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Return a table in which every third text is one that Markdown would turn."""
    place = pl.int_range(pl.len())
    texts = pl.lit(pl.Series([*TURNED])).gather(place // 3 % len(TURNED))
    own = pl.when(place % 3 == 0).then(texts)
    return frame.with_columns(own.otherwise(pl.col(c)).alias(c) for c in columns)


class Named(NamedTuple):
    """A store in which the busiest room, new this month, and a city have that name."""

    folder: Path
    room: int


@pytest.fixture(scope="module")
def named(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Named:
    folder: Path = tmp_path_factory.mktemp("named")
    tables = {file.name: pl.read_parquet(file) for file in demo_data.glob("*.parquet")}
    days = Days.until_yesterday(28)
    room: int = Files(demo_data).rooms_by_votes(days)["room_id"][0]
    is_room, name = pl.col("id") == room, pl.col("name")
    earlier = (pl.col("room_id") == room) & days.before.hold("voted_at")
    changed = {
        "fpp_rooms.parquet": tables["fpp_rooms.parquet"]
        .filter((name != NAME) | is_room)
        .pipe(turned, "name")
        .with_columns(name=pl.when(is_room).then(pl.lit(NAME)).otherwise(name)),
        "fpp_votes.parquet": tables["fpp_votes.parquet"].filter(~earlier),
        "fpp_users.parquet": tables["fpp_users.parquet"]
        .pipe(turned, "country", "region", "city", "device", "os", "browser")
        .with_columns(pl.col("city").replace({"Berlin": NAME})),
        "fpp_page_views.parquet": turned(
            tables["fpp_page_views.parquet"], "route", "source"
        ),
        "fpp_events.parquet": turned(tables["fpp_events.parquet"], "event"),
    }
    until = NOW.replace(tzinfo=UTC).timestamp()
    for file, rows in (tables | changed).items():
        rows.write_parquet(folder / file)
        # By a stopped clock years ahead, the data of files of now would end before.
        os.utime(folder / file, (until, until))
    shutil.copy2(demo_data / DEMO_MARKER, folder)
    return Named(folder, room)


class Member(NamedTuple):
    """A user who has logged in to a dashboard on that store."""

    tab: Page
    url: str


@pytest.fixture(scope="module")
def member(tab: Page, named: Named) -> Iterator[Member]:
    with chromium.dashboard(named.folder) as server, visiting(tab, server):
        yield Member(tab, server.url)


WIDEST_ON_PAPER = """() => {
  const widths = table => [...table.querySelectorAll('td:not([colspan])')]
    .map(cell => cell.clientWidth / table.clientWidth);
  return [...document.querySelectorAll('table.on-paper')]
    .map(table => Math.max(...widths(table)));
}"""
"""The widest cell of each table as a share of the table, beside its last line."""


SHEET: ViewportSize = {"width": 726, "height": 1056}
"""A4 without its margins."""
BROKEN_ON_PAPER = """() => [...document.querySelectorAll('table.on-paper td')]
  .filter(cell => /^\\S{1,30}$/.test(cell.textContent))
  .filter(({firstChild}) => {
    const range = document.createRange();
    range.selectNodeContents(firstChild);
    return range.getClientRects().length > 1;
  }).map(cell => cell.textContent)"""


ON_SCREEN_AND_PAPER = """() =>
  [...document.querySelectorAll('[data-testid=stDataFrame]')].map(grid => {
    const {rows} = grid.querySelector('table.on-paper').tBodies[0];
    return [...grid.querySelectorAll('[role=gridcell]')].map(cell => {
      const [column, row] = cell.id.match(/[0-9]+/g).map(Number);
      return [cell.textContent, rows[row].cells[column - 1].textContent];
    });
  })"""
"""The cells of each table that are drawn, each with that on paper; the first column of
the screen has the boxes of the rows."""
PRINT_WITH_AN_EMPTY_ROW = """canvas => {
  let grid;
  let node = canvas[Object.keys(canvas).find(key => key.startsWith("__reactFiber$"))];
  for (; node; node = node.return)
    if (node.memoizedProps?.getCellContent) grid = node.memoizedProps;
  const filled = grid.getCellContent;
  grid.getCellContent = at => at[1] ? filled(at) : {data: null, displayData: ""};
  dispatchEvent(new Event("beforeprint"));
}"""
"""Print before the grid is drawn again, which would fill the row again."""


def leave_room_on_paper(page: Page) -> bool:
    """Return whether both tables are there and no cell takes most of its own."""
    shares: list[float] = page.evaluate(WIDEST_ON_PAPER)
    return len(shares) == 2 and max(shares) < 0.45


def assert_no_markup(page: Page) -> None:
    made = page.locator("b, strong").filter(has_text=re.compile(r"^x$"))
    expect(made).to_have_count(0)
    assert page.evaluate(MARKUP) == []
    assert page.evaluate("window.zq") is None
    text = page.get_by_test_id("stMain").inner_text()
    assert "zq → zq" not in text
    assert "😄" not in text


@pytest.mark.parametrize("view", VIEWS)
def test_a_name_that_looks_like_markup_is_shown_as_it_is(
    member: Member, named: Named, view: str
) -> None:
    with as_left(member.tab) as page:
        if view in PAGES:
            turn_to(page, member.url, view)
        else:
            go(page, member.url + VIEWS[view].format(room=named.room))
        if view in SHOWN:
            # In a chart, in the cells behind a grid's canvas, or as text of the page.
            expect(page.get_by_text(AS_TEXT).first).to_be_attached()
        assert_no_markup(page)
        # Long texts without a blank are broken or cut.
        assert too_wide(page) == 0
        if view == "Insights on rooms":
            canvas = page.get_by_test_id("data-grid-canvas")
            expect(canvas).to_have_count(2)
            canvas.last.locator("[role=gridcell]").first.wait_for(state="attached")
            # In this order, as a browser prints: grids that are hidden draw nothing.
            # A second dialog, that of the system, is announced as well.
            for _ in range(2):
                page.evaluate("dispatchEvent(new Event('beforeprint'))")
            # What is missing has a sign, as on the screen.
            for cells in page.evaluate(ON_SCREEN_AND_PAPER):
                assert len(cells) > 5
                assert all((not c) == (on_paper == "–") for c, on_paper in cells)
            page.emulate_media(media="print")
            # They leave room for the numbers beside them.
            assert leave_room_on_paper(page)
            page.set_viewport_size(SHEET)
            assert page.evaluate(BROKEN_ON_PAPER) == []
            page.emulate_media(media="screen")
            canvas.last.evaluate(PRINT_WITH_AN_EMPTY_ROW)
            row = page.locator("table.on-paper").last.locator("tbody tr").first
            assert {*row.locator("td").all_inner_texts()} == {"–"}
            page.evaluate("dispatchEvent(new Event('afterprint'))")


def test_a_room_is_found_by_typing_markup(member: Member, named: Named) -> None:
    with emptied(member.tab) as page:
        go(page, f"{member.url}/room")
        page.get_by_role("combobox", name="Find a room").press_sequentially("<b>x")
        page.get_by_role("option", name=NAME).click()
        page.wait_for_url(f"**room={named.room}**")
        expect(page.get_by_role("heading", level=2).first).to_have_text(AS_TEXT)
        assert_no_markup(page)
