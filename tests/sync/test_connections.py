"""Situation 7: connections that break, and a server that dies."""

import re
import socket
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from threading import Event, Thread
from time import sleep
from typing import Any

import mysql.connector
import pytest

from core.network import call_within
from core.settings import Database, Secret
from metrics.tables import PAGE_VIEWS, USERS, VOTES, Table
from sync.connection import Connection, connected
from sync.decode import BulkRows, RawRows
from sync.partitions import Partition
from sync.source import Source
from sync.sql import LINE_END
from sync.store_writer import LOCK
from testkit.dashboard import LONGEST_WAIT, wait_until
from testkit.database_servers import (
    Kind,
    LiveDatabase,
    Server,
    running_server,
)
from testkit.harness import QUICK, Store
from testkit.ports import free_port
from tests.sync.conftest import DuringSettling, in_each_implementation, on_one_kind
from tests.sync.proxy import Fault, proxied
from tests.sync.rows import insert_votes, page_view, user

# The driver's pure-Python twin leaves the socket of a failed log-in to the garbage
# collector; nothing here refers to it.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed <socket:ResourceWarning",
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning",
)


@in_each_implementation
@pytest.mark.parametrize("after", [0, 40, 2_000, 12_000, 60_000])
def test_a_connection_cut_at_any_byte_is_tried_again_and_loses_nothing(
    database: LiveDatabase, store: Store, after: int
) -> None:
    insert_votes(database, range(1, 2_001))
    with proxied(database.server.port, Fault("cut", after)) as proxy:
        store.address = replace(database.settings, port=proxy.port)
        assert store.sync() == 0
        assert proxy.faults == 1
    store.assert_equals_source()


def test_a_link_that_is_always_cut_publishes_nothing_and_keeps_the_old_state(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    insert_votes(database, range(1, 2_001))
    store.sync()
    before = store.manifest()
    insert_votes(database, range(2_001, 2_101))
    with proxied(database.server.port, Fault("cut", 12_000, connections=99)) as proxy:
        store.address = replace(database.settings, port=proxy.port)
        assert store.sync() == 1
        assert proxy.faults == QUICK.attempts
    assert store.manifest() == before
    assert len(reported) == 1
    assert "Database error while" in reported[0]


def test_the_pauses_between_attempts_grow_fourfold(store: Store) -> None:
    pauses: list[float | None] = []

    class Patient(Event):
        def wait(self, timeout: float | None = None) -> bool:
            pauses.append(timeout)
            return False

    store.stop = Patient()
    store.address = replace(store.source.settings, port=free_port())
    assert store.sync() == 1
    assert pauses == [QUICK.first_pause, 4 * QUICK.first_pause]


@on_one_kind
def test_a_run_is_not_tried_again_after_a_stop_signal_or_beyond_its_time(
    store: Store,
) -> None:
    pauses: list[float | None] = []

    class Stopped(Event):
        def wait(self, timeout: float | None = None) -> bool:
            pauses.append(timeout)
            return True

    store.stop = Stopped()
    store.address = replace(store.source.settings, port=free_port())
    assert store.sync() == 1
    assert pauses == [QUICK.first_pause]
    store.policy = replace(QUICK, run_seconds=QUICK.first_pause)
    assert store.sync() == 1
    assert pauses == [QUICK.first_pause]


def test_a_stalled_link_is_given_up_after_the_statements_time_limit(
    database: LiveDatabase,
    store: Store,
    logged: Sequence[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    insert_votes(database, range(1, 2_001))
    store.policy = replace(QUICK, statement_seconds=1, attempts=6)
    # Nothing else ends the stall before the block does.
    with proxied(database.server.port, Fault("stall", 12_000)) as proxy:

        def with_time(
            database: Database, seconds: int
        ) -> AbstractContextManager[Connection]:
            # A busy machine takes longer for what follows.
            return connected(database, LONGEST_WAIT if proxy.faults else seconds)

        monkeypatch.setattr("sync.job.connected", with_time)
        store.address = replace(database.settings, port=proxy.port)
        assert store.sync() == 0
        assert proxy.faults == 1
    store.assert_equals_source()
    # The link failed: no server ended the query.
    assert "the connection broke" in logged[0]


@on_one_kind
def test_a_server_that_accepts_a_connection_and_is_silent_cannot_be_reached(
    store: Store, reported: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = mysql.connector.connect
    limits: list[int] = []

    def impatiently(**options: Any) -> Any:
        limits.append(options["connection_timeout"])
        return connect(**{**options, "connection_timeout": 1})

    monkeypatch.setattr(mysql.connector, "connect", impatiently)
    store.policy = replace(QUICK, attempts=1, statement_seconds=60)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store.address = replace(store.source.settings, port=silent.getsockname()[1])
        assert store.sync() == 1
    # The C extension says that the connection broke.
    assert re.search(r"\((2003|2013)\)", reported[-1])
    # Not the minute that an answer may take.
    assert limits == [10]


def test_a_name_that_is_looked_up_for_ever_ends_each_attempt_in_time(
    store: Store,
    reported: Sequence[str],
    monkeypatch: pytest.MonkeyPatch,
    hanging_lookups: Sequence[Thread],
) -> None:
    # The look-up of the C extension can be made to hang for a whole machine only.
    monkeypatch.setattr("sync.connection.HAS_EXTENSION", False)
    store.address = replace(store.source.settings, host="database.example")
    store.policy = replace(QUICK, statement_seconds=1, attempts=2)
    # Each look-up hangs for a minute, which would end with another number.
    assert store.sync() == 1
    assert [thread.daemon for thread in hanging_lookups] == [True, True]
    assert "(2003): no answer within 1 s, the look-up of DB_HOST incl" in reported[0]
    assert "example" not in reported[0]


def test_a_connection_that_comes_too_late_is_let_go() -> None:
    let_go, answered = Event(), Event()
    with pytest.raises(TimeoutError):
        call_within(0.1, lambda: answered.wait(60), lambda _: let_go.set())
    answered.set()
    assert let_go.wait(LONGEST_WAIT)


@in_each_implementation
def test_a_connection_to_the_database_that_comes_too_late_is_closed(
    database: LiveDatabase, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, late = mysql.connector.connect, list[Any]()

    def connect_late(**options: Any) -> Any:
        sleep(1.5)
        late.append(connect(**options))
        return late[0]

    store.policy = replace(QUICK, statement_seconds=1, attempts=1)
    with monkeypatch.context() as patched:
        patched.setattr(mysql.connector, "connect", connect_late)
        assert store.sync() == 1
    wait_until(lambda: bool(late), "it does not come")
    asked = (
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST "
        "WHERE DB = %s AND USER = 'fpp'"
    )
    wait_until(lambda: not database.count(asked, (database.name,)), "it stays open")


def test_a_slow_link_is_only_slow(database: LiveDatabase, store: Store) -> None:
    insert_votes(database, range(1, 2_001))
    with proxied(database.server.port, Fault("slow", 0, connections=9)) as proxy:
        store.address = replace(database.settings, port=proxy.port)
        assert store.sync() == 0
    store.assert_equals_source()


def test_a_slow_link_meets_the_runs_time_limit(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    insert_votes(database, range(1, 2_001))
    store.policy = replace(QUICK, run_seconds=0.2)
    with proxied(database.server.port, Fault("slow", 0, connections=9)) as proxy:
        store.address = replace(database.settings, port=proxy.port)
        assert store.sync() == 1
    assert "took longer than 0.2 s" in reported[0]


def test_a_connection_killed_inside_the_snapshot_is_tried_again(
    database: LiveDatabase, store: Store, during_settling: DuringSettling
) -> None:
    insert_votes(database, range(1, 101))
    during_settling(partial(kill_connection, database))
    assert store.sync() == 0
    store.assert_equals_source()


def kill_connection(database: LiveDatabase) -> None:
    """End the job's connection, as an administrator does."""
    number = database.count(
        "SELECT id FROM information_schema.processlist WHERE db = %s AND user = 'fpp'",
        (database.name,),
    )
    database.execute(f"KILL {number}")


@on_one_kind
def test_a_lock_that_is_held_when_a_run_is_tried_again_is_no_other_job(
    database: LiveDatabase,
    store: Store,
    during_settling: DuringSettling,
    reported: Sequence[str],
) -> None:
    """The server may take the broken connection, which has it, for a living one."""
    assert store.sync() == 0
    during_settling(partial(kill_connection, database))
    with database.connect() as other, other.cursor() as cursor:

        class Locked(Event):
            def wait(self, timeout: float | None = None) -> bool:
                name = f"fpp-sync {(store.root / LOCK).read_text()}"
                cursor.execute("SELECT GET_LOCK(%s, %s)", (name, LONGEST_WAIT))
                cursor.fetchall()
                return timeout is None

        store.stop = Locked()
        assert store.sync() == 1
    assert "waiting for the lock of a broken connection" in reported[-1]


@on_one_kind
def test_a_connection_killed_after_the_commit_undoes_nothing(
    database: LiveDatabase, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert_votes(database, range(1, 11))
    unlock = Source.unlock

    def kill_and_unlock(source: Source, name: str) -> None:
        kill_connection(database)
        unlock(source, name)

    monkeypatch.setattr(Source, "unlock", kill_and_unlock)
    assert store.sync() == 0
    store.assert_equals_source()


def test_a_server_killed_inside_the_snapshot_and_started_again_loses_nothing(
    mortal: Server, store: Store, during_settling: DuringSettling
) -> None:
    store.source = mortal.create_database()
    insert_votes(store.source, range(1, 101))
    store.policy = replace(QUICK, attempts=6, first_pause=0.2)

    restart = Thread(target=mortal.start)

    def die() -> None:
        mortal.kill()
        restart.start()

    during_settling(die)
    assert store.sync() == 0
    restart.join()
    store.assert_equals_source()


def test_a_server_that_is_gone_is_reported_without_its_name(
    mortal: Server, store: Store, reported: Sequence[str]
) -> None:
    store.source = mortal.create_database()
    mortal.kill()
    assert store.sync() == 1
    assert reported[0].startswith("sync/run: SourceError: Database error while")
    assert "127.0.0.1" not in reported[0]


def test_a_wrong_password_is_not_tried_again(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    store.address = replace(database.settings, user="nobody")
    assert store.sync() == 1
    assert "(1045): the database rejected the login" in reported[0]
    assert "nobody" not in reported[0]


BULK_ROWS, RAW_ROWS = Source.bulk_rows, Source.raw_rows


def fewer_bulk_rows(source: Source, table: Table, partition: Partition) -> BulkRows:
    """Lose the last row of every page."""
    bulk = BULK_ROWS(source, table, partition)
    pages = [page.rpartition(LINE_END.encode())[0] for page in bulk.pages]
    return replace(bulk, pages=pages)


def fewer_raw_rows(source: Source, table: Table, partition: Partition) -> RawRows:
    """Lose the last row."""
    rows = RAW_ROWS(source, table, partition)
    return replace(rows, raw=rows.raw[:-1])


def test_bulk_rows_that_got_lost_are_made_up_for_row_by_row(
    database: LiveDatabase, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert_votes(database, range(1, 101))
    monkeypatch.setattr(Source, "bulk_rows", fewer_bulk_rows)
    assert store.sync() == 0
    store.assert_equals_source()


def test_rows_that_differ_from_the_servers_checksum_are_never_published(
    database: LiveDatabase, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a link would that loses rows in either way and says nothing."""
    insert_votes(database, range(1, 101))
    monkeypatch.setattr(Source, "bulk_rows", fewer_bulk_rows)
    monkeypatch.setattr(Source, "raw_rows", fewer_raw_rows)
    assert store.sync() == 1
    monkeypatch.undo()
    assert not store.root.joinpath("CURRENT").exists()
    assert store.sync() == 0
    assert store.rows(VOTES).height == 100


def test_a_server_that_configures_sessions_otherwise_changes_nothing(
    own_kind: Kind, store: Store
) -> None:
    limit = (
        "max_statement_time=0.5, max_session_mem_used=8192, tmp_disk_table_size=1024"
        if own_kind is Kind.MARIADB
        else "max_join_size=3"
    )
    session = (
        f"SET sql_select_limit=0, {limit}, time_zone='-03:00', "
        "group_concat_max_len=64, sql_big_selects=0, max_sort_length=64, "
        "tmp_table_size=1024, max_heap_table_size=16384, timestamp=86400, NAMES latin1"
    )
    modes = (
        "ANSI_QUOTES,PIPES_AS_CONCAT,HIGH_NOT_PRECEDENCE,NO_BACKSLASH_ESCAPES,"
        "PAD_CHAR_TO_FULL_LENGTH"
    )
    options = [
        f"--sql-mode={modes}",
        "--completion-type=RELEASE",
        "--loose-skip-character-set-client-handshake",
        f"--init-connect={session}",
        "--group-concat-max-len=64",
        "--transaction-isolation=READ-UNCOMMITTED",
        "--default-time-zone=+05:00",
        "--character-set-server=latin1",
        "--autocommit=0",
    ]
    if own_kind is Kind.MARIADB:
        options += ["--query-cache-type=1", "--query-cache-size=16M"]
        options += ["--lower-case-table-names=1"]
    with running_server(own_kind, options=options) as server:
        store.source = server.create_database()
        store.source.fill_from_golden()
        assert store.sync() == 0
        store.assert_equals_source()
        assert store.manifest().snapshot_at.year > 1970
        assert store.verify() == 0


@pytest.mark.parametrize("table", ["fpp_page_views", "fpp_users"])
def test_a_row_that_is_longer_than_the_server_may_write_is_named(
    own_kind: Kind, store: Store, reported: Sequence[str], table: str
) -> None:
    """A text alone may be as long; with its row it is null for the server."""
    text = {"fpp_page_views": "source", "fpp_users": "city"}[table]
    with running_server(own_kind, options=["--max-allowed-packet=1M"]) as server:
        store.source = server.create_database()
        store.source.execute(f"ALTER TABLE {table} MODIFY {text} longtext")
        store.source.insert(PAGE_VIEWS, [page_view(1, "u", "x")])
        store.source.insert(USERS, [user("u")])
        store.source.execute(f"UPDATE {table} SET {text} = REPEAT('x', 1048000)")  # noqa: S608  # ours
        assert store.sync() == 0
        store.assert_equals_source()
        store.source.execute(f"UPDATE {table} SET {text} = REPEAT('x', 1048576)")  # noqa: S608  # ours
        assert store.sync() == 1
    assert f"Database error while comparing {table} (1153): a row" in reported[-1]
    assert "Raise max_allowed_packet" in reported[-1]


def test_a_snapshot_may_be_idle_for_longer_than_the_server_waits(
    own_kind: Kind, store: Store, during_settling: DuringSettling
) -> None:
    """So may its reader be, in the middle of rows that the server sends."""
    limits = ["wait_timeout", "net_write_timeout"]
    if own_kind is Kind.MARIADB:
        limits += ["idle_transaction_timeout", "idle_readonly_transaction_timeout"]

    def idle() -> None:
        with connected(store.source.settings, 60) as connection:
            cursor = connection.cursor()
            # More than what the system holds for who does not read.
            rows = "fpp_votes a, fpp_votes b, fpp_votes c"
            cursor.execute(f"SELECT REPEAT('x', 50000) FROM {rows}", ())  # noqa: S608  # ours
            sleep(2.5)
            assert len(cursor.fetchall()) == 1_000

    with running_server(own_kind) as server:
        store.source = server.create_database()
        insert_votes(store.source, range(1, 11))
        # What a busy machine does before and after may take longer than that.
        for limit in limits:
            store.source.execute(f"SET GLOBAL {limit} = 1")
        store.policy = replace(store.policy, attempts=1)
        during_settling(idle)
        assert store.sync() == 0
        for limit in limits:
            store.source.execute(f"SET GLOBAL {limit} = DEFAULT")
        store.assert_equals_source()


def test_names_outside_ascii_reach_the_server(server: Server, store: Store) -> None:
    database = server.create_database(name="fpp-größe-東京")
    try:
        database.execute("CREATE USER 'flöte'@'%' IDENTIFIED BY 'geheim-ß'")
        database.execute("GRANT SELECT ON `fpp-größe-東京`.* TO 'flöte'@'%'")
        insert_votes(database, range(1, 11))
        store.source = database
        store.address = replace(
            database.settings, user="flöte", password=Secret("geheim-ß")
        )
        assert store.sync() == 0
        store.assert_equals_source()
        assert store.sync() == 0
    finally:
        database.execute("DROP USER 'flöte'@'%'")
        database.execute("DROP DATABASE `fpp-größe-東京`")
