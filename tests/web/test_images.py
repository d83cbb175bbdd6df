"""Both images, built by the real builder from a clone that a strict umask made.

`make images` runs this, as root, where Debian has buildah and mmdebstrap installed. No
registry is needed: the base is assembled from Debian 13, which has the Python of the
Dockerfile.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from testkit.dashboard import ROOT
from tests.web.image_files import OURS, copied, last

TOOLS = ["buildah", "mmdebstrap", "dpkg"]
MISSING = [name for name in TOOLS if shutil.which(name) is None]
REASON = (
    "only `make images` builds them"
    if not os.environ.get("IMAGES")
    else f"not installed: {', '.join(MISSING)}"
    if MISSING
    else "not root"
    if os.geteuid() != 0
    else ""
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(bool(REASON), reason=REASON),
]
BASE = """
FROM scratch
ADD base.tar /
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY pip.conf /etc/pip.conf
ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \\
    PIP_BREAK_SYSTEM_PACKAGES=1 SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
RUN ln -s python3 /usr/bin/python && pip install --quiet --ignore-installed pip \\
    && dpkg --purge --force-depends python3-pip
"""
"""The official Python image, as far as the Dockerfile needs it: python and pip. A
machine's own certificates and pip settings let it build behind a proxy as well."""
LARGEST = {"dashboard": 800, "sync": 480}
"""MB: 726 and 429 were measured, of which the base is 180."""


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
    packages = "python3,python3-pip,ca-certificates"
    run(
        *("mmdebstrap", "--variant=minbase", f"--include={packages}"),
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
    pages = ["streamlit", "altair", "pandas", "pyarrow", "numpy", "pip"]
    assert builder.inside("sync", "python", "-c", missing.format(pages)) == "[]\n"
    others = ["mysql", "pydeck", "sync", "pip"]
    held = builder.inside("dashboard", "python", "-c", missing.format(others))
    assert held == "[]\n"
    imports = "import ui.layout, web.server, pandas, pyarrow; print('ok')"
    assert builder.inside("dashboard", "python", "-c", imports) == "ok\n"


@pytest.mark.parametrize("stage", OURS)
def test_an_image_is_no_larger_than_it_needs(builder: Builder, stage: str) -> None:
    command = "du -smx / 2>/dev/null || true"
    size = builder.inside(stage, "sh", "-c", command).split()[0]
    print(f"{stage}: {size} MB")  # noqa: T201 - the figure of this run
    assert int(size) < LARGEST[stage]
