"""What the first page of a process would otherwise wait for."""

import gc
from datetime import datetime

import engine
from bucket import Folder
from store import StoreError, open_store
from ui import bar, block, bundle, cards, charts, questions, retention, shell, world
from web.table_query import TableQuery

SHARED = (bar, block, bundle, cards, charts, questions, retention, shell, world)
"""Importing what pages share brings Altair, country names and the rest along."""


def warm_up(data_dir: Folder, now: datetime) -> None:
    """Compute a table and build its chart once, then set all of that aside."""
    _compute(data_dir, now)
    set_aside()


def _compute(data_dir: Folder, now: datetime) -> None:
    """Nothing is kept. A store that cannot be read is left for the pages to explain."""
    query = TableQuery.read("traffic_over_time", {}, now.date())
    try:
        scope = query.scope(open_store(data_dir), now)
        frame = engine.collect(query.table.build(scope))
    except (StoreError, OSError):
        return
    frame.to_arrow()
    charts.bars_over_time(
        frame, "page_views", "Page views", "day", now.date()
    ).to_dict()


def set_aside() -> None:
    """Let the garbage collector pass over everything that is loaded by now.

    Streamlit has it look at all objects after every run of a page: modules, schemas
    and country names would cost each run more than its charts do.
    """
    gc.collect()
    gc.freeze()
