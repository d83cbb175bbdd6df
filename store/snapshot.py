"""What is opened: one consistent state of all tables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.location import SCHEME
from metrics.frames import Frames
from metrics.tables import TABLES
from store.manifest import Run

REPAIR_ADVICE = (
    "`python sync_job.py --verify` finds the file, and the next sync run reads its "
    "rows again. If this store is a copy of the sync job's, copy `blocks` again."
)
"""What to do about a file of the store that is damaged or gone."""
UNREADABLE = f"A file of the store cannot be read. {REPAIR_ADVICE}"


class StoreError(Exception):
    """The store is there and cannot be read; the text names cause and fix."""


@dataclass(frozen=True, slots=True)
class TableInfo:
    """Rows of one table in the store, and the bytes of its files."""

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
    files: Mapping[str, tuple[str, ...]]
    """Where their rows are."""
    demo: bool = False
    """Whether it is a simulated history, which ends when it was made: never late."""
    generation: int | None = None
    """None for a folder of plain files."""
    runs: tuple[Run, ...] = ()
    longest_wait: float | None = None
    """Seconds until a sync run has seen any edit of any row; None where unknown."""
    repeated: Mapping[str, int] = field(default_factory=dict)
    """Rows of plain files that are left out, by table: a later one has their key."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the tables that are not there."""
        return tuple(t.name for t in TABLES if t.name not in self.tables)

    @property
    def incomplete(self) -> frozenset[str]:
        """Names of tables with a file here that is gone, cut or closed to us, unread.

        Object storage is not asked: that takes a request per file.
        """
        return frozenset(
            name
            for name, files in self.files.items()
            if not any(SCHEME in file for file in files)
            and sum(map(_size, files)) != self.tables[name].bytes
        )

    def ends(self, now: datetime) -> datetime:
        """Return where the data ends, which is now at the latest.

        What follows would count as nothing, and a comparison as a fall.
        """
        return min(now, self.data_until or now)

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(info.rows for info in self.tables.values())

    @property
    def bytes(self) -> int:
        """Size of all tables on disk."""
        return sum(info.bytes for info in self.tables.values())


def _size(file: str) -> int:
    """Return the size of a file that can be read, 0 for any other."""
    # Not by `Path`, which takes twice as long: each page asks for every file.
    try:
        found = os.stat(file)  # noqa: PTH116
    except OSError:
        return 0
    is_open = os.access(file, os.R_OK, effective_ids=True)
    return found.st_size if is_open else 0


NOTHING = Snapshot(Frames.empty(), version="", data_until=None, tables={}, files={})
