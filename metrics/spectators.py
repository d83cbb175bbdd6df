"""Spectators: how many only watch, and whether they take part later."""

from collections.abc import Sequence

import polars as pl

from metrics.estimated_votes import rounds
from metrics.expressions import aggregate, count_where, row_count
from metrics.frames import Frames, Period, instant
from metrics.minimum_sample import rate
from metrics.query import Granularity
from metrics.time_axis import bucket_of, on_axis, period_axis, side_by_side

_COUNTS = ("rounds", "seats", "spectators")


def totals(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return in one row how many watch, and how many of the newcomers among them stay.

    `frames` hold all of history. Columns: rounds, seats (spectators and estimates of
    all rounds; n), spectators, spectator_share, watched_first (people whose first row
    ever is a spectator's and lies in the window; n), estimated_later,
    estimated_later_share.
    """
    seats = _figures(rounds(frames, period), ())
    return side_by_side([seats, _newcomers(frames, period)])


def over_time(frames: Frames, period: Period, granularity: Granularity) -> pl.LazyFrame:
    """Return per bucket: bucket, rounds, seats, spectators, spectator_share."""
    held = rounds(frames, period).with_columns(
        bucket=bucket_of("voted_at", granularity)
    )
    return on_axis(
        period_axis(period, granularity), [_figures(held, ("bucket",))], _COUNTS
    )


def _figures(held: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    spectators = pl.col("amount_of_spectators").sum().cast(pl.Int64)
    estimations = pl.col("amount_of_estimations").sum().cast(pl.Int64)
    return aggregate(
        held,
        by,
        rounds=row_count(),
        seats=spectators + estimations,
        spectators=spectators,
    ).with_columns(spectator_share=rate("spectators", "seats"))


def _newcomers(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return how many people watched first and how many of them estimated later.

    Only those who watch in the window are followed; of what was before it, only who
    was there counts.
    """
    estimations, at = frames.estimations, pl.col("estimated_at")
    watched, start = pl.col("spectator"), instant(period.start)
    watching = estimations.filter(period.contains("estimated_at"), watched).select(
        "user"
    )
    known = (
        estimations.filter(at < start)
        .select("user")
        .join(watching, on="user", how="semi")
    )
    return (
        estimations.filter(at >= start)
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
