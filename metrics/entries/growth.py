"""Tables on the running day, what moved, and how everything grew."""

from metrics import changes, daily, growth, returning, usual_change
from metrics.entries.shapes import over_time
from metrics.metric_table import table
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, ROOMS, TABLES, USERS, VOTES

_PEOPLE = (USERS, PAGE_VIEWS, EVENTS, ESTIMATIONS)

GROWTH = (
    table(
        "daily_summary",
        "Today and the last 24 hours",
        lambda s: daily.summary(s.frames, s.now),
        VOTES,
        PAGE_VIEWS,
        USERS,
        ROOMS,
    ),
    table(
        "what_moved",
        "What moved most?",
        changes.what_moved,
        *_PEOPLE,
        VOTES,
        ROOMS,
    ),
    table(
        "usual_changes",
        "How much do key figures usually change?",
        usual_change.usual_changes,
        PAGE_VIEWS,
        EVENTS,
        ESTIMATIONS,
        VOTES,
    ),
    table(
        "historical",
        "How everything grew",
        over_time(lambda s: growth.series(s.frames, s.period, s.granularity)),
        *TABLES,
    ),
    table(
        "reoccurring",
        "Users and rooms that come back",
        over_time(lambda s: returning.series(s.frames, s.period, s.granularity)),
        ESTIMATIONS,
    ),
)
