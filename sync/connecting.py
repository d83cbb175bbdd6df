"""Opens a connection to the live database, with a limit for everything."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import mysql.connector

from core.settings import Database
from sync.driver import FAILURES, Connection
from sync.failing import translated
from sync.policy import Policy
from sync.source import Source
from sync.watch import Watch


@contextmanager
def connected(database: Database, policy: Policy, watch: Watch) -> Iterator[Source]:
    """Open a connection and close it afterwards, whatever happened on it."""
    connection = _connect(database, policy)
    try:
        source = Source(connection, watch)
        source.end_when_silent(policy.statement_seconds)
        source.allow_long_texts()
        yield source
    finally:
        _close(connection)


def _close(connection: Connection) -> None:
    try:
        connection.close()
    except FAILURES:
        # It could not say goodbye; pure Python keeps the socket open then.
        connection.shutdown()


def _connect(database: Database, policy: Policy) -> Connection:
    with translated("connecting"):
        connection = mysql.connector.connect(
            host=database.host,
            port=database.port,
            user=database.user,
            password=database.password.reveal(),
            database=database.name,
            charset="utf8mb4",
            # MariaDB 11 does not know the driver's own default.
            collation="utf8mb4_general_ci",
            time_zone="+00:00",
            # Without limits a stalled link hangs for ever.
            connection_timeout=min(10, policy.statement_seconds),
            read_timeout=policy.statement_seconds,
            write_timeout=policy.statement_seconds,
            autocommit=True,
            raw=True,
        )
        return cast("Connection", connection)
