"""One browser and one dashboard on demo data for all browser tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Request,
    ViewportSize,
    expect,
)

import simulation
from testkit import chromium
from testkit.fixed_clock import NOW

expect.set_options(timeout=chromium.PATIENCE)
USUAL_SIZE: ViewportSize = {"width": 1280, "height": 720}
"""Playwright's own."""


# Playwright keeps an event loop running in this thread: for this folder, no longer,
# since other tests run loops of their own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium.browsing() as browser:
        yield browser


@pytest.fixture(scope="package")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo history up to the tests' clock."""
    folder: Path = tmp_path_factory.mktemp("demo")
    simulation.write(folder, NOW)
    return folder


@pytest.fixture(scope="package")
def demo_server(demo_data: Path) -> Iterator[chromium.Server]:
    with chromium.dashboard(demo_data) as server:
        yield server
        log = server.log.read_text()
    # Whatever was clicked in all these tests.
    assert "Traceback" not in log


@pytest.fixture(scope="package")
def context(browser: Browser, demo_server: chromium.Server) -> Iterator[BrowserContext]:
    context = chromium.logged_in(browser, demo_server)
    yield context
    context.close()


@contextmanager
def watched(context: BrowserContext) -> Iterator[Page]:
    """Open a tab; fail on errors in the console and on requests to elsewhere."""
    page = context.new_page()
    with nothing_wrong(page):
        yield page
    page.close()


@contextmanager
def nothing_wrong(page: Page) -> Iterator[None]:
    """Fail on errors in the console and on requests to elsewhere."""
    wrong: list[str] = []

    def script(error: Error) -> None:
        wrong.append(f"script: {error}")

    def console(message: ConsoleMessage) -> None:
        if message.type == "error":
            wrong.append(f"console: {message.text}")

    def request(asked: Request) -> None:
        if not asked.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            wrong.append(f"foreign request: {asked.url}")

    page.on("pageerror", script)
    page.on("console", console)
    page.on("request", request)
    yield
    page.remove_listener("pageerror", script)
    page.remove_listener("console", console)
    page.remove_listener("request", request)
    assert wrong == []


@pytest.fixture(scope="package")
def tab(context: BrowserContext) -> Page:
    """Return a tab for all tests: a new one takes twice the time for its first page."""
    return context.new_page()


@contextmanager
def visiting(tab: Page, server: chromium.Server) -> Iterator[None]:
    """Use the tab of all tests for another dashboard; leave that before it ends."""
    chromium.log_in(tab.context, server)
    yield
    tab.goto("about:blank")


@contextmanager
def emptied(tab: Page) -> Iterator[Page]:
    """Use a tab again, empty and of the usual size; see `nothing_wrong`."""
    if tab.url.startswith("http"):
        # The browser would remember that the navigation was closed.
        tab.evaluate("localStorage.clear()")
    tab.goto("about:blank")
    with as_left(tab):
        yield tab


@contextmanager
def as_left(tab: Page) -> Iterator[Page]:
    """Use a tab again where it is, of the usual size; see `nothing_wrong`."""
    tab.set_viewport_size(USUAL_SIZE)
    tab.emulate_media(media="screen", color_scheme="light")
    with nothing_wrong(tab):
        yield tab


@pytest.fixture
def page(tab: Page) -> Iterator[Page]:
    """Return the tab of all tests, or another where a test has closed it."""
    with emptied(tab.context.new_page() if tab.is_closed() else tab) as page:
        yield page
