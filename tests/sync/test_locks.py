"""Situation 9: two jobs at once."""

from collections.abc import Sequence

import pytest

from sync import connecting
from sync.driver import Connection
from sync.locks import database_lock, store_locked
from testkit.database_servers import LiveDatabase
from testkit.harness import Store
from tests.sync.conftest import DuringSettling
from tests.sync.rows import insert_votes


def test_a_second_job_on_the_same_store_says_so_and_leaves_with_0(
    store: Store, logged: Sequence[str]
) -> None:
    with store_locked(store.root):
        assert store.sync() == 0
    assert logged[-1] == "another sync job is at work on this store; this one leaves"
    assert not (store.root / "CURRENT").exists()


def test_a_second_job_on_the_same_database_says_so_and_leaves_with_0(
    database: LiveDatabase, store: Store, logged: Sequence[str]
) -> None:
    with database.connect() as other, other.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 0)", (database_lock(database.name),))
        cursor.fetchall()
        assert store.sync() == 0
    assert "at work on this database; this one leaves" in logged[-1]
    assert store.sync() == 0
    assert (store.root / "CURRENT").exists()


def test_while_two_jobs_run_one_works_and_the_other_leaves(
    database: LiveDatabase, store: Store, during_settling: DuringSettling
) -> None:
    insert_votes(database, range(1, 11))
    codes: list[int] = []
    during_settling(lambda: codes.append(store.sync()))
    codes.append(store.sync())
    assert codes == [0, 0]
    assert store.manifest().number == 1
    store.assert_equals_source()


def test_the_lock_is_free_before_the_connection_is_closed(
    database: LiveDatabase, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is slow to notice a goodbye keeps no next run away."""
    free: list[int] = []
    close = connecting._close

    def look_and_close(connection: Connection) -> None:
        name = database_lock(database.name)
        free.append(database.count("SELECT IS_FREE_LOCK(%s)", (name,)))
        close(connection)

    monkeypatch.setattr(connecting, "_close", look_and_close)
    assert store.sync() == 0
    assert free == [1]
