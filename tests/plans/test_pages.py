"""What a page asks in one go reads each part of a table once, says Polars' plan."""

from collections import Counter
from datetime import datetime

import polars as pl
import pytest

from metrics.tables import TABLES
from simulation.scaled import simulate
from testkit.publishing import publish
from testkit.queries import PAGE, TOGETHER, Data, answering, pages, plans_of
from tests.plans.scans import scans

NOW = datetime(2026, 11, 20, 18)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    folder = tmp_path_factory.mktemp("store")
    publish(folder, simulate(1, NOW), NOW)
    return Data.at(folder)


def test_the_reference_metrics_scan_every_table_once(data: Data) -> None:
    found = scans(plans_of(answering(data, TOGETHER)).values())
    assert sorted(scan.table for scan in found) == sorted(t.name for t in TABLES)


@pytest.mark.parametrize("title", pages(1))
def test_a_page_reads_the_same_rows_once(data: Data, title: str) -> None:
    found = Counter(scans(plans_of(answering(data, PAGE + title)).values()))
    assert [scan for scan, times in found.items() if times > 1] == []


def test_a_second_scan_of_the_same_rows_is_found(data: Data) -> None:
    votes = data.snapshot.frames.votes.filter(pl.col("duration") > 60)
    assert len(scans([votes.select("id"), votes.select("id")])) == 1
    base = votes.head(1_000)
    late = base.filter(pl.col("room_id") >= 100)
    shared = [late.select("id"), late.filter(pl.col("id") > 9).select("room_id")]
    first, second = scans([base.filter(pl.col("room_id") < 100).select("id"), *shared])
    assert first == second
