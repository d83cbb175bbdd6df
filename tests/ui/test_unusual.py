"""Marks of unusual days: which are drawn, and the rule in their tooltip."""

from datetime import date, datetime

import polars as pl

from metrics.frames import Period
from ui import charts
from ui.charts import anomaly_marks

MARKS = pl.DataFrame(
    {
        "measure": ["votes", "votes", "page_views"],
        "bucket": [date(2026, 11, 3), date(2026, 11, 7), date(2026, 11, 3)],
        "value": [0, 90, 7],
        "expected": [57.0, 20.0, 36.0],
        "low": [8, 2, 12],
        "high": [106, 38, 61],
    }
)
SHOWN = pl.DataFrame(
    {"bucket": [date(2026, 11, 2), date(2026, 11, 3)], "votes": [5, 0]}
)


def test_only_days_of_the_drawn_measure_that_are_shown_are_marked() -> None:
    within = anomaly_marks.marks_on(MARKS, "votes", SHOWN)
    assert within is not None
    assert within.rows() == MARKS.rows()[:1]


def test_a_measure_without_unusual_days_has_no_marks() -> None:
    assert anomaly_marks.marks_on(MARKS, "estimations", SHOWN) is None
    assert anomaly_marks.marks_on(None, "votes", SHOWN) is None


def test_a_mark_explains_what_was_expected_and_by_which_rule() -> None:
    period = Period.of_days(date(2026, 11, 2), date(2026, 11, 3))
    axis = charts.TimeAxis("day", period, datetime(2026, 11, 20))
    drawn = charts.time_chart(
        SHOWN, "votes", "Votes", "count", axis, marks=MARKS.head(1)
    ).to_dict()
    layer = drawn["layer"][-1]
    data = drawn["datasets"][layer["data"]["name"]]
    assert layer["mark"]["shape"] == "diamond"
    assert [row["expected"] for row in data] == ["8–106"]
    assert data[0]["rule"] == (
        "Expected: the median of the same weekday in the 8 weeks before. Unusual: off "
        "by more than 3.6 times the usual error of these predictions in the 56 days "
        "before, in square roots, since large counts vary more. Marks: at most 3 days."
    )
    assert [tip["field"] for tip in layer["encoding"]["tooltip"]] == [
        *("when", "value", "expected", "rule")
    ]
