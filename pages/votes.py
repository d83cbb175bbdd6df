"""Votes: how many rounds, how they end, and when they happen."""

from functools import partial

import streamlit as st

from ui import bundle, cards, charts, questions, shell, unusual
from ui.block import block
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
votes_by = partial(charts.bars, value="votes")

view = shell.view()
found = view.ask(
    TOTALS,
    SERIES,
    "votes_by_weekday",
    "votes_by_weekday_and_hour",
    "estimates",
    "round_durations",
    "team_sizes",
    "spread",
    "consensus_by_team_size",
    "auto_flip_by_kind",
    *unusual.wanted(view.scope.every),
    earlier=(TOTALS, SERIES),
)
earlier = found.earlier.get(TOTALS)
cards.row(FIGURES, found[TOTALS], earlier, found[SERIES])
trend(
    view, SERIES, found, (*FIGURES, *MEDIANS, *MORE), marks=found.now.get(unusual.TABLE)
)
cards.row(MEDIANS, found[TOTALS], earlier, columns=len(MEDIANS))
cards.row(MORE, found[TOTALS], earlier, columns=len(MORE))
with st.grid(2, min_column_width=380, gap="small"):
    block(
        view,
        "votes_by_weekday",
        found["votes_by_weekday"],
        partial(
            votes_by,
            label="weekday_name",
            titles=("Weekday", "Votes"),
            tooltip=("votes_per_day",),
        ),
    )
    block(
        view,
        "votes_by_weekday_and_hour",
        found["votes_by_weekday_and_hour"],
        partial(
            charts.heat,
            x=("hour", "Hour (UTC)"),
            y=("weekday_name", "Weekday"),
            value=("votes_per_day", "Votes per such day"),
        ),
    )
    block(
        view,
        "estimates",
        found["estimates"],
        partial(
            charts.bars, label="estimation", value="count", titles=("Card", "Estimates")
        ),
    )
    block(
        view,
        "spread",
        found["spread"],
        partial(votes_by, label="steps", titles=("Steps between cards", "Rounds")),
    )
    block(
        view,
        "round_durations",
        found["round_durations"],
        partial(charts.ranked, label="length", value="votes", title="rounds"),
    )
    block(
        view,
        "team_sizes",
        found["team_sizes"],
        partial(votes_by, label="estimators", titles=("People estimating", "Rounds")),
    )
    questions.question(view, "consensus_by_team_size", found)
    questions.question(view, "auto_flip_by_kind", found)
bundle.offer(view, found, "votes")
