"""The chaos run, a short one; minutes of it: `make chaos`."""

from pathlib import Path

import pytest

from testkit.database_servers import Kind
from tests.sync.chaos import chaos

# What a few seconds of it find depends on how much happens in them.
pytestmark = pytest.mark.serial


@pytest.mark.slow
def test_chaos_loses_invents_tears_and_mixes_nothing(
    own_kind: Kind, tmp_path: Path
) -> None:
    figures = chaos(8, kind=own_kind, naive=False, folder=tmp_path)
    assert figures.is_clean, str(figures)
    assert figures.done["kills of the job"] >= 2
    assert figures.done["kills of the server"] >= 1
    assert figures.done["commits"] > 50
    assert figures.done["reads"] > 50


@pytest.mark.slow
def test_chaos_finds_what_the_naive_algorithm_loses(
    own_kind: Kind, tmp_path: Path
) -> None:
    figures = chaos(6, kind=own_kind, naive=True, folder=tmp_path)
    assert figures.rows.lost > 0
    assert figures.rows.ghosts > 0
    assert figures.rows.stale > 0
    assert figures.mixed > 0
