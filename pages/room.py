"""Room: one room over its whole life, found by id, number or name."""

from functools import partial

import streamlit as st

from metrics import rooms, votes
from metrics.room_health import health
from ui import bundle, cards, charts, questions, room_health, room_picker, shell
from ui.block import block

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

view = shell.view()
room_id = room_picker.pick(view)
if room_id is None:
    offered = view.ask("rooms", QUIET)
    room_picker.suggest(offered["rooms"])
    questions.question(view, QUIET, offered)
    st.stop()

own = view.frames.of_room(room_id)
found = view.ask(
    facts=own.rooms,
    statistics=rooms.statistics(own, room_id),
    medians=votes.totals(own),
    votes_by_week=rooms.over_time(own, room_id, "week"),
    rounds=rooms.recent_rounds(own, room_id),
    spread=votes.spread(own),
    team_sizes=votes.team_sizes(own),
    health=health(own, view.now),
)
room_picker.back_to_all()
if not room_picker.introduce(room_id, found["facts"], found["rounds"]):
    st.stop()

median = found["medians"].select(MEDIAN)
figures = found["statistics"].hstack(median)
cards.row((*STATISTICS, MEDIAN), figures, columns=5)
file = partial("room_{}_{}".format, room_id)
room_health.show(found["health"])
block(
    view,
    file("votes_by_week"),
    found["votes_by_week"],
    partial(
        charts.bars_over_time,
        value="votes",
        title="Votes",
        granularity="week",
        today=view.today,
    ),
    title="Votes per week",
)
with st.grid(3, min_column_width=320, gap="small"):
    block(
        view,
        file("rounds"),
        found["rounds"],
        charts.ranges,
        title="How far apart are the latest rounds?",
        key="ranges",
    )
    block(
        view,
        file("spread"),
        found["spread"],
        partial(votes_by, label="steps", titles=("Steps between cards", "Rounds")),
        title="Do they agree?",
    )
    block(
        view,
        file("team_sizes"),
        found["team_sizes"],
        partial(votes_by, label="estimators", titles=("People estimating", "Rounds")),
        title="How many estimate?",
    )
block(view, file("rounds"), found["rounds"], title="All rounds, newest first")
bundle.offer(view, found, file("page"), file(""))
