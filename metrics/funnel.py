"""Funnel: how far new users get on their way into a team."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Any, Literal, get_args

import polars as pl

from metrics.behaviour import source_or_null
from metrics.constants import FIRST_STEPS, MATURE
from metrics.estimated_votes import own_cluster, room_or_user, with_vote
from metrics.expressions import (
    attribute,
    earliest,
    ranked,
    rate,
)
from metrics.frames import Frames, Period
from metrics.query import Query, SharedPlans, Unfinished
from metrics.sentences import compared, portion
from metrics.subject import Definition, table
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, USERS, VOTES
from metrics.time_axis import local_date
from metrics.uncertainty import comparisons, sums_beside, wholes

Dimension = Literal["source", "device", "country"]
STEPS = {
    "new_users": "First seen",
    "entered_room": "Entered a room",
    "first_estimate": "Estimated",
    "with_others": "Estimated together",
    "came_back": "Estimated again",
}

_READS = (USERS, PAGE_VIEWS, EVENTS, ESTIMATIONS, VOTES)
_EXCLUDES = "Bots, deleted users, and users who are not 28 days old."


def _step(key: str, formula: str, title: str = "") -> Definition:
    return Definition(
        key,
        title or STEPS[key],
        "count",
        formula,
        tuple(live.name for live in _READS),
        _EXCLUDES,
    )


def _share(key: str, title: str, formula: str) -> Definition:
    return Definition(
        key,
        title,
        "share",
        formula,
        tuple(live.name for live in _READS),
        f"{_EXCLUDES} Hidden below 20 users.",
    )


DEFINITIONS = (
    _step(
        "reached", "New users who reached this step and all before it.", "Users reached"
    ),
    _step("n", "New users behind the shares.", "Users seen (n)"),
    _step("entered_room", "Users who entered or viewed a room within 7 days."),
    _step("first_estimate", "Users who estimated within 7 days after entering a room."),
    _step(
        "with_others",
        "Users who estimated in a vote with two or more estimations, within 28 days.",
    ),
    _step(
        "came_back",
        "Users who estimated on two or more days, with others at least once, within 28 "
        "days.",
    ),
    *(
        Definition(
            "new_users",
            STEPS["new_users"],
            "count",
            "Users first seen in the period, or in as many earlier days, so that each "
            "is 28 days old.",
            # Page views say from where a user came.
            (USERS.name, *([PAGE_VIEWS.name] if dimension == "source" else [])),
            _EXCLUDES,
            only_in=f"funnel_by_{dimension}",
        )
        for dimension in get_args(Dimension)
    ),
    _share("share_of_new", "Of new users", "Share of new users who reached the step."),
    _share(
        "share_of_previous",
        "Of previous step",
        "Share of users of the previous step who reached this one.",
    ),
    _share(
        "entered_share", "Room entry rate", "Share of new users who entered a room."
    ),
    _share(
        "first_estimate_share",
        "Estimation rate",
        "Share of new users who estimated.",
    ),
    _share(
        "came_back_share",
        "Comeback rate",
        "Share of new users who estimated on two or more days, and with others.",
    ),
)
LABELS = ("step", "step_name", "source", "device", "country")


def mature_period(query: Query, age: timedelta = MATURE) -> Period:
    """Return the days that a funnel is about: whole days, as many as the period has.

    They are the period's own, or as late as possible so that all of their new users
    are 28 days old (or of another `age`). A comparison moves by as much as its period:
    21 days of the one are no fall from 28 of the other. No user is new before the day
    on which the data begins.
    """
    first, last = query.period.first_day, query.period.last_day
    latest = query.today - age - timedelta(days=1)
    # Users of the last 28 days still have time to come back: look at earlier ones.
    late = max((query.later or query.period).last_day - latest, timedelta(0))
    # The 24 hours before end on the day on which the last begin: it counts once.
    is_before = query.later and query.period.end <= query.later.start
    if query.later and is_before and last == query.later.first_day:
        late += timedelta(days=1)
    first, last = first - late, last - late
    begins = query.begins
    if begins is not None and first < begins <= last:
        first = begins
    return Period.of_days(first, last, query.zone)


def steps(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return the five steps for users who were new in the mature period, in order.

    Each step counts those who made all steps before. Bots are left out. Columns: step
    (1-5), step_name, reached, n (new users), share_of_new, share_of_previous.
    """
    counts = reached(shared, mature_period(query)).select(
        pl.col(name).sum().cast(pl.Int64) for name in STEPS
    )
    long = counts.unpivot(variable_name="key", value_name="reached")
    new, before = pl.first("reached"), pl.col("reached").shift()
    return long.with_row_index("step", offset=1).select(
        pl.col("step").cast(pl.Int64),
        step_name=pl.col("key").replace_strict(STEPS),
        reached="reached",
        n=new,
        share_of_new=rate("reached", new),
        share_of_previous=rate("reached", before),
    )


def by_source(query: Query, shared: SharedPlans) -> Unfinished:
    """Return the steps per class of first source: see `_by`."""
    return _by(query, shared, "source")


def by_device(query: Query, shared: SharedPlans) -> Unfinished:
    """Return the steps per device: see `_by`."""
    return _by(query, shared, "device")


def by_country(query: Query, shared: SharedPlans) -> Unfinished:
    """Return the steps per country: see `_by`."""
    return _by(query, shared, "country")


def _by(query: Query, shared: SharedPlans, dimension: Dimension) -> Unfinished:
    """Return the steps per label, most new users first.

    Columns: the dimension (null: not set), the five counts, entered_share,
    first_estimate_share and came_back_share (of new_users, the n); the last with what
    compares it with all other labels (see `uncertainty`; users of one room are alike).
    """
    users, name = reached(shared, mature_period(query)), "came_back_share"
    labels = (
        users.group_by(dimension, "cluster")
        .agg(pl.col(*STEPS).sum().cast(pl.Int64))
        .with_columns(wholes(("came_back", "new_users"), "cluster", dimension))
        .group_by(dimension)
        .agg(
            pl.sum(*STEPS), sums_beside("came_back", "new_users").alias(f"{name}_sums")
        )
        .select(
            dimension,
            *STEPS,
            rate("entered_room", "new_users").alias("entered_share"),
            rate("first_estimate", "new_users").alias("first_estimate_share"),
            f"{name}_sums",
        )
    )
    return Unfinished(
        ranked(labels, [dimension], "new_users"), comparisons(name, dimension)
    )


def reached(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return which steps each user who was new in the period made, without the user.

    Columns: source, device, country, cluster (see `room_or_user`), and one boolean per
    step.
    """
    return shared.node(("funnel", period), lambda: _reached(shared, period))


def _reached(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    # Sources and steps may precede and follow the days on which users were new.
    start, end = period.start - FIRST_STEPS, period.end + MATURE
    near, span = shared.within(Period(start, end)), Period(start, end, period.zone)
    new = shared.node(("new users", period), lambda: _new_users(shared.frames, period))
    entered = _entered(near, new)
    again = pl.col("with_others") & pl.col("came_back")
    return (
        new.join(_first_source(near, new), on="user", how="left")
        .join(entered, on="user", how="left")
        .join(_estimated(near, entered, span), on="user", how="left")
        .join(room_or_user(near.page_views, near.estimations), on="user", how="left")
        .select(
            *("source", "device", "country"),
            cluster=own_cluster(),
            new_users=pl.lit(value=True),
            entered_room=pl.col("entered_at").is_not_null(),
            first_estimate=pl.col("with_others").is_not_null(),
            with_others=pl.col("with_others").fill_null(value=False),
            came_back=again.fill_null(value=False),
        )
    )


def _new_users(frames: Frames, period: Period) -> pl.LazyFrame:
    users = frames.users.filter(
        period.contains("created_at"), pl.col("device").ne_missing(pl.lit("bot"))
    )
    return users.select(
        *("user", "created_at"), attribute("device"), attribute("country")
    )


def _first_source(near: Frames, new: pl.LazyFrame) -> pl.LazyFrame:
    views = near.page_views.join(new, on="user", how="semi")
    first = earliest("source", "viewed_at")
    return views.group_by("user").agg(source=source_or_null(first))


def _entered(near: Frames, new: pl.LazyFrame) -> pl.LazyFrame:
    """Return when users first entered a room, within 7 days.

    Columns: user, created_at, entered_at.
    """
    # A link leads straight into a room, without an event: the page view counts too.
    entering = pl.col("event").str.starts_with("ENTERED_")
    views = near.page_views.filter(pl.col("route") == "ROOM")
    acts = pl.concat(
        [
            near.events.filter(entering).select("user", at="event_at"),
            views.select("user", at="viewed_at"),
        ]
    )
    return (
        acts.join(new, on="user")
        .filter(pl.col("at") < pl.col("created_at") + FIRST_STEPS)
        .group_by("user")
        .agg(pl.first("created_at"), entered_at=pl.min("at"))
    )


def _estimated(near: Frames, entered: pl.LazyFrame, span: Period) -> pl.LazyFrame:
    """Return who estimated within 7 days after entering, and what came after.

    Columns: user, with_others (an estimation in a vote of two or more), came_back
    (estimations on two days), both until 28 days after the user was new. Days are
    those of the zone of `span`, which has all rows.
    """
    at, until = pl.col("estimated_at"), pl.col("created_at") + MATURE
    own = near.estimations.join(entered, on="user", how="semi")
    return (
        with_vote(own, near.votes)
        .join(entered, on="user")
        .filter(at >= pl.col("entered_at"), at < until)
        .group_by("user")
        .agg(
            pl.first("entered_at"),
            first=at.min(),
            last=at.max(),
            with_others=(pl.col("amount_of_estimations") >= 2).any(),
        )
        # The filter on `until` has bounded the last estimation; this bounds the first.
        .filter(pl.col("first") < pl.col("entered_at") + FIRST_STEPS)
        .select(
            *("user", "with_others"),
            came_back=local_date("last", span) > local_date("first", span),
        )
    )


def answer_steps(frame: pl.DataFrame) -> str | None:
    """Say how many reach the steps, and before which one most are lost."""
    counts, shares = (
        frame.sort("step")[name].to_list() for name in ("reached", "share_of_new")
    )
    # Of few users, and where a table begins later than others, shares are not known.
    if None in shares:
        return None
    entered, estimated, back = (portion(shares[n], none="none") for n in (1, 2, 4))
    return (
        f"Of {counts[0]:,} new users, {entered} entered a room, {estimated} estimated "
        f"and {back} estimated again on a later day.{_biggest_drop(frame, counts)}"
    )


def _biggest_drop(frame: pl.DataFrame, counts: list[int]) -> str:
    """Name the step before which most are lost; nothing where several tie."""
    lost = [before - after for before, after in pairwise(counts)]
    most = max(lost)
    # With a tie, naming one step would be arbitrary.
    if most == 0 or lost.count(most) > 1:
        return ""
    step = frame.sort("step")["step_name"][lost.index(most) + 1]
    return f" The biggest drop is before “{step}”."


def answer_by_source(frame: pl.DataFrame) -> str | None:
    """Compare sources: see `_answer_by`."""
    return _answer_by(frame, "source", "sources")


def answer_by_device(frame: pl.DataFrame) -> str | None:
    """Compare devices: see `_answer_by`."""
    return _answer_by(frame, "device", "devices")


def answer_by_country(frame: pl.DataFrame) -> str | None:
    """Compare countries: see `_answer_by`."""
    return _answer_by(frame, "country", "countries")


def _answer_by(frame: pl.DataFrame, dimension: Dimension, several: str) -> str | None:
    """Say which labels have more or fewer users who came back than all the others.

    Labels with fewer than 20 new users, and users without one, are not named.
    """
    place = "on" if dimension == "device" else "from"

    def describe(row: Mapping[str, Any]) -> str:
        return f"of {row['new_users']:,} new users {place} {row[dimension]}"

    return compared(
        frame,
        "came_back_share",
        ("came_back", "new_users"),
        (several, "estimated again on a later day"),
        describe,
    )


_SAMPLE_SIZES = dict.fromkeys(
    ("entered_share", "first_estimate_share", "came_back_share"), "new_users"
)
TABLES = (
    table(
        "funnel",
        "How far do new users get?",
        steps,
        *_READS,
        answer=answer_steps,
        sample_sizes={"share_of_new": "n"},
        covers=mature_period,
    ),
    table(
        "funnel_by_source",
        "Which sources bring users who stay?",
        by_source,
        *_READS,
        answer=answer_by_source,
        sample_sizes=_SAMPLE_SIZES,
        covers=mature_period,
    ),
    table(
        "funnel_by_device",
        "On which devices do users stay?",
        by_device,
        *_READS,
        answer=answer_by_device,
        sample_sizes=_SAMPLE_SIZES,
        covers=mature_period,
    ),
    table(
        "funnel_by_country",
        "In which countries do users stay?",
        by_country,
        *_READS,
        answer=answer_by_country,
        sample_sizes=_SAMPLE_SIZES,
        covers=mature_period,
    ),
)
