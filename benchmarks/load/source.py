"""The live database during a load: rows arrive in known proportions, all at once."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testkit.database_servers import LiveDatabase

_VOTE = """
INSERT INTO fpp_votes (room_id, avg_estimation, max_estimation, min_estimation,
    amount_of_estimations, amount_of_spectators, duration, was_auto_flip)
VALUES (1, 3, 5, 1, 4, 0, 60, 0)
"""
_ESTIMATIONS = """
INSERT INTO fpp_estimations (user_id, room_id, estimation, spectator)
SELECT id, 1, 13, 0 FROM fpp_users ORDER BY id LIMIT 4
"""
_EVENT = """
INSERT INTO fpp_events (user_id, event)
SELECT id, 'LEFT_ROOM' FROM fpp_users ORDER BY id LIMIT 1
"""
VOTE = (_VOTE, _ESTIMATIONS, _EVENT)
"""One vote, its four estimations, and the event of a user who leaves."""


def figures_in(answer: Mapping[str, Any]) -> tuple[int, ...]:
    """Return four figures of `GET /api` that grow by 1, 4, 4 and 1 per vote."""
    data = answer["data"]
    return (
        data["votes"]["total_votes"],
        data["votes"]["total_estimations"],
        data["votes"]["estimation_counts"].get("13", 0),
        data["behaviour"]["events"].get("LEFT_ROOM", 0),
    )


@dataclass(slots=True)
class Votes:
    """Commits a vote every half second, and counts them."""

    database: LiveDatabase
    count: int = 0

    def write_until(self, stop: threading.Event) -> None:
        """Write; each vote is one transaction over three tables."""
        connection = self.database.connect()
        connection.autocommit = False
        while not stop.wait(0.5):
            with connection.cursor() as cursor:
                for statement in VOTE:
                    cursor.execute(statement)
            # Counted first: no reader sees a vote that is not counted.
            self.count += 1
            connection.commit()
        connection.close()
