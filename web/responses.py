"""Responses that several parts of the server give."""

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from string import Template

from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

NO_STORE = {"Cache-Control": "no-store"}
_PAGE = Template((Path(__file__).parent / "page.html").read_text("utf-8"))


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


def plain_page(
    title: str, text: str, body: str, message: str = "", status: int = 200
) -> HTMLResponse:
    """Return a page in our design that works without scripts; `body` is HTML."""
    alert = f'<p role="alert">{escape(message)}</p>' if message else ""
    page = _PAGE.substitute(title=title, text=text, message=alert, body=body)
    return HTMLResponse(page, status, headers=NO_STORE)


def unauthorized() -> JSONResponse:
    """Return the refusal of a missing or wrong token."""
    return error_response(401, "Unauthorized", {"WWW-Authenticate": "Bearer"})


def too_many_attempts(wait: int) -> JSONResponse:
    """Return the refusal after too many wrong tokens; `wait` in seconds."""
    return error_response(429, "Too many wrong tokens", {"Retry-After": str(wait)})


def refusals_of_methods(routes: Iterable[Route]) -> list[Route]:
    """Return a route per path that refuses all methods but those of these routes.

    They have to follow these: the first route that matches answers.
    """
    allowed: dict[str, set[str]] = {}
    for route in routes:
        allowed.setdefault(route.path, set()).update(route.methods or ())
    return [Route(path, _wrong_method(methods)) for path, methods in allowed.items()]


def _wrong_method(allowed: Iterable[str]) -> JSONResponse:
    names = ", ".join(sorted(allowed))
    return error_response(405, f"Bad method; allowed: {names}", {"Allow": names})
