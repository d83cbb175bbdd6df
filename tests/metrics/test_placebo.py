"""Histories without an effect give few claims, planted effects are found.

A short version of `make placebo`, whose table is in docs/insights.md.
"""

from collections import Counter

import pytest

from simulation.scaled.known_truth import Truth, history
from testkit.claims import claims

HISTORIES = 3


def counted(truth: Truth, seeds: range) -> tuple[Counter[str], Counter[str]]:
    claimed, asked = Counter[str](), Counter[str]()
    for seed in seeds:
        for name, claim in claims(history(seed, truth)):
            if claim is not None:
                asked[name] += 1
                claimed[name] += claim
    return claimed, asked


def test_without_an_effect_few_sentences_and_marks_claim_one() -> None:
    """Of some 50 sentences 5% are 3; twice as many are chance, more are not."""
    claimed, asked = counted(Truth(), range(HISTORIES))
    days = "unusual_days (a day of a measure)"
    assert claimed[days] / asked[days] <= 1 / 100
    rest = asked.keys() - {days}
    assert sum(asked[name] for name in rest) >= 80
    share = sum(claimed[name] for name in rest) / sum(asked[name] for name in rest)
    assert share <= 0.1


@pytest.mark.parametrize(
    ("truth", "found"),
    [
        pytest.param(
            Truth(talking=0.5, auto_flip=0.7, outage=True, weekday=0.5),
            (
                "convergence: convergence_excess",
                "auto_flip_by_kind",
                "unusual_days: outage",
                "votes_by_weekday",
            ),
            id="how teams vote",
        ),
        pytest.param(
            Truth(
                country=0.95, device=0.8, growth=3.0, large_teams=2.0, later_spread=0.6
            ),
            (
                "agreement_over_time",
                "consensus_by_team_size_over_time",
                "funnel_by_country",
                "funnel_by_device",
                "what_moved",
                "agreement_by_team_size",
            ),
            id="who stays",
        ),
        pytest.param(
            Truth(last_week=True, hour=0.5),
            (
                "usual_changes: votes",
                "usual_changes: unique_users",
                "usual_changes: duration_median_seconds",
                "votes_by_weekday_and_hour",
            ),
            id="an unusual week",
        ),
    ],
)
def test_planted_effects_are_found(truth: Truth, found: tuple[str, ...]) -> None:
    claimed, _ = counted(truth, range(1))
    assert [name for name in found if claimed[name] != 1] == []
