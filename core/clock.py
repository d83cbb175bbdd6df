"""The one place that reads the time, so that tests can stop it."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current instant, UTC, without a zone, as all data carry it."""
    return datetime.now(UTC).replace(tzinfo=None)
