"""One table, from the source to blocks that are proven equal to it."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from metrics.tables import Table
from store.manifest import Block
from sync.background import Work, background
from sync.checksum import EMPTY, Checksum
from sync.counts import NOTHING, Counts, compare
from sync.faults import CopyError
from sync.people import People
from sync.policy import Policy
from sync.rotation import in_turn
from sync.source import Source
from sync.spans import Span, walk
from sync.states import After, Before
from sync.transfer import Fetched, Transfer
from sync.vault import Vault, checksum_of
from sync.watch import Watch


class TableCopy:
    """The work of one run on one table."""

    def __init__(
        self,
        table: Table,
        before: Before,
        vault: Vault,
        people: People,
        policy: Policy,
        watch: Watch,
    ) -> None:
        self._table = table
        self._before = before
        self._vault = vault
        self._transfer = Transfer(table, vault, people)
        self._policy = policy
        self._watch = watch
        self._fetched: dict[str, Block] = {}
        self._settled: dict[str, Block | None] = {}

    def fetch_backlog(self, source: Source) -> None:
        """Read what the store lacks, each block by itself, before the snapshot.

        A long backlog would hold the snapshot open for minutes. What is read here
        counts only once the snapshot has confirmed it; what takes no longer than
        `snapshot_seconds` is left to the snapshot.
        """
        lacking = [s for s in self._spans(source) if self._candidate(s.key) is None]
        if len(lacking) <= self._policy.hot_blocks:
            return
        started = self._watch.seconds
        with background() as write:
            for done, span in enumerate(self._over("reading", lacking), 1):
                write(partial(self._keep, span, self._transfer.fetch(source, span)))
                pace = (self._watch.seconds - started) / done
                if (len(lacking) - done) * pace < self._policy.snapshot_seconds:
                    return

    def _keep(self, span: Span, fetched: Fetched) -> None:
        if rows := self._transfer.rows(span, fetched):
            self._fetched[span.key] = self._transfer.write(span, rows)

    def settle(self, source: Source) -> After:
        """Make the table's blocks equal to the snapshot that the source holds.

        New rows are the rule. A changed or lost row is not: where one turns up,
        every block of the table is compared in the same run.
        """
        self._settled = {}
        spans = self._spans(source)
        self._settle(source, self._due(spans))
        counts = self._counts(spans)
        if counts.changed or counts.gone:
            self._settle(source, spans)
            counts = self._counts(spans)
        blocks = (self._now(span.key) for span in spans)
        return After(tuple(block for block in blocks if block is not None), counts)

    def _spans(self, source: Source) -> list[Span]:
        table, size = self._table, self._policy.block_rows
        known = self._before.blocks.keys() | self._fetched.keys()
        extent = source.extent(table)
        following = partial(source.next_place, table)
        return list(walk(table, extent, known, following, size))

    def _due(self, spans: Sequence[Span]) -> list[Span]:
        newest = slice(-self._policy.hot_blocks, None)
        # The newest of before, too: they may have got late rows since.
        hot = {*[span.key for span in spans][newest], *[*self._before.blocks][newest]}
        sound = [span.key for span in spans if self._is_sound(span.key)]
        older = {k: self._before.blocks[k].rows for k in sound if k not in hot}
        turns = in_turn(older, self._policy.rotation_rows, self._before.turn)
        return [s for s in spans if s.key in hot | turns or s.key not in sound]

    def _is_sound(self, key: str) -> bool:
        block = self._before.trusted(key)
        return block is not None and self._vault.is_there(block)

    def _candidate(self, key: str) -> Block | None:
        return self._fetched.get(key) or self._before.trusted(key)

    def _settle(self, source: Source, spans: Sequence[Span]) -> None:
        # What did not come out equal as lines is read row by row in a second pass.
        while todo := [span for span in spans if span.key not in self._settled]:
            with background() as write:
                for span in self._over("comparing", todo):
                    self._compare(source, span, write)

    def _compare(
        self, source: Source, span: Span, write: Callable[[Work], None]
    ) -> None:
        """Settle a span: by its block if that is equal, else by what the source has."""
        block = self._candidate(span.key)
        lines = None if block else self._transfer.lines(source, span)
        theirs = lines.checksum if lines else source.checksum(self._table, span)
        if theirs == EMPTY:
            self._settled[span.key] = None
        elif block and self._is_equal(block, theirs):
            self._settled[span.key] = block
        else:
            fetched = lines or self._transfer.fetch(source, span)
            write(partial(self._replace, span, fetched, theirs))

    def _is_equal(self, block: Block, theirs: Checksum) -> bool:
        return checksum_of(block) == theirs and self._vault.is_whole(block)

    def _replace(self, span: Span, fetched: Fetched, theirs: Checksum) -> None:
        rows = self._transfer.rows(span, fetched)
        if rows is None:
            return
        if rows.checksum != theirs:
            raise CopyError(self._table.name, span.key)
        self._transfer.remember(self._before.trusted(span.key))
        block = self._transfer.write(span, rows)
        self._settled[span.key] = self._fetched[span.key] = block

    def _over(self, action: str, spans: Sequence[Span]) -> Iterator[Span]:
        return self._watch.over(self._table.name, action, spans)

    def _now(self, key: str) -> Block | None:
        """Return the block of a span as far as this run has come."""
        if key in self._settled:
            return self._settled[key]
        return self._before.blocks.get(key)

    def _counts(self, spans: Sequence[Span]) -> Counts:
        lost = self._before.blocks.keys() - {span.key for span in spans}
        gone = Counts(gone=sum(self._before.blocks[key].rows for key in lost))
        return sum((self._difference(key) for key in self._settled), gone)

    def _difference(self, key: str) -> Counts:
        old, new = self._before.blocks.get(key), self._settled[key]
        if old is new:
            return NOTHING
        if old is None or new is None:
            return Counts(new=new.rows if new else 0, gone=old.rows if old else 0)
        if not self._vault.is_whole(old):
            return Counts(new=max(new.rows - old.rows, 0), healed=1)
        read = partial(self._vault.read, self._table)
        return compare(self._table, read(old), read(new))
