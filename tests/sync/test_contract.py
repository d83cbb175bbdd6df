"""Situation 6: the live tables change shape."""

from collections.abc import Sequence

import pytest

from metrics.tables import ROOMS, TABLES, VOTES
from sync.contract import LiveColumn, offences
from testkit.database_servers import READER, LiveDatabase
from testkit.harness import Store
from tests.sync.conftest import DuringSettling
from tests.sync.rows import insert_votes, room


def test_an_added_column_is_ignored_and_said_once(
    database: LiveDatabase, store: Store, logged: Sequence[str]
) -> None:
    store.sync()
    database.execute("ALTER TABLE fpp_rooms ADD colour varchar(9) NULL")
    database.insert(ROOMS, [room(1, "one")])
    assert [store.sync(), store.sync()] == [0, 0]
    store.assert_equals_source()
    said = "fpp_rooms.colour is new in the database and not copied"
    assert logged.count(said) == 1


BREAKS = {
    "dropped": ("ALTER TABLE fpp_rooms DROP name", "fpp_rooms.name is missing"),
    "renamed": (
        "ALTER TABLE fpp_rooms CHANGE name names varchar(15) NOT NULL",
        "fpp_rooms.name is missing (did it become 'names'?)",
    ),
    "retyped": (
        "ALTER TABLE fpp_rooms MODIFY last_used_at datetime NOT NULL",
        "fpp_rooms.last_used_at is of type datetime",
    ),
    "nullable": (
        "ALTER TABLE fpp_rooms MODIFY number int NULL",
        "fpp_rooms.number may be null now",
    ),
    "other scale": (
        "ALTER TABLE fpp_votes MODIFY avg_estimation decimal(6,3) NOT NULL",
        "fpp_votes.avg_estimation is of type decimal(6,3)",
    ),
    "fractions of a second": (
        "ALTER TABLE fpp_votes MODIFY voted_at timestamp(3) NOT NULL",
        "fpp_votes.voted_at is of type timestamp(3)",
    ),
    "missing": ("DROP TABLE fpp_events", "fpp_events is missing, or SELECT on it"),
}


@pytest.mark.parametrize(("change", "said"), BREAKS.values(), ids=BREAKS.keys())
def test_a_table_that_breaks_the_contract_stops_everything_and_is_named(
    database: LiveDatabase,
    store: Store,
    reported: Sequence[str],
    change: str,
    said: str,
) -> None:
    database.insert(ROOMS, [room(1, "one")])
    store.sync()
    before = store.manifest()
    database.execute(change)
    database.execute("DELETE FROM fpp_rooms")
    assert store.sync() == 1
    assert store.manifest() == before
    assert said in reported[-1]
    assert len(reported) == 1


def test_a_table_without_a_grant_is_named(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    reader = f"{READER}@127.0.0.1"
    database.execute(f"REVOKE SELECT ON `{database.name}`.* FROM {reader}")  # noqa: S608  # our own names
    for table in TABLES:
        if table != VOTES:
            database.execute(f"GRANT SELECT ON {table.name} TO {reader}")
    assert store.sync() == 1
    assert "1 difference " in reported[-1]
    assert "fpp_votes is missing, or SELECT on it is not granted" in reported[-1]


def test_every_difference_is_listed_at_once() -> None:
    live = [LiveColumn("id", "varchar(9)", nullable=True)]
    assert len(offences(ROOMS, live)) == len(ROOMS.columns)


CHANGES_INSIDE = {
    "retyped": "ALTER TABLE fpp_votes MODIFY duration int NOT NULL",
    "column added": "ALTER TABLE fpp_votes ADD colour int NULL",
    "truncated and filled": "TRUNCATE fpp_votes",
}


@pytest.mark.parametrize("change", CHANGES_INSIDE.values(), ids=CHANGES_INSIDE.keys())
def test_a_table_that_changes_inside_a_run_is_copied_by_the_next_attempt(
    database: LiveDatabase, store: Store, during_settling: DuringSettling, change: str
) -> None:
    insert_votes(database, range(1, 5))

    def alter() -> None:
        database.execute(change)
        insert_votes(database, range(11, 20))

    during_settling(alter)
    assert store.sync() == 0
    assert store.sync() == 0
    store.assert_equals_source()


def test_a_table_dropped_inside_a_run_publishes_nothing(
    database: LiveDatabase,
    store: Store,
    during_settling: DuringSettling,
    reported: Sequence[str],
) -> None:
    insert_votes(database, range(1, 5))
    store.sync()
    before = store.manifest()
    during_settling(lambda: database.execute("DROP TABLE fpp_votes"))
    assert store.sync() == 1
    assert store.manifest() == before
    assert "fpp_votes is missing" in reported[-1]
