"""Requests whose target is written in another way than that of a route."""

import re
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from web.paths import Paths

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


class OwnPaths:
    """Reads `/Health/` as `/health`, and the server's other own paths likewise.

    It would be refused as a page or download that needs a login, and after the login
    there is none.
    """

    def __init__(self, app: ASGIApp, *, paths: Paths) -> None:
        self._app = app
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            scope = {**scope, "path": self._paths.own(scope["path"])}
        await self._app(scope, receive, send)
