"""LibreOffice as a user's spreadsheet: it opens a CSV, and says how it read it."""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from xml.etree import ElementTree as ET

OFFICE = which("soffice") or ""
"""Where LibreOffice is; `make tools` installs it."""
_FILTER = "--infilter=CSV:{separator},34,76,1,,{language},false,true"
"""Separator, double quotes, UTF-8, from the first line; in this language, dates and
other special numbers are recognized."""
ENGLISH, GERMAN, CZECH, POLISH, ESTONIAN = 1033, 1031, 1029, 1045, 1061
_SPACES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """The content of a cell, in the spreadsheet's own words."""

    kind: str
    """string, float, date, percentage …; "" for an empty cell."""
    value: str
    """A number or an ISO date as it is stored; the text that is shown otherwise."""
    formula: str | None = None
    shown: str = field(default="", compare=False)
    """What a user sees: a number in its format."""


def opened(
    *files: Path, separator: str = ",", language: int = ENGLISH
) -> dict[Path, list[list[Cell]]]:
    """Open CSV files of one folder; return the cells of each.

    UTF-8 has to be named, since there is no window: the dialog that a user sees
    chooses it because of the mark at the start of the file.
    """
    filtered = _FILTER.format(separator=ord(separator), language=language)
    _convert("fods", *files, options=[filtered])
    return {file: _sheet(file.with_suffix(".fods")) for file in files}


def workbook(file: Path) -> dict[str, list[list[Cell]]]:
    """Open an XLSX workbook; return the cells of each sheet by its name."""
    _convert("fods", file)
    tree = ET.parse(file.with_suffix(".fods"))  # noqa: S314 - LibreOffice wrote it
    return {
        sheet.get(_name("table", "name"), ""): [
            list(_cells(row)) for row in sheet.iterfind(".//table:table-row", _SPACES)
        ]
        for sheet in tree.iterfind(".//table:table", _SPACES)
    }


def printed_pages(file: Path) -> list[tuple[int, int]]:
    """Print a workbook; return width and height of each page in points."""
    _convert("pdf", file)
    pdf = file.with_suffix(".pdf").read_bytes()
    sizes = re.findall(rb"/Type/Page/.*?/MediaBox\[0 0 ([\d.]+) ([\d.]+)\]", pdf, re.S)
    return [(round(float(width)), round(float(height))) for width, height in sizes]


def _convert(to: str, *files: Path, options: Sequence[str] = ()) -> None:
    """Write files of one folder beside themselves in another format."""
    folder = files[0].parent
    profile = (folder / "profile").as_uri()
    subprocess.run(
        [
            *(OFFICE, f"-env:UserInstallation={profile}", "--headless", *options),
            *("--convert-to", to, "--outdir", str(folder), *map(str, files)),
        ],
        # It prints numbers in the language of who runs the tests.
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        check=True,
        capture_output=True,
        timeout=100,
    )


def _sheet(file: Path) -> list[list[Cell]]:
    tree = ET.parse(file)  # noqa: S314 - LibreOffice has just written it
    rows = tree.iterfind(".//table:table-row", _SPACES)
    return [list(_cells(row)) for row in rows]


def _cells(row: ET.Element) -> Iterator[Cell]:
    for cell in row.iterfind("table:table-cell", _SPACES):
        times = int(cell.get(_name("table", "number-columns-repeated"), "1"))
        yield from [_cell(cell)] * times


def _cell(cell: ET.Element) -> Cell:
    shown = "\n".join("".join(p.itertext()) for p in cell.iterfind("text:p", _SPACES))
    stored = cell.get(_name("office", "date-value")) or cell.get(
        _name("office", "value")
    )
    return Cell(
        kind=cell.get(_name("office", "value-type"), ""),
        value=stored or shown,
        formula=cell.get(_name("table", "formula")),
        shown=shown,
    )


def _name(space: str, name: str) -> str:
    return f"{{{_SPACES[space]}}}{name}"
