"""How long a visitor waits for each page, beside an empty Streamlit page.

    python -m benchmarks.page_latency [DATA_DIR] [--runs 7] [--pages Overview Votes]

For every page, each the median of its runs after a first one: the run of its script
(from the request until the last message, over the real websocket), and in Chromium
with a warm cache, until all charts are drawn: a click in the navigation, coming from
the Data page, and a link opened in a tab. Without DATA_DIR a demo history is drawn.
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
from benchmarks.browser_timing import RESTS, Tab, Times, tab
from core import clock
from store.reader import open_store
from testkit import chromium
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


def felt(data_dir: Path, runs: int, names: list[str]) -> Iterator[str]:
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
                away = "Data" if name != "Data" else "Overview"
                seen = watch(there, name, PAGES[name], away, runs)
                yield Felt(taken[name], seen.click, seen.link, seen.charts).row(
                    name, empty
                )


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
    options = parser.parse_args()
    with _data(options.data_dir) as data_dir:
        print(described(data_dir, options.runs))
        for line in felt(data_dir, options.runs, options.pages):
            print(line, flush=True)


if __name__ == "__main__":
    main()
