"""Every page shows the demo history, whatever date the tests run on."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import simulation
from core import clock
from testkit.fixed_clock import NOW
from testkit.queries import ROOT

MAIN = ROOT / "pages" / "main.py"
PAGES = re.findall(r'st\.Page\(\s*"([^"]+)", title="([^"]+)"', MAIN.read_text())
PERIODS = ("28 days", "Last month", "All time")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("demo")
    simulation.write(folder, NOW)
    return folder


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize(("file", "title"), PAGES)
def test_a_page_shows_the_demo(
    monkeypatch: pytest.MonkeyPatch, demo: Path, file: str, title: str, period: str
) -> None:
    monkeypatch.setenv("DATA_DIR", str(demo))
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.syspath_prepend(ROOT)
    app = AppTest.from_file(str(MAIN), default_timeout=60)
    app.query_params["period"] = period
    app.run()
    if file != "overview.py":
        app.switch_page(file).run()
    assert [error.message for error in app.exception] == []
    assert [shown.value for shown in app.title] == [title]
    assert not [warning.value for warning in app.warning if "rror" in warning.value]
