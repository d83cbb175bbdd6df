"""The routes of the JSON API: one endpoint for each operation of `openapi`."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from core.errors import ErrorContext, add_error_breadcrumb, capture_error, logger
from core.settings import EmailService
from web import email
from web.api import docs, openapi, queries
from web.api.openapi import OPERATIONS, Operation
from web.api.queries import Query, QueryRunner, Summary
from web.api.reports import ReportQuery, alerts_response, report_response
from web.api.tables import (
    TableQuery,
    missing_header,
    read_room_id,
    read_zone,
    refuse_repeated,
    refuse_unknown,
    table_response,
    values_of,
)
from web.errors import failure
from web.responses import (
    NO_STORE,
    RequestError,
    error_response,
    refusals_of_methods,
)

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Api:
    """Endpoints for programs; their numbers come from the metrics of the pages."""

    queries: QueryRunner
    email_service: EmailService | None
    sync_interval: int
    """Seconds between two runs of the sync job."""
    notes_file: Path | None = None
    excluded_rooms: frozenset[int] = frozenset()
    """Left out of tables, report and alerts, as on the pages."""

    def routes(self, base: str) -> list[BaseRoute]:
        """Return the routes below `base`, such as "/api"; the last one is the 404."""
        endpoints: Mapping[str, Endpoint] = {
            "all_metrics": self._all_metrics,
            "room": self._room,
            "daily": self._daily,
            "table": self._table,
            "report": self._report,
            "alerts": self._alerts,
            "openapi": self._openapi,
            "docs": self._docs,
        }
        served = [
            Route(base + o.path, _guarded(o, endpoints[o.name]), methods=["GET"])
            for o in OPERATIONS
        ]
        known = ", ".join(base + operation.path for operation in OPERATIONS)
        unknown = error_response(404, f"Unknown route; allowed: {known}")
        return [
            *served,
            *refusals_of_methods(served),
            # Streamlit would answer with its page and 200.
            Route(f"{base}/{{rest:path}}", unknown),
        ]

    async def _all_metrics(self, _: Request) -> Response:
        return _json(*await self._summary(queries.all_metrics))

    async def _room(self, request: Request) -> Response:
        room_id = read_room_id(request.path_params["room_id"], "Invalid room_id")
        return _json(*await self._summary(queries.room_statistics(room_id)))

    async def _daily(self, request: Request) -> Response:
        summary, missing, unknown = await self.queries.run(
            lambda snapshot, now: (
                queries.last_24_hours(snapshot, now),
                snapshot.missing,
                queries.why_unknown(snapshot, now),
            )
        )
        # Who asks for the headers alone, as monitors do, wants no mail.
        if request.method == "HEAD":
            return _json(summary, missing)
        if unknown:
            # Its zeros would be taken for a quiet day.
            logger.warning("The daily summary is not emailed: %s.", unknown)
            return _json(summary, missing)
        try:
            # Before the response: a scheduler has to see that the mail failed.
            await email.send(self.email_service, summary)
        except email.EmailServiceError as error:
            capture_error(error, ErrorContext("email", "daily summary"), "medium")
            return error_response(502, "The email service did not accept the summary")
        return _json(summary, missing)

    async def _summary(self, query: Query[Summary]) -> tuple[Summary, Sequence[str]]:
        """Run a query of the replaced service; name what the store lacks as well."""
        return await self.queries.run(
            lambda snapshot, now: (query(snapshot, now), snapshot.missing)
        )

    async def _table(self, request: Request) -> Response:
        name, now = request.path_params["name"], self.queries.clock()
        query = TableQuery.read(name, values_of(request.query_params), now)
        if query.room_id in self.excluded_rooms:
            # Its zeros would be taken for what happened there.
            raise RequestError(
                400, f"Bad room; EXCLUDED_ROOMS leaves out room {query.room_id}"
            )
        return await self.queries.run(table_response(query, self.excluded_rooms))

    async def _report(self, request: Request) -> Response:
        query = ReportQuery.read(values_of(request.query_params), self.queries.clock())
        return await self.queries.run(
            report_response(
                query, _base_url(request), self.notes_file, self.excluded_rooms
            )
        )

    async def _alerts(self, request: Request) -> Response:
        zone = read_zone(values_of(request.query_params))
        return await self.queries.run(
            alerts_response(
                _base_url(request), self.sync_interval, zone, self.excluded_rooms
            )
        )

    async def _openapi(self, request: Request) -> Response:
        base = request.url.path.removesuffix("/openapi.json")
        return _json(openapi.document(base))

    async def _docs(self, request: Request) -> Response:
        base = request.url.path.removesuffix("/docs")
        host = f"{request.url.scheme}://{request.url.netloc}"
        text = docs.page(base, host, f"{base.removesuffix('/api')}/")
        return HTMLResponse(text, headers=NO_STORE)


def _base_url(request: Request) -> str:
    """Return the dashboard's address as the client sees it, without a slash."""
    # A proxy may add a path before ours.
    address = str(request.url.replace(query="", fragment=""))
    return address.rpartition("/api/")[0]


def _json(content: Mapping[str, object], missing: Collection[str] = ()) -> Response:
    """Return an answer; a header names missing tables, for which it has no place."""
    # The same text as of a JSONResponse, in a tenth of the time.
    body = msgspec.json.encode(content)
    headers = {**NO_STORE, **missing_header(missing)}
    return Response(body, media_type="application/json", headers=headers)


def _guarded(operation: Operation, endpoint: Endpoint) -> Endpoint:
    """Turn a client's mistake into its status, and a failure of ours into 500.

    Only a failure of ours is captured, once, with the endpoint that was called.
    """
    name = operation.name
    allowed = [p.name for p in operation.parameters if p.location == "query"]

    async def guarded(request: Request) -> Response:
        add_error_breadcrumb("request", "api", {"endpoint": name})
        try:
            if not operation.ignores_unknown:
                refuse_unknown(request.query_params, allowed)
                refuse_repeated(request.query_params)
            return await endpoint(request)
        except RequestError as refused:
            return error_response(refused.status, refused.detail)
        except Exception as error:  # noqa: BLE001 - the boundary of every API request
            return failure(error, ErrorContext("api", name))

    return guarded
