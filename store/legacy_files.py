"""A folder of plain `fpp_*.parquet` files, as the older job wrote them.

What is read is a copy of each state of the folder, made as part of opening it: the
older job wrote over its files. Metrics count numbers of users, so files without numbers
are rewritten in the copy: numbered, each key once, in order of time, uncompressed.
"""

import atexit
import errno
import logging
import os
import re
import shutil
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from threading import Lock

import polars as pl

from metrics.frames import Frames
from metrics.numbering import brings_numbers, numbered
from metrics.sentences import counted, some_of
from metrics.tables import BY_NAME, TABLES, USER, USER_NUMBER, Table
from store.engine import DAMAGED
from store.files import unreachable
from store.snapshot import Snapshot, StoreError, TableInfo

DEMO_MARKER = "DEMO"
"""A file beside plain Parquet files that says: this data is simulated."""
# Small enough for a period of days to leave out most of a table.
_ROW_GROUP = 65_536
_KEPT = 2
_PREFIX = "fpp-numbered-"
_MOMENT, _MOMENTS = 0.1, 20
"""Seconds after which a file that is being written is another, and how often they are
waited for."""
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_GAVE_UP = "called `Result::unwrap()`"
_COUNT = re.compile(r" for \d+ out of \d+ values")
_log = logging.getLogger(__name__)


def open_folder(data_dir: Path) -> Snapshot:
    """Open the files that are there; their ids get numbers as they are read.

    The older job wrote them in place: while it does, they are waited for.
    """
    for _ in range(_MOMENTS):
        state = version(data_dir)
        try:
            return _open_state(data_dir, state)
        except StoreError:
            time.sleep(_MOMENT)
            # What is damaged stays as it is.
            if version(data_dir) == state:
                raise
    return _open_state(data_dir, version(data_dir))


def _open_state(data_dir: Path, state: str) -> Snapshot:
    """Open one state of the files; StoreError where they are another meanwhile."""
    demo = (data_dir / DEMO_MARKER).exists()
    # Six footers take as long to read as all that a small page computes.
    opened = _opened.get(data_dir)
    if (
        opened is None
        or (opened.version, opened.demo) != (state, demo)
        or _copies.lost(data_dir, state)
    ):
        opened = _open(data_dir, state, demo=demo)
        if version(data_dir) != state:
            raise StoreError("The files are being written. Try again in a moment.")
        _opened[data_dir] = opened
    return opened


def _open(data_dir: Path, state: str, *, demo: bool) -> Snapshot:
    present = _present(data_dir)
    stats = {t.name: _file(data_dir, t).stat() for t in present}
    oldest = min((s.st_mtime for s in stats.values()), default=None)
    folder, frames, repeated = (
        _copies.of(data_dir, state, present)
        if present
        else (data_dir, numbered(_scanned(data_dir, [])), {})
    )
    return Snapshot(
        frames=frames,
        version=state,
        data_until=None if oldest is None else _utc(oldest),
        tables={
            name: TableInfo(rows, stats[name].st_size)
            for name, rows in _rows(folder, present).items()
        },
        files={t.name: (str(_file(data_dir, t)),) for t in present},
        demo=demo,
        repeated=repeated,
    )


def version(data_dir: Path) -> str:
    """Return `Snapshot.version` of the files that are there."""
    stats = {t.name: _file(data_dir, t).stat() for t in _present(data_dir)}
    return "/".join(
        f"{name}-{s.st_mtime_ns:x}-{s.st_size:x}" for name, s in stats.items()
    )


def _utc(mtime: float) -> datetime:
    return datetime.fromtimestamp(int(mtime), UTC).replace(tzinfo=None)


def _file(data_dir: Path, table: Table) -> Path:
    return data_dir / table.file_name


def _present(data_dir: Path) -> list[Table]:
    return [table for table in TABLES if _file(data_dir, table).is_file()]


def _scanned(folder: Path, tables: Sequence[Table]) -> dict[str, pl.LazyFrame]:
    """Scan these tables' files; the other tables are empty."""
    return {
        t.name: scan_plain(_file(folder, t), t)
        if t in tables
        else pl.LazyFrame(schema=t.schema)
        for t in TABLES
    }


def _each_once(
    frames: Mapping[str, pl.LazyFrame],
) -> tuple[dict[str, pl.LazyFrame], dict[str, int]]:
    """Return frames with the last row of each key, and how many others there are.

    The live database has each key once. Where rows were appended to a file again, the
    later one is the newer one.
    """
    keys = {name: pl.col(BY_NAME[name].key) for name in frames}
    plans = [
        frame.select(keys[name].drop_nulls().len() - keys[name].drop_nulls().n_unique())
        for name, frame in frames.items()
    ]
    try:
        counts = [found.item() for found in _collected(plans)]
    except StoreError:
        _refuse_unreadable(frames)
        raise
    repeated = {n: rows for n, rows in zip(frames, counts, strict=True) if rows}
    once = {
        name: frames[name].filter(keys[name].is_null() | keys[name].is_last_distinct())
        for name in repeated
    }
    return {**frames, **once}, repeated


def _rows(data_dir: Path, tables: Sequence[Table]) -> dict[str, int]:
    """Read the numbers of rows from the files' footers."""
    plans = [
        pl.scan_parquet(_file(data_dir, t), glob=False).select(pl.len()) for t in tables
    ]
    counts = _collected(plans)
    return {t.name: n.item() for t, n in zip(tables, counts, strict=True)}


def _collected(plans: Sequence[pl.LazyFrame]) -> list[pl.DataFrame]:
    """Execute plans over files; StoreError where one is cut off by now."""
    try:
        return pl.collect_all(plans)
    except FileNotFoundError:
        raise
    except _UNREADABLE as error:
        said = _with_reason("A file of the store cannot be read", error)
        raise StoreError(f"{said}. {_REMEDY}") from error


_REMEDY = "Put a whole copy there, or let the sync job write the store."
_UNREADABLE = OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException


def _with_reason(said: str, error: BaseException) -> str:
    """Add why a file cannot be read, unless it is damaged: that is all there is to say.

    What Polars says of damage ("must end with PAR1 or PARE") is for the log, as is that
    it gave up: it expects no file that becomes shorter.
    """
    # What follows is the plan; how many rows a thread had is not asked.
    reason = _COUNT.sub("", str(error).partition("\n")[0])
    says_how = isinstance(error, pl.exceptions.PolarsError)
    if says_how and not reason.startswith((DAMAGED, _GAVE_UP)):
        return f"{said}: {reason}"
    _log.warning("%s: %s", said, reason)
    return said


def _refuse_unreadable(frames: Mapping[str, pl.LazyFrame]) -> None:
    """Raise StoreError for a file whose pages are damaged or whose values do not fit.

    Its footer, which is read when it is opened, tells neither.
    """
    for name, frame in frames.items():
        for column in frame.collect_schema():
            try:
                frame.select(pl.col(column).max()).collect()
            except FileNotFoundError:
                raise
            except _UNREADABLE as error:
                said = f"Column {column!r} of {BY_NAME[name].file_name} cannot be read"
                raise StoreError(f"{_with_reason(said, error)}. {_REMEDY}") from error


def scan_plain(path: Path, table: Table) -> pl.LazyFrame:
    """Scan a file of the older job: other integer widths, older names, Null types."""
    frame = pl.scan_parquet(path, glob=False)
    found = _schema_of(frame, path)
    names = {
        old: new
        for old, new in table.aliases.items()
        if old in found and new not in found
    }
    held = {names.get(name, name): dtype for name, dtype in found.items()}
    lacking = [c.name for c in table.columns if c.name not in held and not c.nullable]
    if lacking:
        raise StoreError(
            f"{path.name} lacks {counted(len(lacking), 'column')}: "
            f"{', '.join(map(repr, lacking))}. It has: {some_of(map(repr, found))}. "
            f"{_REMEDY}"
        )
    _refuse_other_types(path, held, table)
    # A simulated history has user numbers already.
    brought = {USER: USER_NUMBER} if table.user_id and USER in held else {}
    return frame.rename(names).select(
        (
            _typed(name, held[name], dtype) if name in held else pl.lit(None, dtype)
        ).alias(name)
        for name, dtype in {**table.schema, **brought}.items()
    )


def _schema_of(frame: pl.LazyFrame, path: Path) -> pl.Schema:
    """Return what the footer says; StoreError unless the file is merely missing."""
    try:
        return frame.collect_schema()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreError(unreachable(path, error)) from error
    except pl.exceptions.PolarsError as error:
        said = f"{path.name} is not a readable Parquet file"
        raise StoreError(f"{_with_reason(said, error)}. {_REMEDY}") from error


def _refuse_other_types(
    path: Path, held: Mapping[str, pl.DataType], table: Table
) -> None:
    """Raise StoreError for columns that cannot be read as those of the table."""
    wrong = [
        f"{name!r} is {_kind(held[name])} instead of {_kind(dtype)}"
        for name, dtype in table.schema.items()
        if name in held and not _fits(held[name], dtype)
    ]
    if wrong:
        raise StoreError(
            f"{counted(len(wrong), 'column')} of another type in {path.name}: "
            f"{', '.join(wrong)}. {_REMEDY}"
        )


def _fits(held: pl.DataType, wanted: pl.DataType) -> bool:
    """Return whether values of a type can be read as those of another."""
    if held in {wanted, pl.Null}:
        return True
    if wanted.is_numeric() or wanted == pl.Boolean:
        return held.is_numeric() or held == pl.Boolean
    if wanted.is_temporal():
        return held == pl.Date or isinstance(held, pl.Datetime)
    return isinstance(held, (pl.String, pl.Categorical, pl.Enum))


def _kind(dtype: pl.DataType) -> str:
    """Return what values of a type are, in words."""
    if dtype.is_numeric():
        return "a number"
    match dtype:
        case pl.String() | pl.Categorical() | pl.Enum():
            return "text"
        case pl.Boolean():
            return "a flag"
        case pl.Datetime() | pl.Date():
            return "a date"
        case _:
            return f"of type {type(dtype).__name__.lower()}"


def _typed(name: str, held: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(held, pl.Datetime) and held.time_zone is not None:
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return column if held == wanted else column.cast(wanted)


@dataclass(frozen=True, slots=True)
class _Copy:
    """One state of a folder, in files that no other program writes."""

    state: str
    folder: Path
    files: Path
    """The folder in it with the files that are read."""
    frames: Frames
    names: frozenset[str]
    """Of the files."""
    repeated: Mapping[str, int]

    def is_whole(self) -> bool:
        """Return whether its files are there still; systems tidy temporary folders."""
        return all((self.files / name).is_file() for name in self.names)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class _Copies:
    """The copies of the newest states of each folder.

    Numbering takes as long as several questions, and each question would repeat it.
    Polars maps what it reads into memory: a file that is written over meanwhile, as
    `cp` and the older job do, would end the process (SIGBUS).
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_folder = defaultdict[Path, list[_Copy]](list)
        self._failed = dict[Path, tuple[str, str]]()
        """The state that could not be copied, and what is wrong with it, if anything.

        Trying costs seconds, so not again.
        """
        atexit.register(self.remove_all)

    def of(
        self, folder: Path, state: str, tables: Sequence[Table]
    ) -> tuple[Path, Frames, Mapping[str, int]]:
        """Return the frames of this state, and the folder that they are read from.

        And how many rows of which tables were left out (see `_each_once`). Others wait
        while one caller copies.

        Raises StoreError where the files cannot be read.
        """
        with self._lock:
            copies = self._by_folder[folder]
            for lost in [c for c in copies if not c.is_whole()]:
                lost.remove()
                copies.remove(lost)
            copy = next((c for c in copies if c.state == state), None)
            failed, wrong = self._failed.get(folder, ("", ""))
            if failed == state and wrong:
                raise StoreError(wrong)
            if copy is None and failed != state:
                try:
                    copy = _copy(folder, state, tables)
                except StoreError as error:
                    self._failed[folder] = state, str(error)
                    raise
                if copy is None:
                    self._failed[folder] = state, ""
                else:
                    copies.append(copy)
                # A question that is under way may still read the state before.
                for former in copies[:-_KEPT]:
                    former.remove()
                del copies[:-_KEPT]
        if copy is None:
            frames, repeated = _each_once(_scanned(folder, tables))
            return folder, numbered(frames), repeated
        return copy.files, copy.frames, copy.repeated

    def lost(self, folder: Path, state: str) -> bool:
        """Return whether this state was copied and files of the copy are gone."""
        copies = tuple(self._by_folder.get(folder, ()))
        return any(c.state == state and not c.is_whole() for c in copies)

    def remove_all(self) -> None:
        """Remove the copies of all folders."""
        for copies in self._by_folder.values():
            for copy in copies:
                copy.remove()


def _copy(data_dir: Path, state: str, tables: Sequence[Table]) -> _Copy | None:
    """Write the copy; return None, with a warning, where that is not possible.

    Raises StoreError where the files cannot be read.
    """
    try:
        _remove_abandoned()
        folder = Path(mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    except OSError as error:
        _warn(error)
        return None
    try:
        files, frames, repeated = _filled(folder, data_dir, tables)
        names = frozenset(path.name for path in files.iterdir())
        return _Copy(state, folder, files, frames, names, repeated)
    except (StoreError, *_UNREADABLE) as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, (StoreError, FileNotFoundError)):
            raise
        _warn(error)
        return None


def _filled(
    folder: Path, data_dir: Path, tables: Sequence[Table]
) -> tuple[Path, Frames, Mapping[str, int]]:
    """Fill the folder of a copy; return where its files are, and their frames.

    And what was left out, of files without numbers: those of a simulated history are
    as they should be.
    """
    plain = folder / "plain"
    plain.mkdir()
    for table in tables:
        _copy_file(_file(data_dir, table), plain)
    frames = _scanned(plain, tables)
    if brings_numbers(frames):
        return plain, numbered(frames), {}
    frames, repeated = _each_once(frames)
    try:
        for name, frame in numbered(frames).by_name.items():
            table = BY_NAME[name]
            frame.sort(table.time, maintain_order=True).sink_parquet(
                folder / table.file_name,
                compression="uncompressed",
                statistics="full",
                row_group_size=_ROW_GROUP,
            )
    except _UNREADABLE:
        _refuse_unreadable(frames)
        raise
    shutil.rmtree(plain)
    files = {t.name: folder / t.file_name for t in TABLES}
    copied = {name: pl.scan_parquet(file, glob=False) for name, file in files.items()}
    return folder, numbered(copied), repeated


def _copy_file(path: Path, folder: Path) -> None:
    """Copy a file; raise StoreError where it may not be read, unless it is missing."""
    try:
        shutil.copyfile(path, folder / path.name)
    except FileNotFoundError:
        raise
    except OSError as error:
        # Of a full disk Python names the file that is read, too.
        if error.errno in _NO_ROOM or Path(error.filename or "") != path:
            raise
        raise StoreError(unreachable(path, error)) from error


def _remove_abandoned() -> None:
    """Remove copies of processes that were killed."""
    for path in Path(gettempdir()).glob(f"{_PREFIX}*"):
        process = path.name.removeprefix(_PREFIX).partition("-")[0]
        if process.isdecimal() and not _runs(int(process)):
            shutil.rmtree(path, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # of another user
    return True


def _warn(error: BaseException) -> None:
    _log.warning(
        "Cannot write numbered copies of the plain files (%s). Each query numbers "
        "the users itself, which is slower. Set TMPDIR to a folder with free space.",
        error,
    )


def remove_copies() -> None:
    """Remove all copies: a process that a signal ends skips what `atexit` has."""
    _copies.remove_all()


_copies = _Copies()
_opened: dict[Path, Snapshot] = {}
"""The newest state of each folder, as it was opened."""
