"""The sync job: one lock, several attempts, one report."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event

from core.errors import ErrorContext, capture_error, logger
from core.settings import SyncSettings
from metrics.tables import TABLES, Table
from sync.cleaning import collect_garbage, leave_plain_files, tell_of_plain_files
from sync.connecting import connected
from sync.disk import Disk
from sync.faults import BusyError, SourceError, SyncError
from sync.locks import database_lock, store_locked
from sync.policy import DEFAULT, Policy
from sync.replica import Replica, Request
from sync.reporting import reported
from sync.source import Source
from sync.vault import Vault
from sync.verify import verify
from sync.watch import Watch


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that runs share: settings, disk, the stop signal, tables, policy."""

    settings: SyncSettings
    disk: Disk
    stop: Event
    tables: tuple[Table, ...] = TABLES
    policy: Policy = DEFAULT

    def run(self, request: Request) -> int:
        """Make the store equal to the source; return the exit code."""
        watch = Watch(self.policy.run_seconds)
        url = self.settings.heartbeat_url
        return reported("run", watch, url, lambda: self._sync(request, watch))

    def verify(self) -> int:
        """Compare everything, change no data; return the exit code."""
        watch = Watch(self.policy.run_seconds)
        return reported("verify", watch, None, lambda: self._verify(watch))

    def _sync(self, request: Request, watch: Watch) -> str:
        vault = Vault(self.disk)
        with store_locked(self.disk.root):
            replica = Replica(self.tables, vault, self.policy, request, watch)
            try:
                summary = str(self._attempts(replica.attempt, watch))
            except BusyError:
                raise
            except Exception:
                vault.abandon()
                self._tidy(vault)
                raise
            self._take_over(vault, first=replica.is_first)
            self._tidy(vault)
        return summary

    def _take_over(self, vault: Vault, *, first: bool) -> None:
        """Leave what the published state replaces."""
        with self._costing_space_only():
            vault.forget_suspects()
            if first:
                tell_of_plain_files(vault, self.tables)
            leave_plain_files(vault, self.tables)

    def _tidy(self, vault: Vault) -> None:
        """Remove what nobody reads."""
        with self._costing_space_only():
            if vault.is_published:
                collect_garbage(vault, self.policy, time.time())

    @contextmanager
    def _costing_space_only(self) -> Iterator[None]:
        """Report a disk's failure to remove; the data do not depend on it."""
        try:
            yield
        except OSError as error:
            capture_error(error, ErrorContext("sync", "tidy"), "medium")

    def _verify(self, watch: Watch) -> str:
        vault = Vault(self.disk)
        with store_locked(self.disk.root):
            return self._attempts(
                lambda source: verify(vault, source, self.tables, self.policy, watch),
                watch,
            )

    def _attempts[Result](
        self, work: Callable[[Source], Result], watch: Watch
    ) -> Result:
        """Try until it works, with growing pauses, each time on a new connection."""
        pause = self.policy.first_pause
        for number in range(1, self.policy.attempts):
            try:
                return self._attempt(work, watch, first=number == 1)
            except SyncError as error:
                if not error.retry or watch.seconds + pause > self.policy.run_seconds:
                    raise
                logger.info("attempt %d: %s", number, error)
                if self.stop.wait(pause):
                    raise
            pause *= 4
        return self._attempt(work, watch, first=self.policy.attempts == 1)

    def _attempt[Result](
        self, work: Callable[[Source], Result], watch: Watch, *, first: bool
    ) -> Result:
        database = self.settings.database
        lock = database_lock(database.name)
        with connected(database, self.policy, watch) as source:
            if not source.lock(lock):
                if first:
                    raise BusyError("another sync job is at work on this database")
                # Our own broken connection may still hold it for a while.
                raise SourceError("waiting for the lock of a broken connection", None)
            result = work(source)
            with suppress(SourceError):  # what was published stays published
                source.unlock(lock)
            return result
