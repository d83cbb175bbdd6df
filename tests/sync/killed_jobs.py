"""Sync jobs that are killed (SIGKILL) at a given step on the disk.

    python -m tests.sync.killed_jobs

Each line of the input names a step; a job of its own, forked from this process
before anything has started a thread, runs and dies there. Step 0 never comes. The
answers are lines: how many steps a job that ended had taken, and its exit code. The
store and the database come from the environment, as for `sync_job.py`.
"""

import sync.connection  # noqa: F401  # isort: skip  # before anything that imports ssl

import os
import signal
import sys
from pathlib import Path
from threading import Event

from core.settings import SyncSettings
from sync.job import Job
from sync.plan import Policy
from sync.run import Request
from sync.store_writer import Disk


class CountingDisk(Disk):
    """Counts every write, fsync, rename, mkdir and unlink; one is the last."""

    def __init__(self, root: Path, last: int) -> None:
        super().__init__(root)
        self.steps = 0
        self._last = last

    def _end(self) -> None:
        """End the run here."""
        os.kill(os.getpid(), signal.SIGKILL)

    def _is_last(self) -> bool:
        self.steps += 1
        return self.steps == self._last

    def _step(self) -> None:
        if self._is_last():
            self._end()

    def _create(self, path: Path) -> int:
        self._step()
        return super()._create(path)

    def _make(self, path: Path) -> None:
        self._step()
        super()._make(path)

    def _fill(self, file: int, content: bytes) -> None:
        if self._is_last():
            super()._fill(file, content[: len(content) // 2])
            self._end()
        super()._fill(file, content)

    def _flush(self, file: int) -> None:
        self._step()
        super()._flush(file)

    def replace(self, path: Path, target: Path) -> None:
        self._step()
        super().replace(path, target)

    def remove(self, path: Path) -> None:
        self._step()
        super().remove(path)


def run(last: int) -> int:
    """Run the job as the child of a fork; return its exit code."""
    settings = SyncSettings.from_env(os.environ)
    disk = CountingDisk(settings.data_dir, last)
    policy = Policy(keep_generations=1, keep_seconds=0)
    code = Job(settings, disk, Event(), policy=policy).run(Request()).exit_code
    sys.stdout.write(f"{disk.steps}\n")
    sys.stdout.flush()
    return code


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            os._exit(run(int(line)))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
