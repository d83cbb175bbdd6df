"""Tasks of the dashboard's users.

Each task starts on the Overview and follows the words on the screen.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from metrics.formats import fixed
from testkit import chromium
from testkit.chromium import Server
from testkit.fixed_clock import NOW
from tests.browser.by_hand import Days, Files
from tests.browser.conftest import visiting
from tests.browser.looking import (
    PAGES,
    at_last,
    csv_button,
    go,
    labels,
    misplaced,
    rows_of,
    save,
    sentence,
    tile,
    turn_to,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def files(demo_data: Path) -> Files:
    return Files(demo_data)


def test_last_week_against_the_week_before_and_why(
    page: Page, demo_server: Server, files: Files
) -> None:
    go(page, demo_server.url)
    choose_period(page, "Last 7 days")
    week = Days.until_yesterday(7)
    now, before = (files.votes(days).height for days in (week, week.before))
    name, value, change = tile(page, "Votes")
    assert (name, value) == ("Votes", f"{now:,}")
    sign = "↑" if now > before else "↓"
    percent = abs(now - before) / before * 100
    assert change == f"{sign} {fixed(percent, 1)}% from {before:,}"
    page.get_by_role("radio", name=re.compile("^Votes")).click()
    expect(page.get_by_role("heading", name="Votes per day")).to_be_visible()
    chromium.wait_until_drawn(page)
    assert "show=votes" in page.url
    # Why: what was, what is, for each label that changed.
    why = page.get_by_role("heading", name="What changed most?").locator(
        "xpath=ancestor::*[.//*[@data-testid='stVegaLiteChart']][1]"
    )
    texts = labels(why)
    what = [re.fullmatch(r"(Source|Country|Room|Weekday): (.+)", t) for t in texts]
    found = [match.groups() for match in what if match]
    moved = [t for t in texts if "→" in t]
    assert len(found) == len(moved) > 0
    # Dimensions are not mixed, and no change is printed as none.
    dimensions = [dimension for dimension, _ in groupby(found, lambda each: each[0])]
    assert len(dimensions) == len(set(dimensions))
    assert not re.search(r"[+−]0%|→ 1 (users|page views|votes)", " ".join(moved))
    for (dimension, label), text in zip(found, moved, strict=True):
        was, now = (int(n.replace(",", "")) for n in re.findall(r"[\d,]+", text)[:2])
        counted = [files.count(dimension, label, d) for d in (week.before, week)]
        assert [was, now] == counted, (label, text)


def choose_period(page: Page, name: str) -> None:
    page.get_by_role("combobox", name="Period").click()
    page.get_by_role("option", name=name, exact=True).click()
    page.wait_for_url("**period=**")
    chromium.wait_until_drawn(page)


def test_dragging_in_the_chart_zooms_the_period(
    page: Page, demo_server: Server
) -> None:
    go(page, f"{demo_server.url}/votes")
    chart = page.get_by_test_id("stVegaLiteChart").first
    box = chart.bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    start, end = (box["x"] + box["width"] * part for part in (0.3, 0.6))

    def drag(to: float, button: Literal["left", "right"] = "left") -> None:
        page.mouse.move(start, middle)
        page.mouse.down(button=button)
        page.mouse.move(to, middle, steps=8)
        page.mouse.up(button=button)

    # A click by a hand that moves a little is none, nor is one for the browser's menu.
    for ignored in (partial(drag, start + 2), partial(drag, end, "right")):
        ignored()
        chromium.wait_until_drawn(page)
        assert "from=" not in page.url
    drag(end)
    page.wait_for_url(re.compile("from="))
    chromium.wait_until_drawn(page)
    first, last = re.findall(r"(?:from|to)=(\d{4}-\d\d-\d\d)", page.url)
    whole = Days.until_yesterday(28)
    assert f"{whole.first}" < min(first, last) < max(first, last) < f"{whole.last}"


def test_the_last_24_hours_by_the_hour(
    page: Page, demo_server: Server, files: Files
) -> None:
    """Hours across midnight, beside those of the 24 hours before."""
    go(page, f"{demo_server.url}/votes")
    choose_period(page, "Last 24 hours")
    assert "period=last_24_hours" in page.url
    expect(page.get_by_role("heading", name="Votes per hour")).to_be_visible()
    day = timedelta(days=1)
    times = files.read("votes")["voted_at"]
    count = times.is_between(NOW - day, NOW, closed="left").sum()
    before = times.is_between(NOW - 2 * day, NOW - day, closed="left").sum()
    assert tile(page, "Votes")[1] == f"{count:,}"
    assert f"from {before:,}" in tile(page, "Votes")[2]
    head, *rows = rows_of(save(page, csv_button(page, "Votes per hour"))[1])
    starts = [datetime.fromisoformat(row[head.index("bucket")]) for row in rows]
    shown = dict(
        zip(starts, [int(row[head.index("votes")]) for row in rows], strict=True)
    )
    first = (NOW - day).replace(minute=0, second=0)
    # On the hour, 24 hours are whole ones; else the first and the last are cut.
    on_the_hour = first == NOW - day
    hours = 24 if on_the_hour else 25
    assert list(shown) == [first + timedelta(hours=n) for n in range(hours)]
    counted = times.filter(times.is_between(NOW - day, NOW, closed="left"))
    hourly = counted.dt.truncate("1h").to_list()
    assert shown == {hour: hourly.count(hour) for hour in shown}
    cuts = [row[head.index("cut")] for row in rows]
    ends = ("", "") if on_the_hour else ("start", "running")
    assert (cuts[0], set(cuts[1:-1]), cuts[-1]) == (ends[0], {""}, ends[1])
    # One step back: yesterday, a whole day.
    page.get_by_role("button", name="Previous period").click()
    page.wait_for_url(f"**from={NOW.date() - day}&to={NOW.date() - day}**")


def test_is_something_broken_now(page: Page, demo_server: Server) -> None:
    """One glance at the first line, and one click to where it is.

    The link leads to the period of its figure, whatever the page's is.
    """
    go(page, f"{demo_server.url}/?period=custom&from=2026-10-01&to=2026-10-31")
    line = page.locator(".st-key-attention")
    expect(line).to_be_visible()
    quiet = line.get_by_role("link", name="gone quiet")
    found = re.search(r"\d+", quiet.inner_text())
    assert found
    quiet.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Insights")
    chromium.wait_until_drawn(page)
    assert "about=Rooms" in page.url
    assert f"from={NOW.date()}&to={NOW.date()}" in page.url
    said = sentence(page.get_by_text(re.compile("become dormant")))
    assert said.startswith(f"{found[0]} of the ")


@pytest.fixture(scope="module")
def troubled(
    tab: Page, demo_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A dashboard with late data, notes, a view, and a product that is gone."""
    folder: Path = tmp_path_factory.mktemp("troubled")
    until = (NOW - timedelta(hours=1)).replace(tzinfo=UTC).timestamp()
    for file in demo_data.glob("*.parquet"):
        os.utime(shutil.copy(file, folder), (until, until))
    notes = folder / "notes.txt"
    release = Days.until_yesterday(5).first
    notes.write_text(f"{release} Release of v2\nnext Tuesday: party\n")
    views = folder / "views.txt"
    address = "/votes?period=last_28_days"
    views.write_text(f"Planning {address}\nWeekdays {address}#weekdays\n")
    # The Overview has the block of live figures as well.
    gone = "http://127.0.0.1:9"
    with (
        chromium.dashboard(
            folder,
            NOTES_FILE=str(notes),
            VIEWS_FILE=str(views),
            FPP_SERVER_URL=gone,
        ) as server,
        visiting(tab, server),
    ):
        yield server


def test_late_data_and_an_outage_are_the_first_thing_one_reads(
    page: Page, troubled: Server
) -> None:
    go(page, troubled.url)
    late = page.locator(".st-key-attention").get_by_role("link").first
    expect(late).to_contain_text("Data is 1 hour late")
    late.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Data")
    expect(page.get_by_text("Line 2")).to_contain_text("not a date")


def test_the_release_of_v2_is_marked_on_the_charts(
    page: Page, troubled: Server
) -> None:
    for title in ("Overview", "Traffic", "Votes", "Behaviour", "Historical"):
        if title == "Votes":
            choose_the_saved_view(page)
        else:
            turn_to(page, troubled.url, title)
        chart = page.get_by_test_id("stVegaLiteChart").first
        assert "⚑" in labels(chart)
        expect(page.get_by_text("Release of v2").first).to_be_visible()
        if title == "Overview":
            expect(page.get_by_text("No live figures")).to_be_visible()
            assert at_last(page, misplaced, []) == []


def choose_the_saved_view(page: Page) -> None:
    menu = page.get_by_role("button", name="Views")
    # The second is a part of what the first has opened.
    for view in ("Planning", "Weekdays"):
        menu.click()
        # Other views of the page that is open look as those of other pages.
        planning = page.get_by_role("link", name="Planning")
        expect(planning).to_have_css("background-color", "rgba(0, 0, 0, 0)")
        expect(planning.locator("p")).to_have_css("font-weight", "400")
        page.get_by_role("link", name=view).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Votes")
        # The menu does not stay open over the view.
        expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
        chromium.wait_until_drawn(page)
        expect(menu).to_be_focused()


BELOW_THE_LAST_BLOCK = """() => {
  const page = document.querySelector('.stMainBlockContainer > .stVerticalBlock');
  const shown = [...page.children].filter(part => part.offsetHeight);
  return getComputedStyle(shown.at(-1)).marginBottom;
}"""


@pytest.mark.parametrize(
    ("title", "theme"),
    [
        ("Overview", "dark"),
        ("Traffic", "light"),
        ("Historical", "dark"),
        ("Votes", "light"),
        ("Room", "light"),
        ("Insights", "light"),
        ("Data", "light"),
        ("Behaviour", "light"),
    ],
)
def test_a_page_prints_on_two_sheets_without_its_controls(
    page: Page,
    demo_server: Server,
    tmp_path: Path,
    title: str,
    theme: Literal["dark", "light"],
) -> None:
    page.emulate_media(media="null", color_scheme=theme)
    filtered = "?filter=country:DE" if title == "Traffic" else ""
    asked = {
        "Room": "?room=430",
        "Insights": "?about=rooms",
        "Behaviour": "?part=Rooms&table_rooms=true",
    }.get(title, filtered)
    go(page, demo_server.url + PAGES[title] + asked)
    # By a key it is printed while a list is open, or a chart is pointed at.
    if title == "Votes":
        page.get_by_role("combobox", name="Period").click()
        expect(page.get_by_role("option", name="Custom dates")).to_be_visible()
    elif title == "Overview":
        page.locator("svg.marks").first.hover()
        expect(page.locator("#vg-tooltip-element")).to_contain_text("When")
    sheet = tmp_path / "page.pdf"
    page.pdf(path=sheet, prefer_css_page_size=True, print_background=True)
    text = _of_pdf("pdftotext", "-layout", sheet).decode()
    assert text.count("\f") <= 2
    # Where the last block ends its sheet, a margin below it begins an empty one.
    page.emulate_media(media="print")
    assert page.evaluate(BELOW_THE_LAST_BLOCK) == "0px"
    assert page.evaluate(BESIDE_THE_SHEET) == []
    page.emulate_media(media="null")
    assert title in text
    controls = ("Log out", "Download", "CSV\n", "Filter:", "Options", "Click")
    for control in (*controls, "Custom dates", "When"):
        assert control not in text, control
    if title == "Overview":
        # Blocks beside each other: charts keep the width that they had.
        assert re.search("What changed most.*Today until", text)
    # Further down, a share is also the name of an axis.
    assert "Share" not in " ".join(text.splitlines()[:6])
    main = page.get_by_test_id("stMain")
    for heading in main.get_by_role("heading").all():
        assert heading.inner_text().split()[0] in text
    for value in page.locator(".st-key-kpi_strip strong").all_inner_texts():
        assert value in text
    if title == "Behaviour":
        # A table beside a chart is as wide as the page: no date is broken.
        assert re.search(r"\d [A-Z][a-z]{2} 20\d\d, \d\d:\d\d", text)
    if title in {"Insights", "Data"}:
        # Of long tables there is a part.
        assert re.search(r"The first 40 of [1-9]\d\d rows; the CSV has all\.", text)
        # A caption Firefox would print where the first sheet ends, not the table.
        # Grids are drawn again after the width of paper.
        page.wait_for_function(
            f"() => ({LAST_ROWS_ON_PAPER})()"
            ".some(row => /^The first 40 of .* all.$/.test(row))"
        )
    if filtered:
        # What the figures are of, without the button's icon.
        chip = next(line for line in text.splitlines() if "Country is" in line)
        assert re.fullmatch(r"\s*Country is Germany \W*", chip)
    if title == "Historical":
        # All rows and columns, those below and beside the edge of the canvas too.
        _, content = save(page, csv_button(page, "Newest first"))
        lines = [line.split() for line in text.splitlines()]
        for row in rows_of(content)[1:]:
            figures = [f"{int(figure):,}" for figure in row[1:] if figure.isdigit()]
            assert len(figures) == 10
            assert figures in [line[-10:] for line in lines]
    # The paper is white, whatever the theme, and the screen is as it was.
    shades = _of_pdf("pdftoppm", "-gray", "-r", "10", sheet, to="").split(b"\n", 3)[3]
    assert sum(shades) / len(shades) > 230
    expect(page.locator("table.on-paper")).to_have_count(0)


BESIDE_THE_SHEET = """() => [...document.querySelectorAll('.stMain :not(svg *)')]
  .filter(part => !part.children.length && part.getClientRects().length)
  .filter(part => part.getBoundingClientRect().left < 0)
  .map(part => part.outerHTML)"""
LAST_ROWS_ON_PAPER = """() => {
  dispatchEvent(new Event('beforeprint'));
  const tables = [...document.querySelectorAll('table.on-paper')];
  dispatchEvent(new Event('afterprint'));
  return tables.map(table => [...table.rows].at(-1).textContent);
}"""


def test_a_list_that_is_longer_than_a_sheet_begins_below_its_title(
    page: Page, demo_server: Server, tmp_path: Path
) -> None:
    page.emulate_media(media="null")
    go(page, f"{demo_server.url}/location?place=cities&all_cities=true")
    sheet = tmp_path / "page.pdf"
    page.pdf(path=sheet, prefer_css_page_size=True, print_background=True)
    text = _of_pdf("pdftotext", "-layout", sheet).decode()
    first, *others = text.split("\f")
    assert re.search("Where users are .*Users by city.*São Paulo, BR", first, re.DOTALL)
    assert len(others) > 1
    # No row is missing, there twice, or cut in two.
    drawn = page.locator("svg.marks text").filter(has_text=re.compile(r"\(\d.*%\)"))
    assert len(re.findall(r"\(\d+\.\d%\)", text)) == drawn.count() > 80
    expect(page.locator(".on-paper")).to_have_count(0)


def test_the_button_to_print_draws_charts_as_on_a_desk_on_a_phone(
    browser: Browser, demo_server: Server
) -> None:
    """A browser's own menu does not wait for them."""
    phone = chromium.logged_in(
        browser,
        demo_server,
        viewport={"width": 375, "height": 812},
        is_mobile=True,
        has_touch=True,
    )
    page = go(phone.new_page(), f"{demo_server.url}/votes")
    width = "document.querySelector('svg.marks').clientWidth"
    before = page.evaluate(width)
    # Drawn for a phone, charts are larger on paper, and cover nothing below them.
    page.emulate_media(media="print")
    covering = page.evaluate(
        "() => { document.body.style.setProperty('--paper-zoom', 1.6);"
        " const end = part => part.getBoundingClientRect().bottom;"
        " return [...document.querySelectorAll('.stVegaLiteChart')].filter(chart =>"
        " end(chart.querySelector('svg.marks')) > end(chart) + 1).length; }"
    )
    assert covering == 0
    page.emulate_media(media="screen")
    # The dialog of a real one would stay open.
    page.evaluate(
        "() => { window.printed = new Promise(done => { window.print = () => {"
        f" done({width}); dispatchEvent(new Event('afterprint')); }}; }}); }}"
    )
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Print or save as PDF").click()
    assert before < 375 < 800 < page.evaluate("() => window.printed")
    chart = page.locator("svg.marks").first
    expect(chart).to_have_js_property("clientWidth", before)
    phone.close()


def _of_pdf(program: str, *arguments: str | Path, to: str = "-") -> bytes:
    found = shutil.which(program)
    assert found, "install poppler-utils (scripts/install-test-tools)"
    command = [found, *map(str, arguments), *([to] if to else [])]
    return subprocess.run(command, capture_output=True, check=True).stdout
