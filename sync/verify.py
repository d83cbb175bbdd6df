"""`--verify`: every file against its manifest, every block against the source."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import polars as pl

from core.errors import logger
from metrics.tables import USER, Table
from store.manifest import PEOPLE, Block, Manifest, PeopleFile
from sync.checking import check_contract
from sync.checksum import checksum
from sync.counts import NOTHING, Counts, compare
from sync.faults import DifferenceError, NoStoreError
from sync.people import NOBODY, published
from sync.policy import Policy
from sync.source import Source
from sync.spans import Span, walk
from sync.vault import PERSON, Vault, checksum_of
from sync.watch import Watch


@dataclass
class Findings:
    """What a verification found in one table."""

    damaged: list[Block | PeopleFile] = field(default_factory=list)
    """Files that do not hold what was written."""
    stale: list[Block] = field(default_factory=list)
    """Older blocks whose rows changed at the source since they were compared."""
    pending: Counts = NOTHING
    """What happened in the newest blocks since the last run: the next one follows."""

    @property
    def suspects(self) -> list[Block | PeopleFile]:
        """Blocks that the next run has to read anew."""
        return [*self.damaged, *self.stale]

    def __str__(self) -> str:
        parts = [f"{len(self.damaged)} blocks damaged" if self.damaged else ""]
        parts += [f"{len(self.stale)} blocks out of date" if self.stale else ""]
        parts += [f"since the last run {self.pending}" if self.pending.rows else ""]
        return ", ".join(part for part in parts if part) or "equal to the source"


def verify(
    vault: Vault, source: Source, tables: Sequence[Table], policy: Policy, watch: Watch
) -> str:
    """Compare everything; raise DifferenceError where data are wrong.

    Changes no data: it only leaves word for the next run which blocks to read anew.
    """
    manifest = vault.current()
    if manifest is None:
        raise NoStoreError
    check_contract(tables, source)
    people, damaged = _people(vault, manifest)
    findings = {
        table.name: _Verification(table, manifest, vault, people, policy, watch).run(
            source
        )
        for table in tables
    } | {PEOPLE: Findings(damaged)}
    for name, found in findings.items():
        logger.info("%s: %s", name, found)
    if suspects := [block for found in findings.values() for block in found.suspects]:
        vault.note_suspects(suspects)
        raise DifferenceError([n for n, found in findings.items() if found.suspects])
    blocks = sum(len(blocks) for blocks in manifest.tables.values())
    return f"{len(tables)} tables, {blocks:,} blocks verified, {watch.seconds:.1f} s"


def _people(
    vault: Vault, manifest: Manifest
) -> tuple[pl.DataFrame | None, list[Block | PeopleFile]]:
    """Return who stands behind the numbers, and the files that do not say so.

    None where files are damaged: the blocks are what is right then. Somebody with
    two numbers makes all of them doubtful.
    """
    damaged = [file for file in manifest.people if not vault.is_whole(file)]
    if damaged:
        return None, [*damaged]
    if not manifest.people:
        return NOBODY, []
    people = published(vault, manifest.people).drop_nulls().collect()
    return people, [*manifest.files] if people[PERSON].is_duplicated().any() else []


class _Verification:
    """The comparison of one table."""

    def __init__(
        self,
        table: Table,
        manifest: Manifest,
        vault: Vault,
        people: pl.DataFrame | None,
        policy: Policy,
        watch: Watch,
    ) -> None:
        self._table = table
        self._blocks = {b.key: b for b in manifest.tables.get(table.name, ())}
        self._vault = vault
        self._people = people
        self._policy = policy
        self._watch = watch

    def run(self, source: Source) -> Findings:
        """Return what differs."""
        found = Findings()
        spans = self._spans(source)
        hot = {span.key for span in spans[-self._policy.hot_blocks :]}
        for span in self._watch.over(self._table.name, "verifying", spans):
            self._look(source, span, found, hot=span.key in hot)
        lost = self._blocks.keys() - {span.key for span in spans}
        found.stale += [self._blocks[key] for key in sorted(lost)]
        return found

    def _spans(self, source: Source) -> list[Span]:
        table, size = self._table, self._policy.block_rows
        following = partial(source.next_place, table)
        extent = source.extent(table)
        return list(walk(table, extent, self._blocks.keys(), following, size))

    def _look(self, source: Source, span: Span, found: Findings, *, hot: bool) -> None:
        block = self._blocks.get(span.key)
        if block is not None and not self._is_sound(block):
            found.damaged.append(block)
        elif block is None or checksum_of(block) != source.checksum(self._table, span):
            difference = self._difference(source, span, block)
            if hot or block is None or not difference.changed + difference.gone:
                found.pending += difference
            else:
                found.stale.append(block)

    def _is_sound(self, block: Block) -> bool:
        """Return whether the file holds the bytes and the rows of its manifest.

        And whether each number in it is that of the person whose id stands beside.
        """
        if not self._vault.is_whole(block):
            return False
        rows = self._vault.read(self._table, block)
        same = checksum(self._table, rows) == checksum_of(block)
        return same and not self._has_strangers(rows)

    def _has_strangers(self, rows: pl.DataFrame) -> bool:
        if self._people is None or self._table.user_id is None:
            return False
        pairs = rows.select(pl.col(self._table.user_id).alias(PERSON), USER)
        return not pairs.join(self._people, on=[PERSON, USER], how="anti").is_empty()

    def _difference(self, source: Source, span: Span, block: Block | None) -> Counts:
        live = source.fetch(self._table, span).rows().frame
        if block is None:
            return Counts(new=live.height)
        return compare(self._table, self._vault.read(self._table, block), live)
