"""Both images, built by the real builder from a clone with a strict umask, and run.

`make images` runs this, as root, where Debian has buildah and mmdebstrap installed. No
registry is needed: the base is assembled from Debian 13, which has the Python of the
Dockerfile. They run as compose.yaml says, against a MariaDB that starts late.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from testkit.dashboard import ROOT, TOKEN, get, wait_until
from testkit.database_servers import LiveDatabase, running_server
from testkit.visitor import log_in, visiting
from tests.web.containers import Container, Network, container
from tests.web.image_files import OURS, SERVICES, copied, last

TOOLS = ["buildah", "mmdebstrap", "dpkg", "mariadbd"]
MISSING = [name for name in TOOLS if shutil.which(name) is None]
WANTED = bool(os.environ.get("IMAGES"))
if WANTED and (MISSING or os.geteuid() != 0):
    # Skipped tests would look as if the images were fine.
    reason = f"Not installed: {', '.join(MISSING)}" if MISSING else "Not root"
    pytest.exit(f"The images cannot be built. {reason}.", returncode=1)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not WANTED, reason="only `make images` builds them"),
]
BASE = """
FROM scratch
ADD base.tar /
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY pip.conf /etc/pip.conf
ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \\
    PIP_BREAK_SYSTEM_PACKAGES=1 SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
RUN ln -s python3 /usr/bin/python && pip install --quiet --ignore-installed pip \\
    && dpkg --purge --force-depends python3-pip python3-wheel python3-setuptools
"""
"""The official Python image, as far as the Dockerfile needs it: python and pip. A
machine's own certificates and pip settings let it build behind a proxy as well."""
SLIM = ["/usr/share/doc", "/usr/share/man", "/usr/share/locale", "/usr/share/info"]
"""What Debian's slim images, on which the official one is built, leave out."""
LARGEST = {"dashboard": 700, "sync": 350}
"""MB, the base included."""
PASSWORD = r"""it's a$b "c" #d \e"""  # noqa: S105 - of a throw-away server
USER = 10001
URL = "http://127.0.0.1:8501"


def run(*command: str, **environ: str) -> str:
    """Run a command; return what it printed."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environ},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


class Builder:
    """buildah, with a store of its own."""

    def __init__(self, folder: Path) -> None:
        self._options = ["--storage-driver", "vfs", "--root", str(folder / "images")]
        self._options += ["--runroot", str(folder / "run")]

    def __call__(self, *arguments: str) -> str:
        return run("buildah", *self._options, *arguments)

    @contextmanager
    def mounted(self, image: str) -> Iterator[Path]:
        """Make the file system of an image a folder for the length of a block."""
        name = self("from", f"localhost/{image}").strip()
        try:
            yield Path(self("mount", name).strip())
        finally:
            self("rm", name)

    def inside(self, image: str, *command: str) -> str:
        """Run a command in a new container of an image, as its user."""
        name = self("from", f"localhost/{image}").strip()
        try:
            return self("run", "--isolation", "chroot", name, "--", *command)
        finally:
            self("rm", name)


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """Both images, under the names of their stages."""
    folder = tmp_path_factory.mktemp("images")
    base = folder / "base"
    base.mkdir()
    packages = "python3,python3-pip,ca-certificates,tzdata"
    left_out = [f"--dpkgopt=path-exclude={path}/*" for path in SLIM]
    run(
        *("mmdebstrap", "--variant=minbase", f"--include={packages}", *left_out),
        *("trixie", str(base / "base.tar")),
    )
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", base)
    pip = Path("/etc/pip.conf")
    (base / "pip.conf").write_bytes(pip.read_bytes() if pip.exists() else b"")
    (base / "Containerfile").write_text(BASE)
    clone = folder / "clone"
    run("sh", "-c", f"umask 077 && git clone --quiet '{ROOT}' '{clone}'")
    build = Builder(folder)
    build("build", "--isolation", "chroot", "--tag", "localhost/fpp-base", str(base))
    for stage in OURS:
        build(
            *("build", "--isolation", "chroot", "--format", "docker"),
            *("--build-arg", "PYTHON=localhost/fpp-base", "--target", stage),
            *("--tag", f"localhost/{stage}", str(clone)),
        )
    yield build
    shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True)
class Deployment:
    """Both images as compose.yaml runs them, and the database that they copy."""

    dashboard: Container
    sync: Container
    networks: Mapping[str, Network]
    store: Path
    seconds: float
    """From the database's start until there was a store."""

    def proxy(self) -> AbstractContextManager[None]:
        """The network in which the dashboard listens."""
        return self.networks["dashboard"].inside()


def values_in_force(folder: Path, database: LiveDatabase) -> dict[str, dict[str, str]]:
    """Write .env as docs/deployment.md says; return what the program reads of it."""
    quoted = PASSWORD.replace("'", r"\'")
    (folder / ".env").write_text(
        f"ANALYTICS_SECRET_TOKEN={TOKEN}\nDB_PASSWORD='{quoted}'\nDB_USERNAME=odd\n"
        f"DB_HOST={database.server.host}\nDB_PORT={database.server.port}\n"
        f"DB_NAME={database.name}\n"
    )
    own = shutil.which("docker-compose")
    program = [own] if own else ["docker", "compose"]
    options = ["--file", str(ROOT / "compose.yaml"), "--env-file", str(folder / ".env")]
    services = yaml.safe_load(run(*program, *options, "config"))["services"]
    return {
        name: {
            key: str(value).replace("$$", "$")
            for key, value in services[name]["environment"].items()
        }
        for name in OURS
    }


@pytest.fixture(scope="module")
def deployment(
    builder: Builder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("deployment")
    volumes = {name: folder / name for name in ("store", "state")}
    for path in volumes.values():
        path.mkdir()
        os.chown(path, USER, USER)
    networks = {name: Network() for name in OURS}
    with ExitStack() as stack:
        stack.enter_context(networks["sync"].inside())
        server = stack.enter_context(running_server())
        database = server.create_database()
        database.fill_from_golden()
        database.execute("CREATE USER odd@'%' IDENTIFIED BY %s", (PASSWORD,))
        database.execute(f"GRANT SELECT ON `{database.name}`.* TO odd@'%'")
        server.kill()
        values = values_in_force(folder, database)
        ours = {
            name: stack.enter_context(
                container(
                    name,
                    stack.enter_context(builder.mounted(name)),
                    volumes,
                    networks[name],
                    **values[name],
                )
            )
            for name in OURS
        }
        time.sleep(8)
        assert not (volumes["store"] / "CURRENT").exists()
        server.start()
        began = time.monotonic()
        wait_until((volumes["store"] / "CURRENT").exists, "nothing was published")
        seconds = time.monotonic() - began
        yield Deployment(
            ours["dashboard"], ours["sync"], networks, volumes["store"], seconds
        )


@pytest.mark.parametrize("stage", OURS)
def test_an_image_says_who_runs_what_and_in_which_version(
    builder: Builder, stage: str
) -> None:
    described = json.loads(builder("inspect", "--type", "image", f"localhost/{stage}"))
    config = described["Docker"]["config"]
    assert config["User"] == "10001"
    assert config["Labels"]["org.opencontainers.image.version"]
    assert config["Healthcheck"]["Test"][1:] == json.loads(
        last(stage, "HEALTHCHECK").partition("CMD ")[2]
    )


@pytest.mark.parametrize("stage", OURS)
def test_its_user_can_read_everything_and_write_nothing(
    builder: Builder, stage: str
) -> None:
    closed = "find /app ! -readable -o -type d ! -executable | head"
    assert builder.inside(stage, "sh", "-c", closed) == ""
    writable = "find /app -writable ! -type l | head"
    assert builder.inside(stage, "sh", "-c", writable) == ""
    held = set(builder.inside(stage, "ls", "-A", "/app").split())
    assert held == {name.partition("/")[0] for name in copied(stage)} | {".venv"}


def test_each_has_what_it_imports_and_starts(builder: Builder) -> None:
    sync = builder.inside("sync", "python", "sync_job.py", "--help")
    assert "--verify" in sync
    missing = "import importlib.util as u; print([n for n in {} if u.find_spec(n)])"
    pages = ["streamlit", "altair", "pandas", "pyarrow", "numpy", "pip", "uv"]
    assert builder.inside("sync", "python", "-c", missing.format(pages)) == "[]\n"
    others = ["mysql", "pandas", "pydeck", "requests", "watchdog", "sync", "pip", "uv"]
    held = builder.inside("dashboard", "python", "-c", missing.format(others))
    assert held == "[]\n"
    imports = "import ui.layout, web.server, pyarrow; print('ok')"
    assert builder.inside("dashboard", "python", "-c", imports) == "ok\n"


@pytest.mark.parametrize("stage", OURS)
def test_an_image_is_no_larger_than_it_needs(builder: Builder, stage: str) -> None:
    command = "du -smx / 2>/dev/null || true"
    size = builder.inside(stage, "sh", "-c", command).split()[0]
    print(f"{stage}: {size} MB")  # noqa: T201 - the figure of this run
    assert int(size) <= LARGEST[stage]
    clutter = (
        "find / -xdev -path '*/site-packages/*' -name tests -o -name '*.pyi' | head"
    )
    assert builder.inside(stage, "sh", "-c", clutter) == ""


def test_a_store_is_there_soon_after_a_slow_database(deployment: Deployment) -> None:
    assert deployment.seconds < 30
    assert "Traceback" not in deployment.sync.execute("cat", "/data/CURRENT").stderr


def test_every_page_is_drawn_from_what_was_copied(deployment: Deployment) -> None:
    names = {path.stem for path in (ROOT / "pages").glob("*.py")} - {"main"}
    assert len(names) > 9
    with deployment.proxy(), visiting(URL, log_in(URL, TOKEN)) as visitor:
        failed = {name for name in names if visitor.open(name).failed}
        data = get(f"{URL}/api", headers={"Authorization": TOKEN}).json()["data"]
    assert not failed
    assert data["votes"]["total_votes"] == 2907


def test_health_is_0_and_1(deployment: Deployment) -> None:
    assert [deployment.dashboard.is_healthy(), deployment.sync.is_healthy()] == [
        True
    ] * 2
    os.kill(deployment.dashboard.pid, signal.SIGSTOP)
    assert not deployment.dashboard.is_healthy()
    os.kill(deployment.dashboard.pid, signal.SIGCONT)
    assert deployment.dashboard.is_healthy()
    published = deployment.store / "CURRENT"
    age = published.stat().st_mtime
    os.utime(published, (0, 0))
    assert not deployment.sync.is_healthy()
    os.utime(published, (age, age))


def test_a_store_that_root_restored_is_named_with_what_to_do(
    deployment: Deployment,
) -> None:
    run("chown", "--recursive", "root:root", str(deployment.store))
    done = deployment.sync.execute("python", "sync_job.py")
    run("chown", "--recursive", f"{USER}:{USER}", str(deployment.store))
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert f"chown -R {USER}" in said
    assert "Traceback" not in said
    assert deployment.sync.execute("python", "sync_job.py").returncode == 0


def test_after_sigkill_the_store_verifies(
    deployment: Deployment, builder: Builder
) -> None:
    deployment.sync.kill()
    with (
        builder.mounted("sync") as system,
        container(
            "sync",
            system,
            {"store": deployment.store},
            deployment.networks["sync"],
            **{
                name: value
                for name, value in deployment.sync.environ.items()
                if name in SERVICES["sync"]["environment"]
            },
        ) as again,
    ):
        before = (deployment.store / "CURRENT").stat().st_mtime_ns
        wait_until(
            lambda: (deployment.store / "CURRENT").stat().st_mtime_ns > before,
            "nothing was published again",
        )
        done = again.execute("python", "sync_job.py", "--verify")
        assert done.returncode == 0, done.stdout + done.stderr
        code, log = again.stop()
    assert code == 0
    assert PASSWORD not in log
    assert "Traceback" not in log


def test_the_dashboard_ends_when_it_is_asked_to(deployment: Deployment) -> None:
    # The last test here, since nothing runs afterwards.
    code, log = deployment.dashboard.stop()
    assert code == 0
    assert log.endswith('"msg": "stopped"}\n')
    assert "Traceback" not in log
    assert TOKEN not in log
