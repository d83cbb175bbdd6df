"""The one place that executes plans.

Everything above it builds LazyFrames; nothing above it calls `collect`. Plans run on
this machine, or, where `use` says so at the start, on a Polars cluster.
"""

import importlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Semaphore
from typing import Literal, Protocol

import polars as pl

from metrics.frames import Frames, LazyTables
from metrics.query import Plan, SharedPlans, Unfinished, executable
from store.snapshot import UNREADABLE, StoreError

STREAMED_FROM = 1_000_000
"""Rows of a store from which on Polars' streaming engine takes less time, and half the
memory; on fewer rows it takes up to half as much again (docs/speed.md)."""
READ_WHOLE_BELOW = 500_000
"""Rows of a store below which a page reads each table once, whole.

A page has up to thirty scans, and each costs as much as a small table.
"""
AT_ONCE = 2
"""Questions that are computed here at the same time (`benchmarks.concurrency`)."""
# Plans of one question that are sent to a cluster side by side.
_SENT_AT_ONCE = 8


class EngineError(Exception):
    """The chosen engine cannot be used; the text says what to do."""


class Engine(Protocol):
    """Where plans are executed."""

    def run(self, plans: Sequence[pl.LazyFrame], rows: int) -> list[pl.DataFrame]:
        """Execute plans together; return their answers in the same order.

        `rows` is how many there are in all tables that the plans may read.
        """
        ...


class Local:
    """This process, on all of Polars' threads; common parts of plans run once.

    Questions beyond `at_once` wait for their turn: each has the threads sooner and
    all of them the memory of a few.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._turns = Semaphore(at_once)

    def run(self, plans: Sequence[pl.LazyFrame], rows: int) -> list[pl.DataFrame]:
        """Execute plans together, streamed where there is much to read."""
        with self._turns:
            return pl.collect_all(plans, engine=_engine_for(rows))

    def run_apart(self, groups: Sequence[Sequence[pl.LazyFrame]]) -> list[pl.DataFrame]:
        """Execute groups of plans on few rows at the same time, as one question.

        Polars computes what the plans of a group share one after the other, and leaves
        most of its threads idle meanwhile. The first group has one to itself.
        """
        first, *others = groups
        rest = [plan for group in others for plan in group]
        with self._turns:
            later = _BESIDE.submit(pl.collect_all, rest, engine="in-memory")
            try:
                found = pl.collect_all(first, engine="in-memory")
            finally:
                # The turn is over when both have ended, whatever became of the first.
                wait([later])
            return found + later.result()

    def read(self, tables: Sequence[pl.LazyFrame]) -> list[pl.DataFrame]:
        """Read small tables whole, and choose their rows afterwards: it is quicker."""
        with self._turns:
            return pl.collect_all(
                tables, engine="in-memory", optimizations=_ROWS_AFTERWARDS
            )


_BESIDE = ThreadPoolExecutor(AT_ONCE, "beside")
# Threads of their own: a question in them may need one of those above.
_AHEAD = ThreadPoolExecutor(2 * AT_ONCE, "ahead")
_ROWS_AFTERWARDS = pl.QueryOptFlags(predicate_pushdown=False)


def _engine_for(rows: int) -> Literal["in-memory", "streaming"]:
    return "streaming" if rows >= STREAMED_FROM else "in-memory"


@dataclass(frozen=True, slots=True)
class Remote:
    """A Polars cluster, whose workers read the store themselves."""

    context: object
    """A connection, as the package polars-cloud makes it."""

    @classmethod
    def at(cls, address: str) -> "Remote":
        """Reach for a cluster's scheduler; raise EngineError without the package."""
        try:
            client = importlib.import_module("polars_cloud")
        except ImportError as error:
            raise EngineError(
                "ENGINE is 'remote' and the package polars-cloud is not installed. "
                "Install it with: ./scripts/uv sync --no-dev --extra polars-cloud"
            ) from error
        return cls(client.ClusterContext(address))

    def run(self, plans: Sequence[pl.LazyFrame], rows: int) -> list[pl.DataFrame]:  # noqa: ARG002  # the cluster sees for itself
        """Send every plan; the cluster decides how many workers share it."""
        with ThreadPoolExecutor(_SENT_AT_ONCE) as threads:
            return [*threads.map(partial(_collect_at, self.context), plans)]


def _collect_at(context: object, plan: pl.LazyFrame) -> pl.DataFrame:
    answer: pl.DataFrame = plan.remote(context).collect()
    return answer


_in_use: list[Engine] = [Local()]


def use(engine: Engine) -> None:
    """Execute on this engine from now on: called once, at the start of a process."""
    _in_use[:] = [engine]


def collect_all(
    plans: Mapping[str, Plan], rows: int = 0, shared: SharedPlans | None = None
) -> dict[str, pl.DataFrame]:
    """Execute plans together, so that common parts run once, and finish each answer.

    `rows` is the size of the store that they read (`Snapshot.rows`); `shared` knows
    which plans have nothing in common. Returns a frame per plan, under the same names.
    """
    return _question(plans, rows, shared)()


def begin(
    plans: Mapping[str, Plan], rows: int, shared: SharedPlans
) -> Future[dict[str, pl.DataFrame]]:
    """Begin what `collect_all` does, while further plans are built."""
    return ahead(_question(plans, rows, shared))


def _question(
    plans: Mapping[str, Plan], rows: int, shared: SharedPlans | None
) -> Callable[[], dict[str, pl.DataFrame]]:
    """Return what executes the plans; it asks nothing of `shared` any more."""
    (engine,) = _in_use
    # Answers that are made of the same plan have it executed once.
    parts = {id(part): part for plan in plans.values() for part in executable(plan)}
    executed = [*parts.values()]
    # Scans stay together: Polars sees what they have in common only then.
    groups = shared.apart(executed) if shared and shared.frames.in_memory else []

    def answers() -> dict[str, pl.DataFrame]:
        order = executed
        with _damage_explained():
            if len(groups) > 1 and isinstance(engine, Local):
                order = [part for group in groups for part in group]
                frames = engine.run_apart(groups)
            else:
                frames = engine.run(order, rows)
        found = {id(part): frame for part, frame in zip(order, frames, strict=True)}
        return {
            name: finished(plan, [found[id(part)] for part in executable(plan)])
            for name, plan in plans.items()
        }

    return answers


DAMAGED = "parquet: "
"""How Polars begins what it says of a file that is not as its format wants."""
_FOREIGN = "did not find column ", "data type mismatch for column "
"""How it begins what it says of a file of other columns, not of a wrong plan."""


@contextmanager
def _damage_explained() -> Iterator[None]:
    """Say what to do about a file that is damaged, foreign, or may not be read."""
    try:
        yield
    except PermissionError as error:
        raise StoreError(
            "A file of the store may not be read. Check the permissions of DATA_DIR."
        ) from error
    except (pl.exceptions.PanicException, pl.exceptions.PolarsError) as error:
        is_panic = isinstance(error, pl.exceptions.PanicException)
        if not (is_panic or str(error).startswith((DAMAGED, *_FOREIGN))):
            raise
        # A panic is no `Exception`: it would pass every handler, and end the thread
        # that serves.
        raise StoreError(UNREADABLE) from error


def at_hand(frames: Frames, rows: int, needed: Collection[str] = ()) -> Frames:
    """Return the tables of a small store as frames in memory, for the plans of a page.

    Those that are surely needed are read together, when the first of them is looked
    up; others when they are. `rows` is the size of the store. Tables of a larger
    store, and of one that a cluster reads, are scanned as before.
    """
    (engine,) = _in_use
    if rows >= READ_WHOLE_BELOW or not isinstance(engine, Local):
        return frames
    tables, held = frames.by_name, dict[str, pl.DataFrame]()

    def table(name: str) -> pl.LazyFrame:
        if name not in held:
            names = [name, *({*needed} - held.keys() - {name})]
            with _damage_explained():
                read = engine.read([tables[each] for each in names])
            held.update(zip(names, read, strict=True))
        return held[name].lazy()

    return Frames(LazyTables(tables, table), in_memory=True)


def finished(plan: Plan, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return the answer of a plan, from what its executable parts gave."""
    return plan.finish(*frames) if isinstance(plan, Unfinished) else frames[0]


def ahead[Answer](question: Callable[[], Answer]) -> Future[Answer]:
    """Begin to answer a question, while the page that asks draws something else."""
    return _AHEAD.submit(question)


def collect(plan: Plan, rows: int = 0) -> pl.DataFrame:
    """Execute one plan on a store of so many rows."""
    return collect_all({"": plan}, rows)[""]
