"""Error capture: always the Python log, Sentry only in production.

A failure is reported once, at the boundary that handles it. Expected states (no
data yet, an unknown room, bad input) are shown to the user and never captured.
"""

import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import sentry_sdk

from settings import SentrySettings

logger = logging.getLogger("fpp")

Severity = Literal["critical", "high", "medium", "low"]
_LOG_LEVELS: Mapping[Severity, int] = {
    "critical": logging.CRITICAL,
    "high": logging.ERROR,
    "medium": logging.WARNING,
    "low": logging.INFO,
}
_SENTRY_LEVELS: Mapping[Severity, Literal["fatal", "error", "warning", "info"]] = {
    "critical": "fatal",
    "high": "error",
    "medium": "warning",
    "low": "info",
}


@dataclass(frozen=True, slots=True)
class ErrorContext:
    """Where a failure happened; never holds tokens, user ids or addresses."""

    component: str
    action: str
    extra: Mapping[str, str | int | float | None] = field(default_factory=dict)


def start_errors(sentry: SentrySettings) -> None:
    """Set up the log (JSON lines in production, text otherwise) and Sentry."""
    handler = logging.StreamHandler(sys.stderr)
    if sentry.is_production:
        handler.setFormatter(_JsonLines())
    else:
        handler.setFormatter(
            logging.Formatter("%(asctime)s %(levelname)-8s %(message)s", "%H:%M:%S")
        )
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.INFO)
    if sentry.sends and sentry.dsn is not None:
        sentry_sdk.init(
            dsn=sentry.dsn.reveal(),
            environment=sentry.environment,
            send_default_pii=False,
            include_local_variables=False,
        )


def capture_error(
    error: BaseException, context: ErrorContext, severity: Severity = "high"
) -> None:
    """Report a failure: to the log, and in production to Sentry."""
    fields = {"component": context.component, "action": context.action, **context.extra}
    logger.log(
        _LOG_LEVELS[severity],
        "%s/%s: %s: %s",
        context.component,
        context.action,
        type(error).__name__,
        error,
        extra={"fields": fields},
    )
    with sentry_sdk.new_scope() as scope:
        scope.level = _SENTRY_LEVELS[severity]
        scope.set_tag("component", context.component)
        scope.set_tag("action", context.action)
        scope.set_tag("severity", severity)
        for name, value in context.extra.items():
            scope.set_extra(name, value)
        scope.capture_exception(error)


def add_error_breadcrumb(
    message: str, category: str, data: Mapping[str, str | int | float | None]
) -> None:
    """Note a step that helps to read a later failure."""
    logger.debug("%s: %s", category, message, extra={"fields": dict(data)})
    sentry_sdk.add_breadcrumb(message=message, category=category, data=dict(data))


def flush_errors() -> None:
    """Wait until what was captured has been sent, two seconds at most."""
    sentry_sdk.flush(timeout=2)


class _JsonLines(logging.Formatter):
    """One JSON object a line, for machines that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        return json.dumps(entry, ensure_ascii=False, default=str)
