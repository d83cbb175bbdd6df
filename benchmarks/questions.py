"""What is measured, by name: each reference metric, all of them, pages, a room."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

import polars as pl

from benchmarks.rival import Rival
from metrics import daily, legacy_api, rooms
from metrics.frames import Frames
from metrics.tables import USER
from store import engine
from store.reader import Snapshot, open_store

TOGETHER = "all reference metrics"
ROOM = "a room"
DAILY = "the last 24 hours"
DUCKDB = "DuckDB"
DUCKDB_KEYS = "DuckDB, by our integer keys"
RIVALS: Mapping[str, str] = {DUCKDB: "user_id", DUCKDB_KEYS: USER}
"""Name → the column that tells people apart, text or a number."""
PAGE = "page "

type Plans = Callable[[], Mapping[str, pl.LazyFrame]]


class Stop(Exception):  # noqa: N818 - stops a question, is no error
    """Raised into a question once it has said what it would execute."""


@dataclass(frozen=True, slots=True)
class Data:
    """A store, opened, and when it is looked at."""

    folder: Path
    snapshot: Snapshot
    now: datetime

    @classmethod
    def at(cls, folder: Path) -> "Data":
        """Open a store at the time of its data."""
        snapshot = open_store(folder)
        if snapshot.data_until is None:
            raise SystemExit(f"{folder} holds no data")
        return cls(folder, snapshot, snapshot.data_until)

    @property
    def busiest_room(self) -> int:
        """The room with most votes: nobody's look-up takes longer."""
        votes = self.snapshot.frames.votes
        counts = votes.group_by("room_id").len().sort("len", "room_id")
        return int(engine.collect(counts.tail(1)).get_column("room_id").item())

    def rival(self, name: str) -> Rival:
        """Return DuckDB on the same files."""
        return Rival(self.snapshot, self.now, RIVALS[name])


def names() -> list[str]:
    """Return every question, in the order of the report."""
    from benchmarks.pages import pages

    parts = legacy_api.plans(Frames.empty(), datetime(2026, 1, 1))
    return [TOGETHER, *parts, DAILY, ROOM, *(PAGE + title for title in pages(1))]


def answering(data: Data, name: str) -> Callable[[], object]:
    """Return a function that answers a question anew, plans built anew too."""
    if name.startswith(PAGE):
        # Brings Streamlit along, whose memory is not that of other questions.
        from benchmarks.pages import pages, question

        page = pages(data.busiest_room)[name.removeprefix(PAGE)]
        return question({"DATA_DIR": str(data.folder)}, page, data.now)
    plans = _plans(data, name)
    return lambda: engine.collect_all(plans(), data.snapshot.rows)


def _plans(data: Data, name: str) -> Plans:
    frames, now = data.snapshot.frames, data.now
    room = data.busiest_room if name == ROOM else 0
    own: Mapping[str, Plans] = {
        TOGETHER: lambda: legacy_api.plans(frames, now),
        DAILY: lambda: {name: daily.legacy(frames, now)},
        ROOM: lambda: {name: rooms.statistics(frames, room)},
    }
    return own.get(name, lambda: {name: legacy_api.plans(frames, now)[name]})


def plans_of(answer: Callable[[], object]) -> Mapping[str, pl.LazyFrame]:
    """Return the plans that a question executes together, without executing them.

    What is asked by itself before, who is a bot, is executed and stands under "".
    """
    found: dict[str, pl.LazyFrame] = {}
    execute = engine.collect_all

    def note(plans: Mapping[str, pl.LazyFrame], rows: int) -> Mapping[str, object]:
        found.update(plans)
        if "" not in plans:
            raise Stop
        return execute(plans, rows)

    with patch.object(engine, "collect_all", note), suppress(Stop):
        answer()
    return found


def rows_read(data: Data, plans: Mapping[str, pl.LazyFrame]) -> int:
    """Return how many rows the tables hold that plans name."""
    text = "".join(plan.explain(optimized=False) for plan in plans.values())
    held = data.snapshot.tables
    return sum(info.rows for name, info in held.items() if name in text)
