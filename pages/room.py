"""Room: what happened there? One room and its meetings, or two or three compared."""

from dataclasses import replace
from functools import partial

import streamlit as st

from metrics import meetings
from metrics.frames import Period
from metrics.registry import plan
from metrics.room_health import health
from metrics.time_zone import in_zone
from ui import charts, export, page_context
from ui.blocks import comparison, meeting, room
from ui.blocks.block import render_block, render_links, render_unfiltered_note
from ui.blocks.kpi_strip import Kpis, render_kpis
from ui.page_context import Results

TOTALS, SERIES = "votes_totals", "votes_over_time"
ROOMS = {"about": "rooms"}
KEYS = (
    "votes",
    "estimations",
    "estimations_per_vote",
    "spectators_per_vote",
    "avg_estimation",
    "duration_median_seconds",
    "auto_flip_share",
    "rounds_without_estimate",
)
votes_by = partial(charts.bars, value="votes")

context = page_context.current()
asked_for = room.found_rooms()
with st.container(horizontal=True, vertical_alignment="center", key="room_search_bar"):
    room.render_search(context, asked_for)
if not asked_for:
    room.warn_of_lone_meeting()
    busiest = context.compute("rooms")["rooms"]
    room.render_busiest(context, in_zone(busiest, context.query.zone))
    render_unfiltered_note(context, "rooms")
    render_links(
        ("Room health and quiet rooms", "insights", ROOMS),
        ("Votes by room over time", "behaviour", {"part": "rooms"}),
    )
    st.stop()

found = room.render_introduction(context, asked_for)
if not found:
    st.stop()
# Each room has its own rows; the period and the comparison are shared.
contexts = [room.of_room(context, each.room_id) for each in found]
if len(found) > 1:
    room.warn_of_lone_meeting()
    drawn = comparison.render_comparison(contexts, found, KEYS)
    both = room.about_rooms(contexts[0], found)
    ids = "_".join(str(each.room_id) for each in found)
    export.render_download(both, Results(drawn, {}), f"rooms_{ids}")
    st.stop()

(only,), (own,) = found, contexts
# Health is as of now, or as of the end of late data, whatever the period.
until, days = own.query.now, own.query.period
since = Period(min(days.start, until), until, days.zone)
at_end = replace(own.query, period=since, comparison=None)
results = own.compute(
    TOTALS,
    SERIES,
    "rounds",
    "spread",
    "team_sizes",
    earlier=(TOTALS, SERIES),
    usual=KEYS,
    further=lambda shared: {
        "meetings": plan(
            "meetings", at_end, shared, lambda _, all_: meetings.meetings(all_.frames)
        ),
        "health": plan(
            "room_health", at_end, shared, lambda _, all_: health(all_, until)
        ),
    },
)
vote = room.open_meeting()
if vote is not None:
    about, drawn = meeting.render_meeting(own, only.room_id, results["meetings"], vote)
    meeting.render_meetings(own, results["meetings"], drawn.get("votes"))
    export.render_download(
        about, Results(drawn, {}), f"room_{only.room_id}_meeting_{vote}"
    )
    st.stop()
render_kpis(own, results, Kpis(TOTALS, SERIES, KEYS))
room.render_health(own, results["health"])
listed = meeting.render_meetings(own, results["meetings"])
# The files have the meetings of the period, as the table has.
results = Results({**results.now, "meetings": listed}, results.earlier)
if results["rounds"].is_empty():
    export.render_download(own, results, f"room_{only.room_id}")
    st.stop()
with st.grid(3, min_column_width=320, gap="small"):
    render_block(
        own,
        "rounds",
        results["rounds"],
        charts.ranges,
        title="Spread of the latest votes",
        note="Lines go from the lowest to the highest card, diamonds are averages.",
    )
    render_block(
        own,
        "spread",
        results["spread"],
        partial(votes_by, label="steps", titles=("Steps", "Votes")),
        title="Spread",
        note="Votes with two or more estimations.",
    )
    render_block(
        own,
        "team_sizes",
        results["team_sizes"],
        partial(votes_by, label="estimators", titles=("Team size", "Votes")),
        title="Team size",
        note="Votes with an estimation.",
    )
export.render_download(own, results, f"room_{only.room_id}")
