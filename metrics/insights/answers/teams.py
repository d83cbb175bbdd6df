"""Answers on how teams estimate."""

from functools import partial

import polars as pl

from metrics.insights.answers.words import (
    Answer,
    changed,
    duration,
    known,
    percent,
    share_of,
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


def round_time(frame: pl.DataFrame) -> str | None:
    """Say how long a round takes, and the talk between two."""
    found = known(frame)
    middle, slow = found["duration_median_seconds"], found["duration_p90_seconds"]
    talk = found["talk_median_seconds"]
    if middle is None or slow is None:
        return None
    rounds = (
        f"Half of the rounds end within {duration(middle)}, nine of ten within "
        f"{duration(slow)}"
    )
    if talk is None:
        return f"{rounds}."
    return f"{rounds}; the talk between two takes {duration(talk)} (median)."


def auto_flip(frame: pl.DataFrame) -> str | None:
    """Say how common auto-flip is, and what it changes inside rooms that do both."""
    found = known(frame)
    common, effect = found["auto_flip_share"], found["auto_flip_effect_seconds"]
    if common is None:
        return None
    start = f"In {percent(common)} of rounds the cards turn by themselves"
    if effect is None:
        return f"{start}."
    than = f"in {found['compared_rooms']:,} rooms that do both, these rounds are"
    if duration(abs(effect)) == duration(0):
        return f"{start}; {than} as long as the others (median)."
    way = "quicker" if effect < 0 else "slower"
    return f"{start}; {than} {duration(abs(effect))} {way} (median)."


def by_kind(frame: pl.DataFrame) -> str | None:
    """Say how long rounds take with auto-flip and by hand."""
    seconds = dict(frame.select("flip", "duration_median_seconds").iter_rows())
    by_hand, auto = seconds.get("by hand"), seconds.get("auto-flip")
    if by_hand is None or auto is None:
        return None
    if duration(by_hand) == duration(auto):
        return f"With or without, half of the rounds end within {duration(auto)}."
    return (
        f"Half of the rounds with auto-flip end within {duration(auto)}, half of those "
        f"by hand within {duration(by_hand)}."
    )


def durations(frame: pl.DataFrame) -> str | None:
    """Say how the median changed from the first shown bucket to the last."""
    shown = frame.drop_nulls("duration_median_seconds")
    if shown.height < 2:
        return None
    first, last = shown.row(0, named=True), shown.row(-1, named=True)
    before = duration(first["duration_median_seconds"])
    after = duration(last["duration_median_seconds"])
    if before == after:
        return f"Median {before} from {first['bucket']} to {last['bucket']}."
    return f"Median {before} from {first['bucket']}, {after} from {last['bucket']}."


ANSWERS: dict[str, Answer] = {
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
    "round_time": round_time,
    "round_time_over_time": durations,
    "auto_flip": auto_flip,
    "auto_flip_by_kind": by_kind,
}
