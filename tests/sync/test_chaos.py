"""The chaos run, a short one; minutes of it: `make chaos`."""

from pathlib import Path

import pytest

from testkit.database_servers import Kind
from tests.sync.chaos import AT_LEAST, chaos
from tests.sync.conftest import on_one_kind


@pytest.mark.slow
def test_chaos_loses_invents_tears_and_mixes_nothing(
    own_kind: Kind, tmp_path: Path
) -> None:
    figures = chaos(5, kind=own_kind, naive=False, folder=tmp_path)
    assert figures.is_clean, str(figures)
    for name, number in AT_LEAST.items():
        assert figures.done[name] >= number, str(figures)


@on_one_kind
@pytest.mark.slow
def test_chaos_finds_what_the_naive_algorithm_loses(
    own_kind: Kind, tmp_path: Path
) -> None:
    figures = chaos(6, kind=own_kind, naive=True, folder=tmp_path)
    assert figures.rows.lost > 0, str(figures)
    assert figures.rows.ghosts > 0, str(figures)
    assert figures.rows.stale > 0, str(figures)
    assert figures.mixed > 0, str(figures)
