"""The dashboard without a mouse: every control is reached, seen, and used."""

import pytest
from playwright.sync_api import Page, expect

from testkit import chromium
from testkit.chromium import Server
from tests.browser.looking import block, go, grid

pytestmark = pytest.mark.browser

FOCUSED = """() => {
  const at = document.activeElement;
  const label = at.labels && at.labels[0] ? at.labels[0].innerText : '';
  return at.getAttribute('aria-label') || at.innerText || label || '';
}"""

ACTIVE_OPTION = """() => {
  const id = document.activeElement.getAttribute('aria-activedescendant');
  return id ? document.getElementById(id).textContent : '';
}"""


def tab_to(page: Page, name: str, *, stops: int = 80) -> None:
    """Press Tab until a control of that name has the focus."""
    for _ in range(stops):
        page.keyboard.press("Tab")
        if name in page.evaluate(FOCUSED):
            return
    raise AssertionError(f"{stops} times Tab do not reach “{name}”")


def arrow_to(page: Page, option: str) -> None:
    """Open the list that has the focus and go down to an option."""
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("listbox")).to_be_visible()
    for _ in range(20):
        if page.evaluate(ACTIVE_OPTION) == option:
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"20 times ArrowDown do not reach “{option}”")


def test_a_view_is_chosen_read_and_saved_by_keyboard_alone(
    page: Page, demo_server: Server
) -> None:
    go(page, demo_server.url)
    tab_to(page, "Votes")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Votes")
    chromium.wait_until_drawn(page)
    tab_to(page, "Period")
    arrow_to(page, "Last month")
    page.keyboard.press("Enter")
    page.wait_for_url("**period=last_month**")
    chromium.wait_until_drawn(page)
    tab_to(page, "Table")
    page.keyboard.press("Space")
    expect(page.locator("table[role=grid]")).to_be_attached()
    assert len(grid(block(page, "Votes per day"))) > 5
    tab_to(page, "CSV")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    assert waiting.value.suggested_filename.startswith("fpp_votes_over_time_")
