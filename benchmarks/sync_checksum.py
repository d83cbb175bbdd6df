"""What a checksum costs the server: its processor time per row, each way in turns.

    python -m benchmarks.sync_checksum --server mariadb

Against the sums of CRC32 that version 1.0 computed, for texts in UTF-8 and in another
charset, of plain ASCII and with other letters in one column and in all.
"""

import sync.connection  # noqa: F401  # isort: skip  # before anything that imports ssl

import argparse
from collections.abc import Callable, Collection
from pathlib import Path

from mysql.connector.connection import MySQLConnection

from benchmarks.sync_first_load import SERVER_MB
from metrics.tables import PAGE_VIEWS
from sync import sql
from sync.partitions import Partition
from testkit.database_servers import Kind, Server, running_server, series

_ROWS = 262_144
_REPEATS = 6
_BLOCK = 65_536
_PAGE_VIEWS = """
INSERT INTO fpp_page_views (user_id, route, room_id, source, viewed_at)
SELECT SUBSTR(SHA2(seq DIV 40, 224), 1, 21),
       ELT(seq MOD 3 + 1, 'HOME', 'ROOM', 'GUIDE'),
       IF(seq MOD 4 = 0, NULL, seq MOD 5000),
       IF(seq MOD 3 = 0, NULL, 'https://www.google.com/'),
       FROM_UNIXTIME(1717400000 + seq)
FROM {series} AS numbers
"""
# As version 1.0 wrote rows, with a bit for each column that may be null.
_OLD_ROW = (
    "CRC32(CONCAT_WS(_utf8mb4 0x1F, id, user_id, route, room_id, source, "
    "UNIX_TIMESTAMP(viewed_at), CONCAT(ISNULL(room_id), ISNULL(source))))"
)
_OLD = (
    "SELECT COUNT(*), COALESCE(SUM(crc), 0), COALESCE(BIT_XOR(crc * crc), 0) FROM "  # noqa: S608  # ours
    f"(SELECT {_OLD_ROW} AS crc FROM fpp_page_views "
    "LIMIT 18446744073709551615) AS crcs"
)
_TEXTS = [column.name for column in sql.texts(PAGE_VIEWS)]


def _cpu_seconds(server: Server) -> float:
    """Return the processor time that all threads of a server have taken."""
    number = (server.folder / "pid").read_text().strip()
    threads = Path(f"/proc/{number}/task").glob("*/schedstat")
    return sum(int(path.read_text().split()[0]) for path in threads) / 1e9


def _compare(connection: MySQLConnection, converted: Collection[str]) -> None:
    charsets = dict.fromkeys(converted, "latin1")
    with connection.cursor() as cursor:
        for first in range(0, _ROWS, _BLOCK):
            partition = Partition("block", first, first + _BLOCK)
            cursor.execute(*sql.pages_checksum(PAGE_VIEWS, partition, charsets))
            cursor.fetchall()


def _sums(connection: MySQLConnection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_OLD)
        cursor.fetchall()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", type=Kind, choices=[*Kind], default=Kind.MARIADB)
    flags = parser.parse_args()
    with running_server(flags.server, memory_mb=SERVER_MB) as server:
        tables = {}
        for charset in ("utf8mb4", "latin1"):
            database = server.create_database()
            database.execute(_PAGE_VIEWS.format(series=series(_ROWS)))
            change = f"ALTER TABLE fpp_page_views CONVERT TO CHARACTER SET {charset}"
            database.execute(change)
            tables[charset] = database.connect()
        for connection in tables.values():
            with connection.cursor() as cursor:
                cursor.execute("SET SESSION group_concat_max_len = 8000000")
        utf8, latin1 = tables.values()
        ways: dict[str, Callable[[], None]] = {
            "sums of CRC32": lambda: _sums(utf8),
            "UTF-8": lambda: _compare(utf8, ()),
            "latin1, plain ASCII": lambda: _compare(latin1, ()),
            "latin1, letters in one text": lambda: _compare(latin1, _TEXTS[-1:]),
            "latin1, letters in all texts": lambda: _compare(latin1, _TEXTS),
        }
        best = dict.fromkeys(ways, float("inf"))
        for _ in range(_REPEATS):
            for name, work in ways.items():
                before = _cpu_seconds(server)
                work()
                best[name] = min(best[name], _cpu_seconds(server) - before)
    sums = best["sums of CRC32"]
    for name, seconds in best.items():
        each = seconds / _ROWS * 1e6
        print(f"{flags.server}: {name:29} {each:.2f} µs a row, {seconds / sums:.2f}×")


if __name__ == "__main__":
    main()
