"""Streamlit's page, told where its server is and what its pages will draw with.

Opened at `/votes`, Streamlit's script looks for its server at `/votes/_stcore/…`; only
after a 404, an error in the console and a pause of 100 ms it asks at `/`. It reads
`window.__streamlit`, which is meant for hosts that embed it, before it looks: one line
there names the server, and the first question is the right one.

The scripts of charts, cards, controls and tables it would ask for once it has to draw
one, and read them then. A second line has it read them while the server computes.
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
_DRAWN_WITH = (
    *("embed", "vega-interpreter", "ArrowVegaLiteChart", "Metric", "Selectbox"),
    *("Multiselect", "Button", "Popover", "Checkbox", "ButtonGroup", "DownloadButton"),
    *("Html", "DataFrame"),
)
"""Scripts of Streamlit's that most pages need, by the name before their hash."""
_OF_THE_ORIGINAL = ("etag", "last-modified", "accept-ranges")
"""Headers that would let a browser keep the page of another release."""


def page(base: str) -> bytes:
    """Return Streamlit's page with the script of ours, for a server below `base`."""
    where = _literal(f"{base}/")
    ahead = _literal([f"{base}/static/js/{name}" for name in _ahead()])
    # Not before the page's own script, which all others stand on, has run.
    script = (
        f"window.__streamlit = {{BACKEND_BASE_URL: location.origin + {where}}};"
        "addEventListener('DOMContentLoaded', () => "
        f"{{for (const path of {ahead}) import(path)}});"
    )
    return _ORIGINAL.replace(_HEAD, _HEAD + f"<script>{script}</script>".encode(), 1)


def _literal(value: object) -> str:
    """Return a value as JavaScript that cannot end the script it stands in."""
    return json.dumps(value).replace("<", "\\u003c")


def _ahead() -> list[str]:
    """Return the files of `_DRAWN_WITH`; what a release does not have is left out."""
    folder = _FILE.parent / "static" / "js"
    return [path.name for stem in _DRAWN_WITH for path in folder.glob(f"{stem}.*.js")]


class NamedServer:
    """Sends that page wherever Streamlit would send its own, packed where it would."""

    def __init__(self, app: ASGIApp, *, base: str) -> None:
        self._app = app
        self._page = page(base)
        self._packed = gzip.compress(self._page, mtime=0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        body: bytes | None = None

        async def exchanged(message: Message) -> None:
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

        await self._app(scope, receive, exchanged)

    def _describe(self, headers: MutableHeaders) -> bytes:
        """Correct the headers of Streamlit's answer and return what it should send."""
        packed = headers.get("content-encoding") == "gzip"
        body = self._packed if packed else self._page
        headers["content-length"] = str(len(body))
        for name in _OF_THE_ORIGINAL:
            del headers[name]
        return body


def _is_original(headers: Headers) -> bool:
    """Return whether an answer is Streamlit's page; ours have no time of a file."""
    is_html = headers.get("content-type", "").startswith("text/html")
    return is_html and headers.get("last-modified") == _WRITTEN
