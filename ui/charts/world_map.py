"""The world map: shapes from the dashboard's own server, joined by ISO number."""

import hashlib
import json
from pathlib import Path

import altair as alt
import polars as pl

from metrics.sentences import counted
from ui import labels
from ui.charts.axes import Chart, count_tooltips, gradient_legend
from ui.charts.rendering import Layer, layered
from ui.charts.theme import MUTED, SOFT, STRONG
from ui.filters import click_filters
from ui.format import shortened
from ui.labels import COUNTRIES

_NAMED = 20
"""Countries that the map cannot show and a sentence below it names."""
_FILE = Path(__file__).parents[2] / "web" / "assets" / "countries.json"
_SHAPES = _FILE.read_bytes()
SHAPES = f"assets/countries.json?{hashlib.sha256(_SHAPES).hexdigest()[:12]}"
"""Relative to the page, so that it also works below a sub-path.

Other shapes have another address: browsers keep a file for a week.
"""
# ISO numbers of the countries that have a shape; those too small to be seen have none.
_DRAWN = frozenset(
    shape["id"]
    for shape in json.loads(_SHAPES)["objects"]["countries"]["geometries"]
    if "id" in shape
)
_IS_DRAWN = pl.col("number").is_in(_DRAWN)


def world_map(frame: pl.DataFrame, value: str, title: str) -> Chart:
    """Draw countries by `value`; needs `country` (two letters)."""
    known = frame.join(COUNTRIES, on="country", maintain_order="left").filter(_IS_DRAWN)
    # Only what the map needs: the browser gets every column that is left.
    data = known.select(
        "number",
        *(name for name in frame.columns if name.startswith(value)),
        *([click_filters.FIELD] if click_filters.FIELD in frame.columns else []),
        name=pl.format("{} {}", "country_name", "flag"),
    )
    shapes = alt.topo_feature(SHAPES, "countries")
    land = Layer(shapes).mark_geoshape(
        aria=False, fill=MUTED, fillOpacity=0.15, stroke=MUTED, strokeWidth=0.3
    )
    # Without a country to draw it would have "NaN" for a range.
    legend = (
        None
        if data.is_empty()
        else gradient_legend(
            frame[value],
            title,
            # By root, values in between would be written over each other.
            alt.Legend(
                orient="bottom-left",
                gradientLength=120,
                format=",d",
                values=sorted({0, *data[value].top_k(1)}),
            ),
        )
    )
    filled = (
        Layer(data)
        .transform_lookup("number", alt.LookupData(shapes, "id", ["type", "geometry"]))
        .mark_geoshape(stroke=MUTED, strokeWidth=0.3, cursor="pointer")
        .encode(
            color=alt.Color(
                f"{value}:Q",
                title=title,
                # By root: one large country would leave all others pale.
                scale=alt.Scale(type="sqrt", range=[SOFT, STRONG], domainMin=0),
                legend=legend,
            ),
            tooltip=[
                alt.Tooltip("name:N", title="Country"),
                *count_tooltips(frame, value, title),
            ],
        )
    )
    return layered(
        land,
        click_filters.clickable(filled, frame),
        height=300,
        # Natural Earth's projection is in the shapes: a browser takes three times as
        # long to project them.
        projection=alt.Projection(type="identity"),
    )


def not_drawn(frame: pl.DataFrame, value: str) -> str | None:
    """Return the sentence, as Markdown, on rows that the map cannot show, if any.

    Countries without a shape, codes that no country has, and rows without one.
    """
    numbered = frame.join(
        labels.COUNTRIES, on="country", how="left", maintain_order="left"
    )
    drawn = _IS_DRAWN.fill_null(value=False)
    lacking = numbered.filter(~drawn, pl.col(value) > 0)
    if lacking.is_empty():
        return None
    name = pl.coalesce("country_name", "country", pl.lit(labels.NOT_SET))
    named = lacking.select(name, value)
    first = named.head(_NAMED)
    rows = [
        f"{shortened(labels.named(name))} ({count:,})"
        for name, count in first.iter_rows()
    ]
    if rest := named[value].slice(_NAMED).sum():
        others = named.height - _NAMED
        which = counted(others, "other country", "other countries")
        rows.append(f"{which} ({rest:,})")
    return f"Not on the map: {', '.join(rows)}."
