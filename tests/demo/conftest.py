from collections.abc import Mapping
from datetime import datetime

import polars as pl
import pytest

from demo.writer import simulate

NOW = datetime(2026, 11, 19, 14, 30)
"""A Thursday afternoon."""


@pytest.fixture(scope="session")
def history() -> Mapping[str, pl.DataFrame]:
    return simulate(NOW)
