"""What people view and do, where they come from, and in which rooms they vote."""

from collections.abc import Mapping
from typing import Literal

import polars as pl

from metrics.constants import TOP
from metrics.expressions import distinct_count, ranked, ratio, row_count, share
from metrics.frames import Frames, Period
from metrics.query import Granularity
from metrics.time_axis import bucketed, period_axis

By = Literal["route", "event", "source"]

SOURCE_CLASSES: Mapping[str, str] = {
    "Teams": r"teams\.",
    "Google Ads": r"ads\.|google_ads",
    "Google Search": r"www\.google\.com",
    "Free Planning Poker": r"free-planning-poker\.com",
    "CV": "cv",
    "Email": "email",
    "GitHub": r"github\.com",
    "Bing": r"bing\.com",
}
"""Classes of sources; the first pattern found anywhere in the text decides."""
OTHER = "Other"


def source_class(source: pl.Expr) -> pl.Expr:
    """Return the class of a source as text; null stays null."""
    found = pl.coalesce(
        pl.when(source.str.contains(pattern)).then(pl.lit(name))
        for name, pattern in SOURCE_CLASSES.items()
    )
    return pl.when(source.is_not_null()).then(found.fill_null(OTHER))


def routes(frames: Frames) -> pl.LazyFrame:
    """Return page views per route, most first: route, count, users, share."""
    return _ranked(_labelled(frames, "route"), "route")


def events(frames: Frames) -> pl.LazyFrame:
    """Return events per kind, most first: event, count, users, share."""
    return _ranked(_labelled(frames, "event"), "event")


def sources(frames: Frames) -> pl.LazyFrame:
    """Return page views per class of source, most first: source, count, users, share.

    Page views without a source are left out.
    """
    return _ranked(_labelled(frames, "source"), "source")


def sources_quality(frames: Frames) -> pl.LazyFrame:
    """Return which sources bring people who take part, most people first.

    Columns: source, people (distinct), estimated (those of them with a row in
    estimations), activation_rate.
    """
    came = _labelled(frames, "source").select("source", "user").unique()
    took_part = came.join(frames.estimations, on="user", how="semi")
    counts = came.group_by("source").agg(people=row_count())
    return ranked(
        counts.join(
            took_part.group_by("source").agg(estimated=row_count()),
            on="source",
            how="left",
        )
        .with_columns(pl.col("estimated").fill_null(0))
        .with_columns(activation_rate=ratio("estimated", "people")),
        ["source"],
        "people",
    )


def rooms(frames: Frames, names: pl.LazyFrame | None = None) -> pl.LazyFrame:
    """Return votes per room, most first.

    `names` holds all rooms when `frames.rooms` only holds those of a window.
    Columns: room_id, room_number and room_name (null for a deleted room), votes,
    share, estimations, last_vote_at.
    """
    names = frames.rooms if names is None else names
    found = names.select(room_id="id", room_number="number", room_name="name")
    return ranked(
        votes_per_room(frames)
        .with_columns(share=share("votes"))
        .join(found, on="room_id", how="left")
        .select(
            *("room_id", "room_number", "room_name"),
            *("votes", "share", "estimations", "last_vote_at"),
        ),
        ["room_id"],
        "votes",
    )


def votes_per_room(frames: Frames) -> pl.LazyFrame:
    """Return room_id, votes, estimations, last_vote_at of each room with votes."""
    return frames.votes.group_by("room_id").agg(
        votes=row_count(),
        estimations=pl.col("amount_of_estimations").sum().cast(pl.Int64),
        last_vote_at=pl.col("voted_at").max(),
    )


def over_time(
    frames: Frames, period: Period, granularity: Granularity, by: By
) -> pl.LazyFrame:
    """Return rows per bucket and label; every label of the window in every bucket.

    Columns: bucket, label, count.
    """
    inside = _labelled(bucketed(frames.within(period), granularity), by)
    return _on_axis(inside.rename({by: "label"}), period, granularity)


def rooms_over_time(
    frames: Frames, period: Period, granularity: Granularity
) -> pl.LazyFrame:
    """Return votes per bucket and room, for the 40 rooms with most votes.

    Columns: bucket, label (the room's name and number, or its id where the room is
    deleted), count.
    """
    votes = bucketed(frames.within(period), granularity).votes
    largest = ranked(votes_per_room(frames.within(period)), ["room_id"], "votes")
    names = frames.rooms.select("number", "name", room_id="id")
    label = pl.coalesce(
        pl.format("{} #{}", "name", "number"), pl.format("(deleted) id {}", "room_id")
    )
    kept = largest.head(TOP).join(names, on="room_id", how="left")
    labelled = votes.join(kept.select("room_id", label=label), on="room_id")
    return _on_axis(labelled, period, granularity)


def _on_axis(
    labelled: pl.LazyFrame, period: Period, granularity: Granularity
) -> pl.LazyFrame:
    counts = labelled.group_by("bucket", "label").agg(count=row_count())
    labels = counts.select("label").unique()
    return (
        period_axis(period, granularity)
        .join(labels, how="cross")
        .join(counts, on=["bucket", "label"], how="left", nulls_equal=True)
        .with_columns(pl.col("count").fill_null(0))
        .sort("bucket", "label", nulls_last=True)
    )


def legacy_routes(frames: Frames) -> pl.LazyFrame:
    """Return page views per route, by name: route, count."""
    return frames.page_views.group_by("route").agg(count=row_count()).sort("route")


def legacy_events(frames: Frames) -> pl.LazyFrame:
    """Return events per kind, by name: event, count."""
    return frames.events.group_by("event").agg(count=row_count()).sort("event")


def legacy_sources(frames: Frames) -> pl.LazyFrame:
    """Return page views per class, in the classes' order: source, count.

    A class without rows is absent, apart from Other.
    """
    order = pl.LazyFrame({"source": [*SOURCE_CLASSES, OTHER]})
    # Few texts occur; each is looked at once.
    texts = frames.page_views.group_by("source").agg(count=row_count())
    classes = texts.group_by(source=source_class(pl.col("source")))
    counts = classes.agg(pl.col("count").sum())
    return (
        order.join(counts, on="source", how="left", maintain_order="left")
        .with_columns(pl.col("count").fill_null(0))
        .filter((pl.col("count") > 0) | (pl.col("source") == OTHER))
    )


def legacy_rooms(frames: Frames) -> pl.LazyFrame:
    """Return the names with most votes, null for deleted rooms: room_name, votes."""
    per_name = rooms(frames).group_by("room_name").agg(pl.col("votes").sum())
    return ranked(per_name, ["room_name"], "votes").head(TOP)


def _labelled(frames: Frames, by: By) -> pl.LazyFrame:
    if by == "event":
        return frames.events
    if by == "route":
        return frames.page_views
    # Few texts occur; each is looked at once.
    texts = frames.page_views.select(pl.col("source").unique().drop_nulls())
    classes = texts.with_columns(label=source_class(pl.col("source")))
    views = frames.page_views.join(classes, on="source")
    return views.drop("source").rename({"label": "source"})


def _ranked(frame: pl.LazyFrame, label: By) -> pl.LazyFrame:
    counts = frame.group_by(label).agg(count=row_count(), users=distinct_count("user"))
    return ranked(counts.with_columns(share=share("count")), [label])
