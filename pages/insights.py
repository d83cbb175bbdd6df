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
        "Agreement",
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
        "Re-votes",
        kpis=(
            Kpis(
                "convergence", "convergence_over_time", ("convergence", "re_vote_rate")
            ),
        ),
        charts=("convergence",),
    ),
    "Meetings": Section(
        "Meetings",
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
        "Rooms",
        charts=("room_states", "retention_rooms_by_sprints_average"),
        tables=("rooms_gone_quiet", "room_health"),
        behind=("retention_rooms_by_sprints",),
    ),
    "New people": Section(
        "New users",
        headline={
            "invites": ("new_rooms", "newcomers", "inviting_share", "invite_intent")
        },
        charts=("invites", "invites_by_newcomers"),
        tables=("invites_by_room",),
    ),
}
"""Key in links → section; two have other titles than they had."""

context = page_context.current()
section = render_switch(
    "Topic",
    SECTIONS,
    key="about",
    labelled=False,
    labels={key: section.title for key, section in SECTIONS.items()},
    also=lambda section: without_unknown(*section.kpis),
)
found = questions.render_section(context, section)
render_links(("How far new users get", "traffic", {}))
# A chart shows what a tile hides, and says that it is not filtered, if it is there.
shown = {c for c in section.charts if not is_meaningless(context.filters, c)}
tiles = {*tables_of(*section.kpis), *section.headline} - shown
# Files of two topics do not replace each other.
export.render_download(context, found, f"insights_{slug(section.title)}", tiles)
