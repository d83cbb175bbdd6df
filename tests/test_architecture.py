"""Which room may import which, read from the sources.

docs/architecture.md draws the same arrows.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCALED = ROOT / "simulation" / "scaled"
"""The one part of the simulation that needs NumPy."""
MAY_IMPORT = {
    "metrics": {"polars"},
    "core": {"sentry_sdk", "pycountry"},
    "store": {"polars", "metrics", "core", "anyio", "httpx", "msgspec"},
    "simulation": {"polars", "metrics", "store", "core"},
    "sync": {"polars", "metrics", "store", "core", "mysql", "httpx"},
    "ui": {"metrics", "store", "core", "polars", "altair", "streamlit", "pycountry"}
    | {"xlsxwriter"},
    "web": {"metrics", "store", "core", "polars", "streamlit", "starlette", "uvicorn"}
    | {"anyio", "h11", "httpx", "itsdangerous", "msgspec"},
    "pages": {"metrics", "ui", "store", "core", "streamlit"},
    "app": {"core", "ui", "web", "streamlit", "anyio"},
    "sync_job": {"sync", "core", "metrics"},
}
"""Room → what it may import besides itself and the standard library."""
PRODUCT = MAY_IMPORT.keys() - {"simulation"}
AROUND: dict[str, set[str]] = {
    "testkit": PRODUCT
    | {"simulation", "boto3", "httpx", "mysql", "playwright", "polars"}
    | {"starlette", "streamlit", "uvicorn", "websockets"},
    "benchmarks": PRODUCT
    | {"simulation", "testkit", "altair", "duckdb", "grpc", "httpx", "mysql"}
    | {"playwright", "polars", "streamlit"},
    "scripts": {"core", "metrics", "simulation", "streamlit", "testkit", "playwright"},
    "deploy": set(),
}
"""The same for what surrounds the product; tests may import all but benchmarks."""


def sources(room: str) -> list[Path]:
    folder = ROOT / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [ROOT / f"{room}.py"]


@cache
def imported(path: Path) -> frozenset[str]:
    """Return the top-level names that a file imports, wherever in the file."""
    return frozenset(_imported(path))


def _imported(path: Path) -> Iterator[str]:
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


@pytest.mark.parametrize("room", MAY_IMPORT | AROUND)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    allowed = (MAY_IMPORT | AROUND)[room] | {room} | sys.stdlib_module_names
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(room)
        for name in imported(path)
        if name not in allowed and SCALED not in path.parents
    }
    assert wrong == set()


def test_tests_do_not_import_benchmarks() -> None:
    assert "benchmarks" not in {
        name for path in sources("tests") for name in imported(path)
    }


def test_tests_open_browsers_at_rest_only() -> None:
    """See `testkit.chromium.at_rest`: skeletons that move take a third of a core."""
    opened = re.compile(r"\.new_context\(|browser\.new_page\(|\.launch\w*\(")
    wrong = {
        path.name
        for room in ("tests", "testkit")
        for path in sources(room)
        if opened.search(path.read_text())
    }
    assert wrong == {"chromium.py"}


def test_the_demo_is_written_without_the_packages_of_the_simulation_at_scale(
    tmp_path: Path,
) -> None:
    program = (
        "import sys; from simulation.__main__ import main; main([sys.argv[1]]);"
        "sys.exit(' '.join({'numpy', 'simulation.scaled'} & sys.modules.keys()))"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stderr.strip() == ""
    assert (tmp_path / "fpp_votes.parquet").is_file()


def test_every_source_file_belongs_to_a_room() -> None:
    tops = {
        path.relative_to(ROOT).parts[0].removesuffix(".py")
        for path in ROOT.rglob("*.py")
        if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    }
    assert tops - {"tests", "data", "node_modules"} == (MAY_IMPORT | AROUND).keys()


@pytest.mark.parametrize("room", ["app", "pages", "ui", "web", "store"])
def test_the_dashboard_never_reaches_the_database(room: str) -> None:
    reached = rooms_reached(room)
    assert not reached & {"sync", "sync_job"}
    assert "mysql" not in {
        name for seen in reached for path in sources(seen) for name in imported(path)
    }


def test_no_room_imports_pandas() -> None:
    guilty = {
        path
        for room in MAY_IMPORT
        for path in sources(room)
        if "pandas" in imported(path)
    }
    assert guilty == set()


def test_pages_have_no_queries() -> None:
    wrong = {
        f"{path.name}: {word}"
        for path in sources("pages")
        for word in ("import polars", "pl.col", "group_by", ".collect(")
        if word in path.read_text()
    }
    assert wrong == set()
