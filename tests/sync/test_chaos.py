"""The chaos run, a short one; minutes of it: `make chaos`."""

from pathlib import Path

import pytest

from tests.sync.chaos import chaos


@pytest.mark.slow
def test_chaos_loses_invents_tears_and_mixes_nothing(tmp_path: Path) -> None:
    figures = chaos(8, naive=False, folder=tmp_path)
    assert figures.is_clean, str(figures)
    assert figures.done["kills of the job"] >= 2
    assert figures.done["kills of the server"] >= 1
    assert figures.done["commits"] > 50
    assert figures.done["reads"] > 50


@pytest.mark.slow
def test_chaos_finds_what_the_naive_algorithm_loses(tmp_path: Path) -> None:
    figures = chaos(6, naive=True, folder=tmp_path)
    assert figures.rows.lost > 0
    assert figures.rows.ghosts > 0
    assert figures.rows.stale > 0
    assert figures.mixed > 0
