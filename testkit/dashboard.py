"""Servers for tests: the dashboard as a process, and parts of it in this one."""

import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import uvicorn
from starlette.types import ASGIApp

from testkit.fixed_clock import GOLDEN_NOW, started_at
from web.auth.sessions import COOKIE

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden"
TOKEN = "correct-horse-battery-staple"  # noqa: S105 - the token of test servers

# Everything here is plain HTTP; loading certificates for each request is slow.
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
# An answer that takes long on a busy machine is no fault: httpx gives up after 5 s.
LONGEST_WAIT = 60
"""Seconds that a test waits for an answer or a start before it fails."""
get = partial(httpx.get, verify=_NO_CERTIFICATES, timeout=LONGEST_WAIT)
post = partial(httpx.post, verify=_NO_CERTIFICATES, timeout=LONGEST_WAIT)
client = partial(httpx.Client, verify=_NO_CERTIFICATES, timeout=LONGEST_WAIT)


@dataclass(slots=True)
class Dashboard:
    """A running `streamlit run app.py`."""

    process: subprocess.Popen[str]
    printed: str
    """What it said up to its address."""

    @property
    def link(self) -> str:
        """The address that it printed."""
        return str(re.findall(r"http\S+", self.printed)[-1])

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        parts = httpx.URL(self.link)
        return f"{parts.scheme}://{parts.host}:{parts.port}"

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """End the process; return its exit code and what else it said."""
        self.process.send_signal(how)
        said, _ = self.process.communicate(timeout=LONGEST_WAIT)
        return self.process.returncode, said


def start_dashboard(
    variables: Mapping[str, str],
    *options: str,
    folder: Path = ROOT,
    before: str = "",
) -> subprocess.Popen[str]:
    """Start the dashboard on a free port, with these variables and no others.

    Its clock is stopped at the time of the golden data. `before` is Python that runs
    first, in the same process.
    """
    names = ("PATH", "HOME", "STATE_DIR")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    clock = started_at(GOLDEN_NOW)
    start = f"{clock}\n{before}\nfrom streamlit.web.cli import main\nmain()"
    return subprocess.Popen(
        [
            *(sys.executable, "-c", start, "run", str(ROOT / "app.py")),
            *("--server.port", "0", *options),
        ],
        cwd=folder,
        env={**kept, "DATA_DIR": str(GOLDEN), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def dashboard(
    variables: Mapping[str, str],
    *options: str,
    folder: Path = ROOT,
    before: str = "",
) -> Iterator[Dashboard]:
    """Run the dashboard; yield it once it answers."""
    process = start_dashboard(variables, *options, folder=folder, before=before)
    try:
        running = Dashboard(process, _read_until_address(process))
        _wait_for(running.link)
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=LONGEST_WAIT)


def _read_until_address(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    text = ""
    for line in iter(process.stdout.readline, ""):
        text += line
        if re.search(r"http\S+\n", text):
            return text
    raise AssertionError(f"it ended without an address:\n{text}")


def _wait_for(link: str) -> None:
    def answers() -> bool:
        try:
            get(httpx.URL(link).join("/no-session"), timeout=2)
        except httpx.TransportError:
            return False
        return True

    wait_until(answers, f"{link} does not answer")


def session_of(cookies: Mapping[str, str]) -> str:
    """Return the session among cookies; the name of its cookie ends with the port."""
    return next(value for name, value in cookies.items() if name.startswith(COOKIE))


def wait_until(is_so: Callable[[], object], otherwise: str) -> None:
    """Ask again and again until something is so; fail when it takes too long."""
    deadline = time.monotonic() + LONGEST_WAIT
    while not is_so():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an ASGI app over real HTTP from this process; yield its address."""
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=LONGEST_WAIT)
