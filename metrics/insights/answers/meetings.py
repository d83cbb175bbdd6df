"""Answers on how the time of meetings passes."""

import polars as pl

from metrics.insights.answers.words import Answer, duration, known, on, percent


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
    """Say how long the median round took in the first shown bucket and the last."""
    shown = frame.drop_nulls("duration_median_seconds")
    if shown.height < 2:
        return None
    first, last = shown.row(0, named=True), shown.row(-1, named=True)
    before = duration(first["duration_median_seconds"])
    after = duration(last["duration_median_seconds"])
    began, ended = on(first["bucket"]), on(last["bucket"])
    if before == after:
        return f"The median round took {before}, from {began} as from {ended}."
    return f"The median round took {before} from {began}, and {after} from {ended}."


ANSWERS: dict[str, Answer] = {
    "round_time": round_time,
    "round_time_over_time": durations,
    "auto_flip": auto_flip,
    "auto_flip_by_kind": by_kind,
}
