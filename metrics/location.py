"""Where people are and what they browse with."""

from collections.abc import Sequence

import polars as pl

from metrics.activity_key import changes, person
from metrics.constants import TOP
from metrics.expressions import ranked, row_count, share
from metrics.frames import Frames, Period
from metrics.sessions import ACT, followed, inside
from metrics.tables import USER, USER_NUMBER


def users_by(users: pl.LazyFrame, columns: Sequence[str]) -> pl.LazyFrame:
    """Return users per group, most first, null groups too: `columns`, count, share."""
    counts = users.group_by(*columns).agg(count=row_count())
    return ranked(counts.with_columns(share=share("count")), columns)


def people(frames: Frames, period: Period) -> pl.LazyFrame:
    """Return the users who viewed, did or estimated anything in a window.

    `frames` hold all users. Who has been deleted has no attributes and is left out.
    """
    return frames.once(("people", period), lambda: _people(frames, period))


def _people(frames: Frames, period: Period) -> pl.LazyFrame:
    everybody = frames.once("everybody", lambda: frames.users)
    acts = inside(followed(frames, period), period)
    seen = acts.select(person(ACT).cast(USER_NUMBER).alias(USER))
    return seen.filter(changes(pl.col(USER))).join(everybody, on=USER)


def legacy_by(frames: Frames, *columns: str) -> pl.LazyFrame:
    """Return the 40 largest groups of all users: `columns`, count."""
    return users_by(frames.users, columns).drop("share").head(TOP)
