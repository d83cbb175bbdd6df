"""The JSON API, described once: routes, documentation and tests read it."""

from collections.abc import Mapping
from dataclasses import dataclass

from metrics.registry import METRIC_TABLES
from web import schemas
from web.schemas import Schema
from web.table_query import MAX_ROOM_ID, OPTIONS


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the path or the query; those in the path are required."""

    name: str
    where: str
    schema: Schema
    meaning: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One route: what it takes and what it answers."""

    name: str
    path: str
    summary: str
    answers: Mapping[str, Schema]
    """Media type → schema of the answer with status 200."""
    refusals: Mapping[int, str]
    """Further statuses; each answers `{"detail": …}`."""
    parameters: tuple[Parameter, ...] = ()
    also: tuple[str, ...] = ()
    """Further paths that answer the same."""


_JSON = "application/json"
_BINARY: Schema = {"type": "string", "contentEncoding": "binary"}
_ROOM_ID: Schema = {"type": "integer", "minimum": 1, "maximum": MAX_ROOM_ID}

_TABLE_PARAMETERS = (
    Parameter(
        "name", "path", {"type": "string", "enum": list(METRIC_TABLES)}, "The table."
    ),
    Parameter("from", "query", schemas.DATE, "First day; default: 28 days up to `to`."),
    Parameter("to", "query", schemas.DATE, "Last day; default: yesterday, UTC."),
    Parameter("room", "query", _ROOM_ID, "Only the rows of this room."),
    *(
        Parameter(
            option.name,
            "query",
            {
                "type": "string",
                "enum": list(option.words),
                "default": option.words[0],
            },
            option.meaning,
        )
        for option in OPTIONS
    ),
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="everything",
        path="",
        also=("/",),
        summary="All figures over all of history.",
        answers={_JSON: schemas.EVERYTHING},
        refusals={},
    ),
    Operation(
        name="room",
        path="/room/{room_id}/stats",
        summary="The statistics of one room; zeros for a room without votes.",
        parameters=(Parameter("room_id", "path", _ROOM_ID, "The room's id."),),
        answers={_JSON: schemas.ROOM},
        refusals={400: "Not the id of a room."},
    ),
    Operation(
        name="daily",
        path="/daily-analytics",
        summary="The last 24 hours; posts them to the e-mail service if there is one.",
        answers={_JSON: schemas.DAILY},
        refusals={502: "The e-mail service did not take the summary."},
    ),
    Operation(
        name="table",
        path="/tables/{name}",
        summary="A table that a page exports, with the same rows. The comparison is "
        "the same length before.",
        parameters=_TABLE_PARAMETERS,
        answers={"text/csv": _BINARY, _JSON: schemas.TABLE}
        | {"application/vnd.apache.parquet": _BINARY},
        refusals={
            400: "A parameter holds what it may not.",
            404: "There is no such table.",
        },
    ),
    Operation(
        name="openapi",
        path="/openapi.json",
        summary="This document.",
        answers={_JSON: {"type": "object"}},
        refusals={},
    ),
)

EVERY_REFUSAL: Mapping[int, str] = {
    401: "The token is missing or wrong.",
    429: "Too many wrong tokens from this client; see Retry-After.",
    500: "A failure inside; it has been reported.",
}
"""What each route may answer besides."""
