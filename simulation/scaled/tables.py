"""The six tables at a scale, sorted, numbered and typed like the live ones."""

from datetime import datetime

import numpy as np
import polars as pl

from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, ROOMS, USERS, VOTES, Table
from simulation.scaled import visits, votes
from simulation.scaled.draw import Ints, Span, random_for
from simulation.scaled.teams import Sizes, arrivals, meetings, teams
from simulation.tables import numbered_rows, rooms_used, users_seen
from simulation.writer import SEED


def simulate(scale: int, until: datetime, seed: int = SEED) -> dict[str, pl.DataFrame]:
    """Return each table under its name; no row is later than `until`."""
    sizes, span = Sizes.of(scale), Span(until)
    by = teams(seed, sizes)
    held = meetings(seed, sizes, span, by)
    came = arrivals(seed, held, by)
    drawn = votes.votes(seed, held)
    early = random_for(seed, "early").integers(-40, 90, came.user.size)
    at = held.start[came.meeting] - early
    rows = votes.participations(seed, drawn, came, held.room)
    seen = visits.first_seen(seed, sizes.users, came, at, span)
    ends = drawn.ends[np.cumsum(held.votes) - 1]
    users = visits.users(seed, seen.size)

    def act(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
        if "user" in frame.columns:
            of_user = users.get_column("id").gather(frame.get_column("user"))
            frame = frame.drop("user").with_columns(of_user.alias("user_id"))
        return numbered_rows(table, frame, span.start, until)

    views = visits.page_views(seed, sizes.page_views, seen, came, at, held.room)
    acts = {
        PAGE_VIEWS.name: act(PAGE_VIEWS, views),
        EVENTS.name: act(EVENTS, visits.events(seed, held, came, at, ends)),
        VOTES.name: act(VOTES, votes.summed_up(seed, drawn, held.room, rows)),
        ESTIMATIONS.name: act(ESTIMATIONS, rows),
    }
    return {
        USERS.name: users_seen(users, acts),
        ROOMS.name: rooms_used(_rooms(held.room), acts),
        **acts,
    }


def _rooms(room: Ints) -> pl.DataFrame:
    number = pl.col("id").cast(pl.Int64)
    return pl.DataFrame({"id": np.unique(room) + 1}).with_columns(
        number=100_000 + number * 370_261 % 8_000_009,
        name=pl.format("team-{}", "id"),
    )
