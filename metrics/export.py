"""Tables as files: the one CSV that pages and API give, its name, and the ZIP."""

import io
import re
import zipfile
from collections.abc import Mapping

import polars as pl
from polars import selectors

from metrics.frames import Period
from metrics.query import Granularity
from metrics.spreadsheet_words import (
    CURRENCIES,
    HALVES_OF_DAYS,
    MONTHS,
    TRUTHS,
    WEEKDAYS,
    one_of,
)

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Marks the text as UTF-8 for spreadsheets."""

FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"
"""Characters that start a formula, full-width ones included."""
# Blanks, control characters and quotes, which spreadsheets skip before a formula.
_SKIPPED = r"[[\p{Z}\p{Cc}\p{Cf}\x22]--[\t\r\n]]*"
GUARDED = f"{_SKIPPED}[{re.escape(FORMULA)}']"
"""What gets an apostrophe before it: the apostrophe as well, so that it reads back."""
_START = rf"^([\t\r\n]|{GUARDED})"
_INSIDE = f"([;|\\t\\r\\n])({GUARDED})"
# Names have blanks and colons: "Team -5" and "1: +2" stay as they are, since only a
# sign of equality runs there, and "a = b", since the sign does not run alone.
AFTER_COLON = r"[[\p{Z}\p{Cc}\p{Cf}\x22']--[\t\r\n]]*="
"""What gets an apostrophe after a colon."""
AFTER_BLANK = r"[[\p{Z}\p{Cc}\p{Cf}\x22']--[\t\r\n ]]*=([^ :]|$)"
"""What gets an apostrophe after a blank."""
# 007, 1e5, (5), 3-4, 12:30, 50%, 5 May: more than a whole number, which stays the same.
# Spreadsheets of other languages read months and units in their own scripts.
_MARKS = (
    r"[\s\d.,:/%\p{Sc}()'’\u066b\u066c+[[\p{L}\p{M}]--\p{Latin}]"
    r"\uff05\uff08\uff09\uff0b-\uff0f\uff1a-]*"
)
# Dates need a day or a year beside the month, and may begin with the day of the week.
_MONTH, _MONEY = f"({one_of(MONTHS)})", f"({one_of(CURRENCIES)})"
# Czechs write months as Roman numbers, apart from others: v2 is none, and v1.2 is one.
_ROMAN, _APART = "(i{1,3}|i?[vx]|vi{1,3}|xi{1,2})", r"[\s.,/-]+"
_HALF = rf"({one_of(HALVES_OF_DAYS)}|[aefp]\.?\s?[hlm])"
_WEEKDAY = r"(\p{L}[\p{L}-]*[.,]*\s+)?"
_VALUE = (
    rf"(?i)^\s*({_MARKS}\d{_MARKS}({_HALF}{_MARKS})?"
    rf"|{_MARKS}({_MONEY}{_MARKS}\d|\d{_MARKS}{_MONEY}){_MARKS}"
    rf"|{_WEEKDAY}{_MARKS}({_MONTH}{_MARKS}\d|\d{_MARKS}{_MONTH}){_MARKS}"
    rf"|{_WEEKDAY}{_MARKS}({_ROMAN}{_APART}\d|\d{_APART}{_ROMAN}){_MARKS}"
    rf"|{_ROMAN}\d+[\s.,]+\d+"
    rf"|{_WEEKDAY}\d+[./-]\d+[./-][\s\d:.]*"
    # Mon 5/6, R 1.2 on an Estonian Friday; no other word makes a date of two numbers.
    rf"|({one_of(WEEKDAYS)}|\p{{L}})[.,]*\s*\d+[./-]\d+[\s\d:.]*"
    rf"|[\s\d.,]+e[\s+-]*\d+|\d+-\d+-\d+t[\d:.]+z?|({one_of(TRUTHS)}))\s*$"
)
_WHOLE = "^(0|[1-9][0-9]{0,14})$"
# Where decimals follow a comma, 0.375 is read as 375, 3.125e-6 as 0.003125 and 12.5 as
# the 12th of May.
_FEW_DECIMALS, _SIX_DECIMALS = r"^(-?\d+\.\d{1,5})(e.*)?$", r"^-?\d+\.\d{6}"
_TIME = "%Y-%m-%dT%H:%M:%S%.f"
_SAME_TIME_SAME_BYTES = (1980, 1, 1, 0, 0, 0)


def to_csv(frame: pl.DataFrame) -> bytes:
    """Return all rows as CSV: UTF-8 with a mark, ISO dates, raw numbers.

    An apostrophe precedes what a spreadsheet would run as a formula: at the start
    of a text, and after each semicolon, bar, tab, line break, blank and colon in it,
    since a spreadsheet may split there. One also precedes a text that it would read as
    a number, a date or a time, and show differently. Null is an empty cell, "" a quoted
    one. Timestamps of a zone other than UTC end with their offset. Decimals are six at
    least.
    """
    text = pl.col(pl.String)
    is_read = text.str.contains(_VALUE) & ~text.str.contains(_WHOLE)
    guarded = (
        pl.when(is_read | text.str.contains(_START))
        .then("'" + text)
        .otherwise(text)
        .str.replace_all(_INSIDE, "${1}'${2}")
        .str.replace_all(f"(:)({AFTER_COLON})", "${1}'${2}")
        .str.replace_all(f"( )({AFTER_BLANK})", "${1}'${2}")
        .name.keep()
    )
    numbers = selectors.float() | selectors.decimal()
    raw = numbers.cast(pl.String)
    unmistakable = (
        pl.when(raw.str.contains(_FEW_DECIMALS))
        .then(
            (raw.str.extract(_FEW_DECIMALS) + "00000").str.extract(f"({_SIX_DECIMALS})")
            + raw.str.extract(_FEW_DECIMALS, 2).fill_null("")
        )
        .otherwise(raw)
        .name.keep()
    )
    elsewhere = [
        pl.col(name).dt.to_string(f"{_TIME}%:z")
        for name, of in frame.schema.items()
        if isinstance(of, pl.Datetime) and of.time_zone not in {None, "UTC"}
    ]
    written = frame.with_columns(guarded, unmistakable, *elsewhere).write_csv(
        date_format="%Y-%m-%d", datetime_format=_TIME
    )
    return BYTE_ORDER_MARK + written.encode()


def is_series(frame: pl.DataFrame) -> bool:
    """Return whether a table is one over time, whose buckets the user chooses."""
    return {"bucket", "cut"} <= {*frame.columns}


def name_of_table(name: str, frame: pl.DataFrame, every: Granularity) -> str:
    """Return a table's name in those of files: by day and by week it is two tables."""
    return f"{name}_by_{every}" if is_series(frame) else name


def file_name(name: str, period: Period, extension: str = "csv") -> str:
    """Return such as `fpp_votes_by_weekday_2026-10-26_2026-11-22.csv`."""
    return f"fpp_{name}_{period.first_day}_{period.last_day}.{extension}"


def to_zip(files: Mapping[str, bytes]) -> bytes:
    """Return a ZIP of the files; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _SAME_TIME_SAME_BYTES)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return buffer.getvalue()
