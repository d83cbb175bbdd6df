"""Room: one room over its whole life, found by id, number or name."""

from functools import partial

import streamlit as st

from metrics import rooms, votes
from metrics.query import SharedPlans
from metrics.room_health import health
from ui import charts, export, page_context
from ui.blocks import cards, questions, room
from ui.blocks.block import render_block, time_axes

STATISTICS = (
    "votes",
    "estimations",
    "estimations_per_vote",
    "duration",
    "avg_min_estimation",
    "avg_avg_estimation",
    "avg_max_estimation",
    "spectators",
    "spectators_per_vote",
)
MEDIAN = "duration_median_seconds"
QUIET = "rooms_gone_quiet"
votes_by = partial(charts.bars, value="votes")

context = page_context.current()
room_id = room.render_search(context)
if room_id is None:
    offered = context.compute("rooms", QUIET)
    room.render_busiest(offered["rooms"])
    questions.render_question(context, QUIET, offered)
    st.stop()

own = context.frames.of_room(room_id)
found = context.compute(
    facts=own.rooms,
    statistics=rooms.statistics(own, room_id),
    medians=votes.totals_of(own.votes),
    votes_by_week=rooms.over_time(own, room_id, "week"),
    rounds=votes.newest_first_of(own.votes).drop("room_id"),
    spread=votes.spread_of(own.votes),
    team_sizes=votes.team_sizes_of(own.votes),
    health=health(SharedPlans(own), context.now),
)
room.render_back_button()
if not room.render_introduction(room_id, found["facts"], found["rounds"]):
    st.stop()

median = found["medians"].select(MEDIAN)
figures = found["statistics"].hstack(median)
cards.render_row((*STATISTICS, MEDIAN), figures, columns=5)
file = partial("room_{}_{}".format, room_id)
room.render_health(found["health"])
render_block(
    context,
    file("votes_by_week"),
    found["votes_by_week"],
    partial(
        charts.bars_over_time,
        value="votes",
        title="Votes",
        axis=time_axes(context, "week")[0],
    ),
    title="Votes per week",
)
with st.grid(3, min_column_width=320, gap="small"):
    render_block(
        context,
        file("rounds"),
        found["rounds"],
        charts.ranges,
        title="How far apart are the latest rounds?",
        key="ranges",
    )
    render_block(
        context,
        file("spread"),
        found["spread"],
        partial(votes_by, label="steps", titles=("Steps between cards", "Rounds")),
        title="Do they agree?",
    )
    render_block(
        context,
        file("team_sizes"),
        found["team_sizes"],
        partial(votes_by, label="estimators", titles=("People estimating", "Rounds")),
        title="How many estimate?",
    )
render_block(context, file("rounds"), found["rounds"], title="All rounds, newest first")
export.render_download(context, found, file("page"), file(""))
