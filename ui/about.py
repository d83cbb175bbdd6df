"""What the Data page tells: the store, the sync job, and every definition."""

import polars as pl
import streamlit as st

from metrics.definitions import DEFINITIONS
from metrics.tables import TABLES
from store import Snapshot
from ui import format as fmt
from ui.view import View

API = """
The same numbers are there as JSON, CSV and Parquet, with the token in the header
`Authorization`:

| Address | Answer |
| --- | --- |
| `/api` | all reference metrics |
| `/api/room/{id}/stats` | one room |
| `/api/tables/{name}?from=&to=&format=csv` | every table of these pages |
| `/api/openapi.json` | the description of all this |
| `/health` | whether the data are there and fresh (no token) |
"""


def cards(view: View) -> None:
    """Draw how fresh and how much the data are."""
    snapshot = view.snapshot
    until = snapshot.data_until
    facts = {
        "Data until": fmt.instant(until, view.now) if until else fmt.NOTHING,
        "Rows": f"{sum(info.rows for info in snapshot.tables.values()):,}",
        "Size on disk": fmt.size(snapshot.bytes),
        "Generation": fmt.NOTHING
        if snapshot.generation is None
        else f"{snapshot.generation:,}",
    }
    with st.grid("auto", min_column_width=180):
        for title, fact in facts.items():
            st.metric(title, fact, border=True)


def holdings(snapshot: Snapshot) -> pl.DataFrame:
    """Return one row per live table: whether it is there, rows and size."""
    held = snapshot.tables
    return pl.DataFrame(
        {
            "Table": [t.name for t in TABLES],
            "State": ["there" if t.name in held else "missing" for t in TABLES],
            "Rows": [held[t.name].rows if t.name in held else None for t in TABLES],
            "Size": [
                fmt.size(held[t.name].bytes) if t.name in held else None for t in TABLES
            ],
        }
    )


def runs(snapshot: Snapshot) -> pl.DataFrame:
    """Return what the sync job did lately, newest first."""
    return pl.DataFrame(
        {
            "Finished (UTC)": [run.finished_at for run in snapshot.runs],
            "Seconds": [run.seconds for run in snapshot.runs],
            "New rows": [run.new for run in snapshot.runs],
            "Changed": [run.changed for run in snapshot.runs],
            "Gone": [run.gone for run in snapshot.runs],
            "Blocks healed": [run.healed for run in snapshot.runs],
        }
    ).reverse()


def definitions() -> pl.DataFrame:
    """Return every number with its meaning, in the order of the pages."""
    found = DEFINITIONS.values()
    return pl.DataFrame(
        {
            "Number": [d.title for d in found],
            "Meaning": [d.formula for d in found],
            "Left out": [d.left_out for d in found],
            "Reads": [", ".join(d.tables) for d in found],
            "Column in CSV and API": [d.key for d in found],
        }
    )
