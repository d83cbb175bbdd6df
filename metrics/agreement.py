"""Agreement: how many estimations match their vote's most common card."""

from collections.abc import Sequence

import polars as pl

from metrics.card_scale import STEPS
from metrics.consensus import compare_sizes, on_sizes, size_bin
from metrics.estimated_votes import estimated_votes, estimations_with_vote
from metrics.expressions import aggregate, count_where, rate
from metrics.frames import Period
from metrics.query import Query, SharedPlans
from metrics.sentences import changed, only_row, percent, portion
from metrics.subject import Definition, Unit, table
from metrics.tables import ESTIMATIONS, VOTES
from metrics.time_axis import (
    at_least_weekly,
    bucket_of,
    on_axis,
    period_axis,
    time_series,
)

FAR = 2
"""Steps from the vote's median from which an estimation is an outlier."""
_BARS = {step: f"bar_{step}" for step in STEPS}
_COUNTS = ("rounds", "covered_rounds", "estimates", "agreeing", "outliers")


def _define(
    key: str, title: str, unit: Unit, formula: str, *, less_is_better: bool = False
) -> Definition:
    return Definition(
        key,
        title,
        unit,
        formula,
        (VOTES.name, ESTIMATIONS.name),
        "Spectators, empty participations, votes with one estimation, and estimations "
        "without a vote within 2 seconds. Hidden below 20 cases.",
        less_is_better,
    )


DEFINITIONS = (
    _define(
        "estimates",
        "Estimations (n)",
        "count",
        "Estimations for which a vote was found.",
    ),
    _define(
        "agreeing", "Matching (n)", "count", "Estimations on their vote's top card."
    ),
    _define(
        "outliers",
        "Outliers (n)",
        "count",
        "Estimations two or more steps from their vote's median.",
        less_is_better=True,
    ),
    _define(
        "agreement",
        "Matching estimations",
        "share",
        "Share of estimations on their vote's most common card.",
    ),
    _define(
        "outlier_share",
        "Outlier share",
        "share",
        "Share of estimations two or more steps from their vote's median.",
        less_is_better=True,
    ),
    _define(
        "covered_rounds",
        "Complete votes (n)",
        "count",
        "Votes of which as many estimations were found as the vote says.",
    ),
    _define(
        "coverage",
        "Coverage",
        "share",
        "Share of votes of which all estimations were found, votes without any found "
        "included. Estimations carry no vote, so each is joined to its room's nearest "
        "vote within 2 seconds.",
    ),
)
LABELS = ("bucket", "cut", "order", "team_size")


def totals(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return in one row how estimations match, in votes with two or more.

    Columns: rounds (votes, whether or not their estimations were found),
    covered_rounds (all of their estimations were found), estimates (n), agreeing (on
    the most common card), outliers (2 or more steps from the median), coverage,
    agreement, outlier_share.
    """
    return _figures(_by_vote(shared, query.period), ())


def over_time(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return `totals` per bucket, at least weekly: bucket, its columns, cut."""
    period, every = query.period, at_least_weekly(query.granularity)
    found = _by_vote(shared, period).with_columns(
        bucket=bucket_of("voted_at", every, period)
    )
    figures = [_figures(found, ("bucket",))]
    return time_series(
        on_axis(period_axis(period, every), figures, _COUNTS), query, every
    )


def by_team_size(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return `totals` per bin of team size, all three: order, team_size, …."""
    found = _by_vote(shared, query.period).with_columns(order=size_bin())
    return on_sizes(_figures(found, ("order",)), _COUNTS)


def _by_vote(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return the votes with two or more estimations: found, agreeing, outliers, ….

    A vote of which no estimation was found has 0 of each.
    """

    def build() -> pl.LazyFrame:
        votes = estimated_votes(shared, period, 2).select(
            "voted_at", "amount_of_estimations", vote_id="id"
        )
        counts = _histograms(shared, period)
        return votes.join(counts, on="vote_id", how="left").with_columns(
            pl.col("found", "agreeing", "outliers").fill_null(0)
        )

    return shared.node(("agreement", period), build)


def _histograms(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return vote_id, found, agreeing and outliers of votes with estimations found.

    Each vote becomes a histogram over the places of the scale: plain sums are much
    faster than a mode and a median in every group.
    """
    return (
        estimations_with_vote(shared, period)
        .filter(pl.col("amount_of_estimations") >= 2)
        .select(
            "vote_id",
            *(
                (pl.col("place") == step).cast(pl.Int64).alias(bar)
                for step, bar in _BARS.items()
            ),
        )
        .group_by("vote_id")
        .agg(pl.col(*_BARS.values()).sum())
        .with_columns(
            found=pl.sum_horizontal(_BARS.values()),
            agreeing=pl.max_horizontal(_BARS.values()),
        )
        .with_columns(median=_median())
        .select("vote_id", "found", "agreeing", outliers=_outliers())
    )


def _median() -> pl.Expr:
    """Return the median place of a histogram: the mean of the middle one or two."""
    n = pl.col("found")
    up_to = [pl.sum_horizontal([*_BARS.values()][: step + 1]) for step in STEPS]
    # As many places lie below a rank as sums up to them do not reach beyond it.
    low, high = (
        pl.sum_horizontal((total <= rank).cast(pl.Int64) for total in up_to)
        for rank in ((n - 1) // 2, n // 2)
    )
    return (low + high) / 2


def _outliers() -> pl.Expr:
    """Return how many estimations of a histogram are outliers."""
    return pl.sum_horizontal(
        pl.when((pl.col("median") - step).abs() >= FAR).then(bar).otherwise(0)
        for step, bar in _BARS.items()
    )


def _figures(votes: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    return aggregate(
        votes,
        by,
        rounds=pl.len().cast(pl.Int64),
        covered_rounds=count_where(pl.col("found") == pl.col("amount_of_estimations")),
        estimates=pl.col("found").sum(),
        agreeing=pl.col("agreeing").sum(),
        outliers=pl.col("outliers").sum(),
    ).with_columns(
        coverage=rate("covered_rounds", "rounds"),
        agreement=rate("agreeing", "estimates"),
        outlier_share=rate("outliers", "estimates"),
    )


def answer_totals(frame: pl.DataFrame) -> str | None:
    """Say how many estimations match and how many are far off."""
    found = only_row(frame)
    matching, far = found["agreement"], found["outlier_share"]
    if matching is None or far is None:
        return None
    return (
        f"{portion(matching)} of estimations match their vote's most common card; "
        f"{percent(far)} are two or more steps from its median."
    )


def answer_over_time(frame: pl.DataFrame) -> str | None:
    """Say how the share of matching estimations changed in the period."""
    return changed(frame, "agreeing", "estimates", "matching estimations")


def answer_by_team_size(frame: pl.DataFrame) -> str | None:
    """Say how many estimations match, and whether team size matters."""
    return compare_sizes(
        *(frame, "agreeing", "estimates", "agreement"),
        "of estimations match their vote's most common card",
    )


_READS = (VOTES, ESTIMATIONS)
_SAMPLE_SIZES = {"agreement": "estimates", "outlier_share": "estimates"}
TABLES = (
    table(
        "agreement",
        "How many estimations match?",
        totals,
        *_READS,
        answer=answer_totals,
        sample_sizes=_SAMPLE_SIZES,
    ),
    table(
        "agreement_over_time",
        "Do estimations match more than before?",
        over_time,
        *_READS,
        answer=answer_over_time,
        sample_sizes=_SAMPLE_SIZES,
    ),
    table(
        "agreement_by_team_size",
        "Do estimations match more in small teams?",
        by_team_size,
        *_READS,
        answer=answer_by_team_size,
        sample_sizes=_SAMPLE_SIZES,
    ),
)
