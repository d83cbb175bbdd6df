"""Measured figures: kept as JSON, compared with the targets, written as tables."""

import json
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import altair as alt
import duckdb
import polars as pl

from benchmarks.duckdb import DUCKDB, USER_COLUMNS
from benchmarks.isolated_run import Taken
from testkit.queries import PAGE, ROOM, TOGETHER

type Results = Mapping[int, Mapping[str, Taken]]
"""Scale → query → what it took."""

RESULTS = Path(__file__).parent / "results"
"""The tables of the last published measurement, one file a benchmark."""
TODAY, LARGE = 1, 100
_KEPT = "results.json"
_COLOURS = {
    TOGETHER: "#2563eb",
    "the same in DuckDB": "#b45309",
    "slowest page": "#0f766e",
    ROOM: "#6b7280",
}


def keep(folder: Path, scale: int, name: str, taken: Taken) -> None:
    """Write the figures of one query beside the stores; those of others stay."""
    path = folder / _KEPT
    held = json.loads(path.read_text()) if path.exists() else {}
    held.setdefault(str(scale), {})[name] = asdict(taken)
    path.write_text(json.dumps(held, indent=1))


def kept(folder: Path) -> Results:
    """Read what was measured, smallest scale first."""
    held = json.loads((folder / _KEPT).read_text())
    return {
        int(scale): {name: Taken(**one) for name, one in held[scale].items()}
        for scale in sorted(held, key=int)
    }


def duckdb_median(results: Results, scale: int, name: str) -> float | None:
    """Return DuckDB's seconds for the same query, where it was asked."""
    measured = results[scale].get(DUCKDB)
    if measured is None:
        return None
    if name == TOGETHER:
        return measured.median
    runs = (measured.parts or {}).get(name)
    return runs[len(runs) // 2] if runs else None


def growth(results: Results, name: str) -> Iterator[float]:
    """Yield how many times longer each scale takes than the one before."""
    for before, after in pairwise(results):
        yield results[after][name].median / results[before][name].median


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that must not exceed its limit, on two cores."""

    title: str
    limit: float
    unit: str
    value: Callable[[Results], float]

    def line(self, results: Results) -> tuple[str, str, str, str]:
        """Return the title, the limit, what was measured, and yes or no."""
        value = self.value(results)
        return (
            self.title,
            f"{self.limit:.4g} {self.unit}",
            f"{value:.4g} {self.unit}",
            "yes" if value <= self.limit else "**no**",
        )


def _ms(name: str, scale: int) -> Callable[[Results], float]:
    return lambda results: results[scale][name].median * 1000


def _slowest_page(scale: int) -> Callable[[Results], float]:
    return lambda results: max(
        taken.median * 1000
        for name, taken in results[scale].items()
        if name.startswith(PAGE)
    )


def _against_duckdb(results: Results) -> float:
    other = duckdb_median(results, LARGE, TOGETHER)
    return results[LARGE][TOGETHER].median / other if other else float("inf")


def _peak_gb(results: Results) -> float:
    ours = (t.peak_mb for n, t in results[LARGE].items() if n not in USER_COLUMNS)
    return max(ours) / 1000


def _steepest(results: Results) -> float:
    """Growth from 10 to 100 times: below that, fixed costs hide it."""
    return [*growth(results, TOGETHER)][-1]


TARGETS = (
    Target("all reference metrics, 1×", 25, "ms", _ms(TOGETHER, TODAY)),
    Target("all reference metrics, 100×", 900, "ms", _ms(TOGETHER, LARGE)),
    Target("slowest page, 1×", 25, "ms", _slowest_page(TODAY)),
    Target("slowest page, 100×", 400, "ms", _slowest_page(LARGE)),
    Target("a room, 1×", 10, "ms", _ms(ROOM, TODAY)),
    Target("a room, 100×", 30, "ms", _ms(ROOM, LARGE)),
    Target("share of DuckDB's time, 100×", 1 / 3, "", _against_duckdb),
    Target("largest peak memory, 100×", 1.0, "GB", _peak_gb),
    Target("growth of all together, 10× to 100×", 10, "times", _steepest),
)


def report(results: Results) -> str:
    """Return everything that was measured, as Markdown."""
    parts = [machine()]
    if {TODAY, 10, LARGE} <= results.keys():
        met = [target.line(results) for target in TARGETS]
        parts.append(table(("Target", "at most", "measured", "met"), met))
    parts += [_median_table(results), *(_detail(results, s) for s in results)]
    return "\n\n".join(parts) + "\n"


def machine() -> str:
    """Return where and with what this was measured."""
    return (
        f"{os.cpu_count()} cores ({_processor()}), {_memory_gb():.0f} GB; "
        f"Python {platform.python_version()}, Polars {pl.__version__}, "
        f"DuckDB {duckdb.__version__}, {platform.system()} {platform.release()}."
    )


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text()
    names = [line for line in text.splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def _median_table(results: Results) -> str:
    """Medians at every scale, growth between them, and DuckDB at the largest."""
    scales = [*results]
    head = [
        "Query",
        *(f"{scale}× ms" for scale in scales),
        *(f"×{b // a} data" for a, b in pairwise(scales)),
        *(f"DuckDB {scale}× ms" for scale in scales),
        f"ours / DuckDB, {scales[-1]}×",
    ]
    first, *others = results.values()
    everywhere = [name for name in first if all(name in taken for taken in others)]
    ours = [name for name in everywhere if name not in USER_COLUMNS]
    return table(head, [_medians(results, name) for name in ours])


def _medians(results: Results, name: str) -> Sequence[str]:
    other = [duckdb_median(results, scale, name) for scale in results]
    last = [*results.values()][-1][name].median
    return (
        name,
        *(_milliseconds(taken[name].median) for taken in results.values()),
        *(f"{times:.1f}" for times in growth(results, name)),
        *("" if seconds is None else _milliseconds(seconds) for seconds in other),
        f"{last / other[-1]:.2f}" if other[-1] else "",
    )


def _detail(results: Results, scale: int) -> str:
    head = (f"At {scale}×", "median ms", "fastest", "slowest", "peak MB", "rows/s")
    lines = [
        (
            name,
            _milliseconds(one.median),
            _milliseconds(one.seconds[0]),
            _milliseconds(one.seconds[-1]),
            f"{one.peak_mb:,.0f}",
            f"{one.rows / one.median / 1e6:.0f} M" if one.rows else "",
        )
        for name, one in results[scale].items()
    ]
    return table(head, lines)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f}" if seconds < 0.1 else f"{seconds * 1000:,.0f}"


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose columns after the first are numbers."""
    rule = ("---", *("--:" for _ in head[1:]))
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *lines))


def save_chart(results: Results, file: Path) -> None:
    """Write the chart as SVG: both axes logarithmic, so that a line is a power."""
    base = alt.Chart(_figures(results)).encode(
        x=alt.X("scale:Q", title="times today's data (log)")
        .scale(type="log", domain=[0.8, 160], nice=False)
        .axis(values=[1, 10, 100], labelExpr="datum.value + '×'"),
        y=alt.Y("ms:Q", title="milliseconds (log)")
        .scale(type="log")
        .axis(values=[1, 10, 100, 1_000, 10_000], format=",d"),
        color=alt.Color("query:N", title=None)
        .scale(domain=list(_COLOURS), range=list(_COLOURS.values()))
        .legend(orient="bottom", labelLimit=300),
    )
    labels = base.mark_text(dx=5, dy=-8, align="left", fontSize=11).encode(
        text=alt.Text("ms:Q", format=",.3~r")
    )
    chart = base.mark_line(point=alt.OverlayMarkDef(filled=True, size=45)) + labels
    chart.properties(width=520, height=320, background="white").save(file)


def _figures(results: Results) -> pl.DataFrame:
    rows: list[tuple[int, str, float | None]] = []
    for scale, taken in results.items():
        slowest = max(t.median for n, t in taken.items() if n.startswith(PAGE))
        seconds = (
            taken[TOGETHER].median,
            duckdb_median(results, scale, TOGETHER),
            slowest,
            taken[ROOM].median,
        )
        rows += [(scale, *pair) for pair in zip(_COLOURS, seconds, strict=True)]
    frame = pl.DataFrame(rows, schema=["scale", "query", "seconds"], orient="row")
    return frame.with_columns(ms=pl.col("seconds") * 1000)
