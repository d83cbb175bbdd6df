"""A store and its source side by side: run the job, compare every value."""

from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import polars as pl
from polars.testing import assert_frame_equal

from core.settings import Database, Secret, SentrySettings, SyncSettings
from metrics.tables import TABLES, USER, Table
from store.manifest import CURRENT, MANIFESTS, Manifest
from store.reader import open_store
from sync.job import Job
from sync.plan import Policy
from sync.run import Request
from sync.store_writer import USER_ID, Disk, StoreWriter
from sync.user_ids import NO_USERS, published
from testkit.database_servers import LiveDatabase

USUAL = Request()
QUICK = Policy(attempts=3, first_pause=0.05, statement_seconds=10)


@dataclass
class Store:
    """A store's folder, the database that it copies, and how it is copied."""

    root: Path
    source: LiveDatabase
    policy: Policy = QUICK
    tables: tuple[Table, ...] = TABLES
    stop: Event = field(default_factory=Event)
    heartbeat: str | None = None
    address: Database | None = None

    def sync(self, request: Request = USUAL) -> int:
        """Run the job once in this process; return its exit code."""
        return self.job().run(request).exit_code

    def verify(self) -> int:
        """Verify in this process; return the exit code."""
        return self.job().verify().exit_code

    def job(self) -> Job:
        """Return the job as these settings make it."""
        settings = SyncSettings(
            data_dir=self.root,
            database=self.address or self.source.settings,
            sync_interval=600,
            heartbeat_url=Secret(self.heartbeat) if self.heartbeat else None,
            sentry=SentrySettings(dsn=None, environment="test"),
        )
        return Job(
            settings,
            Disk(self.root),
            self.stop,
            tables=self.tables,
            policy=self.policy,
        )

    def manifest(self) -> Manifest:
        """Return the manifest in force."""
        name = (self.root / CURRENT).read_text().strip()
        return Manifest.from_json((self.root / MANIFESTS / name).read_text())

    def rows(self, table: Table) -> pl.DataFrame:
        """Return what a reader of the store sees of a table, by key.

        With the id of each user whose number is there.
        """
        if not (self.root / CURRENT).exists():
            frame = pl.read_parquet(self.root / table.file_name)
            return frame.select(table.schema.names()).sort(table.key)
        rows = open_store(self.root).frames.by_name[table.name].collect()
        if table.user_id:
            ids = self.user_ids().rename({USER_ID: table.user_id})
            rows = rows.join(ids, on=USER, how="left").select(table.schema.names())
        return rows.sort(table.key)

    def user_ids(self) -> pl.DataFrame:
        """Return the number and id of every user: user, person (the id)."""
        files = self.manifest().user_ids
        if not files:
            return NO_USERS
        return published(StoreWriter(Disk(self.root)), files).collect()

    def assert_equals_source(self) -> None:
        """Compare every row and every value of every table with the source."""
        for table in self.tables:
            assert_frame_equal(self.rows(table), self.source.rows(table))
