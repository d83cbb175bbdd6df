"""Two periods side by side, and what moved."""

import polars as pl

from metrics import compare, movers
from tests.metrics.building import (
    answer,
    column,
    days,
    frames,
    room,
    scope,
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


def test_labels_of_either_period_are_listed() -> None:
    plan = compare.ranked(counted(a=3, b=1), counted(b=2, c=5), ["label"], "count")
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
    plan = compare.ranked(counted(null=3), counted(null=2), ["label"], "count")
    assert answer(plan.select("label", "count", "count_before")) == [
        {"label": None, "count": 3, "count_before": 2}
    ]


def test_what_moved_most_comes_first_up_or_down() -> None:
    plan = compare.moved(counted(a=3, b=1, d=2), counted(b=7, d=1), ["label"], "count")
    assert column(plan, "label") == ["b", "a", "d"]
    assert column(plan, "contribution") == [0.6, 0.3, 0.1]


def test_nothing_moved_contributes_nothing() -> None:
    plan = compare.moved(counted(a=3), counted(a=3), ["label"], "count")
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
    plan = movers.what_moved(scope(ROWS, NOW, BEFORE))
    assert answer(plan) == [
        {
            "dimension": dimension,
            "measure": "votes",
            "label": label,
            "now": now,
            "before": before,
            "change": now - before,
        }
        for dimension, label, now, before in (
            ("weekday", "Tuesday", 3, 0),
            ("room", "x", 3, 1),
            ("weekday", "Monday", 0, 1),
        )
    ]


def test_without_a_comparison_nothing_moved() -> None:
    assert answer(movers.what_moved(scope(ROWS, NOW))) == []


def test_each_dimension_names_ten_labels_at_most() -> None:
    rows = frames(
        *(vote("2026-11-03 09:00", room=n) for n in range(30)),
        *(room(n, f"r{n}") for n in range(30)),
    )
    plan = movers.what_moved(scope(rows, NOW, BEFORE))
    assert column(plan, "dimension").count("room") == movers.TOP
