"""What the numbers of history, of returning and of the running day mean."""

from metrics.definition import Definition
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, ROOMS, USERS, VOTES

_WORKING_DAYS = "Estimations on Saturdays, Sundays and before 3 June 2024."
_GROWING = {
    "new_users": ("New users", USERS.name),
    "page_views": ("Page views", PAGE_VIEWS.name),
    "rooms": ("Rooms", ROOMS.name),
    "estimations": ("Estimations", ESTIMATIONS.name),
    "votes": ("Votes", VOTES.name),
}


def _accumulated(key: str, title: str, table: str) -> Definition:
    return Definition(
        f"acc_{key}",
        f"{title}, accumulated",
        "count",
        f"All rows of `{table}` from the beginning to the end of the bucket. Every "
        "day counts, also where weekends are hidden.",
        (table,),
        "Nothing. (`GET /api` adds up Monday to Friday since 3 June 2024 only.)",
    )


def _moving_average(key: str, title: str, table: str) -> Definition:
    return Definition(
        f"ma_{key}",
        f"{title}, 30-row average",
        "number",
        f"Mean of the last 30 buckets of rows of `{table}`; empty for the first 29.",
        (table,),
        "Nothing: weekends count. (`GET /api` averages the last 30 working days.)",
    )


GROWTH = (
    Definition(
        "new_users",
        "New users",
        "count",
        "People whose first visit lies in the bucket.",
        (USERS.name,),
    ),
    Definition(
        "rooms",
        "Rooms",
        "count",
        "Different rooms with a vote; in the historical chart: rooms that were used "
        "for the first time.",
        (VOTES.name, ROOMS.name),
    ),
    Definition(
        "rooms_new",
        "New rooms",
        "count",
        "Rooms that were used for the first time.",
        (ROOMS.name,),
    ),
    *(_accumulated(key, *rest) for key, rest in _GROWING.items()),
    *(_moving_average(key, *rest) for key, rest in _GROWING.items()),
)


def _returning(key: str, title: str, who: str) -> tuple[Definition, Definition]:
    return (
        Definition(
            f"reoccurring_{key}",
            title,
            "count",
            f"{who} with estimations on at least two different days (Monday to "
            "Friday) up to then; spectators count.",
            (ESTIMATIONS.name,),
            _WORKING_DAYS,
        ),
        Definition(
            f"adjusted_reoccurring_{key}",
            f"{title} (active in the last 30 days)",
            "count",
            f"{who} with estimations on at least two different days (Monday to "
            "Friday), the last of them at most 30 calendar days back.",
            (ESTIMATIONS.name,),
            _WORKING_DAYS,
        ),
    )


RETURNING = (
    *_returning("users", "Reoccurring users", "People"),
    *_returning("rooms", "Reoccurring rooms", "Rooms"),
)

USUAL = (
    Definition(
        "compared_periods",
        "Earlier pairs (n)",
        "count",
        "Earlier pairs of periods that the usual change comes from, twelve at most.",
        (PAGE_VIEWS.name, EVENTS.name, ESTIMATIONS.name, VOTES.name),
    ),
    Definition(
        "usual_low",
        "Usual change, from",
        "share",
        "The change is usual from here on: one more change like the earlier ones lies "
        "in the range in 95 of 100 cases. Shares change by percentage points.",
        (PAGE_VIEWS.name, EVENTS.name, ESTIMATIONS.name, VOTES.name),
        "Fewer than six earlier pairs.",
        neutral=True,
    ),
    Definition(
        "usual_high",
        "Usual change, to",
        "share",
        "The change is usual up to here (see its other end).",
        (PAGE_VIEWS.name, EVENTS.name, ESTIMATIONS.name, VOTES.name),
        "Fewer than six earlier pairs.",
        neutral=True,
    ),
)
