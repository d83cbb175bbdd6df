"""Insights: how teams estimate, as questions with their answers."""

import streamlit as st

from ui import questions, shell

SECTIONS = {
    "Agreement": (
        "consensus_by_team_size",
        "consensus_over_time",
        "agreement_by_team_size",
        "agreement_over_time",
        "convergence",
        "convergence_over_time",
    ),
    "Meetings": (
        "round_time",
        "round_time_over_time",
        "auto_flip_by_kind",
        "spectators_over_time",
        "spectators",
    ),
    "Rooms": (
        "room_states",
        "rooms_gone_quiet",
        "invites_by_newcomers",
        "invites_by_room",
        "room_health",
    ),
    "New people": ("funnel", "funnel_by_source", "invites", "spectators"),
}
HEADLINES: dict[str, dict[str, tuple[str, ...]]] = {
    "Agreement": {
        "consensus": ("near_consensus", "split"),
        "agreement": ("agreement", "outlier_share", "coverage"),
        "convergence": ("convergence",),
    },
    "Meetings": {
        "round_time": (
            "duration_median_seconds",
            "talk_median_seconds",
            "rounds_per_meeting_hour",
            "long_share",
        ),
        "spectators": ("spectator_share",),
        "auto_flip": ("auto_flip_effect_seconds",),
    },
    "Rooms": {"invites": ("new_rooms", "newcomers", "inviting_share")},
    "New people": {"invites": ("inviting_share", "invite_intent")},
}

view = shell.view()
section = st.segmented_control(
    "About",
    list(SECTIONS),
    default="Agreement",
    required=True,
    key="about",
    bind="query-params",
    label_visibility="collapsed",
)
found = questions.ask(view, SECTIONS[section], HEADLINES[section])
questions.headline(found, HEADLINES[section])
with st.grid(2, min_column_width=380):
    for name in SECTIONS[section]:
        questions.show(view, name, found)
