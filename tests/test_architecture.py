"""The rooms of the house and the doors between them, read from the sources."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "metrics": {"polars"},
    "core": {"sentry_sdk"},
    "store": {"polars", "metrics", "core"},
    "simulation": {"polars", "metrics", "store", "core"},
    "sync": {"polars", "metrics", "store", "core", "mysql", "httpx"},
    "ui": {"metrics", "store", "core", "polars", "altair", "streamlit", "pycountry"}
    | {"xlsxwriter"},
    "web": {"metrics", "store", "core", "polars", "streamlit", "starlette", "uvicorn"}
    | {"anyio", "httpx", "itsdangerous"},
    "pages": {"metrics", "ui", "store", "core", "streamlit"},
    "app": {"core", "ui", "web", "streamlit", "anyio"},
    "sync_job": {"sync", "core", "metrics"},
}
"""Room → what it may import besides itself and the standard library."""


def sources(room: str) -> list[Path]:
    folder = ROOT / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [ROOT / f"{room}.py"]


def imported(path: Path) -> Iterator[str]:
    """Yield the top-level names that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield (node.module or "").partition(".")[0]


def rooms_reached(room: str) -> set[str]:
    """Return all rooms that importing this one brings along."""
    reached, to_see = set[str](), {room}
    while to_see:
        seen = to_see.pop()
        reached.add(seen)
        names = {name for path in sources(seen) for name in imported(path)}
        to_see |= (names & MAY_IMPORT.keys()) - reached
    return reached


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    allowed = MAY_IMPORT[room] | {room} | sys.stdlib_module_names
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(room)
        for name in imported(path)
        if name not in allowed
    }
    assert wrong == set()


def test_every_source_file_belongs_to_a_room() -> None:
    elsewhere = {"tests", "testkit", "benchmarks", "scripts", "deploy"}
    tops = {
        path.relative_to(ROOT).parts[0].removesuffix(".py")
        for path in ROOT.rglob("*.py")
        if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    }
    assert tops - elsewhere - {"data", "node_modules"} == MAY_IMPORT.keys()


@pytest.mark.parametrize("room", ["app", "pages", "ui", "web", "store"])
def test_the_dashboard_never_reaches_the_database(room: str) -> None:
    reached = rooms_reached(room)
    assert not reached & {"sync", "sync_job"}
    assert "mysql" not in {
        name for seen in reached for path in sources(seen) for name in imported(path)
    }


def test_nobody_imports_pandas() -> None:
    guilty = {
        path
        for room in MAY_IMPORT
        for path in sources(room)
        if "pandas" in imported(path)
    }
    assert guilty == set()


def test_pages_hold_no_queries() -> None:
    wrong = {
        f"{path.name}: {word}"
        for path in sources("pages")
        for word in ("import polars", "pl.col", "group_by", ".collect(")
        if word in path.read_text()
    }
    assert wrong == set()
