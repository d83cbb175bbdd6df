"""A store of given rows, in the sync job's own files, without a database."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import polars as pl

from metrics.tables import BY_NAME, TABLES, Blocks, Table
from store.legacy_files import scan_plain
from store.manifest import Block, Manifest
from sync.checksum import Form, checksum
from sync.partitions import partition_at
from sync.store_writer import Disk, StoreWriter
from sync.user_ids import UserIds
from testkit.database_servers import GOLDEN


def golden() -> dict[str, pl.DataFrame]:
    """Return the rows of the golden data, by table."""
    return {t.name: scan_plain(GOLDEN / t.file_name, t).collect() for t in TABLES}


def publish(
    folder: Path,
    rows: Mapping[str, pl.DataFrame],
    at: datetime,
    block_rows: int = 65_536,
) -> Manifest:
    """Write and publish tables (live columns, by name) as they were at a time."""
    writer = StoreWriter(Disk(folder))
    user_ids = UserIds(writer, ())
    tables = {
        name: tuple(_blocks(writer, user_ids, BY_NAME[name], frame, block_rows))
        for name, frame in rows.items()
    }
    manifest = Manifest(1, 1, at, tables, user_ids=user_ids.publish())
    writer.publish(manifest)
    return manifest


def _blocks(
    writer: StoreWriter,
    user_ids: UserIds,
    table: Table,
    frame: pl.DataFrame,
    block_rows: int,
) -> Iterator[Block]:
    block = frame.select(_block(table, block_rows)).to_series()
    for value in block.unique(maintain_order=True):
        rows = frame.filter(block == value).sort(table.key)
        place = int(rows.select(_place(table)).item(0, 0))
        partition = partition_at(table, place, block_rows)
        by_key = table.blocks is Blocks.KEY_RANGE
        proof = checksum(table, rows, Form.PAGES if by_key else Form.ROWS)
        yield writer.write(table, partition, user_ids.numbered(table, rows), proof)


def _block(table: Table, block_rows: int) -> pl.Expr:
    """Return what the rows of a block share."""
    if table.blocks is Blocks.QUARTER:
        return pl.col(table.time).dt.truncate("1q")
    return _place(table) // block_rows


def _place(table: Table) -> pl.Expr:
    """Return where the sync job puts a row."""
    match table.blocks:
        case Blocks.WHOLE:
            return pl.zeros(pl.len(), dtype=pl.Int64, eager=False)
        case Blocks.QUARTER:
            return pl.col(table.time).dt.epoch("s")
        case Blocks.KEY_RANGE:
            return pl.col(table.key)
