"""Situation 10: the disk is full, as a real limit of the operating system."""

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory

import polars as pl
import pytest

from sync.exceptions import DamagedStoreError, DiskError
from sync.run import Request
from sync.store_writer import Disk
from testkit.database_servers import LiveDatabase
from testkit.harness import Store
from testkit.ports import free_port
from tests.sync.conftest import on_one_kind
from tests.sync.endpoints import endpoint
from tests.sync.killed_jobs import CountingDisk
from tests.sync.processes import ROOT, environment
from tests.sync.rows import insert_votes


def sync_with_room_for(store: Store, kilobytes: int, heartbeat: str) -> int:
    """Run the job as a process that may write files of that size at most."""
    limit = f"ulimit -f {kilobytes}; exec {quote(sys.executable)} sync_job.py"
    done = subprocess.run(
        ["bash", "-c", limit],
        cwd=ROOT,
        env=environment(store, UPTIMEKUMA_PUSH_URL=heartbeat),
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode


@on_one_kind
def test_a_full_disk_keeps_the_old_state_and_leaves_no_partial_file(
    database: LiveDatabase, store: Store
) -> None:
    insert_votes(database, range(1, 11))
    store.sync()
    before = store.manifest()
    files = set(store.root.rglob("*"))
    insert_votes(database, range(11, 12_001))
    with endpoint() as monitor:
        assert sync_with_room_for(store, 8, monitor.url) == 1
    assert store.manifest() == before
    assert set(store.root.rglob("*")) == files
    (push,) = monitor.pushes
    assert push["status"] == "down"
    assert "DATA_DIR cannot be written (File too large)" in push["msg"]
    assert store.sync() == 0
    store.assert_equals_source()


class FullDisk(CountingDisk):
    """Takes nothing from a step on; deleting is possible on a full disk."""

    def _is_last(self) -> bool:
        super()._is_last()
        return self.steps >= self._last

    def _end(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def remove(self, path: Path) -> None:
        Disk.remove(self, path)


@on_one_kind
@pytest.mark.parametrize("first", [True, False])
def test_a_disk_that_is_full_from_any_step_on_costs_no_more_space(
    database: LiveDatabase, store: Store, *, first: bool
) -> None:
    if not first:
        insert_votes(database, range(1, 11))
        store.sync()
    insert_votes(database, range(11, 21))
    committed = 0
    for last in count(1):
        before = files(store)
        full = FullDisk(store.root, last)
        code = replace(store.job(), disk=full).run(Request()).exit_code
        if full.steps < last:
            break
        if files(store).get("CURRENT") == before.get("CURRENT"):
            assert code == 1
            assert files(store).keys() == before.keys() | {".lock"}
        else:  # what failed came after the commit
            committed += 1
            store.assert_equals_source()
            assert store.verify() == 0
            insert_votes(database, range(last * 100, last * 100 + 20))
    assert last > 12
    assert committed > 0
    store.assert_equals_source()


def files(store: Store) -> dict[str, bytes]:
    """Return every file of a store, by its path."""
    paths = (path for path in store.root.rglob("*") if path.is_file())
    return {str(path.relative_to(store.root)): path.read_bytes() for path in paths}


class SharedDisk(Disk):
    """Answers to the question whether names are on the disk as network shares do."""

    error = errno.EINVAL

    def _flush(self, file: int) -> None:
        if stat.S_ISDIR(os.fstat(file).st_mode):
            raise OSError(self.error, os.strerror(self.error))
        super()._flush(file)


@on_one_kind
def test_a_share_that_syncs_no_folders_can_have_the_store(
    database: LiveDatabase, store: Store
) -> None:
    insert_votes(database, range(1, 11))
    disk = SharedDisk(store.root)
    assert replace(store.job(), disk=disk).run(Request()).exit_code == 0
    store.assert_equals_source()
    # What a disk says that is failing is no lack of the question.
    insert_votes(database, range(11, 21))
    disk.error = errno.EIO
    assert replace(store.job(), disk=disk).run(Request()).exit_code == 1


@pytest.mark.parametrize("kind", [DiskError, DamagedStoreError])
def test_a_system_error_of_polars_is_told_without_its_path(
    tmp_path: Path, kind: type[DiskError | DamagedStoreError]
) -> None:
    """It has no number, and no other text than the one that names the path."""
    with pytest.raises(FileNotFoundError) as missing:
        pl.read_parquet(tmp_path / "missing.parquet")
    assert "missing" in str(missing.value)
    assert "missing" not in str(kind(missing.value))
    assert "FileNotFoundError" in str(kind(missing.value))
    assert "chown" in str(DiskError(PermissionError("missing.parquet is not yours")))


class UndeletableDisk(Disk):
    """Lets no file be removed."""

    def remove(self, path: Path) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))


@on_one_kind
def test_files_that_cannot_be_removed_do_not_hide_why_a_run_failed(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    insert_votes(database, range(1, 101))
    assert store.sync() == 0
    database.execute("DELETE FROM fpp_votes WHERE id > 10")
    job = replace(store.job(), disk=UndeletableDisk(store.root))
    assert job.run(Request()).exit_code == 1
    tidying, failure = reported
    assert tidying.startswith("sync/tidy: PermissionError")
    assert "fpp_votes lost 90 of 100 rows" in failure


@on_one_kind
def test_files_that_cannot_be_removed_do_not_fail_a_published_run(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    insert_votes(database, range(1, 11))
    job = replace(store.job(), disk=UndeletableDisk(store.root))
    assert job.run(Request()).exit_code == 0
    store.assert_equals_source()
    (line,) = reported
    assert line.startswith("sync/tidy: PermissionError")


@on_one_kind
def test_a_first_run_that_fails_finds_nothing_to_tidy_up(
    store: Store, reported: Sequence[str]
) -> None:
    """Whatever a dead one left: nothing is in force that says what is needed."""
    left = store.root / "manifests" / "0000000001-dead.json"
    left.parent.mkdir(parents=True)
    left.touch()
    store.policy = replace(store.policy, keep_seconds=0, attempts=1)
    store.address = replace(store.source.settings, port=free_port())
    assert store.sync() == 1
    (line,) = reported
    assert line.startswith("sync/run:")
    assert left.exists()


@on_one_kind
def test_a_store_that_was_restored_by_root_is_named_with_the_way_out(
    database: LiveDatabase,
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a store to root")
    insert_votes(database, range(1, 11))
    with TemporaryDirectory() as folder, endpoint() as monitor:
        Path(folder).chmod(0o755)
        store = Store(Path(folder) / "data", database, heartbeat=monitor.url)
        assert store.sync() == 0
        before = store.manifest()
        assert sync_of_another_user(store) == 1
        # All else may be its own.
        (store.root / ".lock").chmod(0o666)
        (store.root / "CURRENT").chmod(0o600)
        assert sync_of_another_user(store) == 1
        assert store.manifest() == before
    for push in monitor.pushes[-2:]:
        assert "(uid 10001) may not use a file or folder of DATA_DIR" in push["msg"]
        # It may be its owner and lack the right to write.
        assert "chown -R 10001 and chmod -R u+rwX" in push["msg"]


def sync_of_another_user(store: Store) -> int:
    child = os.fork()
    if not child:
        os.setuid(10001)
        os._exit(store.sync())
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)
