"""Requests whose target is a whole address: `GET http://host/api` for `GET /api`."""

import re
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

_ABSOLUTE = re.compile(rb"https?://([^/]+)(/.*)?", re.IGNORECASE)


class OriginForm:
    """Reads a whole address as its path and host (RFC 9112, section 3.2.2).

    Clients that take the server for a proxy send it; uvicorn passes it on as a path.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if absolute := _ABSOLUTE.fullmatch(scope.get("raw_path", b"")):
            host, raw_path = absolute[1], absolute[2] or b"/"
            others = [pair for pair in scope["headers"] if pair[0] != b"host"]
            scope = {
                **scope,
                "path": unquote(raw_path.decode("ascii")),
                "raw_path": raw_path,
                # The header has no say beside a host in the address.
                "headers": [(b"host", host), *others],
            }
        await self._app(scope, receive, send)
