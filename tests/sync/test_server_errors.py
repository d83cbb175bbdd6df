"""Each number of the server that a run can meet names its cause and its fix.

Where the server can be brought to raise it, it is.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from core.settings import Secret
from sync.exceptions import MEANINGS, SourceError
from testkit.database_servers import LiveDatabase
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
