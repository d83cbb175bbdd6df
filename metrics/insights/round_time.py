"""Round time: where the minutes of a meeting go."""

from collections.abc import Sequence

import polars as pl

from metrics.buckets import bucket_of, on_axis, window_axis
from metrics.frames import Frames, Window
from metrics.insights.rounds import MEETING_GAP, meetings
from metrics.insights.shown import rate, shown
from metrics.measures import aggregate, ratio, rows, where
from metrics.scope import Every

_HOUR = 3600
_COUNTS = ("rounds", "long_rounds", "meetings", "talks")


def totals(frames: Frames, window: Window) -> pl.LazyFrame:
    """Return in one row how long rounds and the talks between them take.

    Columns: rounds (with an estimate; n), long_rounds (above 1 hour), meetings,
    talks (pauses inside meetings), duration_median_seconds, duration_p90_seconds,
    long_share, talk_median_seconds, rounds_per_meeting_hour.
    """
    return _figures(_timed(frames, window), ())


def over_time(frames: Frames, window: Window, every: Every) -> pl.LazyFrame:
    """Return `totals` per bucket: bucket and its columns."""
    held = _timed(frames, window).with_columns(bucket=bucket_of("voted_at", every))
    return on_axis(window_axis(window, every), [_figures(held, ("bucket",))], _COUNTS)


def _figures(held: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    seconds = pl.col("duration")
    counts = aggregate(
        held,
        by,
        rounds=rows(),
        long_rounds=where(seconds > _HOUR),
        meetings=where(pl.col("first")),
        talks=where(pl.col("talk").is_not_null()),
        duration_median_seconds=seconds.median(),
        duration_p90_seconds=seconds.quantile(0.9, "linear"),
        talk_median_seconds=pl.col("talk").median(),
        met=pl.col("met").sum(),
    )
    return counts.select(
        *by,
        *_COUNTS,
        duration_median_seconds=shown(pl.col("duration_median_seconds"), "rounds"),
        duration_p90_seconds=shown(pl.col("duration_p90_seconds"), "rounds"),
        long_share=rate("long_rounds", "rounds"),
        talk_median_seconds=shown(pl.col("talk_median_seconds"), "talks"),
        rounds_per_meeting_hour=shown(ratio("rounds", pl.col("met") / _HOUR), "rounds"),
    )


def _timed(frames: Frames, window: Window) -> pl.LazyFrame:
    """Return meetings with the seconds (met) that each round adds to its meeting.

    From the end of the round before to its own end; the first adds its own length,
    an hour at most, since the clock of an empty room runs on.
    """
    return frames.once(("timed", window), lambda: _with_seconds(frames, window))


def _with_seconds(frames: Frames, window: Window) -> pl.LazyFrame:
    since = (pl.col("voted_at") - pl.col("voted_at").shift()).dt.total_seconds()
    alone = pl.col("duration").clip(upper_bound=int(MEETING_GAP.total_seconds()))
    met = pl.when("first").then(alone).otherwise(since)
    return meetings(frames, window).with_columns(met=met)
