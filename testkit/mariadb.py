"""A private MariaDB server: own data directory, free port, loopback only."""

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import cast

import sync.driver  # noqa: F401  # isort: skip  # the C extension goes first
import mysql.connector
import polars as pl
from mysql.connector.connection import MySQLConnection

from core.settings import Database, Secret
from metrics.tables import TABLES, Table

SCHEMA = Path(__file__).parent / "schema.sql"
GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
READER, PASSWORD = "fpp", "reads-only"  # of a throw-away server

_SERIES_OF_VOTES = """
INSERT INTO fpp_votes (room_id, avg_estimation, max_estimation, min_estimation,
    amount_of_estimations, amount_of_spectators, duration, was_auto_flip)
SELECT seq MOD 50 + 1, 3.5, 5, 2, 4, 0, seq MOD 900, 0 FROM seq_1_to_{last}
"""
_SERIES_OF_EVENTS = """
INSERT INTO fpp_events (user_id, event)
SELECT CONCAT('u', seq), 'LEFT_ROOM' FROM seq_1_to_{last}
"""

type Value = str | int | float | bytes | None
type Row = tuple[Value, ...]


class Server:
    """A MariaDB server that only this process knows; stop it by `stop`."""

    def __init__(self, *, time_zone: str = "UTC", memory_mb: int = 128) -> None:
        self.folder = Path(mkdtemp(prefix="fpp-mariadb-"))
        self.port = free_port()
        self._time_zone = time_zone
        self._memory_mb = memory_mb
        self._process: subprocess.Popen[bytes] | None = None
        self._install()
        self.start()
        self._create_reader()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [
            "mariadbd",
            "--no-defaults",
            "--user=root",
            f"--datadir={self.folder / 'data'}",
            f"--socket={self.folder / 'socket'}",
            f"--pid-file={self.folder / 'pid'}",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            "--skip-name-resolve",
            "--skip-log-bin",
            f"--innodb-buffer-pool-size={self._memory_mb}M",
            "--innodb-log-file-size=64M",
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-lock-wait-timeout=5",
        ]
        with (self.folder / "log").open("ab") as log:
            environment = {**os.environ, "TZ": self._time_zone}
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment
            )
        self._wait_until_it_answers()

    def kill(self) -> None:
        """End the server as a power failure would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End the server and remove its data."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, database: str | None = None) -> MySQLConnection:
        """Return an administrator's connection over the socket, autocommit on."""
        connection = mysql.connector.connect(
            unix_socket=str(self.folder / "socket"),
            user="root",
            database=database,
            charset="utf8mb4",
            collation="utf8mb4_general_ci",
            autocommit=True,
            time_zone="+00:00",
        )
        return cast("MySQLConnection", connection)

    def create_database(self, *, schema: bool = True) -> "LiveDatabase":
        """Return a new database with the live tables, all empty."""
        database = LiveDatabase(self, f"fpp-{secrets.token_hex(6)}")
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{database.name}` CHARACTER SET utf8mb4")
            cursor.execute(f"GRANT SELECT ON `{database.name}`.* TO {READER}@127.0.0.1")
        if schema:
            for statement in SCHEMA.read_text().split(";\n"):
                if statement.strip():
                    database.execute(statement)
        return database

    def _install(self) -> None:
        subprocess.run(
            [
                "mariadb-install-db",
                "--no-defaults",
                "--user=root",
                f"--datadir={self.folder / 'data'}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _create_reader(self) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE USER {READER}@127.0.0.1 IDENTIFIED BY '{PASSWORD}'")

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                self.connect().close()
            except mysql.connector.Error:
                if time.monotonic() > deadline:
                    log = (self.folder / "log").read_text()
                    raise RuntimeError(f"the server did not start:\n{log}") from None
                time.sleep(0.05)
            else:
                return


class LiveDatabase:
    """One database of a server, with the live tables."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name

    @property
    def settings(self) -> Database:
        """How the sync job reaches it."""
        return Database(
            host="127.0.0.1",
            port=self.server.port,
            user=READER,
            password=Secret(PASSWORD),
            name=self.name,
        )

    def connect(self) -> MySQLConnection:
        """Return an administrator's connection, autocommit on, in UTC."""
        return self.server.connect(self.name)

    def execute(self, statement: str, values: Row = ()) -> None:
        """Execute one statement and commit it."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)

    def count(self, query: str, values: Row = ()) -> int:
        """Return the one whole number that a query answers."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(query, values)
            ((value, *_), *_) = cursor.fetchall()
            return int(str(value))

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Insert whole rows, in the order of the table's columns."""
        if not rows:
            return
        marks = ", ".join(["%s"] * len(table.columns))
        names = ", ".join(f"`{name}`" for name in table.schema)
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO `{table.name}` ({names}) VALUES ({marks})",  # noqa: S608  # values are parameters
                rows,
            )

    def fill_from_golden(self, *tables: Table) -> None:
        """Insert the golden data set into these tables, by default into all."""
        for table in tables or TABLES:
            frame = pl.read_parquet(GOLDEN / table.file_name)
            self.insert(table, frame.select(table.schema.names()).rows())

    def insert_series(self, votes: int) -> None:
        """Insert plain votes and as many events, made inside the server."""
        for statement in (_SERIES_OF_VOTES, _SERIES_OF_EVENTS):
            self.execute(statement.format(last=votes))

    def rows(self, table: Table) -> pl.DataFrame:
        """Return every row, by key, read apart from the sync job's own code.

        The driver converts the values here; the job reads raw bytes.
        """
        names = ", ".join(f"`{name}`" for name in table.schema)
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT {names} FROM `{table.name}`")  # noqa: S608  # names of our tables
            found = cursor.fetchall()
        booleans = [c.name for c in table.columns if c.dtype == pl.Boolean()]
        schema = {**table.schema, **dict.fromkeys(booleans, pl.Int64())}
        frame = pl.DataFrame(found, schema=schema, orient="row")
        return frame.with_columns(pl.col(booleans).cast(pl.Boolean)).sort(table.key)


@contextmanager
def running_server(*, time_zone: str = "UTC", memory_mb: int = 128) -> Iterator[Server]:
    """Run a server for the length of a block."""
    server = Server(time_zone=time_zone, memory_mb=memory_mb)
    try:
        yield server
    finally:
        with suppress(ProcessLookupError):
            server.stop()


def free_port() -> int:
    """Return a port of loopback that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
