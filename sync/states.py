"""What the store holds of a table before a run, and after it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from store.manifest import Block
from sync.counts import Counts


@dataclass(frozen=True, slots=True)
class Before:
    """What the store holds of a table when a run starts."""

    blocks: Mapping[str, Block] = field(default_factory=dict)
    """The published blocks by span."""
    doubted: frozenset[str] = frozenset()
    """Files that are to be read anew, whatever their checksum says."""
    turn: int = 0
    """Whose turn it is among the older blocks."""

    def trusted(self, key: str) -> Block | None:
        """Return the published block of a span unless it is doubted."""
        block = self.blocks.get(key)
        return None if block is None or block.file in self.doubted else block

    @property
    def rows(self) -> int:
        """Rows of the table."""
        return sum(block.rows for block in self.blocks.values())


@dataclass(frozen=True, slots=True)
class After:
    """What a run made of a table."""

    blocks: tuple[Block, ...]
    counts: Counts

    @property
    def rows(self) -> int:
        """Rows of the table."""
        return sum(block.rows for block in self.blocks)
