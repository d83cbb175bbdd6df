"""Situation 6: the live tables change shape."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread

import pytest

from metrics.tables import EVENTS, ROOMS, TABLES, USERS, VOTES
from sync import sql
from sync.connection import RawRow
from sync.schema_contract import LiveColumn, offences
from sync.source import Source
from testkit.dashboard import LONGEST_WAIT, wait_until
from testkit.database_servers import READER, Kind, LiveDatabase
from testkit.harness import Store
from tests.sync.conftest import DuringSettling
from tests.sync.rows import AT, insert_votes, room, user


def test_an_added_column_is_ignored_and_said_once(
    database: LiveDatabase, store: Store, logged: Sequence[str]
) -> None:
    store.sync()
    database.execute("ALTER TABLE fpp_rooms ADD colour varchar(9) NULL")
    database.insert(ROOMS, [room(1, "one")])
    assert [store.sync(), store.sync()] == [0, 0]
    store.assert_equals_source()
    said = "fpp_rooms.colour is new in the database. It is not copied."
    assert logged.count(said) == 1


ODD_COLUMNS = [
    (Kind.MARIADB, "varchar(9) CHARACTER SET ucs2 DEFAULT _ucs2 x'D83D'"),
    (Kind.MARIADB, "varbinary(9) DEFAULT x'FFFE'"),
    (Kind.MYSQL, "varbinary(9) DEFAULT x'FFFE'"),
    (Kind.MARIADB, "enum('größe', 'line\nbreak') COMMENT 'für alle'"),
    (Kind.MYSQL, "enum('größe', 'line\nbreak') COMMENT 'für alle'"),
]


@pytest.mark.parametrize(("server", "column"), ODD_COLUMNS, indirect=["server"])
def test_a_column_that_is_not_copied_may_be_described_by_any_bytes(
    database: LiveDatabase, store: Store, column: str
) -> None:
    database.execute(f"ALTER TABLE fpp_rooms ADD colour {column}")
    database.insert(ROOMS, [room(1, "one")])
    assert store.sync() == 0
    store.assert_equals_source()


BREAKS = {
    "dropped": ("ALTER TABLE fpp_rooms DROP name", "fpp_rooms.name is missing"),
    "renamed": (
        "ALTER TABLE fpp_rooms CHANGE name names varchar(15) NOT NULL",
        "fpp_rooms.name is missing (did it become 'names'?)",
    ),
    "renamed to what is not alike": (
        "ALTER TABLE fpp_rooms CHANGE name label varchar(15) NOT NULL",
        "fpp_rooms.name is missing (did it become 'label'?)",
    ),
    "retyped": (
        "ALTER TABLE fpp_rooms MODIFY last_used_at datetime NOT NULL",
        "fpp_rooms.last_used_at is of type datetime but must be timestamp",
    ),
    "nullable": (
        "ALTER TABLE fpp_rooms MODIFY number int NULL",
        "fpp_rooms.number may be null now",
    ),
    "other scale": (
        "ALTER TABLE fpp_votes MODIFY avg_estimation decimal(6,3) NOT NULL",
        "fpp_votes.avg_estimation is of type decimal(6,3) but must be decimal(…,2)",
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
    # No change of our file would bring it back.
    fix = "Check DB_NAME; restore the table, or grant SELECT to DB_USERNAME."
    assert f"unchanged. {fix}" in reported[-1]
    assert "--rebuild" not in reported[-1]


def test_every_difference_is_listed_at_once() -> None:
    live = [LiveColumn("id", "varchar(9)", nullable=True)]
    assert len(offences(ROOMS, live)) == len(ROOMS.columns)


def test_a_difference_is_short_whatever_the_table_has() -> None:
    labels = ",".join(f"'label {n}'" for n in range(1_000))
    live = [
        LiveColumn("id", f"enum({labels})", nullable=False),
        *(LiveColumn(f"column_{n}", "int", nullable=True) for n in range(500)),
    ]
    assert all(len(offence) < 300 for offence in offences(ROOMS, live))


def test_one_new_column_is_no_hint_where_several_are_missing() -> None:
    live = [
        LiveColumn("id", "int", nullable=False),
        LiveColumn("q", "int", nullable=False),
    ]
    assert not any("did it become" in offence for offence in offences(ROOMS, live))


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
    thread.join(timeout=LONGEST_WAIT)
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


@pytest.mark.parametrize(
    "query", ["SELECT * FROM votes", "SELECT * FROM votes UNION SELECT * FROM votes"]
)
def test_a_view_is_copied_as_its_table_is_and_says_what_it_cannot_promise(
    database: LiveDatabase, store: Store, logged: Sequence[str], query: str
) -> None:
    insert_votes(database, range(1, 50))
    database.execute("RENAME TABLE fpp_votes TO votes")
    database.execute(f"CREATE VIEW fpp_votes AS {query}")
    assert store.sync() == 0
    store.assert_equals_source()
    said = "fpp_votes is a view. Its copy is consistent only if its tables use InnoDB."
    assert said in logged


KEPT_OTHERWISE = {
    "partitions by key": "ALTER TABLE fpp_votes PARTITION BY HASH (id) PARTITIONS 4",
    "descending key": (
        "ALTER TABLE fpp_votes MODIFY id int NOT NULL, "
        "DROP PRIMARY KEY, ADD PRIMARY KEY (id DESC)"
    ),
    "key of two columns": (
        "ALTER TABLE fpp_votes DROP PRIMARY KEY, ADD PRIMARY KEY (voted_at, id), "
        "ADD KEY (id)"
    ),
    "no key": "ALTER TABLE fpp_votes MODIFY id int NOT NULL, DROP PRIMARY KEY",
    "invisible column": (
        "ALTER TABLE fpp_votes MODIFY duration int NOT NULL DEFAULT 0 INVISIBLE"
    ),
    "compressed rows": "ALTER TABLE fpp_votes ROW_FORMAT=COMPRESSED",
    "an index in another order": (
        "CREATE INDEX covering ON fpp_events (event_at, event, user_id, id)"
    ),
}


@pytest.mark.parametrize("change", KEPT_OTHERWISE.values(), ids=KEPT_OTHERWISE.keys())
def test_a_table_that_is_kept_otherwise_is_copied(
    database: LiveDatabase, store: Store, change: str
) -> None:
    database.execute(change)
    insert_votes(database, range(300, 0, -1))
    events = [(n, f"u{n % 7}", "LEFT_ROOM", AT) for n in range(1, 301)]
    database.insert(EVENTS, events)
    assert store.sync() == 0
    store.assert_equals_source()
    database.execute("UPDATE fpp_votes SET duration = 7 WHERE id IN (3, 250)")
    assert store.sync() == 0
    store.assert_equals_source()
    assert store.verify() == 0


REPEATED = {
    "no key": ["ALTER TABLE fpp_votes MODIFY id int NOT NULL, DROP PRIMARY KEY"],
    "key of two columns": [
        "ALTER TABLE fpp_votes ADD at timestamp(6) DEFAULT CURRENT_TIMESTAMP(6)",
        "ALTER TABLE fpp_votes DROP PRIMARY KEY, ADD PRIMARY KEY (id, at)",
    ],
    "view": [
        "RENAME TABLE fpp_votes TO votes",
        "ALTER TABLE votes MODIFY id int NOT NULL, DROP PRIMARY KEY",
        "CREATE VIEW fpp_votes AS SELECT * FROM votes",
    ],
}


@pytest.mark.parametrize("changes", REPEATED.values(), ids=REPEATED.keys())
def test_two_rows_with_one_key_stop_the_run_and_are_named(
    database: LiveDatabase,
    store: Store,
    reported: Sequence[str],
    changes: Sequence[str],
) -> None:
    insert_votes(database, range(1, 9))
    store.sync()
    before = store.manifest()
    for change in changes:
        database.execute(change)
    names = ", ".join(VOTES.schema)
    copy = f"SELECT {names} FROM fpp_votes WHERE id = 5"  # noqa: S608  # our own
    database.execute(f"INSERT INTO fpp_votes ({names}) {copy}")
    for work in (store.sync, store.verify):
        assert work() == 1
        assert "fpp_votes has several rows whose id is 5" in reported[-1]
    assert store.manifest() == before


def test_one_user_in_two_quarters_stops_the_run_and_is_not_named(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    database.execute(
        "ALTER TABLE fpp_users DROP PRIMARY KEY, ADD PRIMARY KEY (id, created_at)"
    )
    database.insert(USERS, [user("V1StGXR8_Z5jdHi6B-myT"), user("v1StGXR8")])
    assert store.sync() == 0  # two ids, although the column's collation says equal
    store.assert_equals_source()
    database.insert(USERS, [user("V1StGXR8_Z5jdHi6B-myT", "2025-01-02 10:00:00")])
    assert store.sync() == 1
    assert "fpp_users has several rows whose id is V1StGX…" in reported[-1]
    assert "V1StGXR8" not in reported[-1]


def test_tables_that_are_renamed_together_as_the_snapshot_begins_are_waited_for(
    database: LiveDatabase, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RENAME TABLE locks one, then the other: the snapshot has to do the same."""
    insert_votes(database, range(1, 50))
    store.sync()
    store.policy = replace(store.policy, attempts=1)
    for name in ("fpp_estimations", "fpp_votes"):
        database.execute(f"CREATE TABLE new_{name} LIKE {name}")
        copy = f"INSERT INTO new_{name} SELECT * FROM {name}"  # noqa: S608  # our own
        database.execute(copy)
    rows = Source._rows
    pairs = ", ".join(
        f"{name} TO old_{name}, new_{name} TO {name}"
        for name in ("fpp_estimations", "fpp_votes")
    )

    def rename_after(
        self: Source, statement: sql.Statement, action: str
    ) -> Sequence[RawRow]:
        found = rows(self, statement, action)
        if action == "opening fpp_events":
            start()
            wait_for_lock(database)
        return found

    with waiting(lambda: database.execute(f"RENAME TABLE {pairs}")) as start:
        monkeypatch.setattr(Source, "_rows", rename_after)
        assert store.sync() == 0
        monkeypatch.undo()
    store.assert_equals_source()


def wait_for_lock(database: LiveDatabase) -> None:
    """Wait until a statement of the administrator waits for a table's definition."""
    waiting = (
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST "
        "WHERE STATE = 'Waiting for table metadata lock'"
    )
    wait_until(lambda: database.count(waiting), "nothing waits")
