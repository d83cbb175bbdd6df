"""The last boundary: what nobody else handled is reported once, and says nothing."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import ErrorContext, capture_error
from web import answers


class Boundary:
    """Answers 500 for a failure of login, health, media or the gate itself.

    The API and the pages handle their own; a websocket that fails is closed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:  # noqa: BLE001 - the boundary of every request
            # The path stays out: it may hold what somebody typed.
            context = ErrorContext("server", "request", {"method": scope["method"]})
            capture_error(error, context, "critical")
            if not begun:
                failed = answers.detail(500, "Internal server error")
                await failed(scope, receive, send)
