"""The running day and the last 24 hours."""

from datetime import timedelta

import polars as pl

from metrics import daily
from metrics.frames import Frames
from tests.metrics.building import (
    answer,
    at,
    frames,
    one,
    plan_of,
    room,
    user,
    view,
    vote,
)

NOW = at("2026-11-03 18:00")


def test_the_last_24_hours_begin_strictly_later() -> None:
    rows = frames(
        vote("2026-11-02 18:00:00", amount=5),
        vote("2026-11-02 18:00:01", amount=3),
        vote("2026-11-03 09:00:00", amount=4),
        view("a", "2026-11-02 18:00:00"),
        view("b", "2026-11-02 19:00:00"),
        view("b", "2026-11-02 20:00:00"),
    )
    assert one(daily.legacy(rows, NOW)) == {
        "votes": 2,
        "estimations": 7,
        "rooms": 1,
        "unique_users": 1,
        "page_views": 2,
    }


def table_of_today(rows: Frames) -> dict[str, object]:
    plan = plan_of(daily.summary, rows, now=NOW)
    return one(plan.filter(pl.col("span") == "today").drop("span"))


def test_today_begins_at_midnight() -> None:
    rows = frames(
        vote("2026-11-02 23:59:59"),
        vote("2026-11-03 00:00:00"),
        user("a", "2026-11-03 00:00:00"),
        user("b", "2026-11-02 23:59:59"),
        room(1, "x", "2026-11-03 00:00:00"),
    )
    assert table_of_today(rows) == {
        "votes": 1,
        "estimations": 2,
        "rooms": 1,
        "unique_users": 0,
        "page_views": 0,
        "new_users": 1,
        "rooms_new": 1,
    }


def test_without_rows_everything_is_0() -> None:
    assert set(one(daily.legacy(Frames.empty(), NOW)).values()) == {0}


def test_the_summary_covers_both_spans() -> None:
    a_day_ago = NOW - timedelta(days=1)
    rows = frames(
        vote("2026-11-02 23:59:59"),
        user("b", "2026-11-02 23:59:59"),
        vote(f"{a_day_ago}"),
        vote(f"{a_day_ago + timedelta(seconds=1)}"),
        # Later than the end of the data, as nothing on the pages is.
        vote(f"{NOW}"),
        user("c", "2026-11-03 23:00:00"),
    )
    table = answer(plan_of(daily.summary, rows, now=NOW))
    assert [(row["span"], row["votes"], row["new_users"]) for row in table] == [
        ("today", 0, 0),
        ("last 24 hours", 2, 1),
    ]
