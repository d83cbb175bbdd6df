"""Votes: how many, how large, how long, how far apart."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from ui import charts, export, page_context
from ui.blocks.block import render_block, render_links
from ui.blocks.kpi_strip import Kpis, render_kpis, tables_of, without_unknown
from ui.charts import anomaly_marks
from ui.charts.axes import Draw
from ui.query_params import render_switch

TOTALS, SERIES = "votes_totals", "votes_over_time"
COUNTS = ("votes", "estimations")
STATISTICS = {
    "Means": Kpis(
        TOTALS,
        SERIES,
        (
            *COUNTS,
            "estimations_per_vote",
            "spectators_per_vote",
            "avg_min_estimation",
            "avg_estimation",
            "avg_max_estimation",
            "duration_mean_seconds",
        ),
    ),
    "Medians": Kpis(
        TOTALS,
        SERIES,
        (
            *COUNTS,
            "estimations_per_vote_median",
            "spectators_per_vote_median",
            "avg_min_estimation_median",
            "avg_estimation_median",
            "avg_max_estimation_median",
            "duration_median_seconds",
        ),
    ),
    "Other figures": Kpis(
        TOTALS,
        SERIES,
        (
            *COUNTS,
            "rounds_without_estimate",
            "auto_flip_share",
            "duration_median_seconds",
            "duration_p90_seconds",
        ),
    ),
}
PARTS = {
    "When": ("votes_by_weekday", "votes_by_weekday_and_hour"),
    "Estimations": ("estimates", "spread", "team_sizes", "round_durations"),
}
"""What is looked at more closely → its tables."""
context = page_context.current()
votes_by = partial(charts.bars, value="votes")
DRAWN: Mapping[str, Draw] = {
    "votes_by_weekday": charts.weekdays,
    "votes_by_weekday_and_hour": partial(
        charts.hours_of_the_week, zone=context.query.zone.key
    ),
    "estimates": partial(
        charts.bars, label="estimation", value="count", titles=("Card", "Estimations")
    ),
    "spread": partial(votes_by, label="steps", titles=("Steps", "Votes")),
    "round_durations": partial(
        charts.ranked, label="length", value="votes", title="votes"
    ),
    "team_sizes": partial(votes_by, label="estimators", titles=("Team size", "Votes")),
}

NOTES: Mapping[str, str] = {
    "estimates": "Cards in participations. The metric “Estimations” adds up what votes "
    "state, so that the two can differ.",
    "round_durations": "Votes with an estimation.",
    "team_sizes": "Votes with an estimation.",
    "spread": "Votes with two or more estimations.",
}
"""What is counted, where it is not all votes or estimations."""

kpis = render_switch(
    "Metrics",
    STATISTICS,
    key="figures",
    labelled=False,
    labels={"Other figures": "Others"},
    also=without_unknown,
)
# Filled after the switch below it, which decides what is computed.
above = st.container()
part = render_switch("Details", PARTS, key="part", labels={"When": "Weekdays"})
unusual = anomaly_marks.tables_for(context.query.granularity)
found = context.compute(
    *tables_of(kpis),
    *part,
    *unusual,
    earlier=(*tables_of(kpis), *unusual),
    usual=kpis.keys,
)
with above:
    render_kpis(context, found, kpis, marks=found.now.get(anomaly_marks.TABLE))
with st.grid(2, min_column_width=380, gap="small"):
    for name in part:
        render_block(context, name, found[name], DRAWN[name], note=NOTES.get(name))
render_links(
    ("Agreement by team size", "insights", {"about": "Agreement"}),
    ("Auto-flip", "insights", {"about": "Meetings"}),
)
own = part[0].removeprefix("votes_")
export.render_download(context, found, f"votes_{own}", (TOTALS, SERIES))
