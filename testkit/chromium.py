"""Driving the real dashboard in Chromium: start it, log in, wait until drawn."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from shutil import which
from tempfile import NamedTemporaryFile

from httpx import TransportError
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    TimeoutError,  # noqa: A004 - Playwright's name for its own
    sync_playwright,
)

from testkit.dashboard import get
from testkit.fixed_clock import NOW, started_at
from testkit.ports import free_port

ROOT = Path(__file__).parent.parent
TOKEN = "a-token-for-tests"  # noqa: S105 - of servers that tests start
CHROMIUM = (
    which("chromium") or which("chromium-browser") or which("google-chrome") or ""
)
"""Where the browser is; `make tools` installs it. Not chromium-headless-shell: it takes
a third less time and breaks lines and moves the focus in other places."""
PATIENCE = 60_000
"""Milliseconds that a busy machine may take to draw a page."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SPARING = [
    "--disable-site-isolation-trials",
    "--renderer-process-limit=1",
    "--js-flags=--no-maglev --no-opt --no-flush-bytecode --min-semi-space-size=32",
]
"""For tests: Chromium starts a process for each page that follows an empty one, which
compiles Streamlit's scripts again, and that takes 40% of a page's processor time.
Scripts that run for a second are not worth what it takes to optimise them, nor is
their code worth forgetting, or their memory clearing up so often: another 15%. Not for
benchmarks, since few users' browsers do so."""
DRAWN = """() => {
  const app = document.querySelector('[data-testid=stApp]');
  if (!app || app.dataset.testConnectionState !== 'CONNECTED') return false;
  if (app.dataset.testScriptState !== 'notRunning') return false;
  const unfinished = '[data-testid=stSkeleton], [data-stale=true]';
  if (!document.querySelector('h1') || document.querySelector(unfinished)) return false;
  const charts = [...document.querySelectorAll('[data-testid=stVegaLiteChart]')];
  return charts.every(chart => chart.querySelector('svg.marks'));
}"""
"""True once the page has its title and every chart its marks."""
ANSWERED = "(typeof fpp === 'undefined' || fpp.isInAddress?.())"
"""Whether a page of the dashboard has the answer to the last act: what is there before
that is sent is drawn as well."""
UNDRAWN = """() => {
  const app = document.querySelector('[data-testid=stApp]');
  if (!app) return `no app at ${location}: ${document.body.innerText.slice(0, 200)}`;
  const all = rule => [...document.querySelectorAll(rule)];
  const charts = all('[data-testid=stVegaLiteChart]');
  return [
    `connection ${app.dataset.testConnectionState}`,
    `script ${app.dataset.testScriptState}`,
    document.querySelector('h1') ? '' : 'no title',
    ANSWERED ? '' : 'an act without an answer',
    ...all('[data-testid=stSkeleton], [data-stale=true]')
      .map(part => `unfinished ${part.dataset.testid}`),
    ...charts.filter(chart => !chart.querySelector('svg.marks'))
      .map(chart => `no marks in ${chart.ariaLabel}`),
    ...all('[data-testid=stException], [data-testid=stAlert], [role=dialog]')
      .map(part => part.innerText),
  ].filter(Boolean).join('; ');
}""".replace("ANSWERED", ANSWERED)
"""What keeps a page from being drawn, in words."""


@dataclass(frozen=True)
class Server:
    """A running dashboard."""

    url: str
    pid: int
    log: Path
    """What it writes to standard error."""


@contextmanager
def dashboard(data_dir: Path, now: datetime = NOW, **environ: str) -> Iterator[Server]:
    """Start the dashboard with its clock stopped; stop it by process id."""
    environ = {"DATA_DIR": str(data_dir), "ANALYTICS_SECRET_TOKEN": TOKEN, **environ}
    with serving(ROOT / "app.py", environ, now) as server:
        yield server


@contextmanager
def serving(
    script: Path, environ: Mapping[str, str] | None = None, now: datetime = NOW
) -> Iterator[Server]:
    """Run a Streamlit script with our clock stopped; end it by process id."""
    start = f"{started_at(now)}\nfrom streamlit.web.cli import main\nmain()"
    port = free_port()
    with NamedTemporaryFile() as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-c", start, "run", str(script)),
                *("--server.port", str(port)),
            ],
            cwd=ROOT,
            env={**os.environ, **(environ or {})},
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_up(url, process)
            yield Server(url, process.pid, Path(log.name))
        finally:
            process.terminate()
            process.wait(60)
            sys.stderr.write(Path(log.name).read_text())


def wait_until_up(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until a server that was started answers; fail once it has ended."""
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            get(f"{url}/health", timeout=2)
        except TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start within a minute")


@contextmanager
def browsing() -> Iterator[Browser]:
    """Run Chromium for tests; see SPARING."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, *SPARING]
        )
        yield browser
        browser.close()


def at_rest(browser: Browser, **options: object) -> BrowserContext:
    """Return a new browser context in which Streamlit's skeletons do not move.

    Users who want less motion see them so. Moving, they are painted 60 times a second,
    a third of the processor time of loading a page. A flag for Chromium does nothing:
    Playwright tells each page otherwise.
    """
    options = {"reduced_motion": "reduce", **options}
    return browser.new_context(**options)  # type: ignore[arg-type]  # passed on


def logged_in(browser: Browser, server: Server, **options: object) -> BrowserContext:
    """Return a new browser context at rest that has logged in."""
    context = at_rest(browser, **options)
    context.set_default_timeout(PATIENCE)
    log_in(context, server)
    return context


def log_in(context: BrowserContext, server: Server) -> None:
    """Log in by the request that the form sends.

    The form would begin to load a page, which takes two seconds of a core.
    `tests/web/test_session_end.py` fills it in.
    """
    answer = context.request.post(
        f"{server.url}/login", form={"token": TOKEN}, max_redirects=0
    )
    if answer.status != HTTPStatus.SEE_OTHER:
        raise RuntimeError(f"the login answered {answer.status}: {answer.text()}")


def wait_until_drawn(page: Page) -> None:
    """Wait for the title and all charts; twice, since a rerun may follow."""
    wait_once_until_drawn(page)
    page.wait_for_timeout(250)
    wait_once_until_drawn(page)


def wait_once_until_drawn(page: Page, patience: float = PATIENCE) -> None:
    """Wait for the title and all charts; fail with what is missing."""
    # Asked at each frame, as Playwright does, Chromium draws 60 frames a second for it.
    try:
        done = f"() => {ANSWERED} && ({DRAWN})()"
        page.wait_for_function(done, timeout=patience, polling=50)
    except TimeoutError as error:
        raise AssertionError(f"not drawn: {page.evaluate(UNDRAWN)}") from error
