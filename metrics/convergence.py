"""Convergence: whether a re-vote brings a split team closer together.

Two things happen by chance alone. Votes follow each other quickly whatever they end
like; and after a wide vote most others are closer (regression to the mean). So both
figures are beside what chance gives: the share of votes near agreement that are
followed as quickly, and the share of other votes of the same room and size that have a
smaller spread than the wide one.
"""

from datetime import timedelta
from functools import partial

import polars as pl

from metrics.card_scale import estimated, has_spread, steps
from metrics.estimated_votes import (
    AFTERWARDS,
    estimated_votes,
    estimations_with_later_votes,
)
from metrics.expressions import count_where, rate, row_count
from metrics.frames import Period
from metrics.query import Granularity, Query, SharedPlans, Unfinished
from metrics.sentences import (
    changed,
    digits_between,
    in_figures,
    only_row,
    percent,
    portion,
    portion_of,
    with_interval,
)
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
from metrics.uncertainty import (
    HIGHER,
    LOWER,
    comparison,
    excess,
    halves,
    sums,
    sums_beside,
    sums_of_trend,
    trends,
)

APART = 2
"""Steps from which on a vote is wide, and asks for another."""
SOON = timedelta(minutes=10)
"""How long after a vote's end another one can start and be a re-vote."""
OVERLAP = 0.8
"""Estimators in both votes, of those in either (Jaccard)."""
_COUNTS = ("apart_rounds", "re_votes", "converged")
_OF_NEAR = ("agreeing_rounds", "followed_rounds")
WIDE, NEAR = "wide", "near"

_define = partial(
    Definition,
    tables=(VOTES.name, ESTIMATIONS.name),
    excludes="Spectators, and estimations without a vote within 2 seconds. Shares are "
    "hidden below 20 votes.",
)

DEFINITIONS = (
    _define(
        "apart_rounds",
        "Wide votes (n)",
        "count",
        "Votes with a spread of 2 or more.",
        less_is_better=True,
    ),
    _define(
        "re_votes",
        "Re-votes (n)",
        "count",
        "Wide votes after which the room's next non-empty vote starts within 10 "
        "minutes with nearly the same estimators (at least 80% of those in either). "
        "Inferred.",
    ),
    _define("converged", "Closer (n)", "count", "Re-votes with a smaller spread."),
    _define(
        "re_vote_rate",
        "Re-vote rate",
        "share",
        "Share of wide votes followed by a re-vote. Inferred.",
    ),
    _define(
        "convergence",
        "Convergence",
        "share",
        "Share of re-votes with a smaller spread than the vote before.",
    ),
    _define(
        "agreeing_rounds",
        "Near votes (n)",
        "count",
        "Votes with a spread of up to 1.",
    ),
    _define(
        "followed_rounds",
        "Near, followed (n)",
        "count",
        "Votes with a spread of up to 1 that another one follows as a re-vote follows "
        "a wide vote.",
    ),
    _define(
        "follow_rate",
        "Followed anyway",
        "share",
        "Share of votes with a spread of up to 1 that another one follows as a re-vote "
        "follows a wide vote: what the re-vote rate has to exceed.",
    ),
    _define(
        "compared_re_votes",
        "Re-votes used (n)",
        "count",
        "Re-votes whose room has a third vote of the same size in the period.",
    ),
    _define(
        "expected_convergence",
        "Closer by chance",
        "share",
        "Share of other votes of the same room and size with a smaller spread than the "
        "wide vote, over the compared re-votes.",
    ),
    _define(
        "convergence_excess",
        "Closer than chance",
        "share",
        "Convergence of the compared re-votes minus what chance gives. Above 0, "
        "re-votes bring teams closer.",
    ),
)
LABELS = ("bucket", "cut", "half")


def totals(query: Query, shared: SharedPlans) -> Unfinished:
    """Return in one row how often wide votes are followed by a re-vote, and converge.

    Columns: apart_rounds (2 steps or more: n of the re-vote rate), re_votes (n of
    the convergence), converged (with fewer steps than before), re_vote_rate,
    convergence; agreeing_rounds (0 or 1 step), followed_rounds, follow_rate, and what
    compares the re-vote rate with it; compared_re_votes (n), expected_convergence and
    convergence_excess with its interval and verdict (see `uncertainty`), these rounded
    to 9 decimals.
    """
    period, every = query.period, at_least_weekly(query.granularity)
    # Wide and near votes are the two labels that are compared.
    pairs = {"re_votes": "followed_rounds", "apart_rounds": "agreeing_rounds"}
    both = {**pairs, **{other: name for name, other in pairs.items()}}
    rooms = (
        _counts_per_room(shared, period, every)
        .group_by("room_id")
        .agg(pl.sum(*_COUNTS, *_OF_NEAR))
        .with_columns(
            (pl.col(name) + pl.col(other)).alias(f"{name}_whole")
            for name, other in both.items()
        )
    )
    counts = rooms.select(
        pl.sum(*_COUNTS, *_OF_NEAR),
        re_vote_rate_sums=sums_beside("re_votes", "apart_rounds"),
        follow_rate_sums=sums_beside("followed_rounds", "agreeing_rounds"),
    )
    by_chance = _by_chance(shared, period).select(
        pl.sum("expected", "compared_re_votes"),
        convergence_excess_sums=sums("found", "compared_re_votes"),
    )
    figures = side_by_side([counts, by_chance]).select(
        *_COUNTS,
        *_rates(),
        *_OF_NEAR,
        *("re_vote_rate_sums", "follow_rate_sums"),
        *("compared_re_votes", "convergence_excess_sums"),
        follow_rate=rate("followed_rounds", "agreeing_rounds"),
        # A sum of floats, whose last digits depend on the order of its rows.
        expected_convergence=rate("expected", "compared_re_votes").round(9),
    )
    compare = comparison("re_vote_rate", "follow_rate")
    judge = excess("convergence_excess")
    return Unfinished(figures, lambda frame: judge(compare(frame)))


def over_time(query: Query, shared: SharedPlans) -> Unfinished:
    """Return per bucket of the first vote, at least weekly, how often teams converge.

    Columns: bucket, apart_rounds, re_votes, converged, re_vote_rate, convergence, the
    columns of a trend of the convergence (see `uncertainty`), cut.
    """
    period, every = query.period, at_least_weekly(query.granularity)
    name, middle = "convergence", middle_of(query.known, every)
    counts = (
        _counts_per_room(shared, period, every)
        .with_columns(*halves(("converged", "re_votes"), "room_id", middle))
        .group_by("bucket")
        .agg(pl.sum(*_COUNTS), convergence_sums=sums_of_trend("converged", "re_votes"))
    )
    series = on_axis(period_axis(period, every), [counts], _COUNTS).select(
        "bucket", *_COUNTS, *_rates(), "convergence_sums"
    )
    return Unfinished(time_series(series, query, every), trends(name, middle))


def _counts_per_room(
    shared: SharedPlans, period: Period, every: Granularity
) -> pl.LazyFrame:
    """Return wide and near votes, and what follows them, per bucket and room."""

    def build(span: Period, late: pl.Expr) -> pl.LazyFrame:
        wide, again = pl.col("kind") == WIDE, _is_followed()
        closer = pl.col("next_steps") < pl.col("steps")
        return (
            _followed(shared, span)
            .group_by(
                "room_id",
                bucket=bucket_of("voted_at", every, span),
                late=late,
            )
            .agg(
                apart_rounds=count_where(wide),
                re_votes=count_where(wide & again),
                converged=count_where(wide & closer),
                agreeing_rounds=count_where(~wide),
                followed_rounds=count_where(~wide & again),
            )
        )

    return shared.per_period(("followed votes", every), period, build)


def _by_chance(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return how much closer re-votes are than by chance, per room.

    By chance, the share of the room's other votes of the same size in the period have
    fewer steps than the wide vote. Re-votes without one are left out. Columns: room_id,
    compared_re_votes, expected (sum of these shares), found (closer ones minus that).
    """
    alike, count = ["room_id", "size", "late"], pl.col("votes")

    def build(span: Period, late: pl.Expr) -> pl.LazyFrame:
        again = _wide_votes(shared, span).filter(_is_followed())
        # Re-votes are among them: a vote never follows itself, so one that follows no
        # wide vote is wide more often, by chance alone, than the others of its room.
        votes = estimated_votes(shared, span).filter(has_spread())
        sized = votes.select(
            *("room_id", "id"), size="amount_of_estimations", spread="steps", late=late
        )
        # Counted by spread: a room of thousands of votes has millions of pairs of them.
        pool = sized.group_by(*alike, "spread").agg(votes=row_count())
        # The vote and its re-vote are no others.
        itself = sized.select("id", *alike, itself=pl.lit(1))
        after = sized.select(*alike, next_id="id", after=pl.lit(1))
        closer = pl.first("next_steps") < pl.first("steps")
        known = pl.first("after").fill_null(0)
        return (
            again.select(
                *("id", "room_id", "steps", "next_id", "next_steps"),
                size="next_size",
                late=late,
            )
            .join(itself, on=["id", *alike], how="left")
            .join(after, on=["next_id", *alike], how="left")
            .join(pool, on=alike)
            .group_by("id")
            .agg(
                pl.first("room_id", "late"),
                closer=closer,
                less=count.filter(pl.col("spread") < pl.col("steps")).sum()
                - pl.when(closer).then(known).otherwise(0),
                others=count.sum() - pl.first("itself").fill_null(0) - known,
            )
            .filter(pl.col("others") > 0)
            .with_columns(expected=pl.col("less") / pl.col("others"))
            .group_by("room_id", "late")
            .agg(
                compared_re_votes=row_count(),
                expected=pl.sum("expected"),
                found=pl.sum("closer") - pl.sum("expected"),
            )
        )

    return shared.per_period("re-votes by chance", period, build)


def _is_followed() -> pl.Expr:
    return pl.col("next_steps").is_not_null()


def re_votes(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return the re-votes of the period's wide votes: id."""
    again = _wide_votes(shared, period).filter(_is_followed())
    return again.select(id="next_id")


def _wide_votes(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return the wide votes of `_followed`."""
    return _followed(shared, period).filter(pl.col("kind") == WIDE)


def _followed(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return votes that have a spread, and the vote that follows as a re-vote.

    Inferred: the room's next vote follows if it starts at once and nearly the same
    users estimate; an empty vote is passed over. Columns: id, room_id, voted_at, kind
    (wide: 2 steps or more), steps, next_id, next_steps, next_size (null: no vote
    follows).
    """

    def build() -> pl.LazyFrame:
        # The re-vote of the last vote may end after the period.
        later = Period(period.start, period.end + AFTERWARDS)
        votes = shared.frames.votes.filter(later.contains("voted_at"), estimated())
        users = (
            estimations_with_later_votes(shared, period)
            .group_by("vote_id")
            .agg(users="user")
        )
        # Without a common team the next vote is another meeting.
        here, there = pl.col("users"), pl.col("users_next")
        both = here.list.set_intersection(there).list.len()
        either = here.list.set_union(there).list.len()
        alike = both >= OVERLAP * either
        wide = pl.col("steps") >= APART
        return (
            _with_next(votes)
            .filter(period.contains("voted_at"))
            .join(users, left_on="id", right_on="vote_id", how="left")
            .join(
                users, left_on="next_id", right_on="vote_id", how="left", suffix="_next"
            )
            .select(
                *("id", "room_id", "voted_at", "steps", "next_id", "next_size"),
                kind=pl.when(wide).then(pl.lit(WIDE)).otherwise(pl.lit(NEAR)),
                next_steps=pl.when(alike).then("next_steps"),
            )
        )

    return shared.node(("followed votes", period), build)


def _with_next(votes: pl.LazyFrame) -> pl.LazyFrame:
    """Return votes that have a spread, and the room's next vote.

    Columns: id, room_id, voted_at, steps, next_id, next_steps, next_size; the last
    three are null where no vote starts within ten minutes.
    """
    start = pl.col("voted_at") - pl.duration(seconds="duration")
    # From end to start: a long vote is no long pause.
    pause = start.shift(-1) - pl.col("voted_at")
    same_room = pl.col("room_id").shift(-1) == pl.col("room_id")
    soon = same_room & pause.is_between(timedelta(0), SOON)
    size = pl.col("amount_of_estimations")
    return (
        votes.sort("room_id", "voted_at", "id")
        .select(
            *("id", "room_id", "voted_at", "amount_of_estimations"),
            steps=steps(),
            next_id=pl.when(soon).then(pl.col("id").shift(-1)),
            next_steps=pl.when(soon).then(steps().shift(-1)),
            next_size=pl.when(soon).then(size.shift(-1)),
        )
        .filter(estimated(2), pl.col("steps").is_not_null())
    )


def _rates() -> list[pl.Expr]:
    return [
        rate("re_votes", "apart_rounds").alias("re_vote_rate"),
        rate("converged", "re_votes").alias("convergence"),
    ]


def answer_totals(frame: pl.DataFrame) -> str | None:
    """Say whether wide votes lead to re-votes, and whether these end closer."""
    found = only_row(frame)
    if found["re_vote_rate"] is None:
        return None
    rate, others_rate = found["re_vote_rate"], found["follow_rate"]
    digits = 0
    if found["re_vote_rate_verdict"] in {HIGHER, LOWER} and others_rate is not None:
        digits = digits_between(rate, others_rate)
    start = (
        f"{with_interval(found, 're_vote_rate', digits, none='None')} of "
        f"{found['apart_rounds']:,} votes two or more steps apart led to a re-vote"
    )
    if others_rate is not None:
        others = f"{in_figures(others_rate, digits)} of others"
        verdict = found["re_vote_rate_verdict"]
        start = f"{start}, {_beside(verdict, others, 'were followed as quickly')}"
    if found["convergence"] is None:
        return f"{start}."
    share, expected = found["convergence"], found["expected_convergence"]
    if expected is None:
        return f"{start}; {portion_of(share, 're-votes', none='none')} ended closer."
    verdict = found["convergence_excess_verdict"]
    # Chance is known of those with a third vote: their share is the one to compare.
    n, excess = found["compared_re_votes"], found["convergence_excess"]
    compared = round((expected + excess) * n) / n
    digits = digits_between(compared, expected) if verdict in {HIGHER, LOWER} else 0
    by_chance = in_figures(expected, digits)
    beside = _beside(verdict, by_chance, "would by chance")
    part = portion_of(share, "re-votes", digits, none="none")
    if percent(compared, digits) == percent(share, digits):
        return f"{start}; {part} ended closer, {beside}."
    of_compared = portion(compared, digits, none="none")
    return (
        f"{start}; {part} ended closer. Of the {n:,} with other votes to compare, "
        f"{of_compared} did, {beside}."
    )


def _beside(verdict: str | None, share: str, did: str) -> str:
    """Return what a share is compared with, and the verdict."""
    if verdict in {HIGHER, LOWER}:
        than = "more" if verdict == HIGHER else "fewer"
        return f"{than} than the {share} that {did}"
    return f"{share} {did} ({verdict or 'too few rooms to compare'})"


def answer_over_time(frame: pl.DataFrame) -> str | None:
    """Say whether the share of closer re-votes changed in the period."""
    return changed(frame, "convergence", "closer re-votes")


_READS = (VOTES, ESTIMATIONS)
_SAMPLE_SIZES = {"re_vote_rate": "apart_rounds", "convergence": "re_votes"}
_SAMPLE_SIZES_OF_ALL = {
    **_SAMPLE_SIZES,
    "follow_rate": "agreeing_rounds",
    "expected_convergence": "compared_re_votes",
    "convergence_excess": "compared_re_votes",
}
TABLES = (
    table(
        "convergence",
        "Do re-votes bring teams closer?",
        totals,
        *_READS,
        answer=answer_totals,
        sample_sizes=_SAMPLE_SIZES_OF_ALL,
        needs_all_users=True,
    ),
    table(
        "convergence_over_time",
        "Do re-votes help more than before?",
        over_time,
        *_READS,
        answer=answer_over_time,
        sample_sizes=_SAMPLE_SIZES,
        needs_all_users=True,
        buckets=at_least_weekly,
    ),
)
