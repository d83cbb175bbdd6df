"""The login page: a plain form that works without scripts, and the way out."""

from html import escape
from pathlib import Path
from string import Template
from urllib.parse import parse_qs

from anyio import fail_after
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from web import answers
from web.door import Door
from web.sessions import COOKIE, LIFETIME


def _template(name: str) -> Template:
    return Template((Path(__file__).parent / name).read_text("utf-8"))


_PAGE, _LOGIN, _LOGOUT = map(_template, ("door.html", "login.html", "logout.html"))
LONGEST_FORM = 8192
FORM_SECONDS = 10.0


def routes(door: Door) -> list[Route]:
    """Return the routes of login and logout."""
    login = Login(door)
    return [
        Route(door.paths.login, login.show, methods=["GET"]),
        Route(door.paths.login, login.enter, methods=["POST"]),
        Route(door.paths.logout, login.ask, methods=["GET"]),
        Route(door.paths.logout, login.leave, methods=["POST"]),
    ]


class Login:
    """Turns the token into a session, and ends it."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def show(self, request: Request) -> Response:
        """Show the form, or follow the link that the server printed."""
        wanted = request.query_params.get("next", "")
        token = request.query_params.get("token", "")
        if token and self._door.access.by_link:
            return self._try(request, token, wanted)
        if self._door.sessions.holds(request):
            return self._go_on(wanted)
        return self._form(wanted)

    async def enter(self, request: Request) -> Response:
        """Take the form."""
        try:
            with fail_after(FORM_SECONDS):
                body = await _body(request)
        except TimeoutError:
            return answers.detail(408, "The form took too long")
        except ClientDisconnect:
            return answers.detail(400, "The form is not complete")
        if body is None:
            return answers.detail(413, "The form is too large")
        form = parse_qs(body.decode("utf-8", "replace"), max_num_fields=None)
        return self._try(request, _field(form, "token"), _field(form, "next"))

    async def ask(self, _: Request) -> Response:
        """Show the button that logs out: a link alone must not."""
        form = _LOGOUT.substitute(action=escape(self._door.paths.logout))
        text = "This browser stays logged in for seven days, or until you log out."
        return _page("Log out", text, form)

    async def leave(self, request: Request) -> Response:
        """End the session here and wherever else its cookie is."""
        self._door.sessions.end(request.cookies.get(COOKIE, ""))
        response = RedirectResponse(self._door.paths.login, 303, answers.NO_STORE)
        response.delete_cookie(COOKIE, path=self._door.paths.home)
        return response

    def _try(self, request: Request, token: str, wanted: str) -> Response:
        if wait := self._door.wait(request):
            return self._form(
                wanted,
                f"Too many failed tries. Try again in {wait} seconds.",
                429,
                wait,
            )
        if not self._door.admits(request, token.strip().encode()):
            return self._form(wanted, "That is not the token.", 401)
        response = self._go_on(wanted)
        response.set_cookie(
            COOKIE,
            self._door.sessions.start(),
            max_age=int(LIFETIME.total_seconds()),
            path=self._door.paths.home,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return response

    def _go_on(self, wanted: str) -> Response:
        return RedirectResponse(
            self._door.paths.safe_next(wanted), 303, headers=answers.NO_STORE
        )

    def _form(
        self, wanted: str, message: str = "", status: int = 200, wait: int = 0
    ) -> Response:
        form = _LOGIN.substitute(
            action=escape(self._door.paths.login),
            next=escape(self._door.paths.safe_next(wanted)),
        )
        text = "The analytics of Free Planning Poker. Log in with the access token."
        response = _page("Log in", text, form, message, status)
        if wait:
            response.headers["Retry-After"] = str(wait)
        return response


def _page(
    title: str, text: str, form: str, message: str = "", status: int = 200
) -> HTMLResponse:
    """Return a page in our look that works without scripts."""
    alert = f'<p role="alert">{escape(message)}</p>' if message else ""
    page = _PAGE.substitute(title=title, text=text, message=alert, form=form)
    return HTMLResponse(page, status, headers=answers.NO_STORE)


async def _body(request: Request) -> bytes | None:
    """Return the body; None when it is larger than any form of ours."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            return None
    return body


def _field(form: dict[str, list[str]], name: str) -> str:
    return form.get(name, [""])[0]
