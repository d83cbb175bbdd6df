"""Live users and rooms, from the product's own server.

The only thing that pages ask another server for. Whatever it answers, and however
slowly, `ask_server` returns in time or raises a LiveError to show in one line.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from core.network import run_within, tls_fault
from metrics.formats import in_one_line

PATH = "/analytics"
SECONDS = 3.0
"""How long an answer may take, from the first step to the last byte."""
MOST_BYTES = 1_000_000
"""About 4,000 connected users."""
_LONGEST_NAME, _LONGEST_CARD = 120, 12
_MOST = 1_000_000_000
"""A larger count is none."""


class LiveError(Exception):
    """There are no live figures now; the text says why, without the address."""


@dataclass(frozen=True, slots=True)
class LiveRoom:
    """An open room, without the ids of its users."""

    name: str | None
    """Null as long as the server names no rooms."""
    users: int
    spectators: int
    cards: tuple[str, ...]
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
        return live_of(json.loads(run_within(seconds, _body(base_url, seconds))))
    except TimeoutError:
        raise LiveError(f"the server did not answer within {seconds:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        why = f" ({fault})" if (fault := tls_fault(error)) else ""
        raise LiveError(f"the server cannot be reached{why}") from None
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


def live_of(answer: object) -> Live:
    """Return what an answer of the server says; raises KeyError, TypeError, ValueError.

    Its texts can be printed and encoded, whatever was sent.
    """
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
        name=(_text(name, _LONGEST_NAME) or None) if isinstance(name, str) else None,
        users=_count(room["userCount"]),
        spectators=len(users) - len(playing),
        # One that cannot be seen is none that was chosen.
        cards=tuple(
            text
            for card in cards
            if _is_card(card) and (text := _text(str(card), _LONGEST_CARD))
        ),
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
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MOST:
        raise TypeError("not a count")
    return value


def _is_card(value: object) -> bool:
    return isinstance(value, int | float | str) and not isinstance(value, bool)


def _text(text: str, length: int) -> str:
    """Return a text on one line and as long as it may be."""
    # JSON can have halves of characters, which no encoding can.
    line = in_one_line(text[: length + 1])
    return f"{line[:length]}…" if len(text) > length else line


def _instant(milliseconds: object) -> datetime | None:
    """Return a UTC time without a zone, None for what is none."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None
