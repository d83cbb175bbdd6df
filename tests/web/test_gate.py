"""An attacker's afternoon at the whole dashboard: it ends at the login page."""

import itertools
import re
import socket

import httpx
import pytest

from testkit.dashboard import LONGEST_WAIT, TOKEN, Dashboard, dashboard, get
from tests.web.attack import HTML, Attack, forgeries, note
from web.auth.sessions import COOKIE

PAGES = ["/", "/traffic", "/traffic?period=7%20days", "/login/", "/login/x", "/health/"]
ASSETS = [
    "/static/js/index.DormvYxC.js",
    "/media/0123456789abcdef.csv",
    "/media/0123456789abcdef.csv?title=x",
    "/component/x/index.html",
    "/app/static/x",
    "/_stcore/health",
    "/_stcore/script-health-check",
    "/_stcore/host-config",
    "/_stcore/metrics",
    "/_stcore/stream",
    "/_stcore/upload_file/a/b",
    "/_stcore/agent/openapi.json",
    "/_stcore/agent/interact",
    "/favicon.png",
    "/logout",
    "/auth/login",
    "/oauth2callback",
]
TRICKS = [
    "//",
    "//health",
    "///login",
    "/health//",
    "/health/../traffic",
    "/login/..;/traffic",
    "/health/%2e%2e/traffic",
    "/health%2f..%2ftraffic",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/static/..%5c..%5cindex.html",
    "/HEALTH",
    "/Login",
    "/health.",
    "/health%20",
    "/health%00",
    "/login%0d%0aX-Evil:1",
    "/health;x=1",
    "/login?/../../traffic",
    "/api",
    "/api/",
    "/api/tables/routes",
    "/API",
    "//api",
    "/api/..",
    "/api/%2e%2e/traffic",
    "/api%2ftables",
    "/api/docs",
    "/api/docs/",
    "/api/docs/../tables/routes",
    "/api/docs%2f..%2ftables%2froutes",
    "/api/docs;/tables/routes",
    "/api/openapi.json/../../traffic",
    "/health?x",
    "/health/./",
    "/health/%00/../traffic",
    "http://127.0.0.1/traffic",
    "http://127.0.0.1/health/../traffic",
    "http://127.0.0.1//health",
    "HTTP://127.0.0.1/api/docs/../tables/routes",
    "https://127.0.0.1",
    "http:///health/../traffic",
    "http://[/login/../traffic",
    "http://x/http://x/health",
    "x://127.0.0.1/health",
    "/%68ealth/x",
    "/LOGIN?next=/",
    "/login.",
    "/login../traffic",
    "/.//traffic",
    "/%2f%2ftraffic",
    "/\\traffic",
    "/media/../media/x",
    "/media%2fx",
    "/static//js/x",
    "/_stcore/../media/x",
    "/_STCORE/stream",
    "http://evil.example/",
    "http://127.0.0.1/health/../traffic",
    "*",
]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "X"]


@pytest.fixture
def attack(running: Dashboard) -> Attack:
    return Attack(running.url)


def test_no_path_and_no_method_lets_a_stranger_in(attack: Attack) -> None:
    for path, method in itertools.product(PAGES + ASSETS + TRICKS, METHODS):
        attack.send(method, path, {})
        attack.send(method, path, HTML)
    attack.assert_nothing_was_let_through()
    assert attack.tried == len(PAGES + ASSETS + TRICKS) * len(METHODS) * 2


def test_no_false_cookie_lets_a_stranger_in(attack: Attack, cookie: str) -> None:
    paths = ["/", "/media/x.csv", "/_stcore/health", "/api"]
    false = [value for value in forgeries(cookie) if value.isprintable()]
    for path, value in itertools.product(paths, false):
        attack.send("GET", path, HTML | {"Cookie": f"{COOKIE}={value}"})
        attack.send("GET", path, {"Cookie": f"{COOKIE}={value}; {COOKIE}={value}"})
    attack.assert_nothing_was_let_through()


def test_a_cookie_does_not_open_the_api_and_a_token_not_the_pages(
    attack: Attack, cookie: str
) -> None:
    # The description of the API is open to a session; what is beside it is not.
    beside = ["", "/tables/routes", "/docs/../tables/routes", "/docs/x"]
    beside += ["/openapi.json/x", "/docs%2f..%2ftables%2froutes", "//docs", "/Docs/x"]
    for path in beside:
        attack.send("GET", f"/api{path}", {"Cookie": f"{COOKIE}={cookie}"})
    attack.send("GET", "/traffic", {"Authorization": TOKEN})
    attack.send("GET", "/traffic", {"Authorization": f"Bearer {TOKEN}"})
    attack.assert_nothing_was_let_through()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Original-URL": "/health"},
        {"X-Rewrite-URL": "/health"},
        {"X-Forwarded-Prefix": "/health"},
        {"X-HTTP-Method-Override": "GET"},
        {"X-Streamlit-User": "eyJlbWFpbCI6ImFAYi5jIn0="},
        {"Forwarded": "for=127.0.0.1;host=localhost;proto=https"},
        {"Host": "evil.example"},
        {"Authorization": "Basic Zm9vOmJhcg=="},
    ],
    ids=str,
)
def test_no_header_lets_a_stranger_in(attack: Attack, headers: dict[str, str]) -> None:
    attack.send("GET", "/", HTML | headers)
    attack.send("GET", "/_stcore/health", headers)
    attack.send("GET", "/api", headers)
    attack.assert_nothing_was_let_through()


def test_the_counting_sees_what_is_let_through(attack: Attack, cookie: str) -> None:
    attack.send("GET", "/", {"Cookie": f"{COOKIE}={cookie}"})
    assert len(attack.through) == 1


def test_a_page_leads_to_the_login_and_back(stranger: httpx.Client) -> None:
    path = "/traffic?period=7%20days&x=%26"
    answer = stranger.get(path, headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"] == (
        "/login?next=/traffic%3Fperiod%3D7%2520days%26x%3D%2526"
    )
    form = {
        "token": TOKEN,
        "next": httpx.URL(answer.headers["location"]).params["next"],
    }
    entered = stranger.post("/login", data=form)
    assert entered.next_request
    onward = stranger.send(entered.next_request)
    assert (onward.status_code, onward.headers["location"]) == (303, path)


def test_the_refusal_of_the_api_is_json(stranger: httpx.Client) -> None:
    answer = stranger.get("/api")
    assert (answer.status_code, answer.json()) == (401, {"detail": "Unauthorized"})


def test_a_line_break_in_the_path_adds_no_header(stranger: httpx.Client) -> None:
    answer = stranger.get("/x%0d%0aSet-Cookie:%20a=b", headers=HTML)
    assert "set-cookie" not in answer.headers
    assert answer.headers["location"].endswith(
        "/x%250D%250ASet-Cookie%253A%2520a%253Db"
    )


def test_headers_of_a_megabyte_are_refused(running: Dashboard) -> None:
    address = httpx.URL(running.url)
    with socket.create_connection(
        (address.host, address.port or 80), LONGEST_WAIT
    ) as client:
        try:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Big: " + b"x" * 2**20)
            status = client.recv(64)
        except ConnectionError:
            status = b"reset"
    assert status == b"reset" or status.startswith(b"HTTP/1.1 400")


def test_a_body_of_many_megabytes_is_refused(running: Dashboard) -> None:
    address = httpx.URL(running.url)
    with socket.create_connection(
        (address.host, address.port or 80), LONGEST_WAIT
    ) as client:
        head = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n"
        client.sendall(head + b"x" * 65_536)
        assert client.recv(64).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("path", ["/health", "/login", "/api", "/", "/nothing"])
def test_a_body_with_two_lengths_ends_the_connection(
    running: Dashboard, path: str
) -> None:
    address = httpx.URL(running.url)
    # To a proxy that goes by Content-Length all of this is one request.
    hidden = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"
    body = f"0\r\n\r\n{hidden}"
    lengths = f"Content-Length: {len(body)}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(
        (address.host, address.port or 80), LONGEST_WAIT
    ) as client:
        client.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\n{lengths}{body}".encode())
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1


def test_slow_clients_do_not_keep_others_waiting(running: Dashboard) -> None:
    address = httpx.URL(running.url)
    place = (address.host, address.port or 80)
    slow = [socket.create_connection(place, LONGEST_WAIT) for _ in range(200)]
    for client in slow[:100]:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    for client in slow[100:]:
        client.sendall(
            b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nx"
        )
    assert get(f"{running.url}/health").status_code == 200
    waiting = sum(is_open(client) for client in slow)
    for client in slow:
        client.close()
    # Answered while they were still being waited for.
    assert waiting > 0


def is_open(client: socket.socket) -> bool:
    """Return whether the server has neither answered nor hung up."""
    client.setblocking(False)
    try:
        client.recv(1)
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    return False


def guesses(url: str, *forwarded: str) -> list[int]:
    """Offer a wrong token once for each header; return the statuses."""
    return [
        get(
            f"{url}/api/x",
            headers={"Authorization": "guess", "X-Forwarded-For": addresses},
        ).status_code
        for addresses in forwarded
    ]


def test_the_client_is_the_last_address_that_the_trusted_proxy_appended() -> None:
    with dashboard({"ANALYTICS_SECRET_TOKEN": TOKEN}) as behind_a_proxy:
        forged = [f"198.51.100.{n}, ::ffff:192.0.2.9" for n in range(6)]
        assert guesses(behind_a_proxy.url, *forged) == [401] * 5 + [429]
        assert guesses(behind_a_proxy.url, "192.0.2.9, 192.0.2.10") == [401]
        _, log = behind_a_proxy.stop()
    clients = set(re.findall(r"Wrong token from (\S+) ", log))
    note("forged X-Forwarded-For", let_through=len(clients) > 2)
    assert clients == {"192.0.2.9", "192.0.2.10"}


def test_a_header_that_comes_from_no_trusted_proxy_is_not_believed() -> None:
    variables = {"ANALYTICS_SECRET_TOKEN": TOKEN, "FORWARDED_ALLOW_IPS": "192.0.2.1"}
    with dashboard(variables) as direct:
        forged = [f"198.51.100.{n}" for n in range(6)]
        assert guesses(direct.url, *forged) == [401] * 5 + [429]
        _, log = direct.stop()
    assert set(re.findall(r"Wrong token from (\S+) ", log)) == {"127.0.0.1"}
