"""Activation: how far new users get on their way into a team."""

from datetime import datetime, timedelta
from typing import Literal

import polars as pl

from metrics.behaviour import source_class
from metrics.constants import FIRST_STEPS
from metrics.estimated_votes import with_rounds
from metrics.expressions import count_where, ranked, row_count
from metrics.frames import Frames, Period
from metrics.minimum_sample import rate

By = Literal["source", "device", "country"]
STEPS = {
    "new_users": "New users",
    "entered_room": "Entered a room",
    "first_estimate": "Estimated",
    "with_others": "Estimated with others",
    "came_back": "Estimated again on a later day",
}
MATURE = timedelta(days=28)
"""How old a user has to be, and how long he or she is followed."""


def mature(period: Period, now: datetime) -> Period:
    """Return the window, moved back until all of its new users are 28 days old."""
    late = max(period.end - (now - MATURE), timedelta(0))
    return Period(period.start - late, period.end - late)


def steps(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return the five steps for users who were new in the window, in order.

    Each step counts those who made all steps before. Bots are left out; `frames`
    hold what happens up to 28 days after the window. Columns: step (1-5),
    step_name, reached, n (new users), share_of_new, share_of_previous.
    """
    counts = reached(frames, period).select(
        pl.col(name).sum().cast(pl.Int64) for name in STEPS
    )
    long = counts.unpivot(variable_name="key", value_name="reached")
    everybody, before = pl.first("reached"), pl.col("reached").shift()
    return long.with_row_index("step", offset=1).select(
        pl.col("step").cast(pl.Int64),
        step_name=pl.col("key").replace_strict(STEPS),
        reached="reached",
        n=everybody,
        share_of_new=rate("reached", everybody),
        share_of_previous=rate("reached", before),
    )


def by(frames: Frames, period: Period, dimension: By) -> pl.LazyFrame:
    """Return the steps per first source, device or country, most new users first.

    Columns: the dimension (null: not known), the five counts, entered_share,
    first_estimate_share and came_back_share (of new_users, the n).
    """
    counts = (
        reached(frames, period)
        .group_by(dimension)
        .agg(
            row_count().alias("new_users"),
            *(count_where(pl.col(s)) for s in [*STEPS][1:]),
        )
    )
    shares = counts.with_columns(
        entered_share=rate("entered_room", "new_users"),
        first_estimate_share=rate("first_estimate", "new_users"),
        came_back_share=rate("came_back", "new_users"),
    )
    return ranked(shares, [dimension], "new_users")


def reached(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return for each new user which steps he or she made, without naming anybody.

    Columns: source, device, country, and one boolean per step.
    """
    return frames.once(("funnel", period), lambda: _reached(frames, period))


def _reached(frames: Frames, period: Period) -> pl.LazyFrame:
    near = frames.within(Period(period.start - FIRST_STEPS, period.end + MATURE))
    new = frames.once(("new", period), lambda: _new_users(frames, period))
    entered = _entered(near, new)
    return (
        new.join(_first_source(near, new), on="user", how="left")
        .join(entered, on="user", how="left")
        .join(_estimated(near, entered), on="user", how="left")
        .select(
            *("source", "device", "country"),
            new_users=pl.lit(value=True),
            entered_room=pl.col("entered_at").is_not_null(),
            first_estimate=pl.col("with_others").is_not_null(),
            with_others=pl.col("with_others").fill_null(value=False),
            came_back=(pl.col("with_others") & pl.col("came_back")).fill_null(
                value=False
            ),
        )
    )


def _new_users(frames: Frames, period: Period) -> pl.LazyFrame:
    people = frames.users.filter(
        period.contains("created_at"), pl.col("device").ne_missing(pl.lit("bot"))
    )
    return people.select("device", "country", "created_at", "user")


def _first_source(near: Frames, new: pl.LazyFrame) -> pl.LazyFrame:
    views = near.page_views.join(new, on="user", how="semi")
    first = pl.col("source").get(pl.col("viewed_at").arg_min())
    return views.group_by("user").agg(source=source_class(first))


def _entered(near: Frames, new: pl.LazyFrame) -> pl.LazyFrame:
    """Return when people first entered a room, within 7 days: entered_at, ….

    Columns: user, created_at, entered_at.
    """
    entering = pl.col("event").str.starts_with("ENTERED_")
    acts = pl.concat(
        [
            near.events.filter(entering).select("user", at="event_at"),
            near.page_views.filter(pl.col("route") == "ROOM").select(
                "user", at="viewed_at"
            ),
        ]
    )
    return (
        acts.join(new, on="user")
        .filter(pl.col("at") <= pl.col("created_at") + FIRST_STEPS)
        .group_by("user")
        .agg(pl.first("created_at"), entered_at=pl.min("at"))
    )


def _estimated(near: Frames, entered: pl.LazyFrame) -> pl.LazyFrame:
    """Return who estimated at most 7 days after entering, and what came after.

    Columns: user, with_others (an estimate in a round of two or more), came_back
    (an estimate on a later day), both until 28 days after the user was new.
    """
    at, until = pl.col("estimated_at"), pl.col("created_at") + MATURE
    own = near.estimations.join(entered, on="user", how="semi")
    return (
        with_rounds(own, near.votes)
        .join(entered, on="user")
        .filter(at >= pl.col("entered_at"), at <= until)
        .group_by("user")
        .agg(
            pl.first("entered_at"),
            first=at.min(),
            last=at.max(),
            with_others=(pl.col("amount_of_estimations") >= 2).any(),
        )
        .filter(pl.col("first") <= pl.col("entered_at") + FIRST_STEPS)
        .select(
            *("user", "with_others"),
            came_back=pl.col("last").dt.date() > pl.col("first").dt.date(),
        )
    )
