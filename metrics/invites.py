"""Invites: whether new rooms bring users whom the product did not know."""

from datetime import datetime
from functools import partial

import polars as pl

from metrics.constants import FIRST_STEPS, MATURE
from metrics.estimated_votes import only_estimations
from metrics.expressions import MINIMUM_SAMPLE, count_where, earliest, rate, row_count
from metrics.frames import Frames, Period, instant
from metrics.funnel import mature_period
from metrics.query import Query, SharedPlans
from metrics.sentences import counted, only_row, percent, portion
from metrics.subject import Definition, table
from metrics.tables import ESTIMATIONS, EVENTS, ROOMS
from metrics.time_axis import side_by_side

SEVERAL = 2
"""Newcomers that make a new room an inviting one."""
_OPENED = ("ENTERED_NEW_ROOM", "ENTERED_RANDOM_ROOM")
_of_new_rooms = partial(
    Definition,
    tables=(ROOMS.name, ESTIMATIONS.name),
    excludes="Deleted rooms. Shares are hidden below 20 rooms.",
)

DEFINITIONS = (
    _of_new_rooms(
        "new_rooms",
        "Week-old rooms (n)",
        "count",
        "Rooms first used in the period, or in as many earlier days, so that each has "
        "had seven.",
        tables=(ROOMS.name,),
    ),
    _of_new_rooms(
        "newcomers",
        "Newcomers",
        "count",
        "Users whose first estimation ever is in the room, within seven days of its "
        "first use, minus one for the founder, new or not.",
        needs_all_rooms=True,
    ),
    _of_new_rooms(
        "inviting_rooms",
        "Inviting rooms (n)",
        "count",
        "New rooms with two or more newcomers.",
        needs_all_rooms=True,
    ),
    _of_new_rooms(
        "inviting_share",
        "Inviting rooms",
        "share",
        "Share of new rooms with two or more newcomers.",
        needs_all_rooms=True,
    ),
    _of_new_rooms(
        "share",
        "Share",
        "share",
        "Share of new rooms with as many newcomers.",
        only_in="invites_by_newcomers",
    ),
    Definition(
        "openers",
        "Room openers (n)",
        "count",
        "Users who opened a new or a random room.",
        (EVENTS.name,),
    ),
    Definition(
        "inviters",
        "Copied a link",
        "count",
        "Room openers who copied a room's link.",
        (EVENTS.name,),
    ),
    Definition(
        "invite_intent",
        "Link copy rate",
        "share",
        "Share of users opening a new or random room who copied a link.",
        (EVENTS.name,),
        "Users who copied a link without opening a room. Hidden below 20 users.",
    ),
)
LABELS = ("first_used_at", "room_id", "room_number", "room_name")


def covers(query: Query) -> Period:
    """Return the days of the new rooms: each has had seven days."""
    return mature_period(query, FIRST_STEPS)


def totals(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return in one row how rooms that were new in the mature period spread.

    Columns: new_rooms (n), newcomers, inviting_rooms (two newcomers or more within
    seven days), inviting_share, openers (users who opened a room in the period itself;
    n), inviters (those of them who copied a room's link), invite_intent.
    """
    counts = _new_rooms(query, shared).select(
        new_rooms=row_count(),
        newcomers=pl.col("newcomers").sum(),
        inviting_rooms=count_where(pl.col("newcomers") >= SEVERAL),
    )
    shares = counts.with_columns(inviting_share=rate("inviting_rooms", "new_rooms"))
    return side_by_side([shares, _intent(shared.frames, query.period)])


def by_newcomers(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return how many new rooms had how many newcomers.

    Columns: newcomers, ascending, room_count, share.
    """
    return (
        _new_rooms(query, shared)
        .group_by("newcomers")
        .agg(room_count=row_count())
        .with_columns(share=rate("room_count", pl.sum("room_count")))
        .sort("newcomers")
    )


def by_room(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return the new rooms, those with most newcomers first.

    Columns: room_name, newcomers, first_used_at, room_number, room_id.
    """
    rooms = _new_rooms(query, shared)
    return rooms.sort("newcomers", "room_id", descending=[True, False])


def _new_rooms(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return the rooms of the mature period with their newcomers, without the founder.

    A newcomer's first own estimation ever is in that room, within seven days of its
    first use.
    """
    period = covers(query)

    def new_rooms() -> pl.LazyFrame:
        return _first_used(shared.frames.rooms, period)

    def with_newcomers() -> pl.LazyFrame:
        new = shared.node(("first used", period), new_rooms)
        came = _newcomers(shared, period, new).group_by("room_id").agg(came=row_count())
        return new.join(came, on="room_id", how="left").select(
            "room_name",
            (pl.col("came").fill_null(0) - 1).clip(0).alias("newcomers"),
            *("first_used_at", "room_number", "room_id"),
        )

    return shared.node(("new rooms", period), with_newcomers)


def _first_used(rooms: pl.LazyFrame, period: Period) -> pl.LazyFrame:
    return rooms.filter(period.contains("first_used_at")).select(
        "first_used_at", room_id="id", room_number="number", room_name="name"
    )


def _newcomers(shared: SharedPlans, period: Period, new: pl.LazyFrame) -> pl.LazyFrame:
    """Return a row per user whose first own estimation is in a new room: room_id.

    Of what was before the period, only who was there counts, among those who came.
    """
    at, opened = pl.col("estimated_at"), pl.col("first_used_at")
    soon = Period(period.start, period.end + FIRST_STEPS)
    near = only_estimations(shared.within(soon).estimations)
    there = near.join(new, on="room_id", how="semi").select("user").unique()
    first = (
        near.join(there, on="user", how="semi")
        .group_by("user")
        .agg(earliest("room_id", "estimated_at"), at=at.min())
        .join(new, on="room_id")
        .filter(pl.col("at") >= opened, pl.col("at") < opened + FIRST_STEPS)
    )
    known = _known_before(shared, period).join(first, on="user", how="semi").unique()
    return first.join(known, on="user", how="anti")


def _known_before(shared: SharedPlans, period: Period) -> pl.LazyFrame:
    """Return users who estimated before the period, some of them repeatedly: user.

    Who has not been there since the rows of both periods begin may be left out: all
    of history is searched once for both.
    """
    begin = shared.begin(period)
    lately = shared.within(Period(begin, period.start)).estimations
    early = shared.node(("early", begin), lambda: _early(shared.frames, begin))
    return pl.concat([only_estimations(lately).select("user"), early])


def _early(frames: Frames, begin: datetime) -> pl.LazyFrame:
    own = only_estimations(frames.estimations)
    is_late = pl.col("estimated_at") >= instant(begin)
    still_there = own.filter(is_late).select("user").unique()
    gone = own.filter(~is_late).select("user")
    return gone.join(still_there, on="user", how="semi").unique()


def _intent(frames: Frames, period: Period) -> pl.LazyFrame:
    events = frames.events.filter(period.contains("event_at"))
    event = pl.col("event")
    return (
        events.group_by("user")
        .agg(
            opened=event.is_in(_OPENED).any(),
            copied=(event == "COPIED_ROOM_LINK").any(),
        )
        .filter("opened")
        .select(openers=row_count(), inviters=count_where(pl.col("copied")))
        .with_columns(invite_intent=rate("inviters", "openers"))
    )


def answer_totals(frame: pl.DataFrame) -> str | None:
    """Say how many new rooms bring users, and how many founders copy the link."""
    found = only_row(frame)
    brings, intent = found["inviting_share"], found["invite_intent"]
    parts = []
    if brings is not None:
        rooms = f"{portion(brings)} of {found['new_rooms']:,} new rooms"
        parts.append(f"{rooms} brought two or more new users within a week.")
    if intent is not None:
        who = f"{portion(intent)} of {found['openers']:,} users who opened a room"
        parts.append(f"{who} copied a link.")
    # "less than 1%" begins a sentence here.
    return " ".join(part[0].upper() + part[1:] for part in parts) or None


def answer_by_newcomers(frame: pl.DataFrame) -> str | None:
    """Say how many new rooms brought no new users, and how many two or more."""
    # Of few rooms, and where a table begins later than others, shares are not known.
    if not frame["share"].count():
        return None
    rooms, count = pl.col("room_count"), pl.col("newcomers")
    none, several = frame.select(
        none=rooms.filter(count == 0).sum() / rooms.sum(),
        several=rooms.filter(count >= SEVERAL).sum() / rooms.sum(),
    ).row(0)
    start = (
        f"{percent(none)} of new rooms brought no new users within a week"
        if none
        else "All new rooms brought new users within a week"
    )
    return f"{start}, {portion(several, none='none')} two or more."


def answer_by_room(frame: pl.DataFrame) -> str | None:
    """Say how many new users new rooms brought, and how many a single one at most."""
    if frame.height < MINIMUM_SAMPLE:
        return None
    counts = frame["newcomers"].to_list()
    brought, most = sum(counts), max(counts)
    start = f"{frame.height:,} new rooms brought"
    if brought == 0:
        return f"{start} no new users."
    users = counted(brought, "new user")
    each = f", up to {most:,} each" if brought > 1 else ""
    return f"{start} {users} within a week{each}."


_READS = (ROOMS, ESTIMATIONS)
_LOOKS_BACK = {ESTIMATIONS.name: MATURE}
TABLES = (
    table(
        "invites",
        "Do rooms bring new users?",
        totals,
        *_READS,
        EVENTS,
        answer=answer_totals,
        sample_sizes={"inviting_share": "new_rooms", "invite_intent": "openers"},
        covers=covers,
        needs_all_users=True,
        needs_all_rooms=True,
        looks_back=_LOOKS_BACK,
    ),
    table(
        "invites_by_newcomers",
        "How many new users does a new room bring?",
        by_newcomers,
        *_READS,
        answer=answer_by_newcomers,
        covers=covers,
        needs_all_users=True,
        needs_all_rooms=True,
        looks_back=_LOOKS_BACK,
    ),
    table(
        "invites_by_room",
        "Which new rooms brought the most new users?",
        by_room,
        *_READS,
        answer=answer_by_room,
        covers=covers,
        needs_all_users=True,
        needs_all_rooms=True,
        looks_back=_LOOKS_BACK,
    ),
)
