"""Where a failure ends: the log, the error tracker, the monitor, the exit code."""

from collections.abc import Callable

from core.errors import ErrorContext, capture_error, logger
from core.settings import Secret
from sync.faults import BusyError, DiskError, SyncError
from sync.heartbeat import push
from sync.watch import Watch

OK, FAILED = 0, 1


def reported(
    action: str, watch: Watch, heartbeat: Secret | None, work: Callable[[], str]
) -> int:
    """Do the work, report once how it went, and return the exit code.

    Another job at work is not a failure: this one leaves with 0.
    """
    try:
        summary = work()
    except BusyError as busy:
        logger.info("%s; this one leaves", busy)
        return OK
    except Exception as error:  # noqa: BLE001  # the boundary: everything ends here
        reason = _report(action, _known(error))
        push(heartbeat, "down", reason, watch.seconds)
        return FAILED
    logger.info("%s", summary)
    push(heartbeat, "up", summary, watch.seconds)
    return OK


def _known(error: Exception) -> Exception:
    return DiskError(error) if isinstance(error, OSError) else error


def _report(action: str, error: Exception) -> str:
    """Report a failure and return the reason for the monitor."""
    if isinstance(error, SyncError):
        context = ErrorContext("sync", action, {"table": error.table})
        capture_error(error, context, "high")
        return str(error)
    capture_error(error, ErrorContext("sync", action, {"table": None}), "critical")
    # The text of an error that nobody foresaw could hold anything.
    return f"unexpected {type(error).__name__}, see the job's log"
