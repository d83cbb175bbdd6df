"""Streamlit's scripts and styles, compressed: each file once, kept in memory.

Streamlit sends them as they are, 5 MB for a first visit.
"""

import gzip
import mimetypes
from collections.abc import Mapping
from pathlib import Path

import streamlit
from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_KINDS = {".js", ".css", ".svg", ".json"}
# The names carry a hash of the content, so a browser may keep them for ever.
_KEEP = "public, immutable, max-age=31536000"


def compressible(base: str) -> Mapping[str, Path]:
    """Return the files that are worth it, by their path on this server."""
    root = Path(streamlit.__file__).parent / "static"
    return {
        f"{base}/{path.relative_to(root).as_posix()}": path
        for path in (root / "static").rglob("*")
        if path.suffix in _KINDS
    }


class CompressedStatic:
    """Answers for these files itself when the client takes gzip."""

    def __init__(self, app: ASGIApp, *, files: Mapping[str, Path]) -> None:
        self._app = app
        self._files = files
        self._compressed: dict[str, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and self._answers(scope):
            response = await self._response(scope["path"])
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _answers(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        return (
            scope["path"] in self._files
            and scope["method"] in {"GET", "HEAD"}
            and "gzip" in headers.get("accept-encoding", "")
            and "range" not in headers
        )

    async def _response(self, path: str) -> Response:
        if path not in self._compressed:
            self._compressed[path] = await to_thread.run_sync(self._compress, path)
        return Response(
            self._compressed[path],
            media_type=mimetypes.guess_type(path)[0],
            headers={
                "Content-Encoding": "gzip",
                "Cache-Control": _KEEP,
                "Vary": "Accept-Encoding",
            },
        )

    def _compress(self, path: str) -> bytes:
        return gzip.compress(self._files[path].read_bytes(), mtime=0)
