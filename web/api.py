"""The JSON API: the endpoints behind `web.description`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from core.errors import ErrorContext, capture_error
from core.settings import EmailService
from web import answers, email, openapi, questions, table_answers
from web.answers import NO_STORE, RequestError
from web.description import OPERATIONS
from web.desk import Desk
from web.table_query import TableQuery, read_room_id

Endpoint = Callable[[Request], Awaitable[Response]]

_NOT_FOUND = answers.detail(404, "Not found")
"""Ends the API for every method: Streamlit would answer its page, with 200."""


@dataclass(frozen=True, slots=True)
class Api:
    """Answers programs; every number comes from the metrics of the pages."""

    desk: Desk
    mail: EmailService | None

    def routes(self, base: str) -> list[BaseRoute]:
        """Return the routes below a path such as "/api"; the last one ends it."""
        endpoints: Mapping[str, Endpoint] = {
            "everything": self._everything,
            "room": self._room,
            "daily": self._daily,
            "table": self._table,
            "openapi": self._openapi,
        }
        return [
            *(
                Route(base + path, _guarded(o.name, endpoints[o.name]), methods=["GET"])
                for o in OPERATIONS
                for path in (o.path, *o.also)
            ),
            *(Route(path, _NOT_FOUND) for path in (base, f"{base}/{{rest:path}}")),
        ]

    async def _everything(self, _: Request) -> Response:
        return _json(await self.desk.ask(questions.everything))

    async def _room(self, request: Request) -> Response:
        room_id = read_room_id(request.path_params["room_id"])
        return _json(await self.desk.ask(questions.room(room_id)))

    async def _daily(self, _: Request) -> Response:
        summary = await self.desk.ask(questions.last_day)
        try:
            await email.send(self.mail, summary)
        except email.EmailServiceError as error:
            capture_error(error, ErrorContext("email", "daily summary"), "medium")
            return answers.detail(502, "The e-mail service did not take the summary")
        return _json(summary)

    async def _table(self, request: Request) -> Response:
        name, today = request.path_params["name"], self.desk.clock().date()
        query = TableQuery.read(name, request.query_params, today)
        return await self.desk.ask(table_answers.answer(query))

    async def _openapi(self, request: Request) -> Response:
        base = request.url.path.removesuffix("/openapi.json")
        return _json(openapi.document(base))


def _json(content: Mapping[str, object]) -> Response:
    return JSONResponse(content, headers=NO_STORE)


def _guarded(name: str, endpoint: Endpoint) -> Endpoint:
    """Answer the client's mistakes; capture ours, once, and say no more than 500."""

    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except RequestError as refused:
            return answers.detail(refused.status, refused.detail)
        except Exception as error:  # noqa: BLE001 - the boundary of every API call
            capture_error(error, ErrorContext("api", name), "critical")
            return answers.detail(500, "Internal server error")

    return guarded
