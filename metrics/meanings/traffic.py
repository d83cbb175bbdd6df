"""What the numbers of traffic mean."""

from metrics.definition import Definition
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS

_VIEWS = (PAGE_VIEWS.name,)
_VIEWS_AND_ESTIMATIONS = (PAGE_VIEWS.name, ESTIMATIONS.name)
_ALL = (PAGE_VIEWS.name, EVENTS.name, ESTIMATIONS.name)
_NO_EVENTS = "Events: they neither start nor prolong a session."
_SAME_PEOPLE = (
    "People without a page view in the period. (The `bounce_rate` of `GET /api` "
    "compares all visitors ever with all estimators since 3 June 2024.)"
)
_SESSION = (
    "A session is what one person views and estimates with pauses of at most "
    "10 minutes; it lasts from the first to the last of it, plus 10 seconds"
)

TRAFFIC = (
    Definition(
        "unique_users",
        "Unique users",
        "count",
        "Different people with at least one page view in the period.",
        _VIEWS,
    ),
    Definition(
        "page_views",
        "Page views",
        "count",
        "How many pages were viewed in the period.",
        _VIEWS,
    ),
    Definition(
        "activated_users",
        "Activated users",
        "count",
        "Unique users of the period who also took part in a round in it, as "
        "estimator or as spectator.",
        _VIEWS_AND_ESTIMATIONS,
        _SAME_PEOPLE,
    ),
    Definition(
        "bounce_rate",
        "Bounce rate: visitors who never estimated",
        "share",
        "1 − activated users / unique users, both of the period.",
        _VIEWS_AND_ESTIMATIONS,
        _SAME_PEOPLE,
        less_is_better=True,
    ),
    Definition(
        "activation_rate",
        "Activation rate",
        "share",
        "Activated users / unique users: the share of visitors who took part in a "
        "round in the period.",
        _VIEWS_AND_ESTIMATIONS,
        _SAME_PEOPLE,
    ),
    Definition(
        "visits",
        "Visits",
        "count",
        "Runs of page views, events and estimations of one person with pauses of at "
        "most 30 minutes. A visit belongs to the day on which it starts.",
        _ALL,
        "Visits that started before the period.",
    ),
    Definition(
        "visit_bounce_rate",
        "Visit bounce rate",
        "share",
        "Visits that are a single page view, without any event or estimation / all "
        "visits.",
        _ALL,
        "Visits that started before the period.",
        less_is_better=True,
    ),
    Definition(
        "sessions",
        "Sessions",
        "count",
        f"{_SESSION}. It belongs to the day on which it starts.",
        _VIEWS_AND_ESTIMATIONS,
        _NO_EVENTS,
    ),
    Definition(
        "session_mean_minutes",
        "Session duration (mean)",
        "minutes",
        f"Mean length of the sessions of the period. {_SESSION}.",
        _VIEWS_AND_ESTIMATIONS,
        _NO_EVENTS,
    ),
    Definition(
        "session_median_minutes",
        "Session duration (median)",
        "minutes",
        f"Half of the sessions of the period are shorter, half are longer. {_SESSION}.",
        _VIEWS_AND_ESTIMATIONS,
        _NO_EVENTS,
    ),
)
