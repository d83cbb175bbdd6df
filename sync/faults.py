"""What can stop a run, one class per fact.

Messages name cause, effect and fix; they hold no host, user name or password,
since they also travel to the heartbeat monitor.
"""

from collections.abc import Sequence

from metrics.tables import MOST_PEOPLE


class SyncError(Exception):
    """A run stopped before anything was published; the store is as it was."""

    retry = False
    """Whether the same run can succeed a moment later."""
    table: str | None = None


class SourceError(SyncError):
    """The database could not be reached, or a connection broke."""

    retry = True

    def __init__(self, action: str, number: int | None) -> None:
        code = "" if number is None else f" (error {number})"
        super().__init__(
            f"the database failed while {action}{code}; the store stays as it was. "
            "Check that the server runs and can be reached from here"
        )
        self.number = number


class AccessDeniedError(SyncError):
    """The database refuses the user, or the database is not there."""

    def __init__(self, number: int | None) -> None:
        super().__init__(
            f"the database refuses this user (error {number}); nothing was copied. "
            "Check DB_USERNAME, DB_PASSWORD and DB_NAME, and grant SELECT on it"
        )


class ContractError(SyncError):
    """The live tables are not what `metrics.tables` describes."""

    def __init__(self, offences: Sequence[str]) -> None:
        noun = "difference" if len(offences) == 1 else "differences"
        super().__init__(
            f"{len(offences)} {noun} between the database and metrics/tables.py: "
            + "; ".join(offences)
            + ". Nothing was published. Change the table description together with "
            "the database, then run `python sync_job.py --rebuild` for that table"
        )


class MisfitError(SyncError):
    """A value of the source has no place in the fixed type of its column."""

    def __init__(self, table: str, column: str, key: str, fact: str) -> None:
        super().__init__(
            f"{table}.{column} of the row with key {key} {fact}; nothing was "
            "published. Correct that row in the database, or widen the column in "
            "metrics/tables.py"
        )
        self.table = table


class TooManyPeopleError(SyncError):
    """More people than the metrics can tell apart."""

    def __init__(self, people: int) -> None:
        super().__init__(
            f"there are {people:,} people, and numbers for {MOST_PEOPLE:,}; nothing "
            "was published. `python sync_job.py --rebuild` frees the numbers of those "
            "who are gone; else widen the packed number (metrics/activity_key.py)"
        )


class CopyError(SyncError):
    """What was read does not have the checksum that the server computes."""

    retry = True

    def __init__(self, table: str, block: str) -> None:
        super().__init__(
            f"{table}, block {block}: the rows read do not have the server's "
            "checksum; nothing was published. If it happens again, compare the "
            "column types of the table with metrics/tables.py"
        )
        self.table = table


class ShrinkError(SyncError):
    """The source lost more of a table than happens by itself."""

    def __init__(self, losses: Sequence[str]) -> None:
        super().__init__(
            "the source lost a large part of "
            + "; ".join(losses)
            + ". Nothing was published. If that is meant, run "
            "`python sync_job.py --accept-shrink` once"
        )


class DeadlineError(SyncError):
    """The run's time limit passed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the run took longer than {seconds:g} s and was given up; the store "
            "stays as it was. The database or the link is slow: see docs/operations.md"
        )


class DiskError(SyncError):
    """The store's folder cannot be written."""

    def __init__(self, error: OSError) -> None:
        super().__init__(
            f"the store's folder cannot be written ({error.strerror or error}); the "
            "old state stays in force. Free space or correct the permissions of "
            "DATA_DIR"
        )


class DamagedStoreError(SyncError):
    """The manifest in force cannot be read."""

    def __init__(self, error: Exception) -> None:
        super().__init__(
            f"the store's manifest cannot be read ({error}); nothing was changed. "
            "Run `python sync_job.py --rebuild` to write the store anew"
        )


class NoStoreError(SyncError):
    """There is nothing to verify."""

    def __init__(self) -> None:
        super().__init__(
            "there is no store to verify yet; run `python sync_job.py` first"
        )


class DifferenceError(SyncError):
    """A verification found blocks that do not hold what they should."""

    def __init__(self, tables: Sequence[str]) -> None:
        super().__init__(
            f"{', '.join(tables)}: blocks are damaged or out of date; nothing was "
            "changed. The next run reads them anew: run `python sync_job.py`"
        )


class BusyError(Exception):
    """Another sync job is at work on this store or database."""
