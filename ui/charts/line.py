"""One number over time, beside the period before it."""

from datetime import date

import altair as alt
import polars as pl

from metrics.query import Granularity
from metrics.subject import Unit
from ui.charts import anomaly_marks
from ui.charts.axes import (
    D3_FORMATS,
    SUFFIXES,
    Chart,
    bounded,
    split_open_bucket,
    time_axis,
    value_axis,
    with_when,
)
from ui.charts.labelled_bars import labelled_bars
from ui.charts.rendering import Layer, layered
from ui.charts.theme import ACCENT, CHART_HEIGHT, DASH, MUTED


def over_time(
    frame: pl.DataFrame,
    value: str,
    title: str,
    unit: Unit,
    granularity: Granularity,
    today: date,
    *,
    before: pl.DataFrame | None = None,
    marks: pl.DataFrame | None = None,
    n: str | None = None,
) -> Chart:
    """Draw a value per bucket; the period before as a dashed line beneath it.

    The bucket of `today` is dashed, since it is not over. `marks` are days that
    stand out; `n` is the column of the cases that a rate comes from. Needs `bucket`
    (Date) and the value's column.
    """
    data = bounded(_aligned(frame, value, before, granularity, today, n))
    if data.height == 1:
        return _one_bucket(data, title, unit)
    x = time_axis(granularity, data["bucket"])
    y = alt.Y("value:Q", title=title + SUFFIXES.get(unit, ""), axis=value_axis(unit))
    over, runs = split_open_bucket(data, granularity, today)
    base = Layer()
    done = base if over is data else Layer(over)
    layers = [
        done.mark_area(opacity=0.12, color=ACCENT).encode(x, y),
        done.mark_line(color=ACCENT, strokeWidth=2, point=_dots(over)).encode(x, y),
        base.mark_bar(opacity=0.001).encode(
            x, tooltip=_tooltip(title, unit, n, compared=before is not None)
        ),
    ]
    if before is not None:
        earlier = base.mark_line(color=MUTED, strokeDash=DASH, strokeWidth=1.5)
        layers.insert(0, earlier.encode(x, y=alt.Y("before:Q")))
    if runs.height:
        last = Layer(runs).mark_line(
            color=ACCENT, strokeDash=DASH, point=_dots(runs.tail(-1))
        )
        layers.append(last.encode(x, y))
    if marks is not None:
        layers.append(anomaly_marks.layer(marks, title, today))
    return layered(*layers, data=data, height=CHART_HEIGHT)


def _aligned(
    frame: pl.DataFrame,
    value: str,
    before: pl.DataFrame | None,
    granularity: Granularity,
    today: date,
    n: str | None,
) -> pl.DataFrame:
    """Return bucket, when, value and its n, and by position before and before_when."""
    now = with_when(frame, granularity, today).select(
        *("bucket", "when"),
        pl.col(value).alias("value"),
        *((pl.col(n).alias("n"),) if n else ()),
    )
    if before is None:
        return now
    earlier = with_when(before, granularity, today).select(
        pl.col(value).alias("before"), before_when="when"
    )
    return pl.concat([now, earlier.head(now.height)], how="horizontal_extend")


def _one_bucket(data: pl.DataFrame, title: str, unit: Unit) -> Chart:
    """Draw bars of a single bucket and of the one before: one point is no line."""
    rows = data.select("when", "value")
    if "before" in data.columns:
        rows = rows.vstack(data.select(when="before_when", value="before").drop_nulls())
    shown = f"format(datum.value, '{D3_FORMATS[unit]}')"
    return labelled_bars(rows, "when", "value", title, shown)


def _dots(frame: pl.DataFrame) -> bool:
    """Return whether dots are needed: one value alone makes no visible line."""
    return frame.height < 3


def _tooltip(
    title: str, unit: Unit, n: str | None, *, compared: bool
) -> list[alt.Tooltip]:
    style = D3_FORMATS[unit]
    now = [
        alt.Tooltip("when:N", title="When"),
        alt.Tooltip("value:Q", title=title, format=style),
        *((alt.Tooltip("n:Q", title="n", format=","),) if n else ()),
    ]
    if not compared:
        return now
    return [
        *now,
        alt.Tooltip("before_when:N", title="Compared with"),
        alt.Tooltip("before:Q", title="Then", format=style),
    ]
