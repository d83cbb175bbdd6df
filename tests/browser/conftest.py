"""One browser and one dashboard on demo data for all browser tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    expect,
    sync_playwright,
)

import simulation
from testkit import chromium
from testkit.fixed_clock import NOW

expect.set_options(timeout=20_000)


# Playwright keeps an event loop running in this thread: for a module, no longer,
# since other tests run loops of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.CHROMIUM, args=chromium.FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo history up to the tests' clock."""
    folder: Path = tmp_path_factory.mktemp("demo")
    simulation.write(folder, NOW)
    return folder


@pytest.fixture(scope="session")
def demo_server(demo_data: Path) -> Iterator[chromium.Server]:
    with chromium.dashboard(demo_data) as server:
        yield server
        log = server.log.read_text()
    # Whatever was clicked in all these tests.
    assert "Traceback" not in log


@pytest.fixture(scope="module")
def context(browser: Browser, demo_server: chromium.Server) -> Iterator[BrowserContext]:
    context = chromium.logged_in(browser, demo_server)
    yield context
    context.close()


@contextmanager
def watched(context: BrowserContext) -> Iterator[Page]:
    """Open a tab; fail on errors in the console and on requests to elsewhere."""
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on(
        "console",
        lambda message: (
            wrong.append(f"console: {message.text}")
            if message.type == "error"
            else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("http://127.0.0.1:", "data:", "blob:"))
            else wrong.append(f"foreign request: {request.url}")
        ),
    )
    yield page
    page.close()
    assert wrong == []


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Return a tab of its own; see `watched`."""
    with watched(context) as page:
        yield page
