"""The one place that executes plans.

Everything above it builds LazyFrames; nothing above it calls `collect`.
"""

from collections.abc import Mapping
from typing import Literal

import polars as pl

ENGINE: Literal["in-memory"] = "in-memory"
"""Half the time of the streaming engine on a few megabytes (`make bench`)."""


def collect_all(plans: Mapping[str, pl.LazyFrame]) -> dict[str, pl.DataFrame]:
    """Execute plans together, so that common parts run once.

    Returns one frame per plan, under the same names.
    """
    frames = pl.collect_all(list(plans.values()), engine=ENGINE)
    return dict(zip(plans, frames, strict=True))


def collect(plan: pl.LazyFrame) -> pl.DataFrame:
    """Execute one plan."""
    return plan.collect(engine=ENGINE)
