"""The world map: shapes from the dashboard's own server, joined by ISO number."""

import altair as alt
import polars as pl

from ui import labels
from ui.charts.axes import Chart, count_tooltips, gradient_legend
from ui.charts.rendering import Layer, layered
from ui.charts.theme import MUTED, SOFT, STRONG
from ui.filters import click_filters
from ui.labels import COUNTRIES

SHAPES = "assets/countries.json"
"""Relative to the page, so that it also works below a sub-path."""
# The shapes lack these territories; the table beside the map still counts them.
_NO_SHAPE = (
    "BQ",
    "BV",
    "CC",
    "CX",
    "GF",
    "GI",
    "GP",
    "MQ",
    "RE",
    "SJ",
    "TK",
    "TV",
    "UM",
    "YT",
)
NO_SHAPE = frozenset(_NO_SHAPE)


def world_map(frame: pl.DataFrame, value: str, title: str) -> Chart:
    """Draw countries by `value`; needs `country` (two letters)."""
    known = frame.join(COUNTRIES, on="country", maintain_order="left")
    data = known.select(
        "number",
        *(name for name in frame.columns if name.startswith(value)),
        *([click_filters.FIELD] if click_filters.FIELD in frame.columns else []),
        name=pl.format("{} – {}", "country", "country_name"),
    )
    shapes = alt.topo_feature(SHAPES, "countries")
    land = (
        Layer(shapes)
        .transform_filter("datum.id != '010'")
        .mark_geoshape(
            aria=False, fill=MUTED, fillOpacity=0.15, stroke=MUTED, strokeWidth=0.3
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
                scale=alt.Scale(type="sqrt", range=[SOFT, STRONG], domainMin=0),
                legend=gradient_legend(
                    frame[value],
                    title,
                    alt.Legend(orient="bottom-left", gradientLength=120, tickCount=3),
                ),
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
        height=420,
        projection=alt.Projection(type="naturalEarth1"),
    )


def without_shape(frame: pl.DataFrame) -> list[str]:
    """Return the names of the frame's countries that the map cannot show."""
    lacking = frame.filter(pl.col("country").is_in(list(NO_SHAPE)))
    return labels.with_country(lacking)["country"].to_list()
