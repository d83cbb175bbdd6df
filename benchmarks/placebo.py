"""How often sentences and marks claim an effect: where there is none, and where one is.

`python -m benchmarks.placebo --histories 200` draws that many histories without an
effect, and half as many of each of two kinds with planted ones, and prints the table of
docs/insights.md. `--write` puts it there.
"""

import argparse
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from simulation.scaled.known_truth import Truth, history
from testkit.claims import claims

PAGE = Path(__file__).parent.parent / "docs" / "insights.md"
_TABLE = re.compile(r"(?<=<!-- placebo -->\n).*?(?=<!-- /placebo -->)", re.DOTALL)

PLANTED = (
    Truth(
        talking=0.5,
        re_voting=0.6,
        auto_flip=0.75,
        source=3.0,
        weekday=0.4,
        outage=True,
        later_spectators=0.2,
    ),
    Truth(
        large_teams=2.0,
        later_spread=0.6,
        later_duration=1.4,
        country=0.9,
        device=0.8,
        growth=3.0,
    ),
)
"""Effects of a size worth acting on; those of one kind of history do not mix."""

FOUND_BY: Mapping[str, tuple[int, str]] = {
    "convergence: convergence_excess": (0, "re-votes with half the spread"),
    "convergence: re_vote_rate": (0, "40% of near votes not followed at once"),
    "auto_flip": (0, "votes with auto-flip 25% shorter"),
    "auto_flip_by_kind": (0, "votes with auto-flip 25% shorter"),
    "sources_quality": (0, "a source with three times the team members"),
    "votes_by_weekday": (0, "40% of teams meet on Tuesdays"),
    "spectators_over_time": (0, "20% of estimators watch in the second half"),
    "unusual_days: outage": (0, "a day without anything"),
    "agreement_by_team_size": (1, "twice the spread in teams of 7 or more"),
    "consensus_by_team_size": (1, "twice the spread in teams of 7 or more"),
    "agreement_over_time": (1, "a 40% smaller spread in the second half"),
    "consensus_over_time": (1, "a 40% smaller spread in the second half"),
    "round_time_over_time": (1, "votes 40% longer in the second half"),
    "funnel_by_country": (1, "90% of a country's teams meet once only"),
    "funnel_by_device": (1, "80% of mobile users stay away after the first meeting"),
    "what_moved": (1, "three times the visitors from a source"),
}
"""What finds a planted effect: the kind of history, and the effect in words."""


def measure(truth: Truth, seeds: range) -> tuple[Counter[str], Counter[str]]:
    """Return how often each sentence or mark claimed an effect, and of how many."""
    claimed, asked = Counter[str](), Counter[str]()
    for seed in seeds:
        for name, claim in claims(history(seed, truth)):
            if claim is not None:
                asked[name] += 1
                claimed[name] += claim
    return claimed, asked


def table(histories: int) -> Iterator[str]:
    """Yield the lines of the table in Markdown."""
    false, quiet = measure(Truth(), range(histories))
    planted = [
        measure(truth, range(1000 * kind, 1000 * kind + histories // 2))
        for kind, truth in enumerate(PLANTED, 1)
    ]
    yield "| sentence or mark | claims without an effect | planted effect | found |"
    yield "| --- | --: | --- | --: |"
    for name in sorted(quiet.keys() | FOUND_BY.keys()):
        kind, effect = FOUND_BY.get(name, (None, "–"))
        found = "–" if kind is None else _share(*planted[kind], name)
        yield f"| {name} | {_share(false, quiet, name)} | {effect} | {found} |"
    marks = {name for name in quiet if name.startswith("unusual_days")}
    for what, names in (
        ("all sentences", [n for n in quiet if n not in marks and "usual" not in n]),
        ("all marks of changes", [n for n in quiet if n.startswith("usual_changes")]),
    ):
        claimed, asked = (sum(c[name] for name in names) for c in (false, quiet))
        yield f"| **{what}** | **{_of(claimed, asked)}** | – | – |"


def _share(claimed: Counter[str], asked: Counter[str], name: str) -> str:
    return _of(claimed[name], asked[name])


def _of(claimed: int, asked: int) -> str:
    return f"{100 * claimed / asked:.1f}% of {asked:,}" if asked else "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=200)
    parser.add_argument("--write", action="store_true", help="into docs/insights.md")
    flags = parser.parse_args()
    started = time.perf_counter()
    lines = "\n".join(table(flags.histories)) + "\n"
    print(lines, f"{time.perf_counter() - started:.0f} s", sep="")
    if flags.write:
        PAGE.write_text(_TABLE.sub(lambda _: lines, PAGE.read_text()))


if __name__ == "__main__":
    main()
