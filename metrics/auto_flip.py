"""Auto-flip: how many votes use it, and whether it saves time."""

import polars as pl

from metrics.estimated_votes import estimated_votes
from metrics.expressions import (
    MINIMUM_SAMPLE,
    count_where,
    ratio,
    row_count,
    share,
)
from metrics.query import Query, SharedPlans, Unfinished
from metrics.sentences import counted, difference, durations, only_row, portion_of
from metrics.subject import Definition, table
from metrics.tables import VOTES
from metrics.time_axis import side_by_side
from metrics.uncertainty import (
    HIGHER,
    LOWER,
    UNCLEAR,
    median_excess,
    median_sums,
    medians,
)

EACH = 5
"""Votes of each kind that a room needs to be compared with itself."""
KINDS = ("by hand", "auto-flip")

DEFINITIONS = (
    Definition(
        "auto_flip_rounds",
        "Auto-flip (n)",
        "count",
        "Votes whose cards turned automatically.",
        (VOTES.name,),
        "Empty votes.",
    ),
    Definition(
        "compared_rooms",
        "Rooms compared (n)",
        "count",
        "Rooms with at least five votes with auto-flip and five without.",
        (VOTES.name,),
        "Empty votes.",
    ),
    Definition(
        "compared_rounds",
        "Votes compared",
        "count",
        "Votes of the rooms that are compared with themselves.",
        (VOTES.name,),
        "Empty votes.",
    ),
    Definition(
        "auto_flip_effect_seconds",
        "Auto-flip effect",
        "seconds",
        "Median duration with minus without, in rooms using both: the median over "
        "these rooms. Below 0, auto-flip saves time.",
        (VOTES.name,),
        "Empty votes. Hidden below 20 rooms.",
        neutral=True,
    ),
    Definition(
        "duration_median_seconds",
        "Median duration",
        "seconds",
        "Half of the votes with auto-flip, or of those without, are shorter.",
        (VOTES.name,),
        "Empty votes. Hidden below 20 votes of a kind.",
        neutral=True,
        only_in="auto_flip_by_kind",
    ),
)
LABELS = ("flip",)


def totals(query: Query, shared: SharedPlans) -> Unfinished:
    """Return in one row how common auto-flip is, and its effect inside rooms.

    Columns: rounds_with_estimate (n), auto_flip_rounds, auto_flip_share, compared_rooms
    (5 votes of each kind or more; n of the effect), compared_rounds,
    auto_flip_effect_seconds (median over these rooms of median duration with minus
    without) with _low, _high and _verdict (see `uncertainty.median_excess`).
    """
    votes = estimated_votes(shared, query.period)
    common = votes.select(
        rounds_with_estimate=row_count(),
        auto_flip_rounds=count_where(pl.col("was_auto_flip")),
    ).with_columns(auto_flip_share=ratio("auto_flip_rounds", "rounds_with_estimate"))
    figures = side_by_side([common, _effects(votes)])
    return Unfinished(figures, median_excess("auto_flip_effect_seconds"))


def by_kind(query: Query, shared: SharedPlans) -> Unfinished:
    """Return votes with and without auto-flip, both kinds.

    Columns: flip ("by hand", "auto-flip"), rounds_with_estimate (n), share,
    duration_median_seconds with _low, _high and _verdict (see `uncertainty.medians`).
    """
    votes = estimated_votes(shared, query.period)
    name = "duration_median_seconds"
    counts = votes.group_by("was_auto_flip").agg(rounds_with_estimate=row_count())
    times = median_sums(votes, "was_auto_flip", "room_id", "duration", name)
    kinds = (
        # Both kinds have a row, also where a team uses one of them only.
        pl.LazyFrame({"was_auto_flip": [False, True], "flip": KINDS})
        .join(counts, on="was_auto_flip", how="left", maintain_order="left")
        .join(times, on="was_auto_flip", how="left", maintain_order="left")
        .with_columns(pl.col("rounds_with_estimate").fill_null(0))
        .select(
            *("flip", "rounds_with_estimate"),
            share("rounds_with_estimate").alias("share"),
            *(f"{name}_sums", f"{name}_values"),
        )
    )
    return Unfinished(kinds, medians(name))


def _effects(votes: pl.LazyFrame) -> pl.LazyFrame:
    auto, seconds = pl.col("was_auto_flip"), pl.col("duration")
    return (
        votes.group_by("room_id")
        .agg(
            n=row_count(),
            n_with=count_where(auto),
            n_without=count_where(~auto),
            effect=seconds.filter(auto).median() - seconds.filter(~auto).median(),
        )
        # Rooms differ more than the switch does: each is compared with itself only.
        .filter(pl.col("n_with") >= EACH, pl.col("n_without") >= EACH)
        .select(
            compared_rooms=row_count(),
            compared_rounds=pl.col("n").sum(),
            auto_flip_effect_seconds_values=pl.col("effect").sort().implode(),
        )
    )


def answer_totals(frame: pl.DataFrame) -> str | None:
    """Say how common auto-flip is, and what it changes in rooms using both."""
    found = only_row(frame)
    common, effect = found["auto_flip_share"], found["auto_flip_effect_seconds"]
    if common is None or found["rounds_with_estimate"] < MINIMUM_SAMPLE:
        return None
    start = f"{portion_of(common, 'votes')} use auto-flip."
    if effect is None:
        rooms = found["compared_rooms"]
        using = counted(rooms, "room") if rooms else "No rooms"
        verb = "uses" if rooms == 1 else "use"
        return f"{start} {using} {verb} both often enough: too few to compare."
    low, high = (found[f"auto_flip_effect_seconds_{end}"] for end in ("low", "high"))
    both = f"In {found['compared_rooms']:,} rooms using both, it"
    verdict = found["auto_flip_effect_seconds_verdict"]
    if verdict == UNCLEAR:
        return f"{start} {both} makes no clear difference ({difference(low, high)})."
    verb = "adds" if verdict == HIGHER else "saves"
    # The sentence says "saves" or "adds" instead of a sign.
    least, most = sorted((abs(low), abs(high)))
    (text,) = durations((abs(effect), least, most))
    return f"{start} {both} {verb} {text}."


def answer_by_kind(frame: pl.DataFrame) -> str | None:
    """Say whether the median vote is shorter with auto-flip than by hand."""
    by_hand, auto = frame.sort("flip", descending=True).iter_rows(named=True)
    name = "duration_median_seconds"
    if by_hand[name] is None or auto[name] is None:
        return None
    verdict = auto[f"{name}_verdict"]
    with_it, without = durations((auto[name],), (by_hand[name],))
    if verdict in (HIGHER, LOWER):
        return f"The median vote takes {with_it} with auto-flip and {without} without."
    start = "No clear difference" if verdict else "Too few rooms to compare"
    return (
        f"{start}: the median vote takes {with_it} with auto-flip, {without} without."
    )


TABLES = (
    table(
        "auto_flip",
        "Does auto-flip save time?",
        totals,
        VOTES,
        answer=answer_totals,
        sample_sizes={
            "auto_flip_share": "rounds_with_estimate",
            "auto_flip_effect_seconds": "compared_rooms",
        },
    ),
    table(
        "auto_flip_by_kind",
        "Are votes with auto-flip shorter?",
        by_kind,
        VOTES,
        answer=answer_by_kind,
        sample_sizes={"duration_median_seconds": "rounds_with_estimate"},
    ),
)
