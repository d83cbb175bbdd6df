"""Where people are and what they browse with."""

from collections.abc import Sequence

import polars as pl

from metrics.constants import TOP
from metrics.frames import Frames, Window
from metrics.measures import ranked, rows, share
from metrics.packed import changes, person
from metrics.sessions import ACT, followed, inside
from metrics.tables import USER, USER_NUMBER


def users_by(users: pl.LazyFrame, columns: Sequence[str]) -> pl.LazyFrame:
    """Return users per group, most first, null groups too: `columns`, count, share."""
    counts = users.group_by(*columns).agg(count=rows())
    return ranked(counts.with_columns(share=share("count")), columns)


def people(frames: Frames, window: Window) -> pl.LazyFrame:
    """Return the users who viewed, did or estimated anything in a window.

    `frames` hold all users. Who has been deleted has no attributes and is left out.
    """
    return frames.once(("people", window), lambda: _people(frames, window))


def _people(frames: Frames, window: Window) -> pl.LazyFrame:
    everybody = frames.once("everybody", lambda: frames.users)
    acts = inside(followed(frames, window), window)
    seen = acts.select(person(ACT).cast(USER_NUMBER).alias(USER))
    return seen.filter(changes(pl.col(USER))).join(everybody, on=USER)


def reference_by(frames: Frames, *columns: str) -> pl.LazyFrame:
    """Return the 40 largest groups of all users: `columns`, count."""
    return users_by(frames.users, columns).drop("share").head(TOP)
