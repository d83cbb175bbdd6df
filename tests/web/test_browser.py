"""The headers in a real browser: charts are drawn, nothing comes from elsewhere."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from testkit.chromium import at_rest, browsing, wait_until_drawn
from testkit.dashboard import Dashboard
from tests.web import attack
from web.auth.sessions import COOKIE
from web.security_headers import security_headers

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(running: Dashboard, cookie: str) -> Iterator[Page]:
    with browsing() as browser:
        context = at_rest(browser)
        context.add_cookies([{"name": COOKIE, "value": cookie, "url": running.url}])
        yield context.new_page()


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


def test_smuggled_markup_is_not_run(running: Dashboard, page: Page) -> None:
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


HOSTILE = (
    "<img src=//evil.example/x onerror=window.smuggled=1>",
    "[click](https://evil.example/)",
    "![x](https://evil.example/x.png)",
    "<script>window.smuggled = 1</script>",
    "www.evil.example",
    "https://evil.example/x",
    "mail@evil.example",
    "x\n\n    y",
    ":streamlit: -> :red[evil]",
)
FOREIGN = """() => [...document.querySelectorAll("a[href], img[src]")]
  .map(element => new URL(element.href || element.src, location))
  .filter(url => url.protocol === "mailto:" || !["", location.host].includes(url.host))
  .map(String)"""
"""Links and images that lead elsewhere."""


# Names of rooms, cities and referrers: tests/browser/test_names.py.
@pytest.mark.parametrize(
    ("path", "names"),
    [("room", ["room"]), ("votes", ["filter", "tz", "period", "compare"])],
)
def test_what_an_address_contains_is_drawn_as_text(
    running: Dashboard, page: Page, path: str, names: Sequence[str]
) -> None:
    several = {name: HOSTILE for name in names if name in {"filter", "room"}}
    asked = {name: (" ".join(HOSTILE),) for name in names} | several
    page.goto(f"{running.url}/{path}?{urlencode(asked, doseq=True)}")
    wait_until_drawn(page)
    assert "evil" in page.locator("[data-testid=stMain]").inner_text()
    foreign = page.evaluate(FOREIGN)
    attack.note(f"{names} with links: {foreign}", let_through=bool(foreign))
    assert foreign == []
    assert page.locator("[data-testid=stAlert] pre").count() == 0
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
    # Neither follows from default-src.
    assert (policy["base-uri"], policy["form-action"]) == ("'none'", "'self'")
