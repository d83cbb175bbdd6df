"""What plans share: every table is read once, what users did is sorted once."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from metrics import activity, legacy_api
from metrics.frames import Frames, Period
from metrics.query import Query, SharedPlans, executable
from metrics.registry import METRIC_TABLES, plan
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
    plan = pl.explain_all(
        list(legacy_api.plans(legacy_api.sharing(stored), as_of).values())
    )
    assert scans(plan) == dict.fromkeys(BY_NAME, 1)


def test_the_reference_sorts_what_users_did_once(
    stored: Frames, as_of: datetime
) -> None:
    plan = pl.explain_all(
        list(legacy_api.plans(legacy_api.sharing(stored), as_of).values())
    )
    assert plan.count('SORT BY [col("act")]') == 1


def test_what_shares_the_sort_of_the_reference_runs_beside_the_rest(
    golden: Frames, as_of: datetime
) -> None:
    shared = legacy_api.sharing(golden)
    plans = legacy_api.plans(shared, as_of)
    sorting, *others = shared.apart([*plans.values()])
    assert sorting == [plans["traffic"], plans["reoccurring"]]
    assert [len(group) for group in others] == [1] * (len(plans) - 2)


@pytest.mark.parametrize("hours", [0, 15], ids=["whole", "still running"])
def test_a_page_reads_both_of_its_periods_in_one_go(stored: Frames, hours: int) -> None:
    """Of a running day the comparison ends at its time: a gap is between the two."""
    left = timedelta(hours=hours)
    now, before = (Period(p.start, p.end - left) for p in (MONTH, BEFORE))
    query = Query(without_bots(stored), now, before, "day", now.end)
    earlier = query.comparison_query
    assert earlier is not None
    shared = SharedPlans.of(query)
    plans = [METRIC_TABLES[name].build(query, shared) for name in TRAFFIC]
    plans += [METRIC_TABLES[name].build(earlier, shared) for name in EARLIER]
    parts = {id(part): part for asked in plans for part in executable(asked)}
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


def test_a_part_of_what_users_did_is_chosen_from_a_longer_one(golden: Frames) -> None:
    shared = SharedPlans(golden)
    sorted_once = activity.followed(shared, MONTH)
    for period in (days("2026-02-03", "2026-02-09"), days("2026-02-10", "2026-02-12")):
        found = activity.followed(shared, period)
        own = activity.followed(SharedPlans(golden), period)
        assert found is not sorted_once
        assert_frame_equal(found.collect(), own.collect())


def test_answers_without_a_common_node_may_be_computed_at_the_same_time(
    golden: Frames,
) -> None:
    query = Query(without_bots(golden), MONTH, BEFORE, "day", MONTH.end)
    shared = SharedPlans.of(query)
    names = ("traffic_totals", "votes_totals", "traffic_over_time", "session_lengths")
    parts = {name: executable(plan(name, query, shared)) for name in names}
    # All that is about visits comes from one sort.
    visits = [part for name in names if name != "votes_totals" for part in parts[name]]
    groups = shared.apart([part for each in parts.values() for part in each])
    assert [{*map(id, group)} for group in groups] == [
        {*map(id, visits)},
        {*map(id, parts["votes_totals"])},
    ]


def test_an_answer_that_adds_no_part_ties_what_it_asks_for(golden: Frames) -> None:
    shared = SharedPlans(golden)
    rows = golden.votes

    def asking(*names: str) -> Callable[[], pl.LazyFrame]:
        return lambda: pl.concat(shared.node(name, lambda: rows) for name in names)

    first, second = (shared.plan(asking(name)) for name in "ab")
    parts = [*executable(first), *executable(second)]
    assert len(shared.apart(parts)) == 2
    shared.plan(asking("a", "b"))
    assert len(shared.apart(parts)) == 1


def test_parts_that_were_built_elsewhere_are_one_group_with_what_they_share(
    golden: Frames,
) -> None:
    shared = SharedPlans(golden)

    def asking(name: str) -> Callable[[], pl.LazyFrame]:
        return lambda: shared.node(name, lambda: golden.votes).select("id")

    alone, with_others = (shared.plan(asking(name)) for name in "ab")
    elsewhere = [asking("b")(), asking("c")()]
    parts = [*executable(alone), *elsewhere, *executable(with_others)]
    groups = shared.apart(parts)
    assert [{*map(id, group)} for group in groups] == [
        {*map(id, [*elsewhere, *executable(with_others)])},
        {*map(id, executable(alone))},
    ]


def test_a_page_gives_the_same_answers_from_rows_in_memory(stored: Frames) -> None:
    """There its plans are computed in groups beside each other."""
    names = (*TRAFFIC, "votes_totals", "votes_over_time", "what_moved", "unusual_days")
    answers = []
    for frames in (stored, engine.at_hand(stored, 1, BY_NAME)):
        # Bots stay in: their rows are as good as any.
        query = Query(frames, MONTH, BEFORE, "day", MONTH.end)
        shared = SharedPlans.of(query)
        plans = {name: plan(name, query, shared) for name in names}
        answers.append(engine.collect_all(plans, 1, shared))
    for name in names:
        assert_frame_equal(answers[1][name], answers[0][name], rel_tol=1e-12)
