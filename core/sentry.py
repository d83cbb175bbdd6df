"""The error tracker, Sentry. Apart from `errors`, since loading it takes 0.3 s.

A process that sends nothing does not load it: a run of the sync job on a small
history takes no longer than that.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, cast

import sentry_sdk
from sentry_sdk.integrations.atexit import AtexitIntegration

from core.redaction import Redactor
from core.settings import Secret

if TYPE_CHECKING:
    from sentry_sdk.types import Breadcrumb, BreadcrumbHint, Event, Hint

type Level = Literal["fatal", "error", "warning", "info"]
type Extra = Mapping[str, str | int | float | None]


class SentryClient:
    """Sends failures and the steps that led to them, redacted."""

    def __init__(self, dsn: Secret, environment: str, redactor: Redactor) -> None:
        self._redactor = redactor
        sentry_sdk.init(
            dsn=dsn.reveal(),
            environment=environment,
            send_default_pii=False,
            include_local_variables=False,
            # Sentry's integrations report log lines and requests by themselves:
            # twice, and with addresses. What is captured here is all that is sent.
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[AtexitIntegration(callback=lambda _pending, _timeout: None)],
            auto_session_tracking=False,
            server_name="",
            before_send=self._redact_event,
            before_breadcrumb=self._redact_breadcrumb,
        )

    def capture(
        self,
        error: BaseException,
        level: Level,
        tags: Mapping[str, str],
        extra: Extra,
        *,
        with_causes: bool,
    ) -> None:
        """Send a failure, on request with the exceptions that it was raised from."""
        with sentry_sdk.new_scope() as scope:
            scope.level = level
            if not with_causes:
                scope.add_event_processor(_without_causes)
            for name, tag in tags.items():
                scope.set_tag(name, tag)
            for name, value in extra.items():
                scope.set_extra(name, value)
            scope.capture_exception(error)

    def add_breadcrumb(self, message: str, category: str, data: Extra) -> None:
        """Keep a step, to be sent with a later failure."""
        sentry_sdk.add_breadcrumb(message=message, category=category, data=dict(data))

    def flush(self) -> None:
        """Wait until everything has been sent, five seconds at most."""
        sentry_sdk.flush(timeout=5)

    def _redact_event(self, event: "Event", _: "Hint") -> "Event":
        return cast("Event", self._redactor.tree(event))

    def _redact_breadcrumb(
        self, breadcrumb: "Breadcrumb", _: "BreadcrumbHint"
    ) -> "Breadcrumb":
        return cast("Breadcrumb", self._redactor.tree(breadcrumb))


def _without_causes(event: "Event", _: "Hint") -> "Event":
    # The SDK puts what was raised last at the end.
    del event["exception"]["values"][:-1]
    return event
