"""Each number of the server that a run can meet names its cause and its fix.

Where the server can be brought to raise it, it is.
"""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from threading import Thread

import pytest
from mysql.connector.abstracts import MySQLCursorAbstract

from core.redaction import Redactor
from core.settings import Database, Secret
from sync import sql
from sync.connection import RawRow, connected
from sync.exceptions import AFTER_LOGIN, BEFORE_LOGIN, MEANINGS, Meaning, SourceError
from sync.source import Source
from testkit.dashboard import LONGEST_WAIT, wait_until
from testkit.database_servers import (
    READER,
    Kind,
    LiveDatabase,
    Server,
    running_server,
)
from testkit.harness import Store
from testkit.ports import free_port
from tests.sync.conftest import DuringSettling, in_each_implementation, on_one_kind
from tests.sync.endpoints import listening
from tests.sync.processes import run
from tests.sync.proxy import Fault, proxied
from tests.sync.rows import insert_votes
from tests.sync.sources import opened
from tests.sync.test_schema_contract import wait_for_lock
from tests.sync.test_tls import packet, rogue

pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed <socket:ResourceWarning",
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning",
)

NAME, SECRET = "analyst", "a-p4ssword"

type Setting = Callable[[LiveDatabase], None]


@contextmanager
def account(database: LiveDatabase, *options: str) -> Iterator[None]:
    """Give the database a user with options; take it away afterwards."""
    who = f"{NAME}@'%'"
    statements = [
        f"CREATE USER {who} IDENTIFIED BY '{SECRET}'",
        f"GRANT SELECT ON `{database.name}`.* TO {who}",
        *(option.format(who) for option in options),
    ]
    try:
        for statement in statements:
            database.execute(statement)
        yield
    finally:
        database.execute(f"DROP USER {who}")


ACCOUNTS: dict[str, tuple[str, set[int]]] = {
    "expired": ("ALTER USER {} PASSWORD EXPIRE", {1820, 1862}),
    "locked": ("ALTER USER {} ACCOUNT LOCK", {3118, 4151}),
    "out of queries": ("ALTER USER {} WITH MAX_QUERIES_PER_HOUR 3", {1226}),
    "out of connections": ("ALTER USER {} WITH MAX_CONNECTIONS_PER_HOUR 1", {1226}),
}


@pytest.mark.parametrize(("option", "numbers"), ACCOUNTS.values(), ids=ACCOUNTS.keys())
def test_an_account_that_is_refused_says_why(
    database: LiveDatabase,
    store: Store,
    reported: Sequence[str],
    option: str,
    numbers: set[int],
) -> None:
    with account(database, option):
        store.address = replace(database.settings, user=NAME, password=Secret(SECRET))
        codes = [store.sync() for _ in range(2)]
    assert codes[-1] == 1
    assert_names(reported[-1], numbers)
    assert NAME not in reported[-1]
    assert SECRET not in reported[-1]


def assert_names(text: str, numbers: set[int]) -> None:
    """Require one of the numbers, with its cause and fix, in one line."""
    (number,) = [number for number in numbers if f"({number})" in text]
    assert_means(text, number, MEANINGS[number])


def assert_means(text: str, number: int, meaning: Meaning) -> None:
    assert f"({number})" in text
    assert meaning.cause in text
    assert meaning.fix in text
    assert "Traceback" not in text


def test_a_wrong_password_a_wrong_database_and_a_wrong_address_are_distinguished(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    wrong = {
        1045: replace(database.settings, password=Secret("x")),
        1044: replace(database.settings, name="mysql"),
        {Kind.MYSQL: 1059, Kind.MARIADB: 1102}[database.server.kind]: replace(
            database.settings, name="x" * 65
        ),
        2003: replace(database.settings, port=free_port()),
        2005: replace(database.settings, host="no-such-host.invalid"),
    }
    for number, address in wrong.items():
        store.address = address
        assert store.sync() == 1
        assert_names(reported[-1], {number})
        assert "no-such-host" not in reported[-1]


def drop_table_of_view(database: LiveDatabase) -> None:
    database.execute("RENAME TABLE fpp_votes TO votes")
    database.execute("CREATE VIEW fpp_votes AS SELECT * FROM votes")
    database.execute("DROP TABLE votes")


def test_a_broken_view_is_named(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    drop_table_of_view(database)
    assert store.sync() == 1
    assert "fpp_votes" in reported[-1]
    assert_names(reported[-1], {1356})


def test_a_column_that_is_not_granted_is_named(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    who = f"{NAME}@'%'"
    database.execute(f"CREATE USER {who} IDENTIFIED BY '{SECRET}'")
    try:
        for table in store.tables:
            names = ", ".join(f"`{n}`" for n in [*table.schema][:-1])
            columns = f"SELECT ({names})" if table.name == "fpp_votes" else "SELECT"
            database.execute(f"GRANT {columns} ON {table.name} TO {who}")
        store.address = replace(database.settings, user=NAME, password=Secret(SECRET))
        assert store.sync() == 1
    finally:
        database.execute(f"DROP USER {who}")
    assert "fpp_votes" in reported[-1]


@contextmanager
def variable(
    database: LiveDatabase, name: str, value: str
) -> Iterator[MySQLCursorAbstract]:
    """Set a global variable of the server for the length of a block.

    Yields a cursor of the connection that sets it back.
    """
    before = database.value(f"SELECT @@GLOBAL.{name}")
    text = f"'{before}'" if name == "init_connect" else before
    # One connection sets it back: the server may refuse a new one until then.
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"SET GLOBAL {name} = {value}")
        try:
            yield cursor
        finally:
            cursor.execute(f"SET GLOBAL {name} = {text}")


@contextmanager
def unknown_database(database: LiveDatabase, store: Store) -> Iterator[None]:
    with account(database, "GRANT SELECT ON *.* TO {}"):
        store.address = replace(another_login(database), name="missing")
        yield


@contextmanager
def no_connection_left(database: LiveDatabase, store: Store) -> Iterator[None]:
    with ExitStack() as held, variable(database, "max_connections", "10") as cursor:

        def is_alone() -> bool:
            cursor.execute("SHOW STATUS LIKE 'Threads_connected'")
            return cursor.fetchall() == [("Threads_connected", "1")]

        # A connection counts until the server has noticed its end.
        wait_until(is_alone, "earlier connections do not end")
        for _ in range(9):  # beside the one that set the variable
            held.callback(database.connect().close)
        yield


@contextmanager
def no_connection_left_for_the_user(
    database: LiveDatabase, store: Store
) -> Iterator[None]:
    with (
        variable(database, "max_user_connections", "1"),
        connected(database.settings, 10),
    ):
        yield


@contextmanager
def login_by_socket_only(database: LiveDatabase, store: Store) -> Iterator[None]:
    with account(database, "ALTER USER {} IDENTIFIED VIA unix_socket"):
        store.address = another_login(database)
        yield


@contextmanager
def login_by_an_unknown_method(database: LiveDatabase, store: Store) -> Iterator[None]:
    database.execute("INSTALL SONAME 'auth_ed25519'")
    change = f"ALTER USER {{}} IDENTIFIED VIA ed25519 USING PASSWORD('{SECRET}')"
    try:
        with account(database, change):
            store.address = another_login(database)
            yield
    finally:
        database.execute("UNINSTALL SONAME 'auth_ed25519'")


@contextmanager
def login_over_tls_only(database: LiveDatabase, store: Store) -> Iterator[None]:
    with account(database):  # whose password the server has not cached yet
        store.address = replace(another_login(database), ssl_mode="disabled")
        yield


@contextmanager
def tls_only(database: LiveDatabase, store: Store) -> Iterator[None]:
    store.address = replace(database.settings, ssl_mode="disabled")
    with variable(database, "require_secure_transport", "ON"):
        yield


@contextmanager
def failing_init_connect(database: LiveDatabase, store: Store) -> Iterator[None]:
    with variable(database, "init_connect", "'SELECT * FROM nowhere.at_all'"):
        yield


@contextmanager
def locked_table(database: LiveDatabase, store: Store) -> Iterator[None]:
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLES fpp_votes WRITE")
        yield


def ended(database: LiveDatabase, what: str) -> None:
    """End the job's query or connection as soon as it waits for a lock."""
    waiting = (
        "SELECT MAX(ID) FROM information_schema.PROCESSLIST "  # noqa: S608  # ours
        f"WHERE USER = '{READER}' AND STATE = 'Waiting for table metadata lock'"
    )
    wait_until(lambda: database.value(waiting), "the job waits for no lock")
    database.execute(f"KILL {what} {database.value(waiting)}")


@contextmanager
def ended_query(database: LiveDatabase, store: Store) -> Iterator[None]:
    with locked_table(database, store), meanwhile(lambda: ended(database, "QUERY")):
        yield


@contextmanager
def ended_connection(database: LiveDatabase, store: Store) -> Iterator[None]:
    end = partial(ended, database, "CONNECTION")
    with locked_table(database, store), meanwhile(end):
        yield


@contextmanager
def in_place_of(
    database: LiveDatabase, table: str, query: str, head: str = "CREATE"
) -> Iterator[None]:
    """Put a view in the place of a table, which is named `kept`."""
    database.execute(f"RENAME TABLE {table} TO kept")
    database.execute(f"{head} VIEW {table} AS {query}")
    yield


@contextmanager
def missing_definer(database: LiveDatabase, store: Store) -> Iterator[None]:
    with in_place_of(
        database, "fpp_votes", "SELECT * FROM kept", "CREATE DEFINER='gone'@'%'"
    ):
        yield


@contextmanager
def bytes_without_a_character(database: LiveDatabase, store: Store) -> Iterator[None]:
    """In a view that converts: comparing alone makes a question mark of them."""
    if (database.value("SELECT VERSION()") or "").startswith("8."):
        pytest.skip("to MySQL 8.4 it is a null, as for every client in strict mode")
    table = "fpp_page_views"
    database.execute(
        f"ALTER TABLE {table} MODIFY source varchar(255) CHARACTER SET gbk"
    )
    columns, values = "user_id, route, source", "'u', 'HOME', _gbk x'FEFE'"
    database.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})")  # noqa: S608  # ours
    text = "CONCAT(source, _utf8mb4'' COLLATE utf8mb4_bin) AS source"
    query = f"SELECT id, user_id, route, room_id, {text}, viewed_at FROM kept"  # noqa: S608  # ours
    with in_place_of(database, table, query):
        yield


@contextmanager
def no_right_to_read(database: LiveDatabase, store: Store) -> Iterator[None]:
    """A table with another right is visible, and cannot be read."""
    with granted(database, store, "INSERT"):
        yield


@contextmanager
def no_right_to_read_a_column(database: LiveDatabase, store: Store) -> Iterator[None]:
    *names, last = store.tables[-2].schema
    with granted(database, store, f"SELECT ({', '.join(names)}), UPDATE ({last})"):
        yield


@contextmanager
def granted(database: LiveDatabase, store: Store, rights: str) -> Iterator[None]:
    """Let the job log in as a user with these rights on votes, SELECT on the rest."""
    who = f"{NAME}@'%'"
    database.execute(f"CREATE USER {who} IDENTIFIED BY '{SECRET}'")
    try:
        for table in store.tables:
            right = rights if table.name == "fpp_votes" else "SELECT"
            database.execute(f"GRANT {right} ON {table.name} TO {who}")
        store.address = another_login(database)
        yield
    finally:
        database.execute(f"DROP USER {who}")


@contextmanager
def offline(database: LiveDatabase, store: Store) -> Iterator[None]:
    with variable(database, "offline_mode", "ON"):
        yield


@contextmanager
def statement_too_long(database: LiveDatabase, store: Store) -> Iterator[None]:
    store.policy = replace(store.policy, block_rows=2**20)
    with variable(database, "max_allowed_packet", "16384"):
        yield


@contextmanager
def tables_being_renamed(database: LiveDatabase, store: Store) -> Iterator[None]:
    """One table is locked while the statement waits for the other."""
    rename = "RENAME TABLE fpp_events TO events, fpp_votes TO votes"
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("START TRANSACTION")
        cursor.execute("SELECT * FROM fpp_votes")
        cursor.fetchall()
        with meanwhile(lambda: database.execute(rename)):
            wait_for_lock(database)
            yield
            cursor.execute("ROLLBACK")


@contextmanager
def deadlock(database: LiveDatabase, store: Store) -> Iterator[None]:
    """Tables are opened by name; what is behind a view is opened when the view is."""
    rename = "RENAME TABLE a_table TO b_table, fpp_estimations TO estimations"
    database.execute("RENAME TABLE fpp_events TO a_table")
    database.execute("CREATE VIEW fpp_events AS SELECT * FROM a_table")
    rows = Source._rows
    with ExitStack() as waiting, pytest.MonkeyPatch.context() as patched:

        def rename_after(
            self: Source, statement: sql.Statement, action: str
        ) -> Sequence[RawRow]:
            found = rows(self, statement, action)
            if action == "opening fpp_estimations":
                waiting.enter_context(meanwhile(lambda: database.execute(rename)))
                wait_for_lock(database)
            return found

        patched.setattr(Source, "_rows", rename_after)
        yield


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    thread = Thread(target=work)
    thread.start()
    yield
    thread.join(timeout=LONGEST_WAIT)
    assert not thread.is_alive()


@contextmanager
def slow_query(database: LiveDatabase, store: Store) -> Iterator[None]:
    query = "SELECT * FROM kept WHERE SLEEP(9) = 0"
    with in_place_of(database, "fpp_votes", query):
        yield


type Situation = Callable[[LiveDatabase, Store], AbstractContextManager[None]]

type Numbers = int | set[int] | None

RAISED: dict[Situation, tuple[Numbers, Numbers]] = {
    unknown_database: (1049, 1049),
    no_connection_left: (1040, 1040),
    # MariaDB takes no other limit where it was started without one.
    no_connection_left_for_the_user: (None, 1203),
    login_by_socket_only: (1698, None),
    login_by_an_unknown_method: (2059, None),
    # The C library refuses to send a password in clear text, the server the other.
    login_over_tls_only: (None, {1045, 2061}),
    tls_only: ({1045, 3159}, 3159),  # MariaDB 11.8 says what MySQL says
    failing_init_connect: (1184, 1184),
    locked_table: (1205, 1205),
    ended_query: (1317, 1317),
    ended_connection: (2013, 2013),
    slow_query: (1969, 3024),
    missing_definer: (1045, 1045),
    bytes_without_a_character: (None, 3854),
    no_right_to_read: (1142, 1142),
    no_right_to_read_a_column: (1143, 1143),
    offline: (None, 3032),
    # Pure Python may not get to read the answer: the server hangs up at once.
    statement_too_long: ({1153, 2055}, {1153, 2055}),
    tables_being_renamed: (1684, 1684),
    deadlock: (1213, 1213),
}
"""The number on MariaDB and on MySQL; None where the other kind only raises it."""
CASES = [
    pytest.param(kind, situation, number, id=f"{kind}-{situation.__name__}")
    for situation, numbers in RAISED.items()
    for kind, number in zip((Kind.MARIADB, Kind.MYSQL), numbers, strict=True)
    if number is not None
]


def another_login(database: LiveDatabase) -> Database:
    return replace(database.settings, user=NAME, password=Secret(SECRET))


@pytest.mark.usefixtures("own_kind")
@pytest.mark.parametrize(("server", "situation", "number"), CASES, indirect=["server"])
def test_an_error_that_the_server_raises_names_its_cause_and_its_fix(
    database: LiveDatabase,
    store: Store,
    reported: Sequence[str],
    situation: Situation,
    number: int | set[int],
) -> None:
    insert_votes(database, range(1, 4))
    # What waits for anything but the limit has more time than a busy machine takes.
    seconds = 2 if situation in {locked_table, slow_query} else LONGEST_WAIT
    store.policy = replace(store.policy, attempts=1, statement_seconds=seconds)
    with situation(database, store):
        assert store.sync() == 1
    numbers = {number} if isinstance(number, int) else number
    if situation is missing_definer:
        assert_means(reported[-1], 1045, AFTER_LOGIN[1045])
    else:
        assert_names(reported[-1], numbers)
    assert NAME not in reported[-1]
    assert not (store.root / "CURRENT").exists()


def altered(database: LiveDatabase) -> None:
    database.execute("ALTER TABLE fpp_votes MODIFY duration int NOT NULL, FORCE")


def dropped(database: LiveDatabase) -> None:
    database.execute("DROP TABLE fpp_votes")


def analysed(database: LiveDatabase) -> None:
    """Let the server know how many rows there are: MySQL estimates."""
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("ANALYZE TABLE fpp_votes")
        cursor.fetchall()


STATEMENTS = {
    "table altered since the snapshot": (
        1412,
        ["START TRANSACTION READ ONLY", "SELECT COUNT(*) FROM fpp_rooms"],
        altered,
        "SELECT * FROM fpp_votes",
    ),
    "table dropped since it was described": (
        1146,
        [],
        dropped,
        "SELECT * FROM fpp_votes",
    ),
    "limits that the session lifts": (
        1104,
        ["SET SESSION sql_big_selects = 0, max_join_size = 1"],
        analysed,
        "SELECT MAX(a.duration + b.duration) FROM fpp_votes AS a, fpp_votes AS b",
    ),
}


@pytest.mark.parametrize(
    ("number", "before", "change", "statement"),
    STATEMENTS.values(),
    ids=STATEMENTS.keys(),
)
def test_a_statement_that_the_server_refuses_names_its_cause_and_its_fix(
    database: LiveDatabase,
    number: int,
    before: Sequence[str],
    change: Callable[[LiveDatabase], None],
    statement: str,
) -> None:
    """What a run prevents, or meets only between two of its statements."""
    insert_votes(database, range(1, 2_001))
    with opened(database) as source:
        for command in before:
            source._rows((command, ()), "preparing")
        change(database)
        with pytest.raises(SourceError) as refused:
            source._rows((statement, ()), "reading fpp_votes")
    assert_names(str(refused.value), {number})


LIMITS = {
    1114: "tmp_memory_table_size = 1024, tmp_disk_table_size = 16384",
    1290: "max_session_mem_used = 100000",
}


@pytest.mark.parametrize("server", [Kind.MARIADB], indirect=True)
@pytest.mark.parametrize(("number", "limits"), LIMITS.items())
def test_a_limit_that_the_session_lifts_names_its_cause_and_its_fix(
    database: LiveDatabase, number: int, limits: str
) -> None:
    """Only MariaDB has these limits."""
    insert_votes(database, range(1, 2_001))
    pairs = "SELECT DISTINCT a.id, b.id FROM fpp_votes a JOIN fpp_votes b ON b.id < 99"
    with opened(database) as source:
        # In the session's strict mode a limit has to be one that the server takes.
        source._rows(("SET SESSION sql_mode = ''", ()), "preparing")
        source._rows((f"SET SESSION {limits}", ()), "preparing")
        with pytest.raises(SourceError) as refused:
            source._rows((pairs, ()), "reading fpp_votes")
    assert_names(str(refused.value), {number})


@pytest.mark.parametrize("server", [Kind.MYSQL], indirect=True)
def test_a_server_that_shuts_down_is_named(
    mortal: Server, store: Store, reported: Sequence[str]
) -> None:
    """MariaDB ends the connection without a word: 2013."""
    store.source = mortal.create_database()
    insert_votes(store.source, range(1, 4))
    store.policy = replace(store.policy, attempts=1, statement_seconds=2 * LONGEST_WAIT)
    query = "SELECT * FROM kept WHERE SLEEP(99) = 0"
    with (
        in_place_of(store.source, "fpp_votes", query),
        meanwhile(lambda: shut_down(store.source)),
    ):
        assert store.sync() == 1
    assert_names(reported[-1], {1053})


def shut_down(database: LiveDatabase) -> None:
    """Let the server shut down as soon as the job's query is at work."""
    with database.connect() as connection, connection.cursor() as cursor:

        def is_at_work() -> bool:
            cursor.execute(
                "SELECT COUNT(*) FROM information_schema.PROCESSLIST "
                "WHERE STATE = 'User sleep'"
            )
            return cursor.fetchone() != (0,)

        wait_until(is_at_work, "the job's query does not come")
        cursor.execute("SHUTDOWN")


@pytest.mark.parametrize("server", [Kind.MARIADB], indirect=True)
def test_a_host_that_is_blocked_is_named(
    own_kind: Kind, store: Store, reported: Sequence[str]
) -> None:
    """MySQL blocks only hosts whose name it can resolve."""
    options = ["--skip-name-resolve=0", "--max-connect-errors=1"]
    here = Fault(source="127.0.0.2")
    with (
        running_server(own_kind, options=options) as server,
        proxied(server.port, here) as proxy,
    ):
        store.source = server.create_database()
        store.address = replace(store.source.settings, port=proxy.port)
        assert store.sync() == 0
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", proxy.port)) as broken:
                broken.recv(200)
                broken.sendall(packet(1, b"no handshake"))
                broken.recv(200)
        assert store.sync() == 1
        assert_names(reported[-1], {1129})
        store.source.execute(UNBLOCKED[own_kind])
        assert store.sync() == 0


UNBLOCKED = {
    Kind.MARIADB: "FLUSH HOSTS",
    # From 8.4 on it does not know the other.
    Kind.MYSQL: "TRUNCATE TABLE performance_schema.host_cache",
}


def test_the_server_knows_the_statement_that_unblocks_a_host(
    database: LiveDatabase,
) -> None:
    statement = UNBLOCKED[database.server.kind]
    assert statement in MEANINGS[1129].fix
    database.execute(statement)


REFUSALS = {
    1047: b"WSREP has not yet prepared node for application use",
    1129: b"Host '127.0.0.1' is blocked because of many connection errors",
    1130: b"Host '127.0.0.1' is not allowed to connect to this server",
    1927: b"Connection was killed",
    9001: b"Max connect timeout reached while reaching hostgroup 0 after 10000ms",
}


@pytest.mark.parametrize(("number", "text"), REFUSALS.items(), ids=map(str, REFUSALS))
def test_a_refusal_in_the_place_of_a_greeting_is_named(
    database: LiveDatabase,
    store: Store,
    reported: Sequence[str],
    number: int,
    text: bytes,
) -> None:
    refusal = packet(0, b"\xff" + number.to_bytes(2, "little") + text)
    with rogue(lambda _: None, greeting=refusal) as (port, _):
        store.address = replace(database.settings, port=port)
        assert store.sync() == 1
    assert_names(reported[-1], {number})


def wait_too_long() -> None:
    time.sleep(4.5)  # wait_timeout is twice the time limit of a statement


@pytest.mark.parametrize("ending", ["killed", "idle"])
def test_a_connection_that_ended_while_nothing_was_asked_is_said_to_be_broken(
    database: LiveDatabase,
    store: Store,
    reported: Sequence[str],
    during_settling: DuringSettling,
    ending: str,
) -> None:
    """MySQL says why (4031) where the connection was idle for too long."""
    store.policy = replace(store.policy, attempts=1)
    if ending == "idle":
        store.policy = replace(store.policy, statement_seconds=2)

    def kill() -> None:
        number = database.count(
            "SELECT MAX(ID) FROM information_schema.PROCESSLIST WHERE USER = %s",
            (READER,),
        )
        database.execute(f"KILL {number}")

    during_settling(kill if ending == "killed" else wait_too_long)
    assert store.sync() == 1
    assert f": {MEANINGS[2013].cause}. " in reported[-1]
    assert MEANINGS[2013].fix in reported[-1]


GREETINGS = {
    "nothing": b"",
    "OpenSSH": b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "a web server": b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
    "the X protocol": bytes.fromhex("050000000b08051a00"),
    "an empty packet": bytes(4),
}


@in_each_implementation
@on_one_kind
@pytest.mark.parametrize("greeting", GREETINGS.values(), ids=GREETINGS.keys())
def test_what_is_not_a_database_is_said_not_to_be_one(
    store: Store,
    reported: Sequence[str],
    greeting: bytes,
) -> None:
    """A proxy without a server behind it takes the connection and closes it."""
    store.policy = replace(store.policy, attempts=1)
    with listening(lambda connection: connection.sendall(greeting)) as port:
        store.address = replace(store.source.settings, port=port)
        assert store.sync() == 1
    meanings = BEFORE_LOGIN[2013], MEANINGS[2007]
    assert any(f"{m.cause}. " in reported[-1] for m in meanings)
    assert "that MySQL or MariaDB listens" in reported[-1] or "3306" in reported[-1]


FRENCH = "--lc-messages=fr_FR"


@pytest.mark.parametrize("server", [Kind.MARIADB], indirect=True)
def test_an_error_in_another_language_is_named(
    own_kind: Kind, store: Store, reported: Sequence[str]
) -> None:
    """Before the login MariaDB writes it in its own charset, not always in UTF-8."""
    options = [FRENCH, "--character-set-server=latin1"]
    with running_server(own_kind, options=options) as server:
        store.source = server.create_database()
        store.address = replace(store.source.settings, password=Secret("x"))
        assert store.sync() == 1
    assert_names(reported[-1], {1045})


def test_a_database_without_the_tables_is_named(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    store.address = replace(database.settings, name="information_schema")
    assert store.sync() == 1
    assert "fpp_votes is missing" in reported[-1]
    assert "DB_NAME" in reported[-1]


# Raised where the certificates are (test_tls.py), or not by any server on request.
ELSEWHERE = {2026, 2006}


def test_every_number_is_raised_by_some_test() -> None:
    raised = {
        *(number for _, numbers in ACCOUNTS.values() for number in numbers),
        *(number for number, *_ in STATEMENTS.values()),
        *LIMITS,
        *REFUSALS,
        *(1044, 1045, 1059, 1102, 1109, 2003, 2005, 2007, 1356, 1053, 4031),
    }
    for numbers in (number for pair in RAISED.values() for number in pair):
        raised |= {numbers} if isinstance(numbers, int) else numbers or set()
    assert set(MEANINGS) == raised | ELSEWHERE


@pytest.mark.parametrize("number", sorted(MEANINGS))
def test_an_error_names_its_cause_and_its_fix(number: int) -> None:
    text = str(SourceError("opening the session", number))
    assert_names(text, {number})
    assert text.startswith(f"Database error while opening the session ({number}): ")
    assert text.endswith(".")
    assert "The store is unchanged." in text
    assert Redactor.of(()).text(text) == text  # the log has it whole


def test_a_failure_of_the_source_is_one_line_without_our_frames(
    database: LiveDatabase, store: Store
) -> None:
    insert_votes(database, range(1, 3))
    done = run(store, "sync_job.py", environ={"DB_PASSWORD": "wrong"})
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if "(1045)" in line]
    assert "DB_PASSWORD" in line
