"""Situation 9: two jobs at once."""

import threading
from collections.abc import Sequence

import pytest

from sync import connection
from sync.connection import Connection
from sync.job import Result, every
from sync.run import Request
from sync.store_writer import LOCK, store_locked
from testkit.database_servers import LiveDatabase
from testkit.harness import Store
from tests.sync.conftest import DuringSettling, on_one_kind
from tests.sync.endpoints import endpoint
from tests.sync.processes import run
from tests.sync.rows import insert_votes


def database_lock(store: Store) -> str:
    return f"fpp-sync {(store.root / LOCK).read_text()}"


def test_a_second_job_on_the_same_store_says_so_and_leaves_with_0(
    store: Store, logged: Sequence[str]
) -> None:
    with store_locked(store.root):
        assert store.sync() == 0
    assert logged[-1] == "Another sync job is using this store. Nothing to do."
    assert not (store.root / "CURRENT").exists()


@on_one_kind
@pytest.mark.parametrize(
    "flags",
    [["--verify"], ["--rebuild"], ["--rebuild", "fpp_votes"], ["--accept-shrink"]],
)
def test_a_command_that_another_job_kept_from_its_work_ends_with_1(
    store: Store, flags: list[str]
) -> None:
    """`--verify && …` would take 0 for equal."""
    with store_locked(store.root):
        assert run(store, "sync_job.py").returncode == 0
        done = run(store, "sync_job.py", *flags)
    assert done.returncode == 1
    assert "The flags had no effect. Stop the other job" in done.stderr


def test_a_run_that_did_nothing_is_no_success_for_the_monitor(store: Store) -> None:
    with endpoint() as monitor, store_locked(store.root):
        store.heartbeat = monitor.url
        assert store.job().run(Request()) is Result.BUSY
        assert monitor.pushes == []


def test_a_second_job_on_another_host_says_so_and_leaves_with_0(
    database: LiveDatabase, store: Store, logged: Sequence[str]
) -> None:
    store.sync()
    with database.connect() as other, other.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 0)", (database_lock(store),))
        cursor.fetchall()
        assert store.sync() == 0
        # By name: the server may notice a goodbye only after the next run has begun.
        cursor.execute("SELECT RELEASE_LOCK(%s)", (database_lock(store),))
        cursor.fetchall()
    assert "Another sync job is using this store" in logged[-1]
    assert store.manifest().number == 1
    assert store.sync() == 0
    assert store.manifest().number == 2


def test_two_stores_of_one_database_are_copied_at_the_same_time(
    database: LiveDatabase, store: Store, during_settling: DuringSettling
) -> None:
    insert_votes(database, range(1, 11))
    other = Store(store.root.parent / "other", database)
    codes: list[int] = []
    during_settling(lambda: codes.append(other.sync()))
    codes.append(store.sync())
    assert codes == [0, 0]
    other.assert_equals_source()
    store.assert_equals_source()


def test_after_a_run_that_did_nothing_the_next_comes_soon_with_growing_pauses() -> None:
    pauses: list[float | None] = []
    results = iter([Result.FAILED, Result.BUSY, Result.FAILED, Result.DONE])

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            pauses.append(timeout)
            return True

        def is_set(self) -> bool:
            return len(pauses) == 4

    every(600, lambda: next(results), Stop(), lambda: 0.0)
    assert pauses == [5, 10, 20, 600]


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
    connect = connection._connect

    def connect_and_look(*arguments: object) -> Connection:
        found = connect(*arguments)  # type: ignore[arg-type]  # passed on
        close = found.close

        def look_and_close() -> None:
            lock = database_lock(store)
            free.append(database.count("SELECT IS_FREE_LOCK(%s)", (lock,)))
            close()

        monkeypatch.setattr(found, "close", look_and_close)
        return found

    monkeypatch.setattr(connection, "_connect", connect_and_look)
    assert store.sync() == 0
    assert free == [1]
