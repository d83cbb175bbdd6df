"""Stores at several scales, written by the real sync job and kept in a folder.

    python -m benchmarks.stores FOLDER --scales 1 10 100

FOLDER/<scale> is a DATA_DIR. Data is drawn, loaded into a private MariaDB server,
and copied from there by `sync_job.py`. A store that is there is used again; `--again`
writes it again, as a change of the store's files asks for.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from mysql.connector.connection import MySQLConnection

from benchmarks.sync_first_load import SERVER_MB, environment
from core import clock
from metrics.tables import BY_NAME, Table
from simulation.scaled import simulate
from store.manifest import CURRENT
from testkit.database_servers import LiveDatabase, running_server
from testkit.measurement import measure

SCALES = (1, 10, 100)
_LOAD = """
LOAD DATA INFILE '{file}' INTO TABLE `{table}`
FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' ({columns})
"""


def stores(
    folder: Path, scales: Sequence[int], *, again: bool = False
) -> dict[int, Path]:
    """Return the DATA_DIR of each scale, writing those that are not there."""
    kept = {scale: folder / str(scale) for scale in scales}
    for scale, path in kept.items():
        if again:
            shutil.rmtree(path, ignore_errors=True)
        if not (path / CURRENT).exists():
            write(path, scale)
    return kept


def write(folder: Path, scale: int) -> None:
    """Draw the data, load them into a server, and let the sync job copy them."""
    with running_server(memory_mb=SERVER_MB) as server:
        database = server.create_database()
        started = time.perf_counter()
        rows = fill(database, scale)
        print(f"{scale}x: {rows:,} rows in MariaDB", _since(started), flush=True)
        taken = measure(environment(database, folder), "sync_job.py")
    print(f"{scale}x: sync job {taken.seconds:.0f} s, {taken.peak_mb:.0f} MB")


def fill(database: LiveDatabase, scale: int) -> int:
    """Load the six tables; return how many rows they have."""
    rows = 0
    tables = simulate(scale, clock.now())
    with tempfile.TemporaryDirectory() as folder, _quick(database) as connection:
        for name in [*tables]:
            frame = tables.pop(name)
            rows += frame.height
            _load(connection, BY_NAME[name], frame, Path(folder) / "rows.csv")
    return rows


@contextmanager
def _quick(database: LiveDatabase) -> Iterator[MySQLConnection]:
    """Open a connection that leaves out the checks that drawn rows pass anyway."""
    connection = database.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET unique_checks = 0, foreign_key_checks = 0")
        yield connection
    finally:
        connection.close()


def _load(
    connection: MySQLConnection, table: Table, frame: pl.DataFrame, file: Path
) -> None:
    """Load rows in the order of their keys, which is how InnoDB keeps them."""
    flags = [name for name, dtype in table.schema.items() if dtype == pl.Boolean()]
    frame.sort(table.key).with_columns(pl.col(flags).cast(pl.Int8)).write_csv(
        file,
        include_header=False,
        null_value="\\N",
        datetime_format="%Y-%m-%d %H:%M:%S",
    )
    columns = ", ".join(f"`{name}`" for name in table.schema)
    with connection.cursor() as cursor:
        cursor.execute(_LOAD.format(file=file, table=table.name, columns=columns))
    file.unlink()


def _since(started: float) -> str:
    return f"after {time.perf_counter() - started:.0f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scales", type=int, nargs="+", default=SCALES)
    parser.add_argument("--again", action="store_true", help="write them again")
    flags = parser.parse_args()
    stores(flags.folder, flags.scales, again=flags.again)


if __name__ == "__main__":
    main()
