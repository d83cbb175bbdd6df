"""The chart registry: the chart of each table about how teams estimate."""

from collections.abc import Callable, Mapping
from functools import partial

import polars as pl

from metrics.registry import DEFINITIONS
from ui import charts
from ui.charts.axes import Chart, Draw, whole_percent
from ui.charts.heat_map import retention_curve
from ui.charts.labelled_bars import (
    ROOM_OF_COUNTS,
    figures,
    hidden_below,
    labelled_bars,
    nested_bars,
    stages,
)
from ui.charts.lines import consensus_by_team_size

LINE_CHARTS: Mapping[str, tuple[Callable[..., Chart], str]] = {
    "consensus_by_team_size_over_time": (consensus_by_team_size, "near_pair_share"),
}
"""Tables over time with a line for each of their groups, and what the lines show."""

_FUNNEL = ("entered_share", "first_estimate_share", "came_back_share")
_nested = partial(nested_bars, keys=_FUNNEL, n="new_users")
_OF_NEW = (
    "format(datum.reached, ',') + "
    "(datum.step == 1 || datum.share_of_new == null ? '' : "
    f"'  (' + {whole_percent('datum.share_of_new')} + ')')"
)


def _of_sizes(frame: pl.DataFrame, key: str) -> Chart:
    """Draw a share of pairs per team size."""
    sizes = frame.with_columns(teams=pl.format("Teams of {}", "team_size"))
    percent = whole_percent(f"datum.{key}")
    share = f"{percent} + ' of ' + format(datum.estimation_pairs, ',')"
    text = hidden_below(f"{share} + ' pairs'", key, "estimation_pairs")
    return labelled_bars(sizes, "teams", key, DEFINITIONS[key].title, text)


CHARTS: Mapping[str, Draw] = {
    "consensus_by_team_size": partial(_of_sizes, key="near_pair_share"),
    "agreement_by_team_size": partial(_of_sizes, key="matching_pair_share"),
    "convergence": partial(
        stages,
        shares={
            "apart_rounds": None,
            "re_votes": "re_vote_rate",
            "converged": "convergence",
        },
    ),
    "round_time": partial(
        figures,
        keys=(
            "duration_median_seconds",
            "talk_median_seconds",
            "duration_p90_seconds",
        ),
    ),
    "room_states": partial(
        labelled_bars,
        label="state",
        value="room_count",
        title="Rooms",
        printed="format(datum.room_count, ',')",
    ),
    "funnel": partial(
        labelled_bars,
        label="step_name",
        value="reached",
        title="Users",
        printed=_OF_NEW,
        room=ROOM_OF_COUNTS,
    ),
    "funnel_by_source": partial(_nested, label="source"),
    "funnel_by_device": partial(_nested, label="device"),
    "funnel_by_country": partial(_nested, label="country"),
    "invites": partial(
        stages,
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
        titles=("New users besides the founder", "Rooms"),
    ),
    "retention_rooms_by_sprints_average": partial(retention_curve, unit="sprints"),
}
"""Tables of a period and their charts; a table without one is drawn as a table."""
CURVES: Mapping[str, str] = {"retention_rooms_by_sprints_average": "share"}
"""What curves show: bars say of themselves that there is too little data."""
RANKED: Mapping[str, str] = {
    "funnel_by_source": "source",
    "funnel_by_device": "device",
    "funnel_by_country": "country",
}
"""Those whose chart takes `rows`: the first ones, and all of them on demand. A click
on a bar filters by its kind."""
