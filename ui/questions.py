"""Questions: for each table on how teams estimate, the drawing that answers it.

Titles are questions, the sentence beneath is computed from the table's rows, and
the chart shows the rows. One place says which; pages only name tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import polars as pl
import streamlit as st

from metrics.insights.funnel import mature
from metrics.insights.rounds import weekly
from ui import cards, charts, periods, retention, shares
from ui.axes import Chart
from ui.block import Draw, block
from ui.periods import Days
from ui.trend import trend
from ui.view import Answers, View

OVER_TIME: Mapping[str, tuple[str, ...]] = {
    "consensus_over_time": ("near_consensus", "consensus", "split"),
    "agreement_over_time": ("agreement", "outlier_share"),
    "convergence_over_time": ("convergence", "re_vote_rate"),
    "round_time_over_time": ("duration_median_seconds", "talk_median_seconds"),
    "spectators_over_time": ("spectator_share",),
}
"""Tables over time and their numbers, the one that is shown first in front."""

_FUNNEL = ("entered_share", "first_estimate_share", "came_back_share")
_nested = partial(shares.nested, keys=_FUNNEL, n="new_users")
_OF_NEW = (
    "format(datum.reached, ',') + (datum.share_of_new == null ? '' : "
    "'  (' + format(datum.share_of_new, '.0%') + ')')"
)
_AGREEING = shares.hidden_below(
    "format(datum.agreement, '.0%') + ' of ' + format(datum.estimates, ',')",
    "agreement",
    "estimates",
)


def _agreement(frame: pl.DataFrame) -> Chart:
    people = frame.with_columns(pl.format("{} people", "team_size").alias("people"))
    title = "On the most common card"
    return shares.printed_bars(people, "people", "agreement", title, _AGREEING)


_FLIPPED = shares.hidden_below(
    "format(datum.duration_median_seconds, ',.0f') + ' s · '"
    " + format(datum.near_consensus, '.0%') + ' within one card'",
    "near_consensus",
    "pairs",
)
DRAWINGS: Mapping[str, Draw] = {
    "consensus_by_team_size": shares.consensus,
    "agreement_by_team_size": _agreement,
    "convergence": partial(
        shares.stages,
        shares={
            "apart_rounds": None,
            "re_votes": "re_vote_rate",
            "converged": "convergence",
        },
    ),
    "round_time": partial(
        shares.figures,
        keys=(
            "duration_median_seconds",
            "talk_median_seconds",
            "duration_p90_seconds",
        ),
    ),
    "room_states": partial(
        shares.printed_bars,
        label="state",
        value="room_count",
        title="Rooms",
        printed="format(datum.room_count, ',')",
    ),
    "spectators": partial(
        shares.stages,
        shares={"watched_first": None, "estimated_later": "estimated_later_share"},
    ),
    "auto_flip": partial(
        shares.stages,
        shares={"rounds": None, "auto_flip_rounds": "auto_flip_share"},
    ),
    "auto_flip_by_kind": partial(
        shares.printed_bars,
        label="flip",
        value="duration_median_seconds",
        title="Median round, and how it ended",
        printed=_FLIPPED,
    ),
    "funnel": partial(
        shares.printed_bars,
        label="step_name",
        value="reached",
        title="Users",
        printed=_OF_NEW,
    ),
    "funnel_by_source": partial(_nested, label="source"),
    "funnel_by_device": partial(_nested, label="device"),
    "funnel_by_country": partial(_nested, label="country"),
    "invites": partial(
        shares.stages,
        shares={
            "new_rooms": None,
            "inviting_rooms": "inviting_share",
            "openers": None,
            "inviters": "invite_intent",
        },
    ),
    "invites_by_newcomers": partial(
        charts.bars,
        label="newcomers",
        value="room_count",
        titles=("New people besides the founder", "Rooms"),
    ),
    "retention_rooms_by_weeks_average": partial(retention.curve, unit="weeks"),
    "retention_users_by_weeks_average": partial(retention.curve, unit="weeks"),
}
"""Tables of a period and their charts; a table without one is drawn as a table."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page: cards, charts beside each other, tables over all its width."""

    charts: tuple[str, ...]
    tables: tuple[str, ...] = ()
    headline: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Tables of one row → their columns on cards."""


def section(view: View, part: Section) -> Answers:
    """Compute what a section shows and draw it; cards and lines are compared."""
    names = dict.fromkeys((*part.headline, *part.charts, *part.tables))
    compared = {*part.headline, *(OVER_TIME.keys() & names)}
    found = view.ask(*names, earlier=compared)
    if part.headline:
        _headline(found, part.headline)
    with st.grid(2, min_column_width=380):
        for name in part.charts:
            question(view, name, found)
    for name in part.tables:
        question(view, name, found)
    return found


def question(view: View, name: str, found: Answers) -> None:
    """Draw the block of one table, with the answer beneath its question."""
    if name in OVER_TIME:
        every = weekly(view.scope.every)
        trend(view, name, found, OVER_TIME[name], every=every)
    else:
        draw, note = DRAWINGS.get(name), _note(view, name)
        block(view, name, found[name], draw, note=note)


def _note(view: View, name: str) -> str | None:
    """Say which days a table is about where these are not the period's."""
    if name.startswith("funnel"):
        window = mature(view.scope.window, view.now)
        days = periods.describe(Days(window.first_day, window.last_day))
        return f"New users of {days}: each had 28 days to come back."
    if name.startswith(("room", "retention")):
        last = view.scope.window.last_day
        if last >= view.now.date():
            return "As it is now."
        return f"As it was at the end of {periods.describe(Days(last, last))}."
    if name == "convergence":
        return (
            "Inferred: the room's next round, at most 10 minutes later, by nearly the "
            "same people."
        )
    return None


def _headline(found: Answers, wanted: Mapping[str, tuple[str, ...]]) -> None:
    cards.row(
        [key for columns in wanted.values() for key in columns],
        _beside(found.now, wanted),
        _beside(found.earlier, wanted) if found.earlier else None,
    )


def _beside(
    tables: Mapping[str, pl.DataFrame], wanted: Mapping[str, tuple[str, ...]]
) -> pl.DataFrame:
    return pl.concat(
        [tables[name].select(columns) for name, columns in wanted.items()],
        how="horizontal",
    )
