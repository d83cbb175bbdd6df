"""Each number of the server that a run can meet names its cause and its fix.

Where the server can be brought to raise it, it is.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from threading import Thread

import pytest

from core.settings import Database, Secret
from sync.connection import connected
from sync.exceptions import MEANINGS, SourceError
from testkit.database_servers import READER, Kind, LiveDatabase
from testkit.harness import Store
from testkit.ports import free_port
from tests.sync.processes import run
from tests.sync.rows import insert_votes

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
    assert MEANINGS[number].cause in text
    assert MEANINGS[number].fix in text
    assert "Traceback" not in text


def test_a_wrong_password_a_wrong_database_and_a_wrong_address_are_distinguished(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    wrong = {
        1045: replace(database.settings, password=Secret("x")),
        1044: replace(database.settings, name="mysql"),
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
def variable(database: LiveDatabase, name: str, value: str) -> Iterator[None]:
    """Set a global variable of the server for the length of a block."""
    before = database.value(f"SELECT @@GLOBAL.{name}")
    database.execute(f"SET GLOBAL {name} = {value}")
    try:
        yield
    finally:
        text = f"'{before}'" if name == "init_connect" else before
        database.execute(f"SET GLOBAL {name} = {text}")


@contextmanager
def unknown_database(database: LiveDatabase, store: Store) -> Iterator[None]:
    with account(database, "GRANT SELECT ON *.* TO {}"):
        store.address = replace(another_login(database), name="missing")
        yield


@contextmanager
def no_connection_left(database: LiveDatabase, store: Store) -> Iterator[None]:
    with ExitStack() as held, variable(database, "max_connections", "10"):
        for _ in range(10):
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
    waiting = "Waiting for table metadata lock"
    for _ in range(500):
        number = database.value(
            "SELECT MAX(ID) FROM information_schema.PROCESSLIST "  # noqa: S608  # ours
            f"WHERE USER = '{READER}' AND STATE = '{waiting}'"
        )
        if number is not None:
            database.execute(f"KILL {what} {number}")
            return
        time.sleep(0.01)


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
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    thread = Thread(target=work)
    thread.start()
    yield
    thread.join(timeout=30)
    assert not thread.is_alive()


@contextmanager
def slow_query(database: LiveDatabase, store: Store) -> Iterator[None]:
    database.execute("RENAME TABLE fpp_votes TO votes")
    database.execute("CREATE VIEW fpp_votes AS SELECT * FROM votes WHERE SLEEP(9) = 0")
    yield


type Situation = Callable[[LiveDatabase, Store], AbstractContextManager[None]]

RAISED: dict[Situation, tuple[int | None, int | None]] = {
    unknown_database: (1049, 1049),
    no_connection_left: (1040, 1040),
    # MariaDB takes no other limit where it was started without one.
    no_connection_left_for_the_user: (None, 1203),
    login_by_socket_only: (1698, None),
    login_by_an_unknown_method: (2059, None),
    login_over_tls_only: (None, 1045),
    tls_only: (1045, 3159),
    failing_init_connect: (1184, 1184),
    locked_table: (1205, 1205),
    ended_query: (1317, 1317),
    ended_connection: (2013, 2013),
    slow_query: (1969, 3024),
}
"""The number on MariaDB and on MySQL; None where the other kind only raises it.

Others need what a test has not: an older client (1251, 2061), a host name (1129, 1130),
a deadlock of a reader (1213), a session that is not pinned (1104), bytes that servers
no longer take (3854, 3988).
"""
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
    number: int,
) -> None:
    insert_votes(database, range(1, 4))
    store.policy = replace(store.policy, attempts=1, statement_seconds=2)
    with situation(database, store):
        assert store.sync() == 1
    assert_names(reported[-1], {number})
    assert NAME not in reported[-1]
    assert not (store.root / "CURRENT").exists()


@pytest.mark.parametrize("number", sorted(MEANINGS))
def test_an_error_names_its_cause_and_its_fix(number: int) -> None:
    text = str(SourceError("reading fpp_votes", number))
    assert_names(text, {number})
    assert text.startswith(f"Database error while reading fpp_votes ({number}): ")
    assert text.endswith(".")
    assert "The store is unchanged." in text


def test_a_failure_of_the_source_is_one_line_without_our_frames(
    database: LiveDatabase, store: Store
) -> None:
    insert_votes(database, range(1, 3))
    done = run(store, "sync_job.py", environ={"DB_PASSWORD": "wrong"})
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if "(1045)" in line]
    assert "DB_PASSWORD" in line
