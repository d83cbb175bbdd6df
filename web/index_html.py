"""Streamlit's `index.html` with the address of its server.

Opened at `/votes`, Streamlit's script looks for its server at `/votes/_stcore/…`, and
only after a 404, an error in the console and a pause of 100 ms at `/`. It first reads
`window.__streamlit`, meant for sites that embed it: one line there names the server, so
that the first request is the right one.
"""

import gzip
import json
from email.utils import formatdate
from pathlib import Path

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_FILE = Path(streamlit.__file__).parent / "static" / "index.html"
_ORIGINAL = _FILE.read_bytes()
_WRITTEN = formatdate(_FILE.stat().st_mtime, usegmt=True)
_HEAD = b"<head>"
_HEADERS_OF_THE_ORIGINAL = ("etag", "last-modified", "accept-ranges")
"""Headers that would let a browser keep the page of another release."""


def index_html(base: str) -> bytes:
    """Return Streamlit's page with a script that names the server below `base`."""
    where = json.dumps(f"{base}/").replace("<", "\\u003c")
    script = f"window.__streamlit = {{BACKEND_BASE_URL: location.origin + {where}}};"
    return _ORIGINAL.replace(_HEAD, _HEAD + f"<script>{script}</script>".encode(), 1)


class IndexHtml:
    """Sends that page wherever Streamlit sends its own, compressed where it does."""

    def __init__(self, app: ASGIApp, *, base: str) -> None:
        self._app = app
        self._page = index_html(base)
        self._compressed = gzip.compress(self._page, mtime=0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        body: bytes | None = None

        async def replaced(message: Message) -> None:
            nonlocal body
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if message["status"] == 200 and _is_original(headers):
                    body = self._describe(headers)
            elif body is not None:
                if message.get("more_body", False):
                    return
                message["body"] = b"" if scope["method"] == "HEAD" else body
            await send(message)

        await self._app(scope, receive, replaced)

    def _describe(self, headers: MutableHeaders) -> bytes:
        """Correct the headers of Streamlit's response; return the body to send."""
        compressed = headers.get("content-encoding") == "gzip"
        body = self._compressed if compressed else self._page
        headers["content-length"] = str(len(body))
        for name in _HEADERS_OF_THE_ORIGINAL:
            del headers[name]
        return body


def _is_original(headers: Headers) -> bool:
    """Return whether this is Streamlit's page; ours carry no file time."""
    is_html = headers.get("content-type", "").startswith("text/html")
    return is_html and headers.get("last-modified") == _WRITTEN
