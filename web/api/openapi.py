"""The JSON API described once, and the OpenAPI 3.1 document made from it.

Routes, documentation and tests read `OPERATIONS`; the schemas above it describe every
response.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import get_args

from metrics.attention import Kind
from metrics.filters import LARGEST_ROOM_ID
from metrics.periods import PERIODS
from metrics.query import Granularity
from metrics.registry import METRIC_TABLES
from metrics.report_writers import FORMATS as REPORT_FORMATS
from metrics.subject import Unit
from metrics.tables import TABLES
from metrics.time_zone import LONGEST_NAME
from web.api.reports import DEFAULT_PERIOD as DEFAULT_REPORT_PERIOD
from web.api.tables import EARLIEST, MISSING_TABLES, OPTIONS

Schema = Mapping[str, object]

COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
SHARE: Schema = {"type": "number", "maximum": 1}
DATE: Schema = {"type": "string", "format": "date"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
INSTANT_OR_NULL: Schema = {"type": ["string", "null"], "format": "date-time"}
COUNTS: Schema = {"type": "object", "additionalProperties": COUNT}
"""Counts by name; the null group has the name "null"."""


def record(**properties: Schema) -> Schema:
    """Return the schema of an object with exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def rows(**properties: Schema) -> Schema:
    """Return the schema of a list of objects with exactly these properties."""
    return {"type": "array", "items": record(**properties)}


def _counts(*names: str) -> Mapping[str, Schema]:
    return dict.fromkeys(names, COUNT)


def _numbers(*names: str) -> Mapping[str, Schema]:
    return dict.fromkeys(names, NUMBER)


_DAILY = ("new_users", "page_views", "rooms", "estimations", "votes")

TRAFFIC = record(
    **_counts("unique_users", "page_views"),
    bounce_rate=SHARE,
    average_duration=NUMBER,
)
VOTES = record(
    **_counts("total_votes", "total_estimations"),
    **_numbers("avg_estimations_per_vote", "avg_spectators_per_vote"),
    **_numbers("avg_duration_per_vote", "avg_estimation"),
    **_numbers("avg_min_estimation", "avg_max_estimation"),
    weekday_counts=COUNTS,
    estimation_counts=COUNTS,
)
BEHAVIOUR = record(routes=COUNTS, sources=COUNTS, events=COUNTS, rooms=COUNTS)
REOCCURRING = rows(
    date=DATE,
    **_counts("reoccurring_users", "reoccurring_rooms"),
    **_counts("adjusted_reoccurring_users", "adjusted_reoccurring_rooms"),
)
HISTORICAL = rows(
    date=DATE,
    **_counts(*_DAILY),
    **_counts(*(f"acc_{name}" for name in _DAILY)),
    **{f"ma_{name}": {"type": ["number", "null"]} for name in _DAILY},
)
LOCATION = record(
    device=COUNTS,
    os=COUNTS,
    browser=COUNTS,
    country=COUNTS,
    country_region=rows(country=TEXT_OR_NULL, region=TEXT_OR_NULL, count=COUNT),
    country_city=rows(country=TEXT_OR_NULL, city=TEXT_OR_NULL, count=COUNT),
)
EVERYTHING = record(
    data=record(
        traffic=TRAFFIC,
        votes=VOTES,
        behaviour=BEHAVIOUR,
        reoccurring=REOCCURRING,
        historical=HISTORICAL,
        location_and_user_agent=LOCATION,
    ),
    data_updated_at=INSTANT_OR_NULL,
)
ROOM = record(
    **_counts("votes", "estimations", "spectators"),
    **_numbers("duration", "estimations_per_vote", "spectators_per_vote"),
    **_numbers("avg_min_estimation", "avg_avg_estimation", "avg_max_estimation"),
)
DAILY = record(**_counts("votes", "estimations", "rooms", "unique_users", "page_views"))
_DATE_OR_NULL: Schema = {"type": ["string", "null"], "format": "date"}
MISSING: Schema = {"type": "array", "items": {"enum": [live.name for live in TABLES]}}
"""Tables that the store lacks: figures that need one are null."""
LATER_BEGINS: Schema = {
    "type": "object",
    "additionalProperties": {"type": "string", "format": "date"},
}
"""The day on which each table begins that begins weeks after others."""
TABLE = record(
    name={"type": "string"},
    title={"type": "string"},
    **{"from": DATE, "to": DATE, "covers_from": DATE, "covers_to": DATE},
    compared_from=_DATE_OR_NULL,
    compared_to=_DATE_OR_NULL,
    data_begins=_DATE_OR_NULL,
    data_updated_at=INSTANT_OR_NULL,
    missing=MISSING,
    later_begins=LATER_BEGINS,
    rows={"type": "array", "items": {"type": "object"}},
)
_TEXT: Schema = {"type": "string"}
_LINK: Schema = {"type": "string", "format": "uri"}
_NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}
_INTEGER_OR_NULL: Schema = {"type": ["integer", "null"]}
REPORT = record(
    **{"from": DATE, "to": DATE},
    comparison={"anyOf": [record(**{"from": DATE, "to": DATE}), {"type": "null"}]},
    data_begins=_DATE_OR_NULL,
    data_until=INSTANT_OR_NULL,
    missing=MISSING,
    later_begins=LATER_BEGINS,
    bots={"type": "boolean"},
    figures=rows(
        key=_TEXT,
        title=_TEXT,
        unit={"enum": list(get_args(Unit))},
        value=_NUMBER_OR_NULL,
        before=_NUMBER_OR_NULL,
        change=_NUMBER_OR_NULL,
        usual={"type": ["array", "null"], "items": NUMBER, "maxItems": 2},
        unusual={"type": ["boolean", "null"]},
    ),
    chart=record(
        title=_TEXT,
        granularity={"enum": list(get_args(Granularity))},
        values=rows(date=_TEXT, votes=COUNT, cut=TEXT_OR_NULL),
        before={"type": "array", "items": COUNT},
        dates_before={"type": "array", "items": _TEXT},
        cut_before={"type": "array", "items": TEXT_OR_NULL},
    ),
    what_changed=record(
        answer=TEXT_OR_NULL,
        rows=rows(
            **dict.fromkeys(("dimension", "measure"), _TEXT),
            label=TEXT_OR_NULL,
            **_counts("now", "before"),
            room_id={"type": ["integer", "null"]},
        ),
    ),
    **dict.fromkeys(
        ("unusual_days", "unusual_days_before"),
        rows(date=DATE, measure=_TEXT, **_counts("value", "low", "high")),
    ),
    notes=rows(**{"from": DATE, "to": DATE}, title=_TEXT, link=TEXT_OR_NULL),
    rooms_grown=rows(
        name=TEXT_OR_NULL,
        number=_INTEGER_OR_NULL,
        **_counts("room_id", "votes", "before"),
        link=_LINK,
    ),
    **_counts("rooms_grown_count", "rooms_quiet_count"),
    rooms_quiet=rows(
        name=TEXT_OR_NULL,
        number=_INTEGER_OR_NULL,
        room_id=COUNT,
        last_vote_at={"type": "string", "format": "date-time"},
        link=_LINK,
    ),
)
ALERTS = rows(
    kind={"enum": list(get_args(Kind))},
    text=_TEXT,
    since=_DATE_OR_NULL,
    measure=TEXT_OR_NULL,
    figure=_NUMBER_OR_NULL,
    expectation=record(low=_NUMBER_OR_NULL, high=_NUMBER_OR_NULL),
    link=_LINK,
)
_COUNT_OR_NULL: Schema = {"type": ["integer", "null"], "minimum": 0}
_STORAGE = record(status={"enum": ["ok", "error"]}, data_size_mb=NUMBER, detail=_TEXT)
_FILES = {live.file_name: {"type": "boolean"} for live in TABLES}
HEALTH_REPORT = record(
    status={"enum": ["ok", "degraded"]},
    components=record(
        parquet_files=record(status={"enum": ["ok", "error"]}, files=record(**_FILES)),
        # Only of a store that cannot be read there is a `detail`.
        storage={**_STORAGE, "required": ["status", "data_size_mb"]},
    ),
    data_until=INSTANT_OR_NULL,
    age_seconds=_COUNT_OR_NULL,
    edits_seen_within_seconds=_COUNT_OR_NULL,
)
DETAIL = record(detail=_TEXT)
FAILURE = record(detail=_TEXT, reference=_TEXT)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the path (required) or in the query string."""

    name: str
    location: str
    schema: Schema
    meaning: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One route with its parameters and responses."""

    name: str
    path: str
    summary: str
    responses: Mapping[str, Schema]
    """Media type → schema of the response with status 200."""
    refusals: Mapping[int, str]
    """Other statuses; their body is `{"detail": …}`."""
    parameters: tuple[Parameter, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of its own of the response with status 200, with what they mean."""
    ignores_unknown: bool = False
    """Whether parameters that it does not have are ignored. They are by the replaced
    service, whose clients may send some, and by the page, whose link is shared."""
    needs_token: bool = True


_JSON = "application/json"
_BINARY: Schema = {"type": "string", "contentEncoding": "binary"}
_ROOM_ID: Schema = {"type": "integer", "minimum": 1, "maximum": LARGEST_ROOM_ID}

_TIME_ZONE = Parameter(
    "tz",
    "query",
    {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "default": "UTC"},
    "Time zone of days and hours, such as Europe/Berlin.",
)

_DATES = (
    Parameter(
        "from",
        "query",
        DATE,
        f"First day, {EARLIEST} to today; default: 28 days up to `to`.",
    ),
    Parameter(
        "to", "query", DATE, f"Last day, {EARLIEST} to today; default: yesterday."
    ),
)

_TABLE_PARAMETERS = (
    Parameter(
        "name", "path", {"type": "string", "enum": list(METRIC_TABLES)}, "The table."
    ),
    Parameter(
        "period",
        "query",
        {"type": "string", "enum": list(PERIODS)},
        "A period by name, in place of from and to.",
    ),
    *_DATES,
    Parameter("room", "query", _ROOM_ID, "Only this room, its users and their events."),
    _TIME_ZONE,
    *(
        Parameter(
            option.name,
            "query",
            {
                "type": "string",
                "enum": list(option.values),
                "default": option.values[0],
            },
            option.meaning,
        )
        for option in OPTIONS
    ),
)

_MISSING = {MISSING_TABLES: "The names of missing tables: what they count is 0."}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="all_metrics",
        path="",
        summary="All metrics over the whole history.",
        responses={_JSON: EVERYTHING},
        refusals={},
        headers=_MISSING,
        ignores_unknown=True,
    ),
    Operation(
        name="room",
        path="/room/{room_id}/stats",
        summary="Statistics of one room; zeros for a room without votes.",
        parameters=(Parameter("room_id", "path", _ROOM_ID, "The room's ID."),),
        responses={_JSON: ROOM},
        refusals={400: "Not a valid room ID."},
        headers=_MISSING,
        ignores_unknown=True,
    ),
    Operation(
        name="daily",
        path="/daily-analytics",
        summary="Totals of the last 24 hours; posts them to the email service.",
        responses={_JSON: DAILY},
        refusals={502: "The email service did not accept the summary."},
        headers=_MISSING,
        ignores_unknown=True,
    ),
    Operation(
        name="table",
        path="/tables/{name}",
        summary="A metric table that a page exports, with the same rows, compared with "
        "the previous period.",
        parameters=_TABLE_PARAMETERS,
        responses={"text/csv": _BINARY, _JSON: TABLE}
        | {"application/vnd.apache.parquet": _BINARY},
        headers={
            MISSING_TABLES: "CSV and Parquet only: the names of missing tables, whose "
            "numbers are null."
        },
        refusals={
            400: "Invalid parameter; `detail` lists what is allowed.",
            404: "Unknown table (`detail` lists the tables), or no room with this ID.",
        },
    ),
    Operation(
        name="report",
        path="/report",
        summary="The report of a period, compared with the previous one: HTML for "
        "mail, Markdown for chat, JSON for programs.",
        parameters=(
            Parameter(
                "period",
                "query",
                {"enum": list(PERIODS), "default": DEFAULT_REPORT_PERIOD},
                "A period by name, in place of from and to.",
            ),
            *_DATES,
            Parameter(
                "format",
                "query",
                {"enum": list(REPORT_FORMATS), "default": REPORT_FORMATS[0]},
                "Format of the response.",
            ),
            _TIME_ZONE,
        ),
        responses={"text/html": _TEXT, "text/markdown": _TEXT, _JSON: REPORT},
        refusals={400: "Invalid parameter; `detail` lists what is allowed."},
    ),
    Operation(
        name="alerts",
        path="/alerts",
        summary="What needs attention now; an empty list when all is well.",
        parameters=(_TIME_ZONE,),
        responses={_JSON: ALERTS},
        refusals={400: "Invalid parameter; `detail` lists what is allowed."},
    ),
    Operation(
        name="openapi",
        path="/openapi.json",
        summary="This document.",
        responses={_JSON: {"type": "object"}},
        refusals={},
    ),
    Operation(
        name="docs",
        path="/docs",
        summary="This document as a page, for browsers that are logged in.",
        responses={"text/html": _TEXT},
        refusals={},
        ignores_unknown=True,
    ),
)

HEALTH = Operation(
    name="health",
    path="/health",
    summary="Whether the tables are there and fresh. Needs no token.",
    responses={_JSON: HEALTH_REPORT},
    refusals={},
    ignores_unknown=True,
    needs_token=False,
)
"""What monitors ask for: beside the API, not below it."""

COMMON_REFUSALS: Mapping[int, str] = {
    401: "The token is missing or wrong.",
    429: "Too many wrong tokens from this client; see Retry-After.",
    500: "Internal error; `detail` names cause and fix where they are known, "
    "`reference` finds it in the log.",
}
"""Statuses that every route may answer with; the first two where it needs a token."""
_UNKNOWN = {400: "Unknown or repeated parameter; `detail` lists what is allowed."}


def document(base: str) -> dict[str, object]:
    """Return the document of an API mounted at `base`, such as "/api"."""
    beside = [{"url": base.rpartition("/")[0] or "/"}]
    health = {HEALTH.path: {"servers": beside, "get": _operation(HEALTH)}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "FPP Analytics",
            "version": "1.0.0",
            "description": "The dashboard's metrics for programs. Times are UTC, or of "
            "the zone `tz` with its offset. Responses are computed on demand from the "
            "newest data. Methods other than `GET` and `HEAD` are refused (405).",
        },
        "servers": [{"url": base or "/"}],
        "security": [{"bearer": []}, {"bare": []}],
        "paths": {o.path or "/": {"get": _operation(o)} for o in OPERATIONS} | health,
        "components": {
            "schemas": {"Detail": DETAIL, "Failure": FAILURE},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "bare": {"type": "apiKey", "in": "header", "name": "Authorization"},
            },
        },
    }


def _operation(operation: Operation) -> dict[str, object]:
    strict = {} if operation.ignores_unknown else _UNKNOWN
    common = {
        status: why
        for status, why in COMMON_REFUSALS.items()
        if operation.needs_token or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    }
    refusals = sorted({**common, **strict, **operation.refusals}.items())
    return {
        **({} if operation.needs_token else {"security": []}),
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
        "responses": {
            "200": {
                "description": "Success.",
                "headers": {
                    name: {"description": meaning, "schema": _TEXT}
                    for name, meaning in operation.headers.items()
                },
                "content": _content(operation),
            },
            **{str(status): _refusal(status, why) for status, why in refusals},
        },
    }


def _parameter(parameter: Parameter) -> dict[str, object]:
    return {
        "name": parameter.name,
        "in": parameter.location,
        "required": parameter.location == "path",
        "description": parameter.meaning,
        "schema": parameter.schema,
    }


def _content(operation: Operation) -> Mapping[str, Mapping[str, Schema]]:
    return {kind: {"schema": schema} for kind, schema in operation.responses.items()}


def _refusal(status: int, why: str) -> dict[str, object]:
    name = "Failure" if status == HTTPStatus.INTERNAL_SERVER_ERROR else "Detail"
    reference = {"$ref": f"#/components/schemas/{name}"}
    return {
        "description": why,
        "content": {"application/json": {"schema": reference}},
    }
