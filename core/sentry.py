"""The error tracker, Sentry. Apart from `errors`, since loading it takes 0.3 s.

A process that sends nothing does not load it: a run of the sync job on a small
history takes no longer than that.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, cast

import sentry_sdk
from sentry_sdk.integrations.atexit import AtexitIntegration

from core.redaction import Scrubber
from core.settings import Secret

if TYPE_CHECKING:
    from sentry_sdk.types import Breadcrumb, BreadcrumbHint, Event, Hint

type Level = Literal["fatal", "error", "warning", "info"]
type Extra = Mapping[str, str | int | float | None]


class Tracker:
    """Sends failures and the steps that led to them, scrubbed."""

    def __init__(self, dsn: Secret, environment: str, scrubber: Scrubber) -> None:
        self._scrubber = scrubber
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
            before_send=self._scrub_event,
            before_breadcrumb=self._scrub_crumb,
        )

    def capture(
        self, error: BaseException, level: Level, tags: Mapping[str, str], extra: Extra
    ) -> None:
        """Send a failure."""
        with sentry_sdk.new_scope() as scope:
            scope.level = level
            for name, tag in tags.items():
                scope.set_tag(name, tag)
            for name, value in extra.items():
                scope.set_extra(name, value)
            scope.capture_exception(error)

    def crumb(self, message: str, category: str, data: Extra) -> None:
        """Keep a step, to be sent with a later failure."""
        sentry_sdk.add_breadcrumb(message=message, category=category, data=dict(data))

    def flush(self) -> None:
        """Wait until everything has been sent, five seconds at most."""
        sentry_sdk.flush(timeout=5)

    def _scrub_event(self, event: "Event", _: "Hint") -> "Event":
        return cast("Event", self._scrubber.tree(event))

    def _scrub_crumb(self, crumb: "Breadcrumb", _: "BreadcrumbHint") -> "Breadcrumb":
        return cast("Breadcrumb", self._scrubber.tree(crumb))
