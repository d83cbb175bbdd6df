"""CONTRIBUTING.md, followed word for word in a copy of the project."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_architecture import MAY_IMPORT

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
SKIPPED = shutil.ignore_patterns(
    ".tools", ".git", ".venv", ".*_cache", "__pycache__", ".bench"
)
DIFFS = re.findall(r"^```diff\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
OPEN = (
    "from pathlib import Path; from store.reader import open_store; "
    "print(open_store(Path('tests/golden')).missing)"
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which every recipe has been followed."""
    folder: Path = tmp_path_factory.mktemp("copy") / "project"
    shutil.copytree(ROOT, folder, ignore=SKIPPED)
    for diff in DIFFS:
        command = ["git", "apply", "-"]
        done = subprocess.run(
            command, cwd=folder, input=diff, text=True, capture_output=True
        )
        assert done.returncode == 0, f"{done.stderr}\n{diff}"
    return folder


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_there_is_a_recipe_for_a_metric_a_page_an_endpoint_and_a_table() -> None:
    assert len(DIFFS) == 4


def test_the_new_metric_page_and_endpoint_pass_their_tests(copy: Path) -> None:
    tests: tuple[str, ...] = ("tests/metrics/test_votes.py",)
    tests += ("tests/pages/test_pages.py",)
    tests += ("tests/web/test_api.py", "tests/test_docs.py")
    chosen = "by_hour or shows_full_data and hours or tables_are_listed or every_page"
    said = run(
        copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, "-k", chosen
    )
    assert int(re.findall(r"(\d+) passed", said)[-1]) >= 4


def test_the_new_table_is_expected_in_the_store(copy: Path) -> None:
    assert "fpp_feedback" in run(copy, "-c", OPEN)


@pytest.mark.parametrize("file", sorted(set(re.findall(r"`([\w/]+\.py)`", PAGE))))
def test_a_file_of_the_walks_is_there(file: str) -> None:
    assert (ROOT / file).is_file()


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_the_architecture_page_draws_the_arrows_that_are_tested(room: str) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    [imports] = re.findall(rf"^\| `{room}` \|.*\| ([^|]+) \|$", page, re.MULTILINE)
    drawn = set(re.findall(r"\w+", imports))
    assert drawn == MAY_IMPORT[room] & MAY_IMPORT.keys()
