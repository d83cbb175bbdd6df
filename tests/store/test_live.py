"""The product's server: what it answers when it is well, and everything else."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from store.live import MOST_BYTES, Live, LiveError, LiveRoom, ask_server
from testkit.dashboard import LONGEST_WAIT
from testkit.ports import free_port
from tests.sync.endpoints import listening
from tests.web.proxies import certificate

GOOD = {
    "connectedUsers": 4,
    "openRooms": 2,
    "rooms": [
        {
            "userCount": 1,
            "firstActive": 1_795_000_000_000,
            "lastActive": 1_795_000_030_000,
            "users": [{"estimation": None, "isSpectator": False}],
        },
        {
            "name": "<b>team</b> \U0001f469\u200d\U0001f467",
            "userCount": 3,
            "firstActive": 1_795_000_000_000,
            "lastActive": 1_795_000_600_000,
            "users": [
                {"estimation": 5, "isSpectator": False, "id": "secret-user-id"},
                # No card that anyone could see.
                {"estimation": " ", "isSpectator": False},
                {"estimation": 8, "isSpectator": True},
            ],
        },
    ],
    "somethingNew": True,
}

Respond = Callable[[BaseHTTPRequestHandler], None]


def ask(url: str) -> Live:
    """Ask with more patience than a page has: the machine may be busy."""
    return ask_server(url, LONGEST_WAIT)


def sends(
    body: bytes, status: int = 200, headers: dict[str, str] | None = None
) -> Respond:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return respond


@contextmanager
def product(respond: Respond) -> Iterator[str]:
    """Run a real HTTP server that answers `/analytics` like this."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            respond(self)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients leave
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert set(asked) <= {"/analytics", "/base/analytics"}


def test_a_good_answer_has_users_and_rooms_last_active_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The server is a neighbour: a proxy for the internet does not reach it.
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name)

    def respond(handler: BaseHTTPRequestHandler) -> None:
        assert handler.headers["Accept-Encoding"] == "identity"
        sends(json.dumps(GOOD).encode())(handler)

    with product(respond) as url:
        live = ask(url)
    assert (live.connected_users, live.open_rooms) == (4, 2)
    assert live.rooms == (
        LiveRoom(
            name="<b>team</b> \U0001f469\u200d\U0001f467",
            users=3,
            spectators=1,
            cards=("5",),
            first_active=datetime(2026, 11, 18, 11, 6, 40),
            last_active=datetime(2026, 11, 18, 11, 16, 40),
        ),
        LiveRoom(
            name=None,
            users=1,
            spectators=0,
            cards=(),
            first_active=datetime(2026, 11, 18, 11, 6, 40),
            last_active=datetime(2026, 11, 18, 11, 7, 10),
        ),
    )
    assert "secret" not in repr(live)


@pytest.mark.parametrize("ending", ["", "/", "/base", "/base/"])
def test_the_address_may_have_a_path(ending: str) -> None:
    def only_there(handler: BaseHTTPRequestHandler) -> None:
        found = handler.path == f"{ending.rstrip('/')}/analytics"
        sends(json.dumps(GOOD).encode(), status=200 if found else 404)(handler)

    with product(only_there) as url:
        assert ask(url + ending).connected_users == 4


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'"text"',
        b"\xff\xfe",
        b"NaN",
        b"[" * 100_000,
        b"9" * 10_000,
        b"<html>Bad gateway</html>",
        json.dumps(GOOD | {"connectedUsers": -1}).encode(),
        json.dumps(GOOD | {"connectedUsers": 2**70}).encode(),
        json.dumps(GOOD | {"connectedUsers": True}).encode(),
        json.dumps(GOOD | {"openRooms": "2"}).encode(),
        json.dumps(GOOD | {"openRooms": 1.5}).encode(),
        json.dumps(GOOD | {"rooms": {}}).encode(),
        json.dumps(GOOD | {"rooms": [None]}).encode(),
        json.dumps(GOOD | {"rooms": [{"users": []}]}).encode(),
        json.dumps(GOOD | {"rooms": [{**GOOD, "users": [1]}]}).encode(),
    ],
    ids=lambda body: repr(body[:40]),
)
def test_another_answer_is_an_error_that_says_so(body: bytes) -> None:
    with (
        product(sends(body)) as url,
        pytest.raises(LiveError, match="not what was expected"),
    ):
        ask(url)


@pytest.mark.parametrize(
    "instant", [None, "yesterday", 1e300, -1e300, True, float("nan"), []]
)
def test_a_time_that_is_none_is_left_out(instant: object) -> None:
    room = {"userCount": 1, "firstActive": 0, "lastActive": instant, "users": []}
    with product(sends(json.dumps(GOOD | {"rooms": [room]}).encode())) as url:
        (found,) = ask(url).rooms
    assert found.last_active is None
    assert found.first_active == datetime(1970, 1, 1)


@pytest.mark.parametrize("status", [204, 301, 302, 307, 401, 404, 500, 503])
def test_another_status_is_an_error_and_no_redirect_is_followed(status: int) -> None:
    elsewhere = {"Location": "http://127.0.0.1:1/steal"}
    with (
        product(sends(json.dumps(GOOD).encode(), status, elsewhere)) as url,
        pytest.raises(LiveError, match=str(status)),
    ):
        ask(url)


def _huge(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b" " * 100_000)


def test_a_huge_answer_is_not_read_to_its_end() -> None:
    with product(_huge) as url, pytest.raises(LiveError, match="too large"):
        ask(url)
    padded = json.dumps(GOOD).encode().ljust(MOST_BYTES)
    with product(sends(padded)) as url:
        assert ask(url).open_rooms == 2


Slow = Callable[[BaseHTTPRequestHandler, threading.Event], None]


def _silent(handler: BaseHTTPRequestHandler, given_up: threading.Event) -> None:
    given_up.wait(LONGEST_WAIT)


def _dripping_body(handler: BaseHTTPRequestHandler, given_up: threading.Event) -> None:
    handler.send_response(200)
    handler.end_headers()
    _drip(handler, b" ", given_up)


def _dripping_head(handler: BaseHTTPRequestHandler, given_up: threading.Event) -> None:
    _drip(handler, b"H", given_up)


def _drip(
    handler: BaseHTTPRequestHandler, drop: bytes, given_up: threading.Event
) -> None:
    while not given_up.wait(0.1):
        handler.wfile.write(drop)
        handler.wfile.flush()


@pytest.mark.parametrize("slow", [_silent, _dripping_body, _dripping_head])
def test_a_slow_answer_ends_in_time_however_it_is_slow(slow: Slow) -> None:
    """The server answers for as long as it is asked, so it is given up in time."""
    given_up = threading.Event()
    with product(lambda handler: slow(handler, given_up)) as url:
        try:
            with pytest.raises(LiveError, match=r"within 0\.5 s"):
                ask_server(url, seconds=0.5)
        finally:
            given_up.set()


def test_a_name_that_is_looked_up_for_ever_ends_in_time_as_well(
    hanging_lookups: Sequence[threading.Thread],
) -> None:
    with pytest.raises(LiveError, match=r"within 0\.5 s"):
        ask_server("http://product.example", seconds=0.5)
    assert [thread.daemon for thread in hanging_lookups] == [True]


def test_a_server_that_is_gone_is_an_error_without_its_address() -> None:
    port = free_port()
    with pytest.raises(LiveError, match="cannot be reached") as error:
        ask(f"http://user:password@127.0.0.1:{port}")
    assert str(port) not in str(error.value)


def test_a_certificate_that_cannot_be_verified_is_named(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(tmp_path))

    def shake_hands(connection: socket.socket) -> None:
        context.wrap_socket(connection, server_side=True).close()

    said = r"cannot be reached \(its certificate cannot be verified\)"
    with listening(shake_hands) as port, pytest.raises(LiveError, match=said):
        ask(f"https://127.0.0.1:{port}")


def test_a_server_without_tls_is_named() -> None:
    said = r"cannot be reached \(no TLS connection\)"
    with product(sends(b"")) as url, pytest.raises(LiveError, match=said):
        ask(url.replace("http:", "https:"))


def test_what_speaks_no_http_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 mail.example.org ESMTP\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(LiveError, match="cannot be reached"):
            ask(f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join()
