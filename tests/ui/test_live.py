"""The table of open rooms: whatever the product's server sends can be shown."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.live import Live, live_of
from testkit.dashboard import ROOT
from tests.store.test_live import GOOD, product, sends
from ui.blocks.live import counts_of, rooms_of

NOW = datetime(2026, 11, 20, 18, 0)
USER = {"estimation": 5, "isSpectator": False, "id": "secret-user-id"}
ROOM = {"name": "Team", "userCount": 2, "firstActive": 0, "lastActive": 1_000}

# Half a character, as JSON may write it, among them.
TEXT = st.text(st.sampled_from("aé\ud800\n\0 🎉"), max_size=200)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda part: st.lists(part, max_size=2) | st.dictionaries(TEXT, part, max_size=2),
    max_leaves=3,
)


def answer(user: Mapping[str, object], room: Mapping[str, object]) -> object:
    """Return an answer with one room and user, as it is read from JSON."""
    rooms = [{**room, "users": [user]}]
    return json.loads(json.dumps({"connectedUsers": 1, "openRooms": 1, "rooms": rooms}))


def shown(live: Live) -> list[str]:
    """Return the texts of the first row, as a browser gets them."""
    frame = rooms_of(live, NOW)
    assert frame.to_arrow().num_rows == 1
    return [str(value) for value in frame.row(0)]


def test_one_user_and_one_room_are_not_counted_as_several() -> None:
    assert counts_of(Live(1, 1, ())) == "**1** connected user in **1** open room"


@given(st.sampled_from([*ROOM, *USER]), ANY)
def test_any_value_is_refused_or_can_be_shown(name: str, value: object) -> None:
    user = {**USER, **({name: value} if name in USER else {})}
    room = {**ROOM, **({name: value} if name in ROOM else {})}
    try:
        live = live_of(answer(user, room))
    except (KeyError, TypeError, ValueError):
        return
    row = shown(live)
    assert "secret-user-id" not in " ".join(row)
    assert max(map(len, row)) < 150


@pytest.mark.parametrize(
    ("name", "shown_as"),
    [
        ("Team\ud800", "Team"),
        ("a\nb\0c", "a b c"),
        ("x" * 100_000, "x" * 120 + "…"),
        ("  ", "Room 1"),
        (5, "Room 1"),
    ],
)
def test_a_name_is_one_line(name: object, shown_as: str) -> None:
    assert shown(live_of(answer(USER, {**ROOM, "name": name})))[0] == shown_as


def test_no_more_users_estimated_than_there_are() -> None:
    live = live_of(answer(USER, {**ROOM, "userCount": 0}))
    assert shown(live)[3] == "1 of 1"


DRAW = """
import sys
from zoneinfo import ZoneInfo
from core.settings import Secret
from ui.blocks.live import _render_answer
_render_answer(Secret(sys.argv[1]), ZoneInfo("UTC"), excludes=True)
print("pandas" in sys.modules)
"""


def test_drawing_the_rooms_leaves_pandas_unloaded() -> None:
    # The page draws its charts meanwhile: Altair looks into a pandas that is half
    # loaded, and the page fails.
    with product(sends(json.dumps(GOOD).encode())) as url:
        done = subprocess.run(
            [sys.executable, "-c", DRAW, url],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout.strip() == "False"
