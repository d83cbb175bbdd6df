"""XLSX workbooks: what a page shows, a sheet per table, with real dates and numbers."""

import io
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import TYPE_CHECKING

import polars as pl
from polars import selectors

from metrics.subject import Unit
from ui.blocks import tables

if TYPE_CHECKING:
    from xlsxwriter import Workbook

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 100_000
"""Rows of a sheet at most: more take minutes to build."""
LONGEST_NAME, LONGEST_HEADING, LONGEST_TEXT = 31, 255, 32_767
"""Characters that Excel takes in a sheet's name, in a heading and in a cell."""
FIRST_SHEET = "About"
_FORBIDDEN = re.compile(r"[^\w .()-]", re.ASCII)
_UNITS: Mapping[Unit, str] = {"share": "%", "minutes": '" min"', "seconds": '" s"'}
_LABEL = "0"
_HEADER = {"bold": True, "bottom": 1}
_WRAPPED = {"text_wrap": True}
_STYLE = "Table Style Light 1"
_TIME_WIDTH = 150
"""Pixels of a column of times."""
_TEXT_WIDTH = 450
"""Pixels of a column of texts at most: longer ones take several lines."""
_LONGEST_LINE = 70
"""Characters of a text that fit in it."""
_LINE, _HIGHEST = 20, 545
"""Pixels of a line, and of the highest row that Excel takes."""
_FIRST_DATE = date(1900, 3, 1)
"""Earlier ones are none in Excel, or other days in LibreOffice, which knows no
29 February 1900."""
_TIME_LENGTH = len("2026-11-02 14:30:05")
_A4 = 9
_PORTRAIT_COLUMNS, _PRINTED_COLUMNS = 4, 12
"""Columns beside each other on a printed page, upright and at all: more could not be
read."""


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
    texts = dict.fromkeys(("strings_to_formulas", "strings_to_urls"), False)
    names = _sheet_names(sheets)
    every_cell = {"default_format_properties": {"valign": "top"}}
    with Workbook(buffer, {"in_memory": True, **texts, **every_cell}) as workbook:
        first = _first_sheet(title, about, sheets, names)
        first.write_excel(
            workbook,
            FIRST_SHEET,
            table_style=_STYLE,
            autofilter=False,
            header_format=_HEADER,
            freeze_panes=(1, 0),
            column_widths={"Sheet": 230, title: _TEXT_WIDTH, "Rows": 80},
            column_formats={title: _WRAPPED},
            row_heights=_row_heights(first, [title]),
        )
        _print_on_a4(workbook, FIRST_SHEET, columns=3)
        for key, sheet in sheets.items():
            _write(workbook, names[key], sheet)
    return buffer.getvalue()


def _write(workbook: "Workbook", name: str, sheet: Sheet) -> None:
    # As the page prints them: 69.96 would be 70.0 beside the word "cooling".
    frame = tables.in_whole_points(
        tables.readable(sheet.frame.head(MOST_ROWS), sheet.table)
    )
    titles = _titles(frame, sheet.table)
    plain, early = _without_early_dates(_plain(frame))
    long = _long_texts(plain)
    formats: dict[str, object] = {
        key: number_format
        for key in frame.columns
        if (number_format := _format_of(frame[key]))
    }
    # It takes a time for a date alone, and "####" is in place of the time.
    widths = {
        key: max(_TIME_WIDTH, 8 * len(titles[key]))
        for key, of in frame.schema.items()
        if isinstance(of, pl.Datetime)
    }
    formats |= dict.fromkeys(long, _WRAPPED)
    widths |= dict.fromkeys(long, _TEXT_WIDTH)
    plain.rename(titles).write_excel(
        workbook,
        name,
        table_style=_STYLE,
        header_format=_HEADER,
        freeze_panes=(1, 0),
        column_formats={titles[key]: of for key, of in formats.items()},
        dtype_formats={pl.Date: "yyyy-mm-dd", pl.Datetime: "yyyy-mm-dd hh:mm:ss"},
        autofit=True,
        column_widths={titles[key]: width for key, width in widths.items()},
        row_heights=_row_heights(plain, long),
    )
    written = workbook.get_worksheet_by_name(name)
    if plain.is_empty():  # Polars fits widths to rows alone
        written.autofit()
    for column in early:
        place = plain.get_column_index(column.name)
        for row, text in enumerate(column, start=1):
            if text is not None:
                written.write_string(row, place, text)
    _print_on_a4(workbook, name, columns=frame.width)


def _without_early_dates(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return a frame without the dates that are none in spreadsheets, and their texts.

    The second frame has the columns with any, and null for all other cells.
    """
    times = selectors.date() | selectors.datetime()
    is_early = times < pl.lit(_FIRST_DATE)
    texts = times.cast(pl.String).str.head(_TIME_LENGTH)
    early = frame.select(pl.when(is_early).then(texts).name.keep())
    found = early.select(c.name for c in early if c.count())
    kept = pl.when(~is_early).then(times).name.keep()
    return frame.with_columns(kept) if found.width else frame, found


def _long_texts(frame: pl.DataFrame) -> list[str]:
    """Return the columns with a text that needs several lines."""
    longest = frame.select(pl.col(pl.String).str.len_chars().max())
    return [c.name for c in longest if (c.item() or 0) > _LONGEST_LINE]


def _row_heights(
    frame: pl.DataFrame, long: Collection[str]
) -> dict[int | tuple[int, ...], int]:
    """Return the heights, in pixels, of rows whose long texts need several lines.

    LibreOffice would print them over each other.
    """
    lengths = pl.max_horizontal(pl.col(long).str.len_chars(), pl.lit(1))
    lines = frame.select((lengths / _LONGEST_LINE).ceil().cast(pl.Int64)).to_series()
    return {
        row: min(count * _LINE, _HIGHEST)
        for row, count in enumerate(lines, start=1)
        if count > 1
    }


def _print_on_a4(workbook: "Workbook", sheet: str, *, columns: int) -> None:
    """Print a sheet as wide as few pages, each with the heading and the first column.

    With Excel's own settings, columns that do not fit are on pages without either.
    """
    printed = workbook.get_worksheet_by_name(sheet)
    across = ceil(columns / _PRINTED_COLUMNS)
    printed.set_paper(_A4)
    if columns > _PORTRAIT_COLUMNS:
        printed.set_landscape()
    printed.fit_to_pages(across, 0)
    printed.repeat_rows(0)
    if across > 1:
        printed.repeat_columns(0)
    printed.set_footer("&L&A&R&P / &N")


def _format_of(column: pl.Series) -> str | None:
    """Return how the numbers of a column are printed, as on the page."""
    unit, of = tables.unit(column.name), column.dtype
    if unit and of.is_numeric():
        decimals = tables.decimals_of(column, unit)
        zeros = f".{'0' * decimals}" if decimals else ""
        return f"#,##0{zeros}{_UNITS.get(unit, '')}"
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
    text = pl.col(pl.String)
    # Excel counts emoji, and other characters beyond U+FFFF, as two.
    twice = text.str.count_matches(r"[\x{10000}-\x{10FFFF}]").cast(pl.Int64)
    fitting = (LONGEST_TEXT - 1 - twice).clip(lower_bound=(LONGEST_TEXT - 1) // 2)
    return frame.with_columns(
        pl.when(finite.is_finite()).then(finite).name.keep(),
        pl.when(text.str.len_chars() + twice > LONGEST_TEXT)
        .then(text.str.head(fitting) + "…")
        .otherwise(text)
        .name.keep(),
    )


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
