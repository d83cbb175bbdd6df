"""One table, from the source to blocks that are proven equal to it."""

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import polars as pl

from metrics.tables import Blocks, Table
from store.manifest import Block
from sync.checksum import Checksum, Form, checksum, first_form, letters
from sync.connection import Deadline
from sync.decode import BulkRows, RawRows, require_own_keys, shown_key
from sync.exceptions import CopyError, DamagedBlockError, RepeatedKeyError
from sync.partitions import Partition, partition_at
from sync.plan import (
    NOTHING,
    Action,
    Counts,
    Policy,
    TableState,
    compare,
    plan,
)
from sync.source import Source
from sync.store_writer import StoreWriter
from sync.user_ids import UserIds

_BAR = 24
_WORTH_A_BAR = 8

type Work = Callable[[], object]
type Fetched = BulkRows | RawRows


@dataclass(frozen=True, slots=True)
class Settled:
    """What a run made of a table."""

    blocks: tuple[Block, ...]
    counts: Counts

    @property
    def rows(self) -> int:
        """Rows of the table."""
        return sum(block.rows for block in self.blocks)


class TableSync:
    """The work of one run on one table; keeps what it has from attempt to attempt."""

    def __init__(
        self,
        table: Table,
        state: TableState,
        writer: StoreWriter,
        user_ids: UserIds,
        policy: Policy,
        deadline: Deadline,
    ) -> None:
        self.table = table
        self.state = state
        self._writer = writer
        self._user_ids = user_ids
        self._policy = policy
        self._deadline = deadline
        self._form = first_form(table)
        self._fetched: dict[str, Block] = {}
        """New blocks, not published yet."""
        self._checked: dict[str, Block] = {}
        """Older blocks that this run has found equal, outside its snapshot."""
        self._differing: set[str] = set()
        """Older blocks that it has found to differ."""
        self._row_by_row: set[str] = set()
        self._settled: dict[str, Block | None] = {}
        self.counting_seconds = 0.0
        """Time that the snapshot spent on older blocks."""

    def fetch_backlog(self, source: Source) -> None:
        """Read what the store lacks, each block by itself, before the snapshot.

        A long backlog would hold the snapshot open for minutes. What is read here
        counts only once the snapshot has confirmed it; what takes no longer than
        `snapshot_seconds` is left to the snapshot.
        """
        partitions = self._partitions(source)
        lacking = [p for p in partitions if self._candidate(p.key) is None]
        # A usual run: the snapshot reads a few blocks in less than a second.
        if len(lacking) <= self._policy.hot_blocks:
            return
        started = self._deadline.seconds
        with background() as write:
            for done, partition in enumerate(self._over("reading", lacking), 1):
                fetched = self._fetch(source, partition)
                write(partial(self._keep, partition, fetched))
                # The rest fits into the snapshot, which would read it anyway.
                pace = (self._deadline.seconds - started) / done
                if (len(lacking) - done) * pace < self._policy.snapshot_seconds:
                    return

    def older_blocks(self) -> list[Block]:
        """Return the blocks that only a recheck looks at."""
        newest = {*list(self.state.blocks)[-self._policy.hot_blocks :]}
        return [
            block
            for key, block in self.state.blocks.items()
            if key not in newest and self.state.trusted(key)
        ]

    def recheck(self, source: Source, block: Block) -> None:
        """Compare an older block with the source, outside of any snapshot.

        One that differs is settled by the snapshot that follows.
        """
        # The partition of today's policy, which may differ from the block's.
        size = self._policy.block_rows
        partition = partition_at(self.table, position_of(self.table, block), size)
        equal = self._equal(source, partition, block, source.now())
        # Blocks of another size, left by another policy, differ too.
        if equal is None or partition.key != block.key:
            self._differing.add(block.key)
        else:
            self._checked[block.key] = equal

    def settle(self, source: Source, now: datetime) -> Settled:
        """Make the table's blocks equal to the source's snapshot.

        New rows are the rule. A changed or lost row is not, nor one that has left a
        block that was not looked at, nor a damaged block: then every block is compared
        in the same run.
        Where a row can move to another block without a new key, that includes what the
        recheck has found equal: the row may have moved since.
        """
        self._settled = {}
        self._require_own_keys(source)
        partitions = self._partitions(source)
        # What was read outside the snapshot counts once the snapshot confirms it.
        urgent = self._differing | self._fetched.keys()
        self._execute(source, partitions, urgent, now)
        counts = self._counts(partitions)
        moved = self._with_other_counts(source, partitions)
        repeated = self._repeat_a_key(partitions)
        if counts != Counts(new=counts.new) or moved or repeated:
            urgent = {partition.key for partition in partitions}
            # Where no row can have left its block, the recheck is believed.
            if self.table.blocks is Blocks.KEY_RANGE:
                urgent -= self._checked.keys() - moved
            self._execute(source, partitions, urgent, now)
            counts = self._counts(partitions)
        blocks = (self._now(partition.key) for partition in partitions)
        return Settled(tuple(block for block in blocks if block is not None), counts)

    def _require_own_keys(self, source: Source) -> None:
        """Raise RepeatedKeyError for rows that share a key across blocks.

        Where the key bounds a block, they are in the same one.
        """
        if self.table.blocks is Blocks.QUARTER:
            key = source.repeated_key(self.table)
            if key is not None:
                shown = shown_key(self.table, key)
                raise RepeatedKeyError(self.table.name, self.table.key, shown)

    def _partitions(self, source: Source) -> list[Partition]:
        known = self.state.blocks.keys() | self._fetched.keys()
        return source.partitions(self.table, known, self._policy.block_rows)

    def _candidate(self, key: str) -> Block | None:
        block = self._fetched.get(key) or self._checked.get(key)
        block = block or self.state.trusted(key)
        return block if block and self._writer.is_there(block) else None

    def _with_other_counts(
        self, source: Source, partitions: Sequence[Partition]
    ) -> set[str]:
        """Return blocks, not compared in the snapshot, that have lost or gained rows.

        The key of a row changed, or an old gap was filled, since their last check.
        """
        started = self._deadline.seconds
        unseen = [p for p in partitions if p.key not in self._settled]
        found = zip(unseen, source.counts(self.table, unseen), strict=True)
        blocks = self.state.blocks
        moved = {p.key for p, rows in found if rows != blocks[p.key].rows}
        self.counting_seconds = self._deadline.seconds - started
        return moved

    def _repeat_a_key(self, partitions: Sequence[Partition]) -> bool:
        """Return whether a new block has a key that another block still has.

        Or may have: the other cannot be read.
        """
        blocks = [block for p in partitions if (block := self._now(p.key))]
        files = {block.file for block in blocks}
        known = {block.file for block in self.state.blocks.values()}
        if self.table.blocks is not Blocks.QUARTER or files <= known:
            return False
        try:
            keys = self._writer.keys(self.table, blocks)
        except DamagedBlockError:
            return True  # comparing all blocks finds it and reads it again
        return keys.n_unique() < keys.len()

    def _execute(
        self,
        source: Source,
        partitions: Sequence[Partition],
        urgent: Collection[str],
        now: datetime,
    ) -> None:
        """Carry out the plan."""
        candidates = {p.key for p in partitions if self._candidate(p.key)}
        hot = self._policy.hot_blocks
        actions = plan(self.state, partitions, candidates, urgent, hot)
        todo = [p for p in partitions if actions[p.key] is not Action.KEEP]
        # What did not come out equal in bulk is read row by row in a second pass.
        while todo := [p for p in todo if p.key not in self._settled]:
            with background() as write:
                for partition in self._over("comparing", todo):
                    self._settle(source, partition, now, write)

    def _settle(
        self,
        source: Source,
        partition: Partition,
        now: datetime,
        write: Callable[[Work], None],
    ) -> None:
        """Settle a partition by its block if that is equal, else by new rows."""
        block = self._candidate(partition.key)
        if block and (equal := self._equal(source, partition, block, now)):
            self._settled[partition.key] = equal
            return
        fetched = self._fetch(source, partition)
        if isinstance(fetched, BulkRows):
            theirs = [fetched.checksum]
        else:
            # In the form of rows too: pages may be cut, or come in another order.
            forms = dict.fromkeys((self._form, Form.ROWS))
            theirs = [source.checksum(self.table, partition, form) for form in forms]
        if theirs[0].rows == 0:
            self._settled[partition.key] = None
        else:
            write(partial(self._replace, partition, fetched, theirs, now))

    def _equal(
        self, source: Source, partition: Partition, block: Block, now: datetime
    ) -> Block | None:
        """Return a block with the time of its check if the source has the same rows."""
        known = self._with_checksum(block)
        ours = Checksum.stated(known.rows, known.checksum) if known else None
        if known is None or ours is None:
            return None
        theirs = source.checksum(self.table, partition, ours.form, known.letters)
        if ours != theirs:
            return None
        return replace(known, checked_at=now) if self._writer.is_whole(known) else None

    def _with_checksum(self, block: Block) -> Block | None:
        """Return a block with its checksum, None where its file is damaged.

        Computed from its rows where the manifest has one of an earlier kind.
        """
        if Checksum.stated(block.rows, block.checksum):
            return block
        if not self._writer.is_whole(block):
            return None
        rows = self._writer.read(self.table, block)
        proof = checksum(self.table, rows, self._form)
        return replace(block, checksum=proof.digest, letters=letters(self.table, rows))

    def _fetch(self, source: Source, partition: Partition) -> Fetched:
        """Return rows as they came; they can be typed in another thread."""
        if self._form is Form.ROWS or partition.key in self._row_by_row:
            return source.raw_rows(self.table, partition)
        return source.bulk_rows(self.table, partition)

    def _keep(self, partition: Partition, fetched: Fetched) -> None:
        """Write a block of the backlog; the snapshot has still to confirm it."""
        rows = fetched.rows()
        if rows is None:
            self._row_by_row.add(partition.key)
        elif not rows.is_empty():
            proof = (
                fetched.checksum
                if isinstance(fetched, BulkRows)
                else checksum(self.table, rows, self._form)
            )
            self._fetched[partition.key] = self._write(partition, rows, proof)

    def _replace(
        self,
        partition: Partition,
        fetched: Fetched,
        theirs: Sequence[Checksum],
        now: datetime,
    ) -> None:
        """Write a new block whose rows have one of the server's checksums."""
        rows = fetched.rows()
        if rows is None:
            # The next fetch brings it row by row, which may raise MisfitError.
            self._row_by_row.add(partition.key)
            return
        proof = (
            theirs[0] if isinstance(fetched, BulkRows) else self._proof(rows, theirs)
        )
        if proof is None:
            raise CopyError(self.table.name, partition.key)
        if trusted := self.state.trusted(partition.key):
            self._remember(trusted)
        block = replace(self._write(partition, rows, proof), checked_at=now)
        self._settled[partition.key] = self._fetched[partition.key] = block

    def _proof(self, rows: pl.DataFrame, theirs: Sequence[Checksum]) -> Checksum | None:
        """Return the server's checksum that rows have, None if they have none."""
        forms = dict.fromkeys((self._form, Form.ROWS))
        ours = (checksum(self.table, rows, form) for form in forms)
        return next(
            (one for one, found in zip(ours, theirs, strict=True) if one == found), None
        )

    def _write(
        self, partition: Partition, rows: pl.DataFrame, proof: Checksum
    ) -> Block:
        """Write a block, with the numbers of its users."""
        require_own_keys(self.table, rows)
        numbered = self._user_ids.numbered(self.table, rows)
        return self._writer.write(self.table, partition, numbered, proof)

    def _remember(self, block: Block) -> None:
        """Take user numbers from the block that is about to be replaced."""
        if self.table.user_id and self._writer.is_whole(block):
            self._user_ids.remember(self._writer.pairs(self.table, block))

    def _over(
        self, action: str, partitions: Sequence[Partition]
    ) -> Iterator[Partition]:
        for partition in progress(f"{self.table.name:<16} {action:<9}", partitions):
            self._deadline.check()
            yield partition

    def _now(self, key: str) -> Block | None:
        """Return the block of a partition as far as this run has come."""
        if key in self._settled:
            return self._settled[key]
        return self._checked.get(key) or self.state.blocks.get(key)

    def _counts(self, partitions: Sequence[Partition]) -> Counts:
        lost = self.state.blocks.keys() - {partition.key for partition in partitions}
        replaced = [
            (self.state.blocks.get(key), block)
            for key, block in {**self._settled, **dict.fromkeys(lost)}.items()
        ]
        if self.table.blocks is Blocks.QUARTER:
            # Together: a row that moved to another block is neither new nor gone.
            return self._difference(replaced)
        return sum((self._difference([pair]) for pair in replaced), NOTHING)

    def _difference(
        self, replaced: Sequence[tuple[Block | None, Block | None]]
    ) -> Counts:
        """Count what differs between the blocks before and those in their place."""
        pairs = [(a, b) for a, b in replaced if not (a and b and a.file == b.file)]
        old = [block for block, _ in pairs if block]
        new = [block for _, block in pairs if block]
        before, after = (sum(block.rows for block in some) for some in (old, new))
        if not old or not new:
            return Counts(new=after, gone=before)
        damaged = sum(not self._writer.is_whole(block) for block in old)
        if damaged:
            more = after - before
            return Counts(new=max(more, 0), gone=max(-more, 0), healed=damaged)
        read = partial(self._writer.read, self.table)
        return compare(self.table, pl.concat(map(read, old)), pl.concat(map(read, new)))


def position_of(table: Table, block: Block) -> int:
    """Return a position within a block's partition."""
    match table.blocks:
        case Blocks.KEY_RANGE:
            return int(block.min_key or 0)
        case _:
            first = block.min_time or datetime(1970, 1, 1)  # UTC
            return int((first - datetime(1970, 1, 1)).total_seconds())


@contextmanager
def background() -> Iterator[Callable[[Work], None]]:
    """Yield a function that starts work in a thread: blocks are written meanwhile.

    It waits for the piece before, so that one is done while the next is prepared,
    never more: memory stays bounded. What a piece raises is raised by the next call
    or by the end of the block, which waits for the last one.
    """
    running: list[Future[object]] = []

    def wait() -> None:
        while running:
            running.pop().result()

    def start(work: Work) -> None:
        wait()
        running.append(pool.submit(work))

    with ThreadPoolExecutor(1) as pool:
        yield start
        wait()


def progress[Item](title: str, items: Sequence[Item]) -> Iterator[Item]:
    """Yield the items, with a bar for long work where a terminal is watching."""
    shown = sys.stderr.isatty() and len(items) >= _WORTH_A_BAR
    for done in range(len(items) + 1):
        if shown:
            filled = _BAR * done // len(items)
            bar = "█" * filled + "·" * (_BAR - filled)
            end = "\n" if done == len(items) else ""
            sys.stderr.write(f"\r{title} {bar} {done:,}/{len(items):,} blocks{end}")
            sys.stderr.flush()
        if done < len(items):
            yield items[done]
