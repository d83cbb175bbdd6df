"""Routes, events, sources and rooms."""

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import behaviour
from metrics.expressions import is_visible
from metrics.frames import Frames
from metrics.registry import METRIC_TABLES, plan
from tests.metrics.building import (
    answer,
    at,
    column,
    days,
    estimation,
    event,
    executed,
    frames,
    plan_of,
    query,
    quick,
    room,
    uncompared,
    user,
    view,
    vote,
)

NINE = "2026-11-02 09:00"


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("https://teams.microsoft.com/l/meetup", "Teams"),
        ("https://teams.example?x=www.google.com", "Teams"),
        ("https://googleads.g.doubleclick.net", "Google Ads"),
        ("google_ads", "Google Ads"),
        ("https://www.google.com/", "Google Search"),
        ("https://wwwXgoogle.com/", "Other"),
        ("https://free-planning-poker.com/guide", "Free Planning Poker"),
        ("cv", "CV"),
        ("CV", "Other"),
        ("email", "Email"),
        ("https://github.com/x/cv", "CV"),
        ("https://github.com/x", "GitHub"),
        ("https://www.bing.com/search", "Bing"),
        ("", "Other"),
        (None, None),
    ],
)
def test_the_first_pattern_found_anywhere_is_the_class(
    source: str | None, wanted: str | None
) -> None:
    frame = pl.LazyFrame({"source": [source]}, schema={"source": pl.String})
    got = frame.select(behaviour.source_class(pl.col("source")))
    assert got.collect().item() == wanted


def test_routes_rank_by_page_views_and_count_users_once() -> None:
    rows = frames(
        view("a", NINE, "HOME"),
        view("a", NINE, "ROOM"),
        view("a", NINE, "ROOM"),
        view("b", NINE, "ROOM"),
    )
    assert uncompared(plan_of(behaviour.routes, rows)) == [
        {"route": "ROOM", "count": 3, "users": 2, "share": 0.75},
        {"route": "HOME", "count": 1, "users": 1, "share": 0.25},
    ]


def test_events_that_tie_are_in_order_of_their_names() -> None:
    rows = frames(event("a", NINE, "LEFT_ROOM"), event("b", NINE, "CHANGED_ROOM_NAME"))
    assert column(plan_of(behaviour.events, rows), "event") == [
        "CHANGED_ROOM_NAME",
        "LEFT_ROOM",
    ]


def test_page_views_without_a_source_are_a_row_so_that_shares_add_up() -> None:
    """An empty text is no source either."""
    rows = frames(
        view("a", NINE),
        view("b", NINE, source=""),
        view("a", NINE, source="cv"),
        view("a", NINE, source="https://example.com/"),
    )
    assert uncompared(plan_of(behaviour.sources, rows)) == [
        {"source": None, "count": 2, "users": 2, "share": 0.5},
        {"source": "CV", "count": 1, "users": 1, "share": 0.25},
        {"source": "Other", "count": 1, "users": 1, "share": 0.25},
    ]


def test_the_reference_always_lists_other_and_no_other_empty_class() -> None:
    assert answer(behaviour.legacy_sources(Frames.empty())) == [
        {"source": "Other", "count": 0}
    ]


def test_the_quality_of_a_source_is_the_share_of_its_users_who_take_part() -> None:
    rows = frames(
        view("a", NINE, source="cv"),
        view("a", NINE, source="cv"),
        view("b", NINE, source="cv"),
        view("b", NINE, source="email"),
        view("c", NINE),
        view("b", NINE),
        estimation("a", NINE),
        estimation("c", NINE),
    )
    table = plan_of(behaviour.sources_quality, rows).collect()
    assert table.select("source", "people", "estimated").rows() == [
        ("CV", 2, 1),
        ("Email", 1, 0),
        (None, 1, 1),
    ]
    assert table["activation_rate"].to_list() == [None] * 3  # fewer than 20


def test_rooms_rank_by_votes_and_deleted_ones_keep_their_id() -> None:
    rows = frames(
        room(1, "<b>x</b>", number=4711),
        vote(NINE, room=9, amount=3),
        vote("2026-11-02 10:00", room=9, amount=3),
        vote(NINE, room=1, amount=2),
    )
    assert uncompared(plan_of(behaviour.rooms, rows)) == [
        {
            "room_id": 9,
            "room_number": None,
            "room_name": None,
            "votes": 2,
            "share": 2 / 3,
            "estimations": 6,
            "last_vote_at": at("2026-11-02 10:00"),
        },
        {
            "room_id": 1,
            "room_number": 4711,
            "room_name": "<b>x</b>",
            "votes": 1,
            "share": 1 / 3,
            "estimations": 2,
            "last_vote_at": at(NINE),
        },
    ]


def test_a_room_that_is_older_than_the_window_keeps_its_name() -> None:
    rows = frames(room(1, "old", "2025-01-01"), vote(NINE))
    plan = plan_of(behaviour.rooms, rows, days("2026-11-02", "2026-11-02"))
    assert column(plan, "room_name") == ["old"]


def test_the_reference_merges_deleted_rooms_under_null() -> None:
    rows = frames(room(1, "a"), vote(NINE), vote(NINE, room=8), vote(NINE, room=9))
    assert answer(behaviour.legacy_rooms(rows)) == [
        {"room_name": None, "votes": 2},
        {"room_name": "a", "votes": 1},
    ]


def test_the_reference_lists_40_rooms() -> None:
    rows = frames(
        *(room(n, f"r{n}") for n in range(41)), *(vote(NINE, room=n) for n in range(41))
    )
    assert len(answer(behaviour.legacy_rooms(rows))) == 40


def test_every_label_of_the_window_is_in_every_bucket() -> None:
    rows = frames(
        view("a", "2026-11-01 09:00", "GUIDE"),
        view("a", "2026-11-02 09:00", "HOME"),
        view("a", "2026-11-03 09:00", "ROOM"),
    )
    period = days("2026-11-02", "2026-11-03")
    assert answer(
        plan_of(behaviour.routes_over_time, rows, period, "day").drop("cut")
    ) == [
        {"bucket": date(2026, 11, 2), "label": "HOME", "count": 1},
        {"bucket": date(2026, 11, 2), "label": "ROOM", "count": 0},
        {"bucket": date(2026, 11, 3), "label": "HOME", "count": 0},
        {"bucket": date(2026, 11, 3), "label": "ROOM", "count": 1},
    ]


def test_of_thousands_of_labels_over_time_the_smallest_are_one() -> None:
    numbered = [
        view("a", f"2026-11-02 {n % 24:02}:00", f"R{n:04}") for n in range(2_000)
    ]
    many = [view("a", f"2026-11-03 {n % 24:02}:00", "HOME") for n in range(40)]
    rows = frames(*numbered, *many, view("a", NINE, ""), view("a", NINE, ""))
    period = days("2026-11-01", "2026-11-10")
    found = executed(plan_of(behaviour.routes_over_time, rows, period, "day"))
    sums = found.group_by("label").agg(pl.col("count").sum())
    # The 40 largest, and the others; without a route is a label as any other.
    assert sums.height == 41
    assert found.height == 41 * 10
    assert sums["count"].sum() == 2_042
    by_label = dict(sums.iter_rows())
    assert (by_label["HOME"], by_label[None]) == (40, 2)
    assert by_label["(other routes)"] == 2_000 - 38


def test_rooms_over_time_are_distinguished_by_their_numbers() -> None:
    rows = frames(
        *(vote(NINE, room=key) for key in (1, 2, 2, 3)),
        room(1, "team", number=70),
        room(2, "team", number=71),
    )
    period = days("2026-11-02", "2026-11-03")
    found = answer(plan_of(behaviour.rooms_over_time, rows, period, "day"))
    assert [(row["label"], row["count"]) for row in found] == [
        *(("(deleted) ID 3", 1), ("team #70", 1), ("team #71", 2)),
        *(("(deleted) ID 3", 0), ("team #70", 0), ("team #71", 0)),
    ]


@pytest.mark.parametrize(
    "lacks",
    [{"missing": ("fpp_rooms",)}, {"later_begins": {"fpp_rooms": date(2026, 11, 2)}}],
)
def test_over_time_no_room_is_called_deleted_without_the_table_of_rooms(
    lacks: dict[str, Any],
) -> None:
    rows = frames(vote(NINE, room=3))
    asked = replace(query(rows, days("2026-11-02", "2026-11-02")), **lacks)
    assert column(plan("rooms_over_time", asked), "label") == ["(name missing) ID 3"]


@pytest.mark.parametrize("name", ["", " ", "\u200b", "\u2800\ufe0f\u034f"])
def test_a_room_whose_name_cannot_be_seen_is_named_as_elsewhere(name: str) -> None:
    rows = frames(vote(NINE), room(1, name, number=70))
    period = days("2026-11-02", "2026-11-02")
    found = answer(plan_of(behaviour.rooms_over_time, rows, period, "day"))
    assert [row["label"] for row in found] == ["(not set) #70"]


def test_sources_over_time_are_classes() -> None:
    rows = frames(view("a", NINE, source="cv"), view("a", NINE))
    period = days("2026-11-02", "2026-11-02")
    assert answer(plan_of(behaviour.sources_over_time, rows, period, "week")) == [
        {"bucket": date(2026, 11, 2), "label": "CV", "count": 1, "cut": "running"},
        {"bucket": date(2026, 11, 2), "label": None, "count": 1, "cut": "running"},
    ]


def test_rooms_beyond_the_largest_share_a_row_so_that_counts_add_up() -> None:
    rows = frames(*(vote(NINE, room=n) for n in range(43)))
    period = days("2026-11-02", "2026-11-02")
    found = answer(plan_of(behaviour.rooms_over_time, rows, period))
    assert len(found) == 41
    assert {row["count"] for row in found if row["label"] == "(other rooms)"} == {3}


LABEL = {
    "routes": "route",
    "events": "event",
    "sources": "source",
    "countries": "country",
    "regions": "region",
    "cities": "city",
    "devices": "device",
    "operating_systems": "os",
    "browsers": "browser",
}


@quick
@given(
    st.lists(
        st.none()
        | st.sampled_from(
            ["", " ", "\t\n", "\u3000", "\u200b\u3164", "\x00", "a", " a", "(not set)"]
        )
    )
)
def test_a_blank_text_is_not_set_and_no_third_value(texts: list[str | None]) -> None:
    """Every row counts, under its text or under null."""
    rows = []
    for number, text in enumerate(texts):
        own = dict.fromkeys(("country", "region", "city", "device", "os", "browser"))
        rows += [
            user(f"u{number}", **dict.fromkeys(own, text)),
            view(f"u{number}", NINE, text, text),
            event(f"u{number}", NINE, text),
        ]
    for name, label in LABEL.items():
        table = executed(plan_of(METRIC_TABLES[name].build, frames(*rows)))
        assert table["count"].sum() == len(texts)
        # Cities and regions of two countries can share a name.
        places = [c for c in ("country", "region", "city") if c in table.columns]
        assert table.select({label, *places}).is_unique().all()
        assert all(is_visible(t) for t in table[label] if t is not None)
        assert "(not set)" not in table[label]
