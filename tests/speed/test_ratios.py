"""Speed in ratios of two times of one run, so that the machine's own pace cancels out.

The yardstick is a fixed piece of plain Polars on the same files. The limits are about
twice what was measured, so that noise passes and three times slower does not.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

import polars as pl
import pytest

from core.location import Folder
from metrics.tables import BY_NAME
from simulation.scaled import simulate
from testkit.publishing import publish
from testkit.queries import PAGE, ROOM, TOGETHER, Data, answering

pytestmark = pytest.mark.serial
NOW = datetime(2026, 11, 20, 18)
REPEATS = 9
LIMITS: Mapping[str, float] = {
    TOGETHER: 4.0,
    ROOM: 0.5,
    PAGE + "Overview": 7.5,
    PAGE + "Traffic": 7.5,
    PAGE + "Votes": 5.5,
    PAGE + "Returning": 2.8,
    PAGE + "Insights: Agreement": 9.0,
    PAGE + "Insights: Second votes": 7.0,
    PAGE + "Insights: Meetings": 6.5,
    PAGE + "Insights: New people": 2.2,
}
"""Question → how many times as long as the yardstick it may take."""
GROWTH = 5.5
"""How many times as long four times the data may take."""

type Work = Callable[[], object]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Mapping[int, Data]:
    """Today's data, and four times as many, as the sync job lays them out."""
    folder = tmp_path_factory.mktemp("stores")
    for scale in (1, 4):
        publish(folder / str(scale), simulate(scale, NOW), NOW)
    return {scale: Data.at(folder / str(scale)) for scale in (1, 4)}


def yardstick(folder: Folder) -> None:
    """Count each user's rows per day and sort them: work of a metric's kind."""
    for name in ("fpp_estimations", "fpp_page_views", "fpp_votes"):
        table = BY_NAME[name]
        who = "user" if table.user_id else "room_id"
        rows = pl.scan_parquet(f"{folder}/blocks/{name}/*.parquet")
        days = rows.group_by(who, pl.col(table.time).dt.truncate("1d")).len()
        days.sort("len", who).collect(engine="in-memory")


def best(*works: Work) -> list[float]:
    """Return the least seconds of each work; they take turns, so that noise is fair."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(REPEATS):
        for times, work in zip(taken, works, strict=True):
            started = time.perf_counter()
            work()
            times.append(time.perf_counter() - started)
    return [min(times) for times in taken]


def ratio(data: Data, work: Work) -> float:
    mine, fixed = best(work, partial(yardstick, data.folder))
    return mine / fixed


@pytest.mark.parametrize("name", LIMITS)
def test_a_question_is_not_slower_than_it_was(
    data: Mapping[int, Data], name: str
) -> None:
    found = ratio(data[1], answering(data[1], name))
    assert found <= LIMITS[name], f"{name}: {found:.2f} times the yardstick"


def test_three_times_the_work_is_noticed(data: Mapping[int, Data]) -> None:
    answer = answering(data[1], TOGETHER)

    def thrice() -> None:
        for _ in range(3):
            answer()

    assert ratio(data[1], thrice) > LIMITS[TOGETHER]


def test_time_grows_no_faster_than_the_data(data: Mapping[int, Data]) -> None:
    small, large = best(*(answering(data[scale], TOGETHER) for scale in (1, 4)))
    assert large / small <= GROWTH, f"{large / small:.2f} times as long"
