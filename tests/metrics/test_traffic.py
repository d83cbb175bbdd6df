"""Unique users, bounces, sessions and visits."""

from datetime import date

import pytest

from metrics import traffic
from metrics.constants import START
from metrics.frames import Frames
from metrics.query import SharedPlans
from tests.metrics.building import (
    Row,
    answer,
    at,
    column,
    days,
    estimation,
    event,
    frames,
    one,
    plan_of,
    view,
)

DAY = days("2026-11-02", "2026-11-02")
NOTHING = {
    "unique_users": 0,
    "page_views": 0,
    "activated_users": 0,
    "bounce_rate": None,
    "activation_rate": None,
    "visits": 0,
    "visit_bounce_rate": None,
    "session_mean_minutes": None,
    "session_median_minutes": None,
}


def test_an_empty_window_has_counts_of_0_and_no_rates() -> None:
    assert one(plan_of(traffic.totals, Frames.empty())) == NOTHING
    assert answer(plan_of(traffic.over_time, Frames.empty(), DAY, "day")) == [
        {"bucket": date(2026, 11, 2), **NOTHING, "cut": None}
    ]


def test_the_reference_answers_0_without_visitors() -> None:
    assert one(traffic.legacy(SharedPlans(Frames.empty()), START)) == {
        "unique_users": 0,
        "page_views": 0,
        "bounce_rate": 0.0,
        "average_duration": 0.0,
    }


def test_one_page_view_is_a_bounced_visit_and_a_session_of_ten_seconds() -> None:
    assert one(plan_of(traffic.totals, frames(view("a", "2026-11-02 09:00")))) == {
        "unique_users": 1,
        "page_views": 1,
        "activated_users": 0,
        "bounce_rate": 1.0,
        "activation_rate": 0.0,
        "visits": 1,
        "visit_bounce_rate": 1.0,
        "session_mean_minutes": 10 / 60,
        "session_median_minutes": 10 / 60,
    }


def test_a_pause_of_ten_minutes_keeps_a_session_and_a_longer_one_ends_it() -> None:
    kept = frames(view("a", "2026-11-02 09:00:00"), view("a", "2026-11-02 09:10:00"))
    ended = frames(view("a", "2026-11-02 09:00:00"), view("a", "2026-11-02 09:10:01"))
    assert one(plan_of(traffic.totals, kept))["session_mean_minutes"] == 610 / 60
    assert one(plan_of(traffic.totals, ended))["session_mean_minutes"] == 10 / 60


def test_a_pause_of_30_minutes_keeps_a_visit_and_a_longer_one_ends_it() -> None:
    kept = frames(view("a", "2026-11-02 09:00:00"), view("a", "2026-11-02 09:30:00"))
    ended = frames(view("a", "2026-11-02 09:00:00"), view("a", "2026-11-02 09:30:01"))
    assert one(plan_of(traffic.totals, kept))["visits"] == 1
    assert one(plan_of(traffic.totals, ended))["visits"] == 2


def test_two_users_never_share_a_session() -> None:
    rows = frames(view("a", "2026-11-02 09:00"), view("b", "2026-11-02 09:01"))
    totals = one(plan_of(traffic.totals, rows))
    assert (totals["visits"], totals["session_mean_minutes"]) == (2, 10 / 60)


def test_the_order_of_rows_does_not_matter() -> None:
    rows = (
        view("a", "2026-11-02 09:20"),
        view("b", "2026-11-02 09:05"),
        view("a", "2026-11-02 09:00"),
        estimation("a", "2026-11-02 09:10"),
    )
    assert one(plan_of(traffic.totals, frames(*rows))) == one(
        plan_of(traffic.totals, frames(*reversed(rows)))
    )
    assert one(plan_of(traffic.totals, frames(*rows)))[
        "session_median_minutes"
    ] == pytest.approx((20 + 10 / 60 + 10 / 60) / 2)


@pytest.mark.parametrize(
    ("more", "rate"),
    [
        pytest.param([], 1.0, id="nothing else"),
        pytest.param([view("a", "2026-11-02 09:05")], 0.0, id="a second view"),
        pytest.param([event("a", "2026-11-02 09:05")], 0.0, id="an event"),
        pytest.param([estimation("a", "2026-11-02 09:05")], 0.0, id="an estimation"),
        pytest.param([event("a", "2026-11-02 10:00")], 0.5, id="an event later"),
    ],
)
def test_a_visit_bounces_when_it_is_one_view_and_nothing_else(
    more: list[Row], rate: float
) -> None:
    rows = frames(view("a", "2026-11-02 09:00"), *more)
    assert one(plan_of(traffic.totals, rows))["visit_bounce_rate"] == rate


def test_events_do_not_prolong_a_session() -> None:
    rows = frames(view("a", "2026-11-02 09:00"), event("a", "2026-11-02 09:05"))
    assert one(plan_of(traffic.totals, rows))["session_mean_minutes"] == 10 / 60


def test_spectators_are_activated() -> None:
    rows = frames(
        view("a", "2026-11-02 09:00"),
        view("b", "2026-11-02 09:00"),
        estimation("a", "2026-11-02 09:01", None, spectator=True),
    )
    totals = one(plan_of(traffic.totals, rows))
    assert (totals["activation_rate"], totals["bounce_rate"]) == (0.5, 0.5)


def test_estimators_without_a_page_view_do_not_count_as_activated() -> None:
    rows = frames(view("a", "2026-11-02 09:00"), estimation("b", "2026-11-02 09:01"))
    assert one(plan_of(traffic.totals, rows))["activated_users"] == 0


def test_the_reference_compares_all_visitors_with_all_estimators() -> None:
    rows = frames(
        *(view(who, "2024-05-01 09:00") for who in "abcd"),
        estimation("x", "2026-11-02 09:01"),
    )
    assert one(traffic.legacy(SharedPlans(rows), START))["bounce_rate"] == 0.75


def test_the_reference_leaves_out_activity_at_the_start_itself() -> None:
    rows = frames(
        estimation("a", "2024-06-03 00:00:00"),
        view("a", "2024-06-03 00:00:00"),
        view("a", "2024-06-03 00:05:00"),
    )
    assert one(traffic.legacy(SharedPlans(rows), START)) == {
        "unique_users": 1,
        "page_views": 2,
        "bounce_rate": 1.0,
        "average_duration": round(10 / 60, 2),
    }


def test_a_visit_belongs_to_the_day_it_starts_on() -> None:
    rows = frames(view("a", "2026-11-02 23:50"), view("a", "2026-11-03 00:05"))
    series = plan_of(traffic.over_time, rows, days("2026-11-02", "2026-11-03"), "day")
    assert column(series, "visits") == [1, 0]
    assert column(series, "visit_bounce_rate") == [0.0, None]
    assert column(series, "unique_users") == [1, 1]


@pytest.mark.parametrize("day", ["2026-11-02", "2026-11-03"])
def test_a_day_alone_equals_the_day_of_a_longer_window(day: str) -> None:
    rows = frames(
        view("a", "2026-11-02 23:50"),
        view("a", "2026-11-03 00:05"),
        view("b", "2026-11-03 09:00"),
    )
    alone = one(plan_of(traffic.totals, rows, days(day, day)))
    series = answer(
        plan_of(traffic.over_time, rows, days("2026-11-01", "2026-11-05"), "day")
    )
    assert {"bucket": at(day).date(), **alone, "cut": None} in series


def test_uniques_are_counted_per_bucket() -> None:
    rows = frames(
        view("a", "2026-11-02 09:00"),
        view("a", "2026-11-03 09:00"),
        view("b", "2026-11-03 09:00"),
    )
    period = days("2026-11-02", "2026-11-03")
    assert column(plan_of(traffic.over_time, rows, period, "day"), "unique_users") == [
        1,
        2,
    ]
    assert column(plan_of(traffic.over_time, rows, period, "week"), "unique_users") == [
        2
    ]


def test_a_class_of_lengths_contains_its_lower_end() -> None:
    rows = frames(
        view("a", "2026-11-02 09:00:00"),
        view("b", "2026-11-02 09:00:00"),
        view("b", "2026-11-02 09:00:50"),
    )
    lengths = answer(plan_of(traffic.session_lengths, rows))
    assert lengths[:3] == [
        {"order": 1, "length": "under 1 min", "sessions": 1, "share": 0.5},
        {"order": 2, "length": "1–5 min", "sessions": 1, "share": 0.5},
        {"order": 3, "length": "5–15 min", "sessions": 0, "share": 0.0},
    ]
    assert len(lengths) == len(traffic.LENGTHS.labels)
