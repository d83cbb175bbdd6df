"""What the first page of a process would otherwise wait for."""

import gc
from datetime import datetime

import polars as pl

from core.location import Folder
from metrics.periods import DEFAULT_PERIOD, PERIODS, period_of
from metrics.query import Query
from metrics.registry import plan
from store import engine
from store.reader import StoreError, open_store, without_bots
from ui import charts, export, layout, period_bar
from ui.blocks import block, cards, questions
from ui.charts import heat_map, world_map

SHARED = (
    period_bar,
    block,
    export,
    cards,
    charts,
    questions,
    heat_map,
    layout,
    world_map,
)
"""Importing what pages share brings Altair, country names and the rest along."""


def warm_up(data_dir: Folder, now: datetime) -> None:
    """Compute a table and build its chart once, then set all of that aside."""
    _compute(data_dir, now)
    set_aside()


def _compute(data_dir: Folder, now: datetime) -> None:
    """Nothing is kept. What fails here is left for the pages to explain."""
    days = PERIODS[DEFAULT_PERIOD].days(now.date(), now.date())
    period = period_of(days, now)
    try:
        frames = without_bots(open_store(data_dir))
        query = Query(frames, period, comparison=None, granularity="day", now=now)
        frame = engine.collect(plan("traffic_over_time", query))
    except (StoreError, OSError, pl.exceptions.PolarsError):
        return
    frame.to_arrow()
    axis = charts.TimeAxis("day", period, now)
    charts.time_chart(frame, "page_views", "Page views", "count", axis).to_dict()


def set_aside() -> None:
    """Let the garbage collector pass over everything that is loaded by now.

    Streamlit has it look at all objects after every run of a page: modules, schemas
    and country names would cost each run more than its charts do.
    """
    gc.collect()
    gc.freeze()
