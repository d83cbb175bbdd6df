"""Horizontal bars that print their numbers: ranks, stages, changes, nested shares.

The text beside a bar is a Vega expression over its row (`datum`): the browser formats
thousands and percent, and a hidden rate is null there.
"""

from collections.abc import Mapping

import altair as alt
import polars as pl

from metrics.attention import MEASURES
from metrics.expressions import MINIMUM_SAMPLE
from metrics.formats import share_digits
from metrics.registry import DEFINITIONS
from ui import format as fmt
from ui import labels
from ui.charts.axes import (
    BY_PLACE,
    PLACE,
    Chart,
    bounded,
    count_tooltips,
    end_of_scale,
    in_order,
    label_axis,
    legend,
    percent,
    share_tooltip,
    text_of,
    whole_percent,
    with_texts,
)
from ui.charts.rendering import Layer, layered
from ui.charts.theme import (
    ACCENT,
    MUTED,
    NESTED,
    PALETTE,
    QUIET,
    ROW_HEIGHT,
    TEXT,
)
from ui.filters import click_filters

_PRINTED = alt.Text("printed:N")
THICK = 26
# Pixels behind the longest bar, for what it prints: "88% of 12,335 pairs"; a count and
# its percent, "1,112 (15%)", need fewer.
_ROOM, ROOM_OF_COUNTS = 120, 85
_FEW = "'n = ' + format(datum.{n}, ',') + ': too few for a rate'"


def labelled_bars(
    frame: pl.DataFrame,
    label: str,
    value: str,
    title: str,
    printed: str,
    room: int = _ROOM,
) -> Chart:
    """Draw horizontal bars in the frame's order, each followed by what it prints.

    That has `room` pixels.
    """
    named = labels.readable(frame)
    own = labels.distinct(named[label], frame[label])
    data = bounded(in_order(named.with_columns(own.alias(label))))
    # Vega draws no mark of a missing value, and its text is to be read all the same.
    base = Layer().transform_calculate(printed=printed, end=f"datum.{value} || 0")
    scale = with_room(frame[value], room)
    y = alt.Y(f"{label}:N", sort=BY_PLACE, title=None, axis=label_axis())
    tooltip = [
        alt.Tooltip(f"{label}:N", title=title_of_label(label)),
        alt.Tooltip("printed:N", title=title),
    ]
    bars = base.mark_bar(size=THICK, color=ACCENT, cornerRadiusEnd=3)
    text = base.mark_text(align="left", dx=6, color=TEXT, opacity=QUIET)
    bar = alt.X(f"{value}:Q", axis=None, scale=scale, stack=None)
    end = alt.X("end:Q", axis=None, scale=scale)
    shown = bars.encode(bar, y, tooltip=tooltip), text.encode(end, y, text=_PRINTED)
    return layered(*shown, data=data, height=alt.Step(THICK + 10))


def with_room(values: pl.Series, room: int) -> alt.Scale:
    """Return a scale that leaves room for what bars print beside them."""
    longest = alt.ExprRef(f"max(40, min(0.62 * width, width - {room}))")
    return alt.Scale(domain=[0, end_of_scale(values)], range=[0, longest])


def hidden_below(shown: str, rate: str, n: str) -> str:
    """Return an expression that prints `shown`, or n where the rate is hidden for it.

    Without a live table the rate is unknown, whatever n is.
    """
    few = f"datum.{n} != null && datum.{n} < {MINIMUM_SAMPLE}"
    hidden = f"{few} ? {_FEW.format(n=n)} : '{fmt.NOTHING}'"
    return f"datum.{rate} != null ? {shown} : {hidden}"


def count_of(column: str) -> str:
    """Return an expression that prints a count, unknown without a live table."""
    return f"(datum.{column} == null ? '{fmt.NOTHING}' : format(datum.{column}, ','))"


def stages(frame: pl.DataFrame, shares: Mapping[str, str | None]) -> Chart:
    """Draw counts of a one-row table below each other, as `shares` names them.

    `shares` maps a count to the column of its share, None for the first of a chain.
    """
    row = frame.row(0, named=True)
    long = pl.DataFrame(
        {
            "metric": [DEFINITIONS[key].title.removesuffix(" (n)") for key in shares],
            "count": [row[key] for key in shares],
            "share": [row[share] if share else None for share in shares.values()],
        },
        schema={"metric": pl.String, "count": pl.Int64, "share": pl.Float64},
    )
    part = whole_percent("datum.share")
    printed = f"datum.share == null ? '' : '  (' + {part} + ')'"
    text = f"{count_of('count')} + ({printed})"
    return labelled_bars(long, "metric", "count", "Count", text, ROOM_OF_COUNTS)


def figures(frame: pl.DataFrame, keys: tuple[str, ...]) -> Chart:
    """Draw figures of a one-row table that share a unit below each other."""
    row = frame.row(0, named=True)
    found = {key: row[key] for key in keys}
    long = pl.DataFrame(
        {
            "metric": [DEFINITIONS[key].title for key in found],
            "value": list(found.values()),
            "text": [fmt.number(v, DEFINITIONS[k].unit) for k, v in found.items()],
        },
        schema={"metric": pl.String, "value": pl.Float64, "text": pl.String},
    )
    return labelled_bars(long, "metric", "value", "Value", "datum.text")


_LABEL, _BAR = "_label", "_bar"


def ranked(
    frame: pl.DataFrame, label: str, value: str, title: str, *, rows: int = 10
) -> Chart:
    """Draw the largest rows as horizontal bars, each with its number and share.

    The other rows are one, so that the numbers add up to those of the table. It has no
    bar: of thousands of rooms it would leave the others a pixel.
    """
    top = frame.head(rows)
    named = top.with_columns(
        labels.bar_labels(top, label).alias(_LABEL), pl.col(value).alias(_BAR)
    )
    data = in_order(_with_rest(named, frame, value))
    room = alt.ExprRef("max(40, width - 92)")
    scale = alt.Scale(range=[0, room])
    x = alt.X(f"{_BAR}:Q", axis=None, scale=scale, stack=None)
    y = alt.Y(f"{_LABEL}:N", sort=BY_PLACE, title=None, axis=label_axis())
    base = Layer()
    tooltip = [alt.Tooltip(f"{_LABEL}:N", title=title_of_label(label))]
    bars = base.mark_bar(color=ACCENT, cornerRadiusEnd=3, aria=False).encode(x, y)
    text = (
        base.transform_calculate(
            _printed=_count_and_share(top, value), _end=f"datum.{_BAR} || 0"
        )
        .mark_text(align="left", dx=6, color=TEXT, opacity=QUIET)
        .encode(alt.X("_end:Q"), y, text=alt.Text("_printed:N"))
    )
    targets = _rows(base, y, [*tooltip, *count_tooltips(top, value, title)], top)
    return layered(targets, bars, text, data=data, height=alt.Step(ROW_HEIGHT))


def _rows(
    base: alt.Chart, y: alt.Y, tooltip: list[alt.Tooltip], frame: pl.DataFrame
) -> alt.Chart:
    """Return what is pointed at, clicked and read out: the whole row of each bar.

    Of small numbers the bar itself has a pixel or two. Nothing else in the row has a
    tooltip: it would be read out twice.
    """
    rows = base.mark_bar(opacity=0.001, cursor=click_filters.cursor(frame))
    # Named: to find the channel of `alt.value(0)`, Altair searches its whole schema.
    left, right = alt.XValue(0), alt.X2Value("width")  # type: ignore[no-untyped-call]  # Altair's
    wide = rows.encode(left, right, y, tooltip=tooltip)
    return click_filters.clickable(wide, frame)


def _with_rest(top: pl.DataFrame, frame: pl.DataFrame, value: str) -> pl.DataFrame:
    """Add a row that sums up the rows of the frame that are not among the first."""
    rest = frame.slice(top.height)
    # Rows of the comparison alone are in the table, and none of the others here.
    others = int((rest[value] != 0).sum())
    if not others:
        return top
    counts = [
        name
        for name, dtype in frame.schema.items()
        if dtype.is_numeric() and not name.endswith(("_id", "_number", "_change_share"))
    ]
    one = rest.select(pl.col(counts).sum()).with_columns(
        pl.lit(f"{others:,} other{'s' if others > 1 else ''}").alias(_LABEL)
    )
    whole = pl.concat([top, one], how="diagonal_relaxed")
    return whole.with_columns(labels.distinct(whole[_LABEL]))


def title_of_label(label: str) -> str:
    """Return what the bars of a column are: "Operating system", "Room"."""
    name = label.removesuffix("_name").replace("_", " ").capitalize()
    return labels.KIND_LABELS.get(label, name)


def _count_and_share(frame: pl.DataFrame, value: str) -> str:
    """Return the text beside a bar; with the share, no bar has to be measured."""
    count = count_of(value)
    if "share" not in frame.columns:
        return count
    return f"{count} + '  (' + {percent('datum.share')} + ')'"


_WAS_IS = "format(datum.before, ',') + ' → ' + format(datum.now, ',')"
_MEASURE = "lower(datum.measure)"
# On a phone the text is short, for the bars' sake.
_OWN_CHANGE = (
    "width < 220 ? '' : ' ' + (datum.now == 1 ? "
    f"slice({_MEASURE}, 0, -1) : {_MEASURE}) + datum.percent"
)
# Where the longest bar to the right ends: behind it is room for its text.
_END = alt.ExprRef("max(width / 4, width - (width < 220 ? 95 : 215))")


def moved(frame: pl.DataFrame, *, rows: int = 10) -> Chart:
    """Draw what moved most: bars to the right where more, to the left where less.

    A bar is as long as its part in the change of the whole, so that users, page views
    and votes compare, and the change beside it. Needs the columns of
    `changes.what_changed`.
    """
    # What is most is first; the others of its dimension follow it.
    place = pl.col(PLACE).min().over("dimension")
    top = in_order(frame.head(rows)).sort(place, maintain_order=True).drop(PLACE)
    named = in_order(labels.readable(top)).with_columns(what=_what())
    # Printed here: a browser would write a change of less than half a percent as −0%.
    changes = [
        f" ({fmt.signed(max(100 * change / before, -99 if now else -100), 0)}%)"
        if before
        else ""
        for change, before, now in named.select("change", "before", "now").iter_rows()
    ]
    parts = [
        fmt.NOTHING
        if part is None
        else f"{fmt.signed(100 * part, share_digits(abs(part)))}%"
        for part in named["contribution"]
    ]
    data = named.with_columns(
        labels.distinct(named["what"], top["label"]),
        pl.Series(text_of("contribution"), parts, dtype=pl.String),
        end=pl.max_horizontal(pl.col("contribution").fill_null(0), 0.0),
        percent=pl.Series(changes, dtype=pl.String),
        then=fmt.counts(pl.col("before")) + _as_many(),
    )
    base = Layer().transform_calculate(printed=f"{_WAS_IS} + ({_OWN_CHANGE})")
    y = alt.Y("what:N", sort=BY_PLACE, title=None, axis=label_axis())
    scale = alt.Scale(range=[0, _END])
    x = alt.X("contribution:Q", axis=None, scale=scale, stack=None)
    more = {"test": "datum.change > 0", "value": ACCENT}
    color = alt.ColorValue(PALETTE[1], condition=more)
    bars = base.mark_bar(cornerRadius=3, aria=False).encode(x, y, color=color)
    tooltip = [
        alt.Tooltip("what:N", title="Dimension"),
        alt.Tooltip("measure:N", title="Metric"),
        alt.Tooltip("then:N", title="Before"),
        alt.Tooltip("now:Q", title="Now", format=","),
        share_tooltip("contribution", "Contribution"),
    ]
    text = base.mark_text(align="left", dx=6, color=TEXT, opacity=QUIET)
    said = text.encode(alt.X("end:Q"), y, text=_PRINTED)
    targets = _rows(base, y, tooltip, data)
    return layered(targets, bars, said, data=data, height=alt.Step(ROW_HEIGHT))


def without_bars(frame: pl.DataFrame) -> str | None:
    """Return the sentence on changes that `moved` draws no bar for, if any."""
    if frame["contribution"].null_count() == 0:
        return None
    return f"No bar where the total before is below {MINIMUM_SAMPLE}."


def _as_many() -> pl.Expr:
    """Return of how many weekdays a count before is: months differ in that."""
    scaled = pl.format(" on as many {}s", "label")
    is_weekday = pl.col("dimension") == "weekday"
    return pl.when(is_weekday).then(scaled).otherwise(pl.lit(""))


def _what() -> pl.Expr:
    """Return what a row is about; rooms of the same name get their ids."""
    what = pl.format("{}: {}", pl.col("dimension").str.to_titlecase(), "label")
    is_alike = (pl.len().over("dimension", "label") > 1) & pl.col(
        "room_id"
    ).is_not_null()
    with_id = pl.format("{} (ID {})", what, "room_id")
    return pl.when(is_alike).then(with_id).otherwise(what)


def nested_bars(
    frame: pl.DataFrame,
    label: str,
    keys: tuple[str, str, str],
    n: str,
    *,
    rows: int = 10,
) -> Chart:
    """Draw three shares of the same users inside each other, one row per label.

    Most users first: those with enough for a rate come before all others. `keys` go
    from the largest to the smallest share; the smallest is printed.
    """
    titles = {key: DEFINITIONS[key].title for key in keys}
    top = frame.head(rows)
    readable = labels.readable(top)
    own = labels.distinct(readable[label], top[label])
    named = in_order(readable.with_columns(own.alias(label)))
    named = with_texts(named, "share", *keys)
    long = named.unpivot(
        on=keys, index=[PLACE, label], variable_name="stage", value_name="share"
    ).with_columns(pl.col("stage").replace_strict(titles))
    y = alt.Y(f"{label}:N", sort=BY_PLACE, title=None, axis=label_axis())
    scale = alt.Scale(domain=[*titles.values()], range=list(NESTED))
    bars = (
        Layer(bounded(long))
        # The palest is told from a white page by its outline.
        .mark_bar(size=ROW_HEIGHT - 8, cornerRadiusEnd=3, stroke=ACCENT)
        .encode(
            alt.X(
                "share:Q",
                title=None,
                stack=None,
                scale=with_room(long["share"], ROOM_OF_COUNTS),
                axis=None,
            ),
            y,
            alt.Color(
                "stage:N",
                title=None,
                scale=scale,
                legend=legend([*titles.values()], named[label].to_list())
                if long["share"].count()
                else None,
            ),
        )
    )
    tooltip = [
        alt.Tooltip(f"{label}:N", title=title_of_label(label)),
        alt.Tooltip(f"{n}:Q", title="First seen", format=","),
        *(share_tooltip(key, title) for key, title in titles.items()),
    ]
    smallest = keys[-1]
    shown = f"{whole_percent(f'datum.{smallest}')} + ' of ' + format(datum.{n}, ',')"
    text = (
        Layer(named)
        .transform_calculate(
            printed=hidden_below(shown, smallest, n), end=f"datum.{keys[0]} || 0"
        )
        .mark_text(align="left", dx=6, color=TEXT, opacity=QUIET)
        .encode(alt.X("end:Q"), y, text=_PRINTED)
    )
    targets = _rows(Layer(named), y, tooltip, named)
    return layered(bars, text, targets, height=alt.Step(ROW_HEIGHT))


def usual_range(frame: pl.DataFrame) -> Chart:
    """Draw a row per measure: the usual range as a bar, today as a point on it.

    Each row has its own scale. Needs the columns of `attention.today`.
    """
    largest = pl.max_horizontal("today", "highest", pl.lit(1))
    low, high = pl.col("lowest"), pl.col("highest")
    span = pl.when(low == high).then(fmt.counts(low))
    both = pl.format("{}–{}", fmt.counts(low), fmt.counts(high))
    usual = pl.format(", usually {}", span.otherwise(both))
    titles = {key: DEFINITIONS[key].title for key in MEASURES}
    data = in_order(frame).with_columns(
        name=pl.col("measure").replace_strict(titles),
        at=pl.col("today") / largest,
        start=low / largest,
        end=high / largest,
        printed=pl.format(
            "{}{}",
            fmt.counts(pl.col("today")).fill_null(fmt.NOTHING),
            usual.fill_null(""),
        ),
    )
    base = Layer()
    y = alt.Y("name:N", sort=BY_PLACE, title=None, axis=label_axis())
    # What is printed at the right takes no more than it needs: on a phone the ranges
    # would be too short to tell apart.
    longest = data["printed"].str.len_chars().max()
    room = 12 + 5.5 * (longest if isinstance(longest, int) else 0)
    left = f"max(60, width - {room})"
    scale = alt.Scale(domain=[0, 1], range=[4, alt.ExprRef(f"{left} - 12")])
    tooltip = [
        alt.Tooltip("name:N", title="Metric"),
        alt.Tooltip("printed:N", title="Count"),
    ]
    # Its outline is what can be told from the page.
    band = base.mark_bar(
        color=MUTED, fillOpacity=0.3, stroke=MUTED, size=8, cornerRadius=4
    ).encode(alt.X("start:Q", axis=None, scale=scale), alt.X2("end:Q"), y)
    point = base.mark_point(filled=True, size=90, color=ACCENT, opacity=1).encode(
        alt.X("at:Q", axis=None, scale=scale), y
    )
    at_the_right = alt.XValue(alt.ExprRef(left))  # type: ignore[no-untyped-call]  # Altair's
    text = base.mark_text(align="left", color=TEXT, opacity=QUIET)
    said = text.encode(at_the_right, y, text=_PRINTED)
    targets = _rows(base, y, tooltip, data)
    drawn = band, point, said, targets
    return layered(*drawn, data=data, height=alt.Step(ROW_HEIGHT + 6))
