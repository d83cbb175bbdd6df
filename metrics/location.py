"""Where people are and what they browse with."""

from collections.abc import Sequence

import polars as pl

from metrics.constants import TOP
from metrics.frames import Frames
from metrics.measures import ranked, rows, share


def users_by(users: pl.LazyFrame, columns: Sequence[str]) -> pl.LazyFrame:
    """Return users per group, most first, null groups too: `columns`, count, share."""
    counts = users.group_by(*columns).agg(count=rows())
    return ranked(counts.with_columns(share=share("count")), columns)


def people(frames: Frames, everyone: pl.LazyFrame) -> pl.LazyFrame:
    """Return the users of `everyone` who viewed, did or estimated anything.

    Users that have been deleted have no attributes and are left out.
    """
    seen = pl.concat(
        frame.select("user")
        for frame in (frames.page_views, frames.events, frames.estimations)
    )
    return everyone.join(seen, on="user", how="semi")


def reference_by(frames: Frames, *columns: str) -> pl.LazyFrame:
    """Return the 40 largest groups of all users: `columns`, count."""
    return users_by(frames.users, columns).drop("share").head(TOP)
