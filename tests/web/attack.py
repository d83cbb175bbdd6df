"""An attacker: sends requests as they are, and counts what was let through."""

import http.client
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
from itsdangerous import URLSafeSerializer

from core.settings import Secret
from testkit.dashboard import LONGEST_WAIT, TOKEN
from testkit.fixed_clock import GOLDEN_NOW
from web.auth.sessions import LIFETIME, AccessToken, Sessions

OPEN = {"/health", "/login"}
"""Paths that are open to all, whatever the query."""
HTML = {"Accept": "text/html"}


@dataclass(slots=True)
class Attempts:
    """How many tries there were, and which were let through."""

    tried: int = 0
    through: list[str] = field(default_factory=list)


ALL = Attempts()
"""Those of the whole run; the tests' summary prints them."""


def note(what: str, *, let_through: bool) -> None:
    """Count a try for the summary."""
    ALL.tried += 1
    if let_through:
        ALL.through.append(what)


def summary() -> str:
    """Return the figures of the run."""
    lines = [f"attacks: {ALL.tried:,} tried, let through: {len(ALL.through)}"]
    return "\n".join(lines + ALL.through)


def is_let_through(path: str, status: int, location: str) -> bool:
    """Return whether an answer is more than a refusal; 404 would be more."""
    below = re.sub("^https?://[^/]+", "", path.partition("?")[0].lower())
    if f"/{below.strip('/')}" in OPEN:
        return False
    # 400: the server does not even understand the request line.
    refused = status in {400, 401, 405, 421, 429, 501}
    to_login = status == 303 and location.startswith("/login?next=/")
    return not refused and not to_login


def forgeries(cookie: str) -> Iterator[str]:
    """Yield cookies that must not open anything."""
    access = AccessToken(Secret(TOKEN), is_random=False)
    other = AccessToken(Secret("another-token"), is_random=False)
    now = GOLDEN_NOW
    yield from ("", "x", "null", "[]", ".", cookie[:-1], cookie + "A", cookie.upper())
    yield Sessions(other, lambda: now).start()
    yield Sessions(access, lambda: now - LIFETIME - timedelta(seconds=5)).start()
    far = int(now.timestamp()) + 10**6
    yield str(URLSafeSerializer("").dumps(["x", far]))
    yield str(URLSafeSerializer(TOKEN).dumps(["x", far]))
    yield str(URLSafeSerializer(TOKEN, salt="cookie").dumps(["x", far]))
    for place in range(0, len(cookie), 7):
        other_letter = "A" if cookie[place] != "A" else "B"
        yield cookie[:place] + other_letter + cookie[place + 1 :]


class Attack:
    """Tries to get in at one server."""

    def __init__(self, url: str) -> None:
        self._address = httpx.URL(url)
        self.tried = 0
        self.through: list[str] = []

    def send(self, method: str, path: str, headers: dict[str, str]) -> None:
        """Try once."""
        status, location = self._send(method, path, headers)
        self.tried += 1
        if is_let_through(path, status, location):
            self.through.append(f"{method} {path} {headers}: {status}")

    def assert_nothing_was_let_through(self) -> None:
        """Fail if anything was; counts for the summary."""
        ALL.tried += self.tried
        ALL.through += self.through
        assert self.through == []

    def _send(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        connection = http.client.HTTPConnection(
            self._address.host, self._address.port or 80, timeout=LONGEST_WAIT
        )
        connection.putrequest(method, "/", skip_host=True, skip_accept_encoding=True)
        # http.client refuses odd paths; a real attacker does not.
        connection._buffer[0] = f"{method} {path} HTTP/1.1".encode()  # type: ignore[attr-defined]
        for name, value in ({"Host": self._address.netloc.decode()} | headers).items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        connection.close()
        return answer.status, answer.getheader("location", "")
