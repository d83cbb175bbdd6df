"""The sync job's boundary: attempts, locks, reports, exit codes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from errors import ErrorContext, capture_error, logger
from metrics.tables import TABLES, Table
from settings import SyncSettings
from sync.cleaning import clean
from sync.disk import Disk
from sync.faults import Busy, DiskFault, SourceError, SyncError
from sync.heartbeat import push
from sync.locks import database_lock, store_locked
from sync.policy import DEFAULT, Policy
from sync.replica import Outcome, Replica, Request
from sync.source import connected
from sync.vault import Vault
from sync.watch import Watch


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that runs share: settings, tables, policy, disk, the stop signal."""

    settings: SyncSettings
    disk: Disk
    stop: Event
    tables: tuple[Table, ...] = TABLES
    policy: Policy = DEFAULT

    def run(self, request: Request) -> int:
        """Run once, report it everywhere, and return the exit code."""
        watch = Watch(self.policy.run_seconds)
        return self._reported(watch, lambda: self._sync(request, watch))

    def _sync(self, request: Request, watch: Watch) -> str:
        vault = Vault(self.disk)
        with store_locked(self.disk.root):
            replica = Replica(self.tables, vault, self.policy, request, watch)
            outcome = self._attempts(replica, watch)
            clean(vault, self.tables, self.policy, time.time())
        return str(outcome)

    def _attempts(self, replica: Replica, watch: Watch) -> Outcome:
        pause = self.policy.first_pause
        for number in range(1, self.policy.attempts + 1):
            try:
                return self._attempt(replica, first=number == 1)
            except SyncError as error:
                if not error.retry or number == self.policy.attempts:
                    raise
                logger.info("attempt %d failed: %s", number, error)
            if self.stop.wait(pause):
                break
            watch.check()
            pause *= 4
        raise SourceError("trying again, which the stop signal ended", None)

    def _attempt(self, replica: Replica, *, first: bool) -> Outcome:
        database = self.settings.database
        with connected(database, self.policy) as source:
            if not source.lock(database_lock(database.name)):
                if first:
                    raise Busy("another sync job is at work on this database")
                # Our own broken connection may still hold it for a while.
                raise SourceError("waiting for the lock of a broken connection", None)
            return replica.attempt(source)

    def _reported(self, watch: Watch, work: Callable[[], str]) -> int:
        try:
            summary = work()
        except Busy as busy:
            logger.info("%s; this one leaves", busy)
            return 0
        except SyncError as error:
            return self._failed(error, error, watch)
        except OSError as error:
            return self._failed(error, DiskFault(error), watch)
        except Exception as error:  # noqa: BLE001  # the boundary: report, then leave
            return self._failed(error, error, watch)
        logger.info("%s", summary)
        push(self.settings.heartbeat_url, "up", summary, watch.seconds)
        return 0

    def _failed(self, error: Exception, told: Exception, watch: Watch) -> int:
        known = isinstance(told, SyncError)
        table = told.table if isinstance(told, SyncError) else None
        capture_error(
            told if known else error,
            ErrorContext("sync", "run", {"table": table}),
            "high" if known else "critical",
        )
        reason = str(told) if known else f"unexpected {type(error).__name__}"
        push(self.settings.heartbeat_url, "down", reason, watch.seconds)
        return 1
