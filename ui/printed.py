"""Bars that print their numbers: counts, stages of a path, and other figures.

What a bar prints is a Vega expression over its row (`datum`): the browser knows
thousands and percent, and a rate that is hidden is null there.
"""

from collections.abc import Mapping

import altair as alt
import polars as pl

from metrics.definitions import DEFINITIONS
from ui import format as fmt
from ui import names
from ui.axes import Chart, bounded, label_axis
from ui.layers import Layer, layered
from ui.theme import ACCENT, CHART_HEIGHT, QUIET, TEXT

_PRINTED = alt.Text("printed:N")
THICK = 26
_ROOM = 1.6
"""How far the axis goes beyond the longest bar, for what it prints."""
_FEW = "'n = ' + format(datum.{n}, ',') + ': too few for a rate'"


def printed_bars(
    frame: pl.DataFrame, label: str, value: str, title: str, printed: str
) -> Chart:
    """Draw horizontal bars in the frame's order, each followed by what it prints."""
    data = bounded(names.readable(frame))
    base = Layer().transform_calculate(printed=printed)
    x = alt.X(f"{value}:Q", axis=None, scale=with_room(frame[value]))
    y = alt.Y(f"{label}:N", sort=None, title=None, axis=label_axis())
    tooltip = [
        alt.Tooltip(f"{label}:N", title="What"),
        alt.Tooltip("printed:N", title=title),
    ]
    bars = base.mark_bar(size=THICK, color=ACCENT, opacity=0.5, cornerRadiusEnd=3)
    text = base.mark_text(align="left", dx=6, color=TEXT, opacity=QUIET)
    shown = bars.encode(x, y, tooltip=tooltip), text.encode(x, y, text=_PRINTED)
    return layered(*shown, data=data, height=CHART_HEIGHT)


def with_room(values: pl.Series) -> alt.Scale:
    """Return a scale that leaves room for what bars print beside them."""
    longest = values.cast(pl.Float64).max()
    end = longest if isinstance(longest, float) and longest > 0 else 1.0
    return alt.Scale(domain=[0, end * _ROOM])


def hidden_below(shown: str, rate: str, n: str) -> str:
    """Return an expression that prints `shown`, or n where the rate is hidden."""
    return f"datum.{rate} == null ? {_FEW.format(n=n)} : {shown}"


def stages(frame: pl.DataFrame, shares: Mapping[str, str | None]) -> Chart:
    """Draw counts of a one-row table below each other, as `shares` names them.

    `shares` maps a count to the column of its share, None for the first of a chain.
    """
    row = frame.row(0, named=True)
    long = pl.DataFrame(
        {
            "stage": [DEFINITIONS[key].title.removesuffix(" (n)") for key in shares],
            "count": [row[key] for key in shares],
            "share": [row[share] if share else None for share in shares.values()],
        },
        schema={"stage": pl.String, "count": pl.Int64, "share": pl.Float64},
    )
    printed = "datum.share == null ? '' : '  (' + format(datum.share, '.0%') + ')'"
    return printed_bars(
        long, "stage", "count", "Count", f"format(datum.count, ',') + ({printed})"
    )


def figures(frame: pl.DataFrame, keys: tuple[str, ...]) -> Chart:
    """Draw figures of a one-row table that share a unit below each other."""
    row = frame.row(0, named=True)
    found = {key: row[key] for key in keys}
    long = pl.DataFrame(
        {
            "figure": [DEFINITIONS[key].title for key in found],
            "value": list(found.values()),
            "text": [fmt.number(v, DEFINITIONS[k].unit) for k, v in found.items()],
        },
        schema={"figure": pl.String, "value": pl.Float64, "text": pl.String},
    )
    return printed_bars(long, "figure", "value", "Value", "datum.text")
