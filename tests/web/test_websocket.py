"""The websocket carries everything that pages show; the gate guards it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import anyio
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from core.settings import Secret
from testkit.dashboard import (
    LONGEST_WAIT,
    TOKEN,
    Dashboard,
    post,
    serving,
    session_of,
)
from testkit.visitor import visiting
from tests.web import attack
from tests.web.attack import forgeries
from tests.web.conftest import StoppedClock
from web.auth.authenticator import Authenticator
from web.auth.gate import BURST, PER_SECOND, Gate
from web.auth.sessions import COOKIE, LIFETIME, AccessToken, Sessions
from web.auth.throttle import Throttle
from web.paths import Paths

RERUN = bytes.fromhex("5a00")
"""Streamlit's message that asks for a run of the script."""


def page_faults(process_id: int) -> int:
    """Return how often the system had to find memory for a process."""
    stat = Path(f"/proc/{process_id}/stat").read_text()
    # Counted behind the name of the program, which may contain blanks.
    return int(stat.rpartition(")")[2].split()[7])


@contextmanager
def streamed(
    url: str, cookie: str | None, origin: str | None, path: str = "/_stcore/stream"
) -> Iterator[ClientConnection]:
    """Open the websocket as a browser does."""
    with connect(
        url.replace("http", "ws") + path,
        origin=Origin(origin) if origin else None,
        subprotocols=[Subprotocol("streamlit")],
        additional_headers={"Cookie": f"{COOKIE}={cookie}"} if cookie else {},
        open_timeout=LONGEST_WAIT,
    ) as connection:
        yield connection


def read_to_the_end(websocket: ClientConnection) -> None:
    while True:
        websocket.recv(timeout=LONGEST_WAIT)


def assert_refused(
    url: str, cookie: str | None, origin: str | None, path: str = "/_stcore/stream"
) -> None:
    """Fail unless the handshake is answered with 403; counts for the summary."""
    status = 101
    try:
        with streamed(url, cookie, origin, path):
            pass
    except InvalidStatus as refused:
        status = refused.response.status_code
    attack.note(f"websocket {path} {cookie} {origin}", let_through=status != 403)
    assert status == 403


def test_a_session_from_our_own_page_is_served(running: Dashboard, cookie: str) -> None:
    with streamed(running.url, cookie, running.url) as websocket:
        websocket.send(RERUN)
        assert isinstance(websocket.recv(timeout=LONGEST_WAIT), bytes)


def test_a_page_finds_the_memory_that_the_pages_before_it_have_freed(
    running: Dashboard, cookie: str
) -> None:
    with visiting(running.url, f"{COOKIE}={cookie}") as visitor:
        for _ in range(3):
            visitor.open("")
        # Longer than Polars would keep it.
        time.sleep(2)
        before = page_faults(running.process.pid)
        visitor.open("")
    # 200 to 400; 1,000 to 2,800 where it is given back.
    assert page_faults(running.process.pid) - before < 700


def test_what_a_page_showed_that_was_left_is_no_act_on_the_one_that_opened(
    running: Dashboard, cookie: str
) -> None:
    """A browser tells it for a moment longer, as when Forward is pressed twice."""
    with visiting(running.url, f"{COOKIE}={cookie}") as visitor:
        compare = visitor.open("location").boxes["Compare with"]
        shown, chosen = {compare: "Previous period"}, {compare: "Same period last year"}
        visitor.open("returning")
        assert visitor.open("returning", "every=month", boxes=shown).addresses == []
        # Where the page has the control, it is an act.
        visitor.open("location", "every=month")
        acted = visitor.open("location", "every=month", boxes=chosen)
        assert acted.addresses == ["every=month&compare=year"]


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/stream",
        "//_stcore/stream",
        "/_stcore/stream/",
        "/_STCORE/stream",
        "/login/../_stcore/stream",
        "/health%2f..%2f_stcore/stream",
        "/api",
        "/health",
        "/login",
        "/",
    ],
)
def test_without_a_session_it_is_refused_before_it_is_accepted(
    running: Dashboard, path: str
) -> None:
    assert_refused(running.url, None, running.url, path)


def test_a_false_cookie_is_refused(running: Dashboard, cookie: str) -> None:
    for value in forgeries(cookie):
        if value.isprintable():
            assert_refused(running.url, value, running.url)


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://evil.example",
        "http://localhost:8501",
        "http://127.0.0.1",
        "http://127.0.0.1.evil.example",
        "file://",
        "http://[",
    ],
)
def test_a_foreign_or_missing_origin_is_refused(
    running: Dashboard, cookie: str, origin: str | None
) -> None:
    assert_refused(running.url, cookie, origin)


def test_after_logout_an_open_websocket_is_closed_with_the_next_message(
    running: Dashboard,
) -> None:
    form = {"token": TOKEN}
    cookie = session_of(post(f"{running.url}/login", data=form).cookies)
    with streamed(running.url, cookie, running.url) as websocket:
        websocket.send(RERUN)
        websocket.recv(timeout=LONGEST_WAIT)
        post(f"{running.url}/logout", cookies={COOKIE: cookie})
        websocket.send(RERUN)
        with pytest.raises(ConnectionClosedError) as closed:
            read_to_the_end(websocket)
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 1008


async def _echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


def test_an_expired_session_is_closed_with_the_next_message(
    clock: StoppedClock,
) -> None:
    access = AccessToken.of(Secret(TOKEN))
    sessions = Sessions(access, clock)
    auth = Authenticator(Paths(), access, sessions, Throttle(lambda: 0.0))
    app = Starlette(
        routes=[WebSocketRoute("/echo", _echo)],
        middleware=[Middleware(Gate, auth=auth)],
    )
    with (
        serving(app) as url,
        streamed(url, sessions.start(), url, "/echo") as websocket,
    ):
        clock.move(LIFETIME - timedelta(seconds=1))
        websocket.send("still in")
        assert websocket.recv(timeout=LONGEST_WAIT) == "still in"
        clock.move(timedelta(seconds=1))
        websocket.send("too late")
        with pytest.raises(ConnectionClosedError) as closed:
            websocket.recv(timeout=LONGEST_WAIT)
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 1008


def test_a_new_connection_brings_no_new_messages(
    clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = AccessToken.of(Secret(TOKEN))
    sessions = Sessions(access, clock)
    auth = Authenticator(Paths(), access, sessions, Throttle(lambda: 0.0))
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def nothing(*_: object) -> None:
        """Do nothing, as application, receiver and sender."""

    monkeypatch.setattr(anyio, "sleep", sleep)
    gate = Gate(nothing, auth=auth, monotonic=lambda: 0.0)

    async def opened(cookie: str) -> None:
        headers = {"host": "x", "origin": "http://x", "cookie": f"{COOKIE}={cookie}"}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await gate({"type": "websocket", "headers": raw}, nothing, nothing)  # type: ignore[arg-type]

    async def all_opened() -> None:
        one, other = sessions.start(), sessions.start()
        for cookie in [one] * (BURST + 1) + [other]:
            await opened(cookie)

    anyio.run(all_opened)
    assert waited == [0.0] * BURST + [1 / PER_SECOND, 0.0]
