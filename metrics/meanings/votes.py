"""What the numbers of votes and of single rooms mean."""

from metrics.definition import Definition, Unit
from metrics.tables import ESTIMATIONS, VOTES

_VOTES = (VOTES.name,)
_NO_ESTIMATE = "Rounds that nobody estimated."
_API_KEEPS = (
    "Rounds that nobody estimated. (`GET /api` and the statistics of a room keep "
    "them, with minimum 21, maximum 1 and average 0.)"
)


def _average(key: str, title: str, what: str) -> tuple[Definition, Definition]:
    """Define a mean over rounds and the median beside it."""
    return (
        Definition(
            key,
            title,
            "number",
            f"Mean over rounds of {what}.",
            _VOTES,
            _API_KEEPS,
            neutral=True,
        ),
        Definition(
            f"{key}_median",
            f"{title} (median)",
            "number",
            f"Median over rounds of {what}: half of the rounds lie below.",
            _VOTES,
            _NO_ESTIMATE,
            neutral=True,
        ),
    )


def _count(key: str, title: str, formula: str, unit: Unit = "count") -> Definition:
    return Definition(key, title, unit, formula, _VOTES)


ROUNDS = (
    _count("votes", "Votes", "Finished rounds of estimating."),
    Definition(
        "estimations",
        "Estimations",
        "count",
        "Estimates given in all votes, added up. In the historical chart: rows of "
        "estimations, so a spectator in a round counts there as well.",
        (VOTES.name, ESTIMATIONS.name),
    ),
    _count(
        "rounds_with_estimate",
        "Rounds with an estimate",
        "Votes in which at least one person estimated.",
    ),
    Definition(
        "rounds_without_estimate",
        "Rounds without an estimate",
        "count",
        "Votes that ended without anybody having estimated.",
        _VOTES,
        less_is_better=True,
    ),
    *_average(
        "estimations_per_vote", "Estimations per vote", "the number of estimates"
    ),
    *_average("spectators_per_vote", "Spectators per vote", "the number of spectators"),
    *_average("avg_min_estimation", "Lowest estimate", "the lowest estimate"),
    *_average("avg_estimation", "Average estimate", "the round's average estimate"),
    *_average("avg_max_estimation", "Highest estimate", "the highest estimate"),
    Definition(
        "duration_mean_seconds",
        "Duration (mean)",
        "seconds",
        "Mean time from a round's start to its end. The clock also runs in idle "
        "rooms, so a few long rounds pull it up: see the median.",
        _VOTES,
        _API_KEEPS,
        neutral=True,
    ),
    Definition(
        "duration_median_seconds",
        "Duration (median)",
        "seconds",
        "Half of the rounds are shorter, half are longer.",
        _VOTES,
        _NO_ESTIMATE,
        neutral=True,
    ),
    Definition(
        "duration_p90_seconds",
        "Duration (90th percentile)",
        "seconds",
        "Nine of ten rounds are shorter (between two rounds: interpolated).",
        _VOTES,
        _NO_ESTIMATE,
        neutral=True,
    ),
    Definition(
        "auto_flip_share",
        "Auto-flip",
        "share",
        "Rounds whose cards turned by themselves once everybody had estimated / all "
        "rounds.",
        _VOTES,
        _NO_ESTIMATE,
        neutral=True,
    ),
    _count("days", "Such days", "How many such weekdays the period has."),
    _count(
        "votes_per_day",
        "Votes per such day",
        "Votes / the number of such weekdays in the period.",
        "number",
    ),
    Definition(
        "estimators",
        "Estimators",
        "count",
        "How many people estimated in the round.",
        _VOTES,
        _NO_ESTIMATE,
    ),
    Definition(
        "steps",
        "Steps apart",
        "count",
        "How many places on the scale 1, 2, 3, 5, 8, 13, 21 lie between the lowest "
        "and the highest estimate; 0 means that all agree, 13 to 21 is one step.",
        _VOTES,
        "Rounds with fewer than two estimates.",
    ),
)

ROOM = (
    _count("spectators", "Spectators", "Spectators of all votes, added up."),
    _count(
        "duration",
        "Duration",
        "Time from a round's start to its end; in the statistics of a room the mean, "
        "rounded, over all its rounds.",
        "seconds",
    ),
    _count(
        "avg_avg_estimation",
        "Average estimate",
        "Mean over a room's rounds of their average estimate; a round that nobody "
        "estimated counts as 0, as in `GET /api/room/{room_id}/stats`.",
        "number",
    ),
    _count("amount_of_estimations", "Estimates", "Estimates given in the round."),
    _count("amount_of_spectators", "Spectators", "Spectators of the round."),
    _count("min_estimation", "Lowest", "The lowest estimate of the round."),
    _count("max_estimation", "Highest", "The highest estimate of the round."),
)
