"""What each page asks of the data, taken from the page itself while it runs."""

import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from unittest.mock import patch

import polars as pl
import streamlit as st
from streamlit.testing.v1 import AppTest

from benchmarks.measured import ROOT
from core import clock
from store.reader import without_bots
from ui.view import Answers, View

MAIN = ROOT / "pages" / "main.py"


@dataclass(frozen=True, slots=True)
class Page:
    """A page, and what its address says."""

    file: str
    query: Mapping[str, str]


def pages(room: int) -> dict[str, Page]:
    """Return every page by title, in the order of the navigation; 28 days each."""
    files = re.findall(r'st\.Page\(\s*"([^"]+)", title="([^"]+)"', MAIN.read_text())
    plain = {title: Page(file, {}) for file, title in files if file not in _OWN}
    sections = re.findall(
        r'^    "([^"]+)": Section', (ROOT / "pages/insights.py").read_text(), re.M
    )
    return plain | {
        "Room": Page("room.py", {"room": str(room)}),
        **{f"Insights: {s}": Page("insights.py", {"about": s}) for s in sections},
    }


_OWN = ("room.py", "insights.py", "data.py")
"""Pages with several questions, and the one that asks whatever table is chosen."""


def question(
    environ: Mapping[str, str], page: Page, now: datetime
) -> Callable[[], Answers]:
    """Run a page up to its one question; return a function that answers it.

    `environ` says where the store lies.
    """
    asked: list[Callable[[], Answers]] = []
    ask = View.ask

    def note(
        view: View, *names: str, earlier: Collection[str] = (), **plans: pl.LazyFrame
    ) -> Answers:
        def answered() -> Answers:
            if not view.bots:
                # Who is a bot was looked up before: part of what a page asks.
                without_bots(view.snapshot)
            return ask(view, *names, earlier=earlier, **plans)

        asked.append(answered)
        st.stop()

    with (
        patch.object(View, "ask", note),
        patch.object(clock, "now", lambda: now),
        patch.dict(os.environ, environ),
    ):
        app = AppTest.from_file(str(MAIN), default_timeout=120)
        app.query_params.update(page.query)
        app.run()
        if page.file != "overview.py":
            app.switch_page(page.file).run()
    return asked[-1]
