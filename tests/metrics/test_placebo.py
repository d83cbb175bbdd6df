"""Histories without an effect give few claims, planted effects are found.

A short version of `make placebo`, whose table is in docs/insights.md.
"""

from collections import Counter

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


def test_planted_effects_are_found() -> None:
    truth = Truth(
        talking=0.5, auto_flip=0.7, later_spread=0.5, outage=True, weekday=0.5
    )
    claimed, _ = counted(truth, range(1))
    for name in (
        "convergence: convergence_excess",
        "auto_flip_by_kind",
        "agreement_over_time",
        "unusual_days: outage",
        "votes_by_weekday",
    ):
        assert claimed[name] == 1, name
