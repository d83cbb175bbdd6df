"""What holds for every test."""

import gc
import os
import signal
import socket
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from xdist.remote import Producer

from testkit.fixed_clock import GOLDEN_NOW, ROOT
from tests.scheduling import FolderByFolder

# How long an example takes depends on what else the machine does: pytest's own limit
# is enough. A change is judged by the same examples each time, so that it does not fail
# for what was there before it; `make explore` looks for new ones.
EXAMPLES = int(os.environ.get("EXAMPLES", "100"))
settings.register_profile(
    "new-examples",
    deadline=None,
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "same-examples", settings.get_profile("new-examples"), derandomize=True
)
settings.load_profile("same-examples")

REAL_PARTS = {"browser", "sync", "web"}
"""Folders of tests with browsers, database servers and dashboards."""
FIRST = (
    "tests/browser/test_pages.py",
    "tests/browser/test_address.py",
    "tests/sync/test_damage.py",
    "tests/web/test_session_end.py",
)
"""Where workers begin; half of them with browsers, which have most to do."""
MARKED = {"browser", "mariadb", "slow"}
MEMORY = Path("/dev/shm")  # noqa: S108  # where Linux keeps files in memory
LIBRARIES = "LD_LIBRARY_PATH"
ROOM = 6 << 30
"""Bytes that must be free there; four workers with their databases use a third."""


def keep_files_in_memory() -> None:
    """Let temporary folders be in memory, unless TMPDIR says where they are.

    Databases and the store wait for the disk at each write, more than they compute.
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return
    disk = os.statvfs(MEMORY)
    told = Path("/proc/meminfo").read_text().partition("MemAvailable:")[2].split()
    free = min(disk.f_bavail * disk.f_frsize, int(told[0]) << 10)
    if free >= ROOM and not disk.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # asked for by pytest before


def reach_this_machine_directly() -> None:
    """Let no proxy of the network be asked for the servers that tests start.

    Where it has to be named, as in many offices, it may not be for this machine.
    """
    known = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    hosts = ",".join([*([known] if known else []), "127.0.0.1", "localhost", "::1"])
    os.environ |= dict.fromkeys(("no_proxy", "NO_PROXY"), hosts)


# Before anything of a test is imported; workers inherit it.
keep_files_in_memory()
reach_this_machine_directly()
if "PYTEST_XDIST_WORKER" in os.environ:
    # Its libraries are loaded; what it starts has the system's (see below).
    os.environ.pop(LIBRARIES, None)


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_setupnodes() -> None:
    """Let the database driver's C extension load in workers, as in production.

    It brings an OpenSSL of its own and does not load where an older one (3.0) came
    first, which Pytest loads before any file of ours. So workers start with the newer.
    """
    driver = find_spec("mysql")
    if driver and driver.origin:
        os.environ[LIBRARIES] = str(Path(driver.origin).parent / "vendor")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("hypothesis_profile") is None:
        # Hypothesis draws the constants of our modules that are loaded, too: examples
        # would depend on which tests a worker ran before, and on other changes.
        providers._get_local_constants = Constants
    # A worker holds thousands of tests, which Python would look through for garbage
    # again and again; see `pytest_collection_finish`.
    gc.set_threshold(50_000)
    # As Ctrl-C does, so that servers are stopped and what they keep in memory goes.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Plain files are as old as the clone is; by the stopped clock they are not late.
    by_clock = GOLDEN_NOW.replace(tzinfo=UTC).timestamp()
    for file in (ROOT / "tests" / "golden").glob("*.parquet"):
        if file.stat().st_mtime < by_clock:
            os.utime(file, (by_clock, by_clock))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Begun last, one worker would be alone with a long module while the others are
    # done: real parts come first, and of the others what has most tests.
    long = {item.path for item in items if _takes_long(item)}
    short = Counter(item.path for item in items if item.path not in long)
    begin = {ROOT / name: place for place, name in enumerate(FIRST, -len(FIRST))}
    items.sort(key=lambda i: (begin.get(i.path, 0), i.path in short, -short[i.path]))


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Producer
) -> FolderByFolder | None:
    return FolderByFolder(config, log) if config.option.dist == "loadscope" else None


def _takes_long(item: pytest.Item) -> bool:
    marked = not MARKED.isdisjoint(mark.name for mark in item.iter_markers())
    return marked or item.path.parent.name in REAL_PARTS


@pytest.fixture
def hanging_lookups(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[list[threading.Thread]]:
    """Let every look-up of a name hang; the threads that wait for one.

    A name server that never answers needs another configuration of the machine.
    """
    waiting: list[threading.Thread] = []
    end = threading.Event()

    def hang(*_: object, **__: object) -> None:
        waiting.append(threading.current_thread())
        end.wait(60)
        raise OSError("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield waiting
    end.set()
