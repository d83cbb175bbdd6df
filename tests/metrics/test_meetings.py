"""Meetings of a room, and the timeline of one."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import meetings
from metrics.frames import Frames, Period
from tests.metrics.building import (
    Row,
    answer,
    at,
    column,
    days,
    estimation,
    event,
    executed,
    frames,
    quick,
    unestimated,
    view,
    vote,
)

DAY = days("2026-11-03", "2026-11-03")
ALL = days("2026-01-01", "2026-12-31")


def vote_of(
    time: str, cards: dict[str, int | None], *, room: int = 1, duration: int = 60
) -> list[Row]:
    """A vote with its participations; None watches."""
    played = [card for card in cards.values() if card is not None]
    return [
        vote(
            time,
            room=room,
            low=min(played, default=21),
            high=max(played, default=1),
            amount=len(played),
            spectators=len(cards) - len(played),
            duration=duration,
        ),
        *(
            estimation(user, time, card, room=room, spectator=card is None)
            for user, card in cards.items()
        ),
    ]


def view_of_room(who: str, time: str, room_id: int) -> Row:
    seen = view(who, time, "ROOM")
    return Row(seen.table, {**seen.values, "room_id": room_id})


MEETING = frames(
    *vote_of("2026-11-03 10:00:00", {"zoe": 3, "amy": 13, "bob": None}),
    *vote_of("2026-11-03 10:05:00", {"zoe": 5, "amy": 5}),
    *vote_of("2026-11-03 10:10:00", {"zoe": 2, "amy": 2, "eve": 3}, duration=30),
    unestimated("2026-11-03 10:20:00"),
    *vote_of("2026-11-03 10:20:00", {"mallory": 8}, room=2),
    view_of_room("eve", "2026-11-03 10:06:00", 1),
    view_of_room("visitor", "2026-11-03 10:07:00", 1),
    view_of_room("mallory", "2026-11-03 10:08:00", 2),
    event("visitor", "2026-11-03 10:07:30", "COPIED_ROOM_LINK"),
    event("eve", "2026-11-03 10:06:30", "ENTERED_EXISTING_ROOM"),
    event("nobody", "2026-11-03 10:06:30", "ENTERED_NEW_ROOM"),
    event("bob", "2026-11-03 10:02:00", "LEFT_ROOM"),
    event("bob", "2026-11-03 18:00:00", "LEFT_ROOM"),
)
SPAN = meetings.span(at("2026-11-03 09:59"), at("2026-11-03 10:20"))


def test_votes_less_than_60_minutes_apart_are_one_meeting() -> None:
    rows = frames(
        vote("2026-11-03 09:00:00"),
        vote("2026-11-03 09:59:59"),
        unestimated("2026-11-03 10:59:58"),
        vote("2026-11-03 11:59:58"),
        vote("2026-11-03 09:30:00", room=2),
    )
    listed = executed(meetings.meetings(rows)).select("meeting", "room_id", "votes")
    assert listed.rows() == [(4, 1, 1), (5, 2, 1), (1, 1, 3)]


def test_a_meeting_counts_its_votes_and_users() -> None:
    ours = MEETING.of_room(1)
    assert answer(meetings.meetings(ours)) == [
        {
            "meeting": 1,
            "room_id": 1,
            "started_at": at("2026-11-03 09:59"),
            "ended_at": at("2026-11-03 10:20"),
            "votes": 4,
            "rounds_without_estimate": 1,
            "wide_votes": 1,
            "estimators": 3,
            "spectators": 1,
            "duration_median_seconds": 60.0,
            "talk_median_seconds": 240.0,
        }
    ]


def test_who_plays_no_card_without_watching_is_no_spectator() -> None:
    time = "2026-11-03 10:00:00"
    rows = frames(
        unestimated(time),
        estimation("amy", time, None),
        estimation("bob", time, None, spectator=True),
    )
    (held,) = answer(meetings.meetings(rows))
    assert (held["estimators"], held["spectators"]) == (0, 1)


def test_a_meeting_belongs_to_the_period_it_starts_in_and_is_whole() -> None:
    rows = frames(
        vote("2026-11-03 23:50:00"),
        vote("2026-11-04 00:20:00"),
        vote("2026-11-03 00:10:00", duration=1200),
    )
    listed = executed(meetings.meetings_of(rows, DAY))
    assert listed.select("meeting", "votes").rows() == [(1, 2)]


def test_the_first_vote_starts_an_hour_before_its_end_at_most() -> None:
    rows = frames(unestimated("2026-11-03 10:00:00"))
    assert column(meetings.meetings(rows), "started_at") == [at("2026-11-03 09:00")]


def test_a_timeline_has_each_vote_with_its_cards_and_who_came_and_went() -> None:
    found = executed(meetings.timeline(MEETING.of_room(1), SPAN, 1))
    columns = ("vote", "talk", "cards", "joined", "left", "empty", "re_vote", "steps")
    assert found.select(columns).rows() == [
        (1, None, "1: 3, 2: 13, 3: watched", "", "", False, False, 3),
        (2, 240, "1: 5, 2: 5", "", "3", False, True, 0),
        (3, 270, "1: 2, 2: 2, 4: 3", "4", "", False, False, 1),
        (4, 0, "", "", "", True, False, None),
    ]


def test_a_vote_starts_when_the_one_before_has_ended() -> None:
    found = executed(meetings.timeline(MEETING.of_room(1), SPAN, 1))
    started = [time.strftime("%H:%M:%S") for time in found["started_at"]]
    assert started == ["09:59:00", "10:04:00", "10:09:30", "10:10:00"]


def test_a_vote_before_the_meeting_is_not_in_its_timeline() -> None:
    rows = frames(
        *vote_of("2026-11-03 09:00:00", {"a": 3}),
        *vote_of("2026-11-03 10:00:00", {"b": 3}, duration=9999),
    )
    (second, first) = executed(meetings.meetings(rows)).to_dicts()
    assert second["started_at"] == first["ended_at"]
    span = meetings.span(second["started_at"], second["ended_at"])
    found = executed(meetings.timeline(rows, span, 2))
    assert found.select("vote", "cards").rows() == [(1, "1: 3")]


def test_an_empty_vote_sends_no_user_away() -> None:
    rows = frames(
        *vote_of("2026-11-03 10:00:00", {"a": 3, "b": 3}),
        unestimated("2026-11-03 10:01:00"),
        *vote_of("2026-11-03 10:02:00", {"a": 3, "b": 3}),
    )
    found = executed(meetings.timeline(rows, DAY, 1))
    assert found.select("joined", "left").unique().rows() == [("", "")]


def test_the_later_of_two_rows_of_one_user_counts() -> None:
    rows = frames(
        vote("2026-11-03 10:00:00"),
        estimation("a", "2026-11-03 10:00:00", 5),
        estimation("a", "2026-11-03 10:00:01", 8),
    )
    assert column(meetings.cards(rows, DAY, 1), "estimation") == [8]


def test_a_user_without_a_card_is_no_spectator() -> None:
    rows = frames(
        vote("2026-11-03 10:00:00"),
        estimation("a", "2026-11-03 10:00:00", None),
        estimation("b", "2026-11-03 10:00:00", 5),
    )
    assert column(meetings.timeline(rows, DAY, 1), "cards") == ["1: no card, 2: 5"]


def test_page_views_and_events_are_those_of_the_users_of_the_room() -> None:
    found = executed(meetings.activity(MEETING, 1, SPAN, 1))
    assert [(f"{time:%H:%M:%S}", *row) for time, *row in found.rows()] == [
        ("10:02:00", "event", "LEFT_ROOM", 3),
        ("10:06:00", "page view", "ROOM", 4),
        ("10:06:30", "event", "ENTERED_EXISTING_ROOM", 4),
        ("10:07:00", "page view", "ROOM", None),
        ("10:07:30", "event", "COPIED_ROOM_LINK", None),
    ]


@pytest.mark.parametrize("build", [meetings.timeline, meetings.cards])
def test_a_room_without_votes_has_an_empty_timeline(build: object) -> None:
    assert callable(build)
    assert executed(build(Frames.empty(), DAY, 1)).is_empty()
    assert executed(meetings.meetings(Frames.empty())).is_empty()
    assert executed(meetings.activity(Frames.empty(), 1, DAY, 1)).is_empty()


moments = st.datetimes(datetime(2026, 11, 2), datetime(2026, 11, 5)).map(
    lambda time: time.replace(microsecond=0)
)
users = st.dictionaries(
    st.sampled_from("abcde"), st.sampled_from([None, 1, 5, 21]), max_size=5
)


@quick
@given(
    st.lists(st.tuples(moments, users, st.integers(1, 2), st.integers(-9999, 9999))),
)
def test_every_vote_is_in_one_meeting_and_every_timeline_is_whole(
    votes: list[tuple[datetime, dict[str, int | None], int, int]],
) -> None:
    rows = [
        row
        for time, cards, room, length in votes
        for row in vote_of(str(time), cards, room=room, duration=length)
    ]
    all_rooms = frames(*rows)
    listed = executed(meetings.meetings(all_rooms))
    assert listed["votes"].sum() == len(votes)
    assert (listed["started_at"] <= listed["ended_at"]).all()
    for meeting in listed.to_dicts():
        own = all_rooms.of_room(meeting["room_id"])
        period: Period = meetings.span(meeting["started_at"], meeting["ended_at"])
        found = executed(meetings.timeline(own, period, meeting["meeting"]))
        assert found["vote"].to_list() == [*range(1, meeting["votes"] + 1)]
        assert found["empty"].sum() == meeting["rounds_without_estimate"]
        assert (found["started_at"] <= found["voted_at"]).all()
        assert (found["started_at"].diff().drop_nulls().dt.total_seconds() >= 0).all()
        seats = (
            executed(meetings.cards(own, period, meeting["meeting"]))["seat"]
            .unique()
            .sort()
        )
        assert seats.to_list() == [*range(1, len(seats) + 1)]
