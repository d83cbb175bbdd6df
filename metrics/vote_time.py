"""Vote time: where the minutes of a meeting go."""

from collections.abc import Sequence
from functools import partial

import polars as pl

from metrics.estimated_votes import MEETING_GAP, in_meetings
from metrics.expressions import (
    MINIMUM_SAMPLE,
    aggregate,
    count_where,
    hide_small_samples,
    ninth_decile,
    rate,
    ratio,
    row_count,
)
from metrics.frames import Period
from metrics.query import Query, SharedPlans, Unfinished
from metrics.sentences import duration, durations, in_halves, only_row
from metrics.subject import Definition, table
from metrics.tables import VOTES
from metrics.time_axis import (
    at_least_weekly,
    bucket_of,
    first_of,
    middle_of,
    on_axis,
    period_axis,
    time_series,
)
from metrics.uncertainty import HIGHER, UNCLEAR, median_sums, median_trends

_HOUR = 3600
_COUNTS = ("rounds_with_estimate", "long_rounds", "meetings", "talks")
_define = partial(
    Definition, tables=(VOTES.name,), excludes="Empty votes. Hidden below 20 votes."
)
_counted = partial(Definition, tables=(VOTES.name,), excludes="Empty votes.")

DEFINITIONS = (
    _counted(
        "long_rounds",
        "Over 1 h (n)",
        "count",
        "Votes longer than an hour, mostly in idle rooms.",
        less_is_better=True,
    ),
    _define(
        "long_share",
        "Votes over 1 h",
        "share",
        "Share of votes longer than an hour, mostly in idle rooms.",
        less_is_better=True,
    ),
    _counted(
        "meetings",
        "Non-empty meetings",
        "count",
        "Runs of non-empty votes in one room that end less than 60 minutes apart. A "
        "meeting belongs to the day on which its first vote ends.",
    ),
    _counted("talks", "Talks (n)", "count", "Pauses between two votes of a meeting."),
    _counted(
        "talk_median_seconds",
        "Median talk time",
        "seconds",
        "Median time from the end of a vote to the start of the next one in the same "
        "meeting.",
        neutral=True,
    ),
    _define(
        "rounds_per_meeting_hour",
        "Votes/meeting hour",
        "number",
        "Votes divided by the hours that meetings last; a meeting's first vote counts "
        "an hour at most.",
        neutral=True,
    ),
)
LABELS = ("bucket", "cut", "half")


def totals(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return in one row how long votes and the talks between them take.

    Columns: rounds_with_estimate (n), long_rounds (above 1 hour), meetings, talks
    (pauses inside meetings), duration_median_seconds, duration_p90_seconds, long_share,
    talk_median_seconds, rounds_per_meeting_hour.
    """
    return _figures(_timed(shared, query.period), ())


def over_time(query: Query, shared: SharedPlans) -> Unfinished:
    """Return `totals` per bucket, at least weekly: bucket, its columns, cut.

    The median duration has the columns of the two halves (see `uncertainty`).
    """
    period, every = query.period, at_least_weekly(query.granularity)
    votes = _timed(shared, period).with_columns(
        bucket=bucket_of("voted_at", every, period)
    )
    name, middle = "duration_median_seconds", middle_of(query.known, every)
    # A half is named by its first bucket, where the table has what is known of it.
    first = first_of(query.known.first_day, every)
    half = pl.when(pl.col("bucket") < middle).then(first).otherwise(middle)
    parts = [
        _figures(votes, ("bucket",)),
        median_sums(
            votes.with_columns(bucket=half), "bucket", "room_id", "duration", name
        ),
    ]
    series = on_axis(period_axis(period, every), parts, _COUNTS)
    return Unfinished(time_series(series, query, every), median_trends(name, middle))


def _figures(votes: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    seconds = pl.col("duration")
    counts = aggregate(
        votes,
        by,
        rounds_with_estimate=row_count(),
        long_rounds=count_where(seconds > _HOUR),
        meetings=count_where(pl.col("first")),
        talks=count_where(pl.col("talk").is_not_null()),
        # Of however few votes, as on the other pages: medians are no rates.
        duration_median_seconds=seconds.median(),
        duration_p90_seconds=ninth_decile(seconds),
        talk_median_seconds=pl.col("talk").median(),
        met=pl.col("met").sum(),
    )
    per_hour = ratio("rounds_with_estimate", pl.col("met") / _HOUR)
    return counts.select(
        *by,
        *_COUNTS,
        *("duration_median_seconds", "duration_p90_seconds"),
        rate("long_rounds", "rounds_with_estimate").alias("long_share"),
        "talk_median_seconds",
        rounds_per_meeting_hour=hide_small_samples(per_hour, "rounds_with_estimate"),
    )


def _timed(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return votes in meetings with the seconds (met) that each adds to its meeting.

    From the end of the vote before to its own end; the first adds its own length,
    an hour at most, since the clock of an empty room runs on.
    """

    def build() -> pl.LazyFrame:
        alone = pl.col("duration").clip(upper_bound=int(MEETING_GAP.total_seconds()))
        met = pl.when("first").then(alone).otherwise("since")
        return in_meetings(shared, period).with_columns(met=met)

    return shared.node(("timed votes", period), build)


def answer_totals(frame: pl.DataFrame) -> str | None:
    """Say how long a vote takes, and the talk between two."""
    found = only_row(frame)
    middle, slow = found["duration_median_seconds"], found["duration_p90_seconds"]
    talk = found["talk_median_seconds"]
    if middle is None or slow is None or found["rounds_with_estimate"] < MINIMUM_SAMPLE:
        return None
    votes = (
        f"The median vote takes {duration(middle)}; 9 in 10 end within "
        f"{duration(slow)}."
    )
    if talk is None or found["talks"] < MINIMUM_SAMPLE:
        return votes
    return f"{votes} Median talk time is {duration(talk)}."


def answer_over_time(frame: pl.DataFrame) -> str | None:
    """Say whether the median vote took longer in the second half of the period."""
    if frame.height < 2:
        return None
    name = "duration_median_seconds"
    half, first, second = (
        f"{name}_of_half",
        *(frame.row(n, named=True) for n in (0, -1)),
    )
    if first[half] is None or second[half] is None:
        return None
    ends = half, f"{half}_low", f"{half}_high"
    before, after = durations(*([row[end] for end in ends] for row in (first, second)))
    both = in_halves(before, after, frame)
    verdict = second[f"{name}_verdict"]
    if verdict is None:
        return f"Too few rooms to compare the median vote: {both}."
    if verdict == UNCLEAR:
        return f"No clear change in how long the median vote takes: {both}."
    longer = "longer" if verdict == HIGHER else "shorter"
    return f"The median vote became {longer}: {both}."


_SAMPLE_SIZES = {
    **dict.fromkeys(
        ("duration_median_seconds", "duration_p90_seconds", "long_share"),
        "rounds_with_estimate",
    ),
    "talk_median_seconds": "talks",
    "rounds_per_meeting_hour": "rounds_with_estimate",
}
TABLES = (
    table(
        "round_time",
        "Where does meeting time go?",
        totals,
        VOTES,
        answer=answer_totals,
        sample_sizes=_SAMPLE_SIZES,
    ),
    table(
        "round_time_over_time",
        "Do votes take longer than before?",
        over_time,
        VOTES,
        answer=answer_over_time,
        sample_sizes=_SAMPLE_SIZES,
        buckets=at_least_weekly,
    ),
)
