"""A run of the sync job after 500 new rows, on the manifest of a large store.

    python -m benchmarks.large_sync STORE…

No database here holds 245 million rows. The run is the real one; in place of a database
it asks `Answers`, which says what a server would: the checksums that the manifest
states, and 500 new estimations with 12 new users in the newest block. What is measured
is what a run costs for the size of the store, apart from the server's own work.
"""

import argparse
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex

import polars as pl

from metrics.tables import ESTIMATIONS, TABLES, Blocks, Table
from store.manifest import MANIFESTS, Block, Manifest, Origin
from sync.checksum import Checksum, Form, checksum
from sync.connection import Deadline
from sync.decode import BulkRows
from sync.partitions import Extent, Partition
from sync.plan import DEFAULT
from sync.run import Request, SyncRun
from sync.schema_contract import LiveColumn
from sync.source import Source
from sync.store_writer import Disk, StoreWriter, checksum_of

NEW_ROWS = 500
_ROWS_OF_A_USER = 40
_RUNS = 7
_BEFORE = 6
"""Runs that are not measured: an hour's, whose states are kept."""
_INTERVAL = 600


@dataclass(frozen=True, slots=True)
class Known(BulkRows):
    """Rows that need no decoding."""

    frame: pl.DataFrame

    def rows(self) -> pl.DataFrame:
        """Return them."""
        return self.frame


class Answers(Source):
    """What a server says whose rows are those of a store, and new estimations."""

    def __init__(self, writer: StoreWriter, manifest: Manifest) -> None:
        self._writer, self._tables = writer, manifest.tables
        self._now = manifest.snapshot_at + timedelta(seconds=_INTERVAL)
        self._newest = manifest.tables[ESTIMATIONS.name][-1]
        self._grown = self._with_new_rows()
        self._grown_sum = checksum(ESTIMATIONS, self._grown, Form.PAGES)

    def _with_new_rows(self) -> pl.DataFrame:
        held = self._writer.read(ESTIMATIONS, self._newest)
        held = held.select(ESTIMATIONS.schema.names())
        users = [token_hex(10) + "x" for _ in range(0, NEW_ROWS, _ROWS_OF_A_USER)]
        number = pl.int_range(NEW_ROWS)
        new = held.tail(1).select(
            pl.all().repeat_by(NEW_ROWS).explode(empty_as_null=True)
        )
        ids = pl.Series(users).gather([n // _ROWS_OF_A_USER for n in range(NEW_ROWS)])
        new = new.with_columns(
            pl.col("id") + number + 1, user_id=ids, estimated_at=self._now
        )
        return pl.concat([held, new.cast(ESTIMATIONS.schema)])

    def now(self) -> datetime:
        """Return ten minutes after the state in force."""
        return self._now

    @contextmanager
    def snapshot(self, tables: Sequence[Table]) -> Iterator[datetime]:
        """Yield the time: nothing changes here."""
        del tables
        yield self._now

    def origin(self) -> Origin:
        """Return the same database each time."""
        return Origin("fpp", "large")

    def columns(self, table: Table) -> list[LiveColumn]:
        """Return columns that fit."""
        return [
            LiveColumn(c.name, _live_type(c.dtype), nullable=c.nullable)
            for c in table.columns
        ]

    def engine(self, table: Table) -> str:
        """Return an engine with snapshots."""
        del table
        return "InnoDB"

    def count(self, table: Table) -> int:
        """Return the rows of the store, and the new ones."""
        rows = sum(block.rows for block in self._tables[table.name])
        return rows + NEW_ROWS if table is ESTIMATIONS else rows

    def extent(self, table: Table) -> Extent:
        """Return the first and last position."""
        blocks = self._tables[table.name]
        first, last = (_positions(table, block) for block in (blocks[0], blocks[-1]))
        return Extent(first[0], last[1] + NEW_ROWS * (table is ESTIMATIONS))

    def next_position(self, table: Table, position: int) -> None:
        """Return nothing: every block is known."""
        del table, position

    def checksum(self, table: Table, partition: Partition, form: Form) -> Checksum:
        """Return that of the manifest, or that of the block that has grown."""
        del form
        if table is ESTIMATIONS and partition.key == self._newest.key:
            return self._grown_sum
        blocks = self._tables[table.name]
        return checksum_of(next(b for b in blocks if b.key == partition.key))

    def bulk_rows(self, table: Table, partition: Partition) -> BulkRows:
        """Return the rows of the block that has grown, the only one asked for."""
        if table is not ESTIMATIONS or partition.key != self._newest.key:
            raise ValueError(f"{table.name} {partition.key} has no new rows")
        return Known(table, self._grown_sum, (), self._grown)


def _positions(table: Table, block: Block) -> tuple[int, int]:
    if table.blocks is Blocks.KEY_RANGE:
        return int(block.min_key or 0), int(block.max_key or 0)
    epoch = datetime(1970, 1, 1)
    times = (block.min_time or epoch, block.max_time or epoch)
    first, last = (int((time - epoch).total_seconds()) for time in times)
    return first, last


def _live_type(dtype: pl.DataType) -> str:
    match dtype:
        case pl.Boolean():
            return "tinyint(1)"
        case pl.Datetime():
            return "timestamp"
        case pl.Decimal():
            return f"decimal({dtype.precision},{dtype.scale})"
        case pl.String():
            return "varchar(255)"
        case _:
            return "bigint"


def run(folder: Path) -> tuple[float, float]:
    """Run once; return the seconds without rechecks, and those to tidy up."""
    # As if the run before had been ten minutes ago: the oldest states are removed.
    for path in (folder / MANIFESTS).iterdir():
        os.utime(path, times=(path.stat().st_mtime - _INTERVAL,) * 2)
    writer = StoreWriter(Disk(folder))
    source = Answers(writer, _manifest(folder))
    started = time.perf_counter()
    deadline = Deadline(DEFAULT.run_seconds)
    policy = DEFAULT
    work = SyncRun(TABLES, writer, policy, Request(), deadline, _INTERVAL)
    outcome = work.attempt(source)
    published = time.perf_counter()
    writer.collect_garbage(policy, time.time())
    if outcome.counts.new != NEW_ROWS or outcome.counts.rows != NEW_ROWS:
        raise RuntimeError(f"the run found {outcome.counts}")
    took = published - started - outcome.manifest.runs[-1].recheck_seconds
    return took, time.perf_counter() - published


def _manifest(folder: Path) -> Manifest:
    manifest = StoreWriter(Disk(folder)).current()
    if manifest is None:
        raise SystemExit(f"{folder} has no store")
    return manifest


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stores", type=Path, nargs="+")
    flags = parser.parse_args()
    print("| rows | blocks | ms a run | ms to tidy up |\n| --: | --: | --: | --: |")
    for folder in flags.stores:
        taken = [run(folder) for _ in range(_BEFORE + _RUNS)][_BEFORE:]
        blocks = [b for some in _manifest(folder).tables.values() for b in some]
        took, tidied = (
            1000 * statistics.median(part) for part in zip(*taken, strict=True)
        )
        rows = sum(block.rows for block in blocks)
        print(f"| {rows:,} | {len(blocks):,} | {took:.0f} | {tidied:.0f} |", flush=True)


if __name__ == "__main__":
    main()
