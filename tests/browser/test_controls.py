"""What is chosen on one page: period, filter, room."""

import re

import pytest
from playwright.sync_api import Page, expect

from testkit import chromium
from testkit.chromium import Server
from tests.browser.looking import go, navigation

pytestmark = pytest.mark.browser


def test_the_period_stays_when_the_page_changes(
    page: Page, demo_server: Server
) -> None:
    go(page, f"{demo_server.url}/votes?period=91+days")
    navigation(page, "Traffic").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Traffic")
    chromium.wait_until_drawn(page)
    assert "period=91+days" in page.url
    assert "91 days, excluding today" in page.get_by_text("compared with").inner_text()


def test_a_step_back_shows_the_days_before(page: Page, demo_server: Server) -> None:
    go(page, f"{demo_server.url}/?period=Custom&from=2026-03-01&to=2026-03-31")
    page.locator(".st-key-step_chevron_left").get_by_role("button").click()
    expect(page.get_by_text("1 Feb – 28 Feb 2026 · 28 days")).to_be_visible()
    assert "from=2026-02-01" in page.url


def test_a_room_that_does_not_exist_is_said(page: Page, demo_server: Server) -> None:
    go(page, f"{demo_server.url}/room?room=999999")
    expect(page.get_by_text("No room with ID 999999.")).to_be_visible()


def test_a_click_on_a_bar_filters_every_page(page: Page, demo_server: Server) -> None:
    go(page, f"{demo_server.url}/location")
    users = page.get_by_test_id("stVegaLiteChart").nth(1)
    users.locator("svg.marks g.mark-rect path").first.click()
    page.wait_for_url(re.compile(r"filter=country%3A"))
    chromium.wait_until_drawn(page)
    chips = page.locator(".st-key-filter_chips")
    expect(chips).to_contain_text("Country is")
    navigation(page, "Votes").click()
    expect(page.get_by_text("votes are not linked").first).to_be_visible()
    expect(chips).to_contain_text("Country is")
