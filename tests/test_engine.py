"""Plans run here by default, and on a cluster where the settings say so.

The cluster is a process of its own that gets a serialised plan and sends rows back,
as workers do; the package's client is stood in for, since it wants another Polars.
`make cluster` lets the real one send every plan.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from threading import Event
from time import sleep
from types import ModuleType

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from core.settings import DashboardSettings, SettingError
from metrics import legacy_api
from metrics.frames import Frames
from metrics.query import Unfinished
from metrics.tables import ESTIMATIONS, USERS, VOTES
from store import engine
from store.reader import StoreError, open_store
from testkit.database_servers import GOLDEN
from tests.metrics.building import at

NOW = at("2026-11-20 18:00")
SCHEDULER = "https://scheduler:5051"
WORKER = (
    "import polars as pl, sys;"
    "plan = pl.LazyFrame.deserialize(sys.stdin.buffer);"
    "plan.collect().write_ipc(sys.stdout.buffer)"
)


class Cluster:
    """Where plans go; remembers how many came."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.received = 0


class Sent:
    """A plan on its way to a cluster, as `LazyFrame.remote` makes it."""

    def __init__(self, lf: pl.LazyFrame, context: Cluster, **_: object) -> None:
        self.plan, self.cluster = lf.serialize(), context

    def collect(self) -> pl.DataFrame:
        self.cluster.received += 1
        done = subprocess.run(
            [sys.executable, "-c", WORKER],
            input=self.plan,
            capture_output=True,
            check=True,
        )
        return pl.read_ipc(BytesIO(done.stdout))


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put a client in place of polars-cloud's, and go back to here at the end."""
    package = ModuleType("polars_cloud")
    vars(package).update(ClusterContext=Cluster, LazyFrameRemote=Sent)
    monkeypatch.setitem(sys.modules, "polars_cloud", package)
    # Polars looked for the package when it was imported.
    monkeypatch.setattr("polars.lazyframe.frame.pc", package)
    yield
    engine.use(engine.Local())


def test_plans_run_here_unless_the_settings_say_otherwise() -> None:
    assert DashboardSettings.from_env({}).cluster is None
    assert engine.collect(pl.LazyFrame({"a": [1, 2]}).sum()).item() == 3


def test_many_rows_are_streamed_and_give_the_same_answers() -> None:
    plans = legacy_api.plans(legacy_api.sharing(open_store(GOLDEN).frames), NOW)
    few = engine.collect_all(plans, engine.STREAMED_FROM - 1)
    many = engine.collect_all(plans, engine.STREAMED_FROM)
    for name, frame in few.items():
        assert_frame_equal(many[name], frame)


@pytest.mark.parametrize(
    ("rows", "chosen"),
    [
        (0, "in-memory"),
        (engine.STREAMED_FROM - 1, "in-memory"),
        (engine.STREAMED_FROM, "streaming"),
    ],
)
def test_the_engine_is_chosen_by_size(
    monkeypatch: pytest.MonkeyPatch, rows: int, chosen: str
) -> None:
    used: list[str] = []

    def run(plans: list[pl.LazyFrame], *, engine: str) -> list[pl.DataFrame]:
        used.append(engine)
        return [plan.collect() for plan in plans]

    monkeypatch.setattr(pl, "collect_all", run)
    engine.collect(pl.LazyFrame({"a": [1]}), rows)
    assert used == [chosen]


@pytest.mark.usefixtures("client")
def test_a_cluster_gets_every_plan_and_gives_the_same_answers() -> None:
    every = legacy_api.plans(legacy_api.sharing(open_store(GOLDEN).frames), NOW)
    plans = {name: every[name] for name in ("traffic", "sources", "reoccurring")}
    here = engine.collect_all(plans)
    remote = engine.Remote.at(SCHEDULER)
    engine.use(remote)
    there = engine.collect_all(plans)
    assert isinstance(remote.context, Cluster)
    assert (remote.context.address, remote.context.received) == (SCHEDULER, len(plans))
    assert here.keys() == there.keys()
    for name, frame in here.items():
        assert_frame_equal(there[name], frame)


def test_without_the_extra_the_error_names_the_command() -> None:
    with pytest.raises(
        engine.EngineError, match=r"scripts/uv sync --no-dev --extra polars"
    ):
        engine.Remote.at(SCHEDULER)


def test_the_settings_name_the_cluster() -> None:
    environ = {"ENGINE": "remote", "ENGINE_CLUSTER": SCHEDULER}
    assert DashboardSettings.from_env(environ).cluster == SCHEDULER


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"ENGINE": "spark"}, "ENGINE is 'spark'. Use local or remote."),
        ({"ENGINE": "remote"}, "ENGINE_CLUSTER is not set"),
        (
            {"ENGINE": "remote", "ENGINE_CLUSTER": "x:1"},
            "ENGINE_CLUSTER is set to something else",
        ),
    ],
)
def test_a_wrong_engine_is_refused(environ: dict[str, str], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        DashboardSettings.from_env(environ)


def test_a_small_store_is_read_once_and_gives_the_same_answers() -> None:
    snapshot = open_store(GOLDEN)
    frames = engine.at_hand(snapshot.frames, snapshot.rows)
    plans = legacy_api.plans(legacy_api.sharing(frames), NOW)
    assert not any("Parquet SCAN" in plan.explain() for plan in plans.values())
    scanned = engine.collect_all(
        legacy_api.plans(legacy_api.sharing(snapshot.frames), NOW)
    )
    for name, frame in engine.collect_all(plans).items():
        assert_frame_equal(frame, scanned[name])


@pytest.mark.usefixtures("client")
def test_a_large_store_and_one_on_a_cluster_are_scanned() -> None:
    frames = open_store(GOLDEN).frames
    assert engine.at_hand(frames, engine.READ_WHOLE_BELOW) is frames
    engine.use(engine.Remote.at(SCHEDULER))
    assert engine.at_hand(frames, 1) is frames


@pytest.mark.usefixtures("client")
def test_a_plan_that_several_answers_have_in_common_is_executed_once() -> None:
    common, own = (pl.LazyFrame({"a": [number]}) for number in (1, 2))

    def added_up(*frames: pl.DataFrame) -> pl.DataFrame:
        return pl.concat(frames).sum()

    remote = engine.Remote.at(SCHEDULER)
    engine.use(remote)
    found = engine.collect_all(
        {"one": common, "both": Unfinished(own, added_up, [common, common])}
    )
    assert [frame.item() for frame in found.values()] == [1, 4]
    assert isinstance(remote.context, Cluster)
    assert remote.context.received == 2


class Noting(engine.Local):
    """Notes how many tables are read together."""

    def __init__(self) -> None:
        super().__init__()
        self.together: list[int] = []

    def read(self, tables: Sequence[pl.LazyFrame]) -> list[pl.DataFrame]:
        self.together.append(len(tables))
        return super().read(tables)


@pytest.mark.usefixtures("client")
def test_a_question_that_fails_keeps_its_turn_until_all_of_it_has_ended() -> None:
    ended = Event()

    def slowly(frame: pl.DataFrame) -> pl.DataFrame:
        sleep(0.2)
        ended.set()
        return frame

    no_number = pl.LazyFrame({"a": ["b"]}).select(pl.col("a").cast(pl.Int8))
    slow = pl.LazyFrame({"a": [1]}).map_batches(slowly)
    with pytest.raises(pl.exceptions.InvalidOperationError):
        engine.Local().run_apart([[no_number], [slow]])
    assert ended.is_set()


def test_tables_that_are_needed_are_read_together_and_others_by_themselves() -> None:
    noting = Noting()
    engine.use(noting)
    needed = (VOTES.name, ESTIMATIONS.name)
    held = engine.at_hand(open_store(GOLDEN).frames, 1, needed)
    assert noting.together == []
    for name in (*needed, USERS.name, *needed):
        assert not held.by_name[name].collect().is_empty()
    assert noting.together == [2, 1]


def test_a_file_that_panics_is_explained_wherever_it_is_read() -> None:
    def panic(_: pl.DataFrame) -> pl.DataFrame:
        raise pl.exceptions.PanicException("not a page")

    damaged = pl.LazyFrame({"id": [1]}).map_batches(panic)
    with pytest.raises(StoreError, match=r"sync_job\.py --verify"):
        engine.collect(damaged)
    held = engine.at_hand(Frames({VOTES.name: damaged}), 1)
    with pytest.raises(StoreError, match=r"sync_job\.py --verify"):
        _ = held.votes


def test_a_file_that_may_not_be_read_is_explained() -> None:
    def refused(_: pl.DataFrame) -> pl.DataFrame:
        raise PermissionError

    closed = pl.LazyFrame({"id": [1]}).map_batches(refused)
    with pytest.raises(StoreError, match=r"Check the permissions of DATA_DIR\."):
        engine.collect(closed)


def test_a_file_that_is_damaged_is_explained_and_a_wrong_plan_is_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "votes.parquet"
    pl.DataFrame({"id": range(1000)}).write_parquet(path)
    content = path.read_bytes()
    rows = pl.scan_parquet(path)
    path.write_bytes(content[:4] + b"\xff" * 50 + content[54:])
    with pytest.raises(StoreError, match=r"sync_job\.py --verify"):
        engine.collect(rows)
    path.write_bytes(content[:500])
    with pytest.raises(StoreError, match=r"sync_job\.py --verify"):
        engine.collect(rows)

    def wrong(_: pl.DataFrame) -> pl.DataFrame:
        raise pl.exceptions.ComputeError("a plan of ours")

    with pytest.raises(pl.exceptions.ComputeError, match="a plan of ours"):
        engine.collect(pl.LazyFrame({"id": [1]}).map_batches(wrong))


@pytest.mark.parametrize("rows", [1, engine.READ_WHOLE_BELOW])
@pytest.mark.parametrize("others", [{"user": [1]}, {VOTES.key: ["a"]}])
def test_a_file_of_other_columns_is_explained_and_a_column_that_we_mistype_is_not(
    tmp_path: Path, others: dict[str, list[object]], rows: int
) -> None:
    path = tmp_path / "votes.parquet"
    pl.DataFrame(others).write_parquet(path)
    scan = pl.scan_parquet(path, schema=VOTES.numbered_schema, extra_columns="ignore")
    with pytest.raises(StoreError, match=r"sync_job\.py --verify"):
        engine.collect(engine.at_hand(Frames({VOTES.name: scan}), rows).votes, rows)
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        engine.collect(pl.LazyFrame({"id": [1]}).select("idd"))
