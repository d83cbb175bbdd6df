"""Dashboard and sync job share a store and nothing else: proven with processes.

Both run as the images and compose.yaml say: another user, a read-only root, no
capabilities, each in its own network. The database listens in the sync job's.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from testkit.dashboard import GOLDEN, TOKEN, get
from testkit.database_servers import PASSWORD, LiveDatabase, running_server
from testkit.visitor import log_in, visiting
from tests.web.containers import (
    Container,
    Network,
    build,
    container,
    what_is_missing,
)
from tests.web.image_files import SERVICES

MISSING = what_is_missing()
pytestmark = [
    pytest.mark.mariadb,
    pytest.mark.skipif(bool(MISSING), reason=MISSING),
]
EXPECTED = json.loads((GOLDEN / "expected.json").read_text("utf-8"))
URL = "http://127.0.0.1:8501"
USER = 10001


@dataclass(slots=True)
class Deployment:
    """What compose.yaml starts, and the database that it copies."""

    dashboard: Container
    sync: Container
    proxy: Network
    database: LiveDatabase

    @property
    def ours(self) -> list[Container]:
        """Both containers."""
        return [self.dashboard, self.sync]


@pytest.fixture(scope="module", autouse=True)
def strict_umask() -> Iterator[None]:
    """Make files as on a machine that closes them to other users."""
    usual = os.umask(0o077)
    yield
    os.umask(usual)


@pytest.fixture(scope="module")
def networks() -> dict[str, Network]:
    """One network for each name that the composition gives."""
    return {n: Network() for s in SERVICES.values() for n in s["networks"]}


@pytest.fixture(scope="module")
def database(networks: dict[str, Network]) -> Iterator[LiveDatabase]:
    [network] = SERVICES["mariadb"]["networks"]
    with networks[network].inside(), running_server() as server:
        database = server.create_database()
        database.fill_from_golden()
        yield database


@pytest.fixture(scope="module")
def deployment(
    networks: dict[str, Network],
    database: LiveDatabase,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("deployment")
    store = folder / "store"
    store.mkdir()
    os.chown(store, USER, USER)
    settings = database.settings
    address = {"DB_HOST": settings.host, "DB_PORT": str(settings.port)}
    account = {"DB_USERNAME": settings.user, "DB_PASSWORD": PASSWORD}
    of = {name: networks[SERVICES[name]["networks"][0]] for name in SERVICES}
    with (
        container(
            "sync",
            build("sync", folder),
            {"store": store},
            of["sync"],
            DB_NAME=settings.name,
            **address,
            **account,
        ) as sync,
        container(
            "dashboard",
            build("dashboard", folder),
            {"store": store},
            of["dashboard"],
            ANALYTICS_SECRET_TOKEN=TOKEN,
        ) as dashboard,
    ):
        wait_for(store / "CURRENT", of["dashboard"])
        yield Deployment(dashboard, sync, of["dashboard"], database)


def wait_for(published: Path, proxy: Network) -> None:
    """Wait for the first generation, and until the dashboard answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with proxy.inside():
                get(f"{URL}/health", timeout=2)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            if published.exists():
                return
    raise AssertionError("no dashboard, or no store, after a minute")


def test_what_the_sync_job_copied_is_what_the_dashboard_answers(
    deployment: Deployment,
) -> None:
    with deployment.proxy.inside():
        data = get(f"{URL}/api", headers={"Authorization": TOKEN}).json()["data"]
        with visiting(URL, log_in(URL, TOKEN)) as visitor:
            page = visitor.open("votes")
    assert data["traffic"] == EXPECTED["traffic"]
    assert data["votes"] == EXPECTED["votes"]
    assert "Votes" in page.texts
    assert not page.failed


def connecting(port: int) -> str:
    return (
        f"import socket; socket.create_connection(('127.0.0.1', {port}), 5); "
        "print('connected')"
    )


def test_only_the_sync_job_reaches_the_database(deployment: Deployment) -> None:
    code = connecting(deployment.database.settings.port)
    assert deployment.sync.python(code) == "connected"
    assert "refused" in deployment.dashboard.python(code)


def test_the_network_of_the_dashboard_leads_nowhere_else(
    deployment: Deployment,
) -> None:
    code = "import socket; print([name for _, name in socket.if_nameindex()])"
    assert deployment.dashboard.python(code) == "['lo']"


def test_the_sync_job_does_not_reach_the_dashboard(deployment: Deployment) -> None:
    assert deployment.dashboard.python(connecting(8501)) == "connected"
    assert "refused" in deployment.sync.python(connecting(8501))


def writing(path: str) -> str:
    return f"open({path!r}, 'w'); print('written')"


def test_only_the_sync_job_writes_the_store(deployment: Deployment) -> None:
    # The folder belongs to the user of both: only the mount is in the way.
    assert deployment.sync.python(writing("/data/probe")) == "written"
    assert "Read-only file system" in deployment.dashboard.python(
        writing("/data/probe")
    )


@pytest.mark.parametrize("path", ["/app/app.py", "/app/core/errors.py", "/etc/x", "/x"])
def test_the_root_file_system_is_read_only(deployment: Deployment, path: str) -> None:
    for ours in deployment.ours:
        said = ours.python(writing(path))
        assert "Read-only file system" in said or "Permission denied" in said


def test_both_run_without_root_and_cannot_gain_it(
    deployment: Deployment,
) -> None:
    for ours in deployment.ours:
        status = ours.execute("cat", "/proc/1/status").stdout
        state = dict(line.split(":\t", 1) for line in status.splitlines())
        assert set(state["Uid"].split()) == {str(USER)}
        assert state["NoNewPrivs"] == "1"
        assert {int(state[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")} == {0}


def test_each_knows_only_its_own_secrets(deployment: Deployment) -> None:
    dashboard, sync = (
        ours.execute("cat", "/proc/1/environ").stdout for ours in deployment.ours
    )
    assert TOKEN in dashboard
    assert "DB_" not in dashboard
    assert PASSWORD in sync
    assert TOKEN not in sync


def test_each_image_lacks_what_the_other_needs(deployment: Deployment) -> None:
    missing = "ModuleNotFoundError: No module named {!r}"
    for module in ("mysql", "sync", "sync_job"):
        assert deployment.dashboard.python(f"import {module}") == missing.format(module)
    for module in ("streamlit", "web", "pages", "pandas"):
        assert deployment.sync.python(f"import {module}") == missing.format(module)


def test_both_health_checks_pass_inside(deployment: Deployment) -> None:
    assert [ours.is_healthy() for ours in deployment.ours] == [True, True]


def test_both_end_cleanly_when_they_are_asked_to(deployment: Deployment) -> None:
    # The last test here, since nothing runs afterwards.
    (code, dashboard), (sync_code, sync) = (ours.stop() for ours in deployment.ours)
    assert (code, sync_code) == (0, 0)
    assert dashboard.endswith('"msg": "stopped"}\n')
    assert "generation 1" in sync
    assert "Traceback" not in dashboard + sync
    assert not {text for text in (TOKEN, PASSWORD) if text in dashboard + sync}
