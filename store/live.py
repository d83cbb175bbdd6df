"""Live users and rooms, from the product's own server.

The only thing that pages ask another server for. Whatever it answers, and however
slowly, `ask_server` returns in time or raises a LiveError to show in one line.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from core.network import run_within

PATH = "/analytics"
SECONDS = 3.0
"""How long an answer may take, from the first step to the last byte."""
MOST_BYTES = 1_000_000
"""About 4,000 connected users."""


class LiveError(Exception):
    """There are no live figures now; the text says why, without the address."""


@dataclass(frozen=True, slots=True)
class LiveRoom:
    """An open room, without the ids of its users."""

    name: str | None
    """Null as long as the server names no rooms."""
    users: int
    spectators: int
    cards: tuple[int | float | str, ...]
    """Cards on the table, of the users who have chosen one."""
    first_active: datetime | None
    last_active: datetime | None


@dataclass(frozen=True, slots=True)
class Live:
    """Who is connected at this moment; `rooms` last active first."""

    connected_users: int
    open_rooms: int
    rooms: tuple[LiveRoom, ...]


def ask_server(base_url: str, seconds: float = SECONDS) -> Live:
    """Ask the product's server who is connected. Raise LiveError within the time."""
    # Loading it takes a twentieth of the start; many never ask.
    import httpx

    try:
        return _read(json.loads(run_within(seconds, _body(base_url, seconds))))
    except TimeoutError:
        raise LiveError(f"the server did not answer within {seconds:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        raise LiveError("the server cannot be reached") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise LiveError("the server's answer is not what was expected") from None


async def _body(base_url: str, seconds: float) -> bytes:
    import httpx

    url = httpx.URL(base_url)
    address = url.copy_with(path=url.path.rstrip("/") + PATH)
    # Not compressed: a small answer could unpack to gigabytes.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    # `run_within` bounds the whole; httpx's own limits restart with each byte.
    async with (
        httpx.AsyncClient(
            timeout=seconds, follow_redirects=False, trust_env=False
        ) as client,
        client.stream("GET", address, headers=headers) as response,
    ):
        if response.status_code != httpx.codes.OK:
            raise LiveError(f"the server answered {response.status_code}")
        body = bytearray()
        async for part in response.aiter_raw():
            body += part
            if len(body) > MOST_BYTES:
                raise LiveError("the server's answer is too large")
        return bytes(body)


def _read(answer: object) -> Live:
    content = _object(answer)
    rooms = [_room(_object(room)) for room in _list(content["rooms"])]
    epoch = datetime(1970, 1, 1)
    rooms.sort(key=lambda room: room.last_active or epoch, reverse=True)
    return Live(
        _count(content["connectedUsers"]), _count(content["openRooms"]), tuple(rooms)
    )


def _room(room: Mapping[str, object]) -> LiveRoom:
    users = [_object(user) for user in _list(room["users"])]
    playing = [user for user in users if user["isSpectator"] is not True]
    cards = [card for user in playing if (card := user["estimation"]) is not None]
    name = room.get("name")
    return LiveRoom(
        name=name if isinstance(name, str) else None,
        users=_count(room["userCount"]),
        spectators=len(users) - len(playing),
        cards=tuple(c for c in cards if isinstance(c, int | float | str)),
        first_active=_instant(room["firstActive"]),
        last_active=_instant(room["lastActive"]),
    )


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("not a count")
    return value


def _instant(milliseconds: object) -> datetime | None:
    """Return a UTC time without a zone, None for what is none."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None
