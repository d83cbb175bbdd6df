"""Which rows belong together in one block."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from metrics.tables import USERS, VOTES
from sync.partitions import Extent, partition_at, walk
from tests.metrics.building import quick

SECONDS = st.integers(1, 2**32 - 1)


@quick
@given(SECONDS)
def test_quarters_contain_their_seconds_and_follow_each_other(second: int) -> None:
    span = partition_at(USERS, second, 65_536)
    assert span.lower <= second < span.upper
    day = datetime.fromtimestamp(second, UTC)
    assert span.key == f"{day.year}Q{(day.month + 2) // 3}"
    assert partition_at(USERS, span.upper, 65_536).lower == span.upper
    assert partition_at(USERS, span.upper - 1, 65_536) == span


@quick
@given(st.sets(st.integers(1, 60)), st.sets(st.integers(0, 12)))
def test_every_row_is_in_one_partition_and_gaps_are_in_none(
    ids: set[int], known: set[int]
) -> None:
    """The last id may be the first of its block: 65,536 of 65,536."""
    extent = Extent(min(ids), max(ids)) if ids else None

    def following(position: int) -> int | None:
        return min((number for number in ids if number >= position), default=None)

    keys = {f"{number}x5" for number in known}
    found = list(walk(VOTES, extent, keys, following, 5))
    places = [range(span.lower, span.upper) for span in found]
    assert all(sum(number in place for place in places) == 1 for number in ids)
    for span, place in zip(found, places, strict=True):
        assert span.key in keys or not ids.isdisjoint(place)
        pages = [range(page.lower, page.upper) for page in span.pages(2)]
        assert [number for page in pages for number in page] == [*place]
