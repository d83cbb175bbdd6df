"""The headers in a real browser: charts are drawn, nothing comes from elsewhere."""

import shutil
from collections.abc import Iterator
from urllib.parse import quote

import polars as pl
import pytest
from playwright.sync_api import Page

from testkit.chromium import browsing, wait_until_drawn
from testkit.dashboard import GOLDEN, TOKEN, Dashboard, dashboard, post
from tests.web import attack
from web.auth.sessions import COOKIE
from web.security_headers import security_headers

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(running: Dashboard, cookie: str) -> Iterator[Page]:
    with browsing() as browser:
        context = browser.new_context()
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
ALL_OF_IT = "period=Custom&from=2026-01-01&to=2026-11-19"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A dashboard whose referrers, rooms and cities were typed by an attacker."""
    folder = tmp_path_factory.mktemp("hostile") / "store"
    shutil.copytree(GOLDEN, folder)
    text = pl.int_range(pl.len()).mod(len(HOSTILE))
    words = text.replace_strict(dict(enumerate(HOSTILE)), return_dtype=pl.String)
    for table, column in (("page_views", "source"), ("users", "city")):
        path = folder / f"fpp_{table}.parquet"
        pl.read_parquet(path).with_columns(words.alias(column)).write_parquet(path)
    path = folder / "fpp_rooms.parquet"
    short = pl.format("[x](//e.x/{})", pl.int_range(pl.len()))
    pl.read_parquet(path).with_columns(short.alias("name")).write_parquet(path)
    variables = {"ANALYTICS_SECRET_TOKEN": TOKEN, "DATA_DIR": str(folder)}
    with dashboard(variables) as started:
        yield started


@pytest.fixture(scope="module")
def at_hostile(hostile: Dashboard, page: Page) -> Page:
    """A tab with a session there: cookies of two ports would replace each other."""
    browser = page.context.browser
    assert browser
    context = browser.new_context()
    session = post(f"{hostile.url}/login", data={"token": TOKEN}).cookies[COOKIE]
    context.add_cookies([{"name": COOKIE, "value": session, "url": hostile.url}])
    return context.new_page()


@pytest.mark.parametrize("path", ["/behaviour", "/location", "/room?room=88"])
def test_what_strangers_typed_is_shown_as_text(
    hostile: Dashboard, at_hostile: Page, path: str
) -> None:
    hosts = set()
    at_hostile.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    at_hostile.goto(f"{hostile.url}{path}{'&' if '?' in path else '?'}{ALL_OF_IT}")
    wait_until_drawn(at_hostile)
    assert at_hostile.evaluate("window.smuggled") is None
    assert at_hostile.evaluate(FOREIGN) == []
    assert {host for host in hosts if host} == {hostile.url.split("/")[2]}


@pytest.mark.parametrize("query", ["filter", "room", "tz", "period", "compare"])
def test_what_an_address_contains_is_drawn_as_text(
    running: Dashboard, page: Page, query: str
) -> None:
    path = "room" if query == "room" else "votes"
    several = query in {"filter", "room"}
    texts = HOSTILE if several else (" ".join(HOSTILE),)
    values = "&".join(f"{query}={quote(text, safe='')}" for text in texts)
    page.goto(f"{running.url}/{path}?{values}")
    wait_until_drawn(page)
    assert "evil" in page.locator("[data-testid=stMain]").inner_text()
    foreign = page.evaluate(FOREIGN)
    attack.note(f"?{query}= with links: {foreign}", let_through=bool(foreign))
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
