"""Charts by team size: how far apart rounds end, at once and over time."""

from datetime import date

import altair as alt
import polars as pl

from metrics.definitions import DEFINITIONS
from metrics.query import Granularity
from ui import running
from ui.axes import Chart, bounded, label_axis, time_axis, value_axis, with_when
from ui.layers import Layer, layered
from ui.printed import THICK
from ui.shares import legend
from ui.theme import CHART_HEIGHT, DASHES

_PARTS = {
    "Same card": ("#2f55d4", "#ffffff"),
    "1 step": ("#7f9cf5", "#16181d"),
    "2 steps": ("#c9cdd6", "#16181d"),
    "3 or more": ("#e0682b", "#16181d"),
}
"""How far apart a round ended → colour, and colour of the text on it."""

_LINES = {
    "2–3 people": "#079464",
    "4–6 people": "#4f7cff",
    "7 or more people": "#e0682b",
}
"""Team size → colour of its line."""


def consensus(frame: pl.DataFrame) -> Chart:
    """Draw per team size how far apart rounds ended, stacked to all of them.

    Needs `team_size`, `rounds`, `near_consensus` and the counts of rounds. A size
    with too few rounds keeps its row and has no bar.
    """
    near, split = pl.col("near_rounds"), pl.col("split_rounds")
    counts = {
        "Same card": pl.col("consensus_rounds"),
        "1 step": near - pl.col("consensus_rounds"),
        "2 steps": pl.col("rounds") - near - split,
        "3 or more": split,
    }
    known = pl.col("near_consensus").is_not_null()
    long = (
        frame.select(
            "rounds",
            size=pl.format("{} people (n = {})", "team_size", "rounds"),
            **{part: pl.when(known).then(c) for part, c in counts.items()},
        )
        .unpivot(index=["size", "rounds"], variable_name="part", value_name="count")
        .with_columns(share=pl.col("count") / pl.col("rounds"))
    )
    return _stacked(bounded(long))


def _stacked(long: pl.DataFrame) -> Chart:
    base = Layer().transform_calculate(order=f"indexof({[*_PARTS]}, datum.part)")
    y = alt.Y("size:N", sort=None, title=None, axis=label_axis())
    x = alt.X(
        "share:Q", title=None, stack="zero", axis=alt.Axis(format=".0%", grid=False)
    )
    order = alt.Order("order:Q")
    fill = alt.Scale(domain=[*_PARTS], range=[fill for fill, _ in _PARTS.values()])
    ink = alt.Scale(domain=[*_PARTS], range=[ink for _, ink in _PARTS.values()])
    bars = base.mark_bar(size=1.5 * THICK, cornerRadius=2).encode(
        x,
        y,
        alt.Color(
            "part:N", title=None, scale=fill, legend=legend(len(_PARTS), narrow=2)
        ),
        order=order,
        tooltip=[
            alt.Tooltip("size:N", title="Team"),
            alt.Tooltip("part:N", title="Cards"),
            alt.Tooltip("count:Q", title="Rounds", format=","),
            alt.Tooltip("rounds:Q", title="Of", format=","),
            alt.Tooltip("share:Q", title="Share", format=".1%"),
        ],
    )
    text = base.transform_calculate(
        printed="datum.share * width < 34 ? '' : format(datum.share, '.0%')"
    ).mark_text(fontWeight="bold")
    middle = alt.X("share:Q", stack="zero", bandPosition=0.5)
    printed = text.encode(
        middle,
        y,
        alt.Color("part:N", scale=ink, legend=None),
        order=order,
        text=alt.Text("printed:N"),
    )
    return layered(
        bars,
        printed,
        data=long,
        height=CHART_HEIGHT,
        resolve=alt.Resolve(scale={"color": "independent"}),
    )


def over_time(frame: pl.DataFrame, granularity: Granularity, today: date) -> Chart:
    """Draw the share of rounds within one card, a line per team size.

    A bucket with too few rounds leaves a gap; that of `today` is dotted. Needs the
    columns of `consensus.over_time_by_team_size`.
    """
    data = bounded(with_when(frame, granularity, today)).with_columns(
        size=pl.format("{} people", "team_size")
    )
    over, runs = running.split(data, granularity, today)
    buckets = data["bucket"].unique(maintain_order=True)
    title = DEFINITIONS["near_consensus"].title
    axis = alt.Y("near_consensus:Q", title=title, axis=value_axis("share"))
    x, (color, dash) = time_axis(granularity, buckets), _looks()
    drawn = Layer(over).mark_line(strokeWidth=2)
    dotted = Layer(runs).mark_line(strokeWidth=2, strokeDash=[1, 4])
    dots = Layer(data).mark_circle(size=36, opacity=1)
    tooltip = [
        alt.Tooltip("when:N", title="When"),
        alt.Tooltip("size:N", title="Team"),
        alt.Tooltip("near_consensus:Q", title=title, format=".1%"),
        alt.Tooltip("rounds:Q", title="Rounds (n)", format=","),
    ]
    return layered(
        drawn.encode(x, axis, color, dash),
        dotted.encode(x, axis, color),
        dots.encode(x, axis, color, tooltip=tooltip),
        height=CHART_HEIGHT,
    )


def _looks() -> tuple[alt.Color, alt.StrokeDash]:
    """Return a hue and a dash per team size: colour is not the only sign."""
    key = legend(len(_LINES), narrow=1, symbol="stroke")
    hues = alt.Scale(domain=[*_LINES], range=[*_LINES.values()])
    dashes = alt.Scale(domain=[*_LINES], range=[list(d) for d in DASHES[: len(_LINES)]])
    return (
        alt.Color("size:N", title=None, scale=hues, legend=key),
        alt.StrokeDash("size:N", title=None, scale=dashes, legend=key),
    )
