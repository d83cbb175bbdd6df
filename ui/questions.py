"""Questions: for each table on how teams estimate, the drawing that answers it.

Titles are questions, the sentence beneath is computed from the table's rows, and
the chart shows the rows. One place says which; pages only name tables.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

import polars as pl

from metrics.insights.rounds import weekly
from ui import cards, charts, shares
from ui.block import Draw, block
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
_FLIPPED = shares.hidden_below(
    "format(datum.duration_median_seconds, ',.0f') + ' s · '"
    " + format(datum.near_consensus, '.0%') + ' within one card'",
    "near_consensus",
    "pairs",
)
DRAWINGS: Mapping[str, Draw] = {
    "consensus_by_team_size": shares.consensus,
    "agreement_by_team_size": partial(
        shares.printed_bars,
        label="team_size",
        value="agreement",
        title="On the most common card",
        printed=_AGREEING,
    ),
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
}
"""Tables of a period and their charts; a table without one is drawn as a table."""


def ask(view: View, tables: Sequence[str], headline: Collection[str] = ()) -> Answers:
    """Compute tables and those of a headline; what is compared also of before."""
    over_time = [name for name in tables if name in OVER_TIME]
    return view.ask(
        *dict.fromkeys((*headline, *tables)), earlier={*headline, *over_time}
    )


def show(view: View, name: str, found: Answers) -> None:
    """Draw the block of one table."""
    if name in OVER_TIME:
        every = weekly(view.scope.every)
        trend(view, name, found, OVER_TIME[name], every=every)
    else:
        block(view, name, found[name], DRAWINGS.get(name))


def headline(found: Answers, wanted: Mapping[str, Sequence[str]]) -> None:
    """Draw one row of cards from several one-row tables: table → its columns."""
    keys = [key for columns in wanted.values() for key in columns]
    cards.row(
        keys,
        _beside(found.now, wanted),
        _beside(found.earlier, wanted) if found.earlier else None,
    )


def _beside(
    tables: Mapping[str, pl.DataFrame], wanted: Mapping[str, Sequence[str]]
) -> pl.DataFrame:
    return pl.concat(
        [tables[name].select(columns) for name, columns in wanted.items()],
        how="horizontal",
    )
