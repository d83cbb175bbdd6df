"""Writers as the live application has them, only hastier.

Whatever they commit keeps one promise: there are as many votes as events. A reader
that ever counts differently has met a mix of two states.
"""

import random
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

import mysql.connector
from mysql.connector.abstracts import MySQLCursorAbstract
from mysql.connector.connection import MySQLConnection

from sync.connection import FAILURES
from testkit.database_servers import LiveDatabase

_VOTE = (
    "INSERT INTO fpp_votes (room_id, avg_estimation, max_estimation, min_estimation, "
    "amount_of_estimations, amount_of_spectators, duration, was_auto_flip) "
    "VALUES (%s, 3.5, 5, 2, 4, 0, %s, 0)"
)
_EVENT = "INSERT INTO fpp_events (user_id, event) VALUES (%s, 'LEFT_ROOM')"
_USER = "INSERT INTO fpp_users (id, city) VALUES (%s, 'Kraków')"
_ESTIMATION = (
    "INSERT INTO fpp_estimations (user_id, room_id, estimation, spectator) "
    "VALUES (%s, %s, %s, 0)"
)
_VIEW = "INSERT INTO fpp_page_views (user_id, route, room_id) VALUES (%s, 'ROOM', %s)"
_ROOM = "INSERT INTO fpp_rooms (number, name) VALUES (%s, %s)"
_ISOLATION = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
_ANY_ROW = (
    # Through a derived table: MySQL refuses to read the table that it changes (1093).
    "(SELECT id FROM (SELECT MIN(id) + FLOOR(%s * (MAX(id) - MIN(id))) AS id "
    "FROM {0}) AS place)"
)


@dataclass
class Writer:
    """One connection's stream of transactions."""

    database: LiveDatabase
    seed: int
    stop: threading.Event
    commits: int = 0
    rollbacks: int = 0
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311  # chance, not secrecy

    def run(self) -> None:
        """Write until the stop, over every broken connection."""
        while not self.stop.is_set():
            with suppress(*FAILURES):
                connection = self.database.connect()
                with connection, connection.cursor() as cursor:
                    cursor.execute(_ISOLATION)
                    self._work(connection, cursor)
            time.sleep(0.05)

    def _work(self, connection: MySQLConnection, cursor: MySQLCursorAbstract) -> None:
        while not self.stop.is_set():
            connection.start_transaction()
            self._change(cursor)
            if self._random.random() < 0.3:
                time.sleep(self._random.random() * 0.3)  # a commit held open
            if self._random.random() < 0.1:
                connection.rollback()
                self.rollbacks += 1
            else:
                connection.commit()
                self.commits += 1

    def _change(self, cursor: MySQLCursorAbstract) -> None:
        changes = [self._insert, self._edit, self._delete]
        (change,) = self._random.choices(changes, weights=[8, 2, 1])
        change(cursor)

    def _insert(self, cursor: MySQLCursorAbstract) -> None:
        user = f"{self._random.getrandbits(80):021x}"
        room = self._random.randrange(1, 50)
        cursor.execute(_USER, (user,))
        for _ in range(self._random.randrange(1, 20)):
            cursor.execute(_VOTE, (room, self._random.randrange(1_000)))
            cursor.execute(_EVENT, (user,))
            cursor.execute(_ESTIMATION, (user, room, self._random.randrange(22)))
            cursor.execute(_VIEW, (user, room))
        number = self._random.randrange(8_000_000)
        with suppress(mysql.connector.IntegrityError):
            cursor.execute(_ROOM, (number, f"room {number}"))

    def _edit(self, cursor: MySQLCursorAbstract) -> None:
        row = _ANY_ROW.format("fpp_votes")
        cursor.execute(
            f"UPDATE fpp_votes SET duration = duration + 1 WHERE id = {row}",  # noqa: S608  # our own text
            (self._random.random(),),
        )
        cursor.execute(
            "UPDATE fpp_rooms SET name = CONCAT('r', number), last_used_at = NOW() "
            "ORDER BY last_used_at LIMIT 1"
        )

    def _delete(self, cursor: MySQLCursorAbstract) -> None:
        """Delete what the promise does not count, anywhere in the tables."""
        for table in ("fpp_estimations", "fpp_page_views"):
            row = _ANY_ROW.format(table)
            cursor.execute(
                f"DELETE FROM {table} WHERE id = {row}",  # noqa: S608  # our own text
                (self._random.random(),),
            )
        cursor.execute("DELETE FROM fpp_users ORDER BY id LIMIT 1")
