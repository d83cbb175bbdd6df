"""Streamlit's `index.html` with the address of its server, scripts and a style sheet.

Opened at `/votes`, Streamlit's script looks for its server at `/votes/_stcore/…`, and
only after a 404, an error in the console and a pause of 100 ms at `/`. It first reads
`window.__streamlit`, meant for sites that embed it: one line there names the server, so
that the first request is the right one.
"""

import gzip
import hashlib
import json
from email.utils import formatdate
from html import escape
from pathlib import Path

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.path_security import is_unsafe_path_pattern

from web.auth.gate import MAX_WEBSOCKETS
from web.responses import error_response, plain_page

_FILE = Path(streamlit.__file__).parent / "static" / "index.html"
_ORIGINAL = _FILE.read_bytes()
_WRITTEN = formatdate(_FILE.stat().st_mtime, usegmt=True)
_HTML, _HEAD, _BODY_END = b'<html lang="en"', b"<head>", b"</body>"
_ASSETS = Path(__file__).parent / "assets"
_PAGES = Path(__file__).parent.parent / "pages"
# In the order in which they run: `fpp`, of the first, has what the others share.
_SCRIPTS = (
    *("streamlit", "address", "keyboard", "share"),
    *("tooltips", "labels", "navigation", "acts"),
)
_STYLES = _ASSETS / "style.css"
# Streamlit formats numbers in tables, and the first day of a week in calendars, by the
# browser's language; everything else on a page is written in one notation.
_BRITISH = (
    "Object.defineProperties(navigator, {language: {get: () => 'en-GB'}, "
    "languages: {get: () => ['en-GB']}});"
)
# What translates a page puts elements of its own in the place of texts. Streamlit goes
# on to write to the old ones: the title and sentences of the view before would stay,
# and parts of the page that fail to find theirs are gone. Chrome asks for both.
_NOT_TRANSLATED = b'<meta name="google" content="notranslate">'
# Headers that would let a browser keep the page of another release.
_HEADERS_OF_THE_ORIGINAL = ("etag", "last-modified", "accept-ranges")
_REFUSED = (
    "The page cannot be shown: the server or a proxy before it refuses the connection "
    f"that pages use. If more than {MAX_WEBSOCKETS} pages of your session are open, "
    "close some. Otherwise let the proxy pass on websockets and the header Host, as "
    "docs/deployment.md says."
)
# Leads a tab whose session ended to the login and back. Streamlit would show a dialog
# with the status of the refusal, also of a page that the browser has kept, as by Back:
# it gets none. The gate closes a websocket with 1008; after any other end of it, when
# the tab becomes visible again, when a script cannot be loaded, and after an act the
# script asks whether the session is still open: a cookie that is gone leaves its
# websocket open, and only downloads and parts of the page that are loaded later would
# fail. After a click on a link, the login leads to the page that the link was to open.
#
# Where the server answers and the websocket is refused again and again, Streamlit would
# show grey bars for ever: the script says what it can be.
_TO_LOGIN = """
(() => {
  const base = BASE;
  let leaving = false;
  const toLogin = () => {
    if (leaving) return;
    leaving = true;
    const to = clicked?.from === location.href ? clicked : location;
    const next = encodeURIComponent(to.pathname + to.search);
    location.replace(base + "login?next=" + next + to.hash);
  };
  const send = window.fetch;
  window.fetch = async (...given) => {
    const answer = await send(...given);
    if (answer.status !== 401) return answer;
    toLogin();
    return new Promise(() => {});
  };
  let clicked;
  addEventListener("click", ({isTrusted, target, ctrlKey, metaKey, shiftKey}) => {
    if (!isTrusted) return;
    const link = target.closest?.("a[data-page], a[data-testid=stPageLink-NavLink]");
    const {pathname, search, hash} = link ?? {};
    const leads = link && !ctrlKey && !metaKey && !shiftKey;
    clicked = leads ? {pathname, search, hash, from: location.href} : undefined;
  }, true);
  addEventListener("popstate", () => { clicked = undefined; });
  let asking = false;
  let asked = 0;
  const ask = () => {
    if (asking) return;
    asking = true;
    asked = Date.now();
    fetch(base + "_stcore/health", {cache: "no-store"}).then(
      (answer) => {
        asking = false;
        if (answer.ok && refusals >= 3) sayRefused();
      },
      () => setTimeout(() => { asking = false; ask(); }, 500));
  };
  let refusals = 0;
  let refused;
  const sayRefused = () => {
    if (refused) return;
    refused = document.createElement("p");
    refused.className = "refused";
    refused.role = "alert";
    refused.textContent = REFUSED;
    document.body.append(refused);
  };
  const opened = () => { refusals = 0; refused?.remove(); refused = undefined; };
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      refusals += 1;
      this.addEventListener("open", opened);
      this.addEventListener("close",
        (event) => event.code === 1008 ? toLogin() : ask());
    }
  };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  let isAskingLater = false;
  const afterAct = () => {
    if (isAskingLater) return;
    isAskingLater = true;
    // Once the page is drawn that the act leads to, and every five seconds at most.
    const wait = Math.max(1000, asked + 5000 - Date.now());
    setTimeout(() => { isAskingLater = false; ask(); }, wait);
  };
  for (const kind of ["click", "keydown", "popstate"]) {
    addEventListener(kind, afterAct, true);
  }
  addEventListener("error", ({target}) => {
    if (target.src || target.href) ask();
  }, true);
})();
"""


def index_html(base: str) -> bytes:
    """Return Streamlit's page with our parts, for a server below `base`."""
    # A path with "</script>" in it would end the script.
    where = json.dumps(f"{base}/").replace("<", "\\u003c")
    server = f"window.__streamlit = {{BACKEND_BASE_URL: location.origin + {where}}};"
    to_login = _TO_LOGIN.replace("BASE", where).replace("REFUSED", json.dumps(_REFUSED))
    script = server + to_login + _BRITISH
    own = [_address(base, _ASSETS / f"{name}.js") for name in _SCRIPTS]
    linked = "".join(f'<script defer src="{address}"></script>' for address in own)
    added = f"<script>{script}</script>{linked}"
    # Until the page has named itself, the tab has this name.
    page = _ORIGINAL.replace(b">Streamlit</title>", b">FPP Analytics</title>", 1)
    page = page.replace(_HEAD, _HEAD + _NOT_TRANSLATED + added.encode(), 1)
    page = page.replace(_HTML, _HTML + b' translate="no"', 1)
    # At the end: of two rules of the same weight, the later one is followed, and
    # Streamlit adds its own to the head.
    styles = f'<link rel="stylesheet" href="{_address(base, _STYLES)}">'
    return page.replace(_BODY_END, styles.encode() + _BODY_END, 1)


def _address(base: str, file: Path) -> str:
    """Return the address of an asset, another one for another content.

    Browsers keep what they got from an address for a week.
    """
    version = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    return escape(f"{base}/assets/{file.name}?{version}")


class IndexHtml:
    """Sends that page wherever Streamlit sends its own, compressed where it does.

    Streamlit does at every address that nothing else has. Where there is no page, a
    browser gets a link to the first one, with 404.
    """

    def __init__(self, app: ASGIApp, *, base: str) -> None:
        self._app = app
        self._base = base
        names = {path.stem for path in _PAGES.glob("*.py")} - {"main"}
        self._paths = {f"{base}/", *(f"{base}/{name}" for name in names)}
        self._page = index_html(base)
        # Once per process: every first visit gets the same bytes.
        self._compressed = gzip.compress(self._page, mtime=0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        body: bytes | None = None
        # Streamlit answers these with "Bad Request" and no more.
        is_dead = scope["type"] == "http" and is_unsafe_path_pattern(scope["path"][1:])

        async def replaced(message: Message) -> None:
            nonlocal body, is_dead
            if is_dead:
                return
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if message["status"] == 200 and _is_original(headers):
                    # Our script writes the names of pages in lower case.
                    is_dead = scope["path"].lower() not in self._paths
                    if is_dead:
                        return
                    body = self._describe(headers)
            elif body is not None:
                # The page may come in parts: ours takes the place of the last one.
                if message.get("more_body", False):
                    return
                message["body"] = b"" if scope["method"] == "HEAD" else body
            await send(message)

        if not is_dead:
            await self._app(scope, receive, replaced)
        if is_dead:
            await self._not_found(Headers(scope=scope))(scope, receive, send)

    def _not_found(self, headers: Headers) -> Response:
        if "text/html" not in headers.get("accept", ""):
            return error_response(404, "Not found")
        link = f'<a href="{escape(self._base)}/">Open the Overview</a>'
        text = "There is no page at this address."
        return plain_page("Page not found", text, link, status=404)

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
