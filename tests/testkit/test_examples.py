"""A property is tried on the same examples, whatever else was run before."""

import importlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st


def drawn() -> list[list[int]]:
    found: list[list[int]] = []

    @given(st.lists(st.integers(0, 1_000_000)))
    def keep(numbers: list[int]) -> None:
        found.append(numbers)

    keep()
    return found


def test_examples_are_the_same_once_another_module_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = drawn()
    (tmp_path / "loaded_later.py").write_text(f"NUMBERS = {[*range(5_000, 5_500)]}")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("loaded_later")
    assert drawn() == before
