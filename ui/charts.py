"""Charts: functions that return an Altair chart and never show it.

Frames are aggregated before they come here; `bounded` holds that promise. Times
are drawn in UTC, and tooltips carry dates as text, so that no browser's time zone
moves a bar to another day.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import altair as alt
import polars as pl

from metrics.definitions import Unit
from metrics.scope import Every
from ui import names, picking, unusual
from ui.axes import (
    D3_FORMATS,
    SUFFIXES,
    Chart,
    bounded,
    label_axis,
    time_axis,
    value_axis,
    with_when,
)
from ui.theme import ACCENT, CHART_HEIGHT, DASH, FAINT, MUTED, PALETTE, ROW_HEIGHT

MAX_SERIES = 6

Side = Literal["left", "right"]


def over_time(
    frame: pl.DataFrame,
    value: str,
    title: str,
    unit: Unit,
    every: Every,
    *,
    before: pl.DataFrame | None = None,
    running: bool = False,
    marks: pl.DataFrame | None = None,
) -> Chart:
    """Draw a value per bucket; the period before as a dashed line beneath it.

    `running` draws the last bucket dashed, since it is not over. `marks` are days
    that stand out. Needs `bucket` (Date) and the value's column.
    """
    data = bounded(_aligned(frame, value, before, every))
    base = alt.Chart(data, height=CHART_HEIGHT)
    x = time_axis(every, data["bucket"])
    y = alt.Y("value:Q", title=title + SUFFIXES.get(unit, ""), axis=value_axis(unit))
    complete = data.head(-1) if running else data
    layers = [
        alt.Chart(complete).mark_area(opacity=0.12, color=ACCENT).encode(x, y),
        alt.Chart(complete)
        .mark_line(color=ACCENT, strokeWidth=2, point=_dots(complete))
        .encode(x, y),
        base.mark_bar(opacity=0.001).encode(
            x, tooltip=_tooltip(title, unit, compared=before is not None)
        ),
    ]
    if before is not None:
        earlier = base.mark_line(color=MUTED, strokeDash=DASH, strokeWidth=1.5)
        layers.insert(0, earlier.encode(x, y=alt.Y("before:Q")))
    if running:
        last = alt.Chart(data.tail(2)).mark_line(color=ACCENT, strokeDash=DASH)
        layers.append(last.encode(x, y))
    if marks is not None:
        layers.append(unusual.layer(marks, title))
    return alt.layer(*layers)


def bars_over_time(frame: pl.DataFrame, value: str, title: str, every: Every) -> Chart:
    """Draw a count per `bucket` as bars."""
    data = bounded(with_when(frame, every))
    chart: Chart = (
        alt.Chart(data, height=CHART_HEIGHT)
        .mark_bar(color=ACCENT, cornerRadiusEnd=2)
        .encode(
            time_axis(every),
            alt.Y(f"{value}:Q", title=title, axis=value_axis("count")),
            tooltip=[
                alt.Tooltip("when:N", title="When"),
                alt.Tooltip(f"{value}:Q", title=title, format=","),
            ],
        )
    )
    return chart


def lines(frame: pl.DataFrame, series: str, title: str, every: Every) -> Chart:
    """Draw `count` over `bucket`, a line for each of the largest series."""
    data = bounded(with_when(names.readable(_largest(frame, series)), every))
    legend = alt.Legend(orient="top", symbolType="stroke", columns=3, labelLimit=260)
    scale = alt.Scale(range=list(PALETTE))
    chart: Chart = (
        alt.Chart(data, height=CHART_HEIGHT)
        .mark_line(strokeWidth=2)
        .encode(
            time_axis(every),
            alt.Y("count:Q", title=title, axis=value_axis("count")),
            alt.Color(f"{series}:N", title=None, sort=None, scale=scale, legend=legend),
            alt.StrokeDash(f"{series}:N", title=None, sort=None, legend=None),
            tooltip=[
                alt.Tooltip("when:N", title="When"),
                alt.Tooltip(f"{series}:N", title="What"),
                alt.Tooltip("count:Q", title=title or "Count", format=",.2~f"),
            ],
        )
    )
    return chart


def columns_over_time(
    frame: pl.DataFrame, columns: Mapping[str, str], every: Every
) -> Chart:
    """Draw several columns of counts over `bucket`; `columns` names each one."""
    long = frame.select("bucket", pl.col(list(columns)).cast(pl.Float64)).unpivot(
        index="bucket", variable_name="what", value_name="count"
    )
    return lines(
        long.with_columns(pl.col("what").replace_strict(columns)), "what", "", every
    )


def two_axes(
    frame: pl.DataFrame, left: tuple[str, str], right: tuple[str, str], every: Every
) -> Chart:
    """Draw two counts over `bucket`, each (column, title) with an axis of its own."""
    data = bounded(with_when(frame, every))
    tooltip = [
        alt.Tooltip("when:N", title="When"),
        *(alt.Tooltip(f"{c}:Q", title=t, format=",") for c, t in (left, right)),
    ]
    sides: tuple[tuple[tuple[str, str], str, list[int], Side, bool], ...] = (
        (left, ACCENT, [1, 0], "left", True),
        (right, PALETTE[1], [6, 3], "right", False),
    )
    layers = [
        alt.Chart(data, height=320)
        .mark_line(color=color, strokeWidth=2, strokeDash=dash)
        .encode(
            time_axis(every),
            alt.Y(
                f"{column}:Q",
                axis=alt.Axis(
                    title=title, titleColor=color, orient=side, tickCount=5, grid=grid
                ),
            ),
            tooltip=tooltip,
        )
        for (column, title), color, dash, side, grid in sides
    ]
    chart: Chart = alt.layer(*layers).resolve_scale(y="independent")
    return chart


def ranked(
    frame: pl.DataFrame, label: str, value: str, title: str, *, rows: int = 10
) -> Chart:
    """Draw the largest rows as horizontal bars, each with its number and share."""
    top = frame.head(rows)
    data = names.readable(top).with_columns(
        picking.value(top[label]),
        _printed=pl.format("{}", pl.col(value))
        if "share" not in frame.columns
        # The share stands beside the number, so that no bar has to be measured.
        else pl.format("{}  ({}%)", value, (pl.col("share") * 100).round(1)),
    )
    x = alt.X(f"{value}:Q", axis=None, scale=alt.Scale(padding=4))
    y = alt.Y(f"{label}:N", sort=None, title=None, axis=label_axis())
    base = alt.Chart(data, height=alt.Step(ROW_HEIGHT))
    tooltip = [
        alt.Tooltip(f"{label}:N", title="What"),
        alt.Tooltip(f"{value}:Q", title=title, format=","),
    ]
    bars = base.mark_bar(color=ACCENT, opacity=0.5, cornerRadiusEnd=3, cursor="pointer")
    text = base.mark_text(align="left", dx=6, color=MUTED)
    return alt.layer(
        bars.encode(x, y, tooltip=tooltip).add_params(picking.selection()),
        text.encode(x, y, text="_printed:N"),
    )


def moved(frame: pl.DataFrame, *, rows: int = 10) -> Chart:
    """Draw what moved most: bars to the right where more, to the left where less.

    Needs `dimension`, `measure`, `label`, `now`, `before`, `change`.
    """
    data = names.readable(frame.head(rows)).with_columns(
        what=pl.format("{}: {}", pl.col("dimension").str.to_titlecase(), "label"),
        sign=pl.when(pl.col("change") > 0).then(pl.lit("+")).otherwise(pl.lit("")),
    )
    printed = data.with_columns(
        text=pl.format("{}{} {}", "sign", "change", "measure"),
        text_at=pl.max_horizontal("change", 0),
    )
    base = alt.Chart(printed, height=alt.Step(ROW_HEIGHT))
    y = alt.Y("what:N", sort=None, title=None, axis=label_axis())
    x = alt.X("change:Q", axis=None, scale=alt.Scale(padding=70))
    color = alt.condition("datum.change > 0", alt.value(ACCENT), alt.value(PALETTE[1]))
    bars = base.mark_bar(opacity=0.6, cornerRadius=3).encode(
        x,
        y,
        color=color,
        tooltip=[
            alt.Tooltip("what:N", title="What"),
            alt.Tooltip("measure:N", title="Counted"),
            alt.Tooltip("before:Q", title="Before", format=","),
            alt.Tooltip("now:Q", title="Now", format=","),
        ],
    )
    text = base.mark_text(align="left", dx=6, color=MUTED)
    return alt.layer(bars, text.encode(alt.X("text_at:Q"), y, text="text:N"))


def bars(
    frame: pl.DataFrame,
    label: str,
    value: str,
    titles: tuple[str, str],
    *,
    tooltip: Sequence[str] = (),
) -> Chart:
    """Draw vertical bars in the frame's order; `titles` names x and y."""
    shown = [
        alt.Tooltip(f"{label}:N", title=titles[0]),
        alt.Tooltip(f"{value}:Q", title=titles[1], format=",.2~f"),
        *(
            alt.Tooltip(f"{c}:Q", title=c.replace("_", " "), format=",.3~f")
            for c in tooltip
        ),
    ]
    chart: Chart = (
        alt.Chart(bounded(frame), height=CHART_HEIGHT)
        .mark_bar(color=ACCENT, cornerRadiusEnd=3)
        .encode(
            alt.X(
                f"{label}:N", sort=None, title=titles[0], axis=alt.Axis(labelAngle=0)
            ),
            alt.Y(f"{value}:Q", title=titles[1], axis=value_axis("count")),
            tooltip=shown,
        )
    )
    return chart


def heat(
    frame: pl.DataFrame, x: tuple[str, str], y: tuple[str, str], value: tuple[str, str]
) -> Chart:
    """Draw a grid of cells, darker where more; each pair is (column, title)."""
    tooltip = [
        alt.Tooltip(f"{y[0]}:N", title=y[1]),
        alt.Tooltip(f"{x[0]}:O", title=x[1]),
        alt.Tooltip(f"{value[0]}:Q", title=value[1], format=",.2f"),
    ]
    chart: Chart = (
        alt.Chart(bounded(frame), height=CHART_HEIGHT)
        .mark_rect(cornerRadius=2)
        .encode(
            alt.X(f"{x[0]}:O", title=x[1], axis=alt.Axis(labelAngle=0)),
            alt.Y(
                f"{y[0]}:N", title=None, sort=None, axis=alt.Axis(labelOverlap=False)
            ),
            alt.Color(
                f"{value[0]}:Q",
                title=None,
                scale=alt.Scale(range=[FAINT, ACCENT], domainMin=0),
                legend=alt.Legend(gradientThickness=8, tickCount=3),
            ),
            tooltip=tooltip,
        )
    )
    return chart


def _largest(frame: pl.DataFrame, series: str) -> pl.DataFrame:
    """Keep the series with the largest sums; more lines than hues say nothing."""
    kept = (
        frame.group_by(series, maintain_order=True)
        .agg(pl.col("count").sum())
        .top_k(MAX_SERIES, by="count")
    )
    return frame.join(kept, on=series, how="semi", nulls_equal=True)


def _aligned(
    frame: pl.DataFrame, value: str, before: pl.DataFrame | None, every: Every
) -> pl.DataFrame:
    """Return bucket, when, value, and by position before and before_when."""
    now = with_when(frame, every).select("bucket", "when", pl.col(value).alias("value"))
    if before is None:
        return now
    earlier = with_when(before, every).select(
        pl.col(value).alias("before"), before_when="when"
    )
    return pl.concat([now, earlier.head(now.height)], how="horizontal_extend")


def _dots(frame: pl.DataFrame) -> bool:
    """Return whether dots are needed: one value alone makes no visible line."""
    return frame.height < 3


def _tooltip(title: str, unit: Unit, *, compared: bool) -> list[alt.Tooltip]:
    style = D3_FORMATS[unit]
    now = [
        alt.Tooltip("when:N", title="When"),
        alt.Tooltip("value:Q", title=title, format=style),
    ]
    if not compared:
        return now
    return [
        *now,
        alt.Tooltip("before_when:N", title="Compared with"),
        alt.Tooltip("before:Q", title="Then", format=style),
    ]
