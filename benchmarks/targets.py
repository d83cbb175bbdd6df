"""What has to be reached on two cores, and whether it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.questions import PAGE, RIVALS, ROOM, TOGETHER
from benchmarks.results import Results, growth, rival_median

TODAY, LARGE = 1, 100


@dataclass(frozen=True, slots=True)
class Target:
    """One figure that must not be larger than its limit."""

    says: str
    limit: float
    unit: str
    value: Callable[[Results], float]

    def line(self, results: Results) -> tuple[str, str, str, str]:
        """Return what is asked, the limit, what was measured, and yes or no."""
        value = self.value(results)
        verdict = "yes" if value <= self.limit else "**no**"
        return (
            self.says,
            f"{self.limit:.4g} {self.unit}",
            f"{value:.4g} {self.unit}",
            verdict,
        )


def _ms(name: str, scale: int) -> Callable[[Results], float]:
    return lambda results: results[scale][name].median * 1000


def _slowest_page(scale: int) -> Callable[[Results], float]:
    return lambda results: max(
        taken.median * 1000
        for name, taken in results[scale].items()
        if name.startswith(PAGE)
    )


def _against_rival(results: Results) -> float:
    other = rival_median(results, LARGE, TOGETHER)
    return results[LARGE][TOGETHER].median / other if other else float("inf")


def _peak(results: Results) -> float:
    return max(t.peak_mb for n, t in results[LARGE].items() if n not in RIVALS) / 1000


def _steepest(results: Results) -> float:
    """Growth from 10 to 100 times: below that, fixed costs hide it."""
    return [*growth(results, TOGETHER)][-1]


TARGETS = (
    Target("all reference metrics, 1×", 28, "ms", _ms(TOGETHER, TODAY)),
    Target("all reference metrics, 100×", 1200, "ms", _ms(TOGETHER, LARGE)),
    Target("slowest page, 1×", 25, "ms", _slowest_page(TODAY)),
    Target("slowest page, 100×", 800, "ms", _slowest_page(LARGE)),
    Target("a room, 1×", 10, "ms", _ms(ROOM, TODAY)),
    Target("a room, 100×", 30, "ms", _ms(ROOM, LARGE)),
    Target("share of DuckDB's time, 100×", 1 / 3, "", _against_rival),
    Target("largest peak memory, 100×", 1.5, "GB", _peak),
    Target("growth of all together, 10× to 100×", 10, "times", _steepest),
)


def lines(results: Results) -> Iterator[tuple[str, str, str, str]]:
    """Yield a line per target; those that need a scale not measured are left out."""
    if {TODAY, 10, LARGE} <= results.keys():
        for target in TARGETS:
            yield target.line(results)
