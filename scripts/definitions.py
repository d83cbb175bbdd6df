"""Write docs/definitions.md: what every number means, for those who read docs.

./scripts/uv run python -m scripts.definitions
"""

from pathlib import Path

from metrics.registry import SUBJECTS
from metrics.subject import Definition, Unit

PAGE = Path(__file__).parent.parent / "docs" / "definitions.md"
_HEAD = """# Definitions

`make docs` writes this page from `metrics/`, one section per subject; the icon beside a
number and the Data page show the same texts. Days and hours are those of the page's
time zone, UTC by default. A number is about the chosen period unless its definition
says otherwise; bots (users whose device is “bot”) count only if the options include
them. “Column” is the name in CSV files and in the API. In tables that compare, the same
name ending in `_before` is the number in the comparison, `_change` the difference, and
`_change_share` the difference as a share of the number before. In tables over time,
`cut` says which buckets the period cuts (start, end), have the day on which the data
begins (start) or are not over (running); null is a whole bucket. A name
ending in `_low`, `_high`, `_others`, `_verdict`, `_detectable` or `_of_half` says how
sure the number is: see [How sure the insights are](insights.md).
"""
_COLUMNS = ("Metric", "Definition", "Excludes", "Tables", "Unit", "Column")
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
    defined = [name for name, subject in SUBJECTS.items() if subject.DEFINITIONS]
    return "\n".join([_HEAD, *map(_section, defined)])


def _section(subject: str) -> str:
    rows = [
        _COLUMNS,
        ("---",) * len(_COLUMNS),
        *map(_cells, SUBJECTS[subject].DEFINITIONS),
    ]
    lines = (f"| {' | '.join(cells)} |\n" for cells in rows)
    return f"## {subject}\n\n{''.join(lines)}"


def _cells(number: Definition) -> tuple[str, ...]:
    tables = ", ".join(f"`{table}`" for table in number.tables)
    return (
        *(number.title, number.formula, number.excludes),
        tables,
        _UNITS[number.unit],
        f"`{number.key}`" + (f" in `{number.only_in}`" if number.only_in else ""),
    )


if __name__ == "__main__":
    PAGE.write_text(page())
