"""A period reads only its blocks: seen from the storage, byte by byte."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from metrics.frames import Frames, Period
from metrics.query import Query, SharedPlans
from metrics.registry import METRIC_TABLES, plan
from metrics.tables import TABLES, VOTES, Blocks, Table
from simulation.scaled import simulate
from store import engine
from store.generation import STATISTICS_OF_ALL, statistics
from store.manifest import Block, Manifest
from store.reader import open_store, without_bots
from testkit.publishing import publish
from tests.plans.storage import Storage, serving

NOW = datetime(2026, 11, 20, 18)
PERIOD = Period.of_days(date(2026, 10, 23), date(2026, 11, 19))
BEFORE = Period.of_days(date(2026, 9, 25), date(2026, 10, 22))
SPLIT = [table for table in TABLES if table.blocks is not Blocks.WHOLE]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """A history of today's size in a hundred blocks."""
    folder = tmp_path_factory.mktemp("store")
    return folder, publish(folder, simulate(1, NOW), NOW, block_rows=4_096)


@pytest.fixture
def storage(store: tuple[Path, Manifest]) -> Iterator[Storage]:
    with serving(store[0]) as served:
        yield served


def overlapping(blocks: tuple[Block, ...], period: Period = PERIOD) -> set[str]:
    return {
        block.file
        for block in blocks
        if block.min_time
        and block.max_time
        and (block.max_time >= period.start and block.min_time < period.end)
    }


WAYS: Mapping[str, Callable[[Frames, Period, Table], pl.LazyFrame]] = {
    "a window": lambda frames, period, t: frames.within(period).by_name[t.name],
    "a filter": lambda frames, period, t: frames.by_name[t.name].filter(
        period.contains(t.time)
    ),
}


@pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("table", SPLIT, ids=lambda table: table.name)
def test_a_period_opens_only_its_blocks(
    store: tuple[Path, Manifest],
    storage: Storage,
    table: Table,
    ask: Callable[[Frames, Period, Table], pl.LazyFrame],
) -> None:
    frames = open_store(storage.bucket).frames
    storage.reads.clear()
    period = ask(frames, PERIOD, table)
    counted = period.select(pl.len()).collect().item()
    blocks = store[1].tables[table.name]
    assert storage.files == overlapping(blocks)
    assert len(storage.files) < len(blocks) / 3
    assert frames.narrow
    storage.reads.clear()
    frames.narrow(BEFORE)[table.name].select(table.time).collect()
    assert storage.files == overlapping(blocks, BEFORE)
    everything = frames.by_name[table.name].select(table.time).collect()
    assert counted == everything.filter(PERIOD.contains(table.time)).height
    assert storage.files == {block.file for block in blocks}


@pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)
def test_the_last_row_of_a_block_is_in_the_period_that_begins_with_it(
    store: tuple[Path, Manifest], ask: Callable[[Frames, Period, Table], pl.LazyFrame]
) -> None:
    frames, blocks = open_store(store[0]).frames, store[1].tables[VOTES.name]
    last = next(block.max_time for block in blocks if block.max_time)
    period = Period(last, last + timedelta(seconds=1))
    found = ask(frames, period, VOTES).select(pl.col(VOTES.time).min()).collect()
    assert found.item() == last


@pytest.mark.parametrize("of_all", sorted({True, STATISTICS_OF_ALL}))
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_what_is_known_of_blocks_hides_no_row(
    store: tuple[Path, Manifest], table: Table, of_all: bool
) -> None:
    folder, manifest = store
    blocks, schema = manifest.tables[table.name], table.numbered_schema
    scanned = pl.scan_parquet(
        [folder / block.file for block in blocks],
        schema=schema,
        extra_columns="ignore",
        _table_statistics=statistics(table, blocks, of_all=of_all),
    )
    whole = scanned.collect()
    for name in schema:
        column, value = pl.col(name), whole.item(whole.height // 2, name)
        for wanted in (
            column.is_null(),
            column.is_not_null(),
            column.eq_missing(pl.lit(value, schema[name])),
        ):
            late = pl.col(table.time) >= PERIOD.start
            found = scanned.filter(wanted, late).collect()
            assert_frame_equal(found, whole.filter(wanted, late))


def test_columns_that_no_plan_needs_are_not_read(
    store: tuple[Path, Manifest],
) -> None:
    period = PERIOD.contains("estimated_at")
    plan = open_store(store[0]).frames.estimations.filter(period).select("spectator")
    assert "PROJECT 2/6 COLUMNS" in plan.explain()


def test_without_bots_a_period_opens_its_blocks_and_the_list_of_users(
    store: tuple[Path, Manifest], storage: Storage
) -> None:
    snapshot = open_store(storage.bucket)
    storage.reads.clear()
    frames = without_bots(snapshot).within(PERIOD)
    tables = store[1].tables
    assert storage.files == {block.file for block in tables["fpp_users"]}
    storage.reads.clear()
    frames.estimations.select("user").collect()
    assert storage.files == overlapping(tables["fpp_estimations"])


@pytest.mark.parametrize("name", METRIC_TABLES)
def test_many_files_that_are_streamed_give_the_answer_of_tables_in_memory(
    store: tuple[Path, Manifest], name: str
) -> None:
    """Some steps of Polars fail, or number rows again, where several files are read."""
    files = open_store(store[0]).frames
    answers = []
    for frames, rows in (
        (files, engine.STREAMED_FROM),
        (engine.at_hand(files, 1, METRIC_TABLES[name].reads), 1),
    ):
        asked = Query(frames, PERIOD, BEFORE, "week", NOW)
        shared = SharedPlans.of(asked)
        found = engine.collect_all({name: plan(name, asked, shared)}, rows, shared)
        answers.append(found[name])
    streamed, in_memory = answers
    assert_frame_equal(streamed, in_memory, abs_tol=1e-9)
    assert not in_memory.is_empty()


def test_a_store_may_be_in_a_folder_whose_name_is_a_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "[live]*"
    folder.mkdir()
    rows = simulate(1, NOW)
    publish(folder, {VOTES.name: rows[VOTES.name]}, NOW)
    votes = open_store(folder).frames.votes
    assert votes.select(pl.len()).collect().item() == rows[VOTES.name].height
