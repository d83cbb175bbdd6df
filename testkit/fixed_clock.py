"""The instant at which the tests run, whatever the calendar says.

`TEST_NOW=2028-02-29T09:00 make test` tries another one.
"""

import os
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOW = datetime.fromisoformat(os.environ.get("TEST_NOW", "2026-11-19T14:30"))
"""UTC, without a zone. By default a Thursday afternoon."""
GOLDEN_NOW = datetime(2026, 11, 20, 18)
"""The instant of the golden answers."""


def started_at(now: datetime) -> str:
    """Return Python that stops the product's clock in a process of its own."""
    # The path is there for the import alone: the product finds its own way.
    return (
        f"import datetime, sys; sys.path.insert(0, {str(ROOT)!r}); "
        "from core import clock; sys.path.pop(0); "
        f"clock.now = lambda: datetime.datetime.fromisoformat({now.isoformat()!r})"
    )
