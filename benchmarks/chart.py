"""The chart of the documentation: seconds against the size of the data."""

from pathlib import Path

import altair as alt
import polars as pl

from benchmarks.questions import PAGE, ROOM, TOGETHER
from benchmarks.results import Results, rival_median

_OURS, _RIVAL = TOGETHER, "the same in DuckDB"
_PAGES = "slowest page"
_COLOURS = {_OURS: "#2563eb", _RIVAL: "#b45309", _PAGES: "#0f766e", ROOM: "#6b7280"}


def save(results: Results, file: Path) -> None:
    """Write the chart as SVG: both axes logarithmic, so that a line is a power."""
    frame = _figures(results)
    base = alt.Chart(frame).encode(
        x=alt.X("scale:Q", title="times today's data (log)")
        .scale(type="log", domain=[0.8, 160], nice=False)
        .axis(values=[1, 10, 100], labelExpr="datum.value + '×'"),
        y=alt.Y("ms:Q", title="milliseconds (log)")
        .scale(type="log")
        .axis(values=[1, 10, 100, 1_000, 10_000], format=",d"),
        color=alt.Color("what:N", title=None)
        .scale(domain=list(_COLOURS), range=list(_COLOURS.values()))
        .legend(orient="bottom", labelLimit=300),
    )
    labels = base.mark_text(dx=5, dy=-8, align="left", fontSize=11).encode(
        text=alt.Text("ms:Q", format=",.3~r")
    )
    chart = base.mark_line(point=alt.OverlayMarkDef(filled=True, size=45)) + labels
    chart.properties(width=520, height=320, background="white").save(file)


def _figures(results: Results) -> pl.DataFrame:
    rows: list[tuple[int, str, float | None]] = []
    for scale, taken in results.items():
        slowest = max(t.median for n, t in taken.items() if n.startswith(PAGE))
        rows += [
            (scale, _OURS, taken[TOGETHER].median),
            (scale, _RIVAL, rival_median(results, scale, TOGETHER)),
            (scale, _PAGES, slowest),
            (scale, ROOM, taken[ROOM].median),
        ]
    frame = pl.DataFrame(rows, schema=["scale", "what", "seconds"], orient="row")
    return frame.with_columns(ms=pl.col("seconds") * 1000)
