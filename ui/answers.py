"""The sentence beneath a question: what the rows of its table answer."""

import polars as pl
import streamlit as st

from metrics.insights.answers import answer
from ui.names import COUNTRIES


def say(name: str, frame: pl.DataFrame) -> None:
    """Draw the sentence that answers a table's question, where it has one.

    It is drawn as text: names in it come from the database and are never markup.
    """
    sentence = answer(name, _spoken(frame))
    if sentence is not None:
        st.text(sentence.replace(" %", "\N{NO-BREAK SPACE}%"))


def _spoken(frame: pl.DataFrame) -> pl.DataFrame:
    """Put names for country codes; a sentence says "Germany" and not "DE"."""
    if "country" not in frame.columns:
        return frame
    named = frame.join(COUNTRIES, on="country", how="left", maintain_order="left")
    return named.with_columns(country=pl.coalesce("country_name", "country")).select(
        frame.columns
    )
