"""Who may come in: the token, and the signed cookies that stand for it."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.requests import HTTPConnection

from core.settings import Secret

COOKIE = "fpp_session"
LIFETIME = timedelta(days=7)

Clock = Callable[[], datetime]
"""Returns the current instant, UTC, without a zone."""


@dataclass(frozen=True, slots=True)
class Access:
    """The token that opens the server."""

    token: Secret
    by_link: bool
    """Whether a printed link may carry it: only a token made for this run."""

    @classmethod
    def of(cls, token: Secret | None) -> "Access":
        """Take the configured token, or make one for this run."""
        if token:
            return cls(token, by_link=False)
        return cls(Secret(secrets.token_urlsafe(32)), by_link=True)

    def admits(self, offered: bytes) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(offered, self.token.reveal().encode())


class Sessions:
    """Signed cookies; the token is the key, so a new token ends every session.

    Nothing is stored but the sessions that people ended before their time.
    """

    def __init__(self, access: Access, clock: Clock) -> None:
        self._clock = clock
        self._ended: dict[str, int] = {}
        self._cookies = URLSafeSerializer(
            access.token.reveal(),
            salt="fpp-analytics-session",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def start(self) -> str:
        """Return the cookie of a new session."""
        until = self._now() + int(LIFETIME.total_seconds())
        return str(self._cookies.dumps([secrets.token_urlsafe(16), until]))

    def holds(self, connection: HTTPConnection) -> bool:
        """Return whether the request carries a session that has not ended."""
        return self.is_valid(connection.cookies.get(COOKIE, ""))

    def is_valid(self, cookie: str) -> bool:
        """Return whether we signed the cookie and its session has not ended."""
        session = self._read(cookie)
        return session is not None and self._now() < session[1]

    def end(self, cookie: str) -> None:
        """End a session, in every browser that holds its cookie."""
        session = self._read(cookie)
        if session is not None:
            now = self._now()
            self._ended = {i: until for i, until in self._ended.items() if until > now}
            self._ended[session[0]] = session[1]

    def _read(self, cookie: str) -> tuple[str, int] | None:
        try:
            identity, until = self._cookies.loads(cookie)
        except BadSignature:
            return None
        return None if identity in self._ended else (identity, until)

    def _now(self) -> int:
        return int(self._clock().replace(tzinfo=UTC).timestamp())
