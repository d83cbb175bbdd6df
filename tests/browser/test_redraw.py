"""What is sent and drawn again when one control of a page changes."""

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest
from playwright.sync_api import Page, WebSocket, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from testkit import chromium
from testkit.chromium import Server
from testkit.fixed_clock import NOW
from tests.browser.conftest import as_left, emptied, visiting
from tests.browser.looking import go, labels
from tests.browser.test_links import KEEP_LOOKS

pytestmark = pytest.mark.browser

REMEMBER = """() => {
  for (const svg of document.querySelectorAll('svg.marks')) svg.drawnBefore = true;
}"""
REDRAWN = """() => [...document.querySelectorAll('[data-testid=stVegaLiteChart]')]
  .filter(chart => !chart.querySelector('svg.marks').drawnBefore)
  .map(chart => chart.getAttribute('aria-label'))"""


class Traffic(NamedTuple):
    """The page as it was opened, and what it receives from the server."""

    page: Page
    deltas: int
    """How many it received until it was drawn."""
    received: list[ForwardMsg]


@pytest.fixture(scope="module")
def opened(tab: Page, demo_server: Server) -> Traffic:
    messages: list[ForwardMsg] = []

    def keep(frame: str | bytes) -> None:
        message = ForwardMsg()
        message.ParseFromString(frame if isinstance(frame, bytes) else frame.encode())
        messages.append(message)

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", keep)

    with emptied(tab) as page:
        page.once("websocket", listen)
        go(page, f"{demo_server.url}/traffic")
    return Traffic(tab, sum(m.HasField("delta") for m in messages), messages)


@pytest.fixture
def traffic(opened: Traffic) -> Iterator[Traffic]:
    """One page for all tests that follow each other here: each does one act more."""
    with as_left(opened.page) as page:
        page.evaluate(REMEMBER)
        opened.received.clear()
        yield opened


def test_another_granularity_draws_only_what_is_over_time(traffic: Traffic) -> None:
    page = traffic.page
    page.get_by_role("combobox", name="Group by").click()
    page.get_by_role("option", name="Week").click()
    page.wait_for_url("**every=week*")
    chromium.wait_until_drawn(page)
    (drawn,) = page.evaluate(REDRAWN)
    assert drawn.startswith("Unique users per week")


def test_a_block_that_becomes_a_table_is_all_that_is_sent_and_drawn(
    traffic: Traffic,
) -> None:
    page = traffic.page
    page.locator(".st-key-table_funnel label").click()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(2)
    chromium.wait_until_drawn(page)
    sent = [message.delta for message in traffic.received if message.HasField("delta")]
    assert len({delta.fragment_id for delta in sent}) == 1
    assert 0 < len(sent) < traffic.deltas / 4
    assert page.evaluate(REDRAWN) == []


def test_a_tile_redraws_the_strip_and_its_chart_alone(traffic: Traffic) -> None:
    page = traffic.page
    page.locator(".st-key-kpi_strip").get_by_role("radio").nth(1).click()
    expect(page.get_by_role("heading", name="Page views per")).to_be_visible()
    page.wait_for_url("**show=page_views**")
    chromium.wait_until_drawn(page)
    sent = [message.delta for message in traffic.received if message.HasField("delta")]
    assert len({delta.fragment_id for delta in sent}) == 1
    assert 0 < len(sent) < traffic.deltas / 3


def test_pages_with_charts_and_tables_leave_pandas_unloaded(
    traffic: Traffic, demo_server: Server
) -> None:
    mapped = Path(f"/proc/{demo_server.pid}/maps").read_text()
    assert "pyarrow" in mapped
    assert "pandas" not in mapped


def test_a_page_that_is_not_drawn_fails_with_what_is_missing(page: Page) -> None:
    with pytest.raises(AssertionError, match="no app at about:blank"):
        chromium.wait_once_until_drawn(page, 100)
    page.set_content(
        """<div data-testid=stApp data-test-connection-state=CONNECTED
          data-test-script-state=notRunning><h1>Votes</h1>
          <div data-testid=stVegaLiteChart aria-label="Votes per day"></div>
          <div data-testid=stAlert>Missing: fpp_votes</div></div>"""
    )
    with pytest.raises(AssertionError) as failure:
        chromium.wait_once_until_drawn(page, 100)
    assert str(failure.value) == (
        "not drawn: connection CONNECTED; script notRunning; "
        "no marks in Votes per day; Missing: fpp_votes"
    )


CLICK_VOTES = """() => {
  window.clickedAt = performance.now();
  [...document.querySelectorAll('.st-key-navigation a')]
    .find(link => link.textContent.endsWith('Votes')).click();
}"""
FIRST_ASKED = """() => Math.min(...performance.getEntriesByType('resource')
  .map(entry => entry.startTime - window.clickedAt).filter(after => after > 0))"""


def test_skeletons_rest_in_the_browser_of_tests(page: Page) -> None:
    """Painted all the time, they took a third of what loading a page takes."""
    assert page.evaluate("matchMedia('(prefers-reduced-motion: reduce)').matches")


def test_another_page_is_drawn_before_the_browser_asks_for_anything_else(
    page: Page, demo_server: Server
) -> None:
    page.goto(demo_server.url + "/votes")
    chromium.wait_until_drawn(page)  # and has all scripts of the page
    with page.expect_response("**/_stcore/health"):
        page.locator(".st-key-navigation").get_by_role("link", name="Data").click()
    expect(page.get_by_role("heading", name="Data", level=1)).to_be_visible()
    # Not after every click is it asked whether the session is still open.
    page.wait_for_timeout(5100)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_response("**/_stcore/health"):
        page.evaluate(CLICK_VOTES)
    expect(page.get_by_role("heading", name="Votes", level=1)).to_be_visible()
    chromium.wait_until_drawn(page)
    assert page.evaluate(FIRST_ASKED) >= 1000
    assert asked == [f"{demo_server.url}/_stcore/health"]


ORDERED = """
import sys
sys.path.insert(0, {root!r})
from datetime import date
import polars as pl
import streamlit as st
from metrics.frames import Period
from testkit.fixed_clock import NOW
from ui import charts
from ui.charts import TimeAxis
from ui.charts.rendering import render_chart
st.title("Order")
counts = {{"a": 9, "b": 5, "c": 3}}
if st.button("Next"):
    counts = {{"d": 8, "c": 7, "b": 6, "a": 1}}
frame = pl.DataFrame({{"os": [*counts], "count": [*counts.values()]}})
render_chart(charts.ranked(frame, "os", "count", "users"), "Ranked")
render_chart(charts.bars(frame, "os", "count", ("System", "Users")), "Bars")
cells = frame.with_columns(day=pl.lit("Monday"))
heat = charts.heat_map(cells, ("os", "System"), ("day", "Day"), ("count", "Users"))
render_chart(heat, "Heat")
first, last = date(2024, 1, 1), date(2026, 9, 1)
days = pl.DataFrame({{"bucket": pl.date_range(first, last, eager=True)}})
many = days.join(frame.rename({{"os": "label"}}), how="cross")
axis = TimeAxis.of("day", Period.of_days(first, last), NOW)
render_chart(charts.lines(many, "label", "Users", axis), "Many")
"""


def test_new_data_are_drawn_in_their_order_with_their_texts(
    page: Page, tmp_path: Path
) -> None:
    """Vega would keep labels that it has where they are, and add others behind."""
    script = tmp_path / "order.py"
    script.write_text(ORDERED.format(root=str(chromium.ROOT)))
    with chromium.serving(script) as server:
        page.goto(server.url)
        chromium.wait_until_drawn(page)
        page.get_by_role("button", name="Next").click()
        ranked, bars, heat, many = page.get_by_test_id("stVegaLiteChart").all()
        expect(bars.locator("svg.marks").get_by_text("d", exact=True)).to_be_visible()
        chromium.wait_until_drawn(page)
        for chart in (ranked, bars):
            shown = [text for text in labels(chart) if text in {*"abcd"}]
            assert shown == [*"dcba"]
        # What a screen reader is told of the shades is true of the new data.
        legend = heat.locator("[aria-label*='shades from 0 to']")
        expect(legend).to_have_attribute("aria-label", re.compile("from 0 to 8"))
        # Of 3,000 points and more Streamlit would draw a picture without texts.
        expect(many.locator("canvas")).to_have_count(0)
        expect(many.locator("svg.marks")).to_be_visible()
        page.goto("about:blank")


def test_newer_data_leave_what_is_being_typed(
    tab: Page, demo_data: Path, tmp_path: Path
) -> None:
    votes = shutil.copytree(demo_data, tmp_path / "data") / "fpp_votes.parquet"
    first, last = NOW.date() - timedelta(days=9), NOW.date() - timedelta(days=2)

    def newer_data() -> None:
        before = page.evaluate("fpp.runId()")
        newer = pl.read_parquet(votes).head(-1)
        newer.write_parquet(tmp_path / "newer")
        (tmp_path / "newer").replace(votes)
        page.evaluate("looks.at(-1)()")
        page.wait_for_function("before => fpp.runId() !== before", arg=before)
        chromium.wait_until_drawn(page)

    with chromium.dashboard(votes.parent) as server, visiting(tab, server):
        page = tab.context.new_page()
        page.add_init_script(KEEP_LOOKS)
        go(page, f"{server.url}/room?from={first}&to={last}")
        search = page.get_by_role("combobox", name="Find a room")
        search.press_sequentially("Mer")
        newer_data()
        expect(search).to_have_value("Mer")
        # By no role: beside an open list nothing else has one.
        field = page.get_by_test_id("stDateInputField")
        field.locator("[role=spinbutton]").first.press("ArrowDown")
        newer_data()
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(f"from={first.year - 1}-.*to={last}"))
        page.close()
