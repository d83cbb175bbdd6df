"""Several counts over time, a line for each."""

from collections.abc import Mapping

import altair as alt
import polars as pl

from metrics.scope import Every
from ui import names
from ui.axes import Chart, bounded, time_axis, value_axis, with_when
from ui.theme import CHART_HEIGHT, PALETTE

MAX_SERIES = 6


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


def _largest(frame: pl.DataFrame, series: str) -> pl.DataFrame:
    """Keep the series with the largest sums; more lines than hues say nothing."""
    kept = (
        frame.group_by(series, maintain_order=True)
        .agg(pl.col("count").sum())
        .top_k(MAX_SERIES, by="count")
    )
    return frame.join(kept, on=series, how="semi", nulls_equal=True)
