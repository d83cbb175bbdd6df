"""A folder of plain `fpp_*.parquet` files, as the older job wrote them."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from metrics.numbering import numbered
from metrics.tables import TABLES, USER, USER_NUMBER, Table
from store.snapshot import Snapshot, StoreError, TableInfo

DEMO_MARKER = "DEMO"
"""A file beside plain Parquet files that says: these data are simulated."""


def open_folder(data_dir: Path) -> Snapshot:
    """Open the files that are there; their ids get numbers as they are read."""
    present = _present(data_dir)
    frames = {
        t.name: scan_plain(_file(data_dir, t), t)
        if t in present
        else pl.LazyFrame(schema=t.schema)
        for t in TABLES
    }
    stats = {t.name: _file(data_dir, t).stat() for t in present}
    oldest = min((s.st_mtime for s in stats.values()), default=None)
    return Snapshot(
        frames=numbered(frames),
        version=version(data_dir),
        data_until=None if oldest is None else _utc(oldest),
        tables={
            name: TableInfo(rows, stats[name].st_size)
            for name, rows in _rows(data_dir, present).items()
        },
        files={t.name: (str(_file(data_dir, t)),) for t in present},
        demo=(data_dir / DEMO_MARKER).exists(),
    )


def version(data_dir: Path) -> str:
    """Return `Snapshot.version` of the files that are there."""
    stats = [_file(data_dir, table).stat() for table in _present(data_dir)]
    return "/".join(f"{s.st_mtime_ns:x}-{s.st_size:x}" for s in stats)


def _utc(mtime: float) -> datetime:
    return datetime.fromtimestamp(int(mtime), UTC).replace(tzinfo=None)


def _file(data_dir: Path, table: Table) -> Path:
    return data_dir / table.file_name


def _present(data_dir: Path) -> list[Table]:
    return [table for table in TABLES if _file(data_dir, table).is_file()]


def _rows(data_dir: Path, tables: list[Table]) -> dict[str, int]:
    """Read the numbers of rows from the files' footers."""
    plans = [pl.scan_parquet(_file(data_dir, t)).select(pl.len()) for t in tables]
    counts = pl.collect_all(plans)
    return {t.name: n.item() for t, n in zip(tables, counts, strict=True)}


def _unreadable(path: Path, error: Exception) -> StoreError:
    return StoreError(
        f"{path.name} is not a readable Parquet file: {error}. Put a whole copy "
        "there, or let the sync job write the store"
    )


def scan_plain(path: Path, table: Table) -> pl.LazyFrame:
    """Scan a file of the older job: other integer widths, older names, Null types."""
    frame = pl.scan_parquet(path)
    try:
        found = frame.collect_schema()
    except FileNotFoundError:
        raise
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(path, error) from error
    names = {
        old: new
        for old, new in table.aliases.items()
        if old in found and new not in found
    }
    frame = frame.rename(names)
    held = {names.get(name, name): dtype for name, dtype in found.items()}
    lacking = [c.name for c in table.columns if c.name not in held and not c.nullable]
    if lacking:
        raise StoreError(
            f"{len(lacking)} missing columns in {path.name}: "
            + ", ".join(repr(name) for name in lacking)
            + f". It has: {', '.join(repr(name) for name in found)}"
        )
    # A simulated history has user numbers already.
    brought = {USER: USER_NUMBER} if table.user_id and USER in held else {}
    return frame.select(
        (
            _typed(name, held[name], dtype) if name in held else pl.lit(None, dtype)
        ).alias(name)
        for name, dtype in {**table.schema, **brought}.items()
    )


def _typed(name: str, held: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(held, pl.Datetime) and held.time_zone is not None:
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return column if held == wanted else column.cast(wanted)
