"""Names behind the codes of the database: countries, flags, regions.

pycountry's tables become two small frames once, at import, so that naming is a
join and not a loop over rows.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Literal

import polars as pl
import pycountry

from core.countries import COUNTRY_NAMES
from metrics.attention import MEASURES
from metrics.expressions import DELETED as DELETED
from metrics.expressions import NOT_SET as NOT_SET
from metrics.expressions import VISIBLE
from metrics.expressions import named as named
from metrics.formats import LEFTWARD_WORDS
from metrics.registry import DEFINITIONS, split

_BESIDE: Literal["horizontal"] = "horizontal"
_FLAG_A = 0x1F1E6


def _flag(code: str) -> str:
    return "".join(chr(_FLAG_A + ord(letter) - ord("A")) for letter in code)


# As the map's shapes write them: three digits, but for Kosovo, which has none.
_NUMBERS = {found.alpha_2: found.numeric for found in pycountry.countries}
COUNTRIES = pl.DataFrame(
    [
        {
            "country": code,
            "country_name": name,
            "flag": _flag(code),
            "number": _NUMBERS.get(code, code),
        }
        for code, name in COUNTRY_NAMES.items()
    ]
)
"""ISO 3166-1 and Kosovo: `country` (two letters), `country_name`, `flag`, `number`."""

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
    """Turn `country` codes into "Germany 🇩🇪"; unknown codes stay, null is named."""
    named = pl.format("{} {}", "country_name", "flag")
    return (
        frame.join(COUNTRIES, on="country", how="left", maintain_order="left")
        .with_columns(pl.coalesce(named, "country", pl.lit(NOT_SET)).alias("country"))
        .drop("country_name", "flag", "number")
    )


def with_country_names(frame: pl.DataFrame) -> pl.DataFrame:
    """Put names for codes; a sentence says "Germany" and not "DE"."""
    if "country" in frame.columns:
        return frame.with_columns(country=_country_names(frame["country"]))
    if {"dimension", "label"} <= set(frame.columns):
        is_country = pl.col("dimension") == "country"
        name = pl.when(is_country).then(_country_names(frame["label"]))
        return frame.with_columns(label=name.otherwise("label"))
    return frame


def _country_names(codes: pl.Series) -> pl.Series:
    """Return the names of countries; unknown codes stay."""
    frame = codes.to_frame("country")
    named = frame.join(COUNTRIES, on="country", how="left", maintain_order="left")
    return named.select(pl.coalesce("country_name", "country")).to_series()


def with_region(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn `region` codes into "Bayern" where ISO 3166-2 knows them."""
    named = pl.col("region_name")
    return (
        frame.join(REGIONS, on=["country", "region"], how="left", maintain_order="left")
        .with_columns(pl.coalesce(named, "region", pl.lit(NOT_SET)).alias("region"))
        .drop("region_name")
    )


KIND_LABELS: Mapping[str, str] = {
    "country": "Country",
    "region": "Region",
    "city": "City",
    "device": "Device",
    "os": "Operating system",
    "browser": "Browser",
    "source": "Source",
    "route": "Route",
    "event": "Event",
    "room": "Room",
}
"""What kinds of filters are called."""

_ACTS: Mapping[str, str] = {
    "ENTERED_RANDOM_ROOM": "Entered a random room",
    "ENTERED_NEW_ROOM": "Entered a new room",
    "ENTERED_EXISTING_ROOM": "Entered an existing room",
    "ENTERED_RECENT_ROOM": "Entered a recent room",
    "COPIED_ROOM_LINK": "Copied the room link",
    "LEFT_ROOM": "Left a room",
}
# Routes and events are written like this in the database.
_CODE = "^[A-Z][A-Z0-9_]+$"
# They turn what follows: 12345 after a name would be 54321.
_TURNING = "[\u202a-\u202e\u2066-\u2069]"
# Line breaks, of which two end a text of JavaScript: a chart with one would stay blank;
# and what is drawn as an empty box.
_CONTROL = r"[\p{Cc}\p{Zl}\p{Zp}]+"
# Columns of words that begin a label or a cell.
_WORDS = frozenset({"device", "length", "measure", "state"})
# What every object of JavaScript has: Vega would take a label of this name for a group
# that is there already, and leave its mark out or draw nothing at all.
_OF_OBJECTS = (
    *("constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable"),
    *("toLocaleString", "toString", "valueOf", "__proto__", "__defineGetter__"),
    *("__defineSetter__", "__lookupGetter__", "__lookupSetter__"),
)
_ANOTHER_KEY = "\N{WORD JOINER}"
# Safari knows no isolates in a chart: there the mark keeps a number on the right.
_ENDED = "\u2069\N{LEFT-TO-RIGHT MARK}"
# Texts that name no row: without one there is nothing that is "(not set)".
_REMARKS = frozenset({"cut", "notes", "cards", "joined", "left", "state", *DEFINITIONS})
_PLAIN: Mapping[str, str] = {
    code: plain
    for code, name in COUNTRY_NAMES.items()
    if (plain := unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode())
    != name
}
OTHER_NAMES: Mapping[str, str] = {
    **_PLAIN,
    "AE": "UAE",
    "CI": "Ivory Coast",
    "CV": "Cape Verde",
    "CZ": "Czech Republic",
    "GB": "UK",
    "NL": "Holland",
    "SZ": "Swaziland",
    "TL": "East Timor",
    "TR": "Turkey",
    "US": "USA",
}
"""Code → what else its country is called or typed as: "UK", "Turkey", "Curacao"."""
_COUNTRY_CODES: Mapping[str, str] = {
    name.casefold(): code
    for code, name in (
        *((found.alpha_2, found.name) for found in pycountry.countries),
        *COUNTRY_NAMES.items(),
        *OTHER_NAMES.items(),
    )
}


def country_code(text: str) -> str:
    """Return the code of a country that is typed by a name; other texts stay."""
    return _COUNTRY_CODES.get(text.strip().casefold(), text)


def folded(text: str) -> str:
    """Return the letters and digits of a text in small letters, to compare names."""
    # Some systems write "ü" as two characters, which look the same.
    composed = unicodedata.normalize("NFC", text.casefold())
    return re.sub(r"[\W_]+", " ", composed).strip()


def names_of(kind: str, value: str | None) -> set[str]:
    """Return what a value of a kind is called, in links and on pages, `folded`."""
    names = {value or NOT_SET, value_label(kind, value)}
    if kind == "country" and (country := pycountry.countries.get(alpha_2=value or "")):
        names |= {country.name, country.alpha_3, OTHER_NAMES.get(value or "", "")}
    return {folded(name) for name in names}


def value_label(kind: str, value: str | None) -> str:
    """Return what a value of a kind is called: "Germany 🇩🇪", "Contact", "Room 7"."""
    if not value or named(value) == NOT_SET:
        return NOT_SET
    match kind:
        case "country":
            return (
                f"{COUNTRY_NAMES[value]} {_flag(value)}"
                if value in COUNTRY_NAMES
                else value
            )
        case "route" | "event":
            return _ACTS.get(value) or _spoken(value)
        case "room":
            return f"ID {value}"
        case "device":
            return value[0].upper() + value[1:]
    return value


def _spoken(code: str) -> str:
    # Routes that are not codes are names already.
    is_code = re.search(_CODE, code)
    return code.replace("_", " ").capitalize() if is_code else code


def _capitalised(column: str) -> pl.Expr:
    first = pl.col(column).str.slice(0, 1).str.to_uppercase()
    return first + pl.col(column).str.slice(1)


def with_codes_spoken(column: str) -> pl.Expr:
    """Return routes and events as users say them; other texts stay."""
    known = pl.col(column).replace(_ACTS)
    words = pl.col(column).str.replace_all("_", " ")
    sentence = words.str.head(1) + words.str.slice(1).str.to_lowercase()
    is_code = known.str.contains(_CODE)
    return pl.when(is_code).then(sentence).otherwise(known).alias(column)


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

    Cities and regions of two countries can share a name, as can two rooms, and codes.
    """
    named = readable(frame)
    texts = named[label]
    if label in {"city", "region"}:
        # Cities of one name in two countries are two bars.
        place = pl.concat([named.select(label), frame.select("country")], how=_BESIDE)
        where = pl.format("{}, {}", label, pl.col("country").fill_null(NOT_SET))
        nowhere = pl.col("country").is_null() & (pl.col(label) == NOT_SET)
        texts = place.select(
            pl.when(nowhere).then(pl.col(label)).otherwise(where).alias(label)
        )[label]
    elif label == "room_name":
        # Rooms share names, so a bar needs the number as well.
        number = pl.format("#{}", "room_number")
        which = pl.coalesce(number, pl.format("ID {}", "room_id"))
        texts = named.select(pl.format("{} {}", label, which))[label]
    return distinct(texts, frame[label])


def cut_short(column: str, length: int) -> pl.Expr:
    """Return the start of texts, with an ellipsis where something follows."""
    text = pl.col(column)
    cut = pl.format("{}…", text.str.head(length - 1))
    return pl.when(text.str.len_chars() > length).then(cut).otherwise(column)


def distinct(texts: pl.Series, codes: pl.Series | None = None) -> pl.Series:
    """Return labels that differ: equal ones get their code, or a number.

    Marks of one label are drawn over each other. ISO 3166-2 gives some regions two
    codes, and "desktop" and "Desktop" are called the same. A label that no chart can
    draw gets an invisible sign.
    """
    # Of null, no text with a number would ever differ.
    texts = texts.fill_null(NOT_SET)
    if codes is not None and texts.is_duplicated().any():
        pairs = pl.DataFrame({"text": texts, "code": codes.cast(pl.String)})
        pairs = pairs.with_columns(_in_one_line("code"))
        has_other = pl.col("code").str.contains(VISIBLE) & (
            pl.col("code") != pl.col("text")
        )
        with_code = pl.format("{} ({})", "text", "code")
        texts = pairs.select(
            pl.when(pl.col("text").is_duplicated() & has_other)
            .then(with_code)
            .otherwise("text")
            .alias(texts.name)
        ).to_series()
    while texts.is_duplicated().any():
        place = pl.int_range(1, pl.len() + 1).over("text")
        numbered = pl.format("{} ({})", "text", place)
        texts = (
            texts.to_frame("text")
            .select(pl.when(place == 1).then("text").otherwise(numbered))
            .to_series()
            .rename(texts.name)
        )
    return drawable(texts)


def drawable(texts: pl.Series) -> pl.Series:
    """Return labels as charts draw them: see `distinct`.

    A number after a name from right to left keeps its place, as by `isolated`.
    """
    label = isolated(_in_one_line(texts.name)).str.replace_all("\u2069", _ENDED)
    another = pl.when(label.is_in(_OF_OBJECTS)).then(label + _ANOTHER_KEY)
    return texts.to_frame().select(another.otherwise(label)).to_series()


def isolated(texts: pl.Expr) -> pl.Expr:
    """Return texts whose words from right to left move nothing beside them.

    As `formats.isolated`, for a whole column.
    """
    return texts.str.replace_all(LEFTWARD_WORDS.pattern, "\u2068$0\u2069")


def _in_one_line(column: str) -> pl.Expr:
    text = pl.col(column).str.replace_all(_TURNING, "")
    return text.str.replace_all(_CONTROL, " ")


def _is_remark(name: str) -> bool:
    """Return whether a column says something of the rows, instead of naming them."""
    base, ending = split(name)
    return ending != "" or base in _REMARKS


def readable(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame as a user reads it: names for codes, words for null."""
    if "region" in frame.columns:
        frame = with_region(frame)
    if "country" in frame.columns:
        frame = with_country(frame)
    if {"dimension", "label"} <= set(frame.columns):
        frame = _with_labels(frame)
    codes = {"route", "event"} & {*frame.columns}
    # Of a page view or an event, as a meeting has them.
    if {"kind", "name"} <= {*frame.columns}:
        codes.add("name")
    for column in codes:
        frame = frame.with_columns(with_codes_spoken(column))
    if "measure" in frame.columns:
        titles = {key: DEFINITIONS[key].title for key in MEASURES}
        spoken = pl.col("measure").replace(titles).str.replace_all("_", " ")
        frame = frame.with_columns(spoken)
    if "key" in frame.columns:
        names = {key: number.title for key, number in DEFINITIONS.items()}
        frame = frame.with_columns(pl.col("key").replace(names))
    frame = frame.with_columns(_capitalised(name) for name in _WORDS & {*frame.columns})
    texts = [
        name
        for name, dtype in frame.schema.items()
        # Of our own columns, such as what a click asks for, null is no text.
        if dtype == pl.String and not _is_remark(name) and not name.startswith("_")
    ]
    if "room_name" in frame.columns:
        frame = frame.with_columns(pl.col("room_name").fill_null(DELETED))
    return frame.with_columns(
        # Text of blanks and invisible characters says as little as null.
        pl.when(pl.col(name).str.contains(VISIBLE))
        .then(_in_one_line(name))
        .otherwise(pl.lit(NOT_SET))
        .alias(name)
        for name in texts
    )
