"""What is sent and drawn again when one control of a page changes."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocket, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from testkit import chromium
from testkit.chromium import Server

pytestmark = pytest.mark.browser

REMEMBER = """() => {
  for (const svg of document.querySelectorAll('svg.marks')) svg.drawnBefore = true;
}"""
REDRAWN = """() => [...document.querySelectorAll('[data-testid=stVegaLiteChart]')]
  .filter(chart => !chart.querySelector('svg.marks').drawnBefore)
  .map(chart => chart.getAttribute('aria-label'))"""


@pytest.fixture
def received(page: Page) -> list[ForwardMsg]:
    """Return the messages that the page has received from the server."""
    messages: list[ForwardMsg] = []

    def keep(frame: str | bytes) -> None:
        message = ForwardMsg()
        message.ParseFromString(frame if isinstance(frame, bytes) else frame.encode())
        messages.append(message)

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", keep)

    page.on("websocket", listen)
    return messages


def open_traffic(page: Page, server: Server) -> None:
    page.goto(server.url + "/traffic")
    chromium.wait_until_drawn(page)
    page.evaluate(REMEMBER)


def test_a_block_that_becomes_a_table_is_all_that_is_sent_and_drawn(
    page: Page, demo_server: Server, received: list[ForwardMsg]
) -> None:
    open_traffic(page, demo_server)
    whole = sum(message.HasField("delta") for message in received)
    received.clear()
    page.locator(".st-key-table_sources label").click()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(2)
    chromium.wait_until_drawn(page)
    sent = [message.delta for message in received if message.HasField("delta")]
    assert len({delta.fragment_id for delta in sent}) == 1
    assert 0 < len(sent) < whole / 4
    assert page.evaluate(REDRAWN) == []


def test_a_tile_redraws_the_strip_and_its_chart_alone(
    page: Page, demo_server: Server, received: list[ForwardMsg]
) -> None:
    open_traffic(page, demo_server)
    whole = sum(message.HasField("delta") for message in received)
    received.clear()
    page.locator(".st-key-kpi_strip").get_by_role("radio").nth(1).click()
    expect(page.get_by_role("heading", name="Page views per day")).to_be_visible()
    chromium.wait_until_drawn(page)
    sent = [message.delta for message in received if message.HasField("delta")]
    assert len({delta.fragment_id for delta in sent}) == 1
    assert 0 < len(sent) < whole / 3


def test_another_granularity_draws_only_what_is_over_time(
    page: Page, demo_server: Server
) -> None:
    open_traffic(page, demo_server)
    page.get_by_role("combobox", name="Group by").click()
    page.get_by_role("option", name="Week").click()
    page.wait_for_url("**every=week*")
    chromium.wait_until_drawn(page)
    (drawn,) = page.evaluate(REDRAWN)
    assert drawn.startswith("Unique users per week")


def test_pages_with_charts_and_tables_leave_pandas_unloaded(
    page: Page, demo_server: Server
) -> None:
    open_traffic(page, demo_server)
    mapped = Path(f"/proc/{demo_server.pid}/maps").read_text()
    assert "pyarrow" in mapped
    assert "pandas" not in mapped
