"""Behind nginx and Caddy, with TLS, under a sub-path: the documentation's examples."""

import asyncio
import html
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from testkit.chromium import at_rest, browsing, wait_until_drawn
from testkit.dashboard import LONGEST_WAIT, ROOT, TOKEN, Dashboard, dashboard, get
from tests.web import attack
from tests.web.proxies import caddy, nginx, trusting
from web.auth.gate import MAX_WEBSOCKETS

SUB_PATH = {"STREAMLIT_SERVER_BASE_URL_PATH": "analytics"}
HTML = {"Accept": "text/html"}


PROXIES = {"nginx": nginx, "caddy": caddy}


@pytest.fixture(scope="module", params=PROXIES)
def proxy(request: pytest.FixtureRequest) -> str:
    """The name of the proxy; every test here runs behind each."""
    return str(request.param)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, proxy: str) -> Path:
    return tmp_path_factory.mktemp(proxy)


@pytest.fixture(scope="module")
def below(proxy: str) -> Iterator[Dashboard]:
    """A dashboard below /analytics."""
    variables = {"ANALYTICS_SECRET_TOKEN": TOKEN, **SUB_PATH}
    with dashboard(variables) as started:
        yield started


@pytest.fixture(scope="module")
def url(proxy: str, folder: Path, below: Dashboard) -> Iterator[str]:
    with PROXIES[proxy](folder, below.url) as address:
        yield address


@pytest.fixture
def client(folder: Path, url: str) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=url, verify=trusting(folder), timeout=LONGEST_WAIT
    ) as visitor:
        yield visitor


def test_the_printed_address_has_the_sub_path(below: Dashboard) -> None:
    assert below.link == f"{below.url}/analytics/"


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/analytics/health", 200, None),
        ("/analytics/login", 200, None),
        ("/analytics?period=7+days", 301, "/analytics/?period=7+days"),
        ("/analytics/", 303, "/analytics/login?next=/analytics/"),
        ("/analytics/votes", 303, "/analytics/login?next=/analytics/votes"),
        ("/analytics/_stcore/stream", 303, None),
        ("/analytics/api", 401, None),
        ("/health", 404, None),
        ("/login", 404, None),
        ("/api", 404, None),
    ],
)
def test_everything_is_below_the_sub_path(
    client: httpx.Client, path: str, status: int, location: str | None
) -> None:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == status
    if location:
        # Whatever the port that the client sees.
        assert answer.headers["location"] == location


def test_without_the_last_slash_the_overview_opens(client: httpx.Client) -> None:
    answer = client.get("/analytics", headers=HTML)
    # Caddy has no way to leave out the question mark of an empty query.
    assert answer.headers["location"].rstrip("?").endswith("/analytics/")


def test_a_forged_host_reaches_no_redirect(client: httpx.Client) -> None:
    for path in ("/analytics", "/analytics/", "/analytics/votes", "/", "/x"):
        answer = client.get(path, headers=HTML | {"Host": "evil.example"})
        location = answer.headers.get("location", "")
        attack.note(f"Host: evil.example {path}", let_through="evil" in location)
        assert "evil" not in location + answer.text
        assert answer.status_code in {303, 404, 421} or answer.text == ""


@pytest.mark.parametrize("proxy", ["nginx"], indirect=True, scope="module")
def test_port_80_leads_to_tls_and_to_our_name(folder: Path, url: str) -> None:
    # Caddy does this by itself, on port 80 only, which a test may not take.
    site = (folder / "site.conf").read_text()
    [port] = re.findall(r"listen 127\.0\.0\.1:(\d+);", site)
    for host in ("stats.example.org", "evil.example"):
        answer = get(
            f"http://127.0.0.1:{port}/analytics/votes?period=7+days",
            headers={"Host": host},
        )
        assert answer.status_code == 301
        assert answer.headers["location"] == (
            "https://stats.example.org/analytics/votes?period=7+days"
        )


@pytest.mark.parametrize("proxy", ["nginx"], indirect=True, scope="module")
def test_the_example_serves_an_address_without_a_path_as_documented(
    tmp_path: Path, below: Dashboard
) -> None:
    example = (ROOT / "deploy" / "nginx.conf").read_text()
    [blocks] = re.findall(r"leave both out\.\n(( +loc.*\n.*\n +}\n){2})", example)
    changes = {blocks[0]: "", "/analytics/": "/"}
    with nginx(tmp_path, below.url, changes) as address:
        found = httpx.get(
            f"{address}/health", verify=trusting(tmp_path), timeout=LONGEST_WAIT
        )
    # Of the dashboard, which is below a path here; nginx itself would say 404.
    assert found.status_code == 401


def test_above_the_sub_path_nothing_answers(client: httpx.Client) -> None:
    for path in ("/", "/votes", "/static/js/x.js", "/_stcore/health", "/analyticsx"):
        assert client.get(path, headers=HTML).status_code == 404


def test_without_the_proxy_nothing_is_open_above_the_sub_path(
    below: Dashboard,
) -> None:
    for path in ("/health", "/login", "/api", "/"):
        assert get(below.url + path).status_code == 401


def test_a_link_with_many_filters_is_opened_after_the_login(
    client: httpx.Client,
) -> None:
    count = 120
    name = "filter=city%3A%D0%9C%D0%BE%D1%81%D0%BA%D0%B2%D0%B0"
    link = f"/analytics/votes?{'&'.join(f'{name}+{n}' for n in range(count))}"
    form = client.get(link, headers=HTML, follow_redirects=True)
    (wanted,) = re.findall(r'name="next" value="([^"]*)"', form.text)
    data = {"token": TOKEN, "next": html.unescape(wanted)}
    entered = client.post("/analytics/login", data=data)
    assert entered.next_request
    answer = client.send(entered.next_request)
    assert (answer.status_code, answer.headers["location"]) == (303, link)


@pytest.mark.parametrize("proxy", ["nginx"], indirect=True, scope="module")
def test_a_large_body_ends_at_the_proxy(client: httpx.Client) -> None:
    # With Caddy the dashboard may be quicker to say that the form is too large.
    answer = client.post("/analytics/login", content=b"x" * 70_000)
    # The dashboard would say that the form is too large.
    assert (answer.status_code, "form" in answer.text) == (413, False)


def test_each_tab_of_a_session_that_ended_gets_the_login(client: httpx.Client) -> None:
    form = "/analytics/login?next=/analytics/votes"
    answers = [client.get(form).status_code for _ in range(MAX_WEBSOCKETS)]
    assert answers == [200] * MAX_WEBSOCKETS


def test_the_cookie_is_secure_and_stays_below_the_sub_path(
    client: httpx.Client,
) -> None:
    answer = client.post("/analytics/login", data={"token": TOKEN})
    assert answer.headers["location"] == "/analytics/login?next=/analytics/&entered="
    attributes = answer.headers["set-cookie"].partition("; ")[2]
    assert attributes == (
        "HttpOnly; Max-Age=604800; Path=/analytics/; SameSite=lax; Secure"
    )
    assert client.get("/analytics/_stcore/health").status_code == 200


def test_the_api_answers_below_the_sub_path(client: httpx.Client) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = client.get("/analytics/api/openapi.json", headers=headers)
    assert answer.json()["servers"] == [{"url": "/analytics/api"}]
    assert client.get("/analytics/api/typo", headers=headers).status_code == 404


def test_no_banner_names_a_version(client: httpx.Client) -> None:
    answer = client.get("/analytics/health")
    assert answer.headers.get("server", "nginx") == "nginx"
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_a_websocket_needs_session_and_origin_behind_the_proxy_too(
    folder: Path, url: str
) -> None:
    # Not the client with threads: they read and write one TLS connection at the same
    # time, which OpenSSL does not allow, and now and then the request is never sent.
    async def open_without_session() -> None:
        async with connect(
            url.replace("https", "wss") + "/analytics/_stcore/stream",
            ssl=trusting(folder),
            origin=Origin(url),
            subprotocols=[Subprotocol("streamlit")],
            open_timeout=LONGEST_WAIT,
        ):
            pass

    with pytest.raises(InvalidStatus, match="HTTP 403"):
        asyncio.run(open_without_session())


@pytest.mark.browser
def test_a_user_logs_in_and_sees_charts(url: str) -> None:
    with browsing() as browser:
        page = at_rest(browser, ignore_https_errors=True).new_page()
        asked = list[str]()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{url}/analytics/votes?period=7+days")
        page.fill("input[type=password]", TOKEN)
        page.press("input[type=password]", "Enter")
        wait_until_drawn(page)
        address, charts = page.url, page.locator("svg.marks").count()
    assert address.startswith(f"{url}/analytics/votes?period=7")
    assert charts > 0
    assert f"{url}/analytics/_stcore/health" in asked
    assert not any("/votes/_stcore/" in request for request in asked)


def test_a_client_cannot_choose_the_address_that_its_tries_count_for(
    client: httpx.Client, proxy: str
) -> None:
    # The last test here, since the client has to wait afterwards.
    statuses = [
        client.get(
            "/analytics/api/x",
            headers={"Authorization": "guess", "X-Forwarded-For": f"192.0.2.{n}"},
        ).status_code
        for n in range(7)
    ]
    assert statuses == [401, 401, 401, 401, 401, 429, 429]
    # The dashboard never lets the right token wait; nginx counts forms.
    form = {"token": TOKEN}
    logins = [client.post("/analytics/login", data=form).status_code for _ in range(16)]
    assert {*logins} == ({303, 429} if proxy == "nginx" else {303})
