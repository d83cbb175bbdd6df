"""One run: all tables at one instant, published together or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import polars as pl

from core import clock
from core.errors import add_error_breadcrumb, logger
from metrics.sentences import counted
from metrics.tables import Table
from store.manifest import Block, Manifest, Origin, Run, UserIdsFile
from sync.connection import Deadline
from sync.exceptions import (
    DamagedStoreError,
    DamagedUserIdsError,
    OriginError,
    ShrinkError,
)
from sync.partitions import partition_at
from sync.plan import (
    NOTHING,
    Counts,
    Policy,
    TableState,
    compare,
    differ,
    large_losses,
    longest_wait,
    recheck_order,
)
from sync.schema_contract import check_contract
from sync.source import Source
from sync.store_writer import StoreWriter
from sync.table_sync import Settled, TableSync, position_of
from sync.user_ids import NO_USERS, UserIds

# Share of the oldest rows that a database has to have in common with the store to be
# taken for the one that was copied, moved to another server.
_SAME_DATABASE = 0.5


@dataclass(frozen=True, slots=True)
class Request:
    """What a run does besides the usual."""

    rebuild: frozenset[str] = frozenset()
    """Names of the tables that are to be read again."""
    accept_shrink: bool = False

    def reads_all_again(self, tables: Sequence[Table]) -> bool:
        """Whether all of these tables are to be read again."""
        return self.rebuild.issuperset(table.name for table in tables)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A published run."""

    manifest: Manifest
    counts: Counts
    seconds: float
    rechecked: int
    """Older rows that were compared."""

    def __str__(self) -> str:
        minutes = (self.manifest.longest_wait or 0) / 60
        return (
            f"Synced {len(self.manifest.tables)} tables in {self.seconds:.1f} s: "
            f"{self.counts}; {self.rechecked:,} older rows rechecked in "
            f"{self.manifest.runs[-1].recheck_seconds:.1f} s, any edit is seen within "
            f"{minutes:,.0f} min; generation {self.manifest.generation}"
        )


class SyncRun:
    """One run's work; may be attempted again with a fresh connection."""

    def __init__(
        self,
        tables: Sequence[Table],
        writer: StoreWriter,
        policy: Policy,
        request: Request,
        deadline: Deadline,
        interval: float,
    ) -> None:
        self._tables = tables
        self._writer = writer
        self._policy = policy
        self._request = request
        self._deadline = deadline
        self._interval = interval
        self._before = _state_before(writer, tables, request)
        self._doubted = self._suspects()
        self._rechecked: dict[str, int] | None = None
        """Rows of the older blocks that were compared, by file; None before that."""
        self._recheck_seconds = 0.0
        self._is_replaced = False
        """Whether the store becomes a replica of another database."""
        self._begin()

    def _begin(self) -> None:
        self._rechecked = None
        self._user_ids = self._user_ids_before()
        # They keep what they have fetched from one attempt to the next.
        self._syncs = [
            TableSync(
                table,
                self._state_of(table),
                self._writer,
                self._user_ids,
                self._policy,
                self._deadline,
            )
            for table in self._tables
        ]

    @property
    def is_first(self) -> bool:
        """Whether nothing had been published before this run."""
        return self._before is None

    def attempt(self, source: Source) -> Outcome:
        """Make the store equal to one instant of the source and publish it."""
        try:
            return self._attempt(source)
        except DamagedUserIdsError as error:
            # The next attempt restores the ids from the blocks.
            self._doubted |= error.files
            self._begin()
            raise

    def _attempt(self, source: Source) -> Outcome:
        origin = source.origin()
        _warn_of_clocks(source.now() - clock.now())
        _note("contract")
        # Before anything is read: a missing column would end a long backlog.
        check_contract(self._tables, source)
        self._check_origin(source, origin)
        _note("backlog")
        for sync in self._syncs:
            sync.fetch_backlog(source)
        _note("recheck")
        self._recheck(source)
        _note("snapshot")
        with source.snapshot(self._tables) as now:
            # Again: from here on the server keeps every table as it is.
            left_out = check_contract(self._tables, source)
            settled = {sync.table: sync.settle(source, now) for sync in self._syncs}
        # After the snapshot, before anything is in force.
        self._check_losses(settled)
        self._deadline.check()
        for name in sorted(source.views):
            logger.info(
                "%s is a view. Its copy is consistent only if its tables use InnoDB.",
                name,
            )
        _note("publish")
        return self._publish(now, settled, left_out, origin)

    def _recheck(self, source: Source) -> None:
        """Compare older blocks, the longest unchecked first, for a share of the time.

        Each in a statement of its own: a snapshot must not last that long.
        """
        if self._rechecked is not None:
            return
        self._rechecked = {}
        # All tables share one budget: the longest unchecked block comes first.
        owners = {b.file: sync for sync in self._syncs for b in sync.older_blocks()}
        older = [block for sync in self._syncs for block in sync.older_blocks()]
        started = self._deadline.seconds
        budget = self._policy.recheck_share * self._interval
        for block in recheck_order(older, source.now()):
            self._deadline.check()
            owners[block.file].recheck(source, block)
            self._rechecked[block.file] = block.rows
            self._recheck_seconds = self._deadline.seconds - started
            if self._recheck_seconds > budget:
                return

    def _check_origin(self, source: Source, origin: Origin) -> None:
        """Raise OriginError for another database, unless all is read again from it."""
        before = self._before
        if before is None or before.origin is None or origin.matches(before.origin):
            return
        self._is_replaced = self._request.reads_all_again(self._tables)
        if not self._is_replaced:
            check_origin(
                before, origin, source, self._tables, self._writer, self._policy
            )

    def _state_of(self, table: Table) -> TableState:
        if self._before is None:
            return TableState()
        blocks = self._before.tables.get(table.name, ())
        everything = table.name in self._request.rebuild
        doubted = (block.file for block in blocks) if everything else self._doubted
        return TableState(
            blocks={block.key: block for block in blocks}, doubted=frozenset(doubted)
        )

    def _suspects(self) -> set[str]:
        found = self._writer.suspects()
        if found is not None:
            return set(found)
        logger.info(
            "The list of suspect blocks cannot be read. All blocks are read again."
        )
        return {file.file for file in self._before.files} if self._before else set()

    def _user_ids_before(self) -> UserIds:
        """Return the numbers of the store's blocks; none if all is read again."""
        old = self._before
        if old is None or self._request.reads_all_again(self._tables):
            return UserIds(self._writer, ())
        if all(map(self._is_trusted, old.user_ids)):
            return UserIds(self._writer, old.user_ids)
        logger.info("The user IDs are restored from the blocks.")
        # A block that is not whole must not keep numbers that are not restored.
        self._doubted |= {f.file for f in old.files if not self._writer.is_whole(f)}
        return UserIds.restored(self._writer, self._pairs(old))

    def _is_trusted(self, file: Block | UserIdsFile) -> bool:
        return file.file not in self._doubted and self._writer.is_there(file)

    def _pairs(self, old: Manifest) -> pl.DataFrame:
        """Return every user's id and number, from the blocks that are whole."""
        whole = [
            self._writer.pairs(table, block)
            for table in self._tables
            if table.user_id
            for block in old.tables.get(table.name, ())
            if self._writer.is_whole(block)
        ]
        return pl.concat([NO_USERS, *whole]).unique()

    def _check_losses(self, settled: Mapping[Table, Settled]) -> None:
        before = {table.name: self._state_of(table).rows for table in settled}
        gone = {table.name: made.counts.gone for table, made in settled.items()}
        losses = large_losses(before, gone, self._policy)
        if losses and not self._request.accept_shrink and not self._is_replaced:
            raise ShrinkError(losses)

    def _publish(
        self,
        now: datetime,
        settled: Mapping[Table, Settled],
        left_out: tuple[str, ...],
        origin: Origin,
    ) -> Outcome:
        counts = sum((made.counts for made in settled.values()), NOTHING)
        blocks = {table.name: made.blocks for table, made in settled.items()}
        seconds = self._deadline.seconds
        rechecking = self._recheck_seconds
        rechecking += sum(sync.counting_seconds for sync in self._syncs)
        run = Run(now, seconds, **asdict(counts), recheck_seconds=rechecking)
        old = self._before
        # Above every manifest on disk, also those that a crash left behind.
        number = self._writer.last_number() + 1
        # `generation` grows with changes of rows, `number` with every state.
        manifest = Manifest(
            number=number,
            # The first is above every generation that there may have been.
            generation=old.generation + differ(old.tables, blocks) if old else number,
            snapshot_at=now,
            tables=blocks,
            user_ids=self._user_ids.publish(),
            runs=(*(old.runs if old else ()), run)[-self._policy.keep_runs :],
            ignored=left_out,
            origin=origin,
            longest_wait=self._longest_wait(blocks, now),
        )
        self._writer.publish(manifest)
        self._log(settled, left_out)
        rechecked = sum((self._rechecked or {}).values())
        return Outcome(manifest, counts, self._deadline.seconds, rechecked)

    def _longest_wait(
        self, blocks: Mapping[str, Sequence[Block]], now: datetime
    ) -> float:
        all_blocks = [block for some in blocks.values() for block in some]
        older = sum(b.rows for sync in self._syncs for b in sync.older_blocks())
        rechecked = sum((self._rechecked or {}).values())
        return longest_wait(all_blocks, rechecked, older, now, self._interval)

    def _log(self, settled: Mapping[Table, Settled], left_out: Sequence[str]) -> None:
        for table, made in settled.items():
            logger.info("%s: %s rows, %s", table.name, f"{made.rows:,}", made.counts)
        known = self._before.ignored if self._before else ()
        for column in sorted(set(left_out) - set(known)):
            logger.info("%s is new in the database. It is not copied.", column)


def _warn_of_clocks(ahead: timedelta) -> None:
    """Log a warning when the database's clock, ahead by so much, is not ours.

    The data has the time of the database, and the dashboard tells its age by ours.
    """
    minutes = round(abs(ahead) / timedelta(minutes=1))
    # The server's answer may take a minute.
    if minutes <= 1:
        return
    is_behind = ahead < timedelta()
    logger.warning(
        "The database's clock is %s %s this machine's. The dashboard %s by as much. "
        "Set both clocks.",
        counted(minutes, "minute"),
        "behind" if is_behind else "ahead of",
        "takes the data for older" if is_behind else "notices late data later",
    )


def check_origin(
    manifest: Manifest,
    origin: Origin,
    source: Source,
    tables: Sequence[Table],
    writer: StoreWriter,
    policy: Policy,
) -> None:
    """Raise OriginError where the database is not the one that was copied.

    Another server may still have the same database, after a move or a restore: then
    most of the oldest rows are the same.
    """
    known = manifest.origin
    if known is None or origin.matches(known):
        return
    if known.database != origin.database:
        raise OriginError("DB_NAME has changed")
    rows = same = 0
    for table in tables:
        block = next(iter(manifest.tables.get(table.name, ())), None)
        if block is None or not writer.is_whole(block):
            continue
        # The oldest rows change least: a moved database still has them.
        place = position_of(table, block)
        partition = partition_at(table, place, policy.block_rows)
        live = source.raw_rows(table, partition).rows()
        counts = compare(table, writer.read(table, block), live)
        # Rows that are gone from the same server are a loss, for `_check_losses`.
        rows += block.rows - (counts.gone if known.server == origin.server else 0)
        same += block.rows - counts.changed - counts.gone
    if same < _SAME_DATABASE * rows:
        fact = "it was moved or created again, and most of its oldest rows differ"
        raise OriginError(fact)
    logger.info(
        "The database was moved or created again. Most of its oldest rows are "
        "unchanged."
    )


def _state_before(
    writer: StoreWriter, tables: Sequence[Table], request: Request
) -> Manifest | None:
    """Return the state in force; a damaged one is nothing to a full rebuild."""
    try:
        return writer.current()
    except DamagedStoreError:
        if request.reads_all_again(tables):
            return None
        raise


def _note(step: str) -> None:
    add_error_breadcrumb(step, "sync", {})
