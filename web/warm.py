"""What the first page of a process would otherwise wait for."""

from datetime import datetime

import engine
from bucket import Folder
from store import StoreError, open_store
from ui import block, cards, charts, tables, world
from web.table_query import TableQuery

SHARED = (block, cards, charts, tables, world)
"""Importing what pages share brings Altair, country names and the rest along."""


def warm_up(data_dir: Folder, now: datetime) -> None:
    """Compute a table and build its chart once; nothing is kept.

    A store that cannot be read is left for the pages to explain.
    """
    query = TableQuery.read("traffic_over_time", {}, now.date())
    try:
        scope = query.scope(open_store(data_dir), now)
        frame = engine.collect(query.table.build(scope))
    except (StoreError, OSError):
        return
    charts.bars_over_time(
        frame, "page_views", "Page views", "day", now.date()
    ).to_dict()
