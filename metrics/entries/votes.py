"""Tables on rounds of estimating."""

from metrics import rooms, votes, weekdays
from metrics.entries.shapes import over_time
from metrics.metric_table import table
from metrics.tables import ESTIMATIONS, VOTES

ROUNDS = (
    table(
        "votes_totals",
        "Votes of the period",
        lambda s: votes.totals(s.rows),
        VOTES,
    ),
    table(
        "votes_over_time",
        "Votes over time",
        over_time(lambda s: votes.over_time(s.frames, s.period, s.granularity)),
        VOTES,
    ),
    table(
        "votes_by_weekday",
        "Votes by weekday",
        lambda s: weekdays.by_weekday(s.frames, s.period),
        VOTES,
    ),
    table(
        "votes_by_weekday_and_hour",
        "Votes by weekday and hour (UTC)",
        lambda s: weekdays.by_weekday_and_hour(s.frames, s.period),
        VOTES,
    ),
    table(
        "estimates",
        "How often each value is estimated",
        lambda s: votes.estimates(s.rows),
        ESTIMATIONS,
    ),
    table(
        "round_durations",
        "How long rounds take",
        lambda s: votes.durations(s.rows),
        VOTES,
    ),
    table(
        "team_sizes",
        "How many people estimate together",
        lambda s: votes.team_sizes(s.rows),
        VOTES,
    ),
    table(
        "spread",
        "How far apart estimates are",
        lambda s: votes.spread(s.rows),
        VOTES,
    ),
    table("rounds", "Rounds, newest first", lambda s: rooms.rounds(s.rows), VOTES),
)
