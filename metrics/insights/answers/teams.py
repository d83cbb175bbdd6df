"""Answers on how far teams agree."""

from functools import partial

import polars as pl

from metrics.insights.answers.words import (
    Answer,
    changed,
    halves,
    known,
    percent,
    share_of,
)


def consensus(frame: pl.DataFrame) -> str | None:
    """Say how many rounds end close together, on one card, and far apart."""
    found = known(frame)
    near, same, split = (found[key] for key in ("near_consensus", "consensus", "split"))
    if near is None or same is None or split is None:
        return None
    return (
        f"{percent(near)} of {found['rounds']:,} rounds ended within one card, "
        f"{percent(same)} on the same card; {percent(split)} ended three or more steps "
        "apart."
    )


def by_team_size(
    frame: pl.DataFrame, part: str, n: str, share: str, what: str
) -> str | None:
    """Say a share over all teams, and whether it differs between small and large."""
    overall = share_of(frame, part, n)
    if overall is None:
        return None
    sizes = frame.drop_nulls(share).sort("order")
    if sizes.height < 2:
        return f"{percent(overall)} {what}."
    small, large = sizes.row(0, named=True), sizes.row(-1, named=True)
    low, high = percent(small[share]), percent(large[share])
    if low == high:
        return (
            f"{percent(overall)} {what}; with {small['team_size']} people as with "
            f"{large['team_size']}: {low}."
        )
    larger = "less" if large[share] < small[share] else "more"
    return (
        f"{percent(overall)} {what}; larger teams {larger}: {low} with "
        f"{small['team_size']}, {high} with {large['team_size']}."
    )


def drifting(frame: pl.DataFrame) -> str | None:
    """Say how the share within one card changed in the largest teams with enough.

    Halves of the period are compared, and the smallest teams beside the largest.
    """
    halved = [
        (size, halves(rows, "near_rounds", "rounds"))
        for (size,), rows in frame.sort("order", "bucket").group_by(
            "team_size", maintain_order=True
        )
    ]
    shown = [(size, both) for size, both in halved if both is not None]
    if not shown:
        return None
    size, (before, after) = shown[-1]
    start = (
        f"With {size} people {percent(before)} of rounds ended within one card in the "
        f"first half of the period, {percent(after)} in the second"
    )
    if len(shown) == 1:
        return f"{start}."
    size, (before, after) = shown[0]
    return f"{start}; with {size} people {percent(before)} and {percent(after)}."


def agreement(frame: pl.DataFrame) -> str | None:
    """Say how many stand on the most common card and how many far off."""
    found = known(frame)
    agrees, far = found["agreement"], found["outlier_share"]
    if agrees is None or far is None:
        return None
    return (
        f"{percent(agrees)} of estimates equal their round's most common card; "
        f"{percent(far)} are two or more steps from its median."
    )


def convergence(frame: pl.DataFrame) -> str | None:
    """Say how often teams vote again, and whether it brings them together."""
    found = known(frame)
    again, closer = found["re_vote_rate"], found["convergence"]
    if again is None:
        return None
    start = (
        f"Of {found['apart_rounds']:,} rounds two or more steps apart "
        f"{percent(again)} were voted again at once"
    )
    if closer is None:
        return f"{start}."
    return f"{start}; {percent(closer)} of these second votes were closer together."


ANSWERS: dict[str, Answer] = {
    "consensus": consensus,
    "consensus_by_team_size": partial(
        by_team_size,
        part="near_rounds",
        n="rounds",
        share="near_consensus",
        what="of rounds ended within one card",
    ),
    "consensus_over_time": partial(
        changed, part="near_rounds", n="rounds", what="Rounds within one card"
    ),
    "consensus_by_team_size_over_time": drifting,
    "agreement": agreement,
    "agreement_by_team_size": partial(
        by_team_size,
        part="agreeing",
        n="estimates",
        share="agreement",
        what="of estimates equal their round's most common card",
    ),
    "agreement_over_time": partial(
        changed,
        part="agreeing",
        n="estimates",
        what="Estimates on their round's most common card",
    ),
    "convergence": convergence,
    "convergence_over_time": partial(
        changed,
        part="converged",
        n="re_votes",
        what="Second votes closer together than the first",
    ),
}
