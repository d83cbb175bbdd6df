"""One block of a table: fetched the quick way or the sure way, proven, written."""

from metrics.tables import Blocks, Table
from store.manifest import Block
from sync.checksum import Checked
from sync.decode import Rows
from sync.lines import Lines
from sync.people import People
from sync.source import Source
from sync.spans import Span
from sync.vault import Vault

type Fetched = Lines | Rows


class Transfer:
    """Reads spans of a table from the source and writes them into the store."""

    def __init__(self, table: Table, vault: Vault, people: People) -> None:
        self._table = table
        self._vault = vault
        self._people = people
        self._row_by_row: set[str] = set()

    def lines(self, source: Source, span: Span) -> Lines | None:
        """Return a span's rows as lines; None where they have to be read row by row.

        Only keys say how many rows there can be at most, and so how long a text.
        """
        by_key = self._table.blocks is Blocks.KEY_RANGE
        if not by_key or span.key in self._row_by_row:
            return None
        return source.lines(self._table, span)

    def fetch(self, source: Source, span: Span) -> Fetched:
        """Return a span's rows as they came; they can be typed in another thread."""
        return self.lines(source, span) or source.fetch(self._table, span)

    def rows(self, span: Span, fetched: Fetched) -> Checked | None:
        """Return typed rows; None where lines did not come out equal.

        The next fetch of the span brings it row by row, which may raise MisfitError.
        """
        rows = fetched.rows()
        if rows is None:
            self._row_by_row.add(span.key)
        return rows

    def write(self, span: Span, rows: Checked) -> Block:
        """Write a block, with people's numbers."""
        numbered = self._people.numbered(self._table, rows.frame)
        return self._vault.write(self._table, span, Checked(numbered, rows.checksum))

    def remember(self, block: Block | None) -> None:
        """Take people's numbers from the block that is about to be replaced."""
        if block and self._table.user_id and self._vault.is_whole(block):
            self._people.remember(self._vault.pairs(self._table, block))
