from collections.abc import Mapping

import polars as pl
import pytest

from simulation.writer import simulate
from testkit.fixed_clock import NOW


@pytest.fixture(scope="session")
def history() -> Mapping[str, pl.DataFrame]:
    return simulate(NOW)
