"""Private MariaDB and MySQL servers: own data directory, free port, loopback only.

`make tools` fetches MySQL; MYSQLD names an installed one. TEST_MARIADB and TEST_MYSQL
name servers that run already (mysql://root:secret@127.0.0.1:3306).
"""

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from fcntl import LOCK_EX, flock
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import cast
from urllib.parse import SplitResult, unquote, urlsplit

from sync.connection import HAS_EXTENSION  # isort: skip  # the C extension goes first
import mysql.connector
import polars as pl
from mysql.connector.connection import MySQLConnection

from core.settings import Database, Secret
from metrics.tables import TABLES, Table
from testkit.ports import free_port

SCHEMA = Path(__file__).parent / "schema.sql"
GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
START_SECONDS = 60
"""How long a server may take to start."""
READER, PASSWORD = "fpp", "reads-only"  # of a throw-away server

FETCHED = Path(__file__).parents[1] / ".tools" / "mysql" / "server"
"""Where scripts/install-mysql unpacks the server."""
TEMPLATES = Path(__file__).parents[1] / ".tools" / "databases"
"""Empty data directories, one for each kind and version of server."""


class Kind(StrEnum):
    """The two kinds of database that the product may have."""

    MARIADB = "mariadb"
    MYSQL = "mysql"

    @property
    def missing(self) -> str:
        """Why a server of this kind cannot be started here; "" where it can."""
        if os.environ.get(self._address_variable):
            return ""
        if self is Kind.MARIADB:
            return "" if mariadbd() else "mariadbd is not installed"
        return "" if mysqld() else "there is no mysqld: run `make tools`, or set MYSQLD"

    @property
    def address(self) -> SplitResult | None:
        """A running server that the environment names: mysql://USER:PASSWORD@HOST."""
        text = os.environ.get(self._address_variable)
        return urlsplit(text) if text else None

    @property
    def _address_variable(self) -> str:
        return f"TEST_{self.name}"


# As small as they go: most of a start is writing these files.
_OPTIONS = {
    Kind.MARIADB: ["--innodb-log-file-size=64M"],
    Kind.MYSQL: [
        "--secure-file-priv=NULL",
        "--mysqlx=OFF",
        "--innodb-redo-log-capacity=128M",
        "--innodb-doublewrite=OFF",
        "--performance-schema=OFF",
    ],
}
_SERIES_OF_VOTES = """
INSERT INTO fpp_votes (room_id, avg_estimation, max_estimation, min_estimation,
    amount_of_estimations, amount_of_spectators, duration, was_auto_flip)
SELECT seq MOD 50 + 1, 3.5, 5, 2, 4, 0, seq MOD 900, 0 FROM {series} AS series
"""
_SERIES_OF_EVENTS = """
INSERT INTO fpp_events (user_id, event)
SELECT CONCAT('u', seq), 'LEFT_ROOM' FROM {series} AS series
"""


def series(last: int) -> str:
    """Return a subquery of the whole numbers 1 to `last` as `seq`, on both servers."""
    digits = " UNION ALL ".join(f"SELECT {digit} AS d" for digit in range(10))
    places = range(len(str(last)))
    number = " + ".join(f"p{place}.d * {10**place}" for place in places)
    tables = ", ".join(f"({digits}) AS p{place}" for place in places)
    return (
        f"(SELECT seq FROM (SELECT {number} AS seq FROM {tables}) AS numbers "  # noqa: S608  # numbers only
        f"WHERE seq BETWEEN 1 AND {last} ORDER BY seq)"
    )


type Value = str | int | float | bytes | None
type Row = tuple[Value, ...]


def mariadbd() -> str:
    """Return where MariaDB's server is; "" where it is not there.

    Ordinary users of Debian do not look for programs in its folder.
    """
    return shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin") or ""


def mysqld() -> Sequence[str]:
    """Return the command that starts MySQL; nothing where it is not there."""
    if named := os.environ.get("MYSQLD"):
        return (named,)
    if not (FETCHED / "usr/sbin/mysqld").exists():
        return ()
    # Linked with libraries newer than this machine's, so its own loader starts it.
    ((loader, *_),) = (sorted(FETCHED.glob("usr/lib/*-linux-gnu/ld-linux*")),)
    return (
        str(loader),
        "--library-path",
        str(loader.parent),
        str(FETCHED / "usr/sbin/mysqld"),
        "--no-defaults",
        f"--lc-messages-dir={FETCHED / 'usr/share/mysql'}",
        f"--character-sets-dir={FETCHED / 'usr/share/mysql/charsets'}",
        f"--plugin-dir={FETCHED / 'usr/lib/mysql/plugin'}",
    )


class Server:
    """A server that only this process knows; stop it by `stop`."""

    _golden: "LiveDatabase | None" = None
    _process: subprocess.Popen[bytes] | None = None

    def __init__(
        self,
        kind: Kind,
        *,
        time_zone: str = "UTC",
        memory_mb: int = 128,
        options: Sequence[str] = (),
        port: int | None = None,
    ) -> None:
        self.kind = kind
        self.host = "127.0.0.1"
        self.folder = Path(mkdtemp(prefix=f"fpp-{kind}-"))
        # Of its own: a server that starts deletes the temporary tables that it finds in
        # there, and MariaDB crashes when it loses one of its own.
        self._temporary = self.folder / "tmp"
        self._temporary.mkdir()
        self.port = port or free_port()
        self._time_zone = time_zone
        self._memory_mb = memory_mb
        self._options = tuple(options)
        try:
            self._install()
            self.start()
            self._create_reader()
        except BaseException:  # Ctrl-C, too: no block has it yet that would stop it
            self.stop()
            raise

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [
            *self._program(),
            *self._places(),
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            "--skip-name-resolve",
            "--skip-log-bin",
            f"--innodb-buffer-pool-size={self._memory_mb}M",
            "--innodb-flush-log-at-trx-commit=2",
            # A killed server finds what it left to the system; only a power failure
            # would lose it. Each test makes tables, which waits for the disk often.
            "--innodb-flush-method=nosync",
            "--innodb-lock-wait-timeout=5",
            *_OPTIONS[self.kind],
            *self._options,
        ]
        with (self.folder / "log").open("ab") as log:
            environment = {**os.environ, "TZ": self._time_zone}
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment
            )
        self._wait_until_it_answers()

    def kill(self) -> None:
        """End the server as a crash would."""
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
            **self._administrator(),
            database=database,
            # The extension lets MariaDB guess the charset of other names.
            use_pure=not (HAS_EXTENSION and (database or "").isascii()),
            charset="utf8mb4",
            collation="utf8mb4_general_ci",
            autocommit=True,
            time_zone="+00:00",
        )
        return cast("MySQLConnection", connection)

    def create_database(self, *, name: str | None = None) -> "LiveDatabase":
        """Return a new database with the live tables, all empty."""
        database = LiveDatabase(self, name or f"fpp-{secrets.token_hex(6)}")
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{database.name}` CHARACTER SET utf8mb4")
            cursor.execute(f"GRANT SELECT ON `{database.name}`.* TO {READER}@'%'")
        for statement in SCHEMA.read_text().split(";\n"):
            if statement.strip():
                database.execute(statement)
        return database

    def golden(self) -> "LiveDatabase":
        """Return the database of this server that has the golden data set."""
        if self._golden is None:
            database = self.create_database()
            for table in TABLES:
                frame = pl.read_parquet(GOLDEN / table.file_name)
                database.insert(table, frame.select(table.schema.names()).rows())
            self._golden = database
        return self._golden

    def _administrator(self) -> dict[str, str | int]:
        return {"unix_socket": str(self.folder / "socket"), "user": "root"}

    def _program(self) -> Sequence[str]:
        if self.kind is Kind.MYSQL:
            return mysqld()
        return (mariadbd(), "--no-defaults")

    def _places(self) -> list[str]:
        return [
            "--user=root",
            f"--datadir={self.folder / 'data'}",
            f"--socket={self.folder / 'socket'}",
            f"--pid-file={self.folder / 'pid'}",
            f"--tmpdir={self._temporary}",
        ]

    def _install(self) -> None:
        """Copy a data directory that is installed once: MySQL takes seconds for it."""
        program = [*self._program(), "--version"]
        version = subprocess.run(program, check=True, capture_output=True).stdout
        digest = sha256(version + repr(_OPTIONS[self.kind]).encode()).hexdigest()
        template = TEMPLATES / f"{self.kind}-{digest[:12]}"
        TEMPLATES.mkdir(parents=True, exist_ok=True)
        with (TEMPLATES / "lock").open("w") as lock:
            flock(lock, LOCK_EX)  # of tests in several processes one installs
            if not template.exists():
                new = TEMPLATES / "new"
                shutil.rmtree(new, ignore_errors=True)
                self._initialise(new)
                new.rename(template)
        # It has the id by which MySQL distinguishes servers: each gets its own.
        unique = shutil.ignore_patterns("auto.cnf")
        shutil.copytree(template, self.folder / "data", ignore=unique)

    def _initialise(self, folder: Path) -> None:
        data = f"--datadir={folder}"
        command = {
            Kind.MARIADB: [
                "mariadb-install-db",
                "--no-defaults",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                data,
            ],
            Kind.MYSQL: [
                *self._program(),
                "--initialize-insecure",
                "--user=root",
                data,
            ],
        }[self.kind]
        # MariaDB's script would give the folder to a `--user`, which takes root, and a
        # path without blanks.
        subprocess.run(
            [*command, *_OPTIONS[self.kind]],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _create_reader(self) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(
                f"CREATE USER IF NOT EXISTS {READER}@'%' IDENTIFIED BY '{PASSWORD}'"
            )

    def _log(self) -> str:
        return (self.folder / "log").read_text()

    def _has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.connect().close()
            except mysql.connector.Error as error:
                if self._has_ended() or time.monotonic() > deadline:
                    said = f"the server does not answer: {error}\n{self._log()}"
                    raise RuntimeError(said) from None
                time.sleep(0.05)
            else:
                return


class ExternalServer(Server):
    """A server that runs elsewhere: tests share it, and cannot end it."""

    def __init__(self, kind: Kind, address: SplitResult) -> None:
        self.kind = kind
        self.host = address.hostname or "127.0.0.1"
        self.port = address.port or 3306
        self._user = address.username or "root"
        self._password = unquote(address.password or "")
        self._wait_until_it_answers()
        self._create_reader()

    def stop(self) -> None:
        """Leave it to those who started it."""

    def _log(self) -> str:
        return f"Look at its log, and at TEST_{self.kind.name}."

    def _administrator(self) -> dict[str, str | int]:
        return {
            "host": self.host,
            "port": self.port,
            "user": self._user,
            "password": self._password,
        }


class LiveDatabase:
    """One database of a server, with the live tables."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name

    @property
    def settings(self) -> Database:
        """How the sync job reaches it."""
        return Database(
            host=self.server.host,
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

    def value(self, query: str) -> str | None:
        """Return the one value that a query answers, as text."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(query)
            ((value, *_), *_) = cursor.fetchall()
            return None if value is None else str(value)

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
        """Insert the golden data set into these tables, by default into all.

        The server copies what the first database of the process was sent, which takes
        a fifth of the time of sending it.
        """
        golden = self.server.golden()
        for table in tables or TABLES:
            names = ", ".join(f"`{name}`" for name in table.schema)
            self.execute(
                f"INSERT INTO `{table.name}` ({names}) SELECT {names} "  # noqa: S608  # our own names
                f"FROM `{golden.name}`.`{table.name}`"
            )

    def insert_series(self, votes: int) -> None:
        """Insert plain votes and as many events, made inside the server."""
        for statement in (_SERIES_OF_VOTES, _SERIES_OF_EVENTS):
            self.execute(statement.format(series=series(votes)))

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
def running_server(
    kind: Kind = Kind.MARIADB,
    *,
    time_zone: str = "UTC",
    memory_mb: int = 128,
    options: Sequence[str] = (),
    port: int | None = None,
) -> Iterator[Server]:
    """Run a private server for the length of a block, by default on a free port."""
    server = Server(
        kind, time_zone=time_zone, memory_mb=memory_mb, options=options, port=port
    )
    try:
        yield server
    finally:
        with suppress(ProcessLookupError):
            server.stop()


@contextmanager
def shared_server(kind: Kind) -> Iterator[Server]:
    """Run a server that tests share; where the environment names one, that one."""
    if address := kind.address:
        yield ExternalServer(kind, address)
    else:
        with running_server(kind) as server:
            yield server
