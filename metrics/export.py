"""Tables as files: the one CSV that pages and API give, its name, and the ZIP."""

import io
import re
import zipfile
from collections.abc import Mapping

import polars as pl

from metrics.frames import Period

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Marks the text as UTF-8 for spreadsheets."""

FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"
"""Characters that start a formula, full-width ones included."""
# Blanks, control characters and quotes, which spreadsheets skip before a formula.
_SKIPPED = r"[[\p{Z}\p{Cc}\p{Cf}\x22]--[\t\r\n]]*"
GUARDED = f"{_SKIPPED}[{re.escape(FORMULA)}']"
"""What gets an apostrophe before it: the apostrophe as well, so that it reads back."""
_START = rf"^([\t\r\n]|{GUARDED})"
_INSIDE = f"([;\\t\\r\\n])({GUARDED})"
_TIME = "%Y-%m-%dT%H:%M:%S%.f"
_SAME_TIME_SAME_BYTES = (1980, 1, 1, 0, 0, 0)


def to_csv(frame: pl.DataFrame) -> bytes:
    """Return all rows as CSV: UTF-8 with a mark, ISO dates, raw numbers.

    An apostrophe precedes what a spreadsheet would run as a formula: at the start
    of a text, and after each semicolon, tab and line break in it, since a spreadsheet
    may split there. Null is an empty cell, "" a quoted one. Timestamps of a zone other
    than UTC end with their offset.
    """
    start = pl.col(pl.String).str.replace(_START, "'${1}")
    guarded = start.str.replace_all(_INSIDE, "${1}'${2}")
    elsewhere = [
        pl.col(name).dt.to_string(f"{_TIME}%:z")
        for name, of in frame.schema.items()
        if isinstance(of, pl.Datetime) and of.time_zone not in {None, "UTC"}
    ]
    text = frame.with_columns(guarded, *elsewhere).write_csv(
        date_format="%Y-%m-%d", datetime_format=_TIME
    )
    return BYTE_ORDER_MARK + text.encode()


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
