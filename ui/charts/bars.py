"""Vertical bars: counts per value, shares per value and room, ranges per vote."""

from collections.abc import Mapping, Sequence

import altair as alt
import polars as pl

from metrics.card_scale import SCALE
from metrics.registry import DEFINITIONS
from metrics.sentences import counted
from ui.charts.axes import (
    BY_PLACE,
    ROOM,
    Chart,
    bounded,
    cut_in_the_middle,
    in_order,
    letters_of,
    share_tooltip,
    text_of,
    value_axis,
    with_texts,
)
from ui.charts.rendering import Layer, layered
from ui.charts.theme import ACCENT, CHART_HEIGHT, PALETTE
from ui.format import clock_time


def bars(
    frame: pl.DataFrame,
    label: str,
    value: str,
    titles: tuple[str, str],
    *,
    tooltip: Sequence[str] = (),
) -> Chart:
    """Draw vertical bars in the frame's order; `titles` names x and y.

    `tooltip` are further figures of each bar. Of very many, the largest have one each.
    """
    data = in_order(_largest(frame, label, value))
    figures = {value: titles[1]} | {key: DEFINITIONS[key].title for key in tooltip}
    for key in figures:
        data = with_texts(data, DEFINITIONS[key].unit, key)
    shown = [
        alt.Tooltip(f"{label}:N", title=titles[0]),
        *(
            alt.Tooltip(f"{text_of(key)}:N", title=title)
            for key, title in figures.items()
        ),
    ]
    chart: Chart = (
        alt.Chart(data, height=CHART_HEIGHT)
        .mark_bar(color=ACCENT, cornerRadiusEnd=3)
        .encode(
            alt.X(
                f"{label}:N",
                sort=BY_PLACE,
                title=titles[0],
                scale=_evenly(data, label),
                axis=alt.Axis(
                    labelAngle=0,
                    labelOverlap=True,
                    labelExpr=_WEEKDAY if label == "weekday_name" else alt.Undefined,
                ),
            ),
            alt.Y(
                f"{value}:Q",
                title=titles[1],
                axis=value_axis(DEFINITIONS[value].unit, data.select(value)),
                stack=None,
            ),
            tooltip=shown,
        )
    )
    return chart


def per_day_or_all(frame: pl.DataFrame) -> tuple[str, str]:
    """Return the column of votes to draw and the other one: first those per day.

    Where only today or the first day of the data has votes, none is of a whole day.
    """
    per_day, every = "votes_per_day", "votes"
    return (per_day, every) if frame[per_day].sum() else (every, per_day)


def weekdays(frame: pl.DataFrame) -> Chart:
    """Draw the votes per day of each weekday; all votes where no whole day has one.

    Of sums the weekday that a period has once more would be the busiest.
    """
    value, beside = per_day_or_all(frame)
    titles = "Weekday", DEFINITIONS[value].title
    return bars(frame, "weekday_name", value, titles, tooltip=[beside])


_MOST_BARS, _FEW_BARS = 40, 4
# On a phone there is room for the whole names of three days out of seven.
_WEEKDAY = "width < 450 ? slice(datum.label, 0, 3) : datum.label"


def _evenly(frame: pl.DataFrame, label: str) -> alt.Scale:
    """Return a scale on which the whole numbers that no row has keep their place.

    0 1 2 5 at equal distances would read as cards, whose numbers do leave some out.
    Few bars are hardly wider than four would be: one alone would fill the chart.
    """
    numbers, scale = frame[label], alt.Scale()
    places = numbers.n_unique()
    if label != "estimation" and numbers.dtype.is_integer() and not numbers.has_nulls():
        first, last = numbers.min(), numbers.max()
        # Numbers of damaged rows can be any.
        if (
            isinstance(first, int)
            and isinstance(last, int)
            and last - first < _MOST_BARS
        ):
            scale.domain = list(range(first, last + 1))
            places = last - first + 1
    if places < _FEW_BARS:
        # Vega-Lite's largest one is 1.
        scale.paddingOuter = min(1.0, (_FEW_BARS - places) / 2)
    return scale


def _largest(frame: pl.DataFrame, label: str, value: str) -> pl.DataFrame:
    """Return the rows with the largest values in their order; all others are one row.

    Cards and team sizes of damaged rows can be any number.
    """
    if frame.height <= _MOST_BARS:
        return frame
    is_large = frame[value].rank("ordinal", descending=True) <= _MOST_BARS
    rest = frame.filter(~is_large)
    others = {label: counted(rest.height, "other"), value: rest[value].sum()}
    large = frame.filter(is_large).with_columns(pl.col(label).cast(pl.String))
    return pl.concat([large, pl.DataFrame(others)], how="diagonal_relaxed")


def shares(
    frame: pl.DataFrame, label: str, title: str, colors: Mapping[str, str]
) -> Chart:
    """Draw the share of votes of each label as bars beside each other, one per room.

    Needs `label`, votes, share and room. Shares, since a busy room would hide others.
    """
    # Pixels of the names beside each other, with their squares.
    needed = sum(7 * letters_of(room) + 30 for room in colors)
    # On a phone a name is shorter, beside its square.
    longest = f"max(60, min(260, {ROOM} - 40))"
    color = alt.Color(
        "room:N",
        title=None,
        scale=alt.Scale(domain=list(colors), range=list(colors.values())),
        legend=alt.Legend(
            orient="top",
            labelExpr=cut_in_the_middle(longest, 6.95),
            labelLimit=alt.ExprRef(longest),
            padding=0,
            columns=alt.ExprRef(f"{ROOM} < {needed} ? 1 : {len(colors)}"),
        ),
    )
    data = with_texts(bounded(in_order(frame.sort(label))), "share", "share")
    bars = (
        Layer(data)
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            alt.X(
                f"{label}:N",
                sort=BY_PLACE,
                title=title,
                scale=_evenly(data, label),
                axis=alt.Axis(labelAngle=0, labelOverlap=True),
            ),
            alt.Y(
                "share:Q", title="Share of votes", axis=value_axis("share"), stack=None
            ),
            alt.XOffset("room:N", sort=list(colors)),
            color,
            tooltip=[
                alt.Tooltip("room:N", title="Room"),
                alt.Tooltip(f"{label}:N", title=title),
                alt.Tooltip("votes:Q", title="Votes", format=","),
                share_tooltip("share", "Share"),
            ],
        )
    )
    # Of a chart without layers, Streamlit writes a legend without a title as one with a
    # blank: a line of nothing above it.
    return layered(bars, height=CHART_HEIGHT)


LATEST = 40
"""Votes that are drawn."""
_CARDS = (0.9, 23.0)
"""The ends of the axis of cards."""


def _at(column: str) -> str:
    """Return the column of where a figure is drawn."""
    return f"{column}_at"


def ranges(votes: pl.DataFrame) -> Chart:
    """Draw the latest votes whose cards are known, oldest first: range and average.

    Needs the columns of `votes.newest_first`, newest first.
    """
    latest = votes.drop_nulls("steps").head(LATEST).reverse()
    when = [
        f"{at:%a} {at.day} {at:%b %Y}, {clock_time(at)}" for at in latest["voted_at"]
    ]
    data = latest.with_row_index("vote", offset=1).with_columns(
        # A card off the scale is drawn at the edge: a logarithm has no place for 0.
        pl.col("min_estimation", "avg_estimation", "max_estimation")
        .cast(pl.Float64)
        .clip(*_CARDS)
        .name.map(_at),
        pl.Series("when", when, pl.String),
    )
    base = Layer()
    few = {0: "No vote has an estimation", 1: "The latest vote"}
    which = few.get(data.height, f"The latest {data.height} votes")
    x = alt.X("vote:O", title=which, axis=alt.Axis(labels=False))
    # A logarithmic axis spaces the cards as users think of them.
    y = alt.Y(
        f"{_at('min_estimation')}:Q",
        title="Card",
        scale=alt.Scale(type="log", domain=[*_CARDS], nice=False),
        axis=alt.Axis(values=list(SCALE), format="d"),
    )
    spans = base.mark_rule(color=ACCENT, strokeWidth=3, strokeCap="round").encode(
        x, y, alt.Y2(f"{_at('max_estimation')}:Q"), tooltip=_range_tooltips()
    )
    # On its span, which is read out.
    averages = base.mark_point(
        filled=True, shape="diamond", color=PALETTE[1], size=60, opacity=1, aria=False
    ).encode(x, alt.Y(f"{_at('avg_estimation')}:Q"), tooltip=_range_tooltips())
    return layered(spans, averages, data=data, height=CHART_HEIGHT)


def _range_tooltips() -> list[alt.Tooltip]:
    titles = {
        "min_estimation": "Lowest",
        "avg_estimation": "Average",
        "max_estimation": "Highest",
        "amount_of_estimations": "Estimations",
    }
    return [
        alt.Tooltip("when:N", title="Ended"),
        *(alt.Tooltip(f"{c}:Q", title=t, format=",.2~f") for c, t in titles.items()),
    ]
