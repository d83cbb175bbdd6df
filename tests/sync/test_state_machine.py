"""Any history of the source, of its schema and of crashes ends in an equal store."""

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import mysql.connector
import polars as pl
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from mysql.connector.connection import MySQLConnection

from metrics.tables import ROOMS, TABLES, USERS, VOTES
from sync.run import Request
from testkit.database_servers import Kind, Server
from testkit.harness import QUICK, Store
from tests.sync.killed_jobs import CountingDisk
from tests.sync.rows import room, user, vote

IDS = st.integers(1, 60)
MONTHS = st.sampled_from(["2025-12-31 23:59:59", "2026-01-01", "2026-03-29 01:30:00"])
TEXTS = st.one_of(st.none(), st.sampled_from(["", "Kraków", "\x1f", "東京", "NULL"]))
RANGES = st.sampled_from(
    [
        "DELETE FROM fpp_votes WHERE id BETWEEN %s AND %s",
        "DELETE FROM fpp_rooms WHERE id BETWEEN %s AND %s",
        "UPDATE fpp_votes SET duration = duration + 1 WHERE id BETWEEN %s AND %s",
    ]
)
CHANGES = st.sampled_from(
    [
        "ALTER TABLE fpp_rooms ADD colour varchar(9) NULL",
        "ALTER TABLE fpp_rooms DROP COLUMN colour",
        "ALTER TABLE fpp_votes MODIFY duration int unsigned NOT NULL",
        "ALTER TABLE fpp_users ADD INDEX by_time (created_at)",
        "ALTER TABLE fpp_votes ENGINE=InnoDB",
    ]
)
BREAK = "ALTER TABLE fpp_rooms CHANGE name names varchar(15) NOT NULL"
MEND = "ALTER TABLE fpp_rooms CHANGE names name varchar(15) NOT NULL"

type State = Mapping[str, pl.DataFrame]


class Killed(BaseException):
    """Ends a run as a crash does: no handler takes it, nothing is cleaned up."""


class KilledDisk(CountingDisk):
    def _end(self) -> None:
        raise Killed


class Replication(RuleBasedStateMachine):
    """A source that anything happens to, and the store that has to follow."""

    server: ClassVar[Server]

    def __init__(self) -> None:
        super().__init__()
        self.cleanup = ExitStack()
        self.held: MySQLConnection | None = None

    @initialize()
    def begin(self) -> None:
        folder = Path(self.cleanup.enter_context(TemporaryDirectory()))
        self.source = self.server.create_database()
        drop = f"DROP DATABASE `{self.source.name}`"
        self.cleanup.callback(self.source.execute, drop)
        policy = replace(QUICK, block_rows=8, keep_generations=2, keep_seconds=0)
        self.store = Store(folder / "data", self.source, policy)
        self.sync()

    def teardown(self) -> None:
        with self.cleanup:  # what `begin` came to, wherever it failed
            if self.held is not None:
                self.held.close()

    @rule(key=IDS, duration=st.integers(0, 9))
    def put_vote(self, key: int, duration: int) -> None:
        self.source.execute("DELETE FROM fpp_votes WHERE id = %s", (key,))
        self.source.insert(VOTES, [vote(key, duration)])

    @rule(key=IDS, at=MONTHS, city=TEXTS)
    def put_user(self, key: int, at: str, city: str | None) -> None:
        self.source.execute("DELETE FROM fpp_users WHERE id = %s", (f"u{key}",))
        self.source.insert(USERS, [user(f"u{key}", at, city)])

    @rule(key=IDS, name=st.integers(0, 9))
    def put_room(self, key: int, name: int) -> None:
        self.source.execute("DELETE FROM fpp_rooms WHERE id = %s", (key,))
        self.source.insert(ROOMS, [room(key, f"room {key} {name}")])

    @precondition(lambda self: self.held is None)
    @rule(statement=RANGES, first=IDS, last=IDS)
    def change_range(self, statement: str, first: int, last: int) -> None:
        self.source.execute(statement, (first, last))

    @precondition(lambda self: self.held is None)
    @rule(key=st.integers(61, 90))
    def insert_and_hold(self, key: int) -> None:
        self.source.execute("DELETE FROM fpp_votes WHERE id = %s", (key,))
        self.held = self.source.connect()
        self.held.start_transaction()
        with self.held.cursor() as cursor:
            marks = ", ".join(["%s"] * len(VOTES.columns))
            cursor.execute(f"INSERT INTO fpp_votes VALUES ({marks})", vote(key))  # noqa: S608  # marks only

    @precondition(lambda self: self.held is not None)
    @rule(commits=st.booleans())
    def end_the_held(self, commits: bool) -> None:  # drawn
        if self.held is not None:
            (self.held.commit if commits else self.held.rollback)()
            self.held.close()
            self.held = None

    @precondition(lambda self: self.held is None)
    @rule(statement=CHANGES)
    def change_schema(self, statement: str) -> None:
        with suppress(mysql.connector.ProgrammingError):  # it is there already, or gone
            self.source.execute(statement)

    @precondition(lambda self: self.held is None)
    @rule()
    def break_the_contract_and_mend_it(self) -> None:
        before = self.state()
        self.source.execute(BREAK)
        assert self.store.sync() == 1
        assert same(self.state(), before)
        self.source.execute(MEND)

    @rule(step=st.integers(1, 40))
    def crash(self, step: int) -> None:
        before, after = self.state(), self.live()
        job = replace(self.store.job(), disk=KilledDisk(self.store.root, step))
        with suppress(Killed):
            job.run(Request(accept_shrink=True))
        found = self.state()
        assert same(found, before) or same(found, after)

    @rule()
    def sync(self) -> None:
        assert self.store.sync(Request(accept_shrink=True)) == 0
        self.store.assert_equals_source()

    def state(self) -> State:
        return {table.name: self.store.rows(table) for table in TABLES}

    def live(self) -> State:
        return {table.name: self.source.rows(table) for table in TABLES}


def same(one: State, other: State) -> bool:
    return all(frame.equals(other[name]) for name, frame in one.items())


@pytest.mark.slow
def test_any_history_ends_in_a_store_that_equals_its_source(server: Server) -> None:
    Replication.server = server
    run_state_machine_as_test(
        Replication,
        settings=settings(
            # MySQL answers what is asked of it more slowly; the rules are the same.
            max_examples=10 if server.kind is Kind.MARIADB else 4,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
