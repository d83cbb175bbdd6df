"""Tiny rows of the live tables, for tests that say only what they mean."""

from collections.abc import Iterable

from metrics.tables import ESTIMATIONS, VOTES
from sync.sql import LINE_END, SEPARATOR
from testkit.database_servers import LiveDatabase, Row

AT = "2026-11-02 10:00:00"


def user(key: str, at: str = AT, city: str | None = None) -> Row:
    return (key, None, None, None, None, None, city, at)


def room(key: int, name: str) -> Row:
    return (key, 1000 + key, name, AT, AT)


def vote(key: int, duration: int = 60) -> Row:
    return (key, 1, "3.50", 5, 2, 4, 1, duration, 0, AT)


def estimation(key: int, value: int | None = 3, at: str = AT) -> Row:
    return (key, "someone", 1, value, 0, at)


def page_view(
    key: int, user_id: str, source: str | None, room_id: int | None = None
) -> Row:
    return (key, user_id, "HOME", room_id, source, AT)


def page_text(page_views: Iterable[Row]) -> bytes:
    """Return page views as a server writes them in one text, whatever they contain."""
    second = 1_793_613_600  # AT
    lines = [
        SEPARATOR.join(
            "" if value is None else str(value)
            for value in (*values, source, second, int(source is None))
        )
        for *values, source, _ in page_views
    ]
    return LINE_END.join(lines).encode()


def insert_votes(database: LiveDatabase, keys: Iterable[int]) -> None:
    database.insert(VOTES, [vote(key) for key in keys])


def cast_votes(database: LiveDatabase, keys: range) -> None:
    """Insert votes as the application does: the server gives them the present time."""
    for key in keys:
        database.execute(
            "INSERT INTO fpp_votes (id, room_id, avg_estimation, max_estimation, "
            "min_estimation, amount_of_estimations, amount_of_spectators, duration, "
            "was_auto_flip) VALUES (%s, 1, 3.5, 5, 2, 4, 1, 60, 0)",
            (key,),
        )


def insert_estimations(database: LiveDatabase, keys: range) -> None:
    database.insert(ESTIMATIONS, [estimation(key) for key in keys])
