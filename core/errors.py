"""Error capture: always the Python log, Sentry only in production.

A failure is reported once, at the boundary that handles it. Expected states (no
data yet, an unknown room, bad input) are shown to the user and never captured.
"""

import json
import logging
import secrets as randomness
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from core.redaction import Scrubber
from core.settings import Secret, SentrySettings

if TYPE_CHECKING:
    from core.sentry import Tracker

logger = logging.getLogger("fpp")

Severity = Literal["critical", "high", "medium", "low"]
_LOG_LEVELS: Mapping[Severity, int] = {
    "critical": logging.CRITICAL,
    "high": logging.ERROR,
    "medium": logging.WARNING,
    "low": logging.INFO,
}
_TRACKER_LEVELS: Mapping[Severity, Literal["fatal", "error", "warning", "info"]] = {
    "critical": "fatal",
    "high": "error",
    "medium": "warning",
    "low": "info",
}
_tracker: "Tracker | None" = None
"""Where failures are sent; None in a process that sends nothing."""


@dataclass(frozen=True, slots=True)
class ErrorContext:
    """Where a failure happened; never holds tokens, user ids or addresses."""

    component: str
    action: str
    extra: Mapping[str, str | int | float | None] = field(default_factory=dict)


def start_errors(
    sentry: SentrySettings,
    secrets: Collection[Secret] = (),
    libraries: Collection[str] = (),
) -> None:
    """Set up the log (JSON lines in production, text otherwise) and Sentry.

    `secrets` never leave the process; the loggers of `libraries` write as ours
    does, from warnings on.
    """
    scrubber = Scrubber.of(secrets)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter((_JsonLines if sentry.is_production else _Text)(scrubber))
    levels = dict.fromkeys(libraries, logging.WARNING) | {logger.name: logging.INFO}
    for name, level in levels.items():
        log = logging.getLogger(name)
        log.handlers, log.propagate = [handler], False
        log.setLevel(level)
    if sentry.sends and sentry.dsn is not None:
        _start_tracker(sentry.dsn, sentry.environment, scrubber)


def capture_error(
    error: BaseException,
    context: ErrorContext,
    severity: Severity = "high",
    *,
    traceback: bool = True,
) -> str:
    """Report a failure: to the log, and in production to Sentry.

    The log shows the traceback of a grave one, unless its text says all there is to
    say. Returns a short reference that stands in both, to be shown to people.
    """
    reference = randomness.token_hex(4)
    where = {"component": context.component, "action": context.action}
    logger.log(
        _LOG_LEVELS[severity],
        "%s/%s: %s: %s [%s]",
        context.component,
        context.action,
        type(error).__name__,
        error,
        reference,
        exc_info=error if traceback and severity in {"critical", "high"} else None,
        extra={"fields": {**where, **context.extra, "reference": reference}},
    )
    if _tracker is not None:
        tags = where | {"severity": severity, "reference": reference}
        _tracker.capture(error, _TRACKER_LEVELS[severity], tags, context.extra)
    return reference


def add_error_breadcrumb(
    message: str, category: str, data: Mapping[str, str | int | float | None]
) -> None:
    """Note a step that helps to read a later failure."""
    logger.debug("%s: %s", category, message, extra={"fields": dict(data)})
    if _tracker is not None:
        _tracker.crumb(message, category, data)


def flush_errors() -> None:
    """Wait until what was captured has been sent, two seconds at most."""
    if _tracker is not None:
        _tracker.flush()


def _start_tracker(dsn: Secret, environment: str, scrubber: Scrubber) -> None:
    from core.sentry import Tracker  # loading it costs 0.3 s

    global _tracker  # one per process, as the log is
    _tracker = Tracker(dsn, environment, scrubber)


class _Text(logging.Formatter):
    """Readable lines, for a terminal."""

    def __init__(self, scrubber: Scrubber) -> None:
        super().__init__("%(asctime)s %(levelname)-8s %(message)s", "%H:%M:%S")
        self._scrubber = scrubber

    def format(self, record: logging.LogRecord) -> str:
        return self._scrubber.text(super().format(record))


class _JsonLines(logging.Formatter):
    """One JSON object a line, for machines that collect logs."""

    def __init__(self, scrubber: Scrubber) -> None:
        super().__init__()
        self._scrubber = scrubber

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(self._scrubber.tree(entry), ensure_ascii=False, default=str)
