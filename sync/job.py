"""The sync job: one lock, several attempts, one report."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from threading import Event
from typing import Literal

import polars as pl

from core.errors import ErrorContext, add_error_breadcrumb, capture_error, logger
from core.settings import Secret, SyncSettings
from metrics.tables import TABLES, Table
from sync.connection import Deadline, connected
from sync.exceptions import (
    UNCHANGED,
    BusyError,
    DiskError,
    SourceError,
    SyncError,
)
from sync.plan import DEFAULT, Policy
from sync.run import Request, SyncRun
from sync.source import Source
from sync.store_writer import Disk, StoreWriter, store_locked
from sync.verify import verify

# Seconds after a run that did nothing; every further pause is twice as long.
_FIRST_PAUSE = 5.0
_HEARTBEAT_SECONDS = 5.0
_HEARTBEAT_ATTEMPTS = 2
# Of a message: it travels in an address, whose length servers limit.
_HEARTBEAT_CHARACTERS = 1_000


class Result(StrEnum):
    """How a run ended."""

    DONE = "done"
    BUSY = "busy"
    """Another job had the lock: nothing was done, and nothing is wrong."""
    FAILED = "failed"

    @property
    def exit_code(self) -> int:
        """What the process returns."""
        return int(self is Result.FAILED)


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that runs share: settings, disk, the stop signal, tables, policy."""

    settings: SyncSettings
    disk: Disk
    stop: Event
    tables: tuple[Table, ...] = TABLES
    policy: Policy = DEFAULT
    interval: float | None = None
    """Seconds between two runs, by default those of the settings."""

    def run(self, request: Request) -> Result:
        """Make the store equal to the source."""
        deadline = Deadline(self.policy.run_seconds)
        url = self.settings.heartbeat_url
        return _reported("run", deadline, url, lambda: self._sync(request, deadline))

    def verify(self) -> Result:
        """Compare everything, change no data."""
        deadline = Deadline(self.policy.run_seconds)
        return _reported("verify", deadline, None, lambda: self._verify(deadline))

    def _sync(self, request: Request, deadline: Deadline) -> str:
        writer = StoreWriter(self.disk)
        # `--every 60` wins over SYNC_INTERVAL.
        interval = self.interval or self.settings.sync_interval
        with store_locked(self.disk.root) as store:
            run = SyncRun(self.tables, writer, self.policy, request, deadline, interval)
            try:
                summary = str(self._attempts(run.attempt, store, deadline))
            except BusyError:
                raise
            except (Exception, pl.exceptions.PanicException):
                # The store keeps its old state; only space would be lost.
                with self._costing_space_only():
                    writer.abandon()
                self._tidy(writer)
                raise
            with self._costing_space_only():
                writer.forget_suspects()
                writer.leave_plain_files(self.tables, is_first=run.is_first)
            self._tidy(writer)
        return summary

    def _tidy(self, writer: StoreWriter) -> None:
        """Remove what is no longer read."""
        with self._costing_space_only():
            if writer.is_published:
                writer.collect_garbage(self.policy, time.time())

    @contextmanager
    def _costing_space_only(self) -> Iterator[None]:
        """Report a failure to remove files; the data does not depend on it."""
        try:
            yield
        except (OSError, ValueError) as error:
            capture_error(error, ErrorContext("sync", "tidy"), "medium")

    def _verify(self, deadline: Deadline) -> str:
        writer = StoreWriter(self.disk)
        with store_locked(self.disk.root) as store:
            return self._attempts(
                lambda source: verify(
                    writer, source, self.tables, self.policy, deadline
                ),
                store,
                deadline,
            )

    def _attempts[Answer](
        self, work: Callable[[Source], Answer], store: str, deadline: Deadline
    ) -> Answer:
        """Try until it works, with growing pauses, each time on a new connection."""
        pause = self.policy.first_pause
        for number in range(1, self.policy.attempts):
            try:
                return self._attempt(work, store, deadline, first=number == 1)
            except SyncError as error:
                # A retry that could not end in time would only delay the report.
                late = deadline.seconds + pause > self.policy.run_seconds
                if not error.retry or late:
                    raise
                logger.info("Attempt %d failed: %s", number, error)
                if self.stop.wait(pause):
                    raise
            pause *= 4
        return self._attempt(work, store, deadline, first=self.policy.attempts == 1)

    def _attempt[Answer](
        self,
        work: Callable[[Source], Answer],
        store: str,
        deadline: Deadline,
        *,
        first: bool,
    ) -> Answer:
        add_error_breadcrumb("connect", "sync", {})
        # The store's own name: two stores may copy one database at the same time.
        lock = f"fpp-sync {store}"
        seconds = self.policy.statement_seconds
        with connected(self.settings.database, seconds) as connection:
            source = Source(connection, deadline)
            if not source.lock(lock):
                if first:
                    raise BusyError
                # Our own broken connection may still hold it for a while.
                raise SourceError("waiting for the lock of a broken connection", None)
            answer = work(source)
            with suppress(SourceError):  # what was published stays published
                source.unlock(lock)
            return answer


class HeartbeatError(Exception):
    """The monitor did not take the push; the sync itself is not touched by it."""


def every(
    seconds: float,
    run: Callable[[], Result],
    stop: Event,
    clock: Callable[[], float],
) -> None:
    """Run at once and then once per slot until the stop signal.

    A run in progress ends first; slots that passed meanwhile are skipped. After a run
    that did nothing the next comes sooner, with growing pauses: a database that is
    still starting is waited for, not a whole slot.
    """
    started = clock()
    failures = 0
    while not stop.is_set():
        failures = 0 if run() is Result.DONE else failures + 1
        now = clock()
        # From the start, not from the end of the run: slots do not drift.
        slot = (now - started) // seconds + 1
        pause = started + slot * seconds - now
        if failures:
            # The exponent is bounded: 2 ** 1024 is no float.
            pause = min(pause, _FIRST_PAUSE * 2 ** min(failures - 1, 16))
        stop.wait(pause)


def push(
    url: Secret | None, status: Literal["up", "down"], message: str, seconds: float
) -> None:
    """Report a run to the push monitor; a failure is reported, never raised.

    "up" only once the new state is durable, "down" with a reason.
    """
    if url is None:
        return
    shown = message[:_HEARTBEAT_CHARACTERS]
    shown += "…" if shown != message else ""
    values = {"status": status, "msg": shown, "ping": str(round(seconds * 1000))}
    failure = "nothing was tried"
    for _ in range(_HEARTBEAT_ATTEMPTS):
        failure = _push_once(url, values)
        if not failure:
            return
    capture_error(
        HeartbeatError(
            f"Heartbeat failed ({failure}). The data is not affected. Check the "
            "monitor and UPTIMEKUMA_PUSH_URL."
        ),
        ErrorContext("sync", "heartbeat", {"status": status}),
        "medium",
    )


def _push_once(url: Secret, values: dict[str, str]) -> str:
    """Push once; return what went wrong, without the address, or ""."""
    # Loading both costs 0.2 s, which a job without a monitor saves.
    import httpx

    from core.network import run_within, tls_fault

    async def refusal() -> str:
        # The monitor's own parameters in the address are kept.
        address = httpx.URL(url.reveal()).copy_merge_params(values)
        async with (
            httpx.AsyncClient(timeout=_HEARTBEAT_SECONDS) as client,
            client.stream("GET", address, follow_redirects=False) as response,
        ):
            if response.status_code != httpx.codes.OK:
                return f"{response.status_code}"
            # Monitors answer a word or JSON. A page is another's: of a login before
            # the monitor, or its own, which it shows at any address but the right one.
            async for part in response.aiter_bytes():
                if part.strip():
                    return "a web page" if part.lstrip().startswith(b"<") else ""
            return ""

    try:
        # The limits of httpx are for each read: a byte a second would be fast enough.
        return run_within(_HEARTBEAT_SECONDS, refusal())
    except (TimeoutError, httpx.TimeoutException):
        return f"no answer within {_HEARTBEAT_SECONDS:g} s"
    except httpx.ConnectError as error:
        return tls_fault(error) or "no connection"
    except httpx.RemoteProtocolError:
        return "its answer is not HTTP"
    # Whatever it is (not all are an HTTPError), the data is in force already.
    except Exception as error:  # noqa: BLE001
        return type(error).__name__


def _reported(
    action: str, deadline: Deadline, heartbeat: Secret | None, work: Callable[[], str]
) -> Result:
    """Do the work and report once how it went: log, error tracker, monitor.

    Another job at work is not a failure, nor a success for the monitor: it reports
    itself, and nothing is pushed.
    """
    try:
        summary = work()
    except BusyError as busy:
        logger.info("%s", busy)
        return Result.BUSY
    # The boundary: everything ends here, Polars' panics too, which are no `Exception`.
    except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001
        reason = _report(action, error)
        push(heartbeat, "down", reason, deadline.seconds)
        return Result.FAILED
    logger.info("%s", summary)
    push(heartbeat, "up", summary, deadline.seconds)
    return Result.DONE


def _report(action: str, error: BaseException) -> str:
    """Report a failure and return the reason for the monitor."""
    # The system's text names paths and addresses; DiskError says what to do.
    known = DiskError(error) if isinstance(error, OSError) else error
    if isinstance(known, SyncError):
        context = ErrorContext("sync", action, {"table": known.table})
        capture_error(known, context, "high", traceback=False)
        return str(known)
    capture_error(error, ErrorContext("sync", action, {"table": None}), "critical")
    # The text of an unforeseen error could contain anything, secrets included.
    return f"Unexpected {type(error).__name__}. {UNCHANGED} See the job's log."
