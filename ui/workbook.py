"""XLSX workbooks: what a page shows, a sheet per table, with real dates and numbers."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from polars import selectors

from metrics.subject import Unit
from ui.blocks import tables

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 100_000
"""Rows of a sheet at most: more take minutes to build."""
LONGEST_NAME, LONGEST_HEADING = 31, 255
"""Characters that Excel takes in a sheet's name and in a heading."""
FIRST_SHEET = "About"
_FORBIDDEN = re.compile(r"[^\w .()-]", re.ASCII)
_FORMATS: Mapping[Unit, str] = {
    "count": "#,##0",
    "points": "0",
    "number": "#,##0.00",
    "share": "0.0%",
    "minutes": '#,##0.0" min"',
    "seconds": '#,##0" s"',
}
_MEAN_COUNT, _LABEL = "#,##0.0", "0"
_HEADER = {"bold": True, "bottom": 1}
_STYLE = "Table Style Light 1"
_TIME_WIDTH = 150
"""Pixels of a column of times."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of a workbook; its columns are keys of definitions, or labels."""

    title: str
    frame: pl.DataFrame
    table: str = ""
    """The metric table's name: a few columns mean something else in one of them."""


def to_xlsx(title: str, about: Mapping[str, str], sheets: Mapping[str, Sheet]) -> bytes:
    """Return a workbook: a first sheet with what was asked, then a sheet per table.

    `about` is the content of the first sheet, `sheets` the tables by name. Text is
    written as text, whatever it starts with: nothing in it becomes a formula or a link.
    Values that are no number are empty cells. A table beyond `MOST_ROWS` is cut, and
    the first sheet says so.
    """
    # Only a click needs it, and a page should not load it before.
    from xlsxwriter import Workbook

    buffer = io.BytesIO()
    texts = dict.fromkeys(
        ("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False
    )
    names = _sheet_names(sheets)
    with Workbook(buffer, {"in_memory": True, **texts}) as workbook:
        _first_sheet(title, about, sheets, names).write_excel(
            workbook,
            FIRST_SHEET,
            table_style=_STYLE,
            autofilter=False,
            header_format=_HEADER,
            freeze_panes=(1, 0),
            column_widths={"Sheet": 230, title: 450, "Rows": 60},
            column_formats={"Rows": "#,##0"},
        )
        for key, sheet in sheets.items():
            # As the page prints them: 69.96 would be 70.0 beside the word "cooling".
            frame = tables.in_whole_points(
                tables.readable(sheet.frame.head(MOST_ROWS), sheet.table)
            )
            titles = _titles(frame, sheet.table)
            _plain(frame).rename(titles).write_excel(
                workbook,
                names[key],
                table_style=_STYLE,
                header_format=_HEADER,
                freeze_panes=(1, 0),
                column_formats={
                    titles[key]: number_format
                    for key, of in frame.schema.items()
                    if (number_format := _format_of(key, of))
                },
                dtype_formats={
                    pl.Date: "yyyy-mm-dd",
                    pl.Datetime: "yyyy-mm-dd hh:mm:ss",
                },
                autofit=True,
                # It takes a time for a date alone, and "####" is in place of the time.
                column_widths={
                    titles[key]: max(_TIME_WIDTH, 8 * len(titles[key]))
                    for key, of in frame.schema.items()
                    if isinstance(of, pl.Datetime)
                },
            )
    return buffer.getvalue()


def _format_of(key: str, of: pl.DataType) -> str | None:
    """Return how the numbers of a column are printed, as on the page."""
    unit = tables.unit(key)
    if unit and of.is_numeric():
        is_mean = unit == "count" and not of.is_integer()
        return _MEAN_COUNT if is_mean else _FORMATS[unit]
    # IDs, cards and hours count nothing: room 12345 is not 12,345.
    return _LABEL if of.is_integer() else None


def _first_sheet(
    title: str,
    about: Mapping[str, str],
    sheets: Mapping[str, Sheet],
    names: Mapping[str, str],
) -> pl.DataFrame:
    """Return what was asked, then each sheet with its title and number of rows."""
    listed = [
        (names[name], _cut(sheet), sheet.frame.height) for name, sheet in sheets.items()
    ]
    rows = [(name, text, None) for name, text in about.items()] + listed
    schema = {"Sheet": pl.String, title: pl.String, "Rows": pl.Int64}
    return _plain(pl.DataFrame(rows, schema, orient="row"))


def _cut(sheet: Sheet) -> str:
    if sheet.frame.height <= MOST_ROWS:
        return sheet.title
    return f"{sheet.title} (the first {MOST_ROWS:,} rows; the CSV has all)"


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame that fits a workbook: no lists, zones or NaN."""
    lists = [
        pl.col(name).cast(pl.List(pl.String)).list.join(", ")
        for name, of in frame.schema.items()
        if isinstance(of, pl.List)
    ]
    frame = frame.with_columns(lists).with_columns(
        (selectors.float() | selectors.decimal()).cast(pl.Float64),
        # Spreadsheets would print 23:59:59.9 as a time of the next day.
        selectors.datetime().dt.replace_time_zone(None).dt.truncate("1s"),
        # LibreOffice opens a boolean as a formula.
        selectors.boolean().replace_strict([True, False], ["yes", "no"], default=None),
    )
    finite = selectors.float()
    return frame.with_columns(pl.when(finite.is_finite()).then(finite).name.keep())


def _titles(frame: pl.DataFrame, table: str) -> dict[str, str]:
    """Return a heading for each column, unique in any case, as Excel wants them."""
    taken: set[str] = set()
    return {
        key: _unique(tables.heading(key, table, of), taken, LONGEST_HEADING)
        for key, of in frame.schema.items()
    }


def _sheet_names(sheets: Mapping[str, Sheet]) -> dict[str, str]:
    """Return a name for each sheet: allowed in Excel, and unique in any case."""
    taken = {FIRST_SHEET.lower(), "history"}
    names = {}
    for key in sheets:
        base = _FORBIDDEN.sub("_", key) or "Sheet"
        names[key] = _unique(base, taken, LONGEST_NAME)
    return names


def _unique(text: str, taken: set[str], longest: int) -> str:
    """Return the text, numbered where it is taken, and take it."""
    name, number = text[:longest], 1
    while name.lower() in taken:
        number += 1
        ending = f" ({number})"
        name = text[: longest - len(ending)] + ending
    taken.add(name.lower())
    return name
