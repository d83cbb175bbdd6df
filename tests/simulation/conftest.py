from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

import simulation
from simulation.writer import simulate
from testkit.fixed_clock import NOW


@pytest.fixture(scope="session")
def history() -> Mapping[str, pl.DataFrame]:
    return simulate(NOW)


@pytest.fixture(scope="session")
def folder(
    history: Mapping[str, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The history as files, for tests that leave them as they are."""
    path: Path = tmp_path_factory.mktemp("demo")
    simulation.write(path, NOW, history)
    return path
