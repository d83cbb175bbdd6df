"""One sentence per table that answers its question, from the table's own rows.

A sentence says only what the rows show, and nothing (None) where they come from
fewer than 20 cases.
"""

from collections.abc import Mapping

import polars as pl

from metrics.insights.answers import changes, habits, living, meetings, people, teams
from metrics.insights.answers.words import Answer

ANSWERS: Mapping[str, Answer] = {
    **changes.ANSWERS,
    **teams.ANSWERS,
    **meetings.ANSWERS,
    **living.ANSWERS,
    **people.ANSWERS,
    **habits.ANSWERS,
}
"""By the names of `metrics.registry`."""


def answer(name: str, frame: pl.DataFrame) -> str | None:
    """Return the sentence that answers a table's question; None: it has no answer."""
    sentence = ANSWERS[name](frame) if name in ANSWERS else None
    return sentence and sentence[0].upper() + sentence[1:]
