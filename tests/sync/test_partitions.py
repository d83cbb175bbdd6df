"""Which rows belong together in one block."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from metrics.tables import USERS
from sync.partitions import partition_at
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
