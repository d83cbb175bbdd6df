"""The login and logout pages: plain forms that work without scripts, too."""

from html import escape
from pathlib import Path
from string import Template
from urllib.parse import parse_qs, quote

from anyio import fail_after
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from web.auth.authenticator import Authenticator, is_same_origin
from web.auth.sessions import LIFETIME, cookie_name
from web.responses import NO_STORE, error_response, plain_page


def _template(name: str) -> Template:
    return Template((Path(__file__).parent / name).read_text("utf-8"))


LOGIN, _LOGOUT = map(_template, ("login.html", "logout.html"))
MAX_FORM = 48 * 1024
"""Bytes; the longest link that a request may have, as a form writes it."""
FORM_SECONDS = 10.0
_NO_COOKIE = (
    "The browser refused the cookie. Allow cookies for this site and try again."
)


def routes(auth: Authenticator) -> list[Route]:
    """Return the routes of login and logout."""
    login = Login(auth)
    return [
        Route(auth.paths.login, login.show, methods=["GET"]),
        Route(auth.paths.login, login.log_in, methods=["POST"]),
        Route(auth.paths.logout, login.confirm_logout, methods=["GET"]),
        Route(auth.paths.logout, login.log_out, methods=["POST"]),
    ]


class Login:
    """Turns the token into a session, and ends it."""

    def __init__(self, auth: Authenticator) -> None:
        self._auth = auth

    async def show(self, request: Request) -> Response:
        """Show the form, or follow the link that the server printed."""
        wanted = request.query_params.get("next", "")
        token = request.query_params.get("token", "")
        if token and self._auth.token.is_random:
            return await self._try(request, token, wanted)
        if self._auth.sessions.is_logged_in(request):
            return self._continue(wanted)
        # A login leads by way of here: only now is it known whether the cookie is kept.
        is_refused = "entered" in request.query_params
        return self._form(wanted, _NO_COOKIE if is_refused else "")

    async def log_in(self, request: Request) -> Response:
        """Check the token of the form.

        A form of another site is refused: it could log a browser into a session that
        another user watches, or spend its attempts. Programs send no origin.
        """
        if "origin" in request.headers and not is_same_origin(request):
            return error_response(403, "The form comes from another site")
        try:
            with fail_after(FORM_SECONDS):
                body = await _body(request)
        except TimeoutError:
            return error_response(408, "The form took too long")
        except ClientDisconnect:
            return error_response(400, "The form is not complete")
        if body is None:
            return error_response(413, "The form is too large")
        form = parse_qs(body.decode("utf-8", "replace"), max_num_fields=None)
        return await self._try(request, _field(form, "token"), _field(form, "next"))

    async def confirm_logout(self, _: Request) -> Response:
        """Show the button that logs out: following a link must not log out."""
        paths = self._auth.paths
        form = _LOGOUT.substitute(action=escape(paths.logout), home=escape(paths.home))
        text = "You stay logged in here for seven days unless you log out."
        return plain_page("Log out", text, form)

    async def log_out(self, request: Request) -> Response:
        """End the session in every browser that has its cookie."""
        for cookie in self._auth.sessions.cookies_of(request):
            self._auth.sessions.end(cookie)
        response = RedirectResponse(self._auth.paths.login, 303, NO_STORE)
        response.delete_cookie(cookie_name(request), path=self._auth.paths.home)
        return response

    async def _try(self, request: Request, token: str, wanted: str) -> Response:
        delay = await self._auth.verify(request, token.encode())
        if delay is not None:
            return self._form(wanted, "Wrong token. Try again.", 401, delay)
        after = quote(self._auth.paths.safe_next(wanted), safe="/")
        address = f"{self._auth.paths.login}?next={after}&entered="
        response = RedirectResponse(address, 303, headers=NO_STORE)
        response.set_cookie(
            cookie_name(request),
            self._auth.sessions.start(),
            max_age=int(LIFETIME.total_seconds()),
            path=self._auth.paths.home,
            httponly=True,
            samesite="lax",
        )
        return response

    def _continue(self, wanted: str) -> Response:
        return RedirectResponse(
            self._auth.paths.safe_next(wanted), 303, headers=NO_STORE
        )

    def _form(
        self, wanted: str, message: str = "", status: int = 200, delay: int = 0
    ) -> Response:
        form = LOGIN.substitute(
            action=escape(self._auth.paths.login),
            next=escape(self._auth.paths.safe_next(wanted)),
        )
        text = (
            "Analytics for Free Planning Poker. Enter your access token; a cookie "
            "keeps you logged in for seven days."
        )
        response = plain_page("Log in", text, form, message, status)
        if delay:
            response.headers["Retry-After"] = str(delay)
            response.status_code = 429
        return response


async def _body(request: Request) -> bytes | None:
    """Return the body, or None when it is larger than any form of ours."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            return None
    return body


def _field(form: dict[str, list[str]], name: str) -> str:
    return form.get(name, [""])[0]
