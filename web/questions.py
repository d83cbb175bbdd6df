"""What the JSON API asks of the data: pure functions of a snapshot and a clock."""

from collections.abc import Callable
from datetime import datetime

from metrics import daily, legacy_api, rooms
from store import engine
from store.reader import Snapshot
from web.health import iso

Summary = dict[str, object]
Question = Callable[[Snapshot, datetime], Summary]


def everything(snapshot: Snapshot, now: datetime) -> Summary:
    """Return all reference metrics, and until when the data reach."""
    results = engine.collect_all(legacy_api.plans(snapshot.frames, now), snapshot.rows)
    return {
        "data": legacy_api.answer(results),
        "data_updated_at": iso(snapshot.data_until),
    }


def room(room_id: int) -> Question:
    """Return the question for one room's statistics."""

    def statistics(snapshot: Snapshot, _: datetime) -> Summary:
        plan = rooms.statistics(snapshot.frames, room_id)
        return engine.collect(plan, snapshot.rows).row(0, named=True)

    return statistics


def last_day(snapshot: Snapshot, now: datetime) -> Summary:
    """Return the sums of the last 24 hours."""
    plan = daily.legacy(snapshot.frames, now)
    return engine.collect(plan, snapshot.rows).row(0, named=True)
