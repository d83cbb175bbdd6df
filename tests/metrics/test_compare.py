"""Two periods side by side, and what moved."""

import polars as pl
import pytest

from metrics import changes
from metrics.frames import Frames, Period
from metrics.query import SharedPlans
from metrics.subject import compared
from tests.metrics.building import (
    answer,
    column,
    days,
    frames,
    query,
    room,
    user,
    view,
    vote,
)


def counted(**labels: int) -> pl.LazyFrame:
    keys = [None if label == "null" else label for label in labels]
    frame = pl.LazyFrame(
        {"label": keys, "count": list(labels.values())},
        schema={"label": pl.String, "count": pl.Int64},
    )
    return frame.with_columns(share=pl.lit(0.0))


def beside(now: pl.LazyFrame, before: pl.LazyFrame) -> pl.LazyFrame:
    """Compare two counts as a ranked table does."""
    asked = query(Frames.empty(), NOW, BEFORE)

    def count(period: Period) -> pl.LazyFrame:
        return now if period == NOW else before

    return compared(asked, count, ["label"])


def changed(
    rows: Frames, period: Period, comparison: Period | None = None
) -> pl.LazyFrame:
    asked = query(rows, period, comparison)
    return changes.what_changed(asked, SharedPlans.of(asked))


def test_labels_of_either_period_are_listed() -> None:
    plan = beside(counted(a=3, b=1), counted(b=2, c=5))
    assert answer(plan) == [
        {
            "label": "a",
            "count": 3,
            "share": 0.75,
            "count_before": 0,
            "count_change": 3,
            "count_change_share": None,
        },
        {
            "label": "b",
            "count": 1,
            "share": 0.25,
            "count_before": 2,
            "count_change": -1,
            "count_change_share": -0.5,
        },
        {
            "label": "c",
            "count": 0,
            "share": 0.0,
            "count_before": 5,
            "count_change": -5,
            "count_change_share": -1.0,
        },
    ]


def test_null_is_compared_with_null() -> None:
    plan = beside(counted(null=3), counted(null=2))
    assert answer(plan.select("label", "count", "count_before")) == [
        {"label": None, "count": 3, "count_before": 2}
    ]


def moving(**labels: tuple[int, int]) -> pl.LazyFrame:
    """Labels with their count now and before."""
    rows = [(label, None, *counts) for label, counts in labels.items()]
    schema = {"label": pl.String, "room_id": pl.Int32, "now": pl.Int64}
    return pl.LazyFrame(rows, schema | {"before": pl.Int64}, orient="row")


def test_what_moved_most_comes_first_up_or_down() -> None:
    plan = changes.changed_most(moving(a=(3, 0), b=(1, 7), d=(2, 1)), "country")
    assert column(plan, "label") == ["b", "a", "d"]


def test_contributions_are_parts_of_the_whole_before_and_add_up_to_its_change() -> None:
    counts = moving(a=(30, 20), b=(20, 16), c=(9, 0), d=(0, 4))
    table = changes.changed_most(counts, "country").collect()
    assert dict(table.select("label", "contribution").iter_rows()) == {
        "a": 0.25,
        "b": 0.1,
        "c": 0.225,
        "d": -0.1,
    }
    assert table["contribution"].sum() == pytest.approx(59 / 40 - 1)


def test_contributions_to_fewer_than_20_are_hidden() -> None:
    plan = changes.changed_most(moving(a=(3, 19)), "country")
    assert column(plan, "contribution") == [None]


NOW, BEFORE = days("2026-11-02", "2026-11-08"), days("2026-10-26", "2026-11-01")
ROWS = frames(
    user("a", "2026-01-01", country="DE"),
    room(1, "x", "2026-01-01"),
    vote("2026-10-26 09:00"),
    *(vote("2026-11-03 09:00") for _ in range(3)),
    view("a", "2026-10-26 09:00", source="cv"),
    view("a", "2026-11-03 09:00", source="cv"),
)


def test_the_overview_names_what_moved_and_leaves_out_what_stayed() -> None:
    plan = changed(ROWS, NOW, BEFORE)
    assert answer(plan) == [
        {
            "dimension": dimension,
            "measure": "votes",
            "label": label,
            "room_id": room_id,
            "now": now,
            "before": before,
            "change": now - before,
            "total_before": 1,
            "contribution": None,
        }
        for dimension, label, room_id, now, before in (
            ("weekday", "Tuesday", None, 3, 0),
            ("room", "x", 1, 3, 1),
            ("weekday", "Monday", None, 0, 1),
        )
    ]


def test_what_explains_most_of_a_change_comes_first_whatever_is_counted() -> None:
    """Ten of 20 users are more than 30 of 100 page views."""
    rows = [user(f"u{n}", "2026-01-01", country="DE") for n in range(30)]
    rows += [view(f"u{n % 20}", "2026-10-26 09:00", source="cv") for n in range(100)]
    rows += [view(f"u{n % 30}", "2026-11-03 09:00", source="cv") for n in range(130)]
    plan = changed(frames(*rows), NOW, BEFORE)
    assert plan.select("dimension", "change", "contribution").collect().rows() == [
        ("country", 10, 0.5),
        ("source", 30, 0.3),
    ]


def test_rooms_of_one_name_stay_apart_and_a_deleted_one_has_no_name() -> None:
    rows = frames(
        *(room(key, "same", "2026-01-01") for key in (1, 2)),
        *(vote("2026-11-03 09:00", room=n) for n in (1, 2, 3)),
    )
    plan = changed(rows, NOW, BEFORE)
    found = plan.filter(pl.col("dimension") == "room").select("label", "room_id")
    assert found.collect().rows() == [("same", 1), ("same", 2), (None, 3)]


def test_without_a_comparison_nothing_moved() -> None:
    assert answer(changed(ROWS, NOW)) == []


def test_each_dimension_names_ten_labels_at_most() -> None:
    rows = frames(
        *(vote("2026-11-03 09:00", room=n) for n in range(30)),
        *(room(n, f"r{n}") for n in range(30)),
    )
    plan = changed(rows, NOW, BEFORE)
    assert column(plan, "dimension").count("room") == changes.TOP
