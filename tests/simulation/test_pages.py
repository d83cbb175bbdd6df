"""Every page shows the demo history, whatever date the tests run on."""

import re
from pathlib import Path

import pytest

from testkit.fixed_clock import NOW
from testkit.queries import ROOT
from tests.pages.conftest import RunPage, run_page

__all__ = ["run_page"]

MAIN = ROOT / "pages" / "main.py"
PAGES = re.findall(r'st\.Page\(\s*"([^"]+)", title="([^"]+)"', MAIN.read_text())
PERIODS = ("28 days", "Last month", "All time")


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize(("file", "title"), PAGES)
def test_a_page_shows_the_demo(
    run_page: RunPage,
    folder: Path,
    file: str,
    title: str,
    period: str,
) -> None:
    app = run_page(file, folder, NOW, period=period)
    assert [error.message for error in app.exception] == []
    assert [shown.value for shown in app.title] == [title]
    assert not [warning.value for warning in app.warning if "rror" in warning.value]
