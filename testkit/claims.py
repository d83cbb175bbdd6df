"""Which sentences and marks claim an effect, on a history whose truth is known."""

from collections.abc import Iterator
from datetime import timedelta

import polars as pl

from metrics.formats import judged_change
from metrics.frames import Frames, Period
from metrics.query import Query, SharedPlans
from metrics.registry import DEFINITIONS, METRIC_TABLES, answer
from metrics.uncertainty import HIGHER, LOWER
from simulation.scaled.known_truth import History
from store import engine

CLAIMS = {HIGHER, LOWER}
VERDICTS = {
    "agreement_by_team_size": ("matching_pair_share_verdict",),
    "agreement_over_time": ("matching_pair_share_verdict",),
    "auto_flip": ("auto_flip_effect_seconds_verdict",),
    "auto_flip_by_kind": ("duration_median_seconds_verdict",),
    "consensus_by_team_size": ("near_pair_share_verdict",),
    "consensus_by_team_size_over_time": ("near_pair_share_verdict",),
    "consensus_over_time": ("near_pair_share_verdict",),
    "convergence": ("re_vote_rate_verdict", "convergence_excess_verdict"),
    "convergence_over_time": ("convergence_verdict",),
    "funnel_by_country": ("came_back_share_verdict",),
    "funnel_by_device": ("came_back_share_verdict",),
    "funnel_by_source": ("came_back_share_verdict",),
    "round_time_over_time": ("duration_median_seconds_verdict",),
    "sources_quality": ("activation_rate_verdict",),
    "spectators_over_time": ("spectator_share_verdict",),
    "votes_by_weekday": ("votes_per_day_verdict",),
    "votes_by_weekday_and_hour": ("hour_verdict",),
    "what_moved": ("change_verdict",),
}
"""Tables whose sentences compare, and the columns of their verdicts."""
_UNCLEAR = (
    *("No clear", "No single", "Too few"),
    *("no clear difference", "too few rooms", "no hour"),
)


def query(history: History, days: int = 28) -> Query:
    """Return the query about the last days of a history, and those before."""
    last = (history.end - timedelta(days=1)).date()
    first = last - timedelta(days=days - 1)
    frames = Frames({name: frame.lazy() for name, frame in history.tables.items()})
    before = Period.of_days(first - timedelta(days=days), first - timedelta(days=1))
    return Query(frames, Period.of_days(first, last), before, "week", history.end)


def claims(history: History) -> Iterator[tuple[str, bool | None]]:
    """Yield each sentence or kind of mark, and whether it claims an effect.

    None: there are too few cases to say anything. Marks come one by one: a day of a
    measure, a change of a key figure.
    """
    asked = query(history)
    # New users are followed for 28 days: of a month too few teams are new.
    funnels = tuple(name for name in VERDICTS if name.startswith("funnel"))
    others = tuple(name for name in VERDICTS if name not in funnels)
    found = _compute(asked, (*others, "unusual_days"))
    found |= _compute(query(history, days=91), funnels)
    for name, columns in VERDICTS.items():
        for column in columns:
            verdicts = set(found[name][column].drop_nulls())
            claimed = bool(verdicts & CLAIMS) if verdicts else None
            if len(columns) == 1:
                _check(name, found[name], claimed)
            key = name if len(columns) == 1 else f"{name}: {column}"
            yield key.removesuffix("_verdict"), claimed
    marked = found["unusual_days"].select("measure", "bucket").rows()
    outage = asked.period.last_day - timedelta(days=9)
    yield "unusual_days: outage", ("votes", outage) in marked
    day = asked.period.first_day
    while day <= asked.period.last_day:
        for measure in ("page_views", "unique_users", "votes", "estimations"):
            yield "unusual_days (a day of a measure)", (measure, day) in marked
        day += timedelta(days=1)
    yield from _changes(query(history, days=7))


def _check(name: str, frame: pl.DataFrame, claimed: bool | None) -> None:
    """Fail where a sentence says something else than its table."""
    sentence = answer(name, frame)
    if sentence is not None and claimed is not None:
        unclear = any(word in sentence for word in _UNCLEAR)
        if claimed and unclear:
            raise AssertionError(f"{name} claims, and says: {sentence}")
        if not claimed and not unclear:
            raise AssertionError(f"{name} claims nothing, and says: {sentence}")


def _changes(asked: Query) -> Iterator[tuple[str, bool | None]]:
    """Yield whether the change of each key figure is outside the usual."""
    earlier = asked.comparison_query
    if earlier is None:
        return
    totals = ("traffic_totals", "votes_totals")
    now, before = (_compute(one, totals) for one in (asked, earlier))
    usual = _compute(asked, ("usual_changes",))["usual_changes"]
    for row in usual.drop_nulls().iter_rows(named=True):
        key = row["key"]
        table = totals[key in now["votes_totals"].columns]
        a, b = now[table][key].item(), before[table][key].item()
        change = judged_change(a, b, DEFINITIONS[key].unit)
        if change is None:
            continue
        inside = row["usual_low"] <= change <= row["usual_high"]
        yield f"usual_changes: {key}", not inside


def _compute(asked: Query, names: tuple[str, ...]) -> dict[str, pl.DataFrame]:
    shared = SharedPlans.of(asked)
    plans = {name: METRIC_TABLES[name].build(asked, shared) for name in names}
    return dict(engine.collect_all(plans, 100_000))
