"""Situation 6: the live tables change shape."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Thread

import pytest

from metrics.tables import ROOMS, TABLES, VOTES
from sync.schema_contract import LiveColumn, offences
from sync.source import Source
from testkit.database_servers import READER, Kind, LiveDatabase
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
    reader = f"{READER}@'%'"
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


@contextmanager
def waiting(work: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """Yield what starts work in a thread; it has ended when the block ends."""
    thread = Thread(target=work)
    yield thread.start
    thread.join(timeout=30)
    assert not thread.is_alive()


@pytest.mark.parametrize("change", CHANGES_INSIDE.values(), ids=CHANGES_INSIDE.keys())
def test_a_change_inside_a_run_waits_and_is_followed_by_the_next(
    database: LiveDatabase, store: Store, during_settling: DuringSettling, change: str
) -> None:
    insert_votes(database, range(1, 5))

    def alter() -> None:
        database.execute(change)
        insert_votes(database, range(11, 20))

    with waiting(alter) as start:
        during_settling(start)
        assert store.sync() == 0
        assert store.rows(VOTES)["id"].to_list() == [1, 2, 3, 4]
    assert store.sync() == 0
    store.assert_equals_source()


def test_a_table_swapped_in_as_the_snapshot_begins_is_copied_whole(
    database: LiveDatabase, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As gh-ost and pt-online-schema-change do: fill a copy, and rename it."""
    insert_votes(database, range(1, 50))
    store.sync()
    command = Source._command

    def swap_after(self: Source, statement: str) -> None:
        command(self, statement)
        if statement.startswith("START"):
            database.execute("CREATE TABLE ghost LIKE fpp_votes")
            database.execute("INSERT INTO ghost SELECT * FROM fpp_votes")
            database.execute("ALTER TABLE ghost MODIFY duration int NOT NULL")
            database.execute("RENAME TABLE fpp_votes TO old, ghost TO fpp_votes")

    monkeypatch.setattr(Source, "_command", swap_after)
    assert store.sync() == 0
    store.assert_equals_source()
    assert store.rows(VOTES).height == 49


def test_a_table_dropped_as_the_snapshot_begins_publishes_nothing(
    database: LiveDatabase,
    store: Store,
    reported: Sequence[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    insert_votes(database, range(1, 5))
    store.sync()
    before = store.manifest()
    command = Source._command

    def drop_after(self: Source, statement: str) -> None:
        command(self, statement)
        if statement.startswith("START"):
            database.execute("DROP TABLE fpp_votes")

    monkeypatch.setattr(Source, "_command", drop_after)
    assert store.sync() == 1
    assert store.manifest() == before
    assert "fpp_votes is missing" in reported[-1]


ENGINES = [
    (Kind.MARIADB, "MyISAM"),
    (Kind.MARIADB, "MEMORY"),
    (Kind.MARIADB, "Aria"),
    (Kind.MYSQL, "MyISAM"),
    (Kind.MYSQL, "MEMORY"),
]


@pytest.mark.parametrize(("server", "engine"), ENGINES, indirect=["server"])
def test_an_engine_without_snapshots_is_refused_by_name(
    database: LiveDatabase, store: Store, reported: Sequence[str], engine: str
) -> None:
    database.execute(f"ALTER TABLE fpp_votes ENGINE={engine}")
    assert store.sync() == 1
    assert f"fpp_votes ({engine})" in reported[-1]
    assert "ENGINE=InnoDB" in reported[-1]
    assert not (store.root / "CURRENT").exists()


def test_a_view_is_copied_as_its_table_is(database: LiveDatabase, store: Store) -> None:
    insert_votes(database, range(1, 50))
    database.execute("RENAME TABLE fpp_votes TO votes")
    database.execute("CREATE VIEW fpp_votes AS SELECT * FROM votes")
    assert store.sync() == 0
    store.assert_equals_source()
