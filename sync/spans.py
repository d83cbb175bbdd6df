"""Spans: which rows of a table belong together in one block. Pure."""

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from metrics.tables import Blocks, Table


@dataclass(frozen=True, slots=True)
class Span:
    """Rows whose place lies in `lower <= place < upper`.

    The place of a row is its key (append tables) or the second of its time
    column (tables by quarter); a whole table has one span without bounds.
    """

    key: str
    lower: int = 0
    upper: int = 0

    @property
    def whole(self) -> bool:
        """Whether the span has no bounds."""
        return self.lower == self.upper


@dataclass(frozen=True, slots=True)
class Extent:
    """The smallest and the largest place of a table that has rows."""

    first: int
    last: int


WHOLE = Span("all")


def parts(span: Span, size: int) -> Iterator[Span]:
    """Yield a bounded span in parts of a size."""
    for lower in range(span.lower, span.upper, size):
        yield Span(span.key, lower, min(lower + size, span.upper))


def span_at(table: Table, place: int, block_rows: int) -> Span:
    """Return the span that holds a place."""
    match table.blocks:
        case Blocks.WHOLE:
            return WHOLE
        case Blocks.QUARTER:
            return _quarter(place)
        case Blocks.KEY_RANGE:
            number = place // block_rows
            lower = number * block_rows
            # The size is part of the key: a new size makes new blocks.
            return Span(f"{number}x{block_rows}", lower, lower + block_rows)


def walk(
    table: Table,
    extent: Extent | None,
    known: Container[str],
    next_place: Callable[[int], int | None],
    block_rows: int,
) -> Iterator[Span]:
    """Yield the spans that hold rows, oldest first, gaps left out.

    A known span is taken for existing; `next_place` (the first place at or after
    one) is asked for the others only, so that wide gaps cost one question.
    """
    place = None if extent is None else extent.first
    while extent is not None and place is not None:
        span = span_at(table, place, block_rows)
        yield span
        if span.whole or span.upper > extent.last:
            return
        place = span.upper
        if span_at(table, place, block_rows).key not in known:
            place = next_place(place)


def _quarter(second: int) -> Span:
    day = datetime.fromtimestamp(second, UTC)
    number = (day.month - 1) // 3
    first = datetime(day.year, 3 * number + 1, 1, tzinfo=UTC)
    following = datetime(
        day.year + number // 3, (3 * number + 3) % 12 + 1, 1, tzinfo=UTC
    )
    key = f"{day.year}Q{number + 1}"
    return Span(key, int(first.timestamp()), int(following.timestamp()))
