"""Stored data: the size of the store, and what runs of the sync job changed."""

from metrics.subject import Definition, MetricTable, Unit
from metrics.tables import TABLES as LIVE_TABLES


def _define(
    key: str, title: str, formula: str, unit: Unit = "count", excludes: str = "Nothing."
) -> Definition:
    names = tuple(live.name for live in LIVE_TABLES)
    return Definition(key, title, unit, formula, names, excludes)


DEFINITIONS = (
    _define("stored_rows", "Rows", "Rows of a table, or of all tables, in the store."),
    _define(
        "stored_megabytes",
        "Size on disk (MB)",
        "Size of the Parquet files with these rows, in millions of bytes.",
        "number",
        "Files of earlier generations, kept until no page reads them.",
    ),
    _define(
        "generation",
        "Generation",
        "How many times the sync job has published changed data.",
    ),
    _define(
        "run_seconds",
        "Seconds",
        "Duration of the run, from connecting to publishing.",
        "number",
    ),
    _define("run_new", "New rows", "Rows that the run saw for the first time."),
    _define("run_changed", "Changed", "Rows that were there before and now differ."),
    _define("run_gone", "Deleted", "Rows that the database no longer has."),
    _define(
        "run_healed",
        "Repaired",
        "Blocks read again because their checksum differed from the database's, "
        "although no row in them was new.",
    ),
)
LABELS = ("table", "finished_at")
TABLES: tuple[MetricTable, ...] = ()
"""The Data page reads the manifest, not the tables."""
