"""How people come in: spectators, the activation funnel, invites."""

from metrics.definition import Definition
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, ROOMS, USERS, VOTES

_VOTES = (VOTES.name,)
_ESTIMATIONS = (ESTIMATIONS.name,)
_JOURNEY = tuple(t.name for t in (USERS, PAGE_VIEWS, EVENTS, ESTIMATIONS, VOTES))
_INVITES = (ROOMS.name, ESTIMATIONS.name)
_EVENTS = (EVENTS.name,)
_FEW = "Hidden below 20 cases."
_NOBODY = f"Rounds that nobody estimated. {_FEW}"
_YOUNG = f"Bots, and users who are not 28 days old yet. {_FEW}"
_NEW = f"Deleted rooms, and rooms younger than seven days. {_FEW}"

_SPECTATORS = (
    Definition(
        "seats",
        "Seats (n)",
        "count",
        "Spectators and estimates of all rounds, added up.",
        _VOTES,
        _NOBODY,
    ),
    Definition(
        "spectator_share",
        "Share of spectators",
        "share",
        "Spectators, of spectators and estimates of all rounds.",
        _VOTES,
        _NOBODY,
    ),
    Definition(
        "watched_first",
        "Watched first (n)",
        "count",
        "People who were spectators when they were first seen in a round.",
        _ESTIMATIONS,
    ),
    Definition(
        "estimated_later",
        "Estimated later",
        "count",
        "Those of them who gave an estimate later on.",
        _ESTIMATIONS,
    ),
    Definition(
        "estimated_later_share",
        "Took part later",
        "share",
        "People who first watched and estimated later, of all who first watched.",
        _ESTIMATIONS,
        _FEW,
    ),
)


def _step(key: str, title: str, formula: str) -> Definition:
    return Definition(key, title, "count", formula, _JOURNEY, _YOUNG)


def _share(key: str, title: str, formula: str) -> Definition:
    return Definition(key, title, "share", formula, _JOURNEY, _YOUNG)


_FUNNEL = (
    _step("reached", "Users", "New users who made this step and all before."),
    _step("n", "New users (n)", "New users that the shares refer to."),
    _step(
        "entered_room",
        "Entered a room",
        "Users who entered or viewed a room within 7 days.",
    ),
    _step(
        "first_estimate",
        "Estimated",
        "Users who gave an estimate within 7 days after entering a room.",
    ),
    _step(
        "with_others",
        "Estimated with others",
        "Users who estimated in a round of two or more, within 28 days.",
    ),
    _step(
        "came_back",
        "Estimated again",
        "Users who estimated again on a later day, within 28 days.",
    ),
    _share("share_of_new", "Of new users", "Users of the step, of all new users."),
    _share(
        "share_of_previous",
        "Of the step before",
        "Users of the step, of those who made the step before.",
    ),
    _share(
        "entered_share", "Entered a room (share)", "Users who entered, of new users."
    ),
    _share(
        "first_estimate_share",
        "Estimated (share)",
        "Users who estimated, of new users.",
    ),
    _share(
        "came_back_share",
        "Estimated again (share)",
        "Users who estimated with others and again on a later day, of new users.",
    ),
)


def _invite(key: str, title: str, formula: str) -> Definition:
    return Definition(key, title, "count", formula, _INVITES, _NEW)


_INVITING = (
    _invite("new_rooms", "New rooms (n)", "Rooms first used in the period."),
    _invite(
        "newcomers",
        "Newcomers",
        "People whose first estimate ever is in the room, within seven days of its "
        "first use, the founder aside.",
    ),
    _invite(
        "inviting_rooms",
        "Rooms with newcomers",
        "New rooms with two or more newcomers.",
    ),
    Definition(
        "inviting_share",
        "Rooms that bring people",
        "share",
        "New rooms with two or more newcomers within seven days, of all new rooms.",
        _INVITES,
        _NEW,
    ),
    Definition(
        "openers",
        "Opened a room (n)",
        "count",
        "People who entered a new or a random room.",
        _EVENTS,
    ),
    Definition(
        "inviters",
        "Copied the link",
        "count",
        "Those of them who copied a room's link.",
        _EVENTS,
    ),
    Definition(
        "invite_intent",
        "Invite intent",
        "share",
        "People who opened a new or random room and copied a room's link, of all who "
        "opened one.",
        _EVENTS,
        f"People who copied a link without having opened a room. {_FEW}",
    ),
)
PEOPLE = (*_SPECTATORS, *_FUNNEL, *_INVITING)
