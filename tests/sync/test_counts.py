"""How many rows each block has at the source, which every snapshot asks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from metrics.tables import USERS, VOTES, Table
from sync.partitions import Partition, partition_at
from sync.run import SyncRun
from sync.source import Source
from testkit.database_servers import LiveDatabase
from testkit.harness import Store
from tests.sync.rows import insert_votes, user
from tests.sync.sources import opened

SIZE = 10
ODD_TIMES = [
    "0000-00-00 00:00:00",
    "1970-01-01 00:00:01",
    "1970-03-31 23:59:59",
    "1970-04-01 00:00:00",
    "2038-01-19 03:14:07",
]
UNSAFE = "SET SESSION sql_mode = ''"


def partitions(table: Table, positions: Sequence[int]) -> list[Partition]:
    found = (partition_at(table, position, SIZE) for position in positions)
    return list(dict.fromkeys(found))


def seconds(times: Sequence[str]) -> list[int]:
    """Return seconds since 1970; 0 for the zero date, as partitions have it."""
    return [
        int(datetime.fromisoformat(time).replace(tzinfo=UTC).timestamp())
        for time in times
        if time != ODD_TIMES[0]
    ]


def read(source: Source, table: Table, some: Sequence[Partition]) -> list[int]:
    return [source.raw_rows(table, partition).raw.height for partition in some]


def rows_read_by_the_server(source: Source) -> int:
    asked = "SHOW SESSION STATUS LIKE 'Handler_read_rnd_next'"
    ((_, number),) = source._rows((asked, ()), "reading the status")
    return int(number or b"0")


def test_quarters_are_counted_to_the_second_and_not_in_a_pass_each(
    database: LiveDatabase,
) -> None:
    firsts = [datetime(year, month, 1) for year in (2024, 2025) for month in (1, 4, 10)]
    ends = [first - timedelta(seconds=1) for first in firsts]
    times = [f"{at}" for at in (*firsts, *firsts, *ends)]
    database.insert(USERS, [user(f"u{n}", at) for n, at in enumerate(times)])
    quarters = partitions(USERS, sorted(seconds([*times, "2024-08-01", "2026-01-01"])))
    with opened(database) as source:
        before = rows_read_by_the_server(source)
        found = source.counts(USERS, quarters)
        # Each row once, and the groups that came of them.
        assert rows_read_by_the_server(source) - before < 3 * len(times)
        assert found == read(source, USERS, quarters)
    assert dict(zip((q.key for q in quarters), found, strict=True)) == {
        "2023Q4": 1,
        "2024Q1": 3,
        "2024Q2": 2,
        "2024Q3": 1,
        "2024Q4": 3,
        "2025Q1": 3,
        "2025Q2": 2,
        "2025Q3": 1,
        "2025Q4": 2,
        "2026Q1": 0,
    }


def test_odd_times_are_counted_where_they_are_read(database: LiveDatabase) -> None:
    quarters = partitions(USERS, seconds([*ODD_TIMES, "2026-01-01"]))
    with opened(database) as source:
        # Later than the look at the columns, which would refuse nulls.
        database.execute("ALTER TABLE fpp_users MODIFY created_at timestamp NULL")
        with database.connect() as connection, connection.cursor() as cursor:
            cursor.execute(UNSAFE)
            for number, at in enumerate([*ODD_TIMES, ODD_TIMES[0], None, None]):
                cursor.execute(
                    "INSERT INTO fpp_users (id, created_at) VALUES (%s, %s)",
                    (f"u{number}", at),
                )
        found = source.counts(USERS, quarters)
        assert found == read(source, USERS, quarters) == [4, 1, 1, 0]


def test_a_zero_date_that_comes_after_the_recheck_is_found(
    database: LiveDatabase,
    store: Store,
    reported: Sequence[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times = [*ODD_TIMES[1:], "2026-11-02 10:00:00"]
    database.insert(USERS, [user(f"u{n}", at) for n, at in enumerate(times)])
    assert store.sync() == 0
    recheck = SyncRun._recheck

    def recheck_and_insert(self: SyncRun, source: Source) -> None:
        recheck(self, source)
        with database.connect() as connection, connection.cursor() as cursor:
            cursor.execute(UNSAFE)
            cursor.execute("INSERT INTO fpp_users (id, created_at) VALUES ('late', 0)")

    # The quarter has an old block: the snapshot counts its rows and reads none.
    monkeypatch.setattr(SyncRun, "_recheck", recheck_and_insert)
    assert store.sync() == 1
    assert "fpp_users.created_at of the row with key late… is a zero" in reported[-1]


def test_blocks_of_keys_are_counted_and_empty_ones_are_0(
    database: LiveDatabase,
) -> None:
    insert_votes(database, [-10, -1, 1, 9, 10, 25])
    blocks = partitions(VOTES, [-10, 0, 10, 20, 30])
    with opened(database) as source:
        assert source.counts(VOTES, blocks) == [2, 2, 1, 1, 0]
