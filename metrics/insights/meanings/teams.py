"""How teams estimate: consensus, agreement, convergence, time, auto-flip."""

from metrics.definition import Definition, Unit
from metrics.tables import ESTIMATIONS, VOTES

_VOTES = (VOTES.name,)
_JOINED = (VOTES.name, ESTIMATIONS.name)
_FEW = "Hidden below 20 cases."
_PAIRS = f"Rounds with less than two estimates. {_FEW}"
_FOUND = (
    "Spectators, empty estimates, and estimates without a round within 2 seconds. "
    + _FEW
)
_NOBODY = f"Rounds that nobody estimated. {_FEW}"


def _of_votes(
    key: str,
    title: str,
    unit: Unit,
    formula: str,
    left_out: str = _PAIRS,
    *,
    less_is_better: bool = False,
    neutral: bool = False,
) -> Definition:
    return Definition(
        key, title, unit, formula, _VOTES, left_out, less_is_better, neutral
    )


def _of_estimates(
    key: str, title: str, unit: Unit, formula: str, *, less_is_better: bool = False
) -> Definition:
    return Definition(key, title, unit, formula, _JOINED, _FOUND, less_is_better)


_CONSENSUS = (
    _of_votes(
        "rounds",
        "Rounds (n)",
        "count",
        "Rounds that the figures beside it come from.",
        "Rounds that nobody estimated; for consensus and agreement also rounds with "
        "one estimate.",
    ),
    _of_votes(
        "consensus_rounds", "In consensus", "count", "Rounds with one card only."
    ),
    _of_votes("near_rounds", "Nearly", "count", "Rounds within one step of the scale."),
    _of_votes(
        "split_rounds",
        "Split",
        "count",
        "Rounds whose cards are three or more steps apart.",
        less_is_better=True,
    ),
    _of_votes(
        "consensus",
        "Consensus",
        "share",
        "Rounds in which everybody chose the same card, of rounds with two or more "
        "estimates.",
    ),
    _of_votes(
        "near_consensus",
        "Near consensus",
        "share",
        "Rounds whose lowest and highest card are at most one step of the scale "
        "(1, 2, 3, 5, 8, 13, 21) apart.",
    ),
    _of_votes(
        "split",
        "Split rounds",
        "share",
        "Rounds whose lowest and highest card are three or more steps apart.",
        less_is_better=True,
    ),
    _of_votes(
        "mean_steps",
        "Steps apart",
        "number",
        "Mean number of steps of the scale between lowest and highest card.",
        less_is_better=True,
    ),
    _of_votes("pairs", "Rounds of two or more", "count", "With two or more estimates."),
)
_AGREEMENT = (
    _of_estimates(
        "estimates", "Estimates (n)", "count", "Estimates that belong to a round."
    ),
    _of_estimates(
        "agreeing",
        "On the most common card",
        "count",
        "Estimates that equal their round's most common one.",
    ),
    _of_estimates(
        "outliers",
        "Outliers",
        "count",
        "Estimates two or more steps from their round's median.",
        less_is_better=True,
    ),
    _of_estimates(
        "agreement",
        "Agreement",
        "share",
        "Estimates that equal their round's most common one, of all estimates.",
    ),
    _of_estimates(
        "outlier_share",
        "Share of outliers",
        "share",
        "Estimates two or more steps from their round's median, of all estimates.",
        less_is_better=True,
    ),
    _of_estimates(
        "covered_rounds",
        "Rounds found in full",
        "count",
        "Rounds of which as many estimates were found as the round says.",
    ),
    _of_estimates(
        "coverage",
        "Coverage",
        "share",
        "Rounds of which all estimates were found. Estimates carry no round, so each "
        "is joined to its room's nearest round within 2 seconds.",
    ),
)
_CONVERGENCE = (
    _of_estimates(
        "apart_rounds",
        "Rounds two steps apart",
        "count",
        "Rounds whose lowest and highest card are two or more steps apart.",
        less_is_better=True,
    ),
    _of_estimates(
        "re_votes",
        "Second votes",
        "count",
        "Of these, rounds after which the room's next one starts within 10 minutes "
        "with nearly the same people (at least 80 % of those in either). Inferred.",
    ),
    _of_estimates(
        "converged", "Closer", "count", "Second votes with fewer steps than the first."
    ),
    _of_estimates(
        "re_vote_rate",
        "Voted again",
        "share",
        "Rounds two or more steps apart that were voted again at once. Inferred.",
    ),
    _of_estimates(
        "convergence",
        "Convergence",
        "share",
        "Second votes that ended with fewer steps between the cards than the first.",
    ),
)
_TIME = (
    _of_votes(
        "long_rounds",
        "Rounds above 1 h",
        "count",
        "Rounds whose clock ran for more than an hour: mostly idle rooms.",
        _NOBODY,
        less_is_better=True,
    ),
    _of_votes(
        "long_share",
        "Rounds above 1 h",
        "share",
        "Rounds whose clock ran for more than an hour, of all rounds.",
        _NOBODY,
        less_is_better=True,
    ),
    _of_votes(
        "meetings",
        "Meetings",
        "count",
        "Rounds of a room with less than 60 minutes from one end to the next are one "
        "meeting.",
        _NOBODY,
    ),
    _of_votes(
        "talks",
        "Talks (n)",
        "count",
        "Pauses between two rounds of a meeting.",
        _NOBODY,
    ),
    _of_votes(
        "talk_median_seconds",
        "Talk between rounds",
        "seconds",
        "Median time from the end of a round to the start of the next one in the same "
        "meeting.",
        _NOBODY,
        neutral=True,
    ),
    _of_votes(
        "rounds_per_meeting_hour",
        "Rounds per meeting hour",
        "number",
        "Rounds divided by the hours that meetings last; a meeting's first round "
        "counts an hour at most.",
        _NOBODY,
        neutral=True,
    ),
)
_FLIP = (
    _of_votes(
        "auto_flip_rounds",
        "Rounds with auto-flip",
        "count",
        "Rounds whose cards turned by themselves.",
        _NOBODY,
    ),
    _of_votes(
        "compared_rooms",
        "Rooms compared (n)",
        "count",
        "Rooms with at least five rounds with auto-flip and five without.",
        _NOBODY,
    ),
    _of_votes(
        "compared_rounds",
        "Rounds compared",
        "count",
        "Rounds of the rooms that are compared with themselves.",
        _NOBODY,
    ),
    _of_votes(
        "auto_flip_effect_seconds",
        "Effect of auto-flip",
        "seconds",
        "Median over rooms of the median duration of rounds with auto-flip minus that "
        "without: below 0 auto-flip is quicker.",
        "Rounds that nobody estimated. Hidden below 20 rooms.",
        neutral=True,
    ),
)
TEAMS = (*_CONSENSUS, *_AGREEMENT, *_CONVERGENCE, *_TIME, *_FLIP)
