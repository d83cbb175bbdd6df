"""One dashboard for all tests of the server, and parts of it with a stopped clock."""

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from core.errors import logger
from core.settings import DashboardSettings
from testkit.dashboard import (
    GOLDEN,
    TOKEN,
    Dashboard,
    client,
    dashboard,
    post,
    serving,
    session_of,
)
from tests.web import attack
from web.auth.sessions import COOKIE
from web.auth.throttle import Sleep
from web.server import Server

GOLDEN_NOW = datetime.fromisoformat("2026-11-20T18:00:00")


@dataclass(slots=True)
class StoppedClock:
    """A clock that moves when a test says so."""

    now: datetime = GOLDEN_NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        """Let time pass."""
        self.now += by


async def at_once(seconds: float) -> None:
    """Sleep for no time: what a wrong token costs has its own tests."""


def parts(
    clock: StoppedClock,
    data_dir: Path = GOLDEN,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Sleep = at_once,
    base: str = "",
    **variables: str,
) -> Starlette:
    """Return routes and gate without Streamlit, by a stopped clock."""
    settings = DashboardSettings.from_env(
        {
            "DATA_DIR": str(data_dir),
            "ANALYTICS_SECRET_TOKEN": TOKEN,
            "BEA_BASE_URL": "",
            "STATE_DIR": os.environ["STATE_DIR"],
            **variables,
        }
    )
    server = Server.of(settings, clock, base, monotonic, sleep)
    return Starlette(routes=server.routes(), middleware=server.middleware())


@pytest.fixture(autouse=True, scope="session")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the log-outs of tests out of the developer's home folder."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("STATE_DIR", str(tmp_path_factory.mktemp("state")))
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many attacks there were, and how many were let through."""
    if attack.ALL.tried:
        terminalreporter.write_line(attack.summary())


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture(scope="package")
def api() -> Iterator[httpx.Client]:
    """The API on the golden data at the golden time, with the token."""
    with (
        serving(parts(StoppedClock())) as url,
        client(base_url=url, headers={"Authorization": TOKEN}) as program,
    ):
        yield program


@pytest.fixture(scope="package")
def running() -> Iterator[Dashboard]:
    """The whole dashboard as a process, with a token; it must end without a trace."""
    with dashboard({"ANALYTICS_SECRET_TOKEN": TOKEN}) as started:
        yield started
        code, said = started.stop()
    assert code == -signal.SIGTERM
    assert "Traceback" not in said
    assert said.endswith("stopped\n")
    assert TOKEN not in said


@pytest.fixture
def stranger(running: Dashboard) -> Iterator[httpx.Client]:
    """A client without a session."""
    with client(base_url=running.url) as visitor:
        yield visitor


@pytest.fixture(scope="package")
def cookie(running: Dashboard) -> str:
    """A session that was started by logging in."""
    answer = post(f"{running.url}/login", data={"token": TOKEN})
    return session_of(answer.cookies)


@pytest.fixture
def member(running: Dashboard, cookie: str) -> Iterator[httpx.Client]:
    """A client that has logged in."""
    with client(base_url=running.url, cookies={COOKIE: cookie}) as visitor:
        yield visitor


@pytest.fixture
def log_to_caplog(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Let pytest see the log, which does not propagate once it has been set up.

    Of our own log only: what other tests set up may make servers talk as well.
    """
    ours = logging.Filter(logger.name)
    caplog.handler.addFilter(ours)
    logger.addHandler(caplog.handler)
    level, propagate = logger.level, logger.propagate
    logger.setLevel(logging.INFO)
    logger.propagate = False
    yield
    logger.removeHandler(caplog.handler)
    caplog.handler.removeFilter(ours)
    logger.setLevel(level)
    logger.propagate = propagate
