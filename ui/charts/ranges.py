"""From the lowest to the highest estimate of each round, on the scale of the cards."""

import altair as alt
import polars as pl

from metrics.card_scale import SCALE
from ui.axes import Chart
from ui.layers import Layer, layered
from ui.theme import ACCENT, CHART_HEIGHT, PALETTE

LATEST = 40
"""Rounds that are drawn."""


def ranges(rounds: pl.DataFrame) -> Chart:
    """Draw the latest rounds with an estimate, oldest first: range and average.

    Needs the columns of `rooms.recent_rounds`, newest first.
    """
    latest = rounds.drop_nulls("min_estimation").head(LATEST).reverse()
    data = latest.with_row_index("round", offset=1).with_columns(
        when=pl.col("voted_at").dt.strftime("%a %-d %b %Y, %H:%M UTC")
    )
    base = Layer(data, height=CHART_HEIGHT)
    x = alt.X("round:O", title="Rounds, the latest last", axis=alt.Axis(labels=False))
    # On a logarithm the cards stand about as far apart as they do in people's minds.
    y = alt.Y(
        "min_estimation:Q",
        title="Card",
        scale=alt.Scale(type="log", domain=[0.9, 23], nice=False),
        axis=alt.Axis(values=list(SCALE), format="d"),
    )
    spans = base.mark_rule(
        color=ACCENT, strokeWidth=6, opacity=0.4, strokeCap="round"
    ).encode(x, y, alt.Y2("max_estimation:Q"), tooltip=_tooltip())
    averages = base.mark_point(
        filled=True, shape="diamond", color=PALETTE[1], size=45, opacity=1
    ).encode(x, alt.Y("avg_estimation:Q"), tooltip=_tooltip())
    return layered(spans, averages)


def _tooltip() -> list[alt.Tooltip]:
    titles = {
        "min_estimation": "Lowest",
        "avg_estimation": "Average",
        "max_estimation": "Highest",
        "amount_of_estimations": "Estimates",
    }
    return [
        alt.Tooltip("when:N", title="Ended"),
        *(alt.Tooltip(f"{c}:Q", title=t, format=",.2~f") for c, t in titles.items()),
    ]
