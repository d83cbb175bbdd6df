"""Tables as files: the one CSV that pages and API give, its name, and the ZIP."""

import io
import re
import zipfile
from collections.abc import Mapping

import polars as pl

from metrics.frames import Period

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Tells spreadsheets that the text is UTF-8."""

GUARDED = "=+-@\t\r\n'"
"""Characters that start a formula, and the guard itself, so that it reads back."""

_STARTS_BADLY = f"^([{re.escape(GUARDED)}])"
_SAME_TIME_SAME_BYTES = (1980, 1, 1, 0, 0, 0)


def to_csv(frame: pl.DataFrame) -> bytes:
    """Return all rows as CSV: UTF-8 with a mark, ISO dates, raw numbers.

    A text that starts with one of `GUARDED` gets a leading apostrophe, since a
    spreadsheet would run it as a formula. Taking one leading apostrophe away
    from each text gives the table back. Null is an empty cell, "" a quoted one.
    """
    guarded = pl.col(pl.String).str.replace(_STARTS_BADLY, "'${1}")
    text = frame.with_columns(guarded).write_csv(
        date_format="%Y-%m-%d", datetime_format="%Y-%m-%dT%H:%M:%S%.f"
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
