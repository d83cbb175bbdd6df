"""The numbers that steer a run, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """How much a run looks at, how long it may take, what it keeps."""

    block_rows: int = 65_536
    """Ids per block of a table that only grows."""
    hot_blocks: int = 2
    """Newest blocks of a table that every run compares with the source."""
    rotation_rows: int = 65_536
    """Rows of older blocks, per table, that every run compares, in turns."""
    snapshot_seconds: float = 3.0
    """Seconds of reading, per table, that are left to the snapshot; a longer backlog
    is read before it."""
    largest_loss: float = 0.2
    """Share of a table's rows that may vanish without a confirmation."""
    attempts: int = 3
    first_pause: float = 1.0
    """Seconds before the second attempt; every further pause is four times longer."""
    run_seconds: float = 3600.0
    """Time limit of a run, its retries included."""
    statement_seconds: int = 60
    """Time limit of one answer of the server."""
    keep_generations: int = 3
    keep_seconds: float = 3600.0
    """Files younger than this are never collected."""
    keep_runs: int = 50


DEFAULT = Policy()
