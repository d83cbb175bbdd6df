"""One browser and one dashboard on demo data for all browser tests."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    sync_playwright,
)

import demo
from tests.browser import driving


# Playwright keeps an event loop running in this thread: for a module, no longer,
# since other tests run loops of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=driving.CHROMIUM, args=driving.FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[driving.Server]:
    folder: Path = tmp_path_factory.mktemp("demo")
    demo.write(folder, datetime.now(UTC).replace(tzinfo=None))
    with driving.dashboard(folder) as server:
        yield server


@pytest.fixture(scope="module")
def context(browser: Browser, demo_server: driving.Server) -> Iterator[BrowserContext]:
    context = driving.logged_in(browser, demo_server)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Return a tab that fails the test on console errors and foreign requests."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(f"script: {error}"))
    page.on("console", lambda message: errors.extend(_worth_telling(message)))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("http://127.0.0.1:", "data:", "blob:"))
            else errors.append(f"foreign request: {request.url}")
        ),
    )
    yield page
    page.close()
    assert errors == []


def _worth_telling(message: ConsoleMessage) -> list[str]:
    return [f"console: {message.text}"] if message.type == "error" else []
