"""Charts of shares and stages: bars that print their numbers, stacks, nested bars.

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
from ui.theme import ACCENT, CHART_HEIGHT, MUTED, ROW_HEIGHT

_THICK = 26
_ROOM = 1.45
"""How far the axis goes beyond the longest bar, for what it prints."""
_FEW = "'n = ' + format(datum.{n}, ',') + ': too few for a rate'"
_SHADES = ("#c3d0ff", "#7f9cf5", "#2f55d4")
"""From the outermost of nested bars to the innermost."""
_PARTS = {
    "Same card": ("#2f55d4", "#ffffff"),
    "1 step": ("#7f9cf5", "#16181d"),
    "2 steps": ("#c9cdd6", "#16181d"),
    "3 or more": ("#e0682b", "#16181d"),
}
"""How far apart a round ended → colour, and colour of the text on it."""


def printed_bars(
    frame: pl.DataFrame, label: str, value: str, title: str, printed: str
) -> Chart:
    """Draw horizontal bars in the frame's order, each followed by what it prints."""
    base = alt.Chart(
        bounded(names.readable(frame)), height=CHART_HEIGHT
    ).transform_calculate(printed=printed)
    x = alt.X(f"{value}:Q", axis=None, scale=_with_room(frame[value]))
    y = alt.Y(f"{label}:N", sort=None, title=None, axis=label_axis())
    tooltip = [
        alt.Tooltip(f"{label}:N", title="What"),
        alt.Tooltip("printed:N", title=title),
    ]
    bars = base.mark_bar(size=_THICK, color=ACCENT, opacity=0.5, cornerRadiusEnd=3)
    text = base.mark_text(align="left", dx=6, color=MUTED)
    return alt.layer(
        bars.encode(x, y, tooltip=tooltip), text.encode(x, y, text="printed:N")
    )


def _with_room(values: pl.Series) -> alt.Scale:
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
            size=pl.format("{} people", "team_size"),
            **{part: pl.when(known).then(c) for part, c in counts.items()},
        )
        .unpivot(index=["size", "rounds"], variable_name="part", value_name="count")
        .with_columns(share=pl.col("count") / pl.col("rounds"))
    )
    return _stacked(bounded(long))


def _stacked(long: pl.DataFrame) -> Chart:
    base = alt.Chart(long, height=CHART_HEIGHT).transform_calculate(
        order=f"indexof({[*_PARTS]}, datum.part)"
    )
    y = alt.Y("size:N", sort=None, title=None, axis=label_axis())
    x = alt.X(
        "share:Q", title=None, stack="zero", axis=alt.Axis(format=".0%", grid=False)
    )
    order = alt.Order("order:Q")
    fill = alt.Scale(domain=[*_PARTS], range=[fill for fill, _ in _PARTS.values()])
    ink = alt.Scale(domain=[*_PARTS], range=[ink for _, ink in _PARTS.values()])
    bars = base.mark_bar(size=1.5 * _THICK, cornerRadius=2).encode(
        x,
        y,
        alt.Color("part:N", title=None, scale=fill, legend=_legend(len(_PARTS))),
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
        printed="datum.share < 0.07 ? '' : format(datum.share, '.0%')"
    ).mark_text(fontWeight="bold")
    middle = alt.X("share:Q", stack="zero", bandPosition=0.5)
    printed = text.encode(
        middle,
        y,
        alt.Color("part:N", scale=ink, legend=None),
        order=order,
        text="printed:N",
    )
    chart: Chart = alt.layer(bars, printed).resolve_scale(color="independent")
    return chart


def _legend(items: int) -> alt.Legend:
    """Return a legend above the chart, in two columns where it is narrow."""
    return alt.Legend(orient="top", columns=alt.ExprRef(f"width < 300 ? 2 : {items}"))


def nested(
    frame: pl.DataFrame, label: str, keys: tuple[str, str, str], n: str
) -> Chart:
    """Draw three shares of the same people inside each other, one row per label.

    `keys` go from the largest to the smallest share; the smallest is printed.
    """
    titles = {key: DEFINITIONS[key].title.removesuffix(" (share)") for key in keys}
    rows = names.readable(frame.head(10))
    long = rows.unpivot(
        on=keys, index=[label, n], variable_name="stage", value_name="share"
    ).with_columns(pl.col("stage").replace_strict(titles))
    y = alt.Y(f"{label}:N", sort=None, title=None, axis=label_axis())
    scale = alt.Scale(domain=[*titles.values()], range=list(_SHADES))
    bars = (
        alt.Chart(bounded(long), height=alt.Step(ROW_HEIGHT))
        .mark_bar(size=ROW_HEIGHT - 8, cornerRadiusEnd=3)
        .encode(
            alt.X(
                "share:Q",
                title=None,
                stack=None,
                scale=_with_room(long["share"]),
                axis=None,
            ),
            y,
            alt.Color("stage:N", title=None, scale=scale, legend=_legend(len(titles))),
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
        alt.Chart(rows)
        .transform_calculate(
            printed=hidden_below(shown, smallest, n), end=f"datum.{keys[0]} || 0"
        )
        .mark_text(align="left", dx=6, color=MUTED)
        .encode(alt.X("end:Q"), y, text="printed:N")
    )
    return alt.layer(bars, text)
