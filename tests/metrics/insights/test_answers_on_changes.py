"""Sentences on what changed: between periods, from day to day, over time."""

from datetime import date, timedelta

import polars as pl
import pytest

from metrics.insights.answers import answer

MONDAY = date(2026, 10, 26)


def moved(*rows: tuple[str, str, str | None, int, int, float | None]) -> pl.DataFrame:
    schema = {
        **dict.fromkeys(("dimension", "measure", "label"), pl.String),
        **dict.fromkeys(("change", "total_before"), pl.Int64),
        "contribution": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        pytest.param(
            moved(
                ("source", "page_views", "Google Ads", -368, 2634, -368 / 2634),
                ("weekday", "votes", "Friday", -120, 1784, -120 / 1784),
            ),
            "Most comes from the source Google Ads: 368 fewer page views, 14 % of the "
            "2,634 before.",
            id="fewer",
        ),
        pytest.param(
            moved(("country", "users", None, 30, 20, 1.5)),
            "Most comes from the country (not set): 30 more users, 150 % of the 20 "
            "before.",
            id="more than there were, of an unknown country",
        ),
        pytest.param(moved(("room", "votes", "x", 3, 19, None)), None, id="19 before"),
        pytest.param(moved(), None, id="nothing moved"),
    ],
)
def test_what_moved(table: pl.DataFrame, sentence: str | None) -> None:
    assert answer("what_moved", table) == sentence


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
        "Wednesday, 4 November 2026: 1,000 page views, where 20 to 220 were to be "
        "expected."
    )
    assert answer("unusual_days", marks.head(0)) is None


def test_one_is_not_spoken_of_as_many() -> None:
    day = {"measure": ["unique_users"], "bucket": [date(2026, 11, 10)], "value": [1]}
    marks = pl.DataFrame({**day, "expected": [71], "low": [41], "high": [108]})
    assert answer("unusual_days", marks) == (
        "Tuesday, 10 November 2026: 1 user, where 41 to 108 were to be expected."
    )


def medians(*seconds: float | None) -> pl.DataFrame:
    weeks = [MONDAY + timedelta(weeks=n) for n in range(len(seconds))]
    return pl.DataFrame(
        {"bucket": weeks, "duration_median_seconds": seconds},
        schema={"bucket": pl.Date, "duration_median_seconds": pl.Float64},
    )


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        pytest.param(
            medians(None, 39, 50, 37, None),
            "The median round took 39 s from 2 November 2026, and 37 s from "
            "16 November 2026.",
            id="changed, weeks with too few rounds aside",
        ),
        pytest.param(
            medians(40.4, 40),
            "The median round took 40 s, from 26 October 2026 as from 2 November 2026.",
            id="equal as printed",
        ),
        pytest.param(medians(None, 40), None, id="one week"),
        pytest.param(medians(), None, id="no week"),
    ],
)
def test_round_time_over_time(table: pl.DataFrame, sentence: str | None) -> None:
    assert answer("round_time_over_time", table) == sentence


def sizes(**near_and_rounds: list[tuple[int, int]]) -> pl.DataFrame:
    """Weeks of small, middle and large teams."""
    names = {"small": (1, "2–3"), "middle": (2, "4–6"), "large": (3, "7 or more")}
    rows = [
        (MONDAY + timedelta(weeks=week), *names[size], near, rounds)
        for size, weeks in near_and_rounds.items()
        for week, (near, rounds) in enumerate(weeks)
    ]
    schema = ["bucket", "order", "team_size", "near_rounds", "rounds"]
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        pytest.param(
            sizes(
                large=[(9, 20), (9, 20), (4, 20), (5, 20)],
                small=[(15, 20), (15, 20), (15, 20), (15, 20)],
            ),
            "With 7 or more people 45 % of rounds ended within one card in the first "
            "half of the period, 22 % in the second; with 2–3 people 75 % and 75 %.",
            id="large teams drift apart",
        ),
        pytest.param(
            sizes(large=[(1, 19), (1, 19)], middle=[(10, 20), (5, 20)]),
            "With 4–6 people 50 % of rounds ended within one card in the first half of "
            "the period, 25 % in the second.",
            id="too few rounds of large teams",
        ),
        pytest.param(sizes(large=[(20, 20), (19, 19)]), None, id="19 in a half"),
    ],
)
def test_large_teams_drift(table: pl.DataFrame, sentence: str | None) -> None:
    assert answer("consensus_by_team_size_over_time", table) == sentence
