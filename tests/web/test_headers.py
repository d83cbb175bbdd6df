"""Every answer carries the security headers, the refusals included."""

import httpx
import pytest

from tests.web.running import TOKEN
from web.headers import security_headers


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


@pytest.mark.parametrize("path", ["/health", "/login", "/", "/api", "/api/typo"])
def test_no_answer_names_a_version(stranger: httpx.Client, path: str) -> None:
    answer = stranger.get(path, headers={"Authorization": TOKEN})
    assert answer.headers["server"] == "uvicorn"
    assert "x-powered-by" not in answer.headers
