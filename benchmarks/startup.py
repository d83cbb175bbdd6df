"""What it takes to start the dashboard, and to keep it and its visitors.

    python -m benchmarks.startup [DATA_DIR] [--runs 5] [--visitors 20]

Seconds from the start of the process until the server answers, until a first page is
whole, and until a browser with an empty cache has drawn it; seconds to import what the
pages share; milliseconds of `GET /api` over HTTP; memory of the server when idle, after
the first page, and for each further visitor who keeps a page open.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import astuple, dataclass
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

import simulation
from benchmarks.browser_timing import SCREEN, Tab
from core import clock
from testkit import chromium
from testkit.visitor import log_in, visiting

_IMPORTED = (
    "import time; t = time.perf_counter(); import ui.warm_up; import web.server; "
)
_IMPORTED += "print(time.perf_counter() - t)"
_MEGABYTE = 1_000_000
_ASKED = 9


@dataclass(frozen=True, slots=True)
class Start:
    """One start of the server; the fields are in the order of the table."""

    imports: float
    answers: float
    first_page: float
    drawn: float
    api_ms: float
    idle_mb: float
    used_mb: float
    visitor_mb: float


TITLES = (
    "import of what pages share, s",
    "process start until the server answers, s",
    "process start until the first page is whole, s",
    "process start until a browser with an empty cache has drawn it, s",
    "GET /api, fastest of nine, ms",
    "memory, idle after the start, MB",
    "memory after every page was opened, MB",
    "memory for each visitor with a page open, MB",
)


def start(data_dir: Path, visitors: int) -> Start:
    """Start a server, visit it, and look at its memory."""
    imports = _imports()
    began = time.perf_counter()
    with chromium.dashboard(data_dir) as server, ExitStack() as open_tabs:
        answers = time.perf_counter() - began
        idle = _memory(server.pid)
        cookie = log_in(server.url, chromium.TOKEN)
        asked = time.perf_counter()
        first = open_tabs.enter_context(visiting(server.url, cookie))
        first.open("")
        page = answers + time.perf_counter() - asked
        for name in ("traffic", "votes", "location", "insights", "data", ""):
            first.open(name)
        api = min(_api(server.url))
        used = _memory(server.pid)
        for _ in range(visitors):
            open_tabs.enter_context(visiting(server.url, cookie)).open("")
        each = (_memory(server.pid) - used) / visitors
    drawn = _drawn(data_dir)
    return Start(imports, answers, page, drawn, api, idle, used, each)


def _drawn(data_dir: Path) -> float:
    """Start a server, open it in a browser; return the seconds until it has drawn."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.CHROMIUM, args=chromium.FLAGS
        )
        page = browser.new_page(viewport=SCREEN)
        began = time.perf_counter()
        with chromium.dashboard(data_dir) as server:
            name, _, value = log_in(server.url, chromium.TOKEN).partition("=")
            page.context.add_cookies(
                [{"name": name, "value": value, "url": server.url}]
            )
            Tab(page, server.url).link("/", "Overview")
            seconds = time.perf_counter() - began
            browser.close()
    return seconds


def _api(url: str) -> Iterator[float]:
    """Yield the milliseconds of each answer over one connection."""
    headers = {"Authorization": f"Bearer {chromium.TOKEN}"}
    # A client of its own for each would take as long as the answer.
    with httpx.Client(headers=headers, timeout=60) as client:
        for _ in range(_ASKED):
            began = time.perf_counter()
            client.get(f"{url}/api").raise_for_status()
            yield (time.perf_counter() - began) * 1000


def _imports() -> float:
    said = subprocess.run(
        [sys.executable, "-c", _IMPORTED],
        cwd=chromium.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(said.stdout)


def _memory(pid: int) -> float:
    """Return the megabytes that a process uses."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = next(line for line in status if line.startswith("VmRSS:")).split()[1]
    return int(kilobytes) * 1024 / _MEGABYTE


def main() -> None:
    """Print the median of several starts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data_dir", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--visitors", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.data_dir is None:
            simulation.write(Path(folder), clock.now())
        data_dir = options.data_dir or Path(folder)
        found = [start(data_dir, options.visitors) for _ in range(options.runs)]
    print(f"| what | median of {options.runs} | range |\n| --- | --: | --: |")
    for title, values in zip(
        TITLES, zip(*map(astuple, found), strict=True), strict=True
    ):
        spread = f"{min(values):.1f}–{max(values):.1f}"
        print(f"| {title} | {statistics.median(values):.1f} | {spread} |")


if __name__ == "__main__":
    main()
