"""JSON Schemas of the API's answers, as the OpenAPI document gives them."""

from collections.abc import Mapping

from metrics.tables import TABLES

Schema = Mapping[str, object]

COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
SHARE: Schema = {"type": "number", "maximum": 1}
DATE: Schema = {"type": "string", "format": "date"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
INSTANT_OR_NULL: Schema = {"type": ["string", "null"], "format": "date-time"}
COUNTS: Schema = {"type": "object", "additionalProperties": COUNT}
"""Counts by name; a null group stands under the name "null"."""


def record(**properties: Schema) -> Schema:
    """Return an object that holds exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def rows(**properties: Schema) -> Schema:
    """Return a list of such objects."""
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
TABLE = record(
    name={"type": "string"},
    title={"type": "string"},
    **{"from": DATE, "to": DATE},
    data_updated_at=INSTANT_OR_NULL,
    rows={"type": "array", "items": {"type": "object"}},
)
DETAIL = record(detail={"type": "string"})
HEALTH = record(
    status={"enum": ["ok", "degraded"]},
    components=record(
        parquet_files=record(
            status={"enum": ["ok", "error"]},
            files=record(**{t.file_name: {"type": "boolean"} for t in TABLES}),
        ),
        storage=record(status={"const": "ok"}, data_size_mb=NUMBER),
    ),
    data_until=INSTANT_OR_NULL,
    age_seconds={"type": ["integer", "null"], "minimum": 0},
)
