"""A block that draws one of several numbers over time, beside the period before."""

from collections.abc import Sequence

import polars as pl
import streamlit as st

from metrics.definitions import DEFINITIONS
from metrics.query import Granularity
from metrics.registry import METRIC_TABLES
from metrics.sample_size import SAMPLE_SIZE
from ui import address, block, charts, emptiness, tables, unusual
from ui.plot import plot
from ui.view import Answers, View

FEW = 3
"""Numbers that stand side by side; more are a list."""


def trend(
    view: View,
    name: str,
    found: Answers,
    keys: Sequence[str],
    *,
    granularity: Granularity | None = None,
    marks: pl.DataFrame | None = None,
    key: str | None = None,
) -> None:
    """Draw the catalogue's table `name`; `keys` are the columns to choose from.

    `every` is the length of its buckets where it is not the view's. `marks` are
    days that stand out, as the table `unusual_days` has them. Pages that show the
    same table with other numbers tell the blocks apart by `key`.
    """
    own = key or name

    @st.fragment(key=f"trend_{own}")
    def fragment() -> None:
        title = METRIC_TABLES[name].title
        as_table = block.head(view, name, found[name], title, own)
        if emptiness.blank(found[name]):
            emptiness.say(view, name)
        elif as_table:
            tables.show(found[name], title)
        else:
            _chart(view, name, _which(own, keys), found, granularity, marks)

    with st.container(border=True, height="stretch", gap="small"):
        fragment()
        block.say_untouched(view, name)


def _which(name: str, keys: Sequence[str]) -> str:
    """Draw the choice of a number; the address carries it."""
    if len(keys) == 1:
        return keys[0]
    key = f"show_{name}"
    titles = {DEFINITIONS[key].title: key for key in keys}
    address.check(key, titles)
    options = list(titles)
    if len(keys) > FEW:
        chosen = st.selectbox(
            "Show",
            options,
            key=key,
            bind="query-params",
            label_visibility="collapsed",
            width=280,
        )
    else:
        chosen = st.segmented_control(
            "Show",
            options,
            default=options[0],
            required=True,
            key=key,
            bind="query-params",
            label_visibility="collapsed",
        )
    return titles[chosen]


def _chart(
    view: View,
    name: str,
    key: str,
    found: Answers,
    granularity: Granularity | None,
    marks: pl.DataFrame | None,
) -> None:
    definition = DEFINITIONS[key]
    shown = granularity or view.query.granularity
    marked = unusual.within(marks, key, found[name]) if shown == "day" else None
    plot(
        charts.over_time(
            found[name],
            key,
            definition.title,
            definition.unit,
            shown,
            view.today,
            before=found.earlier.get(name),
            marks=marked,
            n=_cases(key, found[name]),
        ),
        alt=f"{definition.title} per {shown}",
        key=f"chart_{name}",
    )
    if marked is not None:
        st.caption(unusual.LEGEND)


def _cases(key: str, frame: pl.DataFrame) -> str | None:
    """Return the column that says how many cases a figure comes from, if any."""
    n = SAMPLE_SIZE.get(key)
    return n if n in frame.columns else None
