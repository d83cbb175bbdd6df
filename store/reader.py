"""The only reader of Parquet: one generation as six typed LazyFrames.

Reads what the sync job publishes (see `manifest`), or a folder of plain
`fpp_*.parquet` files. A missing table is no error: its frame is empty, and
`Snapshot.missing` names it.
"""

import errno
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from core.location import Bucket, Folder
from metrics import growth
from metrics.constants import START_DATE
from metrics.frames import Frames, Period
from metrics.time_zone import UTC_ZONE, to_local
from store import engine, legacy_files
from store.files import text_of, unreachable
from store.generation import open_generation
from store.legacy_files import DEMO_MARKER
from store.manifest import CURRENT, MANIFESTS, Manifest, ManifestError, name_in
from store.snapshot import NOTHING, REPAIR_ADVICE, Snapshot, StoreError

__all__ = [
    "DEMO_MARKER",
    "Snapshot",
    "StoreError",
    "beginning",
    "begins_within",
    "current_version",
    "later_begins",
    "open_store",
    "run_query",
    "without_bots",
]


LATER = timedelta(weeks=4)
"""How much later a table has to begin than the first one for the days before it to be
unknown."""
# Version of a store whose CURRENT is no text; it changes once that is repaired.
_UNREADABLE = "unreadable"
_REBUILD = "`python sync_job.py --rebuild` to write the store again."
# A pipe, a folder or a ring of links in the place of a file, or a file in that of a
# folder: nothing is wrong with the disk.
_NO_FILE = {errno.EINVAL, errno.EISDIR, errno.ELOOP, errno.ENOTDIR}


def current_version(data_dir: Folder) -> str:
    """Return `Snapshot.version` of what is there now, without reading data."""
    try:
        return text_of(data_dir / CURRENT).strip() or _UNREADABLE
    except FileNotFoundError:
        return "" if isinstance(data_dir, Bucket) else legacy_files.version(data_dir)
    except UnicodeDecodeError:
        return _UNREADABLE


def open_store(data_dir: Folder) -> Snapshot:
    """Open the newest state of the store.

    Raises StoreError when it is damaged.
    """
    try:
        return _open_newest(data_dir)
    except FileNotFoundError:
        # What was in force a moment ago has been replaced and taken away.
        return _open_again(data_dir)


def run_query[Answer](data_dir: Folder, query: Callable[[Snapshot], Answer]) -> Answer:
    """Run a query on the newest state, never on a mix of two.

    A query that outlives the files of its state starts over once, on the newest.
    Raises StoreError when files of that one are gone as well.
    """
    try:
        return query(open_store(data_dir))
    except FileNotFoundError:
        newest = open_store(data_dir)
    try:
        return query(newest)
    except FileNotFoundError as error:
        raise StoreError(f"A file of the store is gone. {REPAIR_ADVICE}") from error


def _open_again(data_dir: Folder) -> Snapshot:
    try:
        return _open_newest(data_dir)
    except FileNotFoundError as error:
        # Replaced between the two reads once; twice in a moment, it is lost.
        raise StoreError(
            f"{CURRENT} names a manifest that is missing. If this store is a copy of "
            f"the sync job's, copy `{MANIFESTS}` again; else run {_REBUILD}"
        ) from error


def _open_newest(data_dir: Folder) -> Snapshot:
    try:
        name = _read(data_dir / CURRENT, name_in)
    except FileNotFoundError:
        name = None
    # Outside of the handler: reports of a damaged file would begin with this one.
    if name is None:
        # Object storage has published states only.
        if isinstance(data_dir, Bucket):
            return NOTHING
        return legacy_files.open_folder(data_dir)
    manifest = _read(data_dir / MANIFESTS / name, Manifest.from_json)
    return open_generation(data_dir, name, manifest)


def _read[T](file: Folder, parse: Callable[[str], T]) -> T:
    """Return what a file says; StoreError unless it is merely missing."""
    try:
        return parse(text_of(file))
    except FileNotFoundError:
        raise
    except (ManifestError, UnicodeDecodeError) as error:
        raise StoreError(
            f"The store's manifest cannot be read: {error}. Run {_REBUILD}"
        ) from error
    except OSError as error:
        if error.errno in _NO_FILE:
            raise StoreError(
                f"{file.name} cannot be read: {error.strerror}. Run {_REBUILD}"
            ) from error
        raise StoreError(unreachable(file, error)) from error


def without_bots(snapshot: Snapshot) -> Frames:
    """Return a snapshot's rows without the bots, who are looked up first."""
    # Known ids filter each scan; as a join, every plan would search for bots itself.
    bots = engine.collect(snapshot.frames.bots, snapshot.rows)
    return snapshot.frames.without(bots.to_series())


def beginning(snapshot: Snapshot, zone: ZoneInfo) -> tuple[date, int]:
    """Return the day on which the data begins in earnest, and the rows before it.

    The day is the one of the zone; see `growth.beginning`.
    """
    found = engine.collect(growth.beginning(snapshot.frames), snapshot.rows)
    first = _first_day(snapshot, found, zone)
    return first or START_DATE, int(found["older_rows"].item())


def _first_day(snapshot: Snapshot, found: pl.DataFrame, zone: ZoneInfo) -> date | None:
    """Return the zone's day of the first row, from the row of `growth.beginning`.

    A store without rows has none.
    """
    day: date | None = found["first_day"].item()
    if day is None or zone == UTC_ZONE:
        return day
    # A day of UTC is parts of two days elsewhere: only its first row says which.
    row = engine.collect(growth.first_row(snapshot.frames, day), snapshot.rows)
    return to_local(row.item(), zone).date()


def begins_within(snapshot: Snapshot, comparison: Period) -> date | None:
    """Return the day on which the data begins, where a comparison begins no later.

    What is compared with days before the data would rise from nothing, and the first
    day of the data may be there in part.
    """
    # Reading all rows takes seconds; to find one row of the year before, hardly any.
    earlier = growth.year_before(snapshot.frames, comparison.start)
    if not engine.collect(earlier, snapshot.rows).is_empty():
        return None
    found = engine.collect(growth.beginning(snapshot.frames), snapshot.rows)
    first = _first_day(snapshot, found, comparison.zone)
    return first if first and comparison.first_day <= first else None


def later_begins(snapshot: Snapshot, reach: Period) -> Mapping[str, date]:
    """Return the live tables that begin weeks after others, and on which day.

    Only those that are not known to begin before a reach. A young product's first vote
    follows its first visitor after some days on which there was none: that is 0. A
    table that begins months later was not kept before, and nothing is known. A table
    that cannot be read is for the page to name, if it needs it.
    """
    try:
        return _later_begins(snapshot, reach)
    except (StoreError, FileNotFoundError):
        return {}


def _later_begins(snapshot: Snapshot, reach: Period) -> Mapping[str, date]:
    old = engine.collect(growth.old_rows(snapshot.frames), snapshot.rows)
    begun = {table for table, at in old.iter_rows() if at < reach.start}
    # To find the first row, all are read: hardly ever.
    if {name for name, info in snapshot.tables.items() if info.rows} <= begun:
        return {}
    found = engine.collect(growth.first_rows(snapshot.frames), snapshot.rows)
    first = dict(found.select("table", "at").iter_rows())
    earliest = min(first.values(), default=reach.start)
    # Four weeks after the earliest there may be no date.
    late = {
        name: at
        for name, at in first.items()
        if at >= reach.start and at - earliest >= LATER
    }
    if late:
        # The earliest may be a stray row, which is no beginning.
        days = engine.collect(growth.beginning(snapshot.frames), snapshot.rows)
        begin = datetime.combine(days["first_day"].item(), time.min)
        late = {n: at for n, at in late.items() if at - begin >= LATER}
    return {name: to_local(at, reach.zone).date() for name, at in late.items()}
