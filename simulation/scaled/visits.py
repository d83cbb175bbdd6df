"""Users, and what they view and do besides estimating."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from simulation.places import COUNTRIES
from simulation.scaled.draw import Ints, Span, chosen, ids, random_for
from simulation.scaled.teams import Arrivals, Meetings
from simulation.timeline import DAY
from simulation.users import (
    BOT,
    INVITED,
    MACHINES,
    NO_CITY,
    NO_COUNTRY,
    NO_REGION,
    SOURCES,
)
from simulation.visitors import ROUTES

_NEVER = np.iinfo(np.int64).max
_MACHINES = [*MACHINES, (2, BOT)]
_PLACES = [
    (country.weight / (rank + 1), (country.code, region, city))
    for country in COUNTRIES
    for rank, (region, city) in enumerate(country.cities)
]
# Small places around each city: lists of places are long in reality.
_TOWNS = 40
_SOURCES = [*SOURCES, *((weight / 4, source) for weight, source in INVITED)]
# One address in so many ends in something unique, as referrers do.
_TAIL = 12


def users(seed: int, count: int) -> pl.DataFrame:
    """Return all users, by number: the columns of `fpp_users` without the time."""
    rng = random_for(seed, "users")
    town = np.where(rng.random(count) < 0.4, rng.integers(1, _TOWNS, count), 0)
    known = pl.Series(rng.random(count))
    near = pl.format("{} {}", "city", pl.lit(pl.Series(town)))
    return pl.concat(
        [
            pl.DataFrame({"id": ids(rng, count)}),
            _drawn(rng, count, ["device", "os", "browser"], _MACHINES),
            _drawn(rng, count, ["country", "region", "city"], _PLACES),
        ],
        how="horizontal",
    ).with_columns(
        country=pl.when(known > NO_COUNTRY).then("country"),
        region=pl.when(known > NO_REGION).then("region"),
        city=pl.when(known > NO_CITY).then(
            pl.when(pl.lit(pl.Series(town)) > 0).then(near).otherwise("city")
        ),
    )


def _drawn(
    rng: np.random.Generator,
    count: int,
    names: list[str],
    weighted: Sequence[tuple[float, tuple[str | None, ...]]],
) -> pl.DataFrame:
    weights, rows = [w for w, _ in weighted], [row for _, row in weighted]
    schema = dict.fromkeys(names, pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")[chosen(rng, count, weights)]


def first_seen(seed: int, count: int, came: Arrivals, at: Ints, span: Span) -> Ints:
    """Return when each user is first seen: before the first meeting, or visiting."""
    rng = random_for(seed, "first seen")
    hour = np.clip(rng.normal(46_800, 12_000, count), 21_600, 82_000).astype(np.int64)
    visit = np.minimum(span.growing(rng, count) * DAY + hour, span.seconds - 7_200)
    meeting = np.full(count, _NEVER)
    # Meetings are in order of time: written backwards, the first one stays.
    meeting[came.user[::-1]] = at[::-1]
    early = meeting - rng.integers(5, 120, count)
    return np.maximum(np.where(meeting < _NEVER, early, visit), 0)


def page_views(
    seed: int, views: int, seen: Ints, came: Arrivals, at: Ints, room: Ints
) -> pl.DataFrame:
    """Return views as user, route, room_id, source, viewed_at (seconds).

    Each user's first view, one of the room per arrival, and others up to `views`.
    """
    rng = random_for(seed, "views")
    more = max(views - seen.size - came.user.size, 0)
    user = (seen.size * rng.random(more) ** 2).astype(np.int64)
    back = np.where(rng.random(more) < 0.25, rng.integers(1, 40, more) * DAY, 0)
    again = seen[user] + rng.exponential(150, more).astype(np.int64) + 2 + back
    routes = pl.Series([route for _, route in ROUTES])
    home = _views(np.arange(seen.size), "HOME", seen).with_columns(
        source=_sources(rng, seen.size)
    )
    rooms = _views(came.user, "ROOM", at).with_columns(
        room_id=pl.Series(room[came.meeting] + 1)
    )
    rest = _views(user, "", again).with_columns(
        route=routes[chosen(rng, more, [weight for weight, _ in ROUTES])]
    )
    return pl.concat([home, rooms, rest], how="diagonal")


def _views(user: Ints, route: str, at: Ints) -> pl.DataFrame:
    frame = pl.DataFrame({"user": user, "viewed_at": at})
    return frame.with_columns(route=pl.lit(route))


def _sources(rng: np.random.Generator, count: int) -> pl.Series:
    """Draw referrers; most repeat, some addresses are unique."""
    kind = chosen(rng, count, [weight for weight, _ in _SOURCES])
    unique = pl.Series(rng.integers(0, 1 << 40, count))
    tail = pl.Series(rng.integers(0, _TAIL, count) == 0)
    source = pl.Series([source for _, source in _SOURCES], dtype=pl.String)[kind]
    address = pl.col("source").str.starts_with("https")
    return (
        pl.DataFrame({"source": source})
        .select(
            pl.when(address & pl.lit(tail))
            .then(pl.format("{}?ref={}", "source", pl.lit(unique)))
            .otherwise("source")
        )
        .to_series()
    )


def events(
    seed: int, held: Meetings, came: Arrivals, at: Ints, ends: Ints
) -> pl.DataFrame:
    """Return events as user, event, event_at (seconds): all enter, some leave."""
    rng = random_for(seed, "events")
    first = np.unique(held.room, return_index=True)[1]
    is_first = np.isin(came.meeting, first)
    founder = is_first & (np.diff(came.meeting, prepend=-1) > 0)
    entered = np.select(
        [founder & (rng.random(at.size) < 0.7), founder, is_first],
        ["ENTERED_NEW_ROOM", "ENTERED_RANDOM_ROOM", "ENTERED_EXISTING_ROOM"],
        np.where(
            rng.random(at.size) < 0.6, "ENTERED_RECENT_ROOM", "ENTERED_EXISTING_ROOM"
        ),
    )
    left = rng.random(at.size) < 0.55
    copied, renamed = (founder & (rng.random(at.size) < p) for p in (0.6, 0.15))
    return pl.concat(
        [
            _events(came.user, entered, at),
            _events(came.user[left], "LEFT_ROOM", ends[came.meeting][left] + 30),
            _events(came.user[copied], "COPIED_ROOM_LINK", at[copied] + 15),
            _events(came.user[renamed], "CHANGED_ROOM_NAME", at[renamed] + 25),
        ]
    )


def _events(user: Ints, event: object, at: Ints) -> pl.DataFrame:
    named = pl.Series(event) if isinstance(event, np.ndarray) else pl.lit(event)
    return pl.DataFrame({"user": user, "event_at": at}).with_columns(event=named)
