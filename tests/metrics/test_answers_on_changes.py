"""Sentences on what changed: between periods, from day to day, over time."""

from datetime import date

import polars as pl

from metrics.registry import answer

MONDAY = date(2026, 10, 26)


def test_the_most_unusual_day_is_named() -> None:
    marks = pl.DataFrame(
        {
            "measure": ["votes", "page_views"],
            "bucket": [date(2026, 11, 3), date(2026, 11, 4)],
            "value": [0, 1000],
            "expected": [50.0, 120.0],
            "low": [10.0, 20.0],
            "high": [90.0, 220.0],
        }
    )
    assert answer("unusual_days", marks) == (
        "Wednesday, 4 Nov 2026 was unusually busy: 1,000 page views, 20–220 expected."
    )
    assert answer("unusual_days", marks.head(0)) is None


def test_one_is_not_spoken_of_as_many() -> None:
    day = {"measure": ["unique_users"], "bucket": [date(2026, 11, 10)], "value": [1]}
    marks = pl.DataFrame({**day, "expected": [71], "low": [41], "high": [108]})
    assert answer("unusual_days", marks) == (
        "Tuesday, 10 Nov 2026 was unusually quiet: 1 user, 41–108 expected."
    )
