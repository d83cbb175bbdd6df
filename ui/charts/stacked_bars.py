"""Stacked and nested bars of shares."""

import altair as alt
import polars as pl

from metrics.registry import DEFINITIONS
from ui import labels
from ui.charts.axes import (
    Chart,
    bounded,
    label_axis,
    legend,
)
from ui.charts.labelled_bars import THICK, hidden_below, with_room
from ui.charts.rendering import Layer, layered
from ui.charts.theme import CHART_HEIGHT, QUIET, ROW_HEIGHT, TEXT

_FEWEST, _MOST = 10, 20
"""Labels that nested bars show."""
_SHADES = ("#c3d0ff", "#7f9cf5", "#2f55d4")
"""From the outermost of nested bars to the innermost."""


def nested_bars(
    frame: pl.DataFrame, label: str, keys: tuple[str, str, str], n: str
) -> Chart:
    """Draw three shares of the same people inside each other, one row per label.

    `keys` go from the largest to the smallest share; the smallest is printed.
    """
    titles = {key: DEFINITIONS[key].title.removesuffix(" (share)") for key in keys}
    known = frame[keys[-1]].count()
    # Most people first: those with enough for a rate come before all others.
    rows = labels.readable(frame.head(min(max(_FEWEST, known), _MOST)))
    long = rows.unpivot(
        on=keys, index=[label, n], variable_name="stage", value_name="share"
    ).with_columns(pl.col("stage").replace_strict(titles))
    y = alt.Y(f"{label}:N", sort=None, title=None, axis=label_axis())
    scale = alt.Scale(domain=[*titles.values()], range=list(_SHADES))
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


_PARTS = {
    "Same card": ("#2f55d4", "#ffffff"),
    "1 step": ("#7f9cf5", "#16181d"),
    "2 steps": ("#c9cdd6", "#16181d"),
    "3 or more": ("#e0682b", "#16181d"),
}
"""How far apart a round ended → colour, and colour of the text on it."""


def consensus_bars(frame: pl.DataFrame) -> Chart:
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
