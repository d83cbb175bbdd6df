"""What people view and do besides estimating."""

import numpy as np
import polars as pl

from benchmarks.data.dice import DAY, Ints, Span, chosen, dice
from benchmarks.data.rounds import Arrivals
from benchmarks.data.teams import Meetings

_NEVER = np.iinfo(np.int64).max
_ROUTES = {
    "HOME": 30,
    "GUIDE": 32,
    "ANALYTICS": 20,
    "ROADMAP": 9,
    "CONTACT": 6,
    "IMPRINT": 3,
}
_SOURCES: dict[str | None, int] = {
    "https://www.google.com/": 40,
    None: 12,
    "https://teams.microsoft.com/": 16,
    "https://github.com/": 9,
    "https://ads.google.com/aclk?sa=L&ai=DChcSEwi": 4,
    "google_ads": 4,
    "cv": 3,
    "email": 3,
    "https://www.bing.com/": 3,
    "https://free-planning-poker.com/guide": 2,
    "https://statics.teams.cdn.office.net/evergreen-assets/": 2,
    "https://www.linkedin.com/feed/": 2,
    "https://duckduckgo.com/": 2,
    "https://www.reddit.com/r/agile/comments/": 1,
    "https://chatgpt.com/": 1,
}
_LONG = 12
"""One source in so many ends in something of its own, as addresses do."""


def first_seen(seed: int, users: int, came: Arrivals, at: Ints, span: Span) -> Ints:
    """Return when each is first seen: before the first meeting, or as a visitor."""
    rng = dice(seed, "first seen")
    hour = np.clip(rng.normal(46_800, 12_000, users), 21_600, 82_000).astype(np.int64)
    visit = np.minimum(span.growing(rng, users) * DAY + hour, span.seconds - 7_200)
    meeting = np.full(users, _NEVER)
    # Meetings are in order of time: written backwards, the first one stays.
    meeting[came.who[::-1]] = at[::-1]
    early = meeting - rng.integers(5, 120, users)
    return np.maximum(np.where(meeting < _NEVER, early, visit), 0)


def page_views(
    seed: int, views: int, seen: Ints, came: Arrivals, at: Ints, room: Ints
) -> pl.DataFrame:
    """Return views as who, route, room_id, source, viewed_at (seconds).

    Each person's first view, one of the room per arrival, and others up to `views`.
    """
    rng = dice(seed, "views")
    more = max(views - seen.size - came.who.size, 0)
    who = (seen.size * rng.random(more) ** 2).astype(np.int64)
    back = np.where(rng.random(more) < 0.25, rng.integers(1, 40, more) * DAY, 0)
    again = seen[who] + rng.exponential(150, more).astype(np.int64) + 2 + back
    routes = pl.Series(list(_ROUTES))[chosen(rng, more, list(_ROUTES.values()))]
    home = _views(np.arange(seen.size), "HOME", seen).with_columns(
        source=_sources(rng, seen.size)
    )
    rooms = _views(came.who, "ROOM", at).with_columns(
        room_id=pl.Series(room[came.meeting] + 1)
    )
    rest = _views(who, "", again).with_columns(route=routes)
    return pl.concat([home, rooms, rest], how="diagonal")


def _views(who: Ints, route: str, at: Ints) -> pl.DataFrame:
    frame = pl.DataFrame({"who": who, "viewed_at": at})
    return frame.with_columns(route=pl.lit(route))


def _sources(rng: np.random.Generator, count: int) -> pl.Series:
    """Draw referrers; most repeat, some are addresses that nobody else has."""
    kind = chosen(rng, count, list(_SOURCES.values()))
    own = pl.Series(rng.integers(0, 1 << 40, count))
    long = pl.Series(rng.integers(0, _LONG, count) == 0)
    frame = pl.DataFrame({"source": pl.Series(list(_SOURCES), dtype=pl.String)[kind]})
    address = pl.col("source").str.starts_with("https")
    return frame.select(
        pl.when(address & pl.lit(long))
        .then(pl.format("{}?ref={}", "source", pl.lit(own)))
        .otherwise("source")
    ).to_series()


def events(
    seed: int, held: Meetings, came: Arrivals, at: Ints, ends: Ints
) -> pl.DataFrame:
    """Return events as who, event, event_at (seconds): people enter, some leave."""
    rng = dice(seed, "events")
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
            _events(came.who, entered, at),
            _events(came.who[left], "LEFT_ROOM", ends[came.meeting][left] + 30),
            _events(came.who[copied], "COPIED_ROOM_LINK", at[copied] + 15),
            _events(came.who[renamed], "CHANGED_ROOM_NAME", at[renamed] + 25),
        ]
    )


def _events(who: Ints, event: object, at: Ints) -> pl.DataFrame:
    named = pl.Series(event) if isinstance(event, np.ndarray) else pl.lit(event)
    return pl.DataFrame({"who": who, "event_at": at}).with_columns(event=named)
