"""Decides on access: what the gate and the login page ask."""

from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.responses import Response

from core.errors import logger
from web.auth.sessions import AccessToken, Sessions
from web.auth.throttle import Throttle, client_name
from web.paths import Paths
from web.responses import error_response, too_many_attempts, unauthorized


@dataclass(frozen=True, slots=True)
class Authenticator:
    """The token, the sessions that stand in for it, and the throttle for guesses."""

    paths: Paths
    token: AccessToken
    sessions: Sessions
    throttle: Throttle

    async def verify(self, request: HTTPConnection, offered: bytes) -> int | None:
        """Check a token; a wrong one is counted and logged without its value.

        Returns None for the right token, at once and whatever failed before. For a
        wrong one returns, after a delay, the seconds of that delay (0: none yet).
        """
        client = client_name(request.client.host if request.client else None)
        if self.token.verify(offered):
            self.throttle.succeeded(client)
            return None
        if self.throttle.is_full(client):
            return 1
        failures, delay = await self.throttle.failed(client)
        # A program with an old token must not fill the log: 1, 2, 4, 8 … of them.
        if failures & (failures - 1) == 0:
            logger.warning("Wrong token from %s (attempt %d)", client, failures)
        return delay

    async def refuse_api(self, request: HTTPConnection) -> Response | None:
        """Return the refusal of an API request, or None for the right token."""
        headers = request.headers.getlist("authorization")
        if len(headers) > 1:
            # A proxy may add one: which of them counts would be a guess.
            return error_response(400, "Two Authorization headers: send one")
        header = "".join(headers).encode("latin-1").strip()
        if not header:
            return unauthorized()
        # Older clients send the token alone.
        scheme, _, rest = header.partition(b" ")
        offered = rest.strip() if scheme.lower() == b"bearer" and rest else header
        delay = await self.verify(request, offered)
        if delay is None:
            return None
        return too_many_attempts(delay) if delay else unauthorized()


def is_same_origin(request: HTTPConnection) -> bool:
    """Return whether `Origin`, which every browser sends, names the requested host."""
    host = request.headers.get("host", "")
    origin = request.headers.get("origin", "")
    return bool(host) and origin in {f"http://{host}", f"https://{host}"}
