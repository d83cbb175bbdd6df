"""Responses that several parts of the server give."""

from collections.abc import Mapping

from starlette.responses import JSONResponse

NO_STORE = {"Cache-Control": "no-store"}


class RequestError(Exception):
    """A client's mistake: sent to the client, never captured."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def error_response(
    status: int, text: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return `{"detail": …}`, the body of every refusal and failure."""
    return JSONResponse(
        {"detail": text}, status, headers=NO_STORE | dict(headers or {})
    )


def wrong_method() -> JSONResponse:
    """Return the refusal of a method of a route that only answers GET and HEAD."""
    allowed = "GET, HEAD"
    return error_response(405, f"Bad method; allowed: {allowed}", {"Allow": allowed})


def unauthorized() -> JSONResponse:
    """Return the refusal of a missing or wrong token."""
    return error_response(401, "Unauthorized", {"WWW-Authenticate": "Bearer"})


def too_many_attempts(wait: int) -> JSONResponse:
    """Return the refusal after too many wrong tokens; `wait` in seconds."""
    return error_response(429, "Too many wrong tokens", {"Retry-After": str(wait)})
