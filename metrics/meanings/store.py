"""What the numbers on the store and on the sync job's runs mean."""

from metrics.definition import Definition
from metrics.tables import TABLES

_ALL = tuple(table.name for table in TABLES)


def _count(key: str, title: str, formula: str) -> Definition:
    return Definition(key, title, "count", formula, _ALL)


STORE = (
    _count("stored_rows", "Rows", "Rows of a table, or of all tables, in the store."),
    Definition(
        "stored_megabytes",
        "Size on disk (MB)",
        "number",
        "Millions of bytes of the Parquet files that hold these rows.",
        _ALL,
        "Files of older states, which are kept until nobody reads them any more.",
    ),
    _count(
        "generation",
        "Generation",
        "How many times the sync job has published data that differed from the state "
        "before.",
    ),
    Definition(
        "run_seconds",
        "Seconds",
        "number",
        "How long the run took, from connecting to publishing.",
        _ALL,
    ),
    _count("run_new", "New rows", "Rows that the run saw for the first time."),
    _count("run_changed", "Changed", "Rows that were there before and now differ."),
    _count("run_gone", "Gone", "Rows that the live database no longer has."),
    _count(
        "run_healed",
        "Blocks healed",
        "Blocks that were read anew, since their checksum differed from the live "
        "rows' although no row in them was new.",
    ),
)
