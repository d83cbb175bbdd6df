"""What holds for every test."""

import pytest
from hypothesis import settings

# How long an example takes depends on what else the machine does: pytest's own limit
# is enough. A change is judged by the same examples each time, so that it does not fail
# for what was there before it; `make explore` looks for new ones.
settings.register_profile("same-examples", deadline=None, derandomize=True)
settings.register_profile("new-examples", deadline=None)
settings.load_profile("same-examples")

REAL_PARTS = {"browser", "server"}
"""Fixtures that start Chromium or a database server."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Modules with real parts take longest: begun last, one worker would be alone with
    # one of them for minutes while the others are done.
    items.sort(
        key=lambda item: REAL_PARTS.isdisjoint(getattr(item, "fixturenames", ()))
    )
