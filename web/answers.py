"""Short answers that more than one part of the server gives."""

from collections.abc import Mapping

from starlette.responses import JSONResponse

NO_STORE = {"Cache-Control": "no-store"}


class RequestError(Exception):
    """The client's mistake: shown to the client, never captured."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def detail(
    status: int, text: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return `{"detail": …}`, the form of every refusal and failure."""
    return JSONResponse(
        {"detail": text}, status, headers=NO_STORE | dict(headers or {})
    )


def unauthorized() -> JSONResponse:
    """Return what somebody gets who shows no token, or a wrong one."""
    return detail(401, "Unauthorized", {"WWW-Authenticate": "Bearer"})


def too_many_tries(wait: int) -> JSONResponse:
    """Return what somebody gets who guesses; `wait` in seconds."""
    return detail(429, "Too many failed tries", {"Retry-After": str(wait)})
