"""`--verify`: every file against its manifest, every block against the source.

It does not trust what a run relies on: that a block has only keys of its partition,
that no key is in two blocks, that first and last keys and times are those of the rows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import polars as pl

from core.errors import add_error_breadcrumb, logger
from metrics.sentences import counted
from metrics.tables import USER, Blocks, Table
from store.manifest import Block, Manifest, UserIdsFile
from sync.checksum import Checksum, checksum, first_form
from sync.connection import Deadline
from sync.decode import require_own_keys
from sync.exceptions import DamagedBlockError, DifferenceError, NoStoreError
from sync.partitions import Partition, partition_at
from sync.plan import NOTHING, Counts, Policy, compare
from sync.run import check_origin
from sync.schema_contract import check_contract
from sync.source import Source
from sync.store_writer import USER_ID, StoreWriter
from sync.table_sync import progress
from sync.user_ids import NO_USERS, published


@dataclass
class Findings:
    """What a verification found in one table."""

    damaged: list[Block | UserIdsFile] = field(default_factory=list)
    """Files that were changed, or have rows that do not belong there."""
    stale: list[Block] = field(default_factory=list)
    """Blocks whose rows differ from the source's, whatever the reason."""
    missing: list[str] = field(default_factory=list)
    """Partitions that have rows at the source, and no block."""
    pending: Counts = NOTHING
    """Rows of the newest blocks that are younger than the last run, which the next one
    copies."""

    @property
    def suspects(self) -> list[Block | UserIdsFile]:
        """Blocks that the next run has to read again."""
        return [*self.damaged, *self.stale]

    @property
    def is_wrong(self) -> bool:
        """Whether the store differs in more than what is younger than it."""
        return bool(self.suspects or self.missing)

    def __str__(self) -> str:
        kinds: dict[str, Collection[object]] = {
            "damaged": self.damaged,
            "out of date": self.stale,
            "missing": self.missing,
        }
        parts = [
            f"{counted(len(blocks), 'block')} {kind}"
            for kind, blocks in kinds.items()
            if blocks
        ]
        if self.pending.rows:
            parts.append(f"since the last run {self.pending}")
        return ", ".join(parts) or "equal to the database"


def verify(
    writer: StoreWriter,
    source: Source,
    tables: Sequence[Table],
    policy: Policy,
    deadline: Deadline,
) -> str:
    """Compare everything; raise DifferenceError where data is wrong.

    Changes no data: it only notes for the next run which blocks to read again.
    """
    manifest = writer.current()
    if manifest is None:
        raise NoStoreError
    check_contract(tables, source)
    # A comparison with another database would say nothing.
    check_origin(manifest, source.origin(), source, tables, writer, policy)
    user_ids, damaged = _user_ids(writer, manifest)
    findings: dict[str, Findings] = {}
    for table in tables:
        add_error_breadcrumb("verify", "sync", {"table": table.name})
        one = _Verification(table, manifest, writer, user_ids, policy, deadline)
        findings[table.name] = one.run(source)
    findings["User IDs"] = Findings(damaged)
    for name, found in findings.items():
        logger.info("%s: %s", name, found)
    if wrong := [name for name, found in findings.items() if found.is_wrong]:
        writer.note_suspects([b for name in wrong for b in findings[name].suspects])
        raise DifferenceError(wrong)
    blocks = sum(len(blocks) for blocks in manifest.tables.values())
    return (
        f"{len(tables)} tables, {blocks:,} blocks verified in {deadline.seconds:.1f} s"
    )


def _user_ids(
    writer: StoreWriter, manifest: Manifest
) -> tuple[pl.DataFrame | None, list[Block | UserIdsFile]]:
    """Return the ids behind the numbers, and the files that are wrong about them.

    None where files are damaged: the blocks are what is right then. An id with two
    numbers makes all of them doubtful.
    """
    damaged = [file for file in manifest.user_ids if not writer.is_whole(file)]
    if damaged:
        return None, [*damaged]
    if not manifest.user_ids:
        return NO_USERS, []
    user_ids = published(writer, manifest.user_ids).drop_nulls().collect()
    counted = {
        file.file: writer.read_user_ids(file).len() for file in manifest.user_ids
    }
    wrong = [f for f in manifest.user_ids if counted[f.file] != f.rows]
    # With two numbers for one id no block can be trusted to have the right one.
    if wrong or user_ids[USER_ID].is_duplicated().any():
        return user_ids, [*manifest.files]
    return user_ids, []


class _Verification:
    """The comparison of one table."""

    def __init__(
        self,
        table: Table,
        manifest: Manifest,
        writer: StoreWriter,
        user_ids: pl.DataFrame | None,
        policy: Policy,
        deadline: Deadline,
    ) -> None:
        self._table = table
        # A row has its time before it is committed, and may have missed the snapshot.
        self._since = manifest.snapshot_at - timedelta(seconds=policy.commit_seconds)
        self._blocks: Mapping[str, Block] = {
            block.key: block for block in manifest.tables.get(table.name, ())
        }
        self._writer = writer
        self._user_ids = user_ids
        self._policy = policy
        self._deadline = deadline
        self._keys: dict[str, pl.Series] = {}
        """Keys of the blocks of a table whose key does not say where a row belongs."""

    def run(self, source: Source) -> Findings:
        """Return what differs."""
        found = Findings()
        size = self._policy.block_rows
        partitions = source.partitions(self._table, self._blocks, size)
        hot = {p.key for p in partitions[-self._policy.hot_blocks :]}
        title = f"{self._table.name:<16} verifying"
        for partition in progress(title, partitions):
            self._deadline.check()
            self._look(source, partition, found, hot=partition.key in hot)
        # Blocks whose rows are all gone at the source.
        lost = self._blocks.keys() - {partition.key for partition in partitions}
        found.stale += [self._blocks[key] for key in sorted(lost)]
        found.damaged += self._with_repeated_keys()
        return found

    def _look(
        self, source: Source, partition: Partition, found: Findings, *, hot: bool
    ) -> None:
        block = self._blocks.get(partition.key)
        if block is None:
            live = source.raw_rows(self._table, partition).rows()
            # Rows since the last run are no fault: the next run brings them.
            if self._are_younger(live):
                found.pending += Counts(new=live.height)
            else:
                found.missing.append(partition.key)
            return
        # The file first: a damaged one would differ from the source anyway.
        rows = self._sound_rows(block, partition)
        if rows is None:
            found.damaged.append(block)
            return
        stated = Checksum.stated(block.rows, block.checksum)
        form = stated.form if stated else first_form(self._table)
        ours = checksum(self._table, rows, form)
        if ours == source.checksum(self._table, partition, form):
            return
        live = source.raw_rows(self._table, partition).rows()
        # As the next run will say: compared by keys, a second copy is no difference.
        require_own_keys(self._table, live)
        difference = compare(self._table, rows, live)
        names = self._table.schema.names()
        differing = live.join(rows, on=names, how="anti", nulls_equal=True)
        if hot and not difference.gone and self._are_younger(differing):
            found.pending += difference
        else:
            found.stale.append(block)

    def _are_younger(self, rows: pl.DataFrame) -> bool:
        """Return whether all rows came, or changed by their own times, since the run.

        Of others the store should have known: it was wrong, or values that usually stay
        were changed.
        """
        times = pl.max_horizontal(pl.col(pl.Datetime))
        return rows.filter(times < self._since).is_empty()

    def _sound_rows(self, block: Block, partition: Partition) -> pl.DataFrame | None:
        """Return a block's rows, None where the file is not what it should be.

        That is the bytes and the rows of its manifest, keys and times of its partition,
        and beside each user id the number of that user.
        """
        if not self._writer.is_whole(block):
            return None
        try:
            rows = self._writer.read(self._table, block)
        except DamagedBlockError:
            return None
        # Where the key bounds the block, no key can be in two.
        if self._table.blocks is not Blocks.KEY_RANGE:
            self._keys[block.key] = rows[self._table.key]
        is_sound = (
            self._is_as_described(rows, block)
            and self._is_in_place(rows, partition)
            and not self._has_strangers(rows)
        )
        return rows if is_sound else None

    def _is_as_described(self, rows: pl.DataFrame, block: Block) -> bool:
        key, time = rows[self._table.key], rows[self._table.time]
        described = (block.min_key, block.max_key, block.min_time, block.max_time)
        if (key.min(), key.max(), time.min(), time.max()) != described:
            return False
        if rows.height != block.rows or key.is_duplicated().any():
            return False
        stated = Checksum.stated(block.rows, block.checksum)
        if stated is None:
            return True
        return checksum(self._table, rows, stated.form) == stated

    def _is_in_place(self, rows: pl.DataFrame, partition: Partition) -> bool:
        """Return whether every row belongs to the partition, by its own values."""
        table, size = self._table, self._policy.block_rows
        match table.blocks:
            case Blocks.WHOLE:
                return True
            case Blocks.QUARTER:
                places = rows[table.time].dt.epoch("s")
            case Blocks.KEY_RANGE:
                places = rows[table.key]
        # Partitions are intervals: the ends decide for all between.
        ends = {places.min(), places.max()} - {None}
        return all(
            partition_at(table, place, size) == partition
            for place in ends
            if isinstance(place, int)
        )

    def _has_strangers(self, rows: pl.DataFrame) -> bool:
        if self._user_ids is None or self._table.user_id is None:
            return False
        pairs = rows.select(pl.col(self._table.user_id).alias(USER_ID), USER)
        return not pairs.join(self._user_ids, on=[USER_ID, USER], how="anti").is_empty()

    def _with_repeated_keys(self) -> list[Block]:
        """Return the blocks that share a key with another."""
        keys = (
            pl.concat(
                pl.DataFrame({"block": block, "key": series})
                for block, series in self._keys.items()
            )
            if self._keys
            else pl.DataFrame({"block": [], "key": []})
        )
        twice = keys.filter(pl.col("key").is_duplicated())["block"].unique()
        return [self._blocks[key] for key in twice.sort()]
