"""How often sentences and marks claim an effect: where there is none, and where one is.

`python -m benchmarks.placebo --histories 200` draws that many histories without an
effect, and a quarter as many of each kind with planted ones, and prints the table of
docs/insights.md. `--write` puts it there.

Each history's claims are appended to `--counts` at once. A later run goes on from
there: `--minutes 4` measures for so long. What other code has measured does not count.
"""

import argparse
import hashlib
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

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
    Truth(later_talking=0.4, source_leaves=0.8, hour=0.4),
    Truth(last_week=True),
)
"""Effects of a size worth acting on; those of one kind of history do not mix."""

LAST_WEEK: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("unique_users", "page_views", "visits"),
            *("activation_rate", "bounce_rate", "visit_bounce_rate"),
        ),
        "twice the visitors in the last week",
    ),
    **dict.fromkeys(("votes", "estimations"), "twice the votes in the last week"),
    **dict.fromkeys(
        ("duration_median_seconds", "duration_p90_seconds", "session_mean_minutes"),
        "votes twice as long in the last week",
    ),
    **dict.fromkeys(
        ("estimations_per_vote", "spectators_per_vote"),
        "30% of estimators watch in the last week",
    ),
    "avg_estimation": "estimations a card higher in the last week",
    "auto_flip_share": "all votes with auto-flip in the last week",
}
"""What the last week changes in the figures whose usual change is known."""

FOUND_BY: Mapping[str, tuple[int, str]] = {
    "convergence: convergence_excess": (1, "re-votes with half the spread"),
    "convergence: re_vote_rate": (1, "40% of near votes not followed at once"),
    "auto_flip": (1, "votes with auto-flip 25% shorter"),
    "auto_flip_by_kind": (1, "votes with auto-flip 25% shorter"),
    "sources_quality": (1, "a source with three times the team members"),
    "votes_by_weekday": (1, "40% of teams meet on Tuesdays"),
    "spectators_over_time": (1, "20% of estimators watch in the second half"),
    "unusual_days: outage": (1, "a day without anything"),
    "agreement_by_team_size": (2, "twice the spread in teams of 7 or more"),
    "consensus_by_team_size": (2, "twice the spread in teams of 7 or more"),
    "agreement_over_time": (2, "a 40% smaller spread in the second half"),
    "consensus_over_time": (2, "a 40% smaller spread in the second half"),
    "round_time_over_time": (2, "votes 40% longer in the second half"),
    "funnel_by_country": (2, "90% of a country's teams meet once only"),
    "funnel_by_device": (2, "80% of mobile users stay away after the first meeting"),
    "what_moved": (2, "three times the visitors from a source"),
    "consensus_by_team_size_over_time": (2, "a 40% smaller spread in the second half"),
    "convergence_over_time": (3, "re-votes with 40% of the spread in the second half"),
    "funnel_by_source": (
        3,
        "80% of a source's users stay away after the first meeting",
    ),
    "votes_by_weekday_and_hour": (3, "40% of teams meet at ten"),
    **{f"usual_changes: {key}": (4, effect) for key, effect in LAST_WEEK.items()},
}
"""What finds a planted effect: the kind of history, and the effect in words."""


type Counts = Mapping[int, tuple[Counter[str], Counter[str]]]
"""Per kind of history how often each sentence or mark claimed, and of how many."""


def measure(counts: Path, histories: int, seconds: float) -> Iterator[str]:
    """Append the claims of histories that are missing; yield the progress.

    One line of JSON per history: code, kind (0: without an effect), seed, claims.
    """
    until, code = time.monotonic() + seconds, _code()
    done = {(line["kind"], line["seed"]) for line in _lines(counts)}
    missing = [
        (kind, seed)
        for kind in range(1 + len(PLANTED))
        for seed in range(1000 * kind, 1000 * kind + _of_kind(kind, histories))
        if (kind, seed) not in done
    ]
    # Kinds take turns, so that whatever stops the run leaves some of each.
    missing.sort(key=lambda one: (one[1] % 1000 * (4 if one[0] else 1), one[0]))
    for kind, seed in missing:
        if time.monotonic() > until:
            break
        truth = PLANTED[kind - 1] if kind else Truth()
        found = [[*claim] for claim in claims(history(seed, truth))]
        line = {"code": code, "kind": kind, "seed": seed, "claims": found}
        with counts.open("a") as file:
            file.write(json.dumps(line) + "\n")
        yield f"kind {kind}, history {seed}"


def _of_kind(kind: int, histories: int) -> int:
    return histories // 4 if kind else histories


def _lines(counts: Path) -> list[dict[str, Any]]:
    if not counts.exists():
        return []
    code = _code()
    lines = map(json.loads, counts.read_text().splitlines())
    return [line for line in lines if line["code"] == code]


def _code() -> str:
    """Return a checksum of the code that the claims depend on."""
    root = Path(__file__).parent.parent
    files = [
        *(root / "metrics").glob("*.py"),
        root / "simulation/scaled/known_truth.py",
        root / "testkit/claims.py",
        Path(__file__),
    ]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def counted(counts: Path, histories: int) -> Counts:
    """Return what the file of counts says about the first so many histories."""
    found: Counts = {kind: (Counter(), Counter()) for kind in range(1 + len(PLANTED))}
    for line in _lines(counts):
        kind = line["kind"]
        if line["seed"] % 1000 >= _of_kind(kind, histories):
            continue
        claimed, asked = found[kind]
        for name, claim in line["claims"]:
            if claim is not None:
                asked[name] += 1
                claimed[name] += claim
    return found


def table(counts: Counts) -> Iterator[str]:
    """Yield the lines of the table in Markdown."""
    false, quiet = counts[0]
    yield "| sentence or mark | claims without an effect | planted effect | found |"
    yield "| --- | --: | --- | --: |"
    for name in sorted(quiet.keys() | FOUND_BY.keys()):
        kind, effect = FOUND_BY.get(name, (None, "–"))
        found = "–" if kind is None else _share(*counts[kind], name)
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
    parser.add_argument("--minutes", type=float, default=60, help="measure for so long")
    parser.add_argument("--counts", type=Path, default=Path(".bench/placebo.jsonl"))
    flags = parser.parse_args()
    flags.counts.parent.mkdir(parents=True, exist_ok=True)
    for progress in measure(flags.counts, flags.histories, 60 * flags.minutes):
        print(progress, end="\r", file=sys.stderr)
    lines = "\n".join(table(counted(flags.counts, flags.histories))) + "\n"
    print(lines, end="")
    if flags.write:
        PAGE.write_text(_TABLE.sub(lambda _: lines, PAGE.read_text()))


if __name__ == "__main__":
    main()
