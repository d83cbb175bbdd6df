"""Write docs/definitions.md: what every number means, for those who read docs.

uv run python -m scripts.definitions
"""

from pathlib import Path

from metrics.definition import Definition, Unit
from metrics.definitions import SUBJECTS

PAGE = Path(__file__).parent.parent / "docs" / "definitions.md"
_HEAD = """# What every number means

Written by `make docs` from the definitions in `metrics/`, which also stand behind the
icon beside a number and on the Data page; edit them there. All times are UTC. A number
is of the period that is chosen, unless its meaning says otherwise; bots (users whose
device is “bot”) are left out unless they are included in the options. “Column” is its
name in CSV files and in the API. Where a table compares, the same name ending in
`_before` is the number of the compared period, `_change` the difference, and
`_change_share` the difference as a share of what was before.
"""
_COLUMNS = ("Number", "Meaning", "Left out", "Reads", "Unit", "Column")
_UNITS: dict[Unit, str] = {
    "count": "count",
    "share": "share, 0 to 1",
    "number": "number",
    "minutes": "minutes",
    "seconds": "seconds",
    "points": "points, 0 to 100",
}


def page() -> str:
    """Return the whole page."""
    return "\n".join([_HEAD, *map(_section, SUBJECTS)])


def _section(subject: str) -> str:
    rows = [_COLUMNS, ("---",) * len(_COLUMNS), *map(_cells, SUBJECTS[subject])]
    lines = (f"| {' | '.join(cells)} |\n" for cells in rows)
    return f"## {subject}\n\n{''.join(lines)}"


def _cells(number: Definition) -> tuple[str, ...]:
    texts = (number.title, number.formula, number.left_out)
    tables = ", ".join(f"`{table}`" for table in number.tables)
    return (
        *(text.replace("|", "\\|") for text in texts),
        tables,
        _UNITS[number.unit],
        f"`{number.key}`",
    )


if __name__ == "__main__":
    PAGE.write_text(page())
