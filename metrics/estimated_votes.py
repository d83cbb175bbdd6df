"""Votes with an estimation, the estimations played in them, and their meetings."""

from datetime import timedelta

import polars as pl

from metrics.activity_key import seconds
from metrics.card_scale import estimated, is_estimation, place, steps
from metrics.frames import Period
from metrics.query import SharedPlans

JOINED_WITHIN = timedelta(seconds=2)
"""How far an estimation's time may be from its vote's."""
AFTERWARDS = timedelta(days=1)
"""How long after a period the next vote of its last ones is looked for."""
MEETING_GAP = timedelta(hours=1)
"""Votes of a room that are less apart belong to one meeting."""


def estimated_votes(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return the period's votes that have an estimation.

    Columns: those of votes, and started_at, steps.
    """

    def build() -> pl.LazyFrame:
        votes = shared.frames.votes
        return votes.filter(period.contains("voted_at"), estimated()).select(
            pl.all(),
            started_at=pl.col("voted_at") - pl.duration(seconds="duration"),
            steps=steps(),
        )

    return shared.node(("estimated votes", period), build)


def only_estimations(participations: pl.LazyFrame) -> pl.LazyFrame:
    """Keep participations with a card: no spectators, no empty rows."""
    return participations.filter(is_estimation())


def estimations_with_vote(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return the estimations of the period's votes, each with its vote.

    Columns: those of `with_vote`; estimations without a vote are left out.
    """
    return estimations_with_later_votes(shared, period).filter(
        period.contains("voted_at")
    )


def estimations_with_later_votes(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return `estimations_with_vote`, and those of one day more: what came next."""

    def build() -> pl.LazyFrame:
        longer = Period(period.start, period.end + AFTERWARDS)
        # An estimation is written up to two seconds from its vote, across midnight too,
        # and may be nearer to a vote outside.
        around = widened(longer)
        frames = shared.frames
        near = frames.estimations.filter(around.contains("estimated_at"))
        votes = frames.votes.filter(widened(around).contains("voted_at"))
        return with_vote(near, votes).filter(longer.contains("voted_at"))

    return shared.node(("estimations with vote", period), build)


def widened(period: Period) -> Period:
    """Return a period in which all votes and participations of a period can join."""
    return Period(period.start - JOINED_WITHIN, period.end + JOINED_WITHIN)


def with_vote(participations: pl.LazyFrame, votes: pl.LazyFrame) -> pl.LazyFrame:
    """Return estimations with their vote: the room's nearest within 2 seconds.

    Estimations carry no vote id. Columns: user, place (0-6), estimated_at, and
    vote_id, voted_at, amount_of_estimations, null where there is none.
    """
    estimations = only_estimations(participations).select(
        *("room_id", "user", "estimated_at"), place=place(pl.col("estimation"))
    )
    ended = votes.filter(estimated()).select(
        "room_id", "voted_at", "amount_of_estimations", vote_id="id"
    )
    return join_nearest_vote(
        estimations.sort("estimated_at"), ended.sort("voted_at", "vote_id")
    ).drop("room_id")


def join_nearest_vote(
    participations: pl.LazyFrame, votes: pl.LazyFrame
) -> pl.LazyFrame:
    """Join each participation with the room's vote nearest in time, within 2 seconds.

    Needs room_id in both, and both in order of estimated_at and voted_at; votes of one
    second in order of id, since the last of them is joined.
    """
    return participations.join_asof(
        votes,
        left_on="estimated_at",
        right_on="voted_at",
        by="room_id",
        strategy="nearest",
        tolerance=JOINED_WITHIN,
        coalesce=False,
        # Both sides are sorted by time; with `by` Polars cannot check that.
        check_sortedness=False,
    )


def in_meetings(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return `estimated_votes`, per room in order of time, with their meeting.

    Adds first (whether a meeting starts), since (seconds from the end of the vote
    before to its own) and talk (to its start, not below 0), null for the first. A
    meeting goes on across the start of the period: there it does not start again.
    """
    # What was before decides whether the first votes start a meeting.
    longer = Period(period.start - MEETING_GAP, period.end, period.zone)
    ended, before = pl.col("voted_at"), pl.col("voted_at").shift()
    same_room = pl.col("room_id") == pl.col("room_id").shift()
    # The very first row has none before it.
    goes_on = (same_room & (ended - before < MEETING_GAP)).fill_null(value=False)
    since, talk = ended - before, pl.col("started_at") - before
    return (
        estimated_votes(shared, longer)
        .sort("room_id", "voted_at", "id")
        .with_columns(
            first=~goes_on,
            since=pl.when(goes_on).then(since.dt.total_seconds()),
            talk=pl.when(goes_on).then(talk.dt.total_seconds().clip(0)),
        )
        .filter(period.contains("voted_at"))
    )


def room_or_user(page_views: pl.LazyFrame, estimations: pl.LazyFrame) -> pl.LazyFrame:
    """Return what makes users alike: the first room that each viewed or voted in.

    A team comes, estimates and stays together. Columns: user, cluster (the room's id;
    null, or no row, where a user was in no room).
    """
    # Time and room in one number, whose minimum is found without a look at each group.
    seen = [
        rows.select(
            "user", key=seconds(pl.col(at)) * _ROOMS + pl.col("room_id").cast(pl.Int64)
        )
        for rows, at in ((page_views, "viewed_at"), (estimations, "estimated_at"))
    ]
    return pl.concat(seen).group_by("user").agg(cluster=pl.col("key").min() % _ROOMS)


# Room ids are 32-bit numbers, not below 0.
_ROOMS = 2**32


def own_cluster() -> pl.Expr:
    """Return the cluster of each user; one of their own where there is none."""
    # Negative, so that no user is taken for a room.
    return pl.coalesce("cluster", -1 - pl.col("user").cast(pl.Int64))
