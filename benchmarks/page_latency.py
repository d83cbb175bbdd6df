"""How long a visitor waits for each page, beside an empty Streamlit page.

    python -m benchmarks.page_latency [DATA_DIR] [--runs 7] [--pages Overview Votes]
    python -m benchmarks.page_latency --beside ../before    # of another checkout
    python -m benchmarks.page_latency --away Overview       # where clicks come from

For every page, each the median of its runs after a first one: the run of its script
(from the request until the last message, over the real websocket), and in Chromium
with a warm cache, until all charts are drawn: a click in the navigation, and a link
opened in a tab. Without DATA_DIR a demo history is drawn.

Clicks come from the Data page, the slowest to leave: it has no period bar that
the next page could keep. With `--away` they come from another.

Beside another checkout, in whose folder `make setup` has run, clicks and links are
measured turn by turn, so that a busy machine is as busy for either. Both dashboards
show the same files, at the real time.
"""

import argparse
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import altair as alt
import polars as pl
import streamlit as st

import simulation
from benchmarks.browser_timing import RESTS, Tab, Times, tab, tabs
from core import clock
from store.reader import open_store
from testkit import chromium
from testkit.ports import free_port
from testkit.visitor import log_in, visiting

PAGES = {
    "Overview": "",
    "Traffic": "traffic",
    "Votes": "votes",
    "Behaviour": "behaviour",
    "Location": "location",
    "Historical": "historical",
    "Returning": "returning",
    "Room": "room?room=1",
    "Insights": "insights",
    "Data": "data",
}
"""Title → path and query, as a visitor finds them."""
EMPTY = chromium.ROOT / "benchmarks" / "empty_app.py"
_ROW = "| {:10} | {:>6} | {:>15} | {:>15} | {:>7} | {:>15} |"


@dataclass(frozen=True, slots=True)
class Felt:
    """What one page took, in milliseconds."""

    script: Times | None
    click: Times
    link: Times
    charts: int

    def row(self, name: str, empty: "Felt") -> str:
        """Return a line of the table."""
        ratio = f"{self.click.median / empty.click.median:.1f}"
        script = str(self.script or "–")
        shown = name, self.charts, script, str(self.click), ratio, str(self.link)
        return _ROW.format(*shown)


def watch(tab: Tab, title: str, path: str, away: str, runs: int) -> Felt:
    """Measure one page in Chromium; `away` is where its clicks come from."""

    def link() -> float:
        tab.rest()
        return tab.link(f"/{path}", title)

    def click() -> float:
        tab.rest()
        tab.click(away)
        tab.rest()
        return tab.click(title)

    links = Times.of(runs, link)
    return Felt(None, Times.of(runs, click), links, tab.charts())


def scripts(server: chromium.Server, runs: int, names: list[str]) -> dict[str, Times]:
    """Measure the run of each page's script, a visitor at a time."""
    cookie = log_in(server.url, chromium.TOKEN)

    def one(page: str, query: str) -> Times:
        with visiting(server.url, cookie) as visitor:

            def run() -> float:
                time.sleep(RESTS)
                return visitor.open(page, query).seconds * 1000

            return Times.of(runs, run)

    return {name: one(*PAGES[name].partition("?")[::2]) for name in names}


def _away(name: str, away: str) -> str:
    """Return where clicks on a page come from: never from the page itself."""
    if name != away:
        return away
    return "Data" if away != "Data" else "Overview"


def felt(data_dir: Path, runs: int, names: list[str], away: str) -> Iterator[str]:
    """Yield the lines of the table, as they are found."""
    yield _ROW.format("page", "charts", "script ms", "click ms", "× empty", "link ms")
    yield "| --- | --: | --: | --: | --: | --: |"
    with chromium.serving(EMPTY) as server, tab(server, log_in=False) as there:
        empty = watch(there, "Second", "second", "First", runs)
    yield empty.row("empty", empty)
    with chromium.dashboard(data_dir) as server:
        taken = scripts(server, runs, names)
        with tab(server) as there:
            for name in names:
                seen = watch(there, name, PAGES[name], _away(name, away), runs)
                yield Felt(taken[name], seen.click, seen.link, seen.charts).row(
                    name, empty
                )


def beside(
    data_dir: Path, checkout: Path, runs: int, names: list[str], away: str
) -> Iterator[str]:
    """Yield the lines of the table of two checkouts, as they are found."""
    yield "| page | click ms, here | there | link ms, here | there |"
    yield "| --- | --: | --: | --: | --: |"
    with (
        _running(chromium.ROOT, data_dir) as here,
        _running(checkout, data_dir) as there,
        tabs(here, there) as both,
    ):
        for name in names:
            found: dict[str, list[list[float]]] = {"link": [[], []], "click": [[], []]}
            # The first of each is not measured.
            for _ in range(runs + 1):
                for each, one in enumerate(both):
                    one.rest()
                    found["link"][each].append(one.link(f"/{PAGES[name]}", name))
            for _ in range(runs + 1):
                for each, one in enumerate(both):
                    one.rest()
                    one.click(_away(name, away))
                    one.rest()
                    found["click"][each].append(one.click(name))
            times = [Times(of[1:]) for kind in ("click", "link") for of in found[kind]]
            yield f"| {name} | {' | '.join(map(str, times))} |"


@contextmanager
def _running(checkout: Path, data_dir: Path) -> Iterator[chromium.Server]:
    """Run the dashboard of a checkout, with the packages that it locks."""
    port, python = free_port(), checkout.resolve() / ".venv" / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"There is no {python}. Run `make setup` in {checkout}.")
    with tempfile.NamedTemporaryFile() as log:
        process = subprocess.Popen(
            [python, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
            cwd=checkout,
            env={
                **os.environ,
                "DATA_DIR": str(data_dir.resolve()),
                "ANALYTICS_SECRET_TOKEN": chromium.TOKEN,
            },
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            chromium.wait_until_up(url, process)
            yield chromium.Server(url, process.pid, Path(log.name))
        finally:
            process.terminate()
            process.wait(20)


def described(data_dir: Path, runs: int) -> str:
    """Return what was measured on what."""
    snapshot = open_store(data_dir)
    rows = sum(info.rows for info in snapshot.tables.values())
    version = subprocess.run(
        [chromium.CHROMIUM, "--version"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return (
        f"{rows:,} rows, {snapshot.bytes / 1e6:.1f} MB of Parquet; "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, "
        f"Streamlit {st.__version__}, Altair {alt.__version__}, "
        f"Polars {pl.__version__}, {version}; median (range) of {runs} runs"
    )


@contextmanager
def _data(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory() as folder:
        simulation.write(Path(folder), clock.now())
        yield Path(folder)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data_dir", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--pages", nargs="*", choices=PAGES, default=list(PAGES))
    parser.add_argument("--beside", type=Path, metavar="CHECKOUT")
    parser.add_argument("--away", choices=PAGES, default="Data")
    options = parser.parse_args()
    with _data(options.data_dir) as data_dir:
        print(described(data_dir, options.runs))
        lines = (
            felt(data_dir, options.runs, options.pages, options.away)
            if options.beside is None
            else beside(
                data_dir, options.beside, options.runs, options.pages, options.away
            )
        )
        for line in lines:
            print(line, flush=True)


if __name__ == "__main__":
    main()
