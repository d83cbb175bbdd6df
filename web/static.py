"""Scripts, styles, fonts and map shapes: each compressed once and kept in memory.

Streamlit sends its own uncompressed, 5 MB for a first visit.
"""

import gzip
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit
from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

_COMPRESSIBLE = {".js", ".css", ".svg", ".json"}
_FOREVER = "public, immutable, max-age=31536000"
_A_WEEK = "private, max-age=604800"
_ACCEPT_ENCODING = b"accept-encoding"
_REFUSES_GZIP = re.compile(rb"(?i)\bgzip\s*;\s*q\s*=\s*0(\.0*)?\s*(,|$)")


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file to compress, and how long a browser may keep it."""

    path: Path
    keep: str


def scripts(base: str) -> dict[str, StaticFile]:
    """Return Streamlit's scripts by their path; the names carry a content hash."""
    root = Path(streamlit.__file__).parent / "static"
    return {
        f"{base}/{path.relative_to(root).as_posix()}": StaticFile(path, _FOREVER)
        for path in (root / "static").rglob("*")
        if path.suffix in _COMPRESSIBLE
    }


def assets(base: str) -> dict[str, StaticFile]:
    """Return our own files by their path: script, styles, shapes of the map, flags."""
    folder = Path(__file__).parent / "assets"
    return {
        f"{base}/assets/{path.name}": StaticFile(path, _A_WEEK)
        for path in sorted(folder.iterdir())
        if path.suffix in {".js", ".css", ".json", ".woff2"}
    }


def routes(files: Mapping[str, StaticFile]) -> list[Route]:
    """Return routes that serve files uncompressed."""

    def route(path: str, file: StaticFile) -> Route:
        response = FileResponse(file.path, headers={"Cache-Control": file.keep})
        return Route(path, response, methods=["GET"])

    return [route(path, file) for path, file in files.items()]


class CompressedStatic:
    """Serves these files itself when the client accepts gzip.

    Streamlit, which compresses the rest, looks for the word alone: for a client that
    refuses it, `gzip;q=0`, the header is taken away.
    """

    def __init__(self, app: ASGIApp, *, files: Mapping[str, StaticFile]) -> None:
        self._app = app
        self._files = files
        self._compressed: dict[str, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and _refuses_gzip(scope):
            others = [p for p in scope["headers"] if p[0] != _ACCEPT_ENCODING]
            scope = {**scope, "headers": others}
        if scope["type"] == "http" and self._serves(scope):
            response = await self._response(scope["path"])
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _serves(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        return (
            scope["path"] in self._files
            and scope["method"] in {"GET", "HEAD"}
            and "gzip" in headers.get("accept-encoding", "")
            # A part of a compressed file is no file.
            and "range" not in headers
        )

    async def _response(self, path: str) -> Response:
        file = self._files[path]
        if path not in self._compressed:
            # In a thread: compressing a large script would block the event loop.
            self._compressed[path] = await to_thread.run_sync(_compress, file.path)
        headers = {
            "Content-Encoding": "gzip",
            "Cache-Control": file.keep,
            "Vary": "Accept-Encoding",
        }
        kind = mimetypes.guess_type(path)[0]
        return Response(self._compressed[path], media_type=kind, headers=headers)


def _refuses_gzip(scope: Scope) -> bool:
    return any(
        name == _ACCEPT_ENCODING and _REFUSES_GZIP.search(value)
        for name, value in scope["headers"]
    )


def _compress(path: Path) -> bytes:
    # Smaller by another 2% at the highest level, which takes twice as long.
    return gzip.compress(path.read_bytes(), 5, mtime=0)
