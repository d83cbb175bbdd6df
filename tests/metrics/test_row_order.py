"""No answer depends on the order of rows, on later rows, or on the year and the zone.

The rows here share few seconds, so that nearly everything is tied: the first view of a
user, the nearest vote of an estimation, the vote before.
"""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from polars import selectors
from polars.testing import assert_frame_equal

from metrics import legacy_api, meetings, rooms, tables
from metrics.frames import Frames, Period
from metrics.query import Plan, Query, SharedPlans
from metrics.registry import METRIC_TABLES, plan
from metrics.tables import Table
from store import engine
from tests.metrics.building import (
    ALWAYS,
    Row,
    days,
    estimation,
    event,
    frames,
    room,
    unestimated,
    user,
    view,
    vote,
)

PERIOD, BEFORE = days("2026-11-01", "2026-11-28"), days("2026-10-04", "2026-10-31")
NOW = datetime(2026, 12, 29, 12)
NEW, LATER = "2026-11-05 09:00", "2026-11-06 09:00"
ROOMS, MANY_ROOMS = (1, 2, 3), range(1, 21)
EVENTS = ("ENTERED_NEW_ROOM", "COPIED_ROOM_LINK", "LEFT_ROOM")


def tied(seed: int, seconds: int) -> Frames:
    """Rows of two months in so many seconds, some of which follow each other."""
    drawn = random.Random(seed)  # noqa: S311 - of tests, no secrets
    pick = drawn.choice

    def second() -> str:
        day = BEFORE.start + timedelta(days=drawn.randrange(56), hours=pick((0, 9)))
        return (day + timedelta(seconds=drawn.randrange(4))).isoformat()

    times = [second() for _ in range(seconds)]
    users = [f"user {number}" for number in range(60)]

    def time() -> str:
        return pick(times)

    def some_vote() -> Row:
        if drawn.random() < 0.1:
            return unestimated(time(), pick(ROOMS))
        low, high = pick((1, 2, 3, 5)), pick((5, 8, 13))
        return vote(
            time(),
            room=pick(ROOMS),
            low=low,
            high=high,
            amount=pick((1, 2, 3)),
            spectators=pick((0, 1)),
            duration=pick((0, 1, 30)),
            flip=pick((True, False)),
        )

    def some_estimation() -> Row:
        card, watches = pick((None, 1, 3, 5)), drawn.random() < 0.3
        return estimation(
            pick(users), time(), card, room=pick(ROOMS), spectator=watches
        )

    sources, routes = (None, "cv", "github.com", "x"), ("HOME", "ROOM")
    return frames(
        *(user(key, time(), country=pick((None, "DE", "AT"))) for key in users),
        *(room(key, f"room {key}", NEW) for key in MANY_ROOMS),
        *(view(pick(users), time(), pick(routes), pick(sources)) for _ in range(200)),
        *(event(pick(users), time(), pick(EVENTS)) for _ in range(100)),
        *(some_vote() for _ in range(200)),
        *(some_estimation() for _ in range(400)),
        # Who is new in two rooms at once.
        *(
            estimation(f"new {n}", NEW, 3, room=key, spectator=n % 2 == 0)
            for n in range(60)
            for key in drawn.sample(MANY_ROOMS, 2)
        ),
        *(estimation(f"new {n}", LATER) for n in range(0, 60, 4)),
    )


def answers(
    rows: Frames,
    period: Period = PERIOD,
    now: datetime = NOW,
    before: Period = BEFORE,
) -> Mapping[str, pl.DataFrame]:
    query = Query(rows, period, before, "week", now)
    shared, old = SharedPlans.of(query), legacy_api.sharing(rows)
    held = meetings.meetings(rows).sort("votes", "meeting").collect()
    busiest = held["meeting"][-1]
    plans: dict[str, Plan] = {
        **{name: plan(name, query, shared) for name in METRIC_TABLES},
        **{f"old {k}": v for k, v in legacy_api.plans(old, now).items()},
        "statistics of a room": rooms.statistics(rows, 1),
        "timeline": meetings.timeline(rows, ALWAYS, busiest),
        "cards": meetings.cards(rows, ALWAYS, busiest),
    }
    return engine.collect_all(plans)


@pytest.mark.parametrize(("seed", "seconds"), [(1, 6), (2, 40), (3, 200)])
def test_no_answer_depends_on_the_order_of_rows(seed: int, seconds: int) -> None:
    rows = tied(seed, seconds)
    written = answers(rows)
    for order in ("shuffled", "reversed"):

        def ordered(_: Table, frame: pl.LazyFrame, order: str = order) -> pl.LazyFrame:
            if order == "reversed":
                return frame.reverse()
            found = frame.collect()
            return found.sample(fraction=1, shuffle=True, seed=seed).lazy()

        others = answers(rows.map(ordered))
        differ = []
        for name, expected in written.items():
            try:
                # Sums of floats differ in their last digits.
                assert_frame_equal(others[name], expected, rel_tol=1e-9)
            except AssertionError:
                differ.append(name)
        assert not differ, order


def test_rows_later_than_now_change_no_answer() -> None:
    """As of a database whose clock is ahead; a meeting is followed beyond the end."""
    rows, now = tied(3, 200), datetime(2026, 11, 20, 9, 0, 2)
    running = Period(PERIOD.start, now)

    def until_now(table: Table, frame: pl.LazyFrame) -> pl.LazyFrame:
        # Users and rooms are names.
        is_named = table in (tables.USERS, tables.ROOMS)
        return frame if is_named else frame.filter(pl.col(table.time) < now)

    found, expected = (
        answers(those, running, now) for those in (rows, rows.map(until_now))
    )
    differ = {name for name in METRIC_TABLES if not found[name].equals(expected[name])}
    assert differ == {"all_rooms", "meetings"}


def test_a_year_later_in_another_zone_all_answers_are_the_same() -> None:
    """52 weeks later: weekdays stay, and so do the two weeks of a sprint."""
    rows, year, kolkata = tied(2, 40), timedelta(weeks=52), ZoneInfo("Asia/Kolkata")
    by = year - timedelta(hours=5, minutes=30)

    def moved(period: Period) -> Period:
        return Period(period.start + by, period.end + by, kolkata)

    later = rows.map(lambda _, frame: frame.with_columns(selectors.datetime() + by))
    written = answers(rows)
    found = answers(later, moved(PERIOD), NOW + by, moved(BEFORE))
    for name in METRIC_TABLES:
        dates, times = selectors.date() + year, selectors.datetime() + by
        expected = written[name].with_columns(dates, times)
        assert_frame_equal(found[name], expected, rel_tol=1e-9)
