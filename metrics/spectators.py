"""Spectators: how many users watch, and whether they estimate later."""

import polars as pl

from metrics.constants import MATURE, NEW_USERS_BEFORE
from metrics.estimated_votes import estimated_votes
from metrics.expressions import count_where, earliest, row_count, total
from metrics.frames import Period, instant
from metrics.funnel import mature_period
from metrics.query import Query, SharedPlans, Unfinished
from metrics.sentences import changed, day_of, only_row, portion_of, with_interval
from metrics.subject import Definition, table
from metrics.tables import ESTIMATIONS, VOTES
from metrics.time_axis import (
    at_least_weekly,
    bucket_of,
    middle_of,
    on_axis,
    period_axis,
    side_by_side,
    time_series,
)
from metrics.uncertainty import halves, intervals, sums, sums_of_trend, trends

_COUNTS = ("rounds_with_estimate", "seats", "spectators")

DEFINITIONS = (
    Definition(
        "seats",
        "Users in votes (n)",
        "count",
        "Spectators and estimators that votes state: each user counts once per vote.",
        (VOTES.name,),
        "Empty votes.",
    ),
    Definition(
        "spectator_share",
        "Spectator share",
        "share",
        "Share of spectators among the users in votes.",
        (VOTES.name,),
        "Empty votes. Hidden below 20 of them.",
    ),
    Definition(
        "watched_first",
        "New spectators (n)",
        "count",
        "Users who watched their first vote in the period, or in as many earlier days, "
        "so that each has had 28 days to estimate.",
        (ESTIMATIONS.name,),
        needs_all_rooms=True,
    ),
    Definition(
        "estimated_later",
        "Later estimators",
        "count",
        "Users who watched first and estimated within 28 days.",
        (ESTIMATIONS.name,),
        needs_all_rooms=True,
    ),
    Definition(
        "estimated_later_share",
        "Estimated later",
        "share",
        "Share of first-time spectators who estimated within 28 days.",
        (ESTIMATIONS.name,),
        "Hidden below 20 users.",
        needs_all_rooms=True,
    ),
)
LABELS = ("bucket", "cut", "half", "watched_since", "watched_until")


def totals(query: Query, shared: SharedPlans) -> Unfinished:
    """Return in one row how many watch, and how many of the newcomers among them stay.

    Columns: rounds_with_estimate, seats (their spectators and estimators; n),
    spectators, spectator_share with _low and _high, watched_since and watched_until
    (dates), watched_first (users whose first row ever is a spectator's and is in these
    dates; n), estimated_later (within 28 days), estimated_later_share with _low and
    _high.
    """
    rooms = estimated_votes(shared, query.period).group_by("room_id").agg(**_counts())
    counts = rooms.select(
        pl.sum(*_COUNTS), spectator_share_sums=sums("spectators", "seats")
    )
    newcomers = _newcomers(shared, mature_period(query))
    return Unfinished(
        side_by_side([counts, newcomers]),
        intervals("spectator_share", "estimated_later_share"),
    )


def over_time(query: Query, shared: SharedPlans) -> Unfinished:
    """Return per bucket, at least weekly, how many of the users in votes watch.

    Columns: bucket, rounds_with_estimate, seats (n), spectators, spectator_share, the
    columns of a trend (see `uncertainty`), cut.
    """
    period, every = query.period, at_least_weekly(query.granularity)
    name, middle = "spectator_share", middle_of(query.known, every)
    counts = (
        estimated_votes(shared, period)
        .group_by("room_id", bucket=bucket_of("voted_at", every, period))
        .agg(**_counts())
        .with_columns(*halves(("spectators", "seats"), "room_id", middle))
        .group_by("bucket")
        .agg(
            pl.sum(*_COUNTS), spectator_share_sums=sums_of_trend("spectators", "seats")
        )
    )
    series = on_axis(period_axis(period, every), [counts], _COUNTS)
    return Unfinished(time_series(series, query, every), trends(name, middle))


def _counts() -> dict[str, pl.Expr]:
    spectators = total("amount_of_spectators")
    estimators = total("amount_of_estimations")
    return {
        "rounds_with_estimate": row_count(),
        "seats": spectators + estimators,
        "spectators": spectators,
    }


def _newcomers(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return how many users watched first and how many estimated within 28 days."""
    # A comparison often follows the same users as the period.
    name = ("watched_first", period)
    per_room = shared.node(name, lambda: _watched_first(shared, period))
    return per_room.select(
        watched_since=pl.lit(period.first_day),
        watched_until=pl.lit(period.last_day),
        watched_first=pl.col("n").sum(),
        estimated_later=pl.col("part").sum(),
        estimated_later_share_sums=sums("part", "n"),
    )


def _watched_first(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return users who watched first (n) and estimated within 28 days (part) per room.

    Only those who watch in the period are followed; of what was before it, only who
    was there counts. Users of one room are alike: each counts to the first room.
    """
    rows, at = shared.frames.estimations, pl.col("estimated_at")
    watched, start = pl.col("spectator"), instant(period.start)
    inside = rows.filter(period.contains("estimated_at"), watched)
    watching = inside.select("user").cache()
    # Only users who watched matter: the look back stays small.
    known = rows.filter(at < start).select("user").join(watching, on="user", how="semi")
    first = at.min()
    # An empty participation is no estimation.
    own = ~watched & pl.col("estimation").is_not_null()
    users = (
        rows.filter(at >= start, at < instant(period.end + MATURE))
        .join(watching, on="user", how="semi")
        .join(known.unique(), on="user", how="anti")
        .group_by("user")
        .agg(
            room_id=earliest("room_id", "estimated_at"),
            first=first,
            watched=at.filter(watched).min(),
            later=(own & (at > first) & (at < first + MATURE)).any(),
        )
        .filter(period.contains("first"), pl.col("first") == pl.col("watched"))
    )
    return users.group_by("room_id").agg(
        part=count_where(pl.col("later")), n=row_count()
    )


def answer_totals(frame: pl.DataFrame) -> str | None:
    """Say how many watch, and how many of those who begin so estimate later."""
    found = only_row(frame)
    if found["spectator_share"] is None:
        return None
    start = f"{portion_of(found['spectator_share'], 'users in a vote')} watch."
    # Where estimations begin late, old users would look new.
    if found["watched_first"] is None:
        return start
    if found["estimated_later_share"] is None:
        few = "Too few users watched first to say how many estimate later."
        return f"{start} {few}"
    since, until = (day_of(found[f"watched_{end}"]) for end in ("since", "until"))
    later = with_interval(found, "estimated_later_share", none="none")
    return (
        f"{start} Of {found['watched_first']:,} users who watched first ({since} to "
        f"{until}), {later} estimated within 28 days."
    )


def answer_over_time(frame: pl.DataFrame) -> str | None:
    """Say whether the share of spectators changed in the period."""
    return changed(frame, "spectator_share", "spectators")


_SAMPLE_SIZES = {"spectator_share": "seats", "estimated_later_share": "watched_first"}
TABLES = (
    table(
        "spectators",
        "Do spectators estimate later?",
        totals,
        VOTES,
        ESTIMATIONS,
        answer=answer_totals,
        sample_sizes=_SAMPLE_SIZES,
        needs_all_users=True,
        needs_all_rooms=True,
        # Of the earliest days of its new spectators.
        looks_back={ESTIMATIONS.name: NEW_USERS_BEFORE + MATURE},
    ),
    table(
        "spectators_over_time",
        "How common are spectators?",
        over_time,
        VOTES,
        answer=answer_over_time,
        sample_sizes={"spectator_share": "seats"},
        buckets=at_least_weekly,
    ),
)
