"""Meetings of rooms, and what happened in one of them, vote by vote.

A meeting is a run of votes of one room that end less than 60 minutes apart, empty
votes included. Users appear as seats: numbers from 1 in the order in which they first
took part in this meeting, so that no seat can be followed from one meeting to another.
"""

from datetime import datetime, timedelta

import polars as pl

from metrics import convergence
from metrics.card_scale import (
    cards_of_vote,
    estimated,
    has_spread,
    is_estimation,
    steps,
)
from metrics.estimated_votes import MEETING_GAP, join_nearest_vote, widened
from metrics.expressions import count_where, row_count
from metrics.frames import Frames, Period
from metrics.query import Query, SharedPlans
from metrics.subject import Definition, table
from metrics.tables import ESTIMATIONS, VOTES

_VOTES, _BOTH = (VOTES.name,), (VOTES.name, ESTIMATIONS.name)

DEFINITIONS = (
    Definition(
        "wide_votes", "Wide votes", "count", "Votes with a spread of 2 or more.", _VOTES
    ),
    Definition(
        "estimators",
        "Estimators",
        "count",
        "Users who played a card in at least one vote of the meeting.",
        _BOTH,
        only_in="meetings",
    ),
    Definition(
        "spectators",
        "Spectators only",
        "count",
        "Users who watched the meeting and played no card.",
        _BOTH,
        neutral=True,
        only_in="meetings",
    ),
    Definition(
        "talk_median_seconds",
        "Median pause",
        "seconds",
        "Median time from the end of a vote, empty or not, to the start of the next "
        "one in the meeting.",
        _VOTES,
        neutral=True,
        only_in="meetings",
    ),
)
LABELS = ("meeting", "room_id", "started_at", "ended_at")

AROUND = timedelta(minutes=10)
"""How long before and after a meeting page views and events still belong to it."""
LONGEST_START = MEETING_GAP
"""How long before its end the first vote of a meeting is taken to start at most: the
clock of an idle room runs on."""
CARD, NO_CARD, WATCHED = "estimated", "no card", "watched"
"""What a user did in a vote."""


def meetings(frames: Frames) -> pl.LazyFrame:
    """Return the meetings of all votes in `frames`, newest first.

    Columns: meeting (id of its first vote), room_id, started_at, ended_at, votes,
    rounds_without_estimate, wide_votes (a spread of 2 or more), estimators (users who
    played a card), spectators (users who only watched), duration_median_seconds (null
    where all votes are empty) and talk_median_seconds (null for a single vote).
    """
    votes = _in_meetings(frames.votes).cache()
    users = (
        _participations(frames.estimations, votes)
        .group_by("meeting", "user")
        .agg(
            played=(pl.col("role") == CARD).any(),
            watched=(pl.col("role") == WATCHED).any(),
        )
        .group_by("meeting")
        .agg(
            estimators=count_where(pl.col("played")),
            # Who had a seat and no card, as in an empty vote, did not watch.
            spectators=count_where(pl.col("watched") & ~pl.col("played")),
        )
    )
    return (
        votes.group_by("meeting", "room_id")
        .agg(
            started_at=pl.col("started_at").min(),
            ended_at=pl.col("voted_at").max(),
            votes=row_count(),
            rounds_without_estimate=count_where(~estimated()),
            wide_votes=count_where(has_spread() & (steps() >= convergence.APART)),
            duration_median_seconds=pl.col("duration").filter(estimated()).median(),
            talk_median_seconds=pl.col("talk").median(),
        )
        .join(users, on="meeting", how="left")
        .select(
            *("meeting", "room_id", "started_at", "ended_at"),
            *("votes", "rounds_without_estimate", "wide_votes"),
            pl.col("estimators", "spectators").fill_null(0),
            *("duration_median_seconds", "talk_median_seconds"),
        )
        .sort("started_at", "meeting", descending=True)
    )


def meetings_of(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return the `meetings` that start in a window, whole also where it ends."""
    # A meeting may begin before midnight, or go on after it.
    margin = timedelta(days=1)
    near = frames.within(Period(period.start - margin, period.end + margin))
    return meetings(near).filter(period.contains("started_at"))


def span(started_at: datetime, ended_at: datetime) -> Period:
    """Return the window that the timeline of a meeting covers."""
    return Period(started_at - AROUND, ended_at + AROUND)


def timeline(frames: Frames, period: Period, meeting: int) -> pl.LazyFrame:
    """Return the votes of a meeting in order of time; `period` is its `span`.

    Columns: vote (1 to n), started_at, voted_at, talk (seconds since the vote before,
    null for the first), duration (seconds), amount_of_estimations,
    amount_of_spectators, min_estimation, avg_estimation, max_estimation, steps (null,
    like the three before, in an empty vote), was_auto_flip, empty, re_vote (whether it
    repeats the wide vote before it), cards ("1: 5, 2: 8, 3: watched"), joined and left
    (seats that were not in the vote before, and that were; "" for none).
    """
    votes = _of_meeting(frames, period, meeting)
    again = convergence.re_votes(SharedPlans(frames), period).select("id", re_vote=True)
    return (
        votes.join(_presence(cards(frames, period, meeting)), on="id", how="left")
        .join(again, on="id", how="left")
        .sort("voted_at", "id")
        .select(
            pl.int_range(1, pl.len() + 1).alias("vote"),
            *("id", "started_at", "voted_at", "talk", "duration"),
            *("amount_of_estimations", "amount_of_spectators"),
            *cards_of_vote(),
            "was_auto_flip",
            empty=~estimated(),
            re_vote=pl.col("re_vote").fill_null(value=False),
            cards=pl.col("cards").fill_null(""),
            joined=pl.col("joined").fill_null(""),
            left=pl.col("left").fill_null(""),
        )
    )


def cards(frames: Frames, period: Period, meeting: int) -> pl.LazyFrame:
    """Return what every seat did in each vote of a meeting.

    Columns: id (of the vote), voted_at, seat, role (estimated, no card or watched) and
    estimation (null unless estimated), in order of vote and seat. One row per vote and
    seat: of a user who was written twice, the later row counts.
    """
    participations = _participations_in(frames, period, meeting)
    seats = _seats(participations)
    return (
        participations.join(seats, on="user")
        .sort("estimated_at", "row")
        # A user may be written twice in a vote: the later row counts.
        .unique(["id", "seat"], keep="last", maintain_order=True)
        .sort("voted_at", "id", "seat")
        .select("id", "voted_at", "seat", "role", "estimation")
    )


def activity(
    frames: Frames, room_id: int, period: Period, meeting: int
) -> pl.LazyFrame:
    """Return the page views of a room and the events of its users in a window.

    Events name no room: they are those of users who took part in the meeting or viewed
    the room meanwhile, wherever they did it. `frames` have all rooms. Columns: at, kind
    (page view or event), name (route or event) and seat (null for a user without one),
    in order of time.
    """
    inside = frames.within(period)
    took_part = _participations_in(frames.of_room(room_id), period, meeting)
    views = inside.page_views.filter(pl.col("room_id") == room_id)
    # Events name no room: they belong to it by who was there.
    there = pl.concat([took_part.select("user"), views.select("user")]).unique()
    events = inside.events.join(there, on="user", how="semi")
    return (
        pl.concat(
            [
                views.select(
                    *("user", "id"),
                    at="viewed_at",
                    kind=pl.lit("page view"),
                    name="route",
                ),
                events.select(
                    *("user", "id"), at="event_at", kind=pl.lit("event"), name="event"
                ),
            ]
        )
        .join(_seats(took_part), on="user", how="left")
        .sort("at", "kind", "id")
        .select("at", "kind", "name", "seat")
    )


def _of_meeting(frames: Frames, period: Period, meeting: int) -> pl.LazyFrame:
    # The vote before may have ended just when the first one is taken to start.
    votes = _in_meetings(frames.within(period).votes)
    return votes.filter(pl.col("meeting") == meeting)


def _participations_in(frames: Frames, period: Period, meeting: int) -> pl.LazyFrame:
    taken = _participations(
        frames.within(widened(period)).estimations,
        _in_meetings(frames.within(period).votes),
    )
    return taken.filter(pl.col("meeting") == meeting)


def _in_meetings(votes: pl.LazyFrame) -> pl.LazyFrame:
    """Add to votes their meeting (id of its first vote), started_at and talk.

    A vote starts `duration` before its end, but not before the vote before it ended.
    """
    ended, start = pl.col("voted_at"), pl.col("began")
    # A damaged row may be shorter than nothing; no vote starts after its end.
    length = pl.duration(seconds=pl.col("duration").clip(0))
    same_room = pl.col("room_id") == pl.col("room_id").shift()
    joins = (same_room & (ended - ended.shift() < MEETING_GAP)).fill_null(value=False)
    # An idle room's clock runs for days: a vote starts after the one before, or within
    # an hour.
    earliest = (
        pl.when("joins").then(ended.shift()).otherwise(ended - pl.lit(LONGEST_START))
    )
    return (
        votes.sort("room_id", "voted_at", "id")
        .with_columns(began=ended - length, joins=joins)
        .with_columns(
            meeting=pl.when(~pl.col("joins")).then("id").forward_fill(),
            started_at=pl.max_horizontal(start, earliest),
            talk=pl.when("joins").then(
                (start - ended.shift()).dt.total_seconds().clip(0)
            ),
        )
        .drop("began", "joins")
    )


def _participations(estimations: pl.LazyFrame, votes: pl.LazyFrame) -> pl.LazyFrame:
    """Return each participation with the room's nearest vote within 2 seconds.

    Columns: user, row, estimated_at, role, estimation, and id, voted_at and meeting of
    the vote. Participations without a vote are left out.
    """
    role = (
        pl.when("spectator")
        .then(pl.lit(WATCHED))
        .when(is_estimation())
        .then(pl.lit(CARD))
        .otherwise(pl.lit(NO_CARD))
    )
    taken = estimations.select(
        *("room_id", "user", "estimated_at"),
        row="id",
        role=role,
        estimation=pl.when(is_estimation()).then("estimation"),
    )
    return (
        join_nearest_vote(
            taken.sort("estimated_at", "row"),
            votes.select("room_id", "voted_at", "id", "meeting").sort("voted_at", "id"),
        )
        .drop_nulls("id")
        .drop("room_id", "room_id_right", strict=False)
    )


def _seats(participations: pl.LazyFrame) -> pl.LazyFrame:
    """Return the seat of each user: user, seat."""
    first = participations.group_by("user").agg(
        pl.col("estimated_at").min(), pl.col("row").min()
    )
    numbered = first.sort("estimated_at", "row", "user").with_row_index("seat", 1)
    return numbered.select("user", pl.col("seat").cast(pl.Int64))


def _presence(cards: pl.LazyFrame) -> pl.LazyFrame:
    """Return per vote: id, cards, joined and left, each as text."""
    card = (
        pl.when(pl.col("role") == CARD)
        .then(pl.col("estimation").cast(pl.String))
        .otherwise("role")
    )
    before, here = pl.col("here").shift(), pl.col("here")
    # Votes without any participation are not in this list: no user left during them.
    return (
        cards.with_columns(card=pl.format("{}: {}", "seat", card))
        .group_by("id", "voted_at")
        .agg(cards=pl.col("card").str.join(", "), here="seat")
        .sort("voted_at", "id")
        .select(
            *("id", "cards"),
            joined=_written(here.list.set_difference(before)),
            left=_written(before.list.set_difference(here)),
        )
    )


def _written(seats: pl.Expr) -> pl.Expr:
    return seats.list.sort().cast(pl.List(pl.String)).list.join(", ")


def in_period(query: Query, _: SharedPlans) -> pl.LazyFrame:
    """Return the `meetings_of` the query's period."""
    return meetings_of(query.frames, query.period)


TABLES = (table("meetings", "Meetings, newest first", in_period, VOTES, ESTIMATIONS),)
