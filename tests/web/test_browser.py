"""The headers in a real browser: charts are drawn, nothing comes from elsewhere."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.browser.driving import CHROMIUM, FLAGS, wait_until_drawn
from tests.web.running import Dashboard
from web.headers import security_headers
from web.sessions import COOKIE

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(running: Dashboard, cookie: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context()
        context.add_cookies([{"name": COOKIE, "value": cookie, "url": running.url}])
        yield context.new_page()
        browser.close()


@pytest.mark.parametrize("path", ["/votes", "/location"])
def test_charts_are_drawn_within_the_policy_and_without_the_internet(
    running: Dashboard, page: Page, path: str
) -> None:
    violations, hosts = [], set()
    page.on(
        "console",
        lambda line: violations.append(line.text) if "Security" in line.text else None,
    )
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.goto(running.url + path)
    wait_until_drawn(page)
    assert page.locator("svg.marks").count() > 0
    assert violations == []
    assert {host for host in hosts if host} == {running.url.split("/")[2]}


def test_what_somebody_smuggles_in_is_not_run(running: Dashboard, page: Page) -> None:
    page.goto(f"{running.url}/login?next=/")
    page.evaluate(
        """() => {
            const inline = document.createElement('script');
            inline.textContent = 'window.smuggled = 1';
            document.body.append(inline);
            const frame = document.createElement('iframe');
            frame.src = 'https://example.org/';
            document.body.append(frame);
        }"""
    )
    assert page.evaluate("window.smuggled") is None


def test_the_policy_allows_neither_eval_nor_inline_scripts() -> None:
    policy = dict(
        directive.split(" ", 1)
        for directive in security_headers()["Content-Security-Policy"].split("; ")
    )
    scripts = policy["script-src"].split(" ")
    assert scripts[0] == "'self'"
    assert all(source.startswith("'sha256-") for source in scripts[1:])
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
