"""Error capture: always the Python log, Sentry only in production.

A failure is reported once, at the boundary that handles it. Expected states (no
data yet, an unknown room, bad input) are shown to the user and never captured.
"""

import json
import logging
import re
import secrets as randomness
import sys
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from core.redaction import Redactor
from core.settings import Secret, SentrySettings

if TYPE_CHECKING:
    from core.sentry import SentryClient

logger = logging.getLogger("fpp")

Severity = Literal["critical", "high", "medium", "low"]
# Names of levels as Pino writes them, which logs for the product's other services.
_JSON_LEVELS: Mapping[str, str] = {
    "CRITICAL": "fatal",
    "ERROR": "error",
    "WARNING": "warn",
    "INFO": "info",
    "DEBUG": "debug",
}
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
# Where failures are sent; None in a process that sends nothing.
_sentry: "SentryClient | None" = None
# Characters that could forge a log line, or steer a terminal.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class ErrorContext:
    """Where a failure happened, without tokens, user ids or addresses."""

    component: str
    action: str
    extra: Mapping[str, str | int | float | None] = field(default_factory=dict)


def start_errors(
    sentry: SentrySettings,
    secrets: Collection[Secret] = (),
    service: str = "fpp-analytics",
) -> None:
    """Set up the log (JSON lines in production, text otherwise) and Sentry.

    `secrets` never leave the process. Libraries, Python's warnings and threads that die
    of an exception write through the same formatter, from warnings on.
    """
    redactor = Redactor.of(secrets)
    formatter = _JsonLines(redactor, service) if sentry.is_production else None
    ours, libraries = (logging.StreamHandler(sys.stderr) for _ in range(2))
    # What libraries say at info level would drown our own lines.
    libraries.setLevel(logging.WARNING)
    for handler in (ours, libraries):
        handler.setFormatter(formatter or _Text(redactor))
    for log in list(logging.root.manager.loggerDict.values()):
        if isinstance(log, logging.Logger):
            log_through_root(log)
    logging.root.handlers = [libraries]
    logger.handlers, logger.propagate = [ours], False
    logger.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda died: _log_uncaught(
        died.exc_type, died.exc_value, died.exc_traceback
    )
    if sentry.sends and sentry.dsn is not None:
        _start_sentry(sentry.dsn, sentry.environment, redactor)
    elif sentry.dsn is not None:
        logger.info(
            "Nothing is sent to Sentry, since SENTRY_ENVIRONMENT is not production."
        )


def log_through_root(log: logging.Logger) -> None:
    """Take a library's own handlers away, so that our formatter writes its records.

    JSON in production, redacted everywhere.
    """
    log.handlers = []
    log.propagate = True


def _log_uncaught(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    # Ctrl-C is no failure.
    if not issubclass(kind, KeyboardInterrupt):
        exc_info = (kind, error or kind(), trace)
        logger.critical("uncaught %s", kind.__name__, exc_info=exc_info)


def capture_error(
    error: BaseException,
    context: ErrorContext,
    severity: Severity,
    *,
    traceback: bool = True,
) -> str:
    """Report a failure: to the log, and in production to Sentry.

    The log shows the traceback of a grave one, unless its text says all there is to
    say: then nothing is sent of what caused it either, such as the text of a server,
    which names hosts and can quote rows. Returns a short reference that both carry, to
    be shown to users.
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
    if _sentry is not None:
        tags = where | {"severity": severity, "reference": reference}
        level = _SENTRY_LEVELS[severity]
        _sentry.capture(error, level, tags, context.extra, with_causes=traceback)
    return reference


def add_error_breadcrumb(
    message: str, category: str, data: Mapping[str, str | int | float | None]
) -> None:
    """Note a step that helps to read a later failure."""
    logger.debug("%s: %s", category, message, extra={"fields": dict(data)})
    if _sentry is not None:
        _sentry.add_breadcrumb(message, category, data)


def flush_errors() -> None:
    """Wait until captured errors have been sent, five seconds at most."""
    if _sentry is not None:
        _sentry.flush()


def _start_sentry(dsn: Secret, environment: str, redactor: Redactor) -> None:
    from core.sentry import SentryClient  # loading it costs 0.3 s

    global _sentry  # one per process, as the log is
    _sentry = SentryClient(dsn, environment, redactor)


class _Text(logging.Formatter):
    """Readable lines, for a terminal."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)-8s %(message)s", "%H:%M:%S")
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Return one line; a traceback follows indented, so that it forges none."""
        line, *trace = super().format(record).split("\nTraceback", 1)
        rest = self._redactor.text("Traceback".join(["", *trace])).splitlines()
        lines = [self._redactor.text(line), *(f"    {text}" for text in rest)]
        return "\n".join(_CONTROL.sub(_escape, text) for text in lines)


def _escape(match: re.Match[str]) -> str:
    return f"\\x{ord(match[0]):02x}"


class _JsonLines(logging.Formatter):
    """One JSON object a line, with Pino's names: `time`, `service`, `level`, `msg`."""

    def __init__(self, redactor: Redactor, service: str) -> None:
        super().__init__()
        self._redactor = redactor
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "service": self._service,
            "level": _JSON_LEVELS.get(record.levelname, "info"),
            "msg": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        text = json.dumps(self._redactor.tree(entry), ensure_ascii=False, default=str)
        return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
