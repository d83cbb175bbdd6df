"""Votes: how many rounds, how they end, and when they happen."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from ui import bundle, cards, charts, questions, shell, unusual
from ui.block import Draw, block
from ui.switch import switch
from ui.trend import trend

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
        charts.heat,
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

view = shell.view()
above = st.container()
part = switch("A closer look", PARTS, key="part")
found = view.ask(
    TOTALS,
    SERIES,
    *part,
    *unusual.wanted(view.query.granularity),
    earlier=(TOTALS, SERIES),
)
earlier = found.earlier.get(TOTALS)
with above:
    cards.row(FIGURES, found[TOTALS], earlier, found[SERIES])
    cards.line(MEDIANS, found[TOTALS], "median")
    marks = found.now.get(unusual.TABLE)
    trend(view, SERIES, found, (*FIGURES, *MEDIANS, *MORE), marks=marks)
if PARTS[MEDIANS_TOO] == part:
    cards.row(MEDIANS, found[TOTALS], earlier, columns=len(MEDIANS))
    cards.row(MORE, found[TOTALS], earlier, columns=len(MORE))
with st.grid(2, min_column_width=380, gap="small"):
    for name in part:
        if name in DRAWN:
            block(view, name, found[name], DRAWN[name])
        else:
            questions.question(view, name, found)
bundle.offer(view, found, "votes")
