"""Round time: where the minutes of a meeting go."""

from collections.abc import Sequence

import polars as pl

from metrics.estimated_votes import MEETING_GAP, meetings
from metrics.expressions import aggregate, count_where, ratio, row_count
from metrics.frames import Frames, Period
from metrics.minimum_sample import hide_small_samples, rate
from metrics.query import Granularity
from metrics.time_axis import bucket_of, on_axis, period_axis

_HOUR = 3600
_COUNTS = ("rounds", "long_rounds", "meetings", "talks")


def totals(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return in one row how long rounds and the talks between them take.

    Columns: rounds (with an estimate; n), long_rounds (above 1 hour), meetings,
    talks (pauses inside meetings), duration_median_seconds, duration_p90_seconds,
    long_share, talk_median_seconds, rounds_per_meeting_hour.
    """
    return _figures(_timed(frames, period), ())


def over_time(frames: Frames, period: Period, granularity: Granularity) -> pl.LazyFrame:
    """Return `totals` per bucket: bucket and its columns."""
    held = _timed(frames, period).with_columns(
        bucket=bucket_of("voted_at", granularity)
    )
    return on_axis(
        period_axis(period, granularity), [_figures(held, ("bucket",))], _COUNTS
    )


def _figures(held: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    seconds = pl.col("duration")
    counts = aggregate(
        held,
        by,
        rounds=row_count(),
        long_rounds=count_where(seconds > _HOUR),
        meetings=count_where(pl.col("first")),
        talks=count_where(pl.col("talk").is_not_null()),
        duration_median_seconds=seconds.median(),
        duration_p90_seconds=seconds.quantile(0.9, "linear"),
        talk_median_seconds=pl.col("talk").median(),
        met=pl.col("met").sum(),
    )
    return counts.select(
        *by,
        *_COUNTS,
        duration_median_seconds=hide_small_samples(
            pl.col("duration_median_seconds"), "rounds"
        ),
        duration_p90_seconds=hide_small_samples(
            pl.col("duration_p90_seconds"), "rounds"
        ),
        long_share=rate("long_rounds", "rounds"),
        talk_median_seconds=hide_small_samples(pl.col("talk_median_seconds"), "talks"),
        rounds_per_meeting_hour=hide_small_samples(
            ratio("rounds", pl.col("met") / _HOUR), "rounds"
        ),
    )


def _timed(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return meetings with the seconds (met) that each round adds to its meeting.

    From the end of the round before to its own end; the first adds its own length,
    an hour at most, since the clock of an empty room runs on.
    """
    return frames.once(("timed", period), lambda: _with_seconds(frames, period))


def _with_seconds(frames: Frames, period: Period) -> pl.LazyFrame:
    since = (pl.col("voted_at") - pl.col("voted_at").shift()).dt.total_seconds()
    alone = pl.col("duration").clip(upper_bound=int(MEETING_GAP.total_seconds()))
    met = pl.when("first").then(alone).otherwise(since)
    return meetings(frames, period).with_columns(met=met)
