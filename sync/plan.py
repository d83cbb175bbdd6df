"""What a run does, decided without a database: which blocks to keep, compare, fetch.

Everything here is a pure function of what the store has and what the source says;
`sync.table_sync` and `sync.run` carry it out.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import polars as pl

from metrics.sentences import counted
from metrics.tables import Table
from store.manifest import Block
from sync.partitions import Partition


@dataclass(frozen=True, slots=True)
class Policy:
    """How much a run looks at, how long it may take, what it keeps."""

    block_rows: int = 65_536
    """Ids per block of a table that only grows."""
    hot_blocks: int = 2
    """Newest blocks of a table that every run compares inside its snapshot."""
    recheck_share: float = 0.05
    """Share of the interval between two runs that is spent on older blocks."""
    snapshot_seconds: float = 3.0
    """Seconds of reading, per table, that are left to the snapshot; a longer backlog
    is read before it."""
    largest_loss: float = 0.2
    """Share of a table's rows that may vanish without a confirmation."""
    always_accepted: int = 20
    """Rows that may vanish whatever their share."""
    commit_seconds: float = 60.0
    """How long before its commit a row may have got its time."""
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
_LONG_AGO = datetime(1970, 1, 1)  # UTC


class Action(StrEnum):
    """What happens to a partition."""

    KEEP = "keep"
    """Its block stays, unseen in this run."""
    COMPARE = "compare"
    """The source's checksum decides; see `decide`."""
    FETCH = "fetch"
    """Its rows are read, and make a new block."""
    DROP = "drop"
    """It has no rows any more."""


@dataclass(frozen=True, slots=True)
class TableState:
    """What the store has of a table when a run starts."""

    blocks: Mapping[str, Block] = field(default_factory=dict)
    """The published blocks by partition."""
    doubted: frozenset[str] = frozenset()
    """Files that are to be read again, whatever their checksum says."""

    def trusted(self, key: str) -> Block | None:
        """Return the published block of a partition unless it is doubted."""
        block = self.blocks.get(key)
        return None if block is None or block.file in self.doubted else block

    @property
    def rows(self) -> int:
        """Rows of the table."""
        return sum(block.rows for block in self.blocks.values())


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows that came, changed and went, and blocks that were repaired."""

    new: int = 0
    changed: int = 0
    gone: int = 0
    healed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.new + other.new,
            self.changed + other.changed,
            self.gone + other.gone,
            self.healed + other.healed,
        )

    @property
    def rows(self) -> int:
        """How many rows differ from the state before."""
        return self.new + self.changed + self.gone

    def __str__(self) -> str:
        healed = f", {counted(self.healed, 'block')} repaired" if self.healed else ""
        return (
            f"{self.new:,} new, {self.changed:,} changed, {self.gone:,} deleted rows"
            f"{healed}"
        )


NOTHING = Counts()


def plan(
    state: TableState,
    partitions: Sequence[Partition],
    candidates: Collection[str],
    urgent: Collection[str],
    hot_blocks: int,
) -> dict[str, Action]:
    """Return what happens to each partition of the source and of the store, by key.

    `candidates` have a block whose file is there; of these, the newest by key and the
    `urgent` ones are compared, the others kept. The newest of the state before count
    too: late commits may have reached them since.
    """
    keys = [partition.key for partition in partitions]
    newest = slice(-hot_blocks, None)
    # The newest of both sides: they differ once newest rows are added or deleted.
    hot = {*keys[newest], *list(state.blocks)[newest], *urgent}
    actions = {
        key: Action.FETCH
        if key not in candidates
        else Action.COMPARE
        if key in hot
        else Action.KEEP
        for key in keys
    }
    lost = dict.fromkeys(state.blocks.keys() - actions.keys(), Action.DROP)
    return {**actions, **lost}


def recheck_order(blocks: Sequence[Block], now: datetime) -> list[Block]:
    """Return blocks with the longest unchecked first.

    First of all those of the earlier format, which have no time of a check, and those
    whose check is still to come: the source's clock was put back since, and until it
    has caught up they would be last.
    """
    order = [(_checked_by(block, now), block) for block in blocks]
    return [block for _, block in sorted(order, key=lambda pair: pair[0])]


def _checked_by(block: Block, now: datetime) -> datetime:
    """Return when a block was last checked; 1970 where that is unknown."""
    at = block.checked_at
    return at if at is not None and at <= now else _LONG_AGO


def longest_wait(
    blocks: Sequence[Block],
    rechecked_rows: int,
    older_rows: int,
    now: datetime,
    interval: float,
) -> float:
    """Return the seconds after which a run has seen any edit, at the latest.

    A full recheck takes as many intervals as the older rows need at this pace, and an
    edit that comes right after its block's turn is seen at the end of the next one. The
    age of the longest unchecked block counts too, where it is more.
    """
    # A run that rechecked nothing must not divide by zero.
    turns = older_rows / max(rechecked_rows, 1)
    checked = [at for at in (_checked_by(b, now) for b in blocks) if at > _LONG_AGO]
    oldest = (now - min(checked)).total_seconds() if checked else 0.0
    return max(turns * interval, oldest + interval)


def large_losses(
    before: Mapping[str, int], gone: Mapping[str, int], policy: Policy
) -> list[str]:
    """Return the tables that lost more rows than happens by itself, in words."""
    return [
        f"{name} lost {gone[name]:,} of {rows:,} rows"
        for name, rows in before.items()
        # A fifth of a tiny table is a handful of rows.
        if gone[name] > max(policy.largest_loss * rows, policy.always_accepted)
    ]


def differ(
    old: Mapping[str, Sequence[Block]], new: Mapping[str, Sequence[Block]]
) -> bool:
    """Return whether two states consist of different rows."""
    return {t: [b.file for b in blocks] for t, blocks in old.items()} != {
        t: [b.file for b in blocks] for t, blocks in new.items()
    }


def compare(table: Table, old: pl.DataFrame, new: pl.DataFrame) -> Counts:
    """Count the differences between two states of the same block.

    User numbers are ours, not the source's: they do not count.
    """
    names = list(table.schema)
    # By key first: a changed row is in both, with other values.
    shared = new.join(old, on=table.key, how="semi")
    same = shared.join(old, on=names, how="semi", nulls_equal=True)
    return Counts(
        new=new.height - shared.height,
        changed=shared.height - same.height,
        gone=old.join(new, on=table.key, how="anti").height,
    )
