"""What is chosen on one page: period, filter, room."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from operator import methodcaller
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from testkit import chromium
from testkit.chromium import Server
from testkit.fixed_clock import NOW
from tests.browser.looking import (
    SPACED_OUT,
    at_last,
    barriers,
    block,
    csv_button,
    go,
    labels,
    navigation,
)

pytestmark = pytest.mark.browser


def test_a_click_on_a_bar_filters_every_page(page: Page, demo_server: Server) -> None:
    go(page, f"{demo_server.url}/location")
    users = page.get_by_test_id("stVegaLiteChart").nth(1)
    # Beside its bar a row is pointed at as well.
    users.locator("g.role-mark.mark-text text").first.hover(force=True)
    expect(page.locator("#vg-tooltip-element")).to_contain_text("adds a filter")
    # As many do, twice: one act.
    users.locator("svg.marks g.mark-rect path").first.dblclick()
    page.wait_for_url(re.compile(r"filter=country%3A"))
    chromium.wait_until_drawn(page)
    chips = page.locator(".st-key-filter_chips")
    expect(chips).to_contain_text("Country is")
    navigation(page, "Votes").click()
    expect(page.get_by_text("votes are not linked").first).to_be_visible()
    expect(chips).to_contain_text("Country is")


@pytest.mark.parametrize(
    ("path", "title", "places", "kind"),
    [
        ("/", "What changed most?", ("role-axis-label", "role-mark"), "country"),
        # Its bars have three parts.
        (
            "/traffic?split=Source",
            "Which sources bring users who stay?",
            ("role-mark",),
            "source",
        ),
    ],
)
def test_a_row_is_pointed_at_and_clicked_beside_its_bar_too(
    page: Page,
    demo_server: Server,
    path: str,
    title: str,
    places: Sequence[str],
    kind: str,
) -> None:
    """Of small numbers a bar has a pixel or two."""
    go(page, demo_server.url + path)
    for place in places:
        if "filter=" in page.url:
            page.go_back()
            expect(page.locator(".st-key-filter_chips button")).to_have_count(0)
            chromium.wait_until_drawn(page)
        beside = block(page, title).locator(f"g.{place}.mark-text text").first
        beside.scroll_into_view_if_needed()
        box = beside.bounding_box()
        assert box is not None
        at = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(*at)
        expect(page.locator("#vg-tooltip-element")).to_contain_text("adds a filter")
        page.mouse.click(*at)
        page.wait_for_url(re.compile(rf"filter={kind}%3A"))
        chromium.wait_until_drawn(page)


def test_many_chips_leave_the_answer_on_the_screen_and_go_in_one_step(
    page: Page, demo_server: Server
) -> None:
    kept = ("country:DE", "city:München", "source:Google Search", "os!:Windows")
    more = ("event:ENTERED_EXISTING_ROOM", "browser!:Firefox", "route:ROOM")
    rooms = (f"room!:{room}" for room in range(1, 21))
    chosen = [("filter", text) for text in (*kept, *more, *rooms)]
    go(page, f"{demo_server.url}/traffic?{urlencode(chosen)}")
    row = page.locator(".st-key-filter_chips")
    chips = row.get_by_role("button")
    all_at_once = f"Clear all ({len(chosen)})"
    for width in (1280, 375):
        page.set_viewport_size({"width": width, "height": 800})
        expect(chips).to_have_count(1 + len(chosen))
        inside = row.bounding_box()
        answer = page.locator(".st-key-kpi_strip [role=radio]").first.bounding_box()
        assert inside
        assert answer
        assert answer["y"] + answer["height"] < 800
        for chip in chips.all():
            box = chip.bounding_box()
            assert box
            assert box["x"] >= inside["x"] - 1
            assert box["x"] + box["width"] <= inside["x"] + inside["width"] + 1
    row.get_by_role("button", name=all_at_once).click()
    page.wait_for_url("**/traffic")
    expect(chips).to_have_count(0)
    page.go_back()
    expect(chips).to_have_count(1 + len(chosen))
    chromium.wait_until_drawn(page)
    # Of one filter its chip is enough.
    go(page, f"{demo_server.url}/traffic?filter=os!:Windows")
    expect(chips).to_have_count(1)


def test_nothing_covers_the_tools_of_a_block(page: Page, demo_server: Server) -> None:
    shown = ("sources_over_time", "traffic_over_time")
    view = "&".join(("part=page_views", *(f"table_{name}=true" for name in shown)))
    go(page, f"{demo_server.url}/traffic?{view}")
    of_charts = page.locator(".stElementToolbar:not(.stDataFrame *)")
    for chart in page.get_by_test_id("stVegaLiteChart").all():
        chart.hover()
        expect(of_charts.locator("visible=true")).to_have_count(0)
    # The table's own tools appear below it, where a block over time has ours.
    tables = {
        "Unique users per day": "traffic_over_time",
        "Page views by source over time": "sources_over_time",
        "Page views by source": "sources",
    }
    for title, table in tables.items():
        if table in shown:
            over_time = block(page, title)
            over_time.get_by_test_id("stDataFrame").hover()
            tools = over_time.get_by_test_id("stElementToolbar")
            expect(tools).to_have_css("opacity", "1")
        button = csv_button(page, title)
        button.scroll_into_view_if_needed()
        at = button.bounding_box()
        assert at
        with page.expect_download() as waiting:
            page.mouse.click(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
        own = f"{table}_by_day" if table.endswith("over_time") else table
        assert waiting.value.suggested_filename.startswith(f"fpp_{own}_2")


def test_all_rows_of_a_list_are_shown_on_demand(
    page: Page, demo_server: Server
) -> None:
    go(page, f"{demo_server.url}/location?place=cities")
    cities = block(page, "Users by city")
    first = [text for text in labels(cities) if "(" in text]
    assert re.fullmatch(r"[\d,]+ others", labels(cities)[-2])
    cities.get_by_text("Show").click()
    page.wait_for_url("**all_cities=true**")
    chromium.wait_until_drawn(page)
    everything = [text for text in labels(cities) if "(" in text]
    assert len(everything) > len(first)


def test_a_legend_keeps_its_colours_when_the_address_changes(
    page: Page, demo_server: Server
) -> None:
    go(page, f"{demo_server.url}/location?period=7+days")
    block(page, "Users by country").get_by_text("Table").click()
    page.wait_for_url("**table_countries=true**")
    chromium.wait_until_drawn(page)
    # A browser takes the whole address of before for that of another file.
    bar = page.locator("svg.marks [fill^=url]")
    in_this_one = re.compile(r"^url\(#")
    expect(bar).to_have_attribute("fill", in_this_one)
    page.evaluate("history.back()")
    page.wait_for_url("**/location?period=7+days")
    chromium.wait_until_drawn(page)
    expect(bar).to_have_attribute("fill", in_this_one)


def test_own_dates_are_two_clicks_or_typed_and_one_step_back(
    page: Page, demo_server: Server
) -> None:
    month = NOW.date().replace(day=1) - timedelta(days=1)  # all its days are over
    own = f"period=custom&from={month:%Y-%m}-05&to={month:%Y-%m}-20"
    go(page, f"{demo_server.url}/returning?{own}")
    page.get_by_test_id("stDateInputCalendarButton").click()
    calendar = page.get_by_test_id("stDateInputCalendar")
    for day in ("8", "12"):
        calendar.get_by_text(day, exact=True).first.click()
        chromium.wait_until_drawn(page)
    page.wait_for_url(f"**from={month:%Y-%m}-08&to={month:%Y-%m}-12**")
    chromium.wait_until_drawn(page)
    expect(page.get_by_text(f"8 {month:%b} – 12 {month:%b %Y}").first).to_be_visible()
    page.go_back()
    page.wait_for_url(f"**{own}**")
    expect(page.get_by_text(f"5 {month:%b} – 20 {month:%b %Y}").first).to_be_visible()
    chromium.wait_until_drawn(page)
    page.get_by_role("spinbutton", name="year, From – to start date").focus()
    page.keyboard.type(f"{month:%Y-%m}-09")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**from={month:%Y-%m}-09&to={month:%Y-%m}-20**")
    expect(page.get_by_text(f"9 {month:%b} – 20 {month:%b %Y}").first).to_be_visible()


OPTIONS = {
    "Match weekdays": "match=true",
    "Hide weekends": "weekends=false",
    "Include bots": "bots=true",
}
"""Toggle → what it adds to the address."""


def test_options_that_were_undone_do_not_return_with_the_next_act(
    page: Page, demo_server: Server
) -> None:
    go(page, f"{demo_server.url}/votes?tz=Asia/Tokyo")
    shown = [page.url]
    menu = page.get_by_role("button", name="Options")
    menu.click()
    for option, asked in OPTIONS.items():
        page.get_by_text(option).click()
        page.wait_for_url(f"**{asked}**")
        shown.append(page.url)
        chromium.wait_until_drawn(page)
    page.get_by_role("combobox", name="Time zone").click()
    page.get_by_role("option", name="UTC").first.click()
    page.wait_for_url("**tz=UTC**")
    chromium.wait_until_drawn(page)
    page.keyboard.press("Escape")
    for url in reversed(shown):
        page.go_back()
        page.wait_for_url(url)
        chromium.wait_until_drawn(page)
    page.locator(".st-key-step_chevron_left button:visible").click()
    page.wait_for_url("**period=custom**")
    chromium.wait_until_drawn(page)
    assert set(parse_qs(urlsplit(page.url).query)) == {"tz", "period", "from", "to"}
    # Opened again, the menu shows what the address says.
    menu.click()
    for option in OPTIONS:
        expect(page.get_by_role("switch", name=option)).not_to_be_checked()
    expect(page.get_by_role("combobox", name="Time zone")).to_have_value("Asia/Tokyo")


FITS = """most => {
  const ink = document.createElement('canvas').getContext('2d');
  const cut = input => {
    const look = getComputedStyle(input);
    ink.font = look.font;
    const room = input.clientWidth
      - parseFloat(look.paddingLeft) - parseFloat(look.paddingRight);
    return ink.measureText(input.value || input.placeholder).width > room;
  };
  const main = document.querySelector('[data-testid=stMain]');
  const bar = main.querySelector('.st-key-period_bar');
  const tops = [...bar.children].map(e => Math.round(e.getBoundingClientRect().top));
  return {
    more: Math.max(0, new Set(tops).size - most),
    cut: [...main.querySelectorAll('input[role=combobox]')].filter(cut)
      .map(e => e.value || e.placeholder),
    outside: [...main.querySelectorAll('[data-testid=stButtonGroup] button')]
      .filter(e => e.getBoundingClientRect().right > innerWidth)
      .map(e => e.innerText),
  };
}"""
"""How many rows the period bar has more than at most, texts that are cut, and buttons
beyond the window."""
ALL_FIT: Mapping[str, object] = {"more": 0, "cut": [], "outside": []}


WITH_VIEWS = """() => {
  const bar = document.querySelector('.st-key-period_bar');
  const holds = e => e.querySelector('.stPopover');
  const menu = [...bar.children].find(holds).cloneNode(true);
  menu.querySelector('p').textContent = 'Views';
  bar.append(menu);
}"""
"""Adds what the menu of named views takes, which a team may have or not."""


CUT_CHOICES = """() => [...document.querySelectorAll('[role=option] > div')]
  .filter(e => e.scrollWidth > e.clientWidth).map(e => e.innerText)"""
OVERFLOW = "menu => menu.scrollHeight - menu.clientHeight"
LONGEST = "period=last_week&compare=year&every=month&room=1"
"""The choices with the longest names."""


@pytest.mark.parametrize(
    ("address", "narrowest"),
    [
        (f"/historical?{LONGEST}", 700),
        (f"/room?{LONGEST}", 700),
        ("/votes?period=custom&from=2026-10-01&to=2026-10-31", 1241),
    ],
)
def test_controls_fit_their_window_and_are_not_cut(
    page: Page, demo_server: Server, address: str, narrowest: int
) -> None:
    go(page, demo_server.url + address)
    page.evaluate(WITH_VIEWS)
    for width in sorted({1440, max(narrowest, 1024), 1024, 768, 375}, reverse=True):
        page.set_viewport_size({"width": width, "height": 900})
        most = 1 if width >= narrowest else 9
        # The boxes follow the window a little later, on a busy machine much later.
        page.wait_for_timeout(300)
        look = methodcaller("evaluate", FITS, most)
        assert at_last(page, look, ALL_FIT) == ALL_FIT, width
        assert barriers(page, "target-size") == []
        if width == 1440:
            page.locator(".st-key-period input").click()
            expect(
                page.get_by_role("option", name="Last week (Mon–Sun)")
            ).to_be_visible()
            assert page.evaluate(CUT_CHOICES) == []
            page.keyboard.press("Escape")


OUTSIDE_BLOCK = """() => [...document.querySelectorAll('[data-testid=stVegaLiteChart]')]
  .flatMap(chart => [...chart.querySelectorAll('svg.marks text')].filter(text =>
    text.getBoundingClientRect().right > chart.getBoundingClientRect().right + 16))
  .map(text => text.textContent)"""
"""Texts of charts that run over the edge of their block, 16 pixels from its chart."""


@pytest.mark.parametrize(
    "address", ["/traffic?split=country", "/behaviour", "/votes?part=estimations"]
)
def test_texts_of_charts_stay_in_their_block(
    page: Page, demo_server: Server, address: str
) -> None:
    go(page, demo_server.url + address)
    for width in (1280, 1180, 1100, 768, 375):
        page.set_viewport_size({"width": width, "height": 900})
        found = at_last(page, lambda page: page.evaluate(OUTSIDE_BLOCK), [])
        assert found == [], width


def test_on_a_phone_choices_are_whole_and_menus_and_warnings_fit_its_height(
    page: Page, demo_server: Server
) -> None:
    page.set_viewport_size({"width": 375, "height": 812})
    go(page, f"{demo_server.url}/votes")
    page.add_style_tag(content=SPACED_OUT)
    chromium.wait_until_drawn(page)
    page.get_by_role("combobox", name="Compare with").click()
    expect(page.get_by_role("option", name="Same period last year")).to_be_visible()
    assert page.evaluate(CUT_CHOICES) == []
    page.set_viewport_size({"width": 812, "height": 375})
    go(page, f"{demo_server.url}/votes?x=1&tz=x&period=x&compare=x&every=x")
    expect(page.locator(".st-key-period")).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Filter").click()
    menu = page.get_by_test_id("stPopoverBody")
    expect(menu.get_by_role("combobox")).to_have_count(2)
    # Not as low as what its button leaves of the screen.
    assert at_last(page, lambda _: menu.evaluate(OVERFLOW), 0) == 0


def test_a_calendar_can_be_used_on_a_low_screen(
    page: Page, demo_server: Server
) -> None:
    own = "period=custom&from=2026-10-05&to=2026-10-20"
    go(page, f"{demo_server.url}/returning?{own}")
    calendar = page.get_by_test_id("stDateInputCalendar")
    for width, height in ((812, 375), (320, 256)):
        page.set_viewport_size({"width": width, "height": height})
        page.get_by_test_id("stDateInputCalendarButton").click()
        expect(calendar).to_be_in_viewport(ratio=1)
        earlier = calendar.get_by_role("button", name="Previous month")
        expect(earlier).to_be_in_viewport()
        last = calendar.get_by_test_id("stDateInputQuickSelect")
        last.scroll_into_view_if_needed()
        expect(last).to_be_in_viewport(ratio=1)
        page.keyboard.press("Escape")
        expect(calendar).to_have_count(0)


LINES_OF_DATES = """() => {
  const legend = [...document.querySelectorAll('.st-key-kpi_chart p')]
    .find(text => text.textContent.includes('┄')).firstChild;
  return [...legend.data.matchAll(/[—┄].*?20\\d\\d/gu)].map(({index, 0: dates}) => {
    const range = document.createRange();
    range.setStart(legend, index);
    range.setEnd(legend, index + dates.length);
    return new Set([...range.getClientRects()].map(line => line.top)).size;
  });
}"""


def test_dates_of_a_legend_are_on_one_line(page: Page, demo_server: Server) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    go(page, f"{demo_server.url}/votes?every=week")
    for width in (320, 375, 420):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(LINES_OF_DATES) == [1, 1], width


ON_AN_IPHONE = """
const {supports} = CSS;
CSS.supports = (...asked) =>
  asked[0] === "-webkit-touch-callout" || supports.apply(CSS, asked);
"""
SCALES = "document.querySelector('meta[name=viewport]').content"


def test_only_where_users_can_zoom_all_the_same_a_tapped_field_zooms_nothing(
    page: Page, demo_server: Server
) -> None:
    go(page, f"{demo_server.url}/room")
    assert "maximum-scale" not in page.evaluate(SCALES)
    iphone = page.context.new_page()
    iphone.add_init_script(ON_AN_IPHONE)
    go(iphone, f"{demo_server.url}/room")
    assert iphone.evaluate(SCALES).endswith(", maximum-scale=1")
    iphone.close()


def test_no_height_is_that_of_a_phone_without_its_bars() -> None:
    styles = (chromium.ROOT / "web" / "assets" / "style.css").read_text()
    assert {*re.findall(r"\d([a-z]?vh)\b", styles)} == {"dvh"}


A_CLICK_IS_OF_A_MOUSE = """
const {get} = Object.getOwnPropertyDescriptor(PointerEvent.prototype, "pointerType");
Object.defineProperty(PointerEvent.prototype, "pointerType", {
  get() { return this.type === "click" ? "mouse" : get.call(this); },
});
"""
"""So Safari said before 18.4; before 18.2, and Firefox before 129, nothing."""


def test_a_tap_on_a_chart_shows_its_numbers_and_a_swipe_leaves_none_behind(
    browser: Browser, demo_server: Server
) -> None:
    phone = chromium.logged_in(
        browser,
        demo_server,
        viewport={"width": 375, "height": 740},
        is_mobile=True,
        has_touch=True,
    )
    page = phone.new_page()
    finger = phone.new_cdp_session(page)

    def touch(kind: str, *points: dict[str, float]) -> None:
        asked = {"type": kind, "touchPoints": list(points)}
        finger.send("Input.dispatchTouchEvent", asked)

    shown = page.locator("#vg-tooltip-element.visible")
    for address, text in (("/votes", "Votes"), ("/returning", "users")):
        go(page, demo_server.url + address)
        page.add_init_script(A_CLICK_IS_OF_A_MOUSE)  # from the next address on
        chart = page.locator("svg.marks").first
        chart.scroll_into_view_if_needed()
        area = chart.bounding_box()
        assert area
        x, y = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
        page.touchscreen.tap(x, y)
        expect(shown).to_contain_text(text)
        # Elsewhere.
        page.touchscreen.tap(x, area["y"] - 30)
        expect(shown).to_have_count(0)
        page.touchscreen.tap(x, y)
        expect(shown).to_be_visible()
        touch("touchStart", {"x": x, "y": y})
        for moved in range(0, 160, 10):
            touch("touchMove", {"x": x, "y": y - moved})
            page.wait_for_timeout(16)
        touch("touchEnd")
        expect(shown).to_have_count(0)
    phone.close()
