"""What every number means, written once: cards, the Data page and the docs read it."""

from collections.abc import Mapping

from metrics.definition import Definition, Unit
from metrics.insights.definitions import INSIGHT_DEFINITIONS, INSIGHT_LABELS
from metrics.meanings.growth import GROWTH, RETURNING
from metrics.meanings.ranked import COMPARED, RANKED
from metrics.meanings.traffic import TRAFFIC
from metrics.meanings.votes import ROOM, ROUNDS

__all__ = ["COMPARISONS", "DEFINITIONS", "LABELS", "Definition", "Unit"]

DEFINITIONS: Mapping[str, Definition] = {
    definition.key: definition
    for definition in (
        *TRAFFIC,
        *ROUNDS,
        *ROOM,
        *GROWTH,
        *RETURNING,
        *RANKED,
        *COMPARED,
        *INSIGHT_DEFINITIONS.values(),
    )
}
"""Every number by its column's name, in the order of the pages."""

COMPARISONS = ("_before", "_change", "_change_share")
"""What a column's name ends with when it compares the number that it starts with."""

LABELS = INSIGHT_LABELS | frozenset(
    {
        *("bucket", "date", "span", "weekday", "weekday_name", "hour", "voted_at"),
        *("order", "length", "estimation", "label", "dimension", "measure"),
        *("route", "event", "source", "country", "region", "city"),
        *("device", "os", "browser", "was_auto_flip"),
        *("id", "number", "name", "room_id", "room_number", "room_name"),
    }
)
"""Columns that say what a row is about; they are no numbers."""
