"""Auto-flip: how many rooms let the cards turn by themselves, and what it changes."""

import polars as pl

from metrics.card_scale import estimated
from metrics.estimated_votes import rounds
from metrics.expressions import count_where, row_count, share
from metrics.frames import Frames, Period
from metrics.minimum_sample import hide_small_samples, rate
from metrics.time_axis import side_by_side

EACH = 5
"""Rounds of each kind that a room needs to be compared with itself."""
KINDS = ("by hand", "auto-flip")


def totals(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return in one row how common auto-flip is, and its effect inside rooms.

    Columns: rounds (n), auto_flip_rounds, auto_flip_share, compared_rooms (5 rounds
    of each kind or more; n of the effect), compared_rounds, auto_flip_effect_seconds
    (median over these rooms of median duration with minus without).
    """
    held = rounds(frames, period)
    common = held.select(
        rounds=row_count(), auto_flip_rounds=count_where(pl.col("was_auto_flip"))
    ).with_columns(auto_flip_share=rate("auto_flip_rounds", "rounds"))
    return side_by_side([common, _effect(held)])


def by_kind(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return rounds with and without auto-flip, both kinds.

    Columns: flip ("by hand", "auto-flip"), rounds (n), share, duration_median_seconds,
    pairs (rounds with two or more estimates), near_rounds, near_consensus.
    """
    two = estimated(2)
    figures = (
        rounds(frames, period)
        .group_by("was_auto_flip")
        .agg(
            rounds=row_count(),
            pairs=count_where(two),
            near_rounds=count_where(two & (pl.col("steps") <= 1)),
            duration_median_seconds=pl.col("duration").median(),
        )
    )
    counts = ("rounds", "pairs", "near_rounds")
    return (
        pl.LazyFrame({"was_auto_flip": [False, True], "flip": KINDS})
        .join(figures, on="was_auto_flip", how="left", maintain_order="left")
        .with_columns(pl.col(counts).fill_null(0))
        .select(
            *("flip", "rounds"),
            share("rounds").alias("share"),
            hide_small_samples(pl.col("duration_median_seconds"), "rounds").alias(
                "duration_median_seconds"
            ),
            *("pairs", "near_rounds"),
            near_consensus=rate("near_rounds", "pairs"),
        )
    )


def _effect(held: pl.LazyFrame) -> pl.LazyFrame:
    auto, seconds = pl.col("was_auto_flip"), pl.col("duration")
    return (
        held.group_by("room_id")
        .agg(
            n=row_count(),
            n_with=count_where(auto),
            n_without=count_where(~auto),
            effect=seconds.filter(auto).median() - seconds.filter(~auto).median(),
        )
        .filter(pl.col("n_with") >= EACH, pl.col("n_without") >= EACH)
        .select(
            compared_rooms=row_count(),
            compared_rounds=pl.col("n").sum(),
            auto_flip_effect_seconds=hide_small_samples(
                pl.col("effect").median(), pl.len()
            ),
        )
    )
