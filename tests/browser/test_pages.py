"""Every page, full, empty and with a table missing: drawn, readable, accessible.

One visit serves several tests: a page is opened once, measured, and looked at in both
themes and on a phone.
"""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from testkit import chromium
from testkit.chromium import Server
from tests.browser.conftest import as_left, emptied, visiting
from tests.browser.looking import (
    OF_COLOURS,
    PAGES,
    SPACED_OUT,
    at_last,
    barriers,
    go,
    misplaced,
    navigation,
    too_wide,
    turn_to,
)
from ui.blocks import data_page

pytestmark = pytest.mark.browser

DESK: ViewportSize = {"width": 1440, "height": 900}
"""The window that the measures are given for."""
PHONE: ViewportSize = {"width": 375, "height": 812}
PARTS = {
    "Insights, second votes": "/insights?about=Second+votes",
    "Insights, meetings": "/insights?about=Meetings",
    "Insights, rooms": "/insights?about=Rooms",
    "Insights, users": "/insights?about=New+people",
    "Votes, estimations": "/votes?part=Estimations",
    "One room": "/room?room=1",
    "Three rooms": "/room?room=1&room=2&room=3&period=all_time",
    "A filter that some blocks cannot follow": "/votes?filter=country%3ADE",
    "An address that was not understood": "/traffic?period=Custom&every=Fortnight"
    "&from=2026-10-01&compare=same_period_last_year",
}
"""Views that differ from what their page shows at first."""


WITHOUT_CHARTS = {"Room", "Data", "Report"}
TALLER = {"Room": 2.0, "Insights": 2.0}
"""Pages that may be more than 1.6 screens high."""
WITH_A_LONG_NAME = """tooltip => {
  tooltip.querySelector('.value').textContent = 'W'.repeat(100);
  return tooltip.offsetWidth;
}"""
# On all widths of phones.
BROKEN_DATES = """() => {
  const prose =
    '[data-testid=stCaptionContainer], [data-testid=stText], .st-key-report, .stAlert';
  const box = document.querySelector('[data-testid=stMainBlockContainer]');
  const found = new Set();
  for (let width = box.offsetWidth; width >= 320; width -= 5) {
    box.style.width = `${width}px`;
    for (const part of box.querySelectorAll(prose)) {
      const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        const text = texts.currentNode;
        // Dates, and ranges such as "09:00–10:00".
        const kept = /\\d+\\s[A-Z][a-z]{2}(\\s\\d{4})?|[\\d:]+–\\u2060?[\\d:]+/g;
        for (const date of text.data.matchAll(kept)) {
          const range = document.createRange();
          range.setStart(text, date.index);
          range.setEnd(text, date.index + date[0].length);
          const lines = new Set([...range.getClientRects()].map(line => line.top));
          if (lines.size > 1) found.add(date[0]);
        }
      }
    }
  }
  box.style.width = '';
  return [...found];
}"""
SHORT_NAMES = """() =>
  [...document.querySelectorAll("svg.marks .role-axis-label text:not([opacity='0'])")]
    .map(text => text.textContent).filter(name => /^[A-Z][a-z]{2}$/.test(name))"""
BEYOND_WITH_A_WIDE_CHART = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  const chart = document.querySelector('svg.marks');
  const width = chart.getAttribute('width');
  chart.setAttribute('width', 700);
  const beyond = main.scrollWidth - innerWidth;
  chart.setAttribute('width', width);
  return beyond;
}"""
# What a tile has to hold on one line.
LONGEST = "↓ 125.9% from 13.6 min"
MEASURE = """longest => {
  const letters = document.createElement('canvas').getContext('2d');
  const main = document.querySelector('[data-testid=stMain]');
  const top = e => e.getBoundingClientRect().top + main.scrollTop;
  const chart = document.querySelector('[data-testid=stVegaLiteChart] svg.marks');
  const page = document.querySelector('[data-testid=stMainBlockContainer]');
  const strip = document.querySelector('.st-key-kpi_strip');
  const caption = [...page.querySelectorAll('[data-testid=stCaptionContainer]')]
    .find(text => text.innerText.includes('·'));
  return {
    chart: chart && top(chart),
    strip: strip && strip.getBoundingClientRect().height,
    spare: Math.min(...[...document.querySelectorAll('.st-key-kpi_strip button')]
      .map(tile => {
        const style = getComputedStyle(tile);
        const text = getComputedStyle(tile.querySelector('span'));
        letters.font = `${text.fontSize} ${text.fontFamily}`;
        return tile.clientWidth - parseFloat(style.paddingLeft)
          - parseFloat(style.paddingRight) - letters.measureText(longest).width;
      })),
    head: caption && caption.querySelector('p').getBoundingClientRect().bottom,
    screens: page.scrollHeight / 900,
  };
}"""
TILES_OF_ROWS = """() => [...document.querySelectorAll('.st-key-kpi_strip button')]
  .map(tile => tile.getBoundingClientRect().top)"""
FREE_BESIDE_THE_LAST_TILE = """() => {
  const right = e => e.getBoundingClientRect().right;
  const last = document.querySelector('.st-key-kpi_strip button:last-child');
  return right(last.parentElement) - right(last);
}"""
BLANK_ABOVE_THE_MAP = """() => {
  const land = [...document.querySelectorAll('svg.marks .mark-shape path')];
  if (!land.length) return 0;
  const top = Math.min(...land.map(shape => shape.getBoundingClientRect().top));
  const heads = [...document.querySelectorAll('[class*=st-key-head_]')]
    .map(head => head.getBoundingClientRect().bottom).filter(end => end <= top + 5);
  return top - Math.max(...heads);
}"""
SEEN_WITHOUT_COLOURS = """() => {
  const styles = query => [...document.querySelectorAll(query)].map(getComputedStyle);
  const tile = checked =>
    styles(`.st-key-kpi_strip [aria-checked=${checked}]`)[0].outlineStyle;
  const track = styles('.stCheckbox label > div:not([data-testid=stWidgetLabel])')[0];
  return [track.forcedColorAdjust == 'none', tile(true) != tile(false)];
}"""
"""Whether a switch keeps its colours where a system has its own, which would hide it,
and whether the chosen tile is told from others."""
COLOURS_OF_BARS = """() => [...document.querySelectorAll('.stMain td > div')]
  .map(bar => getComputedStyle(bar).backgroundColor)"""
CUT_OFF = """() => [
  ...[...document.querySelectorAll('.stMain button, .stMain button p')]
    .filter(e => e.checkVisibility() && e.clientWidth > 1 && (
      e.scrollWidth > e.clientWidth + 2 || e.scrollHeight > e.clientHeight + 3)),
  ...[...document.querySelectorAll('.stMain .stSelectbox input')]
    .filter(e => e.scrollWidth > e.clientWidth),
  // Vega leaves room for the labels of an axis as they would be without spaces.
  ...[...document.querySelectorAll('svg.marks:not(:has(.mark-shape))')]
    .filter(e => getComputedStyle(e).overflow !== 'visible'),
  // Wider than that room, they may use the margin of the page.
  ...[...document.querySelectorAll('svg.marks .role-axis-label text')]
    .filter(e => e.getBoundingClientRect().left
      < e.closest('.stVegaLiteChart').getBoundingClientRect().left - 40),
].map(e => e.value || e.textContent)"""
MOVED = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  const page = document.querySelector('[data-testid=stMainBlockContainer]');
  const changed = (part, measure) => {
    if (!part) return 0;
    const {parentElement, nextSibling} = part, before = measure();
    part.remove();
    const after = measure();
    parentElement.insertBefore(part, nextSibling);
    return Math.abs(after - before);
  };
  const sidebar = document.querySelector('.stSidebar');
  const chart = document.querySelector('.stVegaLiteChart svg.marks');
  return changed(sidebar, () => main.getBoundingClientRect().left)
    + changed(chart, () => page.scrollHeight);
}"""
"""Pixels by which a page moves while its navigation or its first chart is not drawn."""
PLACEHOLDERS = """() => {
  const style = document.createElement('style');
  style.textContent = '[data-testid=stSkeleton] { height: 2.5rem; }';
  document.head.prepend(style);
  // In a row with a title, or with a text, they change no height.
  const alone = ':not([class*=st-key-head_] *, [class*=st-key-foot_] *)';
  const found = [...document.querySelectorAll(`.stMain .stElementContainer${alone}`)]
    .filter(e => e.querySelector('.stButtonGroup, .stCheckbox, .stMetric, .stPageLink'))
    .filter(element => {
      const before = element.getBoundingClientRect().height;
      const drawn = [...element.childNodes], skeleton = document.createElement('div');
      skeleton.dataset.testid = 'stSkeleton';
      element.replaceChildren(skeleton);
      const loading = element.getBoundingClientRect().height;
      element.replaceChildren(...drawn);
      return Math.abs(loading - before) > 3;
    });
  style.remove();
  return found.map(element => element.className + element.innerText.slice(0, 40));
}"""
"""Which controls have another height while their scripts are loading."""
LINES = """([texts, width]) => {
  const letters = document.createElement('canvas').getContext('2d');
  letters.font = '14px ' + getComputedStyle(document.body).fontFamily;
  const lines = words => {
    let count = 0, line = null;
    for (const word of words) {
      const longer = line === null ? word : `${line} ${word}`;
      const fits = line !== null && letters.measureText(longer).width <= width;
      count += fits ? 0 : 1;
      line = fits ? longer : word;
    }
    return count;
  };
  return texts.filter(text => lines(text.split(' ')) > 3);
}"""
"""Which texts need more than three lines in a cell."""
AT_A_CHART = """() => {
  const at = document.activeElement;
  const chart = document.querySelector('[data-testid=stVegaLiteChart]');
  return chart.contains(at) ||
    !!(chart.compareDocumentPosition(at) & Node.DOCUMENT_POSITION_FOLLOWING);
}"""


class Visit(NamedTuple):
    """A page that was opened."""

    page: Page
    title: str


@pytest.fixture(scope="module", params=[*PAGES, *PARTS])
def full(
    request: pytest.FixtureRequest, tab: Page, demo_server: Server
) -> Iterator[Visit]:
    """Each page, and some further views of them, on a long history."""
    path = (PAGES | PARTS)[request.param]
    with emptied(tab) as page:
        page.set_viewport_size(DESK)
        go(page, demo_server.url + path)
        title = next(t for t, p in PAGES.items() if p == path.partition("?")[0])
        yield Visit(page, title)


SAME_NAMES = """() => {
  const seen = {};
  for (const each of document.querySelectorAll('.stMain :is(button, input, a[href])')) {
    if (!each.getClientRects().length) continue;
    // Links of one name to one address do the same.
    const name = (each.ariaLabel ?? each.innerText).trim();
    (seen[name] ??= []).push(each.href ?? seen[name]?.length ?? 0);
  }
  return Object.keys(seen).filter(name => name && new Set(seen[name]).size > 1);
}"""
"""Names that controls of different effects share: they are listed without place."""


def same_names(page: Page) -> list[str]:
    found: list[str] = page.evaluate(SAME_NAMES)
    return found


def test_a_page_opens_by_its_address_and_draws_all(full: Visit) -> None:
    page, title = full
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    # Tabs, bookmarks and steps of the history are told apart by it.
    expect(page).to_have_title(f"{title} · FPP Analytics")
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_text("demo data")).to_be_visible()
    assert at_last(page, misplaced, []) == []
    assert at_last(page, same_names, []) == []
    for chart in page.get_by_test_id("stVegaLiteChart").all():
        drawn = chart.locator("svg.marks path, svg.marks rect, svg.marks text")
        expect(drawn.nth(3)).to_be_attached()


@pytest.mark.parametrize(
    "full", [*PAGES, "Insights, users", "One room", "Three rooms"], indirect=True
)
def test_a_page_keeps_its_measures(full: Visit) -> None:
    page, title = full
    assert page.evaluate(MOVED) == 0
    assert page.evaluate(PLACEHOLDERS) == []
    found = page.evaluate(MEASURE, LONGEST)
    assert found["screens"] <= TALLER.get(title, 1.6)
    if found["strip"] is not None:
        assert found["strip"] <= 90
        assert found["spare"] >= 0
    if title == "Insights" and found["strip"] is not None:
        page.set_viewport_size({"width": 768, "height": 1024})
        # Seven tiles: the last one fills its row.
        assert page.evaluate(FREE_BESIDE_THE_LAST_TILE) <= 2
        page.set_viewport_size(DESK)
    if title == "Overview":
        # Narrower: whole texts in rows of as many tiles.
        for width in (375, 700, 1101, 1280, 1366):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(MEASURE, LONGEST)["spare"] > -1, width
            assert page.evaluate(PLACEHOLDERS) == [], width
            rows = page.evaluate(TILES_OF_ROWS)
            assert len({*Counter(rows).values()}) == 1, (width, rows)
        page.set_viewport_size(DESK)
    if found["chart"] is None:
        assert title in WITHOUT_CHARTS
        return
    assert found["chart"] <= 430
    assert found["head"] <= 130
    stops = 0
    while stops < 60 and not page.evaluate(AT_A_CHART):
        page.keyboard.press("Tab")
        stops += 1
    assert stops <= 25
    if title == "Overview":
        assert_keeps_its_head_without_navigation(page)


def assert_keeps_its_head_without_navigation(page: Page) -> None:
    collapse = page.get_by_test_id("stSidebarCollapseButton").get_by_role("button")
    page.locator(".stSidebar").hover()
    collapse.click()
    opener = page.get_by_test_id("stExpandSidebarButton")
    expect(opener).to_be_visible()
    assert page.evaluate(MEASURE, LONGEST)["head"] <= 130
    # The title is beside the logo and its button, and neither covers a control.
    title = page.get_by_role("heading", level=1).bounding_box()
    at = opener.bounding_box()
    assert title
    assert at
    assert at["x"] + at["width"] <= title["x"]
    page.get_by_role("button", name="Share").click(trial=True)
    page.get_by_role("button", name="Main menu").click(trial=True)
    opener.click()
    expect(opener).not_to_be_visible()


def test_nothing_on_a_page_keeps_users_out(full: Visit) -> None:
    shown_in(full.page, "light")
    assert barriers(full.page) == []
    if full.title == "Data":
        assert_share_is_readable(full.page)


def assert_share_is_readable(page: Page) -> None:
    share = page.get_by_role("button", name="Share")
    share.click()
    expect(share).to_have_attribute("aria-expanded", "true")
    assert barriers(page, *OF_COLOURS) == []
    page.keyboard.press("Escape")


def shown_in(page: Page, theme: Literal["light", "dark"]) -> None:
    """Show a page in a theme."""
    page.emulate_media(color_scheme=theme)
    ground = "rgb(20, 22, 27)" if theme == "dark" else "rgb(255, 255, 255)"
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", ground)
    chromium.wait_until_drawn(page)


# The elements are the same in both themes, and other views have the same colours.
@pytest.mark.parametrize(
    "full", [*PAGES, "One room", "An address that was not understood"], indirect=True
)
def test_nothing_is_too_faint_in_the_dark(full: Visit) -> None:
    shown_in(full.page, "dark")
    assert barriers(full.page, *OF_COLOURS) == []
    if full.title == "Traffic":
        full.page.emulate_media(forced_colors="active")
        assert full.page.evaluate(SEEN_WITHOUT_COLOURS) == [True, True]
        # Nor are there shadows, by which Streamlit shows what has the focus.
        full.page.keyboard.press("Tab")
        share = full.page.get_by_role("button", name="Share")
        share.focus()
        expect(share).to_have_css("outline-style", "dashed")
        full.page.emulate_media(forced_colors="none")
        spaced = full.page.add_style_tag(content=SPACED_OUT)
        assert full.page.evaluate(CUT_OFF) == []
        spaced.evaluate("style => style.remove()")
    if full.title == "Report":
        colours = {*full.page.evaluate(COLOURS_OF_BARS)}
        full.page.emulate_media(forced_colors="active")
        assert {*full.page.evaluate(COLOURS_OF_BARS)} == colours
        full.page.emulate_media(forced_colors="none")
    if full.title == "Data":
        assert_share_is_readable(full.page)


def _short_names(page: Page) -> object:
    return page.evaluate(SHORT_NAMES)


def test_a_page_fits_a_phone(full: Visit) -> None:
    full.page.set_viewport_size(PHONE)
    chromium.wait_until_drawn(full.page)
    assert at_last(full.page, too_wide, 0) == 0
    assert at_last(full.page, misplaced, []) == []
    assert full.page.evaluate(BROKEN_DATES) == []
    assert full.page.evaluate(BLANK_ABOVE_THE_MAP) <= 40
    if full.title == "Insights":
        # The lines of a legend are more than before.
        full.page.set_viewport_size({**PHONE, "width": 320})
        chart = full.page.locator("svg.marks:has(.role-legend-label)")
        for drawn in chart.all():
            expect(drawn).to_have_attribute("width", "256")
        assert at_last(full.page, misplaced, []) == []
        full.page.set_viewport_size(PHONE)
    # Wrapped, the choices of a switch would lack half of their frames.
    topics = full.page.get_by_role("radiogroup", name="Topic").get_by_role("radio")
    assert len({topic.bounding_box()["y"] for topic in topics.all()}) <= 1  # type: ignore[index]
    expect(full.page.get_by_role("heading", level=1)).to_be_in_viewport()
    menu = full.page.get_by_role("button", name="Main menu")
    expect(menu).to_be_in_viewport(ratio=1)
    # Text that is scrolled below the logo is not mixed with it.
    header = full.page.get_by_test_id("stHeader")
    expect(header).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")
    if full.title == "Behaviour":
        # Where the text leaves room for one tool only, both are below it.
        full.page.set_viewport_size({**PHONE, "width": 440})
        foot = full.page.locator("[class*=st-key-foot_]").first
        tools = (foot.get_by_text("Table", exact=True), foot.get_by_text("CSV"))
        places = [tool.bounding_box() for tool in tools]
        assert full.page.evaluate("([a, b]) => Math.abs(a.y - b.y) < 15", places)
        full.page.set_viewport_size(PHONE)
    if full.title == "Votes":
        if "?" not in full.page.url:
            # Each bar of a weekday has its name below it.
            days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
            assert at_last(full.page, _short_names, days) == days
        # A chart that keeps its width in a narrower window.
        assert full.page.evaluate(BEYOND_WITH_A_WIDE_CHART) <= 0
        # In the middle neither side has room for a tooltip.
        expect(_tooltip(full.page)).to_be_in_viewport(ratio=1)
        # At 400% zoom a long name is broken in it.
        full.page.set_viewport_size({**PHONE, "width": 320})
        chromium.wait_until_drawn(full.page)
        tooltip = _tooltip(full.page)
        expect(tooltip).to_be_visible()
        assert 100 < tooltip.evaluate(WITH_A_LONG_NAME) <= 320


def _tooltip(page: Page) -> Locator:
    """Return the tooltip of the first chart, the mouse on its bar in the middle."""
    bars = page.locator("svg.marks").first.locator(".mark-rect path")
    bar = bars.nth(bars.count() // 2)
    bar.scroll_into_view_if_needed()
    area = bar.bounding_box()
    assert area
    # A chart that is drawn again below a mouse at rest shows none.
    page.mouse.move(0, 0)
    page.mouse.move(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    return page.locator("#vg-tooltip-element.visible")


@pytest.mark.parametrize("full", ["Data"], indirect=True)
def test_no_definition_is_cut_off(full: Visit) -> None:
    texts = data_page.definitions()
    for column, width in data_page.WIDTHS.items():
        inside = width - 17
        assert full.page.evaluate(LINES, [texts[column].to_list(), inside]) == []


@pytest.mark.parametrize("full", ["Overview"], indirect=True)
@pytest.mark.parametrize("title", ["Overview", "Votes"])
def test_on_a_phone_the_navigation_closes_after_a_choice(
    full: Visit, title: str
) -> None:
    page = full.page
    page.set_viewport_size(PHONE)
    page.get_by_test_id("stExpandSidebarButton").click()
    choice = navigation(page, title)
    expect(choice).to_be_in_viewport()
    choice.click()
    # Beside the window its links would be stops of the keyboard out of sight.
    expect(choice).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()


class Poor(NamedTuple):
    """A dashboard that lacks something, and what it says about it."""

    tab: Page
    url: str
    says: str


@pytest.fixture(scope="module")
def poor_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("missing")


@pytest.fixture(scope="module")
def without_votes(tab: Page, demo_data: Path, poor_folder: Path) -> Iterator[Poor]:
    # With their times: by a clock years ahead, the data of files of now end before.
    for file in demo_data.iterdir():
        if file.stem != "fpp_votes":
            shutil.copy2(file, poor_folder)
    with chromium.dashboard(poor_folder) as server, visiting(tab, server):
        # The last page, so that each is reached by a click.
        go(tab, server.url + [*PAGES.values()][-1])
        yield Poor(tab, server.url, "Table fpp_votes is missing.")


@pytest.fixture(scope="module")
def without_data(without_votes: Poor, poor_folder: Path) -> Poor:
    """The same dashboard, once the other tables are gone as well."""
    for file in poor_folder.iterdir():
        file.unlink()
    go(without_votes.tab, without_votes.url + [*PAGES.values()][-1])
    return without_votes._replace(says="No data yet")


def assert_says_what_it_lacks(poor: Poor, title: str) -> None:
    with as_left(poor.tab) as page:
        turn_to(page, poor.url, title)
        expect(page.get_by_test_id("stAlert").first).to_contain_text(poor.says)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        assert barriers(page) == []
        page.set_viewport_size(PHONE)
        chromium.wait_until_drawn(page)
        assert at_last(page, too_wide, 0) == 0


# One of each kind; tests/pages/test_pages.py runs all, without each of the tables.
@pytest.mark.parametrize("title", ["Overview", "Room", "Insights", "Data", "Report"])
def test_a_page_is_reached_by_the_navigation_and_says_what_it_lacks(
    without_votes: Poor, title: str
) -> None:
    assert_says_what_it_lacks(without_votes, title)


# All pages but Data end at the same sentence: tests/pages/test_pages.py runs each.
@pytest.mark.parametrize("title", ["Overview", "Data"])
def test_without_any_data_a_page_says_so(without_data: Poor, title: str) -> None:
    assert_says_what_it_lacks(without_data, title)


BROKEN_WORDS = """() => [...document.querySelectorAll('.stMain h2')].flatMap(head => {
  const text = document.createTreeWalker(head, NodeFilter.SHOW_TEXT).nextNode();
  const range = document.createRange();
  return [...text.data.matchAll(/\\S+/g)].filter(word => {
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    return range.getClientRects().length > 1;
  }).map(String);
})"""


def test_a_page_follows_the_browsers_size_of_texts(
    page: Page, demo_server: Server
) -> None:
    page.set_viewport_size(DESK)
    browser = page.context.new_cdp_session(page)
    browser.send("Page.setFontSizes", {"fontSizes": {"standard": 24}})
    try:
        for title in ("Location", "Votes"):
            go(page, demo_server.url + PAGES[title])
            expect(page.locator("html")).to_have_css("font-size", "24px")
            assert at_last(page, lambda page: page.evaluate(BROKEN_WORDS), []) == []
            assert at_last(page, lambda page: page.evaluate(CUT_OFF), []) == []
            assert at_last(page, misplaced, []) == []
        # Beside each other, blocks leave their titles no room at the side of buttons.
        browser.send("Page.setFontSizes", {"fontSizes": {"standard": 32}})
        expect(page.locator("html")).to_have_css("font-size", "32px")
        assert at_last(page, lambda page: page.evaluate(BROKEN_WORDS), []) == []
        go(page, demo_server.url + PAGES["Report"])
        for width in (815, 390):
            page.set_viewport_size({"width": width, "height": 844})
            assert at_last(page, too_wide, 0) == 0
    finally:
        browser.send("Page.setFontSizes", {"fontSizes": {"standard": 16}})


BROKEN_NAMES = """() => {
  const names = [...document.querySelectorAll('th[scope=row] code')];
  return names.filter(name => name.getClientRects().length > 1)
    .map(name => name.textContent);
}"""
BEYOND = "() => document.documentElement.scrollWidth - innerWidth"


def test_open_lists_of_the_api_page_break_no_name_of_a_parameter(
    page: Page, demo_server: Server
) -> None:
    page.goto(f"{demo_server.url}/api/docs")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for width in (1280, 681, 320):
        page.set_viewport_size({**PHONE, "width": width})
        assert page.evaluate(BROKEN_NAMES) == [], width
        assert page.evaluate(BEYOND) <= 0, width
    assert barriers(page) == []
