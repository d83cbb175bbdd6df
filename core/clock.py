"""The one place that reads the time, so that tests can stop it."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current instant in UTC without a zone, as in all data."""
    return datetime.now(UTC).replace(tzinfo=None)
