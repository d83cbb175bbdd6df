"""Partitions: which rows of a table belong together in one block. Pure."""

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from metrics.tables import Blocks, Table


@dataclass(frozen=True, slots=True)
class Partition:
    """Rows whose position is in `lower <= position < upper`.

    The position of a row is its key (append tables) or the second of its time
    column (tables by quarter); a whole table is one partition without bounds.
    """

    key: str
    lower: int = 0
    upper: int = 0

    @property
    def whole(self) -> bool:
        """Whether the partition has no bounds."""
        return self.lower == self.upper

    def __contains__(self, position: int) -> bool:
        return self.whole or self.lower <= position < self.upper

    def pages(self, size: int) -> Iterator["Partition"]:
        """Yield a bounded partition in parts of a size."""
        for lower in range(self.lower, self.upper, size):
            yield Partition(self.key, lower, min(lower + size, self.upper))


@dataclass(frozen=True, slots=True)
class Extent:
    """The smallest and the largest position of a table that has rows."""

    first: int
    last: int


WHOLE = Partition("all")


def partition_at(table: Table, position: int, block_rows: int) -> Partition:
    """Return the partition of a position."""
    match table.blocks:
        case Blocks.WHOLE:
            return WHOLE
        case Blocks.QUARTER:
            return _quarter(position)
        case Blocks.KEY_RANGE:
            number = position // block_rows
            lower = number * block_rows
            # The size is part of the key: a new size makes new blocks.
            return Partition(f"{number}x{block_rows}", lower, lower + block_rows)


def walk(
    table: Table,
    extent: Extent | None,
    known: Container[str],
    next_position: Callable[[int], int | None],
    block_rows: int,
) -> Iterator[Partition]:
    """Yield the partitions with rows, oldest first, gaps left out.

    A known partition is taken for existing; `next_position` (the first position at
    or after one) is asked for the others only, so that wide gaps cost one query.
    """
    if extent is None:
        return
    position: int | None = extent.first
    partition = partition_at(table, extent.first, block_rows)
    while position is not None:
        yield partition
        if partition.whole or partition.upper > extent.last:
            return
        position = partition.upper
        partition = partition_at(table, position, block_rows)
        if partition.key not in known:
            position = next_position(position)
            if position is not None:
                partition = partition_at(table, position, block_rows)


def _quarter(second: int) -> Partition:
    day = datetime.fromtimestamp(second, UTC)
    number = (day.month - 1) // 3
    first = datetime(day.year, 3 * number + 1, 1, tzinfo=UTC)
    following = datetime(
        day.year + number // 3, (3 * number + 3) % 12 + 1, 1, tzinfo=UTC
    )
    key = f"{day.year}Q{number + 1}"
    return Partition(key, int(first.timestamp()), int(following.timestamp()))
