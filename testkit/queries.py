"""What is measured and examined, by name: the reference metrics, pages, one room.

A page's query is taken from the page itself while it runs, so that benchmarks and
tests never have a copy of a page's queries.
"""

import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl

from core import clock
from core.location import Folder
from metrics import daily, legacy_api, rooms
from metrics.frames import Frames
from metrics.query import Plan, SharedPlans, executable
from store import engine
from store.reader import Snapshot, open_store, without_bots
from web.api.queries import legacy_metrics

ROOT = Path(__file__).parents[1]
TOGETHER = "all reference metrics"
ROOM = "a room"
DAILY = "the last 24 hours"
PAGE = "page "
"""How the name of a page's query begins; its title follows."""

_MAIN = ROOT / "pages" / "main.py"
# Pages with several queries, and the one that reads whatever table is chosen.
_OTHERWISE = ("room.py", "insights.py", "data.py")

type Plans = Callable[[], Mapping[str, pl.LazyFrame]]
type Answer = Callable[[], object]


class Stop(Exception):  # noqa: N818 - ends a query early, is no error
    """Raised into a query once it has said what it would execute."""


@dataclass(frozen=True, slots=True)
class Data:
    """A store, opened, and the instant at which it is queried."""

    folder: Folder
    snapshot: Snapshot
    now: datetime

    @classmethod
    def at(cls, folder: Folder) -> "Data":
        """Open a store at the time of its data."""
        snapshot = open_store(folder)
        if snapshot.data_until is None:
            raise SystemExit(f"{folder} has no data")
        return cls(folder, snapshot, snapshot.data_until)

    @property
    def busiest_room(self) -> int:
        """The room with most votes: no room takes longer."""
        votes = self.snapshot.frames.votes
        counts = votes.group_by("room_id").len().sort("len", "room_id")
        return int(engine.collect(counts.tail(1)).get_column("room_id").item())


@dataclass(frozen=True, slots=True)
class Page:
    """A page, and the query string of its address."""

    file: str
    query: Mapping[str, str]


def pages(room: int) -> dict[str, Page]:
    """Return every page by title, in the order of the navigation; 28 days each."""
    files = re.findall(r'st\.Page\(\s*"([^"]+)", title="([^"]+)"', _MAIN.read_text())
    sections = re.findall(
        r'^    "([^"]+)": Section', (ROOT / "pages/insights.py").read_text(), re.M
    )
    return {
        **{title: Page(file, {}) for file, title in files if file not in _OTHERWISE},
        "Room": Page("room.py", {"room": str(room)}),
        **{f"Insights: {s}": Page("insights.py", {"about": s}) for s in sections},
    }


def names() -> list[str]:
    """Return every query, in the order of the report."""
    parts = legacy_api.plans(legacy_api.sharing(Frames.empty()), datetime(2026, 1, 1))
    return [TOGETHER, *parts, DAILY, ROOM, *(PAGE + title for title in pages(1))]


def answering(data: Data, name: str) -> Answer:
    """Return a function that answers a query; it builds the plans each time."""
    if name.startswith(PAGE):
        page = pages(data.busiest_room)[name.removeprefix(PAGE)]
        return _page_query({"DATA_DIR": str(data.folder)}, page, data.now)
    if name == TOGETHER:
        return lambda: legacy_metrics(data.snapshot, data.now)
    plans = _plans(data, name)
    return lambda: engine.collect_all(plans(), data.snapshot.rows)


def _plans(data: Data, name: str) -> Plans:
    frames, now = data.snapshot.frames, data.now
    room = data.busiest_room if name == ROOM else 0
    single: Mapping[str, Plans] = {
        DAILY: lambda: {name: daily.legacy(frames, now)},
        ROOM: lambda: {name: rooms.statistics(frames, room)},
    }
    return single.get(
        name, lambda: {name: legacy_api.plans(legacy_api.sharing(frames), now)[name]}
    )


def _page_query(environ: Mapping[str, str], page: Page, now: datetime) -> Answer:
    """Run a page up to its query; return a function that answers the query."""
    # Imported here: Streamlit's memory is not that of the other queries.
    import streamlit as st
    from streamlit.testing.v1 import AppTest

    from ui.page_context import PageContext, Results

    asked: list[Answer] = []
    compute = PageContext.compute

    def note(
        context: PageContext,
        *names: str,
        **options: Any,
    ) -> Results:
        def answered() -> Results:
            if not context.bots:
                # The page looked up the bots before: part of what it takes.
                without_bots(context.snapshot)
            return compute(context, *names, **options)

        asked.append(answered)
        st.stop()

    with (
        patch.object(PageContext, "compute", note),
        patch.object(clock, "now", lambda: now),
        patch.dict(os.environ, environ),
    ):
        app = AppTest.from_file(str(_MAIN), default_timeout=120)
        app.query_params.update(page.query)
        app.run()
        if page.file != "overview.py":
            asked.clear()
            app.switch_page(page.file).run()
    return asked[-1]


def plans_of(answer: Answer) -> Mapping[str, pl.LazyFrame]:
    """Return the plans that a query executes together, without executing them.

    The look-up of bots, which precedes them, is executed too, under the name "".
    """
    found: dict[str, pl.LazyFrame] = {}
    execute = engine.collect_all

    def note(
        plans: Mapping[str, Plan], rows: int, shared: SharedPlans | None = None
    ) -> Mapping[str, object]:
        for name, plan in plans.items():
            for number, part in enumerate(executable(plan)):
                found[f"{name} {number}"] = part
        if "" not in plans:
            raise Stop
        return execute(plans, rows, shared)

    with (
        patch.object(engine, "collect_all", note),
        # As of a large store: what is read whole at once has no scans to look at.
        patch.object(engine, "READ_WHOLE_BELOW", 0),
        suppress(Stop),
    ):
        answer()
    return found


def rows_read(data: Data, plans: Mapping[str, pl.LazyFrame]) -> int:
    """Return how many rows the tables of the plans have."""
    text = "".join(plan.explain(optimized=False) for plan in plans.values())
    held = data.snapshot.tables
    return sum(info.rows for name, info in held.items() if name in text)
