"""Insights: how well teams estimate together."""

from ui import export, page_context
from ui.blocks import questions
from ui.blocks.block import render_links
from ui.blocks.kpi_strip import Kpis, tables_of, without_unknown
from ui.blocks.questions import Section
from ui.filters.filter_chips import is_meaningless
from ui.query_params import render_switch, slug

SECTIONS = {
    "Agreement": Section(
        kpis=(
            Kpis(
                "consensus",
                "consensus_over_time",
                ("near_consensus", "consensus", "split", "mean_steps"),
            ),
            Kpis(
                "agreement",
                "agreement_over_time",
                ("agreement", "outlier_share", "coverage"),
            ),
        ),
        charts=("consensus_by_team_size", "agreement_by_team_size"),
        tables=("consensus_by_team_size_over_time",),
    ),
    "Second votes": Section(
        kpis=(
            Kpis(
                "convergence", "convergence_over_time", ("convergence", "re_vote_rate")
            ),
        ),
        charts=("convergence",),
    ),
    "Meetings": Section(
        kpis=(
            Kpis(
                "round_time",
                "round_time_over_time",
                (
                    "duration_median_seconds",
                    "duration_p90_seconds",
                    "talk_median_seconds",
                    "rounds_per_meeting_hour",
                    "long_share",
                ),
            ),
            Kpis("spectators", "spectators_over_time", ("spectator_share",)),
        ),
        charts=("round_time", "auto_flip", "auto_flip_by_kind", "spectators"),
    ),
    "Rooms": Section(
        charts=("room_states", "retention_rooms_by_sprints_average"),
        tables=("rooms_gone_quiet", "room_health"),
    ),
    "New people": Section(
        headline={
            "invites": ("new_rooms", "newcomers", "inviting_share", "invite_intent")
        },
        charts=("invites", "invites_by_newcomers"),
        tables=("invites_by_room",),
    ),
}
RENAMED = {"Second votes": "Re-votes", "New people": "New users"}
"""Section → its title; links keep the older key."""

context = page_context.current()
section = render_switch(
    "Topic",
    SECTIONS,
    key="about",
    labelled=False,
    labels=RENAMED,
    also=lambda section: without_unknown(*section.kpis),
)
found = questions.render_section(context, section)
render_links(("How far new users get", "traffic", {}))
# A chart shows what a tile hides, and says that it is not filtered, if it is there.
shown = {c for c in section.charts if not is_meaningless(context.filters, c)}
tiles = {*tables_of(*section.kpis), *section.headline} - shown
# Files of two topics do not replace each other.
topic = next(RENAMED.get(key, key) for key in SECTIONS if SECTIONS[key] is section)
export.render_download(context, found, f"insights_{slug(topic)}", tiles)
