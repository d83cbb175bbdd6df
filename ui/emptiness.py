"""Whether there is anything to show, and the sentence where there is not."""

import polars as pl
import streamlit as st

from metrics.definitions import DEFINITIONS
from metrics.registry import METRIC_TABLES
from ui.view import View

_OF_THE_CALENDAR = frozenset({"days", "steps", "estimators"})
"""Numbers that are there without anything having happened."""
_OF_ITS_OWN = {
    "unusual_days": "No day of this period was out of the ordinary.",
    "what_moved": "Nothing moved, or there is nothing to compare with: choose a "
    "comparison above.",
}


def blank(frame: pl.DataFrame) -> bool:
    """Return whether a table has no row, or nothing but zeros and gaps for numbers."""
    numbers = [
        name
        for name, dtype in frame.schema.items()
        if name in DEFINITIONS and name not in _OF_THE_CALENDAR and dtype.is_numeric()
    ]
    if frame.is_empty() or not numbers:
        return frame.is_empty()
    return not frame.select(pl.any_horizontal(pl.col(numbers) != 0).any()).item()


def say(view: View, name: str) -> None:
    """Say why the catalogue's table `name` shows nothing."""
    if name in _OF_ITS_OWN and not view.snapshot.missing:
        st.info(_OF_ITS_OWN[name], icon=":material/inbox:")
        return
    known = METRIC_TABLES.get(name)
    lacking = set(known.reads if known else ()).intersection(view.snapshot.missing)
    if lacking:
        missing = ", ".join(f"`{table}`" for table in sorted(lacking))
        st.info(f"Needs {missing}, which is missing.", icon=":material/database_off:")
    elif view.filters:
        st.info(
            "Nothing happened in this period that fits the filters.",
            icon=":material/filter_alt:",
        )
    else:
        st.info(
            "Nothing happened in this period. Choose a longer one above.",
            icon=":material/inbox:",
        )
