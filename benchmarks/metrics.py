"""How long metrics and pages take at 1, 10 and 100 times today's data.

    python -m benchmarks.metrics [FOLDER] [--scales 1 10 100] [--only page] [--docs]

Everything is computed from Parquet each time. FOLDER keeps the stores (written by
`benchmarks.stores` where missing) and the figures. Each question runs in a process of
its own; DuckDB answers the reference metrics on the same files in the same run, and
a difference between the two ends the run. `--docs` writes the report into the
documentation; `--report` measures nothing and prints what is kept.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import chart
from benchmarks.measured import ROOT
from benchmarks.one import Taken
from benchmarks.questions import RIVALS, names
from benchmarks.report import report
from benchmarks.results import keep, kept
from benchmarks.stores import SCALES, stores

DOCS = ROOT / "docs" / "speed.md"
CHART = ROOT / "docs" / "images" / "speed.svg"
_BEGIN, _END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
_RUNS = {1: 15, 10: 9}
_FEWER = 7


def measure_all(
    store: Path, scale: int, only: Sequence[str]
) -> Iterator[tuple[str, Taken]]:
    """Measure questions on one store; end the run where answers differ."""
    together, *others = names()
    asked = (together, *RIVALS, *others)
    for name in [n for n in asked if not only or n.startswith(tuple(only))]:
        one = _in_own_process(store, name, _RUNS.get(scale, _FEWER))
        print(f"{scale:4}×  {one.median * 1000:9.1f} ms  {name}", flush=True)
        if one.differs:
            raise SystemExit(f"DuckDB answers differently: {', '.join(one.differs)}")
        yield name, one


def _in_own_process(store: Path, name: str, runs: int) -> Taken:
    command = [sys.executable, "-m", "benchmarks.one", str(store), name]
    done = subprocess.run(
        [*command, "--runs", str(runs)], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return Taken(**json.loads(done.stdout.splitlines()[-1]))


def write_docs(text: str) -> None:
    """Put the report between the marks of the documentation."""
    before, _, rest = DOCS.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    DOCS.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / ".bench")
    parser.add_argument("--scales", type=int, nargs="+", default=SCALES)
    parser.add_argument("--only", nargs="+", default=(), help="how questions begin")
    parser.add_argument("--report", action="store_true", help="measure nothing")
    parser.add_argument("--docs", action="store_true", help="write the documentation")
    flags = parser.parse_args()
    if not flags.report:
        for scale, store in stores(flags.folder, flags.scales).items():
            for name, one in measure_all(store, scale, flags.only):
                keep(flags.folder, scale, name, one)
    results = kept(flags.folder)
    text = report(results)
    print(text)
    if flags.docs:
        write_docs(text)
        chart.save(results, CHART)


if __name__ == "__main__":
    main()
