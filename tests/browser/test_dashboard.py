"""Every page in a real browser on a simulated history."""

import csv
import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import driving
from tests.browser.driving import Server

pytestmark = pytest.mark.browser

MAIN = (driving.ROOT / "pages" / "main.py").read_text()
PAGES = re.findall(r'st\.Page\(\s*"([^"]+)\.py", title="([^"]+)"', MAIN)


def open_at(page: Page, server: Server, path: str) -> Page:
    page.goto(server.url + path)
    driving.wait_until_drawn(page)
    return page


@pytest.mark.parametrize(("file", "title"), PAGES)
def test_a_page_opens_by_its_address_and_draws_all(
    page: Page, demo_server: Server, file: str, title: str
) -> None:
    open_at(page, demo_server, "/" if file == "overview" else f"/{file}")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_text("demo data")).to_be_visible()
    charts = page.get_by_test_id("stVegaLiteChart")
    for chart in charts.all():
        drawn = chart.locator("svg.marks path, svg.marks rect, svg.marks text")
        expect(drawn.nth(3)).to_be_attached()


@pytest.mark.parametrize(("file", "title"), PAGES)
def test_a_page_is_reached_by_the_navigation(
    page: Page, demo_server: Server, file: str, title: str
) -> None:
    open_at(page, demo_server, "/data" if file != "data" else "/")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    driving.wait_until_drawn(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.parametrize(("file", "title"), PAGES)
def test_a_page_fits_a_phone(
    browser: Browser, demo_server: Server, file: str, title: str
) -> None:
    phone = driving.logged_in(
        browser, demo_server, viewport={"width": 375, "height": 812}
    )
    path = "/" if file == "overview" else f"/{file}"
    page = driving.open_page(phone, demo_server, path)
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    widest = page.evaluate(
        "() => document.querySelector('[data-testid=stMain]').scrollWidth"
    )
    phone.close()
    assert widest <= 375


def download(page: Page, block: str) -> tuple[str, list[list[str]]]:
    """Click the CSV button of a block; return file name and rows."""
    card = page.locator(f".st-key-csv_{block}")
    with page.expect_download() as waiting:
        card.get_by_role("button").click()
    content = Path(waiting.value.path()).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    text = content.decode("utf-8-sig")
    return waiting.value.suggested_filename, list(csv.reader(io.StringIO(text)))


def test_a_csv_holds_the_table_that_is_shown(page: Page, demo_server: Server) -> None:
    query = "?period=Custom&from=2026-01-05&to=2026-02-01"
    open_at(page, demo_server, f"/votes{query}")
    name, rows = download(page, "votes_by_weekday")
    assert name == "fpp_votes_by_weekday_2026-01-05_2026-02-01.csv"
    page.locator(".st-key-table_votes_by_weekday").get_by_text("Table").click()
    driving.wait_until_drawn(page)
    # A grid is a canvas; what it shows stands in the table beneath it, for readers.
    grid = page.locator("table[role=grid]").first
    grid.locator("[role=gridcell]").first.wait_for(state="attached")
    shown = [
        [cell.text_content() or "" for cell in row.locator("[role=gridcell]").all()]
        for row in grid.locator("tbody tr").all()
    ]
    weekday, votes = rows[0].index("weekday_name"), rows[0].index("votes")
    assert [row[votes] for row in rows[1:]] == [
        row[votes].replace(",", "") for row in shown
    ]
    assert [row[weekday] for row in rows[1:]] == [row[weekday] for row in shown]
    assert len(rows) == 8


def test_everything_on_a_page_is_one_zip(page: Page, demo_server: Server) -> None:
    open_at(page, demo_server, "/votes?period=Last+month")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Everything on this page").click()
    _, rows = download(page, "votes_by_weekday")
    with zipfile.ZipFile(waiting.value.path()) as archive:
        about = archive.read("about.txt").decode()
        held = {re.sub(r"_2\d{3}.*", "", name): name for name in archive.namelist()}
        packed = archive.read(held["fpp_votes_by_weekday"]).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(packed))) == rows
    assert "Grouped by: day\n" in about
    assert "(demo)" in about


def test_a_copied_link_shows_the_same_view_in_another_browser(
    page: Page, browser: Browser, demo_server: Server
) -> None:
    open_at(page, demo_server, "/votes")
    page.get_by_role("combobox", name="Period").click()
    page.get_by_role("option", name="Last month").click()
    page.wait_for_url("**period=Last+month**")
    driving.wait_until_drawn(page)
    value = page.get_by_test_id("stMetricValue").first.inner_text()
    other = driving.logged_in(browser, demo_server)
    copy = driving.open_page(other, demo_server, page.url.removeprefix(demo_server.url))
    assert copy.get_by_test_id("stMetricValue").first.inner_text() == value
    other.close()


def test_the_period_stays_when_the_page_changes(
    page: Page, demo_server: Server
) -> None:
    open_at(page, demo_server, "/votes?period=91+days")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Traffic").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Traffic")
    driving.wait_until_drawn(page)
    assert "period=91+days" in page.url
    assert "91 days, without today" in page.get_by_text("compared with").inner_text()


def test_a_step_back_shows_the_days_before(page: Page, demo_server: Server) -> None:
    open_at(page, demo_server, "/?period=Custom&from=2026-03-01&to=2026-03-31")
    page.locator(".st-key-step_chevron_left").get_by_role("button").click()
    expect(page.get_by_text("1 Feb – 28 Feb 2026 · 28 days")).to_be_visible()
    assert "from=2026-02-01" in page.url


def test_a_room_is_found_by_typing_its_name(page: Page, demo_server: Server) -> None:
    open_at(page, demo_server, "/room")
    page.get_by_label("Find a room").press_sequentially("<b>x")
    page.get_by_role("button", name="<b>x</b>").click()
    page.wait_for_url("**room=**")
    driving.wait_until_drawn(page)
    expect(page.get_by_role("heading", level=2)).to_have_text("<b>x</b>")


def test_a_room_that_does_not_exist_is_said(page: Page, demo_server: Server) -> None:
    open_at(page, demo_server, "/room?room=999999")
    expect(page.get_by_text("There is no room with the id 999999")).to_be_visible()


def test_a_click_on_a_bar_filters_every_page(page: Page, demo_server: Server) -> None:
    open_at(page, demo_server, "/location")
    users = page.get_by_test_id("stVegaLiteChart").nth(1)
    users.locator("svg.marks g.mark-rect path").first.click()
    page.wait_for_url(re.compile(r"filter=country%3A"))
    driving.wait_until_drawn(page)
    chosen = page.get_by_test_id("stMultiSelect")
    expect(chosen).to_contain_text("country:")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Votes").click()
    expect(page.get_by_text("votes carry no user").first).to_be_visible()
    expect(page.get_by_test_id("stMultiSelect")).to_contain_text("country:")
