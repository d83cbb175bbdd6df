"""Two dashboards on one store behind nginx, as docs/deployment.md describes them."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import httpx
import polars as pl
import pytest

from metrics.tables import VOTES
from testkit.chromium import at_rest, browsing, wait_until_drawn
from testkit.dashboard import (
    ROOT,
    TOKEN,
    Dashboard,
    dashboard,
    get,
    session_of,
    wait_until,
)
from testkit.fixed_clock import GOLDEN_NOW
from testkit.object_storage import Storage, object_storage
from testkit.ports import free_port
from testkit.publishing import golden, publish
from tests.web.proxies import nginx, trusting
from web.auth.sessions import COOKIE

HTML = {"Accept": "text/html"}
API = {"Authorization": f"Bearer {TOKEN}"}


class Pair(NamedTuple):
    """Two dashboards and the proxy in front of them."""

    first: Dashboard
    second: Dashboard
    url: str
    store: Path
    storage: Storage | None
    """Where the store is copied to; None where both read it from its folder."""
    variables: Mapping[str, str]
    folder: Path

    def client(self) -> httpx.Client:
        """Return a client that has no session yet."""
        return httpx.Client(base_url=self.url, verify=trusting(self.folder), timeout=60)

    def publish(self, rows: Mapping[str, pl.DataFrame], at: datetime) -> None:
        """Publish a new state of the store, as the sync job does."""
        publish(self.store, rows, at)
        if self.storage:
            self.storage.copy(self.store)


@pytest.fixture(scope="module")
def storage() -> Iterator[Storage]:
    with object_storage() as running:
        yield running


@pytest.fixture(scope="module", params=["a folder", "object storage"])
def remote(request: pytest.FixtureRequest, storage: Storage) -> Storage | None:
    return storage if request.param == "object storage" else None


@pytest.fixture(scope="module")
def pair(
    remote: Storage | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    with paired(tmp_path_factory.mktemp("pair"), remote) as running:
        yield running


@contextmanager
def paired(tmp_path: Path, remote: Storage | None) -> Iterator[Pair]:
    """Run two dashboards on a store of their own, and nginx."""
    store = tmp_path / "store"
    publish(store, golden(), GOLDEN_NOW - timedelta(minutes=5))
    if remote:
        remote.copy(store)
    variables = {
        "ANALYTICS_SECRET_TOKEN": TOKEN,
        "STREAMLIT_SERVER_BASE_URL_PATH": "analytics",
        "STATE_DIR": str(tmp_path / "state"),
        **(remote.variables if remote else {"DATA_DIR": str(store)}),
    }
    with (
        dashboard(variables, *on_a_port()) as first,
        dashboard(variables, *on_a_port()) as second,
        nginx(tmp_path, first.url, divided(first, second)) as url,
    ):
        yield Pair(first, second, url, store, remote, variables, tmp_path)


def on_a_port() -> tuple[str, str]:
    """Return the options of a port that stays free for a restart."""
    return "--server.port", str(free_port())


def divided(first: Dashboard, second: Dashboard) -> dict[str, str]:
    """Return what the documentation changes in the example, on these ports."""
    docs = (ROOT / "docs" / "deployment.md").read_text()
    (upstream,) = re.findall(r"```nginx\n(upstream .*?)```", docs, re.DOTALL)
    for port, running in (("8501", first), ("8502", second)):
        upstream = upstream.replace(
            f"127.0.0.1:{port}", running.url.removeprefix("http://")
        )
    return {
        "map $http_upgrade": f"{upstream}\nmap $http_upgrade",
        f"proxy_pass {first.url}": "proxy_pass http://fpp_analytics",
        "rate=30r/m": "rate=6000r/m",  # many log in at once here
        "server_tokens off;": "server_tokens off;"
        " add_header X-Served-By $upstream_addr always;",
    }


def log_in(client: httpx.Client) -> str:
    """Log in; return the address of the dashboard that has the session."""
    answer = client.post("/analytics/login", data={"token": TOKEN})
    assert answer.status_code == 303
    return served_by(client)


def served_by(client: httpx.Client) -> str:
    answer = client.get("/analytics/_stcore/health", headers=HTML)
    assert answer.status_code == 200
    # After a failure nginx names both, the one that answered last.
    return "http://" + answer.headers["x-served-by"].rpartition(", ")[2]


def test_sessions_are_divided_and_each_stays_with_one_dashboard(pair: Pair) -> None:
    found = set()
    for _ in range(20):
        with pair.client() as client:
            home = log_in(client)
            assert {served_by(client) for _ in range(5)} == {home}
            found.add(home)
    assert found == {pair.first.url, pair.second.url}


def test_a_log_out_ends_the_session_in_both(pair: Pair) -> None:
    with pair.client() as client:
        log_in(client)
        cookie = {COOKIE: session_of(client.cookies)}
        for running in (pair.first, pair.second):
            path = f"{running.url}/analytics/_stcore/health"
            assert get(path, cookies=cookie).status_code == 200
        client.post("/analytics/logout")
    for running in (pair.first, pair.second):
        path = f"{running.url}/analytics/_stcore/health"
        assert get(path, cookies=cookie).status_code in {303, 401}


def test_a_new_state_of_the_store_appears_in_both(pair: Pair) -> None:
    def votes() -> set[int]:
        addresses = (pair.first.url, pair.second.url)
        answers = (get(f"{url}/analytics/api", headers=API) for url in addresses)
        return {answer.json()["data"]["votes"]["total_votes"] for answer in answers}

    (before,) = votes()
    fewer = golden()
    fewer[VOTES.name] = fewer[VOTES.name].head(100)
    pair.publish(fewer, GOLDEN_NOW)
    (after,) = votes()
    assert 0 < after <= 100 < before


# Which of the two has a session does not depend on where the store is.
@pytest.mark.browser
def test_users_go_on_with_the_other_while_one_is_restarted(tmp_path: Path) -> None:
    with (
        paired(tmp_path, None) as pair,
        browsing() as browser,
        pair.client() as client,
    ):
        page = at_rest(browser, ignore_https_errors=True).new_page()
        page.goto(f"{pair.url}/analytics/votes")
        page.fill("input[type=password]", TOKEN)
        page.press("input[type=password]", "Enter")
        wait_until_drawn(page)
        cookies = {c["name"]: c["value"] for c in page.context.cookies()}
        (name,) = (name for name in cookies if name.startswith(COOKIE))
        client.cookies.set(name, cookies[name], path="/analytics/")
        home = served_by(client)
        (own,) = (d for d in (pair.first, pair.second) if d.url == home)
        # The open page loses its websocket, and gets another by itself.
        with page.expect_websocket():
            own.stop()
        assert served_by(client) != home
        page.locator(".st-key-navigation a", has_text="Traffic").click()
        page.locator("h1", has_text="Traffic").wait_for()
        wait_until_drawn(page)
        assert page.locator("svg.marks").count() > 0
        port = home.rpartition(":")[2]
        with dashboard(pair.variables, "--server.port", port) as again:
            assert again.url == home
            wait_until(
                lambda: served_by(client) == home, "nginx does not come back to it"
            )
            page.reload()
            wait_until_drawn(page)
            assert page.url.startswith(f"{pair.url}/analytics/traffic")
            assert page.locator("svg.marks").count() > 0
