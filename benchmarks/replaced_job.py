"""The replaced job's way to load a table, for comparison.

    python -m benchmarks.replaced_job [--extension]

A dictionary cursor, `fetchall`, a DataFrame from dictionaries, one file written
whole. The replaced job imported the driver after its HTTP client, so that an older
system OpenSSL keeps the C extension from loading; `--extension` loads it first.
"""

import sys

if "--extension" in sys.argv:
    import sync.connection  # noqa: F401  # before `ssl`
import os
import ssl  # noqa: F401  # as every HTTP client does

import mysql.connector
import polars as pl

from core.settings import SyncSettings
from metrics.tables import TABLES


def main() -> None:
    settings = SyncSettings.from_env(os.environ)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
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
    cursor = connection.cursor(dictionary=True)
    for table in TABLES:
        cursor.execute(f"SELECT * FROM {table.name}")  # noqa: S608  # names of our tables
        rows = cursor.fetchall()
        frame = pl.DataFrame(rows, infer_schema_length=None)
        frame.write_parquet(settings.data_dir / table.file_name)
    connection.close()


if __name__ == "__main__":
    main()
