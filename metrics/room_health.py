"""Room health: which rooms are healthy, cooling or dormant."""

from datetime import datetime, timedelta

import polars as pl

from metrics.agreement import votes_with_pairs
from metrics.card_scale import estimated
from metrics.estimated_votes import estimated_votes
from metrics.expressions import MINIMUM_SAMPLE, ratio, row_count
from metrics.formats import number
from metrics.frames import Period, instant
from metrics.query import Query, SharedPlans
from metrics.sentences import counted, portion
from metrics.subject import Definition, table
from metrics.tables import ESTIMATIONS, ROOMS, VOTES

SPAN = timedelta(days=28)
HEALTHY, COOLING = 70, 40
"""Points from which on a room is healthy, and cooling; below it is dormant."""
STATES = ("healthy", "cooling", "dormant")
_PART = 25
_WEEKS, _SIZE = 2, 4
"""Active weeks, and estimators in the median vote, that earn all points."""
_WEEK = timedelta(days=7)

_READS = (VOTES, ESTIMATIONS, ROOMS)
_NAMES = tuple(live.name for live in _READS)


def _points_of(key: str, title: str, formula: str) -> Definition:
    return Definition(f"health_{key}", title, "points", formula, _NAMES, "Empty votes.")


DEFINITIONS = (
    Definition(
        "health",
        "Health",
        "points",
        "0 to 100 over the last 28 days: 25 each for active weeks, team size, near "
        "consensus and recency. 70 and more is healthy, 40 to 69 cooling, less "
        "dormant.",
        _NAMES,
        "Empty votes.",
    ),
    _points_of("before", "Health before", "The room's health 28 days earlier."),
    _points_of(
        "weeks",
        "Activity points",
        "25 points for votes in two or more of the last four weeks, half for one.",
    ),
    _points_of(
        "people",
        "Size points",
        "25 points for a median team size of four or more, fewer in proportion.",
    ),
    _points_of(
        "consensus",
        "Consensus points",
        "25 points times the share of pairs of estimations within one step.",
    ),
    _points_of(
        "recent",
        "Recency points",
        "25 points for a vote right now, falling to 0 after 28 days.",
    ),
    Definition(
        "rounds_with_estimate",
        "Votes in 28 days",
        "count",
        "Votes of the last 28 days with at least one estimation.",
        (VOTES.name,),
        "Empty votes.",
        only_in="room_health",
    ),
    Definition(
        "healthy_rooms",
        "Healthy before (n)",
        "count",
        "Rooms with 70 points or more 28 days earlier.",
        _NAMES,
        "Empty votes, deleted rooms.",
    ),
    Definition(
        "room_count",
        "Rooms",
        "count",
        "Number of rooms.",
        _NAMES,
        "In room health: rooms without a non-empty vote in the last 56 days.",
    ),
)
LABELS = ("state", "last_round_at", "room_id", "room_number", "room_name")


def each_room(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return the `health` at the end of rooms with a non-empty vote in 56 days."""
    return _lately_used(query, shared)


def states(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return the number of rooms per state, all three, healthy first.

    Only those with a non-empty vote in the last 56 days: others are left for good.
    """
    rooms = _lately_used(query, shared)
    counts = rooms.group_by("state").agg(room_count=row_count())
    return (
        # All three states have a row: a chart keeps its order and colours.
        pl.LazyFrame({"state": STATES})
        .join(counts, on="state", how="left", maintain_order="left")
        .with_columns(pl.col("room_count").fill_null(0))
    )


def _lately(query: Query) -> Period:
    return Period(query.as_of - 2 * SPAN, query.as_of, query.zone)


def _lately_used(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    # Twice the span, so that rooms which went quiet in between are still counted.
    lately = pl.col("last_round_at") >= instant(_lately(query).start)
    rooms = shared.node(("health", query.as_of), lambda: health(shared, query.as_of))
    # A `filter` would move below the shared node, which then runs twice.
    return rooms.select(pl.all().filter(lately))


def gone_quiet(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return rooms that are dormant at the end of the period, and were healthy before.

    Before is 28 days earlier; deleted rooms are left out. Columns: room_name,
    health_before, health, last_round_at, room_number, room_id, healthy_rooms (all rooms
    that were healthy before; n); those that were healthiest first.
    """
    now = query.as_of
    # A room without any vote in both spans is neither: older votes are not looked at.
    parts = pl.sum_horizontal(PARTS)
    before = (
        _scored(_span(shared, now, 1), now - SPAN)
        .select("room_id", "last_round_at", health_before=parts)
        .filter(pl.col("health_before") >= HEALTHY)
        # Deleted rooms are gone on purpose, and no team to ask is left.
        .join(shared.room_names, on="room_id")
        .with_columns(healthy_rooms=row_count())
    )
    lately = _span(shared, now, 0)
    last = pl.coalesce("last_round_at_lately", "last_round_at")
    known = before.join(lately, on="room_id", how="left", suffix="_lately")
    return (
        _scored(
            known.with_columns(last_round_at=last),
            now,
            "room_name",
            "room_number",
            "health_before",
            "healthy_rooms",
        )
        .with_columns(health=parts)
        .filter(pl.col("health") < COOLING)
        .select(
            *("room_name", "health_before", "health", "last_round_at"),
            *("room_number", "room_id", "healthy_rooms"),
        )
        .sort("health_before", "room_id", descending=[True, False])
    )


def health(shared: SharedPlans, now: datetime) -> pl.LazyFrame:
    """Return every room that ever had a non-empty vote, the healthiest first.

    Columns: room_name (null: deleted), health (0-100), state, its parts of 25 points
    each (health_weeks, health_people, health_consensus, health_recent),
    rounds_with_estimate (in the last 28 days), last_round_at, room_number, room_id.
    """
    votes = shared.frames.votes.filter(pl.col("voted_at") < instant(now), estimated())
    last = votes.group_by("room_id").agg(last_round_at=pl.col("voted_at").max())
    lately = _span(shared, now, 0).drop("last_round_at")
    return (
        _scored(
            last.join(lately, on="room_id", how="left"), now, "rounds_with_estimate"
        )
        .with_columns(
            pl.col("rounds_with_estimate").fill_null(0), health=pl.sum_horizontal(PARTS)
        )
        .with_columns(state=_state())
        .join(shared.room_names, on="room_id", how="left")
        .select(
            *("room_name", "health", "state", *PARTS),
            *("rounds_with_estimate", "last_round_at", "room_number", "room_id"),
        )
        .sort("health", "last_round_at", "room_id", descending=[True, True, False])
    )


PARTS = ("health_weeks", "health_people", "health_consensus", "health_recent")


def whole_points(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the `PARTS` of `health` as whole points that add up to its whole ones.

    Those with the largest rest are rounded up: 12.5, 12.5 and 20 are 45 points, as 13,
    12 and 20 are.
    """
    points = [pl.col(part).floor() for part in PARTS]
    rests = [pl.col(part) - whole for part, whole in zip(PARTS, points, strict=True)]
    missing = pl.col("health").floor() - pl.sum_horizontal(points)

    def place(number: int) -> pl.Expr:
        larger = [
            (other >= rests[number]) if n < number else (other > rests[number])
            for n, other in enumerate(rests)
            if n != number
        ]
        return pl.sum_horizontal(larger)

    return frame.with_columns(
        (whole + (place(n) < missing)).alias(part)
        for n, (part, whole) in enumerate(zip(PARTS, points, strict=True))
    )


def _span(shared: SharedPlans, now: datetime, number: int) -> pl.LazyFrame:
    """Return what rooms did in the last 28 days (span 0) or in the 28 before (1).

    Columns: room_id, rounds_with_estimate, weeks (with any), size (median),
    last_round_at, estimation_pairs, near_pairs. A span begins with its first instant,
    included.
    """
    # A vote exactly a week before the instant is the first of that week.
    age = (now - pl.col("voted_at")).dt.total_microseconds() - 1
    span = (age // _microseconds(SPAN)).alias("span")

    def build() -> pl.LazyFrame:
        both = Period(now - 2 * SPAN, now)
        votes = estimated_votes(shared, both).group_by("room_id", span)
        pairs = votes_with_pairs(shared, both).group_by("room_id", span)
        counts = votes.agg(
            rounds_with_estimate=row_count(),
            weeks=(age // _microseconds(_WEEK)).n_unique(),
            size=pl.col("amount_of_estimations").median(),
            last_round_at=pl.col("voted_at").max(),
        )
        sums = pairs.agg(pl.sum("estimation_pairs", "near_pairs"))
        return counts.join(sums, on=["room_id", "span"], how="left")

    both = shared.node(("rooms in spans", now), build)
    # A `filter` of the frame would move below the shared node, which then runs twice.
    return both.select(pl.exclude("span").filter(pl.col("span") == number))


def _scored(rooms: pl.LazyFrame, now: datetime, *keep: str) -> pl.LazyFrame:
    """Return room_id, last_round_at, the four parts of health (0-25), and `keep`.

    `rooms` has the columns of a span that ends now, null without votes in it.
    """
    idle = (now - pl.col("last_round_at")).dt.total_microseconds()
    return rooms.select(
        *("room_id", "last_round_at", *keep),
        health_weeks=_points(pl.col("weeks") / _WEEKS),
        health_people=_points(pl.col("size") / _SIZE),
        health_consensus=_points(ratio("near_pairs", "estimation_pairs")),
        health_recent=_points(1 - idle / _microseconds(SPAN)),
    )


def _points(reached: pl.Expr) -> pl.Expr:
    """Return the points of one part: none where unknown, no more than all of it."""
    return _PART * reached.fill_null(0.0).clip(0, 1)


def _microseconds(length: timedelta) -> int:
    return length // timedelta(microseconds=1)


def _state() -> pl.Expr:
    healthy, cooling, dormant = (pl.lit(state) for state in STATES)
    points = pl.col("health")
    return (
        pl.when(points >= HEALTHY)
        .then(healthy)
        .when(points >= COOLING)
        .then(cooling)
        .otherwise(dormant)
    )


def answer_states(frame: pl.DataFrame) -> str | None:
    """Say how many rooms are in which state."""
    counts = dict(frame.select("state", "room_count").iter_rows())
    rooms = sum(counts.values())
    if rooms < MINIMUM_SAMPLE:
        return None
    parts = ", ".join(f"{counts.get(state, 0):,} {state}" for state in STATES)
    return f"{rooms:,} rooms had a non-empty vote in the last 56 days: {parts}."


def answer_each_room(frame: pl.DataFrame) -> str | None:
    """Say how many of all rooms are healthy, and how healthy the best one is."""
    # Without one of its tables no room's health is known.
    frame = frame.drop_nulls("health")
    if frame.height < MINIMUM_SAMPLE:
        return None
    rooms, points = frame["state"].to_list(), frame["health"].to_list()
    healthy = portion(rooms.count(STATES[0]) / frame.height)
    return (
        f"{healthy} of the {frame.height:,} rooms with a non-empty vote in the last 56 "
        f"days are healthy; the best has {number(max(points), 'points')} of 100 points."
    )


def answer_gone_quiet(frame: pl.DataFrame) -> str | None:
    """Say how many of the rooms that were healthy have gone quiet."""
    if frame.is_empty() or frame["healthy_rooms"][0] < MINIMUM_SAMPLE:
        return None
    healthy, gone = frame["healthy_rooms"][0], frame.height
    have = "has" if gone == 1 else "have"
    rooms = counted(healthy, "room")
    # The period may have ended long ago: "now" would be today.
    return f"{gone:,} of the {rooms} healthy four weeks earlier {have} become dormant."


TABLES = (
    table(
        "room_states",
        "How healthy are rooms?",
        states,
        *_READS,
        answer=answer_states,
        covers=_lately,
        needs_all_users=True,
    ),
    table(
        "room_health",
        "How healthy is each room?",
        each_room,
        *_READS,
        answer=answer_each_room,
        covers=_lately,
        needs_all_users=True,
    ),
    table(
        "rooms_gone_quiet",
        "Which healthy rooms have gone quiet?",
        gone_quiet,
        *_READS,
        answer=answer_gone_quiet,
        covers=_lately,
        needs_all_users=True,
    ),
)
