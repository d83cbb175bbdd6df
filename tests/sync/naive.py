"""The replaced job's algorithm, for comparison: rows above the highest id.

    python -m tests.sync.naive

It runs until it is ended. The chaos run has to find what it loses.
"""

import sync.connection  # noqa: F401  # isort: skip  # before anything that imports ssl

import os
import time
from collections.abc import Sequence
from pathlib import Path

import mysql.connector
import polars as pl

from core.settings import SyncSettings
from metrics.tables import TABLES, USERS, Table


def copy_all(settings: SyncSettings) -> None:
    """Append the rows above the highest mark of each table, one after another."""
    database = settings.database
    connection = mysql.connector.connect(
        host=database.host,
        port=database.port,
        user=database.user,
        password=database.password.reveal(),
        database=database.name,
        charset="utf8mb4",
        collation="utf8mb4_general_ci",
        time_zone="+00:00",
    )
    with connection, connection.cursor(dictionary=True) as cursor:
        for table in TABLES:
            path = settings.data_dir / table.file_name
            old = pl.read_parquet(path) if path.exists() else table_frame(table, [])
            mark = table.time if table == USERS else table.key
            cursor.execute(
                f"SELECT * FROM {table.name} WHERE {mark} > %s",  # noqa: S608  # our own names
                # MySQL takes no 0 for a time (1525).
                (str(old[mark].max() or (0 if mark == table.key else "1970-01-02")),),
            )
            rewrite(path, pl.concat([old, table_frame(table, cursor.fetchall())]))


def table_frame(table: Table, rows: Sequence[object]) -> pl.DataFrame:
    """Return rows of the driver as a frame."""
    flags = [n for n, dtype in table.schema.items() if dtype == pl.Boolean()]
    schema = {**table.schema, **dict.fromkeys(flags, pl.Int64())}
    return pl.DataFrame(rows, schema=schema).cast(dict.fromkeys(flags, pl.Boolean()))


def rewrite(path: Path, frame: pl.DataFrame) -> None:
    """Rewrite the whole file and rename it onto its name."""
    new = path.with_suffix(".new")
    frame.write_parquet(new)
    new.replace(path)


def main() -> None:
    settings = SyncSettings.from_env(os.environ)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    while True:
        try:
            copy_all(settings)
        except mysql.connector.Error:
            time.sleep(0.2)
        time.sleep(0.02)


if __name__ == "__main__":
    main()
