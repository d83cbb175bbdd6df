"""The pages, run by Streamlit's own test runner on the golden data.

Every page that a test runs has its charts checked against Vega-Lite's schema, and may
not leave it to Altair to find out what a value of an encoding is.
"""

import re
import shutil
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path

import altair as alt
import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from core import clock
from testkit.dashboard import LONGEST_WAIT
from tests.pages.chart_specs import check_charts

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests" / "golden"
NOW = datetime(2026, 11, 20, 18, 0)

RunPage = Callable[..., AppTest]
# Streamlit's server does this once, its test runner for each page: it reads what every
# installed package says of itself, which takes longer than a page does.
SCAN = cache(manifest_scanner.scan_component_manifests)


@pytest.fixture
def run_page(monkeypatch: pytest.MonkeyPatch) -> RunPage:
    """Return a function that runs a page on a store, with a query."""

    def run(
        file: str, data_dir: Path = GOLDEN, now: datetime = NOW, **query: str
    ) -> AppTest:
        monkeypatch.setenv("DATA_DIR", str(data_dir))
        monkeypatch.setattr(clock, "now", lambda: now)
        monkeypatch.setattr(manifest_scanner, "scan_component_manifests", SCAN)
        monkeypatch.setattr(alt.SchemaBase, "from_dict", classmethod(_guess))
        monkeypatch.syspath_prepend(ROOT)
        app = AppTest.from_file(
            str(ROOT / "pages" / "main.py"), default_timeout=LONGEST_WAIT
        )
        app.query_params.update(query)
        # Before the first run: the page that it would draw is the slowest.
        if file != "overview.py":
            app.switch_page(file)
        app.run()
        check_charts(app)
        return app

    return run


def _guess(cls: type[alt.SchemaBase], /, *_: object, **__: object) -> None:
    raise AssertionError(
        f"Altair looks for the classes of {cls.__name__} in all of its schema, which "
        "takes it 2 ms each time. Name the class: alt.XValue(0), not alt.value(0)."
    )


@pytest.fixture
def plain_store(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that copies the golden files, except some tables."""

    def copy(*, without: tuple[str, ...] = ()) -> Path:
        for file in GOLDEN.glob("*.parquet"):
            if file.stem not in without:
                shutil.copy(file, tmp_path)
        return tmp_path

    return copy


def captions(app: AppTest) -> list[str]:
    """Return what captions say, whatever spaces keep their words together."""
    return [plain(caption.value) for caption in app.caption]


def plain(text: str) -> str:
    """Return a text as it is written, without what keeps its words together."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "")


def html_of(app: AppTest) -> str:
    """Return all HTML of a page, such as a report, whatever spaces it has."""
    return plain(" ".join(h.proto.body for h in app.get("html")))


def tiles(app: AppTest) -> dict[str, str]:
    """Return what the tiles of the strip say: name → value."""
    return {name: value for name, (value, *_) in tile_lines(app).items()}


def tile_lines(app: AppTest) -> dict[str, list[str]]:
    """Return all that the tiles of the strip say, none without one: name → lines."""
    strips = [group for group in app.button_group if group.key == "kpi_strip"]
    texts = [option.content for strip in strips for option in strip.proto.options]
    lines = [re.sub(r":(small|\w+)\[|[\]*]", "", text).split("  \n") for text in texts]
    return {name: rest for name, *rest in lines}
