"""What it takes to define a number."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["count", "share", "number", "minutes", "seconds", "points"]
"""How a number prints: 1,234 · 12.3 % · 3.56 · 4.2 min · 45 s · 72."""


@dataclass(frozen=True, slots=True)
class Definition:
    """The meaning of one number or column."""

    key: str
    """The column's name in metric tables, CSV files and the API."""
    title: str
    """What a card or an axis says."""
    unit: Unit
    formula: str
    """One sentence that a newcomer understands."""
    tables: tuple[str, ...]
    """The live tables that it reads."""
    left_out: str = "Nothing."
    less_is_better: bool = False
    neutral: bool = False
    """More is neither better nor worse, such as the height of estimates."""
