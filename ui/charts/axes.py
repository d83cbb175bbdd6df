"""Axes, legends, tooltips, formats and bounds that all charts share."""

from collections.abc import Callable
from datetime import date
from typing import Literal

import altair as alt
import polars as pl

from metrics.query import Granularity
from metrics.subject import Unit
from metrics.time_axis import first_of

MAX_ROWS = 8000

Chart = alt.Chart | alt.LayerChart | alt.FacetChart
Draw = Callable[[pl.DataFrame], Chart]
_FEW_TICKS = 10

D3_FORMATS: dict[Unit, str] = {
    "count": ",.0f",
    "points": ",.0f",
    "number": ",.2f",
    "share": ".1%",
    "minutes": ",.1f",
    "seconds": ",.0f",
}
_COUNT_LABEL = "format(datum.value, datum.value < 10000 ? ',' : '~s')"
SUFFIXES: dict[Unit, str] = {"minutes": " (minutes)", "seconds": " (seconds)"}
_WHEN: dict[Granularity, str] = {
    "day": "%a %-d %b %Y",
    "week": "week of %-d %b %Y",
    "month": "%B %Y",
}


def bounded(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame, which must be aggregated: a browser draws every row."""
    if frame.height > MAX_ROWS:
        raise ValueError(f"{frame.height} rows in a chart: aggregate them first")
    return frame


def with_when(
    frame: pl.DataFrame, granularity: Granularity, today: date
) -> pl.DataFrame:
    """Add `when`, the bucket as text, so that no time zone can move it."""
    when = pl.col("bucket").dt.strftime(_WHEN[granularity])
    return frame.with_columns(when=when + open_bucket_suffix(granularity, today))


def time_axis(
    granularity: Granularity = "day", buckets: pl.Series | None = None
) -> alt.X:
    """Return the x axis of `bucket`, in UTC; its ticks are `buckets` if these are few.

    Between the Mondays of a few weeks nothing happened: no tick stands there.
    """
    few = buckets is not None and 0 < buckets.len() <= _FEW_TICKS
    axis = alt.Axis(
        title=None,
        grid=False,
        tickCount=8,
        format="%b %Y" if granularity == "month" else "%-d %b",
        labelOverlap=True,
        values=_instants(buckets) if buckets is not None and few else alt.Undefined,
    )
    return alt.X("bucket:T", scale=alt.Scale(type="utc"), axis=axis)


def _instants(buckets: pl.Series) -> list[alt.DateTime]:
    """Return midnights in UTC as a time scale takes them."""
    return [
        alt.DateTime(year=day.year, month=day.month, date=day.day, utc=True)
        for day in buckets
    ]


def value_axis(unit: Unit) -> alt.Axis:
    """Return the axis of a number with its unit."""
    if unit in {"count", "points"}:
        return alt.Axis(labelExpr=_COUNT_LABEL, tickCount=5, tickMinStep=1)
    style = ".0%" if unit == "share" else D3_FORMATS[unit]
    return alt.Axis(format=style, tickCount=5)


def label_axis() -> alt.Axis:
    """Return the axis of labels beside horizontal bars."""
    return alt.Axis(labelLimit=220, ticks=False, domain=False, labelPadding=8)


def split_open_bucket(
    frame: pl.DataFrame, granularity: Granularity, today: date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows of buckets that are over, and those of the one that runs.

    The second part starts with the bucket before, where a line to the running one
    begins; it is empty when no bucket of the frame runs. Needs `bucket`.
    """
    running = first_of(today, granularity)
    over = frame.filter(pl.col("bucket") < running)
    if over.height == frame.height:
        return frame, frame.clear()
    before = over["bucket"].max()
    return over, frame.filter(pl.col("bucket") >= (before or running))


def open_bucket_suffix(granularity: Granularity, today: date) -> pl.Expr:
    """Return what a tooltip adds to the date of the running bucket."""
    runs = pl.col("bucket") >= first_of(today, granularity)
    return pl.when(runs).then(pl.lit(", so far")).otherwise(pl.lit(""))


def count_tooltips(frame: pl.DataFrame, value: str, title: str) -> list[alt.Tooltip]:
    """Return the value, and the one before with the change where there is one."""
    now = alt.Tooltip(f"{value}:Q", title=title.capitalize(), format=",")
    before, change = f"{value}_before", f"{value}_change"
    if before not in frame.columns or frame[before].null_count() == frame.height:
        return [now]
    return [
        now,
        alt.Tooltip(f"{before}:Q", title="Before", format=","),
        alt.Tooltip(f"{change}:Q", title="Change", format="+,"),
    ]


def gradient_legend(values: pl.Series, title: str, legend: alt.Legend) -> alt.Legend:
    """Return a legend of shades that tells screen readers the range of its values.

    Vega describes a legend once, when the chart is drawn, and keeps the old range when
    only the data change. A description in the specification has the chart drawn again.
    """
    high = values.max() if values.len() else None
    top = f"{high:,.10g}" if isinstance(high, int | float) else "no value"
    legend.description = f"{title.capitalize()}: shades from 0 to {top}"
    return legend


def legend(
    items: int, narrow: int, symbol: Literal["square", "stroke"] = "square"
) -> alt.Legend:
    """Return a legend above the chart, in fewer columns where that is narrow."""
    columns = alt.ExprRef(f"width < 300 ? {narrow} : {items}")
    long = 300 if symbol == "stroke" else alt.Undefined
    return alt.Legend(orient="top", columns=columns, symbolType=symbol, symbolSize=long)
