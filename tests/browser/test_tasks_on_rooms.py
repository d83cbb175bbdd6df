"""Three tasks as a newcomer: what happened there, a page for the boss, two rooms."""

import re
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Locator, Page, expect

from metrics import meetings
from store.reader import open_store
from testkit import chromium
from testkit.chromium import Server
from testkit.fixed_clock import NOW
from tests.browser.looking import (
    at_last,
    block,
    csv_button,
    go,
    grid,
    misplaced,
    navigation,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def held(demo_data: Path) -> pl.DataFrame:
    """Meetings of the last week in rooms that exist, the longest first."""
    frames = open_store(demo_data).frames
    names = frames.rooms.select(room_id="id", name="name", number="number")
    recent = pl.col("started_at") > NOW - timedelta(days=8)
    found = meetings.meetings(frames).filter(recent, pl.col("started_at") < NOW.date())
    return found.join(names, on="room_id").sort("votes", descending=True).collect()


def start_at_overview(page: Page, server: Server, title: str) -> None:
    go(page, server.url)
    navigation(page, title).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    chromium.wait_until_drawn(page)


def click_row(page: Page, within: Locator, text: str) -> None:
    """Click the first row of a table with a cell that begins with this text."""
    rows = grid(within)
    place = next(
        i for i, row in enumerate(rows) if any(c.startswith(text) for c in row)
    )
    # On its text. Rows are 30 pixels high, the head a little more.
    scroller = within.locator(".dvn-scroller").first
    scroller.click(position={"x": 60, "y": 48 + 30 * place})


def find_room(page: Page, text: str, last: int | None = None) -> None:
    page.get_by_role("combobox", name="Find a room").press_sequentially(text)
    page.get_by_role("combobox", name="Find a room").press("Enter")
    page.wait_for_url(re.compile(f"room={last or '[0-9]+'}"))
    chromium.wait_until_drawn(page)


def test_what_happened_in_a_room_at_a_time(
    page: Page, demo_server: Server, held: pl.DataFrame
) -> None:
    meeting = held.row(0, named=True)
    start_at_overview(page, demo_server, "Room")
    find_room(page, f"#{meeting['number']}")
    expect(
        page.get_by_role("heading", name=meeting["name"], exact=True)
    ).to_be_visible()
    expect(page.get_by_role("heading", name="Meetings, newest first")).to_be_visible()
    # On a phone the list is far below what a click on it opens.
    page.set_viewport_size({"width": 375, "height": 812})
    chromium.wait_until_drawn(page)
    start, end = meeting["started_at"], meeting["ended_at"]
    row = page.locator(".st-key-meetings"), f"{start:%Y-%m-%d %H:%M}"
    opened = page.get_by_role("heading", name=f"{start:%H:%M}–{end:%H:%M} UTC")
    click_row(page, *row)
    expect(opened).to_be_in_viewport()
    # Its row is ticked; without the tick it is closed.
    chromium.wait_until_drawn(page)
    click_row(page, *row)
    expect(opened).to_have_count(0)
    chromium.wait_until_drawn(page)
    click_row(page, *row)
    expect(opened).to_be_in_viewport()
    expect(opened).to_be_focused()
    timeline = page.get_by_test_id("stVegaLiteChart").first
    expect(timeline.get_by_text("Seat 1", exact=True)).to_be_visible()
    page.get_by_role("button", name="Close the meeting").click()
    expect(page.get_by_role("heading", name="Votes per day")).to_be_visible()
    expect(page.get_by_role("heading", name="Meeting of")).to_have_count(0)
    chromium.wait_until_drawn(page)
    assert "meeting=" not in page.url


def test_a_page_for_the_boss(page: Page, demo_server: Server) -> None:
    start_at_overview(page, demo_server, "Report")
    page.get_by_role("combobox", name="Period").click()
    page.get_by_role("option", name="Last month", exact=True).click()
    page.wait_for_url("**period=last_month**")
    chromium.wait_until_drawn(page)
    sheet = page.locator(".st-key-report")
    expect(sheet.get_by_role("row", name=re.compile("^Votes"))).to_be_visible()
    expect(sheet.get_by_role("img").first).to_be_visible()
    # What is usual is one line: below a change a phone had room for a word or two.
    page.set_viewport_size({"width": 375, "height": 812})
    heights = sheet.get_by_role("cell", name="usual").evaluate_all(
        "cells => cells.map(cell => cell.offsetHeight)"
    )
    assert heights
    assert max(heights) < 30
    with page.expect_download() as download:
        page.get_by_role("button", name="HTML for mail: Report").click()
    text = Path(download.value.path()).read_text()
    # Rooms lead to their pages; nothing is asked for from elsewhere.
    assert set(re.findall(r"https?://[^/]*", text)) == {demo_server.url}
    votes = sheet.get_by_role("row", name=re.compile("^Votes")).inner_text().split()[1]
    assert f"<strong>{votes}</strong>" in text
    page.set_viewport_size({"width": 320, "height": 640})
    # No date is over the next one, also where a year turns and dates have theirs.
    dated, count = re.subn(r"(\d\s[A-Z][a-z]{2})(?=</td>)", r"\1 2026", text)
    assert count == 3
    page.set_content(dated)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    too_wide = "dates => dates.filter(date => date.scrollWidth > date.offsetWidth)"
    dates = page.locator("[role=img] tr:last-child td")
    assert dates.evaluate_all(too_wide) == []


def test_two_rooms_compared(
    page: Page, demo_server: Server, held: pl.DataFrame
) -> None:
    first, second, third = held.unique("room_id", keep="first", maintain_order=True)[
        :3
    ].rows(named=True)
    start_at_overview(page, demo_server, "Room")
    find_room(page, f"#{first['number']}")
    # Keys are shortcuts again.
    expect(page.get_by_role("heading", name=first["name"], level=2)).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("option").first).to_be_visible()
    find_room(page, f"#{second['number']}", last=second["room_id"])
    # Nothing covers what was found, and it has the focus.
    expect(page.get_by_role("option")).to_have_count(0)
    expect(page.locator("h2:focus")).to_contain_text(str(second["name"]))
    for room in (first, second):
        name = f"{room['name']} (#{room['number']})"
        expect(page.get_by_text(name, exact=True).first).to_be_attached()
    expect(page.get_by_role("heading", level=2)).to_contain_text(
        [str(first["name"]), str(second["name"])]
    )
    # The box is called by its name, too.
    expect(page.get_by_role("button", name="Open: Find a room")).to_be_visible()
    expect(page.get_by_role("button", name="Clear all")).to_have_count(0)
    # Names of rooms are long, and a phone is narrow.
    page.set_viewport_size({"width": 375, "height": 812})
    go(page, f"{page.url}&room={third['room_id']}")
    assert at_last(page, misplaced, []) == []


def test_enter_opens_the_room_that_is_called_as_typed(
    page: Page, demo_server: Server, demo_data: Path
) -> None:
    rooms = pl.read_parquet(demo_data / "fpp_rooms.parquet")
    # Others have an ID that begins like this one.
    room = rooms.row(by_predicate=pl.col("id") == 86, named=True)
    printed = f"\u2068{room['name']}\u2069 (#{room['number']})"
    link = f"{demo_server.url}/room?period=all_time&room=86#x"
    go(page, f"{demo_server.url}/room")
    # As a bar says it once the room is deleted.
    bar = "(deleted) ID 86"
    for text in ("ID 86", printed, link, f"  {room['name']}  ", bar):
        field = page.get_by_role("combobox", name="Find a room")
        field.fill(text)
        field.press("Enter")
        page.wait_for_url("**room=86")
        chromium.wait_until_drawn(page)
        page.go_back()
        expect(page.locator(".st-key-room_search [data-tag]")).to_have_count(0)
        chromium.wait_until_drawn(page)


def test_a_row_of_a_table_opens_its_room(page: Page, demo_server: Server) -> None:
    go(page, f"{demo_server.url}/insights?about=rooms")
    quiet = block(page, "Which healthy rooms have gone quiet?")
    name = grid(quiet)[0][0]
    # The keyboard passes through without opening one.
    before = page.url
    csv_button(page, "Which healthy rooms have gone quiet?").focus()
    for key in ["Tab"] * 4 + ["ArrowDown", "ArrowUp"]:
        page.keyboard.press(key)
    expect(quiet.locator("table[role=grid] :focus")).to_be_attached()
    assert page.url == before
    click_row(page, quiet, name)
    expect(page.get_by_role("heading", level=1)).to_have_text("Room")
    chromium.wait_until_drawn(page)
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    assert re.search(r"room=\d+", page.url)
    # One act, one step.
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Insights")
    assert page.url == before
