"""The gate in front of everything: pages, websocket, media, downloads and API.

Pure ASGI, since Starlette's `BaseHTTPMiddleware` lets websockets pass.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

import anyio
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.path_security import is_unsafe_path_pattern

from web.auth.authenticator import Authenticator, is_same_origin
from web.responses import NO_STORE, error_response, unauthorized

_POLICY_VIOLATION = 1008
_TOO_BIG = 1009
MAX_MESSAGE = 256 * 1024
"""Bytes of a message from a browser; the widgets of a whole page take 2 to 20 KB."""
MAX_WEBSOCKETS = 24
"""Open pages of one session."""
BURST = 10
PER_SECOND = 2.0
"""Messages of one session; each may start a run of a page."""


@dataclass(slots=True)
class _Budget:
    """Messages that a session may send, refilled over time."""

    monotonic: Callable[[], float]
    messages: float = BURST
    at: float = 0.0

    def delay(self) -> float:
        """Spend a message; return the seconds to wait before it is delivered."""
        now = self.monotonic()
        # A token bucket: idle time fills it, each message takes one.
        self.messages = min(BURST, self.messages + (now - self.at) * PER_SECOND) - 1
        self.at = now
        return max(0.0, -self.messages / PER_SECOND)


@dataclass(slots=True)
class _Websockets:
    """Open websockets and budgets by session."""

    monotonic: Callable[[], float]
    open: Counter[str] = field(default_factory=Counter)
    budgets: dict[str, _Budget] = field(default_factory=dict)

    def enter(self, session: str) -> _Budget:
        now = self.monotonic()
        # A budget outlives its websockets until it is full again, or a client would
        # get a new one with each connection.
        full = now - BURST / PER_SECOND
        self.budgets = {
            s: b for s, b in self.budgets.items() if s in self.open or b.at > full
        }
        self.open[session] += 1
        return self.budgets.setdefault(session, _Budget(self.monotonic, at=now))

    def leave(self, session: str) -> None:
        self.open[session] -= 1
        if not self.open[session]:
            del self.open[session]


class Gate:
    """Lets requests with a session or the token through and refuses all others."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        auth: Authenticator,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._auth = auth
        # Compared as they are: no pattern could be tricked by an encoded path.
        self._public = {auth.paths.health, auth.paths.login}
        # They hold no data: a browser that is logged in may read them.
        self._documents = auth.paths.documents
        self._uploads = f"{auth.paths.base}/_stcore/upload_file"
        self._websockets = _Websockets(monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; an unknown kind is not answered."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            refusal = await self._refusal(HTTPConnection(scope))
            await (refusal or self._app)(scope, receive, send)

    async def _refusal(self, request: HTTPConnection) -> Response | None:
        if {"content-length", "transfer-encoding"} <= {*request.headers}:
            # A proxy may go by the other one: what it takes for the end of the body
            # would be answered here as the request of another client.
            return error_response(
                400, "Two lengths of one body", {"Connection": "close"}
            )
        path = request.scope["path"]
        if path in self._public:
            return None
        if path in self._documents and self._auth.sessions.is_logged_in(request):
            return None
        # A browser asks for the page; a program sends its token.
        if path == self._documents[0] and "authorization" not in request.headers:
            return self._send_to_login(request)
        if self._auth.paths.is_api(path):
            refusal = await self._auth.refuse_api(request)
            # Streamlit refuses these before the API sees them, as plain text.
            if refusal is None and is_unsafe_path_pattern(path.lstrip("/")):
                return error_response(404, "Not found")
            return refusal
        if not self._auth.sessions.is_logged_in(request):
            return self._send_to_login(request)
        if path.startswith(self._uploads):
            return error_response(405, "No page takes files")
        return None

    def _send_to_login(self, request: HTTPConnection) -> Response:
        """Redirect a browser that wants a page; answer everything else with 401."""
        scope = request.scope
        wants_page = "text/html" in request.headers.get("accept", "")
        # The session may have ended in another tab: to log in only to log out again
        # would be of no use.
        is_logout = scope["path"] == self._auth.paths.logout
        sent_by_pages = {"GET", "HEAD", "POST"} if is_logout else {"GET", "HEAD"}
        if scope["method"] not in sent_by_pages or not wants_page:
            return unauthorized()
        query = scope["query_string"].decode("latin-1")
        page = quote(scope["path"], safe="/") + (f"?{query}" if query else "")
        wanted = self._auth.paths.home if is_logout else page
        after = quote(self._auth.paths.safe_next(wanted), safe="/")
        address = f"{self._auth.paths.login}?next={after}"
        return RedirectResponse(address, 303, headers=NO_STORE)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        handshake = HTTPConnection(scope)
        cookie = next(iter(self._auth.sessions.cookies_of(handshake)), "")
        is_allowed = bool(cookie) and is_same_origin(handshake)
        session = self._auth.sessions.identity(cookie)
        if not is_allowed or self._websockets.open[session] >= MAX_WEBSOCKETS:
            # Closed before it is accepted: the handshake is answered with 403.
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        budget = self._websockets.enter(session)
        try:
            # Opening a page costs as much as a message.
            await anyio.sleep(budget.delay())
            checked = self._checked(cookie, budget, receive, send)
            await self._app(scope, checked, send)
        finally:
            self._websockets.leave(session)

    def _checked(
        self, cookie: str, budget: _Budget, receive: Receive, send: Send
    ) -> Receive:
        """Check each message: session, size, and how many there were.

        Too many are delivered later: the server reads no further from the connection
        until then, so that a flood fills the sender's buffers and not our memory.
        """

        async def checked() -> Message:
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            size = len(message.get("bytes") or message.get("text") or "")
            if size <= MAX_MESSAGE and (delay := budget.delay()):
                await anyio.sleep(delay)
            code = None if size <= MAX_MESSAGE else _TOO_BIG
            if not self._auth.sessions.is_valid(cookie):
                code = _POLICY_VIOLATION
            if code is None:
                return message
            await send({"type": "websocket.close", "code": code})
            return {"type": "websocket.disconnect", "code": code}

        return checked
