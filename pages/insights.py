"""Insights: how teams estimate, as questions with their answers."""

from ui import export, page_context
from ui.blocks import questions
from ui.blocks.questions import Section
from ui.query_params import render_switch

SECTIONS = {
    "Agreement": Section(
        headline={
            "consensus": ("near_consensus", "consensus", "split", "mean_steps"),
            "agreement": ("agreement", "outlier_share", "coverage"),
        },
        charts=(
            *("consensus_by_team_size", "consensus_over_time"),
            *("agreement_by_team_size", "agreement_over_time"),
        ),
        tables=("consensus_by_team_size_over_time",),
    ),
    "Second votes": Section(
        headline={"convergence": ("convergence", "re_vote_rate")},
        charts=("convergence", "convergence_over_time"),
    ),
    "Meetings": Section(
        headline={
            "round_time": (
                *("duration_median_seconds", "duration_p90_seconds"),
                *("talk_median_seconds", "rounds_per_meeting_hour", "long_share"),
            ),
            "spectators": ("spectator_share",),
            "auto_flip": ("auto_flip_share", "auto_flip_effect_seconds"),
        },
        charts=(
            *("round_time", "round_time_over_time"),
            *("auto_flip", "auto_flip_by_kind"),
            *("spectators", "spectators_over_time"),
        ),
    ),
    "Rooms": Section(
        charts=("room_states", "retention_rooms_by_sprints_average"),
        tables=("rooms_gone_quiet", "room_health"),
    ),
    "New people": Section(
        headline={
            "invites": ("new_rooms", "newcomers", "inviting_share", "invite_intent")
        },
        charts=(
            *("funnel", "funnel_by_device"),
            *("funnel_by_source", "funnel_by_country"),
            *("invites", "invites_by_newcomers"),
        ),
        tables=("invites_by_room",),
    ),
}

context = page_context.current()
found = questions.render_section(
    context, render_switch("About", SECTIONS, key="about", labelled=False)
)
export.render_download(context, found, "insights")
