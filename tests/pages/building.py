"""Queries of the golden days, and the files that a page offers."""

from collections.abc import Callable

import polars as pl
import pytest

from metrics.frames import Frames, Period
from metrics.periods import Days
from metrics.query import Query
from metrics.tables import TABLES
from store.snapshot import TableInfo
from tests.pages.conftest import NOW, RunPage
from ui import export
from ui.blocks import tables
from ui.page_context import PageContext, Results

EVERY_TABLE = dict.fromkeys((table.name for table in TABLES), TableInfo(1, 1))


def query_of(days: Days, **more: object) -> Query:
    period = Period.of_days(days.first, days.last)
    values = {
        "comparison": None,
        "granularity": "day",
        "now": NOW,
        "weekends": False,
    } | more
    return Query(Frames.empty(), period, **values)  # type: ignore[arg-type]  # a test


def taken_away(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch, page: str, **query: str
) -> tuple[PageContext, Results, dict[str, pl.DataFrame]]:
    """Run a page; return what its ZIP is made of, and the tables of its CSV buttons."""
    offered: list[tuple[PageContext, Results]] = []
    alone: dict[str, pl.DataFrame] = {}

    def collect(context: PageContext, found: Results) -> bytes:
        offered.append((context, found))
        return b""

    def offer(rows: Callable[[], pl.DataFrame], name: str, key: str) -> None:
        # Two buttons may offer one file, and no two files have one name.
        assert rows().equals(alone.setdefault(name, rows()))

    def offer_all(label: str, data: Callable[[], bytes], **_: object) -> None:
        if label.endswith("(ZIP)"):
            data()

    monkeypatch.setattr(export, "pack", collect)
    monkeypatch.setattr(tables, "render_csv_button", offer)
    monkeypatch.setattr("streamlit.download_button", offer_all)
    run_page(page, **query)
    ((context, found),) = offered
    return context, found, alone
