"""One run: six tables at one instant, published together or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from core.errors import logger
from metrics.tables import Table
from store.manifest import Block, Manifest, PeopleFile, Run
from sync.checking import check_contract
from sync.copying import TableCopy
from sync.counts import NOTHING, Counts
from sync.faults import DamagedStoreError, ShrinkError
from sync.people import NOBODY, People
from sync.policy import Policy
from sync.source import Source
from sync.states import After, Before
from sync.vault import Vault
from sync.watch import Watch


@dataclass(frozen=True, slots=True)
class Request:
    """What a run is asked to do apart from the usual."""

    rebuild: frozenset[str] = frozenset()
    """Names of the tables that are to be read anew."""
    accept_shrink: bool = False

    def reads_anew(self, tables: Sequence[Table]) -> bool:
        """Whether all of these tables are to be read anew."""
        return self.rebuild.issuperset(table.name for table in tables)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A published run."""

    manifest: Manifest
    counts: Counts
    seconds: float

    def __str__(self) -> str:
        return (
            f"{len(self.manifest.tables)} tables, {self.counts}, "
            f"{self.seconds:.1f} s, generation {self.manifest.generation}"
        )


class Replica:
    """One run's work; may be attempted again with a fresh connection."""

    def __init__(
        self,
        tables: Sequence[Table],
        vault: Vault,
        policy: Policy,
        request: Request,
        watch: Watch,
    ) -> None:
        self._tables = tables
        self._vault = vault
        self._policy = policy
        self._request = request
        self._watch = watch
        self._before = state_before(vault, tables, request)
        self._doubted = set(vault.suspects())
        self._people = self._people_before()
        # They keep what they have fetched from one attempt to the next.
        self._copies = {
            table: TableCopy(table, self._of(table), vault, self._people, policy, watch)
            for table in tables
        }

    @property
    def is_first(self) -> bool:
        """Whether nothing had been published before this run."""
        return self._before is None

    def attempt(self, source: Source) -> Outcome:
        """Make the store equal to one instant of the source and publish it."""
        check_contract(self._tables, source)
        for copy in self._copies.values():
            copy.fetch_backlog(source)
        with source.snapshot() as now:
            left_out = check_contract(self._tables, source)
            after = {t: copy.settle(source) for t, copy in self._copies.items()}
        self._check_losses(after)
        self._watch.check()
        return self._publish(now, after, left_out)

    def _of(self, table: Table) -> Before:
        if self._before is None:
            return Before()
        blocks = self._before.tables.get(table.name, ())
        anew = table.name in self._request.rebuild
        doubted = (b.file for b in blocks) if anew else self._doubted
        return Before(
            blocks={block.key: block for block in blocks},
            doubted=frozenset(doubted),
            turn=self._before.number,
        )

    def _people_before(self) -> People:
        """Return the numbers that the store's blocks hold; none if all is read anew."""
        old = self._before
        if old is None or self._request.reads_anew(self._tables):
            return People(self._vault, ())
        if all(map(self._is_trusted, old.people)):
            return People(self._vault, old.people)
        logger.info("the ids behind people's numbers are restored from the blocks")
        # A block that is not whole must not keep numbers that nobody restores.
        self._doubted |= {f.file for f in old.files if not self._vault.is_whole(f)}
        return People.restored(self._vault, self._pairs(old))

    def _is_trusted(self, file: Block | PeopleFile) -> bool:
        return file.file not in self._doubted and self._vault.is_there(file)

    def _pairs(self, old: Manifest) -> pl.DataFrame:
        """Return every person's id and number, from the blocks that are whole."""
        whole = [
            self._vault.pairs(table, block)
            for table in self._tables
            if table.user_id
            for block in old.tables.get(table.name, ())
            if block.file not in self._doubted
        ]
        return pl.concat([NOBODY, *whole]).unique()

    def _check_losses(self, after: Mapping[Table, After]) -> None:
        losses = [
            f"{table.name}: {made.counts.gone:,} of {self._of(table).rows:,} rows"
            for table, made in after.items()
            if made.counts.gone > self._policy.largest_loss * self._of(table).rows
        ]
        if losses and not self._request.accept_shrink:
            raise ShrinkError(losses)

    def _publish(
        self, now: datetime, after: Mapping[Table, After], left_out: tuple[str, ...]
    ) -> Outcome:
        counts = sum((made.counts for made in after.values()), NOTHING)
        blocks = {table.name: made.blocks for table, made in after.items()}
        run = Run(now, self._watch.seconds, **_fields(counts))
        old = self._before
        number = self._vault.last_number() + 1
        manifest = Manifest(
            number=number,
            generation=_generation(old, blocks, number),
            snapshot_at=now,
            tables=blocks,
            people=self._people.publish(),
            runs=(*(old.runs if old else ()), run)[-self._policy.keep_runs :],
            ignored=left_out,
        )
        self._vault.publish(manifest)
        self._tell(after, left_out)
        return Outcome(manifest, counts, self._watch.seconds)

    def _tell(self, after: Mapping[Table, After], left_out: Sequence[str]) -> None:
        for table, made in after.items():
            logger.info("%s: %s rows, %s", table.name, f"{made.rows:,}", made.counts)
        known = self._before.ignored if self._before else ()
        for column in sorted(set(left_out) - set(known)):
            logger.info("%s is new in the database and not copied", column)


def state_before(
    vault: Vault, tables: Sequence[Table], request: Request
) -> Manifest | None:
    """Return the state in force; a damaged one is nothing to a full rebuild."""
    try:
        return vault.current()
    except DamagedStoreError:
        if request.reads_anew(tables):
            return None
        raise


def _generation(
    old: Manifest | None, blocks: Mapping[str, tuple[Block, ...]], number: int
) -> int:
    if old is None:
        # Above every generation that there may have been.
        return number
    return old.generation + (dict(old.tables) != dict(blocks))


def _fields(counts: Counts) -> dict[str, int]:
    return {
        "new": counts.new,
        "changed": counts.changed,
        "gone": counts.gone,
        "healed": counts.healed,
    }
