"""What became more and what became less, as bars to both sides."""

import altair as alt
import polars as pl

from ui import names
from ui.axes import Chart, label_axis
from ui.layers import Layer, layered
from ui.theme import ACCENT, PALETTE, QUIET, ROW_HEIGHT, TEXT

_CHANGE = "(datum.change > 0 ? '+' : '') + format(datum.change, ',')"
_PART = (
    "datum.contribution == null || width < 220 ? ''"
    " : '  (' + format(datum.contribution, '+.1%') + ')'"
)
"""On a phone the text is short, for the bars' sake."""
_END = alt.ExprRef("max(width / 4, width - (width < 220 ? 85 : 135))")
"""Where the longest bar to the right ends: behind it is room for its text."""


def moved(frame: pl.DataFrame, *, rows: int = 10) -> Chart:
    """Draw what moved most: bars to the right where more, to the left where less.

    A bar is as long as its part in the change of the whole, so that users, page views
    and votes compare; beside it stands the change. Needs the columns of
    `movers.what_moved`.
    """
    data = names.readable(frame.head(rows)).with_columns(
        what=_what(),
        end=pl.max_horizontal(pl.col("contribution").fill_null(0), 0.0),
    )
    base = Layer().transform_calculate(
        printed=f"{_CHANGE} + ' ' + datum.measure + ({_PART})"
    )
    y = alt.Y("what:N", sort=None, title=None, axis=label_axis())
    x = alt.X("contribution:Q", axis=None, scale=alt.Scale(range=[0, _END]))
    more = {"test": "datum.change > 0", "value": ACCENT}
    color = alt.ColorValue(PALETTE[1], condition=more)
    bars = base.mark_bar(opacity=0.6, cornerRadius=3).encode(
        x,
        y,
        color=color,
        tooltip=[
            alt.Tooltip("what:N", title="What"),
            alt.Tooltip("measure:N", title="Counted"),
            alt.Tooltip("before:Q", title="Before", format=","),
            alt.Tooltip("now:Q", title="Now", format=","),
            alt.Tooltip("contribution:Q", title="Of all before", format="+.1%"),
        ],
    )
    text = base.mark_text(align="left", dx=6, color=TEXT, opacity=QUIET)
    said = text.encode(alt.X("end:Q"), y, text=alt.Text("printed:N"))
    return layered(bars, said, data=data, height=alt.Step(ROW_HEIGHT))


def _what() -> pl.Expr:
    """Return what a row is about; rooms of one name are told apart by their ids."""
    what = pl.format("{}: {}", pl.col("dimension").str.to_titlecase(), "label")
    alike = pl.len().over("dimension", "label") > 1
    return pl.when(alike).then(pl.format("{} (id {})", what, "room_id")).otherwise(what)
