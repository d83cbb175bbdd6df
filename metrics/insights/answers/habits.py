"""Answers on when people vote, and on which sources bring those who take part."""

import polars as pl

from metrics.insights.answers.words import Answer, percent
from metrics.minimum_sample import MINIMUM_SAMPLE


def weekday(frame: pl.DataFrame) -> str | None:
    """Name the weekday with most votes per such day, and the one with fewest."""
    if int(frame["votes"].sum()) < MINIMUM_SAMPLE:
        return None
    days = frame.drop_nulls("votes_per_day").sort(
        "votes_per_day", descending=True, maintain_order=True
    )
    most, fewest = days.row(0, named=True), days.row(-1, named=True)
    start = f"{most['weekday_name']} is the busiest: {_votes(most)}"
    if most["votes_per_day"] == fewest["votes_per_day"]:
        return f"{start}."
    return f"{start}; {fewest['weekday_name']} the quietest: {_votes(fewest)}."


def hour(frame: pl.DataFrame) -> str | None:
    """Name the hour of the week with most votes per such day."""
    if int(frame["votes"].sum()) < MINIMUM_SAMPLE:
        return None
    hours = frame.drop_nulls("votes_per_day")
    most = hours.row(hours["votes_per_day"].arg_max() or 0, named=True)
    when = f"{most['weekday_name']} from {most['hour']}:00 to {most['hour'] + 1}:00 UTC"
    return f"{when} is the busiest hour: {_votes(most)}."


def sources(frame: pl.DataFrame) -> str | None:
    """Compare the source whose people estimate most often with the least.

    Sources of fewer than 20 people are not compared.
    """
    known = frame.filter(pl.col("people") >= MINIMUM_SAMPLE).sort(
        "activation_rate", "people", "source", descending=[True, True, False]
    )
    if known.is_empty():
        return None
    best, worst = known.row(0, named=True), known.row(-1, named=True)
    start = f"Of people from {best['source']} {percent(best['activation_rate'])}"
    if known.height == 1:
        return f"{start} estimated."
    low = percent(worst["activation_rate"])
    return f"{start} estimated, of those from {worst['source']} {low}."


def _votes(row: dict[str, float]) -> str:
    return f"{row['votes_per_day']:,.1f} votes on such a day"


ANSWERS: dict[str, Answer] = {
    "votes_by_weekday": weekday,
    "votes_by_weekday_and_hour": hour,
    "sources_quality": sources,
}
