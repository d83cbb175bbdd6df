"""The world map: shapes from the dashboard's own server, joined by ISO number."""

import altair as alt
import polars as pl

from ui import names
from ui.charts import Chart
from ui.theme import ACCENT

SHAPES = "assets/countries-50m.json"
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


def world(frame: pl.DataFrame, value: str, title: str) -> Chart:
    """Draw countries by `value`; needs `country` (two letters)."""
    data = frame.join(names.COUNTRIES, on="country").select(
        "number", value, name=pl.format("{} – {}", "country", "country_name")
    )
    shapes = alt.topo_feature(SHAPES, "countries")
    filled = alt.condition(
        f"isValid(datum.{value})",
        alt.Color(
            f"{value}:Q",
            title=title,
            scale=alt.Scale(type="sqrt", range=["#4f7cff30", ACCENT], domainMin=0),
            legend=alt.Legend(orient="bottom-left", gradientLength=120),
        ),
        alt.value("#8a8f9826"),
    )
    chart: Chart = (
        alt.Chart(shapes, height=400)
        .transform_lookup("id", alt.LookupData(data, "number", ["name", value]))
        .transform_filter("datum.id != '010'")
        .mark_geoshape(stroke="#8a8f9866", strokeWidth=0.4)
        .encode(
            color=filled,
            tooltip=[
                alt.Tooltip("name:N", title="Country"),
                alt.Tooltip(f"{value}:Q", title=title, format=","),
            ],
        )
        .project("naturalEarth1")
    )
    return chart


def without_shape(frame: pl.DataFrame) -> list[str]:
    """Return the names of the frame's countries that the map cannot show."""
    lacking = frame.filter(pl.col("country").is_in(list(NO_SHAPE)))
    return names.with_country(lacking)["country"].to_list()
