"""The one place that executes plans.

Everything above it builds LazyFrames; nothing above it calls `collect`. Plans run on
this machine, or, where `use` says so at the start, on a Polars cluster.
"""

import importlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Semaphore
from typing import Literal, Protocol

import polars as pl

LOCALLY: Literal["in-memory"] = "in-memory"
"""Half the time of the streaming engine on a few megabytes (`make bench`)."""
AT_ONCE = 2
"""Questions that are computed here at the same time (`benchmarks.rush`)."""
_SENT_AT_ONCE = 8
"""Plans of one question that are sent to a cluster side by side."""


class EngineError(Exception):
    """The chosen engine cannot be used; the text says what to do."""


class Engine(Protocol):
    """Where plans are executed."""

    def run(self, plans: Sequence[pl.LazyFrame]) -> list[pl.DataFrame]:
        """Execute plans together; return their answers in the same order."""
        ...


class Local:
    """This process, on all of Polars' threads; common parts of plans run once.

    Questions beyond `at_once` wait for their turn: each has the threads sooner and
    all of them the memory of a few.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._turns = Semaphore(at_once)

    def run(self, plans: Sequence[pl.LazyFrame]) -> list[pl.DataFrame]:
        """Execute plans together."""
        with self._turns:
            return pl.collect_all(plans, engine=LOCALLY)


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
                "ENGINE is 'remote' and the package polars-cloud is not installed; "
                "`uv sync --no-dev --extra polars-cloud` installs it"
            ) from error
        return cls(client.ClusterContext(address))

    def run(self, plans: Sequence[pl.LazyFrame]) -> list[pl.DataFrame]:
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


def collect_all(plans: Mapping[str, pl.LazyFrame]) -> dict[str, pl.DataFrame]:
    """Execute plans together, so that common parts run once.

    Returns one frame per plan, under the same names.
    """
    (engine,) = _in_use
    frames = engine.run(list(plans.values()))
    return dict(zip(plans, frames, strict=True))


def collect(plan: pl.LazyFrame) -> pl.DataFrame:
    """Execute one plan."""
    return collect_all({"": plan})[""]
