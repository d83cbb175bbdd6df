"""The dashboard without a mouse: every control is reached, seen, and used."""

import os
import signal

import pytest
from playwright.sync_api import Page, expect

from testkit import chromium
from testkit.chromium import Server
from tests.browser.looking import block, csv_button, go, grid

pytestmark = pytest.mark.browser

FOCUSED = """() => {
  const at = document.activeElement;
  if (at === document.body) return ''; // it has the texts of all
  const label = at.labels && at.labels[0] ? at.labels[0].innerText : '';
  return at.getAttribute('aria-label') || at.innerText || label || '';
}"""

ACTIVE_OPTION = """() => {
  const id = document.activeElement.getAttribute('aria-activedescendant');
  return id ? document.getElementById(id).textContent : '';
}"""

NAMES_OF_TOOLS = """() => [...document.querySelectorAll(
  ".stMain :is(.stDownloadButton, .stSelectbox) button, .stMain .stCheckbox input,"
  + " .stMain [aria-label^=Help]"
)].map(tool => tool.ariaLabel ?? tool.textContent)"""

UNSEEN_HELP = """() => [...document.querySelectorAll(".stMain [aria-label^=Help]")]
  .map(help => help.ariaLabel.replace("Help: ", ""))
  .filter(text => !document.querySelector(".stMain").textContent.includes(text))"""
"""The texts that buttons of help are called after and that are not on the page."""


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


def focused_label(page: Page) -> str:
    label: str = page.evaluate(FOCUSED)
    return label


GIVE_BACK = """() => addEventListener("focusin", function giveBack({target}) {
  if (target.ariaLabel !== "Filter by") return;
  removeEventListener("focusin", giveBack);
  document.querySelector(".st-key-period input").focus();
})"""
"""Gives the focus back to the box of periods, as its list does once it has closed."""


def test_keys_choose_period_step_filter_and_search(
    page: Page, demo_server: Server
) -> None:
    go(page, f"{demo_server.url}/votes")
    page.keyboard.press(",")
    page.wait_for_url("**from=**")
    chromium.wait_until_drawn(page)
    stepped = page.url
    page.keyboard.press(".")
    page.wait_for_url(lambda url: url != stepped)
    chromium.wait_until_drawn(page)
    page.keyboard.press("p")
    assert focused_label(page) == "Period"
    expect(page.get_by_role("option", name="Last month", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.evaluate(GIVE_BACK)
    for _ in range(2):  # from the menu that is open, too
        page.keyboard.press("f")
        expect(page.get_by_role("combobox", name="Filter by")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Filter", exact=True)).to_be_focused()
        page.get_by_role("button", name="Options", exact=True).click()
        expect(page.get_by_role("switch", name="Match weekdays")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    # Not by its role, which the open list of rooms hides from screen readers.
    expect(page.locator("h1")).to_have_text("Room")
    expect(page.get_by_role("combobox", name="Find a room")).to_be_focused()


def test_keys_work_where_a_box_or_a_switch_was_used_last(
    page: Page, demo_server: Server
) -> None:
    """Either keeps the focus, and nothing is typed into it."""
    go(page, f"{demo_server.url}/votes?period=last_month")
    page.get_by_label("Period", exact=True).click()
    # The list is open, and leads to what is typed, down and up again.
    for typed, name in (
        (",", "Last month"),
        ("al", "All time"),
        ("cus", "Custom dates"),
    ):
        page.keyboard.type(typed)
        page.wait_for_function(f"name => ({ACTIVE_OPTION})() == name", arg=name)
        page.wait_for_timeout(1_000)  # after a pause a new text begins
    # Enter takes it, also on the way there: all three keys come before the list moves.
    page.evaluate(
        """for (const key of ["y", "e", "Enter"]) document.activeElement.dispatchEvent(
          new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}))"""
    )
    page.wait_for_url("**period=yesterday**")
    chromium.wait_until_drawn(page)
    assert focused_label(page) == "Period"
    page.keyboard.press(",")
    page.wait_for_url("**from=**")
    chromium.wait_until_drawn(page)
    block(page, "Votes per hour").get_by_text("Table").click()
    page.wait_for_url("**table_votes_over_time=true**")
    chromium.wait_until_drawn(page)
    assert focused_label(page) == "Table: Votes per hour"
    # Tools of a kind are told apart by what they belong to.
    named = page.evaluate(NAMES_OF_TOOLS)
    assert {"CSV: Votes by weekday", "Open: Period"} < {*named}
    assert len({*named}) == len(named)
    assert [name for name in named if name.startswith("Help: ")]
    assert [name for name in named if ": " not in name] == []
    # The period has changed what is helped with: a name says what is there now.
    assert page.evaluate(UNSEEN_HELP) == []
    before = page.url
    page.keyboard.press(",")
    page.wait_for_url(lambda url: url != before)


def test_a_shortcut_closes_an_open_menu_and_leaves_the_focus_where_it_was(
    page: Page, demo_server: Server
) -> None:
    go(page, f"{demo_server.url}/room?period=last_week")
    for menu in ("Share", "Options"):
        page.get_by_role("button", name=menu, exact=True).click()
        expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
        for key, box in (("p", "Period"), ("/", "Find a room")):
            page.keyboard.press(key)
            expect(page.get_by_role("listbox")).to_be_visible()
            expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
            page.keyboard.press("Escape")
            assert focused_label(page) == box
            page.evaluate("document.activeElement.blur()")
    has_focus = "name => document.activeElement.innerText.includes(name)"
    go(page, f"{demo_server.url}/?period=last_week")
    for name in ("Options", "Filter", "Page views"):
        before = page.url
        page.locator("button:visible", has_text=name).first.focus()
        page.keyboard.press(",")
        page.wait_for_function("before => location.href !== before", arg=before)
        wait_for_focus(page, has_focus, name)
    # At the end of history there is nothing to step to.
    page.get_by_role("button", name="Next period").focus()
    for _ in range(4):
        before = page.url
        page.keyboard.press("Enter")
        page.wait_for_function("before => location.href !== before", arg=before)
        chromium.wait_until_drawn(page)
    expect(page.get_by_label("Period", exact=True)).to_be_focused()


def test_escape_closes_the_list_of_shortcuts_that_a_menu_opened(
    page: Page, demo_server: Server
) -> None:
    go(page, demo_server.url)
    options = page.get_by_role("button", name="Options")
    shown = page.get_by_role("dialog", name="Keyboard shortcuts")
    options.click()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(shown).to_be_visible()
    page.keyboard.press("Escape")
    expect(shown).to_be_hidden()
    expect(options).to_be_focused()
    for _ in range(2):  # held, a key repeats itself
        page.keyboard.down("?")
    page.keyboard.up("?")
    expect(shown).to_be_visible()
    page.keyboard.press("?")
    expect(shown).to_be_hidden()


def test_the_list_of_shortcuts_is_behind_a_question_mark_and_switches_them_off(
    page: Page, demo_server: Server
) -> None:
    go(page, demo_server.url)
    page.keyboard.press("?")
    shown = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(shown.get_by_role("row")).to_have_count(8)
    shown.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    expect(shown).to_be_hidden()
    before = page.url
    page.keyboard.press(",")
    page.wait_for_timeout(1_000)
    assert page.url == before
    page.keyboard.press("?")
    shown.get_by_role("checkbox").check()
    shown.get_by_role("button", name="Close").click()
    page.keyboard.press(",")
    page.wait_for_url("**from=**")


TAKES = """held => [..."p,.f/?"].filter(key => !document.body.dispatchEvent(
  new KeyboardEvent("keydown", {key, ...held, bubbles: true, cancelable: true})))"""
"""Which of our keys the page takes from the browser, with others held or without."""


def test_no_key_is_taken_from_a_text_field(page: Page, demo_server: Server) -> None:
    go(page, f"{demo_server.url}/room")
    before = page.url
    field = page.get_by_role("combobox", name="Find a room")
    field.press_sequentially("pf,./?")
    expect(field).to_have_value("pf,./?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.url == before
    page.keyboard.press("Escape")
    # Chords are the browser's.
    chords: list[dict[str, bool]] = [
        {f"{key}Key": True} for key in ("alt", "ctrl", "meta")
    ]
    assert [page.evaluate(TAKES, held) for held in chords] == [[], [], []]
    assert page.evaluate(TAKES, {}) == [*"p,.f/?"]


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


def test_tab_leads_through_an_open_menu_and_a_chip_that_goes_passes_the_focus_on(
    page: Page, demo_server: Server
) -> None:
    go(page, f"{demo_server.url}/location?filter=os!:Linux&filter=os!:Windows")
    tab_to(page, "Options")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
    # Also a second time, once the menu has been left.
    for _ in range(2):
        page.keyboard.press("Tab")
        expect(page.get_by_role("switch", name="Match weekdays")).to_be_focused()
        page.keyboard.press("Shift+Tab")
        assert "Options" in focused_label(page)
    tab_to(page, "Notes on dates", stops=9)
    page.keyboard.press("Tab")
    assert "Filter" in focused_label(page)
    # A list of the menu that was used, too.
    page.keyboard.press("Enter")
    kinds = page.get_by_role("combobox", name="Filter by")
    kinds.press("ArrowDown")
    page.get_by_role("option", name="Device").wait_for()
    kinds.press("ArrowDown")
    kinds.press("Enter")
    chromium.wait_until_drawn(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="is", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    tab_to(page, "is not Linux")
    for left in ("is not Windows", "Filter"):
        # Of a server that is busy for 20 seconds, too.
        chromium.wait_until_drawn(page)
        os.kill(demo_server.pid, signal.SIGSTOP)
        page.keyboard.press("Enter")
        page.evaluate("(now => { Date.now = () => now() + 20_000; })(Date.now)")
        page.wait_for_timeout(100)
        os.kill(demo_server.pid, signal.SIGCONT)
        wait_for_focus(
            page, "left => document.activeElement.innerText.includes(left)", left
        )
    go(page, f"{demo_server.url}/room?room=1&meeting=1&filter=os!:Linux")
    for name in ("Close the meeting", "is not Linux"):
        page.get_by_role("button", name=name).last.press("Enter")
        # By what has the focus: meanwhile there may be two of this name.
        wait_for_focus(
            page, "name => document.activeElement.ariaLabel == name", "Find a room"
        )


BELOW_THE_LOGO = """() => {
  const at = document.activeElement;
  const line = document.querySelector('[data-testid=stHeader]');
  const {bottom} = line.getBoundingClientRect();
  const {top} = (at.closest('label') ?? at).getBoundingClientRect();
  const isCovered = at.closest('.stMain') && top < bottom - 1;
  return isCovered ? [at.ariaLabel || at.innerText] : [];
}"""


AT_THE_LOWER_EDGE = """input => {
  const main = document.querySelector('[data-testid=stMain]');
  const label = input.closest('label');
  main.scrollTop += label.getBoundingClientRect().top - innerHeight + 9;
  input.focus();
  return innerHeight - label.getBoundingClientRect().bottom;
}"""


def test_what_has_the_focus_is_whole_below_the_logo_and_at_the_lower_edge(
    page: Page, demo_server: Server
) -> None:
    page.set_viewport_size({"width": 375, "height": 667})
    go(page, f"{demo_server.url}/votes")
    csv_button(page, "Votes by weekday").focus()
    covered: list[str] = []
    while "Share" not in focused_label(page):
        page.keyboard.press("Shift+Tab")
        covered += page.evaluate(BELOW_THE_LOGO)
    assert covered == []
    switch = page.get_by_label("Table: Votes by weekday", exact=True)
    assert switch.evaluate(AT_THE_LOWER_EDGE) >= 0


def test_a_row_that_adds_a_filter_leaves_the_focus_in_its_table(
    page: Page, demo_server: Server
) -> None:
    go(page, f"{demo_server.url}/?table_what_moved=true")
    table = page.locator("[class*=st-key-rows_pick_table_what_moved] canvas")
    table.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Space")
    page.wait_for_url("**filter=**")
    chromium.wait_until_drawn(page)
    # In a cell, which screen readers get inside of the canvas.
    wait_for_focus(page, "name => document.activeElement.closest(name)", "canvas")


BESIDE_THE_TABLE = """block => {
  const parts = ['h2 span', '.stDataFrame', '[data-testid=stCaptionContainer]'];
  const [title, table, text] =
    parts.map(part => block.querySelector(part).getBoundingClientRect());
  return [table.top - title.bottom, text.top - table.bottom];
}"""


def test_fullscreen_of_a_table_takes_the_focus_and_gives_it_back(
    page: Page, demo_server: Server
) -> None:
    go(page, f"{demo_server.url}/traffic?table_traffic_over_time=true")
    # It touches neither its title nor the text below it.
    edges = page.locator(".st-key-kpi_chart").evaluate(BESIDE_THE_TABLE)
    assert min(edges) >= 6
    page.set_viewport_size({"width": 1280, "height": 600})
    button = page.get_by_role("button", name="Fullscreen: Traffic over time")
    close = page.get_by_role("button", name="Close fullscreen: Traffic over time")
    button = button.and_(page.locator(":not([aria-label^=Close])"))
    # The table is longer than the window; a mouse has no other way back.
    page.locator(".st-key-kpi_chart .stDataFrame").hover()
    button.click()
    expect(close).to_be_in_viewport(ratio=1)
    close.click()
    for key in ("Enter", "Escape"):
        button.press("Enter")
        expect(close).to_be_focused()
        page.keyboard.press(key)
        expect(button).to_be_focused()


SHOWS_FOCUS = """() => {
  const own = document.activeElement;
  const at = own.role === 'switch' ? own.closest('label') : own; // it hides its box
  const {outlineStyle} = getComputedStyle(at);
  // Boxes and grids show it by their frames and cells; a grid has these inside.
  const isThere = at.checkVisibility({opacityProperty: true, visibilityProperty: true});
  return at === document.body || at.closest('canvas, [role=combobox]')
    || isThere && outlineStyle !== 'none' ? '' : at.outerHTML;
}"""


def test_every_stop_of_the_tab_key_is_seen(page: Page, demo_server: Server) -> None:
    for path, last in (
        ("", "What changed most?"),
        ("historical", "Fullscreen"),
        ("votes", "Auto-flip"),
    ):
        go(page, f"{demo_server.url}/{path}")
        for _ in range(80):
            page.keyboard.press("Tab")
            assert page.evaluate(SHOWS_FOCUS) == ""
            if last in focused_label(page):
                break
        else:
            raise AssertionError(f"80 times Tab do not reach “{last}”")
    for menu in ("Share", "Options", "Filter"):
        page.get_by_role("button", name=menu, exact=True).click()
        stops = page.get_by_test_id("stPopoverBody").locator("a[href], button, input")
        expect(stops).not_to_have_count(0)
        for _ in range(stops.count()):
            page.keyboard.press("Tab")
            assert page.evaluate(SHOWS_FOCUS) == ""
        page.keyboard.press("Escape")
        expect(stops).to_have_count(0)


def test_enter_takes_the_country_of_a_typed_code_or_name(
    page: Page, demo_server: Server
) -> None:
    # More users come from the United States, which contain "at" as well.
    typical = (("at", "AT"), ("United K", "GB"), ("UK", "GB"), ("Czech R", "CZ"))
    for typed, code in (*typical, ("Atlantis", "Atlantis")):
        go(page, f"{demo_server.url}/location")
        page.keyboard.press("f")
        box = page.get_by_role("combobox", name="Any of these values")
        box.press_sequentially(typed)
        expect(page.get_by_role("option").first).to_be_visible()
        box.press("Enter")
        page.wait_for_url(f"**/location?filter=country%3A{code}")


def wait_for_focus(page: Page, has_focus: str, name: str) -> None:
    is_control = "document.activeElement !== document.body"
    page.wait_for_function(f"name => {is_control} && ({has_focus})(name)", arg=name)
    # In its first milliseconds a button with the focus is not yet pressed by Enter.
    chromium.wait_until_drawn(page)
