"""Measures of legibility that the next change must not make worse."""

import ast
import re
from pathlib import Path

import pytest

from scripts import measures

ROOT = Path(__file__).parent.parent
FILES = measures.product()
SPREAD_OF_COLUMNS = {"select", "sort", "agg", "group_by", "drop", "over", "unique"}
"""Methods of Polars that take any number of columns, which lists of names fill."""
COLOUR = re.compile(r"[\"']#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})[\"']")


def test_the_root_has_the_two_entries_only() -> None:
    assert {p.name for p in ROOT.glob("*.py")} == {"app.py", "sync_job.py"}


@pytest.mark.parametrize(
    ("walk", "most"), list(zip(measures.WALKS, (7, 11, 10), strict=True))
)
def test_a_walk_through_the_code_passes_few_files(walk: str, most: int) -> None:
    assert 3 < measures.walk(walk) <= most


def test_a_metric_touches_its_subject_and_its_test() -> None:
    assert measures.touched_by_a_metric() == 2


def test_comments_say_why_often_enough() -> None:
    assert 1.9 <= measures.comments(FILES) <= 4


def test_private_functions_do_not_become_slivers() -> None:
    assert measures.called_once(FILES) < 0.62


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_frozen_value_is_changed_and_no_argument_is_splatted(path: Path) -> None:
    text = path.read_text()
    assert "object.__setattr__" not in text
    for call in ast.walk(ast.parse(text)):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        splatted = [
            ast.unparse(call)
            for argument in call.args
            if isinstance(argument, ast.Starred)
            and isinstance(argument.value, ast.Tuple | ast.List)
        ]
        assert name in SPREAD_OF_COLUMNS or not splatted


def test_every_colour_of_a_chart_is_in_the_theme() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in FILES
        if path.parts[len(ROOT.parts)] in {"ui", "pages"}
        and COLOUR.search(path.read_text())
    }
    assert found == {"ui/charts/theme.py"}
