"""What can stop a run, one class per fact, and what the server's errors mean.

Messages name cause, effect and fix; they contain no host, user name or password,
since they also travel to the heartbeat monitor.
"""

import errno
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from metrics.sentences import counted
from metrics.tables import MOST_USERS

UNCHANGED = "The store is unchanged."


class SyncError(Exception):
    """A run stopped before anything was published; the store is as it was."""

    retry = False
    """Whether the same run can succeed a moment later."""
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an error number of the server or the system says, and what to do."""

    cause: str
    fix: str
    retry: bool = False


_UNREACHABLE = Meaning(
    "the database cannot be reached",
    "Check that it is up, and that MySQL or MariaDB listens at DB_HOST and DB_PORT",
    retry=True,
)
_BROKEN = Meaning(
    "the connection broke",
    "Check that the database is up, and the link to it",
    retry=True,
)
_NO_GREETING = Meaning(
    "the connection broke before the database accepted the login",
    "Check that MySQL or MariaDB listens at DB_HOST and DB_PORT, and, behind a proxy "
    "or tunnel, that the database itself is up",
    retry=True,
)
_NOT_THE_PROTOCOL = Meaning(
    "what listens at DB_HOST and DB_PORT is not MySQL or MariaDB",
    "Check both (MySQL's port 33060 has another protocol; 3306 is usual)",
    retry=True,
)
_PROXY = Meaning(
    "the proxy in front of the database reached no server in time",
    "Check that the database behind it is up, and the proxy's log",
    retry=True,
)
_NOT_READY = Meaning(
    "the node of the cluster accepts no statements yet",
    "Wait until it has joined the cluster (wsrep_ready), or point DB_HOST at another",
    retry=True,
)
_LOGIN = Meaning(
    "the database rejected the login",
    "Check DB_USERNAME and DB_PASSWORD; for a user that must use TLS also DB_SSL_MODE, "
    "and that the server has a certificate",
)
_GRANT = Meaning(
    "the database user may not read a table or column",
    "Grant SELECT on DB_NAME to DB_USERNAME",
)
_EXPIRED = Meaning(
    "the password of the database user has expired",
    "Set a new one (ALTER USER … IDENTIFIED BY …), in DB_PASSWORD too",
)
_LOCKED = Meaning(
    "the account of the database user is locked",
    "Unlock DB_USERNAME (ALTER USER … ACCOUNT UNLOCK)",
)
_FULL = Meaning(
    "the database has no connection left",
    "Raise max_connections or max_user_connections, or close idle connections",
    retry=True,
)
_ALLOWANCE = Meaning(
    "the database user has used up an hourly or connection limit",
    "Raise the limits of DB_USERNAME (ALTER USER … WITH MAX_QUERIES_PER_HOUR 0)",
)
_TLS = Meaning(
    "the encrypted connection could not be made or verified",
    "Check DB_SSL_MODE, DB_SSL_CA and that the certificate names DB_HOST",
    # Whatever else goes wrong while it is encrypted has the same number.
    retry=True,
)
_NEEDS_TLS = Meaning(
    "the database accepts this login over TLS only",
    "Set DB_SSL_MODE=required, or DB_SSL_CA; a server that has no TLS needs a "
    "certificate first (ssl_cert, ssl_key)",
)
_PLUGIN = Meaning(
    "the login method of the database user is not supported",
    "Create DB_USERNAME with caching_sha2_password or mysql_native_password",
)
_VIEW = Meaning(
    "a view refers to tables or columns that are missing",
    "Repair the view, or grant its definer the right to read",
)
_BYTES = Meaning(
    "a text has bytes that its charset lacks",
    "Correct the row, or convert the column to utf8mb4",
)
_DDL = Meaning(
    "a table is being altered",
    "Wait until the change has ended; the next run tries again",
    retry=True,
)
_SIZE = Meaning(
    "the server limits how many rows a query may read",
    "Raise max_join_size, or set sql_big_selects = 1, for DB_USERNAME",
)
_TIME_OUT = Meaning(
    "the server ended a query that took longer than the sync job lets one take",
    "Look at the server's load, and at what else reads the table",
    retry=True,
)
_WAIT = Meaning(
    "the server did not grant a lock in time",
    "Look for a long ALTER TABLE or LOCK TABLES on the server",
    retry=True,
)
_HOST = Meaning(
    "the database does not accept connections from this host",
    "Create DB_USERNAME for this host, or run FLUSH HOSTS (MySQL: TRUNCATE TABLE "
    "performance_schema.host_cache)",
)
_OFFLINE = Meaning(
    "the server is in offline mode",
    "Wait until its maintenance has ended (SET GLOBAL offline_mode = OFF)",
    retry=True,
)
_PACKET = Meaning(
    "a row or a statement is longer than the server may send",
    "Raise max_allowed_packet on the server",
)
_TEMPORARY = Meaning(
    "the server has no room for a temporary table",
    "Free space for the server's tmpdir, or raise tmp_disk_table_size (MariaDB)",
    retry=True,
)
_OPTION = Meaning(
    "an option of the server does not allow the statement",
    "Raise max_session_mem_used (MariaDB), or look for the option in the server's log",
)
_NO_DATABASE = Meaning("the database does not exist", "Check DB_NAME")
_NO_TABLE = Meaning("a table is missing", "Check DB_NAME; restore or create the table")
MEANINGS: Mapping[int, Meaning] = {
    1040: _FULL,
    1203: _FULL,
    1044: Meaning(
        "the database user may not use the database",
        "Check DB_NAME, and grant SELECT on it to DB_USERNAME",
    ),
    1045: _LOGIN,
    1698: _LOGIN,
    1049: _NO_DATABASE,
    1047: _NOT_READY,
    1053: _BROKEN,
    1059: _NO_DATABASE,  # a name that is too long, on MySQL
    1102: _NO_DATABASE,  # the same on MariaDB
    1104: _SIZE,
    1109: _NO_TABLE,
    1114: _TEMPORARY,
    1129: _HOST,
    1130: _HOST,
    1142: _GRANT,
    1143: _GRANT,
    1146: _NO_TABLE,
    1153: _PACKET,
    1184: Meaning(
        "the server closed the connection right after the login",
        "Look at its log, and whether DB_USERNAME may do what init_connect says",
        retry=True,
    ),
    1205: _WAIT,
    1213: _WAIT,
    1226: _ALLOWANCE,
    1290: _OPTION,
    1356: _VIEW,
    1317: _BROKEN,
    1412: _DDL,
    1684: _DDL,
    1820: _EXPIRED,
    1862: _EXPIRED,
    1927: _BROKEN,
    1969: _TIME_OUT,
    2003: _UNREACHABLE,
    2005: Meaning(
        "the database's host name is not known", "Check DB_HOST and DNS", retry=True
    ),
    2006: _BROKEN,
    2007: _NOT_THE_PROTOCOL,
    2013: _BROKEN,
    2026: _TLS,
    2055: _BROKEN,
    2059: _PLUGIN,
    2061: _NEEDS_TLS,
    3024: _TIME_OUT,
    3032: _OFFLINE,
    3118: _LOCKED,
    3159: _NEEDS_TLS,
    3854: _BYTES,
    4031: _BROKEN,
    4151: _LOCKED,
    9001: _PROXY,
}
"""Numbers of MySQL and MariaDB servers, of their client library (2000 on), and of the
ProxySQL in front of them (9000 on)."""
BEFORE_LOGIN: Mapping[int | None, Meaning] = dict.fromkeys(
    (None, 2006, 2013, 2055), _NO_GREETING
)
"""What a lost connection says on which no login has been accepted yet."""
AFTER_LOGIN: Mapping[int, Meaning] = {
    1045: Meaning(
        "the user who defined a view is missing, or may not log in",
        "Create the view again by a user who exists and may read its tables",
    ),
}
"""What a number says that comes once the login has been accepted."""
_OTHER = Meaning(
    "the database raised an error",
    "Look the number up in the server's manual and log",
    retry=True,
)


class SourceError(SyncError):
    """The database cannot be reached or refuses, or a connection broke."""

    def __init__(self, action: str, number: int | None, detail: str = "") -> None:
        meaning = _BROKEN if number is None else MEANINGS.get(number, _OTHER)
        if action == "connecting":
            meaning = BEFORE_LOGIN.get(number, meaning)
        # A server that does not show a user the definer of a view rejects "the login".
        if action not in {"connecting", "opening the session"}:
            meaning = AFTER_LOGIN.get(number or 0, meaning)
        code = "" if number is None else f" ({number})"
        super().__init__(
            f"Database error while {action}{code}: {detail or meaning.cause}. "
            f"{UNCHANGED} {meaning.fix}."
        )
        self.number = number
        self.retry = meaning.retry


class OriginError(SyncError):
    """The database is not the one that the store is a replica of."""

    def __init__(self, fact: str) -> None:
        super().__init__(
            f"The store is a replica of another database: {fact}. {UNCHANGED} Check "
            "DB_HOST and DB_NAME. If the change is intended, run --rebuild once."
        )


class ContractError(SyncError):
    """The live tables are not what `metrics.tables` describes."""

    def __init__(self, offences: Sequence[str], missing: Sequence[str] = ()) -> None:
        gone = [f"{t} is missing, or SELECT on it is not granted" for t in missing]
        facts = [*gone, *offences]
        fixes = []
        if missing:
            tables = "the table" if len(missing) == 1 else "the tables"
            fixes.append(
                f"Check DB_NAME; restore {tables}, or grant SELECT to DB_USERNAME."
            )
        if offences:
            fixes.append(
                "Update the file together with the database, then run --rebuild TABLE."
            )
        noun = "difference" if len(facts) == 1 else "differences"
        super().__init__(
            f"{len(facts)} {noun} between the database and metrics/tables.py: "
            f"{'; '.join(facts)}. {UNCHANGED} {' '.join(fixes)}"
        )


class EngineError(SyncError):
    """A table is kept by an engine without snapshots."""

    def __init__(self, engines: Mapping[str, str]) -> None:
        facts = ", ".join(f"{table} ({engine})" for table, engine in engines.items())
        super().__init__(
            f"Tables without snapshots: {facts}. A copy could mix rows of two moments. "
            f"{UNCHANGED} Run ALTER TABLE {next(iter(engines))} ENGINE=InnoDB."
        )


class MisfitError(SyncError):
    """A value of the source has no place in the fixed type of its column."""

    def __init__(self, table: str, column: str, key: str, fact: str) -> None:
        super().__init__(
            f"{table}.{column} of the row with key {key} {fact}. {UNCHANGED} Correct "
            "that row in the database, or widen the column in metrics/tables.py."
        )
        self.table = table


class RepeatedKeyError(SyncError):
    """Several rows of a table have the same key."""

    def __init__(self, table: str, column: str, key: str) -> None:
        super().__init__(
            f"{table} has several rows whose {column} is {key}. {UNCHANGED} Delete all "
            f"but one, and make {column} the primary key again."
        )
        self.table = table


class TooManyUsersError(SyncError):
    """More users than there are numbers for."""

    def __init__(self, users: int) -> None:
        super().__init__(
            f"There are {users:,} users, and numbers for {MOST_USERS:,}. {UNCHANGED} "
            "Run --rebuild to free the numbers of deleted users, or widen the key in "
            "metrics/activity_key.py."
        )


class CopyError(SyncError):
    """What was read does not have the checksum that the server computes."""

    retry = True

    def __init__(self, table: str, block: str) -> None:
        super().__init__(
            f"Checksum mismatch in {table}, block {block}. {UNCHANGED} If it recurs, "
            "compare the column types with metrics/tables.py."
        )
        self.table = table


class ShrinkError(SyncError):
    """The source lost more of a table than happens by itself."""

    def __init__(self, losses: Sequence[str]) -> None:
        super().__init__(
            f"{'; '.join(losses)}. {UNCHANGED} If intended, run --accept-shrink once."
        )


class DeadlineError(SyncError):
    """The run's time limit passed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The run took longer than {seconds:g} s and was stopped. {UNCHANGED} "
            "Check the database's load and the link; see docs/operations.md."
        )


class DiskError(SyncError):
    """The store's folder cannot be read or written."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"{_disk_fact(error)} The published data is unchanged.")


def _disk_fact(error: OSError) -> str:
    # What Polars raises has no number, and a text that names the path.
    if isinstance(error, PermissionError):
        # Usually a store that was restored by root. The mode may forbid it, too.
        user = os.geteuid()
        return (
            f"The sync job (uid {user}) may not use a file or folder of DATA_DIR. Run "
            f"chown -R {user} and chmod -R u+rwX on it, on the host for a container; "
            "create it first if it is missing."
        )
    if error.errno == errno.EROFS:
        return "DATA_DIR is mounted read-only. Mount it writable for the sync job."
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk is full ({error.strerror}). Free space for DATA_DIR."
    return f"DATA_DIR cannot be written ({_system_text(error)}). Check the disk."


def _system_text(error: OSError) -> str:
    """Return what a system error says, without the path that its whole text names."""
    return error.strerror or type(error).__name__


class DamagedStoreError(SyncError):
    """The manifest in force cannot be read."""

    def __init__(self, error: Exception) -> None:
        fact = _system_text(error) if isinstance(error, OSError) else error
        super().__init__(
            f"The store's manifest cannot be read ({fact}). {UNCHANGED} Run --rebuild "
            "to write the store again."
        )


class DamagedBlockError(SyncError):
    """A Parquet file that has its checksum cannot be read."""

    def __init__(self, file: str, error: BaseException) -> None:
        super().__init__(
            f"{file} cannot be read ({type(error).__name__}). {UNCHANGED} Run "
            "--rebuild to write the store again."
        )


class DamagedUserIdsError(SyncError):
    """Files of user ids changed since they were written; the next attempt restores."""

    retry = True

    def __init__(self, files: Sequence[str]) -> None:
        super().__init__(
            f"Checksum mismatch in {counted(len(files), 'file')} of user IDs. "
            f"{UNCHANGED} The run restores the IDs from the blocks."
        )
        self.files = frozenset(files)


class NoStoreError(SyncError):
    """There is nothing to verify."""

    def __init__(self) -> None:
        super().__init__("There is no store to verify yet. Run the sync job first.")


class DifferenceError(SyncError):
    """A verification found blocks that differ from their rows at the source."""

    def __init__(self, tables: Sequence[str]) -> None:
        super().__init__(
            f"{', '.join(tables)}: blocks are damaged, missing or out of date. Nothing "
            "was changed. The next run reads them again."
        )


class BusyError(Exception):
    """Another sync job is using this store."""

    def __init__(self) -> None:
        super().__init__("Another sync job is using this store. Nothing to do.")
