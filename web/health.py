"""The health report for monitors: whether the tables are complete and fresh."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.location import Folder
from metrics.tables import TABLES
from store.reader import Snapshot, StoreError, open_store

LATE_AFTER_SYNCS = 3
UNREADABLE = (
    "The store is damaged, has the format of another version, or is out of reach. The "
    "pages name the reason; `python sync_job.py --rebuild` writes the store again."
)
"""It is public, so the reason itself, which may hold paths, is not in it."""
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the tables are complete and fresh; names nothing but the six tables."""

    present: frozenset[str]
    megabytes: float
    data_until: datetime | None
    age: timedelta | None
    is_late: bool
    longest_wait: float | None = None
    """Seconds until a sync run has seen any edit of any row."""
    is_readable: bool = True

    @property
    def is_complete(self) -> bool:
        """Whether every table is in the store, with all its files."""
        return all(table.name in self.present for table in TABLES)

    def to_json(self) -> dict[str, object]:
        """Return the response of `GET /health`."""
        return {
            "status": "ok" if self.is_complete and not self.is_late else "degraded",
            "components": {
                "parquet_files": {
                    "status": "ok" if self.is_complete else "error",
                    "files": {t.file_name: t.name in self.present for t in TABLES},
                },
                "storage": {"status": "ok", "data_size_mb": self.megabytes}
                if self.is_readable
                else {"status": "error", "data_size_mb": 0.0, "detail": UNREADABLE},
            },
            "data_until": iso(self.data_until),
            "age_seconds": None if self.age is None else int(self.age.total_seconds()),
            "edits_seen_within_seconds": None
            if self.longest_wait is None
            else int(self.longest_wait),
        }


def check(data_dir: Folder, sync_interval: int, now: datetime) -> Health:
    """Look at the store without reading data; an unreadable store has no tables."""
    try:
        return _of(open_store(data_dir), sync_interval, now)
    except (StoreError, OSError):
        return Health(frozenset(), 0.0, None, None, is_late=False, is_readable=False)


def iso(instant: datetime | None) -> str | None:
    """Return a UTC instant as ISO text with its zone."""
    return None if instant is None else instant.replace(tzinfo=UTC).isoformat()


def _of(snapshot: Snapshot, sync_interval: int, now: datetime) -> Health:
    # Our clock may run behind the database's: never report a negative age.
    until = snapshot.data_until
    age = None if until is None else max(now - until, timedelta())
    return Health(
        present=frozenset(snapshot.tables) - snapshot.incomplete,
        megabytes=round(snapshot.bytes / _MEGABYTE, 2),
        data_until=until,
        age=age,
        # As pages and alerts have it: of a demo nothing newer is expected.
        is_late=age is not None
        and not snapshot.demo
        and age > LATE_AFTER_SYNCS * timedelta(seconds=sync_interval),
        longest_wait=snapshot.longest_wait,
    )
