"""The dashboard's time zone and notation, whatever the browser's are."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from testkit import chromium
from testkit.chromium import Server
from testkit.fixed_clock import NOW
from tests.browser.by_hand import Files
from tests.browser.conftest import emptied, watched
from tests.browser.looking import csv_button, go, labels, rows_of, save
from tests.browser.test_address import Seen, differences, seen

pytestmark = pytest.mark.browser

VIEWS = (HOURS, MONTHS, TABLE) = (
    "/votes?tz=Asia/Kathmandu&period=last_7_days&every=hour",
    "/votes?tz=America/Santiago&period=last_12_months&every=month",
    "/room?tz=Australia/Lord_Howe&room=1&period=all_time&table_rounds=true",
)
ZONES = {
    "Pacific/Auckland": [MONTHS],  # 12 h ahead, 13 in its summer
    "Asia/Kolkata": [HOURS],  # 5:30 h ahead, the whole year
    "Pacific/Chatham": [TABLE],  # 12:45 h ahead, 13:45 in its summer
    "Pacific/Kiritimati": [HOURS],  # 14 h ahead, the whole year
    "America/Los_Angeles": [MONTHS, TABLE],  # 8 h behind, 7 in its summer
    "America/St_Johns": [HOURS],  # 3:30 h behind, 2:30 in its summer
}
"""Each view in zones ahead and behind, hours also where they begin at others."""
CELLS = """() => {
  window.cells = [];
  const draw = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    window.cells.push(text);
    return draw.call(this, text, ...rest);
  };
}"""
"""Remembers what tables write on their canvas."""
MINUTES_BEHIND = "time => new Date(time).getTimezoneOffset()"
AXES = """() => [...document.querySelectorAll('svg.marks g.role-axis-label text')]
  .map(e => [e.textContent, e.getBoundingClientRect().x])"""
HALF_AN_HOUR = 2
"""Pixels by which a tick moves at least where hours begin at others."""


class Drawn(NamedTuple):
    """What is seen of a page, and the ticks of its charts with their places."""

    seen: Seen
    ticks: list[tuple[str, float]]


def drawn(page: Page, url: str) -> Drawn:
    found = seen(go(page, url))
    return Drawn(found, page.evaluate(AXES))


class Traveller(NamedTuple):
    """A browser that offers the dashboard the zone in which it is."""

    tab: Page
    emulation: CDPSession

    def drawn_in(self, zone: str, url: str) -> Drawn:
        """Return what is seen of a page in this zone."""
        self.emulation.send("Emulation.setTimezoneOverride", {"timezoneId": zone})
        with emptied(self.tab) as page:
            found = drawn(page, url)
            behind = page.evaluate(MINUTES_BEHIND, f"{NOW:%FT%TZ}")
        offset = NOW.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()
        assert timedelta(minutes=-behind) == offset
        return found


@pytest.fixture(scope="module")
def traveller(browser: Browser, demo_server: Server) -> Iterator[Traveller]:
    context = chromium.logged_in(browser, demo_server)
    tab = context.new_page()
    yield Traveller(tab, context.new_cdp_session(tab))
    context.close()


@pytest.fixture(scope="module")
def at_home(traveller: Traveller, demo_server: Server) -> Mapping[str, Drawn]:
    """What a browser in UTC shows."""
    return {view: traveller.drawn_in("UTC", demo_server.url + view) for view in VIEWS}


@pytest.mark.parametrize("zone", ZONES)
def test_a_browser_elsewhere_shows_the_same(
    traveller: Traveller,
    demo_server: Server,
    at_home: Mapping[str, Drawn],
    zone: str,
) -> None:
    for view in ZONES[zone]:
        found = traveller.drawn_in(zone, demo_server.url + view)
        home = at_home[view]
        assert not differences(home.seen, found.seen), view
        assert [text for text, _ in found.ticks] == [text for text, _ in home.ticks]
        for (text, x), (_, x_home) in zip(found.ticks, home.ticks, strict=True):
            assert abs(x - x_home) < HALF_AN_HOUR, (view, text)


@pytest.mark.parametrize("zone", ["Pacific/Chatham", "America/St_Johns"])
def test_hours_are_those_of_the_chosen_zone(
    page: Page, demo_server: Server, demo_data: Path, zone: str
) -> None:
    place = ZoneInfo(zone)
    yesterday = NOW.replace(tzinfo=UTC).astimezone(place).date() - timedelta(days=1)
    go(page, f"{demo_server.url}/votes?tz={zone}&period=yesterday&every=hour")
    # The hour that is pointed at, at the left end of the chart.
    chart = page.get_by_test_id("stVegaLiteChart").first
    area = chart.locator("svg.marks path.background").first.bounding_box()
    assert area
    page.mouse.move(area["x"] + 3, area["y"] + area["height"] / 2)
    tooltip = page.locator("#vg-tooltip-element")
    expect(tooltip).to_contain_text(f"{yesterday:%a %-d %b %Y}, 00:00")
    assert f"{yesterday:%a %-d %b}" in labels(chart)
    expect(page.get_by_text(f"Hour ({zone})", exact=True).first).to_be_attached()
    head, *rows = rows_of(save(page, csv_button(page, "Votes per hour"))[1])
    times = [datetime.fromisoformat(row[head.index("bucket")]) for row in rows]
    midnight = datetime.combine(yesterday, datetime.min.time(), place)
    assert times[0] == midnight
    assert times[0].utcoffset() == midnight.utcoffset()
    votes = Files(demo_data).read("votes")["voted_at"].to_list()
    for start, row in zip(times, rows, strict=True):
        first = start.astimezone(UTC).replace(tzinfo=None)
        inside = [first <= vote < first + timedelta(hours=1) for vote in votes]
        assert int(row[head.index("votes")]) == sum(inside)


REST_ON_PAPER = """() => {
  let grid;
  const canvas = document.querySelector('canvas[data-testid=data-grid-canvas]');
  for (let node = fpp.fiberOf(canvas); node; node = node.return)
    if (node.memoizedProps?.getCellContent) grid = node.memoizedProps;
  grid.rows = 2345;
  dispatchEvent(new Event('beforeprint'));
  dispatchEvent(new Event('beforeprint'));
  const [table, ...again] = canvas.closest('[data-testid=stDataFrame]')
    .querySelectorAll('table.on-paper');
  dispatchEvent(new Event('afterprint'));
  return again.length ? "printed twice" : [...table.rows].at(-1).textContent;
}"""
"""Prints a table as if it had so many rows, from a dialog that leads to another one;
returns its last line."""


@pytest.mark.parametrize("locale", ["fr-CH", "ar-EG"])
def test_numbers_have_one_notation_in_browsers_of_any_language(
    browser: Browser, demo_server: Server, locale: str
) -> None:
    context = chromium.logged_in(browser, demo_server, locale=locale)
    context.add_init_script(f"({CELLS})()")
    with watched(context) as page:
        page.set_viewport_size({"width": 1280, "height": 1600})
        seen(go(page, f"{demo_server.url}/historical"))
        cells = [text for text in page.evaluate("() => window.cells") if text]
        # Not the year of a date, which is in words.
        printed = {t for t in cells if re.search(r"(?<![a-z] )\b\d+\D?\d{3}$", t)}
        ticks = labels(page.get_by_test_id("stVegaLiteChart").first)
        assert page.evaluate(REST_ON_PAPER).startswith("The first 40 of 2,345 rows;")
    context.close()
    assert printed
    assert {text for text in printed if not re.fullmatch(r"[\d,]+", text)} == set()
    assert not [tick for tick in ticks if re.search(r"\d[. \u00a0\u2019]\d{3}", tick)]
