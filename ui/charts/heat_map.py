"""Heat maps: counts by two labels, and retention with its average curve."""

import altair as alt
import polars as pl

from metrics.registry import DEFINITIONS
from ui import format as fmt
from ui.charts.axes import (
    BY_PLACE,
    Chart,
    bounded,
    end_of_scale,
    gradient_legend,
    in_order,
    share_tooltip,
    text_of,
    whole_percent,
    wide_targets,
    with_texts,
)
from ui.charts.bars import per_day_or_all
from ui.charts.rendering import Layer, layered
from ui.charts.theme import ACCENT, CHART_HEIGHT, FAINT, INK, MUTED, PALE, TEXT


def heat_map(
    frame: pl.DataFrame, x: tuple[str, str], y: tuple[str, str], value: tuple[str, str]
) -> Chart:
    """Draw a grid of cells, darker where more; each pair is (column, title)."""
    tooltip = [
        alt.Tooltip(f"{y[0]}:N", title=y[1]),
        alt.Tooltip(f"{x[0]}:O", title=x[1]),
        alt.Tooltip(f"{text_of(value[0])}:N", title=value[1]),
    ]
    # Of nothing but zeros, Vega would draw cells of half the shade.
    scale = alt.Scale(range=[FAINT, ACCENT], domain=[0, end_of_scale(frame[value[0]])])
    cells = (
        Layer(with_texts(bounded(in_order(frame)), "number", value[0]))
        .mark_rect(cornerRadius=2)
        .encode(
            alt.X(f"{x[0]}:O", title=x[1], axis=alt.Axis(labelAngle=0)),
            alt.Y(
                f"{y[0]}:N",
                title=None,
                sort=BY_PLACE,
                axis=alt.Axis(labelOverlap=False),
            ),
            alt.Color(
                f"{value[0]}:Q",
                title=None,
                scale=scale,
                legend=gradient_legend(
                    frame[value[0]],
                    value[1],
                    alt.Legend(gradientThickness=8, tickCount=3),
                ),
            ),
            tooltip=tooltip,
        )
    )
    # In layers: see `bars.shares`.
    return layered(cells, height=CHART_HEIGHT)


def hours_of_the_week(frame: pl.DataFrame, zone: str) -> Chart:
    """Draw the votes of each weekday and hour, those that `weekdays` draws."""
    value, _ = per_day_or_all(frame)
    return heat_map(
        frame,
        ("hour", f"Hour ({zone})"),
        ("weekday_name", "Weekday"),
        (value, DEFINITIONS[value].title),
    )


_ROW = 34
# Pixels of a cell that has room for its text; the table has it, too.
_ROOM = 36
AVERAGE = "Weighted average"


def retention_grid(cells: pl.DataFrame, average: pl.DataFrame, unit: str) -> Chart:
    """Draw cohorts by age: the share in each cell, the number beneath it.

    A share from fewer than 20 is hidden, cells of the future are blank, and a
    bucket that has not ended is marked with "…". Needs the columns of
    `retention.grid` and `retention.average`.
    """
    data = with_texts(bounded(_labelled(cells, average)), "share", "share")
    base = Layer()
    x = alt.X(
        "k:O",
        title=f"{unit.capitalize()} since the first",
        axis=alt.Axis(labelAngle=0, orient="top", domain=False, ticks=False),
    )
    y = alt.Y(
        "row:N",
        # Layers have different rows: without a list each would bring its own order.
        sort=data["row"].unique(maintain_order=True).to_list(),
        title=None,
        axis=alt.Axis(
            labelLimit=220,
            labelOverlap=False,
            domain=False,
            ticks=False,
            labelPadding=8,
        ),
    )
    ages = data["k"].n_unique()
    tips = _tips(unit)
    shown = _cells(base, x, y, tips), *_texts(base, x, y, ages, tips)
    return layered(*shown, data=data, height=alt.Step(_ROW))


def retention_curve(average: pl.DataFrame, unit: str) -> Chart:
    """Draw the weighted average by age; hidden shares leave a gap."""
    base = Layer()
    x = alt.X(
        "k:Q",
        title=f"{unit.capitalize()} since the first",
        axis=alt.Axis(tickMinStep=1, grid=False),
    )
    y = alt.Y(
        "share:Q",
        title="Share",
        axis=alt.Axis(format=".0%", tickCount=5),
        scale=alt.Scale(domain=[0, 1]),
    )
    tooltip = [
        alt.Tooltip("k:Q", title=unit.capitalize()),
        share_tooltip("share", "Share"),
        alt.Tooltip("alive:Q", title="Came back", format=","),
        alt.Tooltip("size:Q", title="Of", format=","),
    ]
    # A line has one tooltip only, that of its first point.
    line = base.mark_line(color=ACCENT, strokeWidth=2).encode(x, y)
    points = base.mark_circle(color=ACCENT, size=60, opacity=1)
    data = with_texts(bounded(average), "share", "share")
    hover = wide_targets(base, data.height, x, tooltip)
    shown = line, points.encode(x, y, tooltip=tooltip), hover
    return layered(*shown, data=data, height=CHART_HEIGHT)


def _labelled(cells: pl.DataFrame, average: pl.DataFrame) -> pl.DataFrame:
    """Return both as one frame with `row`, the average first; the future left out.

    So are cohorts that are empty, and the average of none that is old enough.
    """
    some = pl.col("size") > 0
    named = average.with_columns(row=pl.lit(AVERAGE), running=pl.lit(value=False))
    means = named.filter(some)
    began = pl.col("cohort").dt.strftime("%-d %b %Y")
    cohorts = cells.filter(some).with_columns(
        row=pl.format("{}  ·  {}", began, fmt.counts(pl.col("size")))
    )
    columns = ("row", "k", "size", "alive", "share", "running")
    rows = pl.concat([means.select(columns), cohorts.select(columns)])
    over = pl.when("running").then(pl.lit("no")).otherwise(pl.lit("yes"))
    return rows.drop_nulls("alive").with_columns(over=over)


def _cells(base: alt.Chart, x: alt.X, y: alt.Y, tips: list[alt.Tooltip]) -> alt.Chart:
    hidden = "datum.share == null"
    shade = alt.Color(
        "share:Q",
        scale=alt.Scale(range=[PALE, ACCENT], domain=[0, 1]),
        legend=None,
    )
    cells: alt.Chart = base.mark_rect(cornerRadius=3, invalid=None).encode(
        x,
        y,
        color=alt.condition(hidden, alt.value(MUTED), shade),
        opacity=alt.OpacityValue(1, condition={"test": hidden, "value": 0.13}),
        tooltip=tips,
    )
    return cells


def _tips(unit: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("row:N", title="Began · number"),
        alt.Tooltip("k:O", title=unit.capitalize()),
        alt.Tooltip("alive:Q", title="Came back", format=","),
        share_tooltip("share", "Share"),
        alt.Tooltip("over:N", title="Complete"),
    ]


def _texts(
    base: alt.Chart, x: alt.X, y: alt.Y, ages: int, tips: list[alt.Tooltip]
) -> tuple[alt.Chart, ...]:
    """Return the share above the number; where it is hidden, the number alone.

    They are over the cells and have the same tooltip, which is read out once.
    """
    seen = alt.ExprRef(f"width > {_ROOM * ages} ? 1 : 0")
    printed = base.transform_calculate(
        percent=whole_percent("datum.share"),
        number="format(datum.alive, ',') + (datum.running ? ' …' : '')",
    )
    shown = printed.transform_filter("datum.share != null")
    hidden = printed.transform_filter("datum.share == null")
    share = shown.mark_text(
        dy=-6, fontWeight="bold", opacity=seen, color=INK, aria=False
    )
    number = shown.mark_text(dy=7, fontSize=10, opacity=seen, color=INK, aria=False)
    alone = hidden.mark_text(fontSize=10, opacity=seen, color=TEXT, aria=False)
    return (
        share.encode(x, y, text=alt.Text("percent:N"), tooltip=tips),
        number.encode(x, y, text=alt.Text("number:N"), tooltip=tips),
        alone.encode(x, y, text=alt.Text("number:N"), tooltip=tips),
    )
