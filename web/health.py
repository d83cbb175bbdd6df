"""What a monitor may know: whether the tables are there, and how old they are."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.location import Folder
from metrics.tables import TABLES
from store.reader import Snapshot, StoreError, open_store

STALE_AFTER_SYNCS = 3
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Health:
    """Whether tables are there and fresh; names nothing but the six tables."""

    present: frozenset[str]
    megabytes: float
    data_until: datetime | None
    age: timedelta | None
    is_stale: bool

    @property
    def is_complete(self) -> bool:
        """Whether every table is there."""
        return all(table.name in self.present for table in TABLES)

    def to_json(self) -> dict[str, object]:
        """Return the answer of `GET /health`."""
        return {
            "status": "ok" if self.is_complete and not self.is_stale else "degraded",
            "components": {
                "parquet_files": {
                    "status": "ok" if self.is_complete else "error",
                    "files": {t.file_name: t.name in self.present for t in TABLES},
                },
                "storage": {"status": "ok", "data_size_mb": self.megabytes},
            },
            "data_until": iso(self.data_until),
            "age_seconds": None if self.age is None else int(self.age.total_seconds()),
        }


def check(data_dir: Folder, sync_interval: int, now: datetime) -> Health:
    """Look at the store without reading data; a damaged one counts as empty."""
    try:
        return _of(open_store(data_dir), sync_interval, now)
    except (StoreError, OSError):
        return Health(frozenset(), 0.0, None, None, is_stale=False)


def iso(instant: datetime | None) -> str | None:
    """Return an instant as ISO text with its zone, which is UTC."""
    return None if instant is None else instant.replace(tzinfo=UTC).isoformat()


def _of(snapshot: Snapshot, sync_interval: int, now: datetime) -> Health:
    # A clock that runs behind the database's must not give a negative age.
    until = snapshot.data_until
    age = None if until is None else max(now - until, timedelta())
    return Health(
        present=frozenset(snapshot.tables),
        megabytes=round(snapshot.bytes / _MEGABYTE, 2),
        data_until=until,
        age=age,
        is_stale=age is not None
        and age > STALE_AFTER_SYNCS * timedelta(seconds=sync_interval),
    )
