"""The gate before everything: pages, websocket, media and downloads, the API.

Pure ASGI, since Starlette's `BaseHTTPMiddleware` lets websockets pass.
"""

from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web import answers
from web.door import Door
from web.sessions import COOKIE

_POLICY_VIOLATION = 1008


class Gate:
    """Lets a request through that carries a session or the token; refuses the rest."""

    def __init__(self, app: ASGIApp, *, door: Door) -> None:
        self._app = app
        self._door = door
        self._public = {door.paths.health, door.paths.login}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; a kind that is not known is not answered."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            refusal = self._refusal(HTTPConnection(scope))
            await (refusal or self._app)(scope, receive, send)

    def _refusal(self, request: HTTPConnection) -> Response | None:
        path = request.scope["path"]
        if path in self._public:
            return None
        if self._door.paths.is_api(path):
            return self._door.refuse_program(request)
        if self._door.sessions.holds(request):
            return None
        return self._send_to_login(request)

    def _send_to_login(self, request: HTTPConnection) -> Response:
        """Redirect a person who asks for a page; tell the rest that it is closed."""
        scope = request.scope
        wants_page = "text/html" in request.headers.get("accept", "")
        if scope["method"] not in {"GET", "HEAD"} or not wants_page:
            return answers.unauthorized()
        wanted = quote(scope["path"], safe="/")
        if scope["query_string"]:
            wanted += "?" + scope["query_string"].decode("latin-1")
        after = quote(self._door.paths.safe_next(wanted), safe="/")
        address = f"{self._door.paths.login}?next={after}"
        return RedirectResponse(address, 303, headers=answers.NO_STORE)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        handshake = HTTPConnection(scope)
        if not (self._door.sessions.holds(handshake) and _is_same_origin(handshake)):
            # Closing before accepting: the handshake is answered with 403.
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        cookie = handshake.cookies[COOKIE]
        await self._app(scope, self._while_valid(cookie, receive, send), send)

    def _while_valid(self, cookie: str, receive: Receive, send: Send) -> Receive:
        """Close an open websocket at the first message after its session ended."""

        async def checked() -> Message:
            message = await receive()
            ended = not self._door.sessions.is_valid(cookie)
            if message["type"] == "websocket.receive" and ended:
                await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
                return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}
            return message

        return checked


def _is_same_origin(handshake: HTTPConnection) -> bool:
    """Compare what every browser sends with the host that it asked.

    Stricter than Streamlit, which accepts a websocket without an origin.
    """
    host = handshake.headers.get("host", "")
    origin = handshake.headers.get("origin", "")
    return bool(host) and origin in {f"http://{host}", f"https://{host}"}
