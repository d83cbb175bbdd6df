"""Sentences on what changed: between periods, from day to day, over time."""

from datetime import date, timedelta

import polars as pl
import pytest

from metrics.registry import answer

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
            (
                "Biggest change: 368 fewer page views from Google Ads, 14% of the "
                "previous 2,634."
            ),
            id="fewer",
        ),
        pytest.param(
            moved(("country", "users", None, 30, 20, 1.5)),
            (
                "Biggest change: 30 more users without a known country, 150% of the"
                " previous 20."
            ),
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
        "Wednesday, 4 Nov 2026 was unusually busy: 1,000 page views, 20–220 expected."
    )
    assert answer("unusual_days", marks.head(0)) is None


def test_one_is_not_spoken_of_as_many() -> None:
    day = {"measure": ["unique_users"], "bucket": [date(2026, 11, 10)], "value": [1]}
    marks = pl.DataFrame({**day, "expected": [71], "low": [41], "high": [108]})
    assert answer("unusual_days", marks) == (
        "Tuesday, 10 Nov 2026 was unusually quiet: 1 user, 41–108 expected."
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
            (
                "The median vote took 39 s in the week of 2 Nov 2026 and 37 s in "
                "the week of 16 Nov 2026."
            ),
            id="changed, weeks with too few rounds aside",
        ),
        pytest.param(
            medians(40.4, 40),
            (
                "The median vote took 40 s in the week of 26 Oct 2026 and in the "
                "week of 2 Nov 2026."
            ),
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
            (
                "In teams of 7 or more, the share of votes within one step fell "
                "from 45% in the first half of the period to 22% in the second; in "
                "teams of 2–3 it was 75% and 75%."
            ),
            id="large teams drift apart",
        ),
        pytest.param(
            sizes(large=[(1, 19), (1, 19)], middle=[(10, 20), (5, 20)]),
            (
                "In teams of 4–6, the share of votes within one step fell from 50% "
                "in the first half of the period to 25% in the second."
            ),
            id="too few rounds of large teams",
        ),
        pytest.param(sizes(large=[(20, 20), (19, 19)]), None, id="19 in a half"),
    ],
)
def test_large_teams_drift(table: pl.DataFrame, sentence: str | None) -> None:
    assert answer("consensus_by_team_size_over_time", table) == sentence
