"""What every number means, written once: cards, the Data page and the docs read it."""

from collections.abc import Mapping

from metrics.definition import Definition, Unit
from metrics.insights.definitions import INSIGHT_DEFINITIONS, INSIGHT_LABELS
from metrics.meanings.growth import GROWTH, RETURNING, USUAL
from metrics.meanings.ranked import COMPARED, RANKED
from metrics.meanings.store import STORE
from metrics.meanings.traffic import TRAFFIC
from metrics.meanings.votes import ROOM, ROUNDS

__all__ = ["COMPARISONS", "DEFINITIONS", "LABELS", "SUBJECTS", "Definition", "Unit"]

SUBJECTS: Mapping[str, tuple[Definition, ...]] = {
    "Traffic": TRAFFIC,
    "Votes": ROUNDS,
    "One room": ROOM,
    "Growth": GROWTH,
    "Returning": RETURNING,
    "Usual changes": USUAL,
    "Ranked tables": RANKED,
    "Comparisons": COMPARED,
    "How teams estimate": tuple(INSIGHT_DEFINITIONS.values()),
    "The store": STORE,
}
"""Every number by subject, in the order of the pages."""

DEFINITIONS: Mapping[str, Definition] = {
    definition.key: definition
    for definitions in SUBJECTS.values()
    for definition in definitions
}
"""Every number by its column's name."""

COMPARISONS = ("_before", "_change", "_change_share")
"""What a column's name ends with when it compares the number that it starts with."""

LABELS = INSIGHT_LABELS | frozenset(
    {
        *("bucket", "date", "span", "weekday", "weekday_name", "hour", "voted_at"),
        *("order", "length", "estimation", "label", "dimension", "measure", "key"),
        *("route", "event", "source", "country", "region", "city"),
        *("device", "os", "browser", "was_auto_flip"),
        *("table", "finished_at"),
        *("id", "number", "name", "room_id", "room_number", "room_name"),
    }
)
"""Columns that say what a row is about; they are no numbers."""
