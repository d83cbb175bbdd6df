"""How long metrics and pages take at 1, 10 and 100 times today's data.

    python -m benchmarks.metrics [FOLDER] [--scales 1 10 100] [--only page] [--publish]

Everything is computed from Parquet each time. FOLDER keeps the stores (written by
`benchmarks.stores` where missing) and the figures. Each query runs in its own process;
DuckDB answers the reference metrics on the same files in the same run, and a
difference between the two ends the run. `--publish` writes the tables and the chart
into the repository; `--report` measures nothing and prints what is kept.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.duckdb import USER_COLUMNS
from benchmarks.isolated_run import Taken
from benchmarks.report import RESULTS, keep, kept, report, save_chart
from benchmarks.stores import SCALES, stores
from testkit.measurement import ROOT
from testkit.queries import names

CHART = ROOT / "docs" / "images" / "speed.svg"
_RUNS = {1: 15, 10: 9}
_FEWER = 7


def measure_all(
    store: Path, scale: int, only: Sequence[str]
) -> Iterator[tuple[str, Taken]]:
    """Measure queries on one store; end the run where answers differ."""
    together, *others = names()
    asked = (together, *USER_COLUMNS, *others)
    for name in [n for n in asked if not only or n.startswith(tuple(only))]:
        one = isolated(store, name, _RUNS.get(scale, _FEWER))
        print(f"{scale:4}×  {one.median * 1000:9.1f} ms  {name}", flush=True)
        if one.differs:
            raise SystemExit(f"DuckDB answers differently: {', '.join(one.differs)}")
        yield name, one


def isolated(store: Path, name: str, runs: int) -> Taken:
    """Measure one query in its own process."""
    command = [sys.executable, "-m", "benchmarks.isolated_run", str(store), name]
    done = subprocess.run(
        [*command, "--runs", str(runs)], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return Taken(**json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / ".bench")
    parser.add_argument("--scales", type=int, nargs="+", default=SCALES)
    parser.add_argument("--only", nargs="+", default=(), help="how queries begin")
    parser.add_argument("--report", action="store_true", help="measure nothing")
    parser.add_argument("--publish", action="store_true", help="write the tables")
    flags = parser.parse_args()
    if not flags.report:
        for scale, store in stores(flags.folder, flags.scales).items():
            for name, one in measure_all(store, scale, flags.only):
                keep(flags.folder, scale, name, one)
    results = kept(flags.folder)
    text = report(results)
    print(text)
    if flags.publish:
        (RESULTS / "metrics.md").write_text(f"# Metrics and pages\n\n{text}")
        save_chart(results, CHART)


if __name__ == "__main__":
    main()
