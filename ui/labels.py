"""Names behind the codes of the database: countries, flags, regions.

pycountry's tables become two small frames once, at import, so that naming is a
join and not a loop over rows.
"""

from typing import Literal

import polars as pl
import pycountry

NOT_SET = "(not set)"
DELETED = "(deleted)"
_BESIDE: Literal["horizontal"] = "horizontal"
_FLAG_A = 0x1F1E6


def _flag(code: str) -> str:
    return "".join(chr(_FLAG_A + ord(letter) - ord("A")) for letter in code)


COUNTRIES = pl.DataFrame(
    [
        {
            "country": found.alpha_2,
            "country_name": getattr(found, "common_name", found.name),
            "flag": _flag(found.alpha_2),
            # As the map's shapes write it: three digits.
            "number": found.numeric,
        }
        for found in pycountry.countries
    ]
)
"""ISO 3166-1: `country` (two letters), `country_name`, `flag`, `number`."""

REGIONS = pl.DataFrame(
    [
        {
            "country": found.country_code,
            "region": found.code.partition("-")[2],
            "region_name": found.name,
        }
        for found in pycountry.subdivisions
    ]
)
"""ISO 3166-2: `country`, `region` (without the country), `region_name`."""


def with_country(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn `country` codes into "DE – Germany"; unknown codes stay, null is named."""
    named = pl.format("{} – {} {}", "country", "country_name", "flag")
    return (
        frame.join(COUNTRIES, on="country", how="left", maintain_order="left")
        .with_columns(pl.coalesce(named, "country", pl.lit(NOT_SET)).alias("country"))
        .drop("country_name", "flag", "number")
    )


def with_region(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn `region` codes into "BY – Bayern" where ISO 3166-2 knows them."""
    named = pl.format("{} – {}", "region", "region_name")
    return (
        frame.join(REGIONS, on=["country", "region"], how="left", maintain_order="left")
        .with_columns(pl.coalesce(named, "region", pl.lit(NOT_SET)).alias("region"))
        .drop("region_name")
    )


def _with_labels(frame: pl.DataFrame) -> pl.DataFrame:
    """Name the labels of a table over several dimensions: countries, deleted rooms."""
    dimension = pl.col("dimension")
    country = with_country(frame.select(country="label"))["country"]
    return frame.with_columns(
        label=pl.when(dimension == "country")
        .then(country)
        .when(dimension == "room")
        .then(pl.col("label").fill_null(DELETED))
        .otherwise("label"),
    )


def bar_labels(frame: pl.DataFrame, label: str) -> pl.Series:
    """Return what a bar of each row is called, different for each row.

    Cities and regions of two countries can share a name, as can two rooms.
    """
    named = readable(frame)
    if label in {"city", "region"}:
        place = pl.concat([named.select(label), frame.select("country")], how=_BESIDE)
        return place.select(
            pl.format("{}, {}", label, pl.col("country").fill_null(NOT_SET))
        )[label]
    if label == "room_name":
        number = pl.format("#{}", "room_number")
        which = pl.coalesce(number, pl.format("id {}", "room_id"))
        return named.select(pl.format("{} {}", label, which))[label]
    return named[label]


def readable(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame as a person reads it: names for codes, words for null."""
    if "region" in frame.columns:
        frame = with_region(frame)
    if "country" in frame.columns:
        frame = with_country(frame)
    if {"dimension", "label"} <= set(frame.columns):
        frame = _with_labels(frame)
    if "measure" in frame.columns:
        frame = frame.with_columns(pl.col("measure").str.replace_all("_", " "))
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    return frame.with_columns(
        pl.col(name).fill_null(DELETED if name == "room_name" else NOT_SET)
        for name in texts
    )
