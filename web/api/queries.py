"""The queries of the JSON API: pure functions of a snapshot and a clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl
from anyio import CapacityLimiter, to_thread

from core.location import Folder
from metrics import daily, legacy_api, rooms
from store import engine
from store.reader import Snapshot, run_query
from web.auth.sessions import Clock
from web.health import iso

Summary = dict[str, object]
type Query[Answer] = Callable[[Snapshot, datetime], Answer]


def _next_in_line() -> CapacityLimiter:
    # Not a second limit of computing: it keeps a queue of programs out of the engine's,
    # where a page would wait behind all of them.
    return CapacityLimiter(engine.AT_ONCE)


@dataclass(frozen=True, slots=True)
class QueryRunner:
    """Runs queries off the event loop; opens the store once per request.

    The engine limits what is computed at the same time. As many queries of programs
    may wait for it; the others wait on the event loop, so that a hundred programs cost
    no thread and delay no page.
    """

    data_dir: Folder
    clock: Clock
    threads: CapacityLimiter = field(default_factory=_next_in_line)

    async def run[Answer](self, query: Query[Answer]) -> Answer:
        """Answer from the newest data; raises StoreError when the store is damaged."""
        return await to_thread.run_sync(self._answer, query, limiter=self.threads)

    def _answer[Answer](self, query: Query[Answer]) -> Answer:
        return run_query(self.data_dir, lambda snapshot: query(snapshot, self.clock()))


def all_metrics(snapshot: Snapshot, now: datetime) -> Summary:
    """Return all legacy metrics, and the instant up to which there are data."""
    return {
        "data": legacy_api.answer(legacy_metrics(snapshot, now)),
        "data_updated_at": iso(snapshot.data_until),
    }


def legacy_metrics(snapshot: Snapshot, now: datetime) -> dict[str, pl.DataFrame]:
    """Return all metrics of the replaced service, as tables by their names."""
    rows, tables = snapshot.rows, snapshot.frames
    frames = engine.at_hand(tables, rows, tables.by_name)
    shared = legacy_api.sharing(frames)
    return engine.collect_all(legacy_api.plans(shared, now), rows, shared)


def room_statistics(room_id: int) -> Query[Summary]:
    """Return the query for the statistics of one room."""

    def statistics(snapshot: Snapshot, _: datetime) -> Summary:
        plan = rooms.statistics(snapshot.frames, room_id)
        return engine.collect(plan, snapshot.rows).row(0, named=True)

    return statistics


def last_24_hours(snapshot: Snapshot, now: datetime) -> Summary:
    """Return the totals of the last 24 hours."""
    plan = daily.legacy(snapshot.frames, now)
    return engine.collect(plan, snapshot.rows).row(0, named=True)


def why_unknown(snapshot: Snapshot, now: datetime) -> str | None:
    """Return why nothing is known of the last 24 hours, None where something is."""
    if not snapshot.tables:
        return "there is no data"
    if snapshot.ends(now) <= now - timedelta(days=1):
        return "the data ends before the last 24 hours"
    return None
