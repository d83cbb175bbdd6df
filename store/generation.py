"""A generation that the sync job published: blocks, and what the manifest knows."""

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import polars as pl

from core.location import Folder
from metrics.frames import Frames, LazyTables, Period
from metrics.tables import BY_NAME, TIMESTAMP, Table
from store.files import options_of
from store.manifest import Block, Manifest
from store.snapshot import UNREADABLE, Snapshot, StoreError, TableInfo

STATISTICS_OF_ALL = pl.__version__.startswith("2.0.")
"""Polars 2.0, which a cluster's client requires, does not do without the statistics of
any column that a filter names. Later ones do, which takes 2 ms less a scan."""
_COUNT = pl.UInt32()


def open_generation(data_dir: Folder, name: str, manifest: Manifest) -> Snapshot:
    """Open the blocks that a manifest names; `name` is the manifest's own."""
    folder = str(data_dir)
    files = {
        name: tuple(f"{folder}/{block.file}" for block in blocks)
        for name, blocks in manifest.tables.items()
    }

    is_local = isinstance(data_dir, Path)
    looked_at = set[str]()

    def scan(name: str, period: Period | None) -> pl.LazyFrame:
        if is_local and name not in looked_at:
            _refuse_pipes(files.get(name, ()))
            looked_at.add(name)
        return _scan(data_dir, BY_NAME[name], manifest, period)

    def near(period: Period | None) -> Mapping[str, pl.LazyFrame]:
        return LazyTables(BY_NAME, partial(scan, period=period))

    return Snapshot(
        frames=Frames(near(None), near),
        version=name,
        data_until=manifest.snapshot_at,
        tables={
            name: TableInfo(sum(b.rows for b in blocks), sum(b.bytes for b in blocks))
            for name, blocks in manifest.tables.items()
        },
        files=files,
        generation=manifest.generation,
        runs=manifest.runs,
        longest_wait=manifest.longest_wait,
    )


def _refuse_pipes(files: Iterable[str]) -> None:
    """Raise StoreError for what Polars would wait for, or read without an end."""
    for file in files:
        with suppress(OSError):  # that it is gone says who reads it
            # Not by `Path`, which takes twice as long.
            if not stat.S_ISREG(os.stat(file).st_mode):  # noqa: PTH116
                raise StoreError(UNREADABLE)


def _scan(
    folder: Folder, table: Table, manifest: Manifest, period: Period | None
) -> pl.LazyFrame:
    """Scan a table's blocks, or those that have rows of a window."""
    blocks = [
        block
        for block in manifest.tables.get(table.name, ())
        if period is None or _overlaps(block, period)
    ]
    schema = table.numbered_schema
    if not blocks:
        return pl.LazyFrame(schema=schema)
    return pl.scan_parquet(
        [f"{folder}/{block.file}" for block in blocks],
        schema=schema,
        glob=False,  # a folder may be named [live]
        extra_columns="ignore",
        storage_options=options_of(folder),
        # Not public in Polars, but what its readers of Delta and Iceberg tables use.
        _table_statistics=statistics(table, blocks),
    )


def _overlaps(block: Block, period: Period) -> bool:
    if block.min_time is None or block.max_time is None:
        return True
    return block.min_time < period.end and block.max_time >= period.start


def statistics(
    table: Table, blocks: Sequence[Block], *, of_all: bool = STATISTICS_OF_ALL
) -> pl.DataFrame:
    """Return what the manifest knows of each block, in the form that Polars expects.

    A filter on the time then leaves out blocks without opening them. The other columns,
    of which nothing is known, are null, or left out unless `of_all`.
    """
    time = table.time
    spans = pl.DataFrame(
        {
            "len": [block.rows for block in blocks],
            f"{time}_min": [block.min_time for block in blocks],
            f"{time}_max": [block.max_time for block in blocks],
            f"{time}_nc": [0 for _ in blocks],
        },
        schema={"len": _COUNT, **_statistics_of(time, TIMESTAMP)},
    )
    if not of_all:
        return spans
    others = table.numbered_schema.items() - {(time, TIMESTAMP)}
    unknown = [item for column in others for item in _statistics_of(*column).items()]
    return spans.hstack(pl.DataFrame(schema=dict(unknown)).clear(len(blocks)))


def _statistics_of(column: str, dtype: pl.DataType) -> dict[str, pl.DataType]:
    return {f"{column}_min": dtype, f"{column}_max": dtype, f"{column}_nc": _COUNT}
