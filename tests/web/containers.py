"""The containers of compose.yaml as plain processes, where no engine is at hand.

The Dockerfile says what is in an image, the composition how it runs; namespaces,
mounts and users of the kernel do the rest. Needs root.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from testkit.dashboard import LONGEST_WAIT, ROOT
from tests.web.image_files import SERVICES, copied, instructions, last, variables

UNSHARE = ("unshare", "--mount", "--pid", "--ipc", "--uts", "--fork")
USER = "setpriv --reuid=10001 --regid=10001 --clear-groups --bounding-set=-all "
USER += "--inh-caps=-all --no-new-privs"


def what_is_missing() -> str:
    """Return why containers cannot be made here; "" when they can."""
    if os.geteuid() != 0:
        return "namespaces and mounts need root; CI runs this test with sudo"
    tried = subprocess.run(
        [*UNSHARE, "--net", "mount", "-t", "tmpfs", "probe", "/mnt"],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"this kernel makes no namespaces: {tried.stderr}" if tried.stderr else ""


class Network:
    """A network that nothing is connected to but who is started inside."""

    def __init__(self) -> None:
        home = _network_of_this_thread()
        os.unshare(os.CLONE_NEWNET)
        self._file = _network_of_this_thread()
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        os.setns(home, os.CLONE_NEWNET)
        os.close(home)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Let this thread, and what it starts, live in the network for a while."""
        home = _network_of_this_thread()
        os.setns(self._file, os.CLONE_NEWNET)
        try:
            yield
        finally:
            os.setns(home, os.CLONE_NEWNET)
            os.close(home)


def _network_of_this_thread() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY)


def build(stage: str, folder: Path) -> Path:
    """Make what `docker build --target` puts into /app; return the folder."""
    app = folder / stage / "app"
    app.mkdir(parents=True)
    for name in copied(stage) | {"pyproject.toml", "uv.lock"}:
        (app / name).parent.mkdir(exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, app / name)
        else:
            shutil.copy(ROOT / name, app / name)
    # What follows the installation only makes the image smaller.
    command = last(f"build-{stage}", "RUN").partition("&&")[0]
    program, *arguments = shlex.split(command)
    assert program == "uv"
    # The programs of an environment name their Python by path: here it is moved.
    _uv(app, "venv", "--relocatable")
    _uv(app, *arguments)
    # The Dockerfile too: a strict umask closes the clone's files to other users.
    subprocess.run(["chmod", "-R", "a+rX", str(app)], check=True)
    return app


def _uv(folder: Path, *arguments: str) -> None:
    own = {"UV_PYTHON": sys.executable}
    kept = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    command = [str(ROOT / "scripts" / "uv"), *arguments, "--quiet"]
    subprocess.run(command, cwd=folder, env=kept | own, check=True)


@dataclass(slots=True)
class Container:
    """A running service."""

    service: str
    process: subprocess.Popen[str]
    environ: Mapping[str, str]

    @property
    def pid(self) -> int:
        """The first process inside, as seen from here."""
        task = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return int(Path(task).read_text().split()[0])

    def execute(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command inside, as the container's user."""
        enter = ["nsenter", f"--target={self.pid}", "--mount", "--pid", "--net"]
        enter += ["--ipc", "--uts", "--root", "--wd", "--", *shlex.split(USER)]
        return subprocess.run(
            [*enter, "env", "-i", *_pairs(self.environ), *command],
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_WAIT,
        )

    def python(self, code: str) -> str:
        """Run Python inside; return what it prints, or its last line of trouble."""
        done = self.execute("python", "-c", code)
        return (done.stdout or done.stderr).strip().rpartition("\n")[2]

    def is_healthy(self) -> bool:
        """Run the image's HEALTHCHECK."""
        command = last(self.service, "HEALTHCHECK").partition("CMD ")[2]
        return self.execute(*json.loads(command)).returncode == 0

    def kill(self) -> None:
        """End it at once: the first process inside takes all others with it."""
        os.kill(self.pid, signal.SIGKILL)
        self.process.wait(timeout=LONGEST_WAIT)

    def stop(self) -> tuple[int, str]:
        """Ask it to end, as an engine does; return exit code and log."""
        os.kill(self.pid, signal.SIGTERM)
        log, _ = self.process.communicate(timeout=LONGEST_WAIT)
        return self.process.returncode, log


@contextmanager
def container(
    service: str,
    files: Path,
    volumes: Mapping[str, Path],
    network: Network,
    **settings: str,
) -> Iterator[Container]:
    """Run a service of the composition until the end of the block.

    `files` is the file system of an image, or what it would have in /app: then its
    programs are those of this machine. Volumes without a folder stay empty.
    """
    described = SERVICES[service]
    assert settings.keys() <= described["environment"].keys()
    environ = variables(service) | settings
    environ["PATH"] = "/app/.venv/bin:/usr/local/bin:/usr/bin:/bin"
    root = Path(mkdtemp(prefix="fpp-root-"))
    system = files if (files / "usr").is_dir() else Path("/")
    script = [str(ROOT / "tests" / "web" / "container.sh"), str(root), str(system)]
    script += [str(files), sys.base_prefix, *_mounts(described["volumes"], volumes)]
    script += ["--", "-i", *_pairs(environ)]
    with network.inside():
        process = subprocess.Popen(
            [*UNSHARE, *script, *_command(service)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    running = Container(service, process, environ)
    try:
        yield running
    finally:
        if process.poll() is None:
            running.kill()
        process.communicate(timeout=LONGEST_WAIT)
        root.rmdir()


def _mounts(described: Sequence[str], volumes: Mapping[str, Path]) -> Iterator[str]:
    """Yield FOLDER:PATH:MODE of the volumes that a service has."""
    for volume in described:
        name, path, *mode = volume.split(":")
        if name in volumes:
            yield ":".join((str(volumes[name]), path, *(mode or ["rw"])))


def _command(service: str) -> list[str]:
    """Return the image's entry point with its usual arguments."""
    said = dict(instructions(service))
    texts = [said[name] for name in ("ENTRYPOINT", "CMD") if name in said]
    return [word for text in texts for word in json.loads(text)]


def _pairs(environ: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in environ.items()]
