"""Stacked and nested bars of shares."""

import altair as alt
import polars as pl

from metrics.registry import DEFINITIONS
from ui import labels
from ui.charts.axes import (
    BY_PLACE,
    PLACE,
    Chart,
    bounded,
    in_order,
    label_axis,
    legend,
)
from ui.charts.labelled_bars import hidden_below, with_room
from ui.charts.rendering import Layer, layered
from ui.charts.theme import NESTED, QUIET, ROW_HEIGHT, TEXT

_FEWEST, _MOST = 10, 20
"""Labels that nested bars show."""


def nested_bars(
    frame: pl.DataFrame, label: str, keys: tuple[str, str, str], n: str
) -> Chart:
    """Draw three shares of the same users inside each other, one row per label.

    `keys` go from the largest to the smallest share; the smallest is printed.
    """
    titles = {key: DEFINITIONS[key].title.removesuffix(" (share)") for key in keys}
    known = frame[keys[-1]].count()
    # Most users first: those with enough for a rate come before all others.
    rows = in_order(labels.readable(frame.head(min(max(_FEWEST, known), _MOST))))
    long = rows.unpivot(
        on=keys, index=[PLACE, label, n], variable_name="stage", value_name="share"
    ).with_columns(pl.col("stage").replace_strict(titles))
    y = alt.Y(f"{label}:N", sort=BY_PLACE, title=None, axis=label_axis())
    scale = alt.Scale(domain=[*titles.values()], range=list(NESTED))
    bars = (
        Layer(bounded(long), height=alt.Step(ROW_HEIGHT))
        .mark_bar(size=ROW_HEIGHT - 8, cornerRadiusEnd=3)
        .encode(
            alt.X(
                "share:Q",
                title=None,
                stack=None,
                scale=with_room(long["share"]),
                axis=None,
            ),
            y,
            alt.Color(
                "stage:N",
                title=None,
                scale=scale,
                legend=legend(len(titles), narrow=1),
            ),
            tooltip=[
                alt.Tooltip(f"{label}:N", title="What"),
                alt.Tooltip("stage:N", title="Step"),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
                alt.Tooltip(f"{n}:Q", title="New users", format=","),
            ],
        )
    )
    smallest = keys[-1]
    shown = f"format(datum.{smallest}, '.0%') + ' of ' + format(datum.{n}, ',')"
    text = (
        Layer(rows)
        .transform_calculate(
            printed=hidden_below(shown, smallest, n), end=f"datum.{keys[0]} || 0"
        )
        .mark_text(align="left", dx=6, color=TEXT, opacity=QUIET)
        .encode(alt.X("end:Q"), y, text=alt.Text("printed:N"))
    )
    return layered(bars, text)
