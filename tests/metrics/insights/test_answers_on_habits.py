"""When people vote, and which sources bring those who take part, in a sentence."""

import polars as pl
import pytest

from metrics.insights.answers import answer


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
            "Tuesday is the busiest: 20.0 votes on such a day; Monday the quietest: "
            "15.0 votes on such a day.",
            id="a weekday that the period lacks is no quiet one",
        ),
        pytest.param(
            "votes_by_weekday",
            (("Monday", 30, 30.0),),
            "Monday is the busiest: 30.0 votes on such a day.",
            id="one day",
        ),
        pytest.param("votes_by_weekday", (("Monday", 19, 19.0),), None, id="few votes"),
        pytest.param(
            "votes_by_weekday_and_hour",
            (("Monday", 9, 30, 15.0), ("Friday", 23, 16, 16.0), ("Sunday", 1, 0, None)),
            "Friday from 23:00 to 24:00 UTC is the busiest hour: 16.0 votes on such a "
            "day.",
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
            "Of people from Teams 75 % estimated, of those from Bing 0 %.",
            id="19 people are too few to compare",
        ),
        pytest.param(
            "sources_quality",
            (("CV", 20, 1.0),),
            "Of people from CV 100 % estimated.",
            id="one source",
        ),
    ],
)
def test_habits_are_answered_from_the_rows(
    name: str, rows: tuple[tuple[object, ...], ...], sentence: str | None
) -> None:
    assert answer(name, habits(name, *rows)) == sentence
