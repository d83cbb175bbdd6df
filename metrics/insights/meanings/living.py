"""What lives on: room health, retention, and days that stand out."""

from metrics.definition import Definition
from metrics.tables import ESTIMATIONS, PAGE_VIEWS, ROOMS, VOTES

_ROOMS = (VOTES.name, ROOMS.name)
_LIVES = (VOTES.name, ESTIMATIONS.name)
_SEEN = (PAGE_VIEWS.name, VOTES.name)
_NOBODY = "Rounds that nobody estimated."


def _part(key: str, title: str, formula: str) -> Definition:
    return Definition(f"health_{key}", title, "points", formula, _ROOMS, _NOBODY)


_HEALTH = (
    Definition(
        "health",
        "Health",
        "points",
        "0 to 100 over the last 28 days: 25 each for active weeks, people, near "
        "consensus and recency. 70 and more is healthy, 40 to 69 cooling, below "
        "dormant.",
        _ROOMS,
        _NOBODY,
    ),
    _part(
        "before",
        "Health before",
        "The room's health 28 days earlier.",
    ),
    _part(
        "weeks",
        "Active weeks",
        "25 points for rounds in two or more of the last four weeks, half for one.",
    ),
    _part(
        "people",
        "People",
        "25 points for a median of four or more people estimating, less in proportion.",
    ),
    _part(
        "consensus",
        "Near consensus",
        "25 points times the share of rounds within one step of the scale.",
    ),
    _part(
        "recent",
        "Recency",
        "25 points for a round right now, falling to 0 after 28 days.",
    ),
    Definition(
        "healthy_rooms",
        "Healthy before (n)",
        "count",
        "Rooms with 70 points or more 28 days earlier.",
        _ROOMS,
        _NOBODY,
    ),
    Definition(
        "room_count",
        "Rooms",
        "count",
        "Number of rooms.",
        _ROOMS,
        "Among the states of rooms: those without a round in the last 56 days.",
    ),
)
_RETENTION = (
    Definition(
        "size",
        "Size (n)",
        "count",
        "Rooms (people) whose first round of two or more (first own estimate) lies in "
        "the cohort's weeks.",
        _LIVES,
    ),
    Definition(
        "alive",
        "Alive",
        "count",
        "Those of the cohort with at least one such round (estimate) at that age; "
        "blank in the future.",
        _LIVES,
    ),
)
_UNUSUAL = (
    Definition("value", "Value", "count", "What was counted on that day.", _SEEN),
    Definition(
        "expected",
        "Expected",
        "count",
        "Median of the same weekday in the 8 weeks before, moved along the trend.",
        _SEEN,
    ),
    Definition(
        "low",
        "From",
        "count",
        "Lower end of what was to be expected: 4 times the usual distance of the 8 "
        "weeks below, in square roots, since large counts vary more.",
        _SEEN,
    ),
    Definition(
        "high",
        "To",
        "count",
        "Upper end of what was to be expected: 4 times the usual distance of the 8 "
        "weeks above, in square roots.",
        _SEEN,
    ),
)
LIVING = (*_HEALTH, *_RETENTION, *_UNUSUAL)
