"""The sentence beneath a question: what the rows of its table answer."""

import polars as pl
import streamlit as st

from metrics.insights.answers import ANSWERS, answer
from ui.names import COUNTRIES


def say(name: str, frame: pl.DataFrame) -> None:
    """Draw the sentence that answers a table's question, where it has one.

    It is drawn as text: names in it come from the database and are never markup.
    """
    if name not in ANSWERS:
        return
    sentence = answer(name, _spoken(frame))
    if sentence is not None:
        st.text(sentence.replace(" %", "\N{NO-BREAK SPACE}%"))


def _spoken(frame: pl.DataFrame) -> pl.DataFrame:
    """Put names for codes; a sentence says "Germany" and not "DE"."""
    if "country" in frame.columns:
        return frame.with_columns(country=_country_names(frame["country"]))
    if {"dimension", "label"} <= set(frame.columns):
        is_country = pl.col("dimension") == "country"
        name = pl.when(is_country).then(_country_names(frame["label"]))
        return frame.with_columns(label=name.otherwise("label"))
    return frame


def _country_names(codes: pl.Series) -> pl.Series:
    """Return the names of countries; unknown codes stay."""
    frame = codes.to_frame("country")
    named = frame.join(COUNTRIES, on="country", how="left", maintain_order="left")
    return named.select(pl.coalesce("country_name", "country")).to_series()
