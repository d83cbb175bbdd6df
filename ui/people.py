"""Whose rows are looked at."""

import engine
from metrics.frames import Frames
from store import Snapshot


def without_bots(snapshot: Snapshot) -> Frames:
    """Return a snapshot's rows without the bots, who are looked up first."""
    bots = engine.collect(snapshot.frames.bots, snapshot.rows)
    return snapshot.frames.without(bots.to_series())
