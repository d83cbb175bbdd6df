"""The reference metrics as DuckDB SQL on the same files, and whether both agree.

With these the benchmark compares time; a difference in any answer ends its run.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from string import Template

import duckdb
import polars as pl

from metrics.behaviour import SOURCE_CLASSES
from metrics.constants import START, START_DATE, TOP
from metrics.tables import USER
from store.reader import Snapshot

type Rows = list[tuple[object, ...]]

DUCKDB = "DuckDB"
DUCKDB_KEYS = "DuckDB, by our integer keys"
USER_COLUMNS: Mapping[str, str] = {DUCKDB: "user_id", DUCKDB_KEYS: USER}
"""Name → the column that tells users apart, text or a number."""

SQL = Path(__file__).parent / "sql"
ROUNDING = 0.005 + 1e-9
"""Our means are rounded to hundredths, theirs are not."""


class DuckDb:
    """DuckDB with the six tables of a store as views, on as many threads as Polars."""

    def __init__(self, snapshot: Snapshot, now: datetime, name: str) -> None:
        user = USER_COLUMNS[name]
        self._database = duckdb.connect(config={"threads": pl.thread_pool_size()})
        for table, files in _files(snapshot).items():
            self._database.execute(
                f"CREATE VIEW {table} AS SELECT * FROM read_parquet({files})"  # noqa: S608 - names of our own
            )
        self.queries = {metric: _filled(text, now, user) for metric, text in _texts()}

    def answer(self, name: str) -> Rows:
        """Return all rows of one metric."""
        return self._database.execute(self.queries[name]).fetchall()

    def answer_all(self) -> dict[str, Rows]:
        """Return every metric, one after the other, as DuckDB runs queries."""
        return {name: self.answer(name) for name in self.queries}


def _texts() -> Iterator[tuple[str, str]]:
    for path in sorted(SQL.glob("*.sql")):
        yield path.stem, path.read_text()
    for column in ("device", "os", "browser", "country"):
        yield column, _GROUPS.replace("$columns", column)
    for column in ("region", "city"):
        yield f"country_{column}", _GROUPS.replace("$columns", f"country, {column}")


_GROUPS = """
SELECT $columns, count(*) FROM fpp_users GROUP BY ALL
ORDER BY count(*) DESC, $columns NULLS LAST LIMIT $top
"""


def _filled(text: str, now: datetime, user: str) -> str:
    classes = " ".join(
        f"WHEN regexp_matches(source, '{pattern}') THEN {place}"
        for place, pattern in enumerate(SOURCE_CLASSES.values())
    )
    names = ", ".join(f"'{name}'" for name in (*SOURCE_CLASSES, "Other"))
    return Template(text).substitute(
        start=f"TIMESTAMP '{START}'",
        first_day=f"DATE '{START_DATE}'",
        today=f"DATE '{now.date()}'",
        user=user,
        top=TOP,
        classes=classes,
        class_names=names,
    )


def _files(snapshot: Snapshot) -> dict[str, list[str]]:
    return {name: [*files] for name, files in snapshot.files.items()}


def differences(
    ours: Mapping[str, pl.DataFrame], theirs: Mapping[str, Rows]
) -> list[str]:
    """Return the names of the metrics in which any value differs."""
    return [name for name in theirs if not _same(ours[name].rows(), theirs[name])]


def _same(ours: Rows, theirs: Rows) -> bool:
    return len(ours) == len(theirs) and all(
        len(a) == len(b) and all(map(_equal, a, b))
        for a, b in zip(ours, theirs, strict=True)
    )


def _equal(mine: object, other: object) -> bool:
    if isinstance(mine, float) and other is not None:
        return abs(mine - float(str(other))) <= ROUNDING
    return mine == other
