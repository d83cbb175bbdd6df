"""On which days people estimated, and rooms were in use."""

from datetime import datetime

import polars as pl

from metrics.frames import Frames
from metrics.packed import (
    Kind,
    changes,
    day,
    days,
    is_kind,
    moment,
    owner_day,
    person,
    second,
    seconds_of,
)
from metrics.sessions import ACT, activity, kept

KEY = pl.col("key")
"""Owner and day (see `owner_day`), each once, in order."""


def days_of_users(
    frames: Frames, *kinds: Kind, until: datetime | None = None
) -> pl.LazyFrame:
    """Return the days on which people did something of these kinds: key."""
    wanted = is_kind(ACT, *kinds)
    if until is not None:
        wanted &= second(moment(ACT)) <= seconds_of(until)
    acts = kept(activity(frames, events=False), wanted)
    return acts.select(key=owner_day(person(ACT), day(ACT))).filter(changes(KEY))


def days_of_rooms(rows: pl.LazyFrame, time: str) -> pl.LazyFrame:
    """Return the days on which rooms have rows: key."""
    keys = rows.select(key=owner_day(pl.col("room_id"), days(pl.col(time))))
    # A round's rows stand together: without repeats, less is to be sorted.
    return keys.filter(changes(KEY)).unique().sort("key")
