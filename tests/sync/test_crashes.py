"""Situation 8: the job dies by SIGKILL at every single step on the disk."""

import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from metrics.tables import ROOMS, TABLES, USERS, VOTES
from store.manifest import Manifest
from store.reader import DEMO_MARKER
from sync.plan import Policy
from sync.store_writer import Disk, StoreWriter
from testkit.dashboard import LONGEST_WAIT
from testkit.database_servers import LiveDatabase
from testkit.harness import Store
from tests.sync.conftest import on_one_kind
from tests.sync.processes import start
from tests.sync.rows import insert_votes, room, user, vote

type State = Mapping[str, pl.DataFrame]


def state(store: Store) -> State:
    return {table.name: store.rows(table) for table in TABLES}


def is_same(one: State, other: State) -> bool:
    return all(one[name].equals(other[name]) for name in one)


class Nursery:
    """A process that lets jobs live and die on a store."""

    def __init__(self, store: Store) -> None:
        self._process = start(store, "-m", "tests.sync.killed_jobs")

    def live(self) -> int:
        """Let a job run to its end; return how many steps it took."""
        steps = int(self._ask(0))
        assert self._answer() == "0"
        return steps

    def die(self, step: int) -> None:
        """Let a job die at a step."""
        assert self._ask(step) == str(-signal.SIGKILL)

    def close(self) -> None:
        self._process.communicate(timeout=LONGEST_WAIT)

    def _ask(self, step: int) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{step}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@pytest.fixture
def nursery(store: Store) -> Iterator[Nursery]:
    jobs = Nursery(store)
    yield jobs
    jobs.close()


def deaths(nursery: Nursery, store: Store, prepared: Path) -> Iterator[int]:
    """Yield every step of a run, after a run that died there.

    Of the steps on the disk the server knows nothing.
    """
    steps = nursery.live()
    assert steps > 15
    for step in range(steps, 0, -1):
        shutil.rmtree(store.root)
        shutil.copytree(prepared, store.root)
        nursery.die(step)
        yield step


@on_one_kind
@pytest.mark.slow
def test_after_a_death_at_any_step_the_store_is_old_or_new_and_the_next_run_heals(
    database: LiveDatabase, store: Store, nursery: Nursery, tmp_path: Path
) -> None:
    prepared = tmp_path / "prepared"
    insert_votes(database, range(1, 21))
    database.insert(ROOMS, [room(1, "before")])
    store.sync()
    insert_votes(database, range(21, 31))
    store.sync()
    old = state(store)
    shutil.copytree(store.root, prepared)
    database.insert(VOTES, [vote(31)])
    database.execute("UPDATE fpp_rooms SET name = 'after'")
    new = {table.name: database.rows(table) for table in TABLES}
    seen = set()
    for step in deaths(nursery, store, prepared):
        found = state(store)
        assert is_same(found, old) or is_same(found, new), f"a mix after step {step}"
        seen.add("new" if is_same(found, new) else "old")
        assert store.sync() == 0
        store.assert_equals_source()
    assert seen == {"old", "new"}


@on_one_kind
@pytest.mark.slow
def test_after_a_death_in_the_first_sync_readers_see_the_demo_or_the_source(
    database: LiveDatabase, store: Store, nursery: Nursery, tmp_path: Path
) -> None:
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    for table in TABLES:
        pl.DataFrame(schema=table.schema).write_parquet(prepared / table.file_name)
    (prepared / DEMO_MARKER).touch()
    shutil.copytree(prepared, store.root)
    database.insert(USERS, [user("a")])
    new = {table.name: database.rows(table) for table in TABLES}
    empty = {name: frame.clear() for name, frame in new.items()}
    for step in deaths(nursery, store, prepared):
        found = state(store)
        assert is_same(found, empty) or is_same(found, new), f"a mix after {step}"
    assert store.sync() == 0
    store.assert_equals_source()


@on_one_kind
def test_what_dead_runs_left_behind_is_collected(
    database: LiveDatabase, store: Store, nursery: Nursery
) -> None:
    insert_votes(database, range(1, 21))
    for step in (3, 8):
        nursery.die(step)
    store.policy = replace(store.policy, keep_seconds=0, keep_generations=1)
    store.sync()
    files = [path for path in store.root.rglob("*") if path.is_file()]
    assert sorted(path.suffix or path.name for path in files) == [
        ".json",
        ".lock",
        ".parquet",
        "CURRENT",
    ]


class ForgetfulDisk(Disk):
    """Knows what a power failure would take: contents and names not flushed yet."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.contents: set[Path] = set()
        self.names: set[Path] = set()
        self.lost_at_commits: list[set[Path]] = []

    def _create(self, path: Path) -> int:
        self.contents.add(path)
        self.names.add(path)
        return super()._create(path)

    def _make(self, path: Path) -> None:
        self.names.add(path)
        super()._make(path)

    def _flush(self, file: int) -> None:
        super()._flush(file)
        path = Path(f"/proc/self/fd/{file}").readlink()
        self.contents.discard(path)
        self.names -= {name for name in self.names if name.parent == path}

    def replace(self, path: Path, target: Path) -> None:
        self.names.remove(path)
        self.lost_at_commits.append(self.contents | self.names)
        super().replace(path, target)
        self.names.add(target)


def test_a_power_failure_takes_nothing_that_is_in_force(tmp_path: Path) -> None:
    disk = ForgetfulDisk(tmp_path / "new" / "store")
    disk.make_folder(disk.root)
    writer = StoreWriter(disk)
    for number in (1, 2):
        file = writer.write_user_ids(0, pl.Series(["someone"]))
        writer.publish(Manifest(number, number, datetime(2026, 11, 19), {}, (file,)))
        assert disk.names == set()
    assert disk.lost_at_commits == [set(), set()]


def test_what_is_in_force_stays_beside_newer_states_of_dead_runs(
    tmp_path: Path,
) -> None:
    writer = StoreWriter(Disk(tmp_path))
    file = writer.write_user_ids(0, pl.Series(["someone"]))
    in_force = Manifest(1, 1, datetime(2026, 11, 19), {}, (file,))
    writer.publish(in_force)
    # A run that died before its commit left it; the next ones fail, and tidy up.
    left = tmp_path / "manifests" / "0000000002-dead.json"
    left.write_text(replace(in_force, number=2, generation=2, user_ids=()).to_json())
    # Another one died while it put a state in force.
    put = tmp_path / "CURRENT-dead.tmp"
    put.touch()
    writer.collect_garbage(Policy(keep_generations=1), time.time() + 7_200)
    assert writer.current() == in_force
    assert writer.is_whole(file)
    assert not put.exists()


def test_what_was_in_force_within_the_hour_stays_however_old_its_files_are(
    tmp_path: Path,
) -> None:
    """A query that is still running may read them."""
    writer = StoreWriter(Disk(tmp_path))
    old, new = (writer.write_user_ids(0, pl.Series([name])) for name in "ab")
    first = Manifest(1, 1, datetime(2026, 11, 19), {}, (old,))
    for number, file in enumerate((old, old, new), 1):
        state = replace(first, number=number, generation=number, user_ids=(file,))
        name = writer.publish(state)
        if number == 1:
            hours_ago = time.time() - 7_200
            for path in (tmp_path / "manifests" / name, tmp_path / old.file):
                os.utime(path, (hours_ago, hours_ago))
    writer.collect_garbage(Policy(keep_generations=1), time.time())
    assert writer.is_whole(old)
    assert len([*(tmp_path / "manifests").iterdir()]) == 2
