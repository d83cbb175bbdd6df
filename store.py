"""The only reader of Parquet: one generation as six typed LazyFrames.

Reads what the sync job publishes (see `manifest`), or a folder of plain
`fpp_*.parquet` files. A table that is not there is a state, not an error: its
frame is empty and its name stands in `Snapshot.missing`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from bucket import Bucket, Folder
from manifest import CURRENT, MANIFESTS, Block, Manifest, ManifestError, Run
from metrics.frames import Frames, Window
from metrics.numbering import numbered
from metrics.on_demand import OnDemand
from metrics.tables import BY_NAME, TABLES, TIMESTAMP, USER, USER_NUMBER, Table

DEMO_MARKER = "DEMO"
"""A file beside plain Parquet files that says: these data are simulated."""


class StoreError(Exception):
    """The store is there and cannot be read; the text names cause and fix."""


@dataclass(frozen=True, slots=True)
class TableInfo:
    """What the store holds of one table."""

    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One consistent state of all tables; never a mix of two."""

    frames: Frames
    version: str
    """Differs whenever the rows or the time of the data differ."""
    data_until: datetime | None
    """The instant that the rows equal, UTC; None when there are none."""
    tables: Mapping[str, TableInfo]
    """The tables that are there."""
    files: Mapping[str, tuple[Folder, ...]]
    """Where their rows lie."""
    demo: bool = False
    generation: int | None = None
    """None for a folder of plain files."""
    runs: tuple[Run, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the tables that are not there."""
        return tuple(t.name for t in TABLES if t.name not in self.tables)

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(info.rows for info in self.tables.values())

    @property
    def bytes(self) -> int:
        """Size of all tables on disk."""
        return sum(info.bytes for info in self.tables.values())


def current_version(data_dir: Folder) -> str:
    """Return `Snapshot.version` of what is there now, without reading data."""
    try:
        return _text_of(data_dir / CURRENT).strip()
    except FileNotFoundError:
        if isinstance(data_dir, Bucket):
            return ""
        stats = [_plain(data_dir, table).stat() for table in _plain_tables(data_dir)]
        return "/".join(f"{s.st_mtime_ns:x}-{s.st_size:x}" for s in stats)


def open_store(data_dir: Folder) -> Snapshot:
    """Open the newest state of the store.

    Raises StoreError when it is damaged.
    """
    try:
        return _open_newest(data_dir)
    except FileNotFoundError:
        # What was in force a moment ago has been replaced and taken away.
        return _open_again(data_dir)


def ask[Answer](data_dir: Folder, question: Callable[[Snapshot], Answer]) -> Answer:
    """Answer a question from the newest state, never from a mix of two.

    A question that outlives the files of its state starts over once, on the newest.
    """
    try:
        return question(open_store(data_dir))
    except FileNotFoundError:
        return question(open_store(data_dir))


def _open_again(data_dir: Folder) -> Snapshot:
    try:
        return _open_newest(data_dir)
    except FileNotFoundError as error:
        raise StoreError(
            f"{CURRENT} names a manifest that is not there: run "
            "`python sync_job.py --rebuild`"
        ) from error


def _open_newest(data_dir: Folder) -> Snapshot:
    try:
        name = _text_of(data_dir / CURRENT).strip()
    except FileNotFoundError:
        # Object storage holds published states only.
        return _NOTHING if isinstance(data_dir, Bucket) else _open_plain(data_dir)
    except OSError as error:
        raise StoreError(_unreachable(data_dir, error)) from error
    try:
        manifest = Manifest.from_json(_text_of(data_dir / MANIFESTS / name))
    except FileNotFoundError:
        raise
    except (ManifestError, OSError, UnicodeDecodeError) as error:
        raise StoreError(
            f"the store's manifest cannot be read: {error}. "
            "`python sync_job.py --rebuild` writes the store anew"
        ) from error
    return _open_generation(data_dir, name, manifest)


def _open_generation(data_dir: Folder, name: str, manifest: Manifest) -> Snapshot:
    files = {
        name: tuple(data_dir / block.file for block in blocks)
        for name, blocks in manifest.tables.items()
    }

    def near(window: Window | None) -> Mapping[str, pl.LazyFrame]:
        return OnDemand(
            BY_NAME, lambda name: _scan(data_dir, BY_NAME[name], manifest, window)
        )

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
    )


def _scan(
    folder: Folder, table: Table, manifest: Manifest, window: Window | None
) -> pl.LazyFrame:
    """Scan a table's blocks, or those that have rows of a window."""
    blocks = [
        block
        for block in manifest.tables.get(table.name, ())
        if window is None or _overlaps(block, window)
    ]
    schema = table.numbered_schema
    if not blocks:
        return pl.LazyFrame(schema=schema)
    return pl.scan_parquet(
        [str(folder / block.file) for block in blocks],
        schema=schema,
        extra_columns="ignore",
        storage_options=_options(folder),
        # Not public in Polars, but what its readers of Delta and Iceberg tables use.
        _table_statistics=_spans(table, blocks),
    )


def _overlaps(block: Block, window: Window) -> bool:
    if block.min_time is None or block.max_time is None:
        return True
    return block.min_time < window.end and block.max_time >= window.start


def _spans(table: Table, blocks: Sequence[Block]) -> pl.DataFrame:
    """Return what the manifest knows of each block, as Polars wants to be told.

    A filter on the time then leaves out blocks without opening them.
    """
    return pl.DataFrame(
        {
            "len": [block.rows for block in blocks],
            f"{table.time}_min": [block.min_time for block in blocks],
            f"{table.time}_max": [block.max_time for block in blocks],
            f"{table.time}_nc": [0 for _ in blocks],
        },
        schema={
            "len": pl.UInt32,
            f"{table.time}_min": TIMESTAMP,
            f"{table.time}_max": TIMESTAMP,
            f"{table.time}_nc": pl.UInt32,
        },
    )


_NOTHING = Snapshot(Frames.empty(), version="", data_until=None, tables={}, files={})


def _text_of(file: Folder) -> str:
    """Read a small file, wherever it lies; a missing one is a FileNotFoundError."""
    if isinstance(file, Path):
        return file.read_text()
    lines = pl.read_lines(file.url, glob=False, storage_options=_options(file))
    return "\n".join(lines.to_series())


def _options(file: Folder) -> dict[str, str | int] | None:
    if isinstance(file, Path):
        return None
    # Somebody waits for a page: rather say soon that the storage does not answer.
    return {"max_retries": 2, **file.options}


def _unreachable(folder: Folder, error: OSError) -> str:
    if isinstance(folder, Path):
        return f"{CURRENT} cannot be read: {error}"
    return (
        f"{folder} cannot be read ({type(error).__name__}): check that the storage "
        "answers, AWS_ENDPOINT_URL and AWS_REGION, and that the key may read it"
    )


def _open_plain(data_dir: Path) -> Snapshot:
    present = _plain_tables(data_dir)
    frames = {
        t.name: _scan_plain(_plain(data_dir, t), t)
        if t in present
        else pl.LazyFrame(schema=t.schema)
        for t in TABLES
    }
    stats = {t.name: _plain(data_dir, t).stat() for t in present}
    oldest = min((s.st_mtime for s in stats.values()), default=None)
    return Snapshot(
        frames=numbered(frames),
        version=current_version(data_dir),
        data_until=None if oldest is None else _utc(oldest),
        tables={
            name: TableInfo(rows, stats[name].st_size)
            for name, rows in _rows(data_dir, present).items()
        },
        files={t.name: (_plain(data_dir, t),) for t in present},
        demo=(data_dir / DEMO_MARKER).exists(),
    )


def _utc(mtime: float) -> datetime:
    return datetime.fromtimestamp(int(mtime), UTC).replace(tzinfo=None)


def _plain(data_dir: Path, table: Table) -> Path:
    return data_dir / table.file_name


def _plain_tables(data_dir: Path) -> list[Table]:
    return [table for table in TABLES if _plain(data_dir, table).is_file()]


def _rows(data_dir: Path, tables: list[Table]) -> dict[str, int]:
    """Read the numbers of rows from the files' footers."""
    plans = [pl.scan_parquet(_plain(data_dir, t)).select(pl.len()) for t in tables]
    counts = pl.collect_all(plans)
    return {t.name: n.item() for t, n in zip(tables, counts, strict=True)}


def _unreadable(path: Path, error: Exception) -> StoreError:
    return StoreError(
        f"{path.name} is not a readable Parquet file: {error}. Put a whole copy "
        "there, or let the sync job write the store"
    )


def _scan_plain(path: Path, table: Table) -> pl.LazyFrame:
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
            + f". It holds: {', '.join(repr(name) for name in found)}"
        )
    # A simulated history brings people's numbers along.
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
