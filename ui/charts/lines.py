"""Several numbers over time, a line for each; two of them with an axis each."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple
from zlib import crc32

import altair as alt
import polars as pl

from metrics.behaviour import OTHER, OTHERS, SOURCE_CLASSES
from metrics.constants import TOP
from metrics.registry import DEFINITIONS
from metrics.subject import Definition, Unit
from ui import format as fmt
from ui import labels
from ui.charts.axes import (
    ROOM,
    Chart,
    bounded,
    cut_in_the_middle,
    end_of_scale,
    from_zero,
    letters_of,
    value_axis,
    wide_targets,
)
from ui.charts.labelled_bars import title_of_label
from ui.charts.rendering import Layer, layered
from ui.charts.theme import ACCENT, CHART_HEIGHT, CUT, DASHES, PALETTE
from ui.charts.time_chart import AT, TimeAxis, lone_values, zoom_selection

MAX_SERIES = 6
"""More lines than hues say nothing."""
_SERIES = "series"
_LONGEST = 200
"""Pixels of a name in a legend, which is cut there."""
_ROUTES = ("ROOM", "HOME", "GUIDE", "ANALYTICS", "CONTACT", "IMPRINT", "ROADMAP")
_EVENTS = (
    *("ENTERED_EXISTING_ROOM", "ENTERED_NEW_ROOM", "ENTERED_RANDOM_ROOM"),
    *("ENTERED_RECENT_ROOM", "LEFT_ROOM", "COPIED_ROOM_LINK"),
    *("CHANGED_ROOM_NAME", "CONTACT_FORM_SUBMISSION"),
)
_KNOWN: Mapping[str, Sequence[str]] = {
    kind: [*(labels.value_label(kind, value) for value in values), labels.NOT_SET]
    for kind, values in {
        "route": _ROUTES,
        "event": _EVENTS,
        "source": (*SOURCE_CLASSES, OTHER),
    }.items()
}
"""Kind → names that have a hue of their own: no filter can put two in one place."""


def lines(frame: pl.DataFrame, kind: str, title: str, axis: TimeAxis) -> Chart:
    """Draw `count` over `bucket`, a line for each of the largest values of `label`.

    `kind` is what the labels are, such as "route". The legend starts with the largest.
    A series has its hue by its name: routes, events and sources keep theirs under any
    filter. A span can be chosen by dragging.
    """
    frame = frame.rename({"label": kind})
    order = _largest(frame, kind)
    kept = frame.join(order, on=kind, how="semi", nulls_equal=True)
    names = labels.distinct(labels.readable(order)[kind], order[kind])
    named = kept.join(
        order.select(kind, names.alias(_SERIES)), on=kind, nulls_equal=True
    )
    each = names.to_list()
    of = title_of_label(kind)
    hues = _hues(each, _KNOWN.get(kind, ()))
    return _drawn(named, each, hues, title, axis, of)


def not_drawn(frame: pl.DataFrame) -> str | None:
    """Return the sentence on values of `label` for which there is no line, if any."""
    series = frame["label"].n_unique()
    if series <= MAX_SERIES:
        return None
    if series <= TOP:
        return f"The {MAX_SERIES} largest of {series} are drawn; the table has all."
    # Further ones are one series, however many they are.
    rest = f"the table has {TOP}, and all others as one"
    return f"The {MAX_SERIES} largest are drawn; {rest}."


def columns_over_time(
    frame: pl.DataFrame,
    columns: Mapping[str, str],
    axis: TimeAxis,
    *,
    hues: Sequence[str] = (),
) -> Chart:
    """Draw several columns over `bucket`; `columns` names each one.

    They have one unit: all are counts, or all are averages of counts. `hues` are all
    names that may be chosen: each keeps its hue, whatever is chosen. One that is not
    known at all, as without its table, has no line and no place in the legend.
    """
    unknown = [key for key in columns if frame[key].is_null().all()]
    columns = {key: name for key, name in columns.items() if key not in unknown}
    of_bucket = ["bucket", "cut"]
    long = frame.select(*of_bucket, pl.col(list(columns)).cast(pl.Float64)).unpivot(
        index=of_bucket, variable_name=_SERIES, value_name="count"
    )
    named = long.with_columns(pl.col(_SERIES).replace_strict(columns))
    names = [*columns.values()]
    places = [*hues] or names
    own = [PALETTE[places.index(name) % len(PALETTE)] for name in names]
    # Averages have decimals: 0.17 new rooms a day are not 0.
    unit = DEFINITIONS[next(iter(columns))].unit
    title = "Count" if unit == "count" else "Average"
    return _drawn(named, names, own, title, axis, "Metric", unit=unit)


def per_room(
    frame: pl.DataFrame,
    key: str,
    definition: Definition,
    axis: TimeAxis,
    colors: Mapping[str, str],
) -> Chart:
    """Draw one figure over `bucket`, a line per `room` in its colour."""
    return _drawn(
        frame.rename({"room": _SERIES}),
        [*colors],
        [*colors.values()],
        definition.title,
        axis,
        "Room",
        unit=definition.unit,
        value=key,
    )


def _largest(frame: pl.DataFrame, series: str) -> pl.DataFrame:
    """Return the series with the largest sums, largest first."""
    sums = frame.group_by(series, maintain_order=True).agg(pl.col("count").sum())
    if sums.height > TOP:
        # One row of the table for all beyond it: as a line among a few, it would be
        # taken for all that have none.
        is_rest = pl.col(series).is_in([*OTHERS.values()]).fill_null(value=False)
        sums = sums.filter(~is_rest)
    return sums.sort("count", descending=True, maintain_order=True).head(MAX_SERIES)


def _hues(names: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return a hue per name: that of its place among the known ones.

    Others have the one that their text hashes to, or the next free one.
    """
    taken = {known.index(name): name for name in names if name in known}
    for name in sorted({*names} - {*known}):
        # By name, not by rank: a line keeps its colour when another overtakes it.
        place = crc32(name.encode()) % len(PALETTE)
        while place in taken:
            place = (place + 1) % len(PALETTE)
        taken[place] = name
    places = {name: place for place, name in taken.items()}
    return [PALETTE[places[name]] for name in names]


def _drawn(
    frame: pl.DataFrame,
    names: Sequence[str],
    hues: Sequence[str],
    title: str,
    axis: TimeAxis,
    of: str,
    *,
    unit: Unit = "count",
    value: str = "count",
    crowded: bool = False,
) -> Chart:
    """Draw a line per series: dashed where a bucket is not whole, gaps as gaps.

    `of` is what the series are, such as "Route". Where lines would be `crowded` far
    above zero, their axis does not begin there.
    """
    placed = axis.place(frame, by=_SERIES).with_columns(
        pl.col(value).cast(pl.Float64).alias("value")
    )
    texts = [fmt.number(number, unit) for number in placed["value"]]
    data = bounded(lone_values(placed, _SERIES).with_columns(text=pl.Series(texts)))
    dashes = [list(dash) for dash in DASHES[: len(names)]]
    color, dash = _looks(names, hues, dashes)
    x, base = axis.plain(), Layer()
    values = placed.select("value")
    scale = from_zero(values)
    # An axis that begins at its only value has no other tick.
    if crowded and placed["value"].drop_nulls().n_unique() > 1:
        scale = alt.Scale(zero=False)

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", title=None)

    layers = [
        *axis.weekends(data),
        base.mark_line(strokeWidth=2).encode(x, y("solid"), color, dash),
    ]
    if data["part"].count():
        part = base.mark_line(strokeWidth=2, strokeDash=CUT)
        layers.append(part.encode(x, y("part"), color))
    if data["alone"].count():
        layers.append(base.mark_circle(size=36, opacity=1).encode(x, y("alone"), color))
    # Invisible: screen readers read out each point.
    points = base.mark_circle(size=60, opacity=0).encode(
        axis.encoding(data),
        alt.Y("value:Q", title=None, axis=value_axis(unit, values), scale=scale),
        tooltip=[
            alt.Tooltip("when:N", title="When"),
            alt.Tooltip(f"{_SERIES}:N", title=of),
            alt.Tooltip("text:N", title=title),
        ],
    )
    layers += [points, _targets(data, names, x).add_params(zoom_selection())]
    layers += axis.flags(data, x)
    # On a phone each name is a line of the legend, which takes height from the plot.
    height = CHART_HEIGHT + 20 * max(0, len(names) - 2)
    return layered(*layers, data=data, height=height)


def _targets(data: pl.DataFrame, names: Sequence[str], x: alt.X) -> alt.Chart:
    """Return what the mouse finds anywhere above a bucket: all that is drawn there.

    The tooltip has a line per name. Of one called "When" it would have no date, and of
    "image" a picture: an invisible character tells names from what it knows.
    """
    texts = {
        f"text_{place}": pl.col("text").filter(pl.col(_SERIES) == name).first()
        for place, name in enumerate(names)
    }
    rows = data.group_by(AT, maintain_order=True).agg(pl.col("when").first(), **texts)
    return wide_targets(
        Layer(rows),
        rows.height,
        x,
        [
            alt.Tooltip("when:N", title="When"),
            *(
                alt.Tooltip(f"{column}:N", title=f"{name}\N{ZERO WIDTH SPACE}")
                for column, name in zip(texts, names, strict=True)
            ),
        ],
    )


def _looks(
    names: Sequence[str], hues: Sequence[str], dashes: Sequence[list[int]]
) -> tuple[alt.Color, alt.StrokeDash]:
    """Return a hue and a dash per series: colour is not the only sign."""
    # Pixels of each name with its stroke. Beside each other where they fit.
    pixels = [46 + min(7 * letters_of(name), _LONGEST) for name in names]
    columns = f"max(1, floor({ROOM} / {max(pixels, default=1)}))"
    key = alt.Legend(
        orient="top",
        symbolType="stroke",
        symbolSize=300,
        columns=alt.ExprRef(f"{ROOM} < {sum(pixels)} ? {columns} : {MAX_SERIES}"),
        labelExpr=cut_in_the_middle(f"{_LONGEST}", 6.95),
        labelLimit=_LONGEST,
        padding=0,
    )
    color = alt.Scale(domain=[*names], range=[*hues])
    dash = alt.Scale(domain=[*names], range=[*dashes])
    return (
        alt.Color(f"{_SERIES}:N", title=None, scale=color, legend=key),
        alt.StrokeDash(f"{_SERIES}:N", title=None, scale=dash, legend=key),
    )


class _Side(NamedTuple):
    """How one of the two lines is drawn."""

    column: str
    title: str
    share: float
    """Part of the height that the largest value takes."""
    stroke: str
    """Title that tells which line an axis belongs to; a colour alone would not do."""
    color: str
    dash: tuple[int, ...]
    orient: Literal["left", "right"]


def two_axes(
    frame: pl.DataFrame,
    left: tuple[str, str],
    right: tuple[str, str],
    axis: TimeAxis,
) -> Chart:
    """Draw two counts over `bucket`, each (column, title) with an axis of its own."""
    placed = bounded(axis.place(frame))
    sides = (
        _Side(*left, 1, "—", ACCENT, DASHES[0], "left"),
        # Counts that grow alike would else be one line.
        _Side(*right, 0.7, "- -", PALETTE[1], DASHES[1], "right"),
    )
    x = axis.encoding(placed)
    when = alt.Tooltip("when:N", title="When")
    counts = [alt.Tooltip(f"{s.column}:Q", title=s.title, format=",") for s in sides]
    # Each line is read out with its own count, and both are where the mouse is.
    drawn = [
        _side(placed, side, x, [when, count])
        for side, count in zip(sides, counts, strict=True)
    ]
    hover = wide_targets(Layer(placed), placed.height, x, [when, *counts])
    return layered(
        *axis.weekends(placed),
        *drawn,
        hover.add_params(zoom_selection()),
        *axis.flags(placed, x),
        height=CHART_HEIGHT,
        resolve=alt.Resolve(scale={"y": "independent"}),
    )


def _side(
    placed: pl.DataFrame, side: _Side, x: alt.X, tooltip: list[alt.Tooltip]
) -> alt.LayerChart:
    data = lone_values(
        placed.with_columns(pl.col(side.column).cast(pl.Float64).alias("value"))
    )
    domain = from_zero(data.select("value"))
    if side.share < 1:
        top = end_of_scale(data["value"]) / side.share
        domain = alt.Scale(domainMax=top, nice=True)
    scale = value_axis("count", data.select(pl.col("value") / side.share))
    scale.title = f"{side.stroke} {side.title}"
    # Two grids over each other would be a pattern.
    scale.orient, scale.grid = side.orient, side.orient == "left"

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", axis=scale, scale=domain)

    base = Layer()
    line = base.mark_line(color=side.color, strokeWidth=2, strokeDash=side.dash)
    layers = [line.encode(x, y("solid"))]
    if data["part"].count():
        part = base.mark_line(color=side.color, strokeDash=CUT)
        layers.append(part.encode(x, y("part")))
    if data["alone"].count():
        point = base.mark_circle(color=side.color, size=36, opacity=1)
        layers.append(point.encode(x, y("alone")))
    # Invisible, for screen readers.
    points = base.mark_circle(size=60, opacity=0)
    layers.append(points.encode(x, y("value"), tooltip=tooltip))
    return layered(*layers, data=data)


# Team size → colour of its line.
_TEAM_SIZES = {"2–3": PALETTE[2], "4–6": ACCENT, "7 or more": PALETTE[1]}


def consensus_by_team_size(frame: pl.DataFrame, axis: TimeAxis) -> Chart:
    """Draw the share of pairs within one step, a line per team size.

    A bucket with too few pairs leaves a gap. Needs the columns of
    `agreement.near_by_team_size_over_time`.
    """
    named = frame.rename({"team_size": _SERIES})
    title = DEFINITIONS["near_pair_share"].title
    return _drawn(
        named,
        [*_TEAM_SIZES],
        [*_TEAM_SIZES.values()],
        title,
        axis,
        "Team size",
        unit="share",
        value="near_pair_share",
        crowded=True,
    )
