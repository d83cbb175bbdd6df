"""When people vote, and which sources bring those who take part, in a sentence."""

import polars as pl
import pytest

from metrics.registry import answer


def habits(name: str, *rows: tuple[object, ...]) -> pl.DataFrame:
    """A table of the catalogue with some of its columns."""
    columns = {
        "votes_by_weekday": ("weekday_name", "votes", "votes_per_day"),
        "votes_by_weekday_and_hour": ("weekday_name", "hour", "votes", "votes_per_day"),
        "sources_quality": ("source", "people", "activation_rate"),
    }
    return pl.DataFrame(rows, schema=columns[name], orient="row")


@pytest.mark.parametrize(
    ("name", "rows", "sentence"),
    [
        pytest.param(
            "votes_by_weekday",
            (("Monday", 30, 15.0), ("Tuesday", 60, 20.0), ("Sunday", 0, None)),
            ("Tuesdays are busiest (20.0 votes on average), Mondays quietest (15.0)."),
            id="a weekday that the period lacks is no quiet one",
        ),
        pytest.param(
            "votes_by_weekday",
            (("Monday", 30, 30.0),),
            "Mondays are busiest (30.0 votes on average).",
            id="one day",
        ),
        pytest.param("votes_by_weekday", (("Monday", 19, 19.0),), None, id="few votes"),
        pytest.param(
            "votes_by_weekday_and_hour",
            (("Monday", 9, 30, 15.0), ("Friday", 23, 16, 16.0), ("Sunday", 1, 0, None)),
            ("The busiest hour is Friday, 23:00–24:00 UTC: 16.0 votes on average."),
            id="per such day, not in sum",
        ),
        pytest.param(
            "sources_quality",
            (
                ("CV", 19, 1.0),
                ("Teams", 20, 0.75),
                ("Other", 500, 0.2),
                ("Bing", 20, 0.0),
            ),
            "75% of visitors from Teams joined a vote, 0% from Bing.",
            id="19 people are too few to compare",
        ),
        pytest.param(
            "sources_quality",
            (("CV", 20, 1.0),),
            "100% of visitors from CV joined a vote.",
            id="one source",
        ),
    ],
)
def test_habits_are_answered_from_the_rows(
    name: str, rows: tuple[tuple[object, ...], ...], sentence: str | None
) -> None:
    assert answer(name, habits(name, *rows)) == sentence
