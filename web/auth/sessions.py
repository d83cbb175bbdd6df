"""The access token, and the signed cookies that stand in for it."""

import fcntl
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.requests import HTTPConnection

from core.errors import logger
from core.settings import Secret
from store.files import content_of

COOKIE = "fpp_session"
"""How the names of its cookies begin; see `cookie_name`."""
LIFETIME = timedelta(days=7)
ENDED = "ended-sessions"
"""File of the sessions that were logged out, one `identity until` a line."""

Clock = Callable[[], datetime]
"""Returns the current instant, UTC, without a zone."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """The token that opens the server."""

    secret: Secret
    is_random: bool
    """Made for this run: only then may the token appear in a printed link."""

    @classmethod
    def of(cls, configured: Secret | None) -> "AccessToken":
        """Take the configured token, or make one for this run."""
        if configured:
            return cls(configured, is_random=False)
        return cls(Secret(secrets.token_urlsafe(32)), is_random=True)

    def verify(self, offered: bytes) -> bool:
        """Compare in constant time what can be seen of a token; ours has nothing else.

        What it is copied from, such as a chat, may add marks without a width.
        """
        text = offered.decode("utf-8", "backslashreplace")
        seen = "".join(filter(str.isprintable, text)).strip()
        return hmac.compare_digest(seen.encode(), self.secret.reveal().encode())


def cookie_name(connection: HTTPConnection) -> str:
    """Return the name of a session's cookie at the address that a browser asked for.

    Browsers do not separate cookies by port: at an address with one, it is in the name,
    so that a login at one dashboard does not end the session at another of that host.
    """
    port = re.search(r":([0-9]{1,5})$", connection.headers.get("host", ""))
    return f"{COOKIE}_{port[1]}" if port else COOKIE


class Sessions:
    """Signed cookies; the token is the key, so a new token ends every session.

    Only log-outs are kept, in memory and in a file of `state_dir`, so that a copied
    cookie stays worthless after a restart, and in every dashboard with that folder.
    """

    def __init__(
        self, token: AccessToken, clock: Clock, state_dir: Path | None = None
    ) -> None:
        self._clock = clock
        self._file = state_dir / ENDED if state_dir else None
        self._seen: tuple[int, int] | None = None
        self._ended = dict[str, int]()
        self._cookies = URLSafeSerializer(
            token.secret.reveal(),
            salt="fpp-analytics-session",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def start(self) -> str:
        """Return the cookie of a new session."""
        until = self._now() + int(LIFETIME.total_seconds())
        return str(self._cookies.dumps([secrets.token_urlsafe(16), until]))

    def is_logged_in(self, connection: HTTPConnection) -> bool:
        """Return whether the request carries the cookie of an open session."""
        return bool(self.cookies_of(connection))

    def cookies_of(self, connection: HTTPConnection) -> list[str]:
        """Return the cookies of open sessions that a request carries.

        A browser sends those of other paths and ports along: of a dashboard beside this
        one, or of this one before it moved.
        """
        pairs = ";".join(connection.headers.getlist("cookie")).split(";")
        named = [pair.strip().partition("=") for pair in pairs]
        # Whatever the end of its name: the signature tells whose it is.
        return [v for n, _, v in named if n.startswith(COOKIE) and self.is_valid(v)]

    def is_valid(self, cookie: str) -> bool:
        """Return whether we signed the cookie and its session has not ended."""
        session = self._read(cookie)
        return session is not None and self._now() < session[1]

    def identity(self, cookie: str) -> str:
        """Return the random name of the session of a valid cookie."""
        session = self._read(cookie)
        return session[0] if session else ""

    def end(self, cookie: str) -> None:
        """End a session, in every browser that has its cookie."""
        session = self._read(cookie)
        if session is None:
            return
        now = self._now()
        with self._locked():
            self._follow()
            self._ended = {i: until for i, until in self._ended.items() if until > now}
            self._ended[session[0]] = session[1]
            self._write_ended()

    def _read(self, cookie: str) -> tuple[str, int] | None:
        try:
            identity, until = self._cookies.loads(cookie)
        except BadSignature:
            return None
        self._follow()
        return None if identity in self._ended else (identity, until)

    def _follow(self) -> None:
        """Take over log-outs that were written since, by another dashboard too."""
        if self._file is None:
            return
        try:
            stat = self._file.stat()
            # Each change is a new file under the same name.
            state = (stat.st_mtime_ns, stat.st_ino)
            if state == self._seen:
                return
            lines = content_of(self._file).decode("ascii", "replace").splitlines()
        except OSError:
            return
        self._seen = state
        fields = [line.split(" ") for line in lines]
        self._ended |= {
            f[0]: int(f[1]) for f in fields if len(f) == 2 and f[1].isdecimal()
        }

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one dashboard at a time change the file."""
        with ExitStack() as stack:
            if self._file is not None:
                with suppress(OSError):  # said where the list is written
                    self._file.parent.mkdir(parents=True, exist_ok=True)
                    lock = stack.enter_context(
                        self._file.with_suffix(".lock").open("a")
                    )
                    fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write_ended(self) -> None:
        if self._file is None:
            return
        text = "".join(f"{i} {until}\n" for i, until in self._ended.items())
        part = self._file.with_suffix(".part")
        try:
            part.write_text(text, "ascii")
            part.replace(self._file)
        except OSError as error:
            logger.warning(
                "STATE_DIR (%s) cannot be written (%s). A restart forgets who logged "
                "out. Mount a volume there that the server may write to.",
                self._file.parent,
                error.strerror,
            )

    def _now(self) -> int:
        return int(self._clock().replace(tzinfo=UTC).timestamp())
