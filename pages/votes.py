"""Votes: how many rounds, how they end, and when they happen."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from ui import charts, export, page_context
from ui.blocks import cards, questions
from ui.blocks.block import render_block
from ui.blocks.trend import render_trend
from ui.charts import anomaly_marks
from ui.charts.axes import Draw
from ui.query_params import render_switch

TOTALS, SERIES = "votes_totals", "votes_over_time"
FIGURES = (
    "votes",
    "estimations",
    "estimations_per_vote",
    "spectators_per_vote",
    "avg_min_estimation",
    "avg_estimation",
    "avg_max_estimation",
    "duration_mean_seconds",
)
MEDIANS = (
    "estimations_per_vote_median",
    "spectators_per_vote_median",
    "avg_min_estimation_median",
    "avg_estimation_median",
    "avg_max_estimation_median",
    "duration_median_seconds",
)
MORE = (
    "duration_p90_seconds",
    "auto_flip_share",
    "rounds_without_estimate",
)
MEDIANS_TOO = "Medians and rounds"
PARTS = {
    "When": ("votes_by_weekday", "votes_by_weekday_and_hour"),
    "Estimates": ("estimates", "spread", "team_sizes", "consensus_by_team_size"),
    MEDIANS_TOO: ("round_durations", "auto_flip_by_kind"),
}
"""What is looked at more closely → its tables."""
votes_by = partial(charts.bars, value="votes")
DRAWN: Mapping[str, Draw] = {
    "votes_by_weekday": partial(
        votes_by,
        label="weekday_name",
        titles=("Weekday", "Votes"),
        tooltip=("votes_per_day",),
    ),
    "votes_by_weekday_and_hour": partial(
        charts.heat_map,
        x=("hour", "Hour (UTC)"),
        y=("weekday_name", "Weekday"),
        value=("votes_per_day", "Votes per such day"),
    ),
    "estimates": partial(
        charts.bars, label="estimation", value="count", titles=("Card", "Estimates")
    ),
    "spread": partial(
        votes_by, label="steps", titles=("Steps between cards", "Rounds")
    ),
    "round_durations": partial(
        charts.ranked, label="length", value="votes", title="rounds"
    ),
    "team_sizes": partial(
        votes_by, label="estimators", titles=("People estimating", "Rounds")
    ),
}
"""The charts of this page; those of the other tables are Insights' too."""

context = page_context.current()
above = st.container()
part = render_switch("A closer look", PARTS, key="part")
found = context.compute(
    TOTALS,
    SERIES,
    *part,
    *anomaly_marks.tables_for(context.query.granularity),
    earlier=(TOTALS, SERIES),
)
earlier = found.earlier.get(TOTALS)
with above:
    cards.render_row(FIGURES, found[TOTALS], earlier, found[SERIES])
    cards.render_line(MEDIANS, found[TOTALS], "median")
    marks = found.now.get(anomaly_marks.TABLE)
    render_trend(context, SERIES, found, (*FIGURES, *MEDIANS, *MORE), marks=marks)
if PARTS[MEDIANS_TOO] == part:
    cards.render_row(MEDIANS, found[TOTALS], earlier, columns=len(MEDIANS))
    cards.render_row(MORE, found[TOTALS], earlier, columns=len(MORE))
with st.grid(2, min_column_width=380, gap="small"):
    for name in part:
        if name in DRAWN:
            render_block(context, name, found[name], DRAWN[name])
        else:
            questions.render_question(context, name, found)
export.render_download(context, found, "votes")
