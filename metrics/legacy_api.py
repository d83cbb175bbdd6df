"""The replaced service's whole answer: its plans, and its shape in JSON."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import polars as pl

from metrics import (
    behaviour,
    growth,
    location,
    returning,
    traffic,
    votes,
)
from metrics.constants import START, START_DATE
from metrics.frames import Frames
from metrics.query import SharedPlans


def sharing(frames: Frames) -> SharedPlans:
    """Return what `plans` share: every table is read once for all of them."""
    if frames.in_memory:
        return SharedPlans(frames)
    return SharedPlans(frames.map(lambda _, frame: frame.cache()))


def plans(shared: SharedPlans, now: datetime) -> dict[str, pl.LazyFrame]:
    """Return every plan that `answer` needs, to be executed together."""
    today, frames = now.date(), shared.frames
    built: dict[str, Callable[[], pl.LazyFrame]] = {
        "traffic": lambda: traffic.legacy(shared, START),
        "votes": lambda: votes.legacy(frames),
        "weekday_counts": lambda: votes.legacy_weekdays(frames),
        "estimation_counts": lambda: votes.legacy_estimations(frames),
        "routes": lambda: behaviour.legacy_routes(frames),
        "sources": lambda: behaviour.legacy_sources(frames),
        "events": lambda: behaviour.legacy_events(frames),
        "rooms": lambda: behaviour.legacy_rooms(frames),
        "reoccurring": lambda: returning.legacy(shared, START_DATE, today),
        "historical": lambda: growth.legacy(frames, START_DATE, today),
        "device": lambda: location.legacy_by(frames, "device"),
        "os": lambda: location.legacy_by(frames, "os"),
        "browser": lambda: location.legacy_by(frames, "browser"),
        "country": lambda: location.legacy_by(frames, "country"),
        "country_region": lambda: location.legacy_by(frames, "country", "region"),
        "country_city": lambda: location.legacy_by(frames, "country", "city"),
    }
    return {name: shared.plan(build) for name, build in built.items()}


def answer(results: Mapping[str, pl.DataFrame]) -> dict[str, object]:
    """Return the executed plans in the shape of the replaced service's JSON.

    Keys: traffic, votes, behaviour, reoccurring, historical,
    location_and_user_agent. The null group has the key "null".
    """
    return {
        "traffic": record(results["traffic"]),
        "votes": record(results["votes"])
        | _groups(results, ("weekday_counts", "estimation_counts")),
        "behaviour": _groups(results, ("routes", "sources", "events", "rooms")),
        "reoccurring": _records(results["reoccurring"]),
        "historical": _records(results["historical"]),
        "location_and_user_agent": {
            **_groups(results, ("device", "os", "browser", "country")),
            "country_region": _records(results["country_region"]),
            "country_city": _records(results["country_city"]),
        },
    }


def record(frame: pl.DataFrame) -> dict[str, object]:
    """Return a frame of one row as an object."""
    return frame.row(0, named=True)


def _records(frame: pl.DataFrame) -> list[dict[str, object]]:
    return frame.with_columns(pl.col(pl.Date).dt.to_string("iso")).to_dicts()


def _groups(
    results: Mapping[str, pl.DataFrame], names: Iterable[str]
) -> dict[str, object]:
    return {name: _counts(results[name]) for name in names}


def _counts(frame: pl.DataFrame) -> dict[str, int]:
    """Return a frame of label and count as an object."""
    labels, counts = frame.get_columns()
    return dict(zip(labels.cast(pl.String).fill_null("null"), counts, strict=True))
