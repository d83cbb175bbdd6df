"""What the columns of ranked and of compared tables mean."""

from metrics.definition import Definition, Unit
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, USERS, VOTES

_COUNTED = (PAGE_VIEWS.name, EVENTS.name, USERS.name, ESTIMATIONS.name)
_ANY = (*_COUNTED, VOTES.name)
_FROM_SOURCES = "People whose page views name no source."


def _any(key: str, title: str, unit: Unit, formula: str) -> Definition:
    return Definition(key, title, unit, formula, _ANY)


RANKED = (
    Definition(
        "count",
        "Count",
        "count",
        "How many page views (by route or source), events (by kind), people (by "
        "place or device) or estimates (by value) fall under the label in the period.",
        _COUNTED,
        "Page views that name no source, where sources are counted; people who have "
        "been deleted, where people are counted.",
    ),
    Definition(
        "users",
        "Users",
        "count",
        "Different people behind the counted page views or events.",
        (PAGE_VIEWS.name, EVENTS.name),
    ),
    _any("share", "Share", "share", "The row's part of the whole column."),
    Definition(
        "people",
        "People",
        "count",
        "Different people with a page view from the source in the period.",
        (PAGE_VIEWS.name,),
        _FROM_SOURCES,
    ),
    Definition(
        "estimated",
        "Took part",
        "count",
        "Those of the source's people who took part in a round in the period, as "
        "estimator or as spectator; their part is the activation rate.",
        (PAGE_VIEWS.name, ESTIMATIONS.name),
        _FROM_SOURCES,
    ),
    Definition(
        "last_vote_at",
        "Last vote (UTC)",
        "count",
        "When the room's last counted vote ended.",
        (VOTES.name,),
    ),
)

COMPARED = (
    _any("now", "Now", "count", "The count in the period."),
    _any("before", "Before", "count", "The same count in the period compared with."),
    _any("change", "Change", "count", "Now − before."),
    _any(
        "total",
        "Of",
        "count",
        "The count over all labels, those that did not move included.",
    ),
    _any(
        "contribution",
        "Contribution",
        "share",
        "What the label alone adds to the change of the whole: its change, divided by "
        "the count of all labels before. Hidden where that is below 20.",
    ),
    _any(
        "change_share",
        "Change in %",
        "share",
        "(Now − before) / before; empty where there was nothing before.",
    ),
)
