"""Behaviour: which routes, events, sources and rooms lead."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import polars as pl

from metrics.constants import TOP
from metrics.estimated_votes import own_cluster, room_or_user
from metrics.expressions import (
    DELETED,
    NO_NAME,
    NOT_SET,
    distinct_count,
    ranked,
    row_count,
    seen,
    share,
    total,
)
from metrics.frames import Frames, Period
from metrics.query import Query, SharedPlans, Unfinished
from metrics.sentences import compared as compared_labels
from metrics.subject import Definition, compared, table
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, ROOMS, USERS, VOTES
from metrics.time_axis import bucketed, period_axis, time_series
from metrics.uncertainty import comparisons, sums_beside, wholes

_Dimension = Literal["route", "event", "source"]

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
OTHERS = {kind: f"(other {kind}s)" for kind in ("route", "event", "source", "room")}
"""What is counted over time → the label that all further values have together."""

_ANY = (PAGE_VIEWS.name, EVENTS.name, USERS.name, ESTIMATIONS.name, VOTES.name)

DEFINITIONS = (
    Definition(
        "count",
        "Count",
        "count",
        "Page views (by route or source), events (by kind), users with any activity "
        "(by place or device), votes (by room over time) or estimations (by card) of "
        "the period.",
        _ANY,
        "Deleted users, where users are counted.",
    ),
    Definition(
        "users",
        "Users",
        "count",
        "Users with these page views or events.",
        (PAGE_VIEWS.name, EVENTS.name),
    ),
    Definition(
        "share",
        "Share",
        "share",
        "Share of the whole column; of a cohort, share that was active at that age.",
        _ANY,
        "Of a cohort, it is hidden below 20.",
    ),
    Definition(
        "people",
        "Visitors",
        "count",
        "Users with a page view from the source in the period; without a source: users "
        "none of whose page views names one.",
        (PAGE_VIEWS.name,),
    ),
    Definition(
        "estimated",
        "Joined a vote",
        "count",
        "Visitors from the source who joined a vote in the period, as estimator or as "
        "spectator; their share is the activation rate.",
        (PAGE_VIEWS.name, ESTIMATIONS.name),
    ),
    Definition(
        "last_vote_at",
        "Last vote",
        "count",
        "End of the room's last vote in the period.",
        (VOTES.name,),
    ),
    Definition(
        "before",
        "Before",
        "count",
        "The same count in the comparison.",
        _ANY,
    ),
    Definition("change", "Change", "count", "Count minus the count before.", _ANY),
    Definition(
        "activation_rate",
        "Activation rate",
        "share",
        "Share of a source's visitors who joined a vote in the period.",
        (PAGE_VIEWS.name, ESTIMATIONS.name),
        "Users without a page view in the period. Hidden below 20 visitors of a "
        "source.",
        only_in="sources_quality",
    ),
)
LABELS = (
    *("bucket", "cut", "label", "route", "event", "source"),
    *("room_id", "room_number", "room_name"),
)


def source_class(source: pl.Expr) -> pl.Expr:
    """Return the class of a source as text; null stays null."""
    found = pl.coalesce(
        pl.when(source.str.contains(pattern)).then(pl.lit(name))
        for name, pattern in SOURCE_CLASSES.items()
    )
    return pl.when(source.is_not_null()).then(found.fill_null(OTHER))


def source_or_null(source: pl.Expr) -> pl.Expr:
    """Return the class of a source; null where it is null or not `seen`."""
    return source_class(seen(source))


def code_or_null(column: str) -> pl.Expr:
    """Return a route or an event; null where it is null or not `seen`."""
    return seen(pl.col(column)).alias(column)


def routes(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return page views per route, most first: route, count, users, share, …."""
    return compared(query, partial(_ranked, shared, "route"), ["route"])


def events(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return events per kind, most first: event, count, users, share, …."""
    return compared(query, partial(_ranked, shared, "event"), ["event"])


def sources(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return page views per class of source, most first: source, count, users, ….

    Page views without a source count under null, so that shares add up.
    """
    return compared(query, partial(_ranked, shared, "source"), ["source"])


def sources_quality(query: Query, shared: SharedPlans) -> Unfinished:
    """Return which sources bring users who join a vote, most visitors first.

    Columns: source (null: users none of whose page views names one), people
    (visitors; n), estimated (those of them with a participation), activation_rate
    (hidden below 20) and what compares it with all other sources (see `uncertainty`;
    users of one room are alike).
    """
    frames = shared.within(query.period)
    came = _labelled(frames, "source").select("source", "user").unique()
    # One page view with a source is enough: only users without any are nameless.
    named = came.drop_nulls("source")
    nameless = came.filter(pl.col("source").is_null())
    visitors = pl.concat([named, nameless.join(named, on="user", how="anti")])
    joined = frames.estimations.select("user").unique().with_columns(joined=1)
    users = (
        visitors.join(joined, on="user", how="left")
        .join(
            room_or_user(frames.page_views, frames.estimations), on="user", how="left"
        )
        .with_columns(pl.col("joined").fill_null(0), cluster=own_cluster())
    )
    counts = ("people", "estimated")
    sources = (
        users.group_by("source", "cluster")
        .agg(people=row_count(), estimated=pl.col("joined").sum().cast(pl.Int64))
        .with_columns(wholes(counts, "cluster", "source"))
        .group_by("source")
        .agg(pl.sum(*counts), activation_rate_sums=sums_beside("estimated", "people"))
    )
    return Unfinished(
        ranked(sources, ["source"], "people"), comparisons("activation_rate", "source")
    )


def rooms(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return votes per room, most first.

    Columns: room_id, room_number and room_name (null for a deleted room), votes,
    share, estimations, last_vote_at, and the comparison's votes.
    """

    def count(period: Period) -> pl.LazyFrame:
        return _rooms(shared.within(period).votes, shared.room_names)

    return compared(query, count, ["room_id", "room_number", "room_name"], "votes")


def _rooms(votes: pl.LazyFrame, names: pl.LazyFrame) -> pl.LazyFrame:
    return ranked(
        votes_per_room(votes)
        .with_columns(share=share("votes"))
        .join(names, on="room_id", how="left")
        .select(
            *("room_id", "room_number", "room_name"),
            *("votes", "share", "estimations", "last_vote_at"),
        ),
        ["room_id"],
        "votes",
    )


def votes_per_room(votes: pl.LazyFrame) -> pl.LazyFrame:
    """Return room_id, votes, estimations, last_vote_at of each room with votes."""
    return votes.group_by("room_id").agg(
        votes=row_count(),
        estimations=total("amount_of_estimations"),
        last_vote_at=pl.col("voted_at").max(),
    )


def routes_over_time(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return page views per bucket and route: bucket, label, count, cut.

    As the two below, with 40 labels at most: all further ones are one.
    """
    return _over_time(query, shared, "route")


def events_over_time(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return events per bucket and kind: bucket, label, count, cut."""
    return _over_time(query, shared, "event")


def sources_over_time(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return page views per bucket and class of source: bucket, label, count, cut."""
    return _over_time(query, shared, "source")


def rooms_over_time(query: Query, shared: SharedPlans) -> pl.LazyFrame:
    """Return votes per bucket and room, for the 40 rooms with most votes.

    Columns: bucket, label (the room's name and number, its id where the room is
    deleted; all further rooms are one row, "(other rooms)"), count, cut.
    """
    votes = bucketed(shared.within(query.period), query.granularity, query.period).votes
    largest = ranked(votes_per_room(votes), ["room_id"], "votes").head(TOP)
    nameless = DELETED if query.knows_rooms else NO_NAME
    # Rooms share names, so the number belongs to the label.
    name = seen(pl.col("room_name")).fill_null(NOT_SET)
    label = pl.coalesce(
        pl.format("{} #{}", name, "room_number"),
        pl.format(f"{nameless} ID {{}}", "room_id"),
    )
    labels = largest.join(shared.room_names, on="room_id", how="left")
    labelled = votes.join(
        labels.select("room_id", label=label), on="room_id", how="left"
    )
    named = labelled.with_columns(pl.col("label").fill_null(OTHERS["room"]))
    counts = named.group_by("bucket", "label").agg(count=row_count())
    return _on_axis(counts, query)


def _over_time(
    query: Query, shared: SharedPlans, dimension: _Dimension
) -> pl.LazyFrame:
    """Return rows per bucket and label; every label of the period in every bucket.

    Labels beyond the `TOP` largest are one, such as "(other routes)".
    """
    inside = bucketed(shared.within(query.period), query.granularity, query.period)
    labelled = _labelled(inside, dimension).rename({dimension: "label"})
    counts = labelled.group_by("bucket", "label").agg(count=row_count())
    sums = counts.group_by("label").agg(pl.col("count").sum())
    others = pl.lit(OTHERS[dimension])
    further = ranked(sums, ["label"]).slice(TOP).select("label", name=others)
    named = (
        counts.join(further, on="label", how="left", nulls_equal=True)
        .group_by("bucket", label=pl.coalesce("name", "label"))
        .agg(pl.col("count").sum())
    )
    return _on_axis(named, query)


def _on_axis(counts: pl.LazyFrame, query: Query) -> pl.LazyFrame:
    # Every label in every bucket, so that a line falls to 0 instead of ending. Of
    # thousands of labels that would be millions of rows.
    labels = counts.select("label").unique()
    series = (
        period_axis(query.period, query.granularity)
        .join(labels, how="cross")
        .join(counts, on=["bucket", "label"], how="left", nulls_equal=True)
        .with_columns(pl.col("count").fill_null(0))
        .sort("bucket", "label", nulls_last=True)
    )
    return time_series(series, query)


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
    # Few texts occur; each is matched once.
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
    named = _rooms(frames.votes, SharedPlans(frames).room_names)
    per_name = named.group_by("room_name").agg(pl.col("votes").sum())
    return ranked(per_name, ["room_name"], "votes").head(TOP)


def _labelled(frames: Frames, dimension: _Dimension) -> pl.LazyFrame:
    if dimension != "source":
        rows = frames.events if dimension == "event" else frames.page_views
        return rows.with_columns(code_or_null(dimension))
    # Few texts occur; each is matched once.
    texts = frames.page_views.select(pl.col("source").unique())
    classes = texts.with_columns(label=source_or_null(pl.col("source")))
    views = frames.page_views.join(classes, on="source", nulls_equal=True)
    return views.drop("source").rename({"label": "source"})


def _ranked(shared: SharedPlans, dimension: _Dimension, period: Period) -> pl.LazyFrame:
    rows = _labelled(shared.within(period), dimension)
    counts = rows.group_by(dimension).agg(
        count=row_count(), users=distinct_count("user")
    )
    return ranked(counts.with_columns(share=share("count")), [dimension])


def best_source(frame: pl.DataFrame) -> str | None:
    """Say which sources bring visitors who join a vote more or less often than others.

    Sources of fewer than 20 visitors, and visitors without one, are not named.
    """

    def describe(row: Mapping[str, Any]) -> str:
        return f"of {row['people']:,} visitors from {row['source']}"

    return compared_labels(
        frame,
        "activation_rate",
        ("estimated", "people"),
        ("sources", "joined a vote"),
        describe,
    )


TABLES = (
    table(
        "sources_quality",
        "Which sources bring users who join a vote?",
        sources_quality,
        PAGE_VIEWS,
        ESTIMATIONS,
        answer=best_source,
        sample_sizes={"activation_rate": "people"},
    ),
    table("routes", "Page views by route", routes, PAGE_VIEWS),
    table("sources", "Page views by source", sources, PAGE_VIEWS),
    table("events", "Events by kind", events, EVENTS),
    table("rooms", "Votes by room", rooms, VOTES, ROOMS),
    table(
        "routes_over_time",
        "Page views by route over time",
        routes_over_time,
        PAGE_VIEWS,
    ),
    table(
        "sources_over_time",
        "Page views by source over time",
        sources_over_time,
        PAGE_VIEWS,
    ),
    table("events_over_time", "Events by kind over time", events_over_time, EVENTS),
    table("rooms_over_time", "Votes by room over time", rooms_over_time, VOTES, ROOMS),
)
