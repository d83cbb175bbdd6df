"""Axes, legends, tooltips, formats and bounds that all charts share."""

import re
from collections.abc import Callable, Iterable, Sequence
from math import floor, log10

import altair as alt
import polars as pl

from metrics.formats import MOST_DIGITS, SECONDS, fixed, number, unit_of_seconds
from metrics.subject import Unit

MAX_ROWS = 8000

Chart = alt.Chart | alt.LayerChart | alt.FacetChart
Draw = Callable[[pl.DataFrame], Chart]

# A share that `formats.number` prints, in percent, as nothing but zeros.
_LEAST = 0.005 / 10**MOST_DIGITS
_ALL_DIGITS = "format(datum.value, ',')"
_THOUSANDS = "format(datum.value, datum.value < 1000 ? ',' : '~s')"


def bounded(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame, which must be aggregated: a browser draws every row."""
    if frame.height > MAX_ROWS:
        raise ValueError(f"{frame.height} rows in a chart: aggregate them first")
    return frame


PLACE = "_place"
BY_PLACE = alt.EncodingSortField(PLACE, op="min")
"""Sorts the labels of an axis as the rows are, numbered by `in_order`.

Without it, a chart whose data change keeps the labels that it had where they were and
adds new ones at the end.
"""


def in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with its rows numbered: see `BY_PLACE`."""
    return frame.with_row_index(PLACE)


def milliseconds[Times: (pl.Expr, pl.Series)](times: Times) -> Times:
    """Return times as milliseconds since 1970, UTC: what a UTC axis takes."""
    return times.dt.timestamp("ms").cast(pl.Float64)


def value_axis(unit: Unit, drawn: pl.DataFrame | None = None) -> alt.Axis:
    """Return the axis of a number; its ticks carry the unit.

    Durations that are `drawn` have ticks in the unit that fits the longest of them,
    counts one notation: no 5,000 below 10k.
    """
    if unit in {"count", "points"}:
        most = None if drawn is None else drawn.max().max_horizontal().item()
        label = _THOUSANDS if (most or 0) >= 10_000 else _ALL_DIGITS
        return alt.Axis(labelExpr=label, tickCount=5, tickMinStep=1)
    if unit in SECONDS:
        return _axis_of_durations(drawn, SECONDS[unit])
    # Ticks as far apart as their labels tell them apart: of shares below 1%, five
    # would all be 0%.
    if unit == "share":
        return alt.Axis(format=".1~%", tickCount=5, tickMinStep=0.001)
    # Vega gives ticks the decimals that their distance needs, 0.05 and 20.
    return alt.Axis(tickCount=5, tickMinStep=0.01)


def _axis_of_durations(drawn: pl.DataFrame | None, seconds: int) -> alt.Axis:
    longest = 0.0 if drawn is None else drawn.max().max_horizontal().item() or 0.0
    in_seconds, name, _ = unit_of_seconds(longest * seconds)
    if in_seconds == 1 and (seconds == 1 or not longest):
        return alt.Axis(labelExpr="datum.label + ' s'", tickCount=5)
    size = in_seconds / seconds
    # Every 1,000 seconds, as Vega would have them, are no whole minutes.
    most = longest / size
    power = 10 ** floor(log10(most / 5))
    step = next(n * power for n in (1, 2, 5, 10) if most <= 5 * n * power)
    return alt.Axis(
        labelExpr=f"format(datum.value / {size}, ',~f') + ' {name}'",
        values=[place * step * size for place in range(floor(most / step) + 1)],
    )


def end_of_scale(values: pl.Series) -> float:
    """Return the largest value, 1 where none is above 0: the end of a scale."""
    most = values.cast(pl.Float64).max()
    return most if isinstance(most, float) and most > 0 else 1.0


def any_but_zero(columns: Iterable[pl.Series]) -> bool:
    """Return whether columns of numbers have any but zeros and nulls."""
    return any(column.min() or column.max() for column in columns)


def from_zero(drawn: pl.DataFrame) -> alt.Scale:
    """Return the scale of an axis that begins at zero, as nearly all do.

    Where nothing but zero is drawn, Vega would put it halfway up.
    """
    return alt.Scale() if any_but_zero(drawn) else alt.Scale(domain=[0, 1])


def whole_percent(share: str) -> str:
    """Return the Vega expression that prints a share in whole percent.

    As in sentences, only none is 0% and only all is 100%.
    """
    few, most = f"0 < {share} && {share} < 0.01", f"0.99 < {share} && {share} < 1"
    return f"({few} ? '<1%' : {most} ? '>99%' : format({share}, '.0%'))"


def percent(share: str) -> str:
    """Return the Vega expression that prints a share as `formats.share_digits` says."""
    rest = f"min({share}, 1 - {share})"
    # A half is in print: what is left of it by a logarithm is no digit more.
    digits = f"clamp(ceil(-log(200 * {rest}) / LN10 - 1e-9), 1, {MOST_DIGITS})"
    return f"format({share}, '.' + ({rest} > {_LEAST} ? {digits} : 1) + '%')"


def share_tooltip(share: str, title: str) -> alt.Tooltip:
    """Return the tooltip of a share whose text is in the column `text_of(share)`."""
    return alt.Tooltip(f"{text_of(share)}:N", title=title)


def text_of(column: str) -> str:
    """Return the column of the texts of a figure."""
    return f"{column}_text"


def with_texts(frame: pl.DataFrame, unit: Unit, *columns: str) -> pl.DataFrame:
    """Add the texts of figures, for tooltips: see `formats.number`."""
    return frame.with_columns(
        pl.Series(
            text_of(column), [number(v, unit) for v in frame[column]], dtype=pl.String
        )
        for column in columns
    )


ROOM = "(width && containerSize()[0] - 45)"
"""The Vega expression of the pixels that a legend has beside the labels of an axis.

Not `width` alone: Vega fits a chart to its window once. `width` changes once more by
that, and lines of a legend that broke then would be above the chart, cut off."""
# Half of a narrow chart is for the bars and what they print. Not `width`, which is what
# the labels leave: it is named so that the limit follows a window made narrow.
_LONGEST_LABEL = "min(220, (width && containerSize()[0]) / 2)"


def label_axis() -> alt.Axis:
    """Return the axis of labels beside horizontal bars."""
    return alt.Axis(
        labelExpr=cut_in_the_middle(_LONGEST_LABEL, 5.95),
        labelLimit=alt.ExprRef(_LONGEST_LABEL),
        ticks=False,
        domain=False,
        labelPadding=8,
    )


def cut_in_the_middle(pixels: str, letter: float) -> str:
    """Return the Vega expression of a label that may have as many `pixels`.

    `letter` is the width of a usual one. Long names often differ at their end only,
    and Vega itself cuts that off.
    """
    name = "datum.label"
    usual = f"replace({name}, regexp('{_FLAG}', 'g'), 'nnn')"
    usual = f"replace({usual}, regexp('{_WIDE}', 'g'), 'nn')"
    no_narrow = f"replace({usual}, regexp('{_NARROW}', 'g'), '')"
    letters = f"(0.55 * length({usual}) + 0.45 * length({no_narrow}))"
    is_long = f"{letters} * {letter} > {pixels}"
    # The dots need room, and the letters that stay can be wider than those that go.
    most = f"({pixels} / {letter} - 2) * 0.95 * length({name}) / {letters}"
    cut = f"truncate({name}, {most}, 'center')"
    # Of an emoji that was cut, a half would stay, and an accent without its letter.
    whole = f"replace({cut}, regexp('{_BESIDE_A_CUT}', 'gu'), '…')"
    # What ends words from right to left may have been cut off: numbers after them
    # would be on their left.
    ended = f"replace({whole}, regexp('{_LEFTWARD}'), '$1\\u2069\\u200e')"
    return f"{is_long} ? {ended} : {name}"


def letters_of(name: str) -> int:
    """Return how many letters of usual width are as wide as a name."""
    return len(name) + len(re.findall("[WM@\u2e80-\U0010ffff]", name))


# W and M, Chinese, Japanese and Korean letters, and emoji, are as wide as two others, a
# flag as three, and i half as wide: all counted as one, Vega itself would cut off ends.
# As texts in an expression, where a backslash is written twice.
_FLAG = r"(\\ud83c[\\udde6-\\uddff]){2}"
_WIDE = r"[WMwm@\\u2e80-\\udbff\\uf900-\\uffff]"
_NARROW = r"[ !(),./:;I\\[\\]fijlrt|-]"
_LEFTWARD = r"(\\u2068[^\\u2069]*…)(?!.*\\u2069)"
_BESIDE_A_CUT = r"[\\p{Cs}\\u200d]*…[\\p{Cs}\\p{M}\\p{EMod}\\u200d]*"


def wide_targets(
    base: alt.Chart,
    places: int,
    x: alt.X,
    tooltip: list[alt.Tooltip],
    *,
    read_out: bool = False,
) -> alt.Chart:
    """Return what has the tooltip of each place on the horizontal axis, all around it.

    Invisible: pointing anywhere above a day finds it; a line of two pixels, or a point,
    is hard to hit. `read_out` is for charts of which no other mark says the values.
    """
    # No bars: of numbers, Vega would add their places up. The first place is at one end
    # of the axis, the last at the other.
    wide = alt.ExprRef(f"max(1, width / {max(1, places - 1)})")
    rules = base.mark_rule(opacity=0.001, strokeWidth=wide, aria=read_out, clip=True)
    found: alt.Chart = rules.encode(x, tooltip=tooltip)
    return found


def count_tooltips(frame: pl.DataFrame, value: str, title: str) -> list[alt.Tooltip]:
    """Return the value, and the one before with the change where there is one."""
    now = alt.Tooltip(f"{value}:Q", title=title.capitalize(), format=",")
    before, change = f"{value}_before", f"{value}_change"
    if before not in frame.columns or frame[before].null_count() == frame.height:
        return [now]
    return [
        now,
        alt.Tooltip(f"{before}:Q", title="Before", format=","),
        alt.Tooltip(f"{change}:Q", title="Change", format="+,"),
    ]


def gradient_legend(values: pl.Series, title: str, legend: alt.Legend) -> alt.Legend:
    """Return a legend of shades with the range of its values for screen readers.

    Vega describes a legend once, when the chart is drawn, and keeps the old range when
    only the data change. A description in the specification has the chart drawn again.
    """
    high = values.max() if values.len() else None
    top = _shortest(high) if isinstance(high, int | float) else "no value"
    legend.description = f"{title.capitalize()}: shades from 0 to {top}"
    return legend


def _shortest(value: float) -> str:
    """Print a number with two decimals where it is not whole."""
    return fixed(value, 0 if float(value).is_integer() else 2)


def legend(names: Sequence[str], beside: Sequence[str]) -> alt.Legend:
    """Return a legend of squares above bars that have labels beside them.

    Below each other where the bars are too narrow for all names in a line.
    """
    needed = sum(7 * letters_of(name) + 30 for name in names)
    longest = max(map(letters_of, beside), default=0)
    bars = f"(containerSize()[0] - min({_LONGEST_LABEL}, {5.8 * longest:.0f}))"
    columns = alt.ExprRef(f"width && {bars} < {needed} ? 1 : {len(names)}")
    return alt.Legend(orient="top", columns=columns, symbolType="square")
