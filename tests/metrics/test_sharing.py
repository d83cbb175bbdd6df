"""What plans share: every table is read once, what users did is sorted once."""

import re
from collections import Counter
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from metrics import legacy_api
from metrics.frames import Frames, Period
from metrics.query import Query, SharedPlans
from metrics.registry import METRIC_TABLES
from metrics.tables import BY_NAME, ESTIMATIONS, EVENTS, PAGE_VIEWS
from store import engine
from tests.metrics.building import at, days, without_bots

MONTH = days("2026-02-01", "2026-02-28")
BEFORE = days("2026-01-04", "2026-01-31")
TRAFFIC = (
    *("traffic_totals", "traffic_over_time", "session_lengths"),
    *("sources", "routes", "sources_quality"),
)
EARLIER = ("traffic_totals", "traffic_over_time")


@pytest.fixture(scope="module")
def stored(golden: Frames, tmp_path_factory: pytest.TempPathFactory) -> Frames:
    """The golden tables with users' numbers, as files."""
    folder = tmp_path_factory.mktemp("stored")

    def scan(name: str, frame: pl.LazyFrame) -> pl.LazyFrame:
        frame.sink_parquet(folder / f"{name}.parquet")
        return pl.scan_parquet(folder / f"{name}.parquet")

    return Frames({name: scan(name, frame) for name, frame in golden.by_name.items()})


def scans(plan: str) -> Counter[str]:
    """Return how often each table is read."""
    files = re.findall(r"Parquet SCAN \[([^\],]+)", plan)
    return Counter(Path(file).stem for file in files)


def test_the_reference_reads_every_table_once(stored: Frames, as_of: datetime) -> None:
    plan = pl.explain_all(list(legacy_api.plans(stored, as_of).values()))
    assert scans(plan) == dict.fromkeys(BY_NAME, 1)


def test_the_reference_sorts_what_users_did_once(
    stored: Frames, as_of: datetime
) -> None:
    plan = pl.explain_all(list(legacy_api.plans(stored, as_of).values()))
    assert plan.count('SORT BY [col("act")]') == 1


def test_a_page_reads_both_of_its_periods_in_one_go(stored: Frames) -> None:
    query = Query(without_bots(stored), MONTH, BEFORE, "day", MONTH.end)
    earlier = query.comparison_query
    assert earlier is not None
    shared = SharedPlans.of(query)
    plans = [METRIC_TABLES[name].build(query, shared) for name in TRAFFIC]
    plans += [METRIC_TABLES[name].build(earlier, shared) for name in EARLIER]
    parts = {id(part): part for asked in plans for part in engine.executable(asked)}
    read = scans(pl.explain_all(parts.values()))
    assert set(read.values()) == {1}
    read_tables = {PAGE_VIEWS, EVENTS, ESTIMATIONS}
    assert read.keys() == {table.name for table in read_tables}


@pytest.mark.parametrize(
    "period",
    [
        pytest.param(days("2026-02-03", "2026-02-09"), id="inside"),
        pytest.param(MONTH, id="the same"),
        pytest.param(days("2026-01-20", "2026-02-03"), id="reaching out"),
        pytest.param(Period(at("2026-02-03"), at("2026-02-03")), id="empty"),
    ],
)
def test_a_window_has_the_same_rows_wherever_they_are_read(
    stored: Frames, period: Period
) -> None:
    inside = SharedPlans(stored, MONTH).within(period)
    for name, frame in stored.within(period).by_name.items():
        assert_frame_equal(inside.by_name[name].collect(), frame.collect())
        times = frame.select(BY_NAME[name].time).collect().to_series()
        assert times.is_between(period.start, period.end, closed="left").all()
