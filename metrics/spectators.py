"""Spectators: how many users watch, and whether they estimate later."""

from collections.abc import Sequence

import polars as pl

from metrics.estimated_votes import estimated_votes
from metrics.expressions import aggregate, count_where, rate, row_count
from metrics.frames import Frames, Period, instant
from metrics.query import Query, SharedPlans
from metrics.sentences import changed, only_row, percent, portion
from metrics.subject import Definition, table
from metrics.tables import ESTIMATIONS, VOTES
from metrics.time_axis import (
    at_least_weekly,
    bucket_of,
    on_axis,
    period_axis,
    side_by_side,
    time_series,
)

_COUNTS = ("rounds", "seats", "spectators")

DEFINITIONS = (
    Definition(
        "seats",
        "Users in votes (n)",
        "count",
        "Spectators and estimators of all votes: each user once per vote.",
        (VOTES.name,),
        "Empty votes.",
    ),
    Definition(
        "spectator_share",
        "Spectator share",
        "share",
        "Share of spectators among users in votes.",
        (VOTES.name,),
        "Empty votes. Hidden below 20 users in votes.",
    ),
    Definition(
        "watched_first",
        "Watched first (n)",
        "count",
        "Users who were spectators when first seen in a vote.",
        (ESTIMATIONS.name,),
    ),
    Definition(
        "estimated_later",
        "Later estimators",
        "count",
        "Users who watched first and estimated later.",
        (ESTIMATIONS.name,),
    ),
    Definition(
        "estimated_later_share",
        "Estimated later",
        "share",
        "Share of first-time spectators who estimated later.",
        (ESTIMATIONS.name,),
        "Hidden below 20 users.",
    ),
)
LABELS = ("bucket", "cut")


def totals(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return in one row how many watch, and how many of the newcomers among them stay.

    Columns: rounds (votes), seats (spectators and estimators of all votes; n),
    spectators, spectator_share, watched_first (users whose first row ever is a
    spectator's and lies in the period; n), estimated_later, estimated_later_share.
    """
    users = _figures(estimated_votes(shared, query.period), ())
    return side_by_side([users, _newcomers(shared.frames, query.period)])


def over_time(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return per bucket: bucket, rounds, seats, spectators, spectator_share, cut."""
    period, every = query.period, at_least_weekly(query.granularity)
    votes = estimated_votes(shared, period).with_columns(
        bucket=bucket_of("voted_at", every, period)
    )
    figures = [_figures(votes, ("bucket",))]
    return time_series(
        on_axis(period_axis(period, every), figures, _COUNTS), query, every
    )


def _figures(votes: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    spectators = pl.col("amount_of_spectators").sum().cast(pl.Int64)
    estimators = pl.col("amount_of_estimations").sum().cast(pl.Int64)
    return aggregate(
        votes,
        by,
        rounds=row_count(),
        seats=spectators + estimators,
        spectators=spectators,
    ).with_columns(spectator_share=rate("spectators", "seats"))


def _newcomers(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return how many users watched first and how many of them estimated later.

    Only those who watch in the period are followed; of what was before it, only who
    was there counts.
    """
    rows, at = frames.estimations, pl.col("estimated_at")
    watched, start = pl.col("spectator"), instant(period.start)
    watching = rows.filter(period.contains("estimated_at"), watched).select("user")
    known = rows.filter(at < start).select("user").join(watching, on="user", how="semi")
    return (
        rows.filter(at >= start)
        .join(watching, on="user", how="semi")
        .join(known.unique(), on="user", how="anti")
        .group_by("user")
        .agg(
            first=at.min(),
            watched=at.filter(watched).min(),
            estimated=at.filter(~watched & pl.col("estimation").is_not_null()).max(),
        )
        .filter(period.contains("first"), pl.col("first") == pl.col("watched"))
        .select(
            watched_first=row_count(),
            estimated_later=count_where(pl.col("estimated") > pl.col("first")),
        )
        .with_columns(
            estimated_later_share=rate("estimated_later", "watched_first"),
        )
    )


def answer_totals(frame: pl.DataFrame) -> str | None:
    """Say how many watch, and how many of those who begin so estimate later."""
    found = only_row(frame)
    share, later = found["spectator_share"], found["estimated_later_share"]
    if share is None:
        return None
    start = f"{portion(share)} of users in a vote watch."
    if later is None:
        return start
    return (
        f"{start} Of {found['watched_first']:,} who watched first, {percent(later)} "
        "estimated later."
    )


def answer_over_time(frame: pl.DataFrame) -> str | None:
    """Say how the share of spectators changed in the period."""
    return changed(frame, "spectators", "seats", "spectators")


_SAMPLE_SIZES = {"spectator_share": "seats", "estimated_later_share": "watched_first"}
TABLES = (
    table(
        "spectators",
        "Do spectators estimate later?",
        totals,
        *(VOTES, ESTIMATIONS),
        answer=answer_totals,
        sample_sizes=_SAMPLE_SIZES,
    ),
    table(
        "spectators_over_time",
        "How common are spectators?",
        over_time,
        VOTES,
        answer=answer_over_time,
        sample_sizes={"spectator_share": "seats"},
    ),
)
