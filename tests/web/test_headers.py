"""Every answer carries the security headers, the refusals included."""

import re

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from testkit.dashboard import LONGEST_WAIT, TOKEN, Dashboard
from web.security_headers import security_headers


@pytest.mark.parametrize(
    "path", ["/health", "/login", "/", "/api", "/_stcore/health", "/media/x", "//"]
)
def test_a_stranger_gets_every_header(stranger: httpx.Client, path: str) -> None:
    headers = stranger.get(path).headers
    assert {name: headers[name] for name in security_headers()} == security_headers()


@pytest.mark.parametrize("path", ["/", "/votes", "/static/js/x.js", "/favicon.png"])
def test_a_member_gets_every_header(member: httpx.Client, path: str) -> None:
    headers = member.get(path).headers
    assert {name: headers[name] for name in security_headers()} == security_headers()


@pytest.mark.parametrize(
    "path", ["/health", "/login", "/", "/api", "/api/typo", "/static/x", "/%"]
)
def test_no_answer_names_the_server_or_a_version(
    stranger: httpx.Client, path: str
) -> None:
    answer = stranger.get(path, headers={"Authorization": TOKEN})
    assert not {"server", "x-powered-by", "via"} & answer.headers.keys()
    assert not re.search(r"uvicorn|starlette|streamlit", answer.text, re.IGNORECASE)


def test_a_refused_websocket_names_no_server(running: Dashboard) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(
            running.url.replace("http", "ws") + "/_stcore/stream",
            open_timeout=LONGEST_WAIT,
        ),
    ):
        pass
    assert "server" not in refused.value.response.headers


@pytest.mark.parametrize(
    "path", ["/", "/api", "/health", "/_stcore/health", "/_stcore/host-config"]
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_no_other_site_may_read_an_answer(
    member: httpx.Client, method: str, path: str
) -> None:
    asked = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    headers = member.request(method, path, headers=asked).headers
    assert not [name for name in headers if name.startswith("access-control-allow")]
