"""Tables: units, names and definitions come with the column's key."""

from collections.abc import Callable, Mapping
from typing import Literal, TypedDict

import polars as pl
import streamlit as st
from streamlit.column_config import Column as AnyColumn
from streamlit.elements.lib.column_types import ColumnConfig

from metrics import formats
from metrics.export import to_csv
from metrics.query import Granularity
from metrics.registry import DEFINITIONS, UNCERTAINTY, split
from metrics.registry import definition as definition_of
from metrics.room_health import PARTS, whole_points
from metrics.subject import Definition, Unit
from metrics.time_zone import as_clocks_show
from ui import labels
from ui.charts.axes import end_of_scale
from ui.format import NOTHING, kept_together

_DATE = "D MMM YYYY"
# Days that begin longer buckets would be read as those days.
_BUCKETS: Mapping[Granularity, tuple[str, str]] = {
    "week": ("Week of", _DATE),
    "month": ("Month", "MMM YYYY"),
}
"""What the column of buckets is called, and how it is written."""
# What columns without a definition are called, where their name does not say it.
_TITLES = {
    "id": "ID",
    "room_id": "Room ID",
    "bucket": "Date",
    "weekday_name": "Weekday",
    "weekday": "Day of the week",
    "os": "Operating system",
    "was_auto_flip": "Auto-flip",
    "flip": "Cards turned",
    "estimation": "Card",
    "k": "Age",
    "running": "Not over yet",
    "cut": "Incomplete",
    "measure": "Metric",
    "key": "Metric",
    "voted_at": "Ended",
    "ended_at": "Ended",
    "finished_at": "Finished",
    "first_used_at": "First used",
    "started_at": "Started",
    "last_round_at": "Last non-empty vote",
    "talk": "Talk before (s)",
    "re_vote": "Re-vote",
}
# Tables over time whose labels are of one kind, and that kind.
_KINDS = {
    "routes_over_time": "route",
    "sources_over_time": "source",
    "events_over_time": "event",
    "rooms_over_time": "room_name",
}
# Columns that are drawn as bars.
_BAR = frozenset({"share"})
MAX_HEIGHT, ROW_HEIGHT = 270, 30
MOST_ROWS = 150_000
"""Rows of a table on a page: about 10 MB. The CSV has all."""
CLICKABLE = "rows_"
"""How keys of tables begin whose rows can be clicked, for `web/assets/acts.js`."""


def render(
    frame: pl.DataFrame,
    title: str,
    key: str | None = None,
    on_click: Callable[[], None] | None = None,
    table: str = "",
    every: Granularity | None = None,
) -> None:
    """Show a frame of a metric table, sortable and searchable.

    With `on_click` a click on a row selects it and calls that; the `key` begins with
    `CLICKABLE`. `table` is the metric table's name: a few columns mean something else
    in one of them. `every` is the length of its buckets, where it has any.
    """
    shown = _with_kind(with_intervals(frame), table)
    columns = {name: _config(shown, name, table) for name in shown.columns}
    if "bucket" in columns and every and every in _BUCKETS:
        label, written = _BUCKETS[every]
        columns["bucket"] = st.column_config.DateColumn(label, format=written)
    st.dataframe(
        **_sent(readable(shown, table)),
        column_config=columns,
        hide_index=True,
        placeholder=NOTHING,
        alt=title,
        height=_height(frame),
        row_height=ROW_HEIGHT,
        key=key,
        on_select=on_click or "ignore",
        # Not of cells: the keyboard would select one on its way through the page.
        selection_mode="single-row",
    )
    _say_what_is_left_out(frame)


def render_selectable(
    frame: pl.DataFrame,
    title: str,
    key: str,
    table: str,
    height: int = MAX_HEIGHT,
    marked: int | None = None,
) -> int | None:
    """Show a frame whose rows can be clicked; return the chosen row's position.

    The `key` begins with `CLICKABLE`. `table` is the metric table's name, as in
    `render`; `height` is that of a long table, in pixels. The row at `marked` is chosen
    at first.
    """
    state = st.dataframe(
        **_sent(labels.readable(frame)),
        column_config={name: _config(frame, name, table) for name in frame.columns},
        hide_index=True,
        placeholder=NOTHING,
        alt=title,
        height=_height(frame, height),
        row_height=ROW_HEIGHT,
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        selection_default=None if marked is None else {"selection": {"rows": [marked]}},
    )
    _say_what_is_left_out(frame)
    rows = state["selection"]["rows"]
    return rows[0] if rows else None


def render_caption(text: str, hint: str, name: str) -> None:
    """Say what rows of the table `name` are and, not on paper, what a click does."""
    with st.container(horizontal=True, gap="xxsmall"):
        st.caption(kept_together(text), width="content")
        render_hint(hint, name)


def render_hint(text: str, name: str) -> None:
    """Say what a click in the table `name` does: not on paper."""
    with st.container(key=f"hint_{name}", width="content"):
        st.caption(text)


def readable(frame: pl.DataFrame, table: str = "") -> pl.DataFrame:
    """Return a frame of a metric table as a user reads it: see `labels.readable`.

    Its dimensions begin with a capital. Filters know them without: they are made from
    the rows of `labels.readable`.
    """
    frame = labels.readable(_with_kind(frame, table))
    if "dimension" not in frame.columns:
        return frame
    return frame.with_columns(pl.col("dimension").str.to_titlecase())


def _with_kind(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    is_label = table in _KINDS and "label" in frame.columns
    return frame.rename({"label": _KINDS[table]}) if is_label else frame


_LEFT_TO_FILES = ("_others", "_detectable", "_of_half", "_of_half_low", "_of_half_high")
"""Endings of columns that a page leaves to the CSV and the API."""
# Of rooms gone quiet, the number of all healthy ones is in the caption.
_NOT_SHOWN = frozenset({"order", "rank", "half", "healthy_rooms"})


def with_intervals(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns that a page shows: a figure and its interval are one.

    "47.6% (44–52)" stands for a figure with `_low` and `_high`; the CSV has all three.
    """
    about = {name: split(name) for name in frame.columns}
    ends = {
        base: (f"{base}_low", f"{base}_high")
        for base in frame.columns
        if {f"{base}_low", f"{base}_high"} <= set(frame.columns)
        and about[base][1] not in _LEFT_TO_FILES
    }
    joined = [
        pl.Series(
            base,
            _with_interval(frame.select(base, *own), unit(base) or "number"),
            # Without it a column of dashes only would have no type, nor what it is.
            pl.String,
        )
        for base, own in ends.items()
    ]
    dropped = [
        name
        for name, (_, ending) in about.items()
        if name in _NOT_SHOWN
        or ending in _LEFT_TO_FILES
        or any(name in own for own in ends.values())
        or (name == "cut" and frame[name].is_null().all())
    ]
    return frame.with_columns(joined).drop(dropped)


def _with_interval(frame: pl.DataFrame, printed: Unit) -> list[str | None]:
    """Return the texts of a figure and both ends of its interval.

    Spaces in front let texts of one column sort as their numbers do.
    """
    # Texts of minutes and seconds do not sort.
    size, name, digits = _unit_of_durations(frame.to_series(), printed)
    is_duration = printed in formats.SECONDS
    decimals = decimals_of(frame.to_series(), printed)

    def text(number: float) -> str:
        if is_duration:
            return f"{formats.with_minus(formats.fixed(number / size, digits))} {name}"
        if printed == "share":
            return f"{formats.with_minus(formats.fixed(100 * number, decimals))}%"
        return formats.number(number, printed)

    def span(low: float, high: float) -> str:
        if is_duration:
            ends = formats.ends_apart(low / size, high / size, digits)
        elif printed == "share":
            ends = formats.ends_apart(100 * low, 100 * high, 0)
        else:
            ends = formats.ends_apart(low, high, decimals)
        # A dash before a minus would read as two of them.
        dash = " to " if min(low, high) < 0 else "–"
        return f" ({dash.join(map(formats.with_minus, ends))})"

    rows = list(frame.iter_rows())
    width = max((len(text(v)) for v, _, _ in rows if v is not None), default=0)
    return [
        None
        if value is None
        else text(value).rjust(width) + (span(low, high) if low is not None else "")
        for value, low, high in rows
    ]


class _Sent(TypedDict):
    data: object
    lazy: bool


def _sent(frame: pl.DataFrame) -> _Sent:
    """Return the first rows of a frame as Streamlit takes it without loading pandas.

    Shares are sent in percent: Streamlit's own format cuts them (4 of 11 would be
    36.3%). Durations are sent in the unit that their column prints.
    """
    units = {
        name: unit(name) or "number"
        for name, of in frame.schema.items()
        if of.is_numeric()
    }
    shares = [name for name, of in units.items() if of == "share"]
    durations = {
        name: _unit_of_durations(frame[name], of)
        for name, of in units.items()
        if of in formats.SECONDS
    }
    decimals = {name: decimals_of(frame[name], of) for name, of in units.items()}
    frame = frame.head(MOST_ROWS)
    # Streamlit's format prints percent signs, and does not multiply; it would show
    # times of a zone in that of the browser.
    frame = in_whole_points(as_clocks_show(frame)).with_columns(
        labels.isolated(pl.col(pl.String)),
        pl.col(shares) * 100,
        *(pl.col(name) / size for name, (size, *_) in durations.items()),
    )
    decimals |= {name: digits for name, (*_, digits) in durations.items()}
    frame = frame.with_columns(
        _as_printed(name, digits)
        for name, digits in decimals.items()
        if frame.schema[name].is_float()
    )
    # Sent in parts as the user scrolls, it would load pandas, while charts of other
    # users look into it: Altair fails on one that is half loaded.
    return {"data": frame.to_arrow(), "lazy": False}


def decimals_of(column: pl.Series, printed: Unit) -> int:
    """Return the decimals that a column prints: of shares what the least part needs.

    Of numbers, what most of them need; see `formats.number`. A change has one, and so
    have means of counts. None of them prints as 0, but for small changes.
    """
    known = column.cast(pl.Float64).abs()
    known = known.filter(known.is_finite() & (known > 0))
    if printed == "share":
        if column.name.endswith("_change_share"):
            return 1
        parts = known.filter(known < 1)
        ends = (parts.min(), parts.max())
        return formats.share_digits(*(end for end in ends if isinstance(end, float)))
    fewest = 0 if printed == "seconds" else 1
    if printed == "number":
        middle = known.median()
        fewest = formats.number_digits(middle if isinstance(middle, float) else 0)
    elif printed == "points" or not column.dtype.is_float():
        return 0
    least = known.min()
    return formats.digits_in_print(least if isinstance(least, float) else 0, fewest)


def _unit_of_durations(column: pl.Series, counted_in: Unit) -> tuple[float, str, int]:
    """Return the unit of all durations of a column, so that they sort: the median's.

    Its size is in what the column is counted in, seconds or minutes.
    Of the longest, one vote in an idle room would make tenths of minutes of all others.
    """
    seconds = formats.SECONDS.get(counted_in, 1)
    known = column.cast(pl.Float64).abs() * seconds
    known = known.filter(known.is_finite() & (known > 0))
    ends = (known.quantile(at) or 0 for at in (0.5, 0))
    size, name, digits = formats.unit_of_seconds(*ends)
    return size / seconds, name, digits


def _as_printed(name: str, digits: int) -> pl.Expr:
    """Return a column of the numbers that are printed: screen readers read these.

    Not "-0.0". A half is left to the browser, which knows if the float is below it.
    """
    number = pl.col(name)
    is_half = ((number * 10**digits).abs() % 1) == 0.5
    # Polars divides by 10 as it multiplies by 0.1: 811 would be 81.10000000000001.
    rounded = number.round(digits)
    positive_zero = pl.when(rounded == 0).then(0.0).otherwise(rounded)
    return pl.when(is_half).then(number).otherwise(positive_zero).alias(name)


def _say_what_is_left_out(frame: pl.DataFrame) -> None:
    if frame.height > MOST_ROWS:
        st.caption(
            f"The first {MOST_ROWS:,} of {frame.height:,} rows; the CSV has all."
        )


def in_whole_points(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame whose points are whole ones that have been reached.

    See `formats.whole_points`; the parts of a room's health still add up to it.
    """
    if {"health", *PARTS} <= set(frame.columns):
        frame = whole_points(frame)
    points = [
        name
        for name, of in frame.schema.items()
        if of.is_numeric() and unit(name) == "points"
    ]
    return frame.with_columns(pl.col(points).floor())


def _config(frame: pl.DataFrame, name: str, table: str) -> ColumnConfig:
    definition = _defined(name, table)
    label = heading(name, table, frame.schema[name])
    if name.endswith("_verdict"):
        # The only one, beside its figure, need not say of what it is.
        alone = sum(other.endswith("_verdict") for other in frame.columns) == 1
        label = _VERDICT if alone else label
        return AnyColumn(
            label, help=UNCERTAINTY["_verdict"], width=_width(label, frame[name])
        )
    if definition is not None and unit(name) and frame.schema[name] == pl.String:
        return AnyColumn(
            label,
            help=f"{definition.formula} In brackets: its 95% interval. A dash, or no "
            "interval: too small a sample.",
            alignment="right",
            width=_width(label, frame[name]),
        )
    if frame.schema[name] == pl.Date:
        return st.column_config.DateColumn(label, format=_DATE)
    if isinstance(frame.schema[name], pl.Datetime):
        return st.column_config.DatetimeColumn(label, format=f"{_DATE}, HH:mm")
    if definition is None or not frame.schema[name].is_numeric():
        return AnyColumn(label, help=definition.formula if definition else None)
    if name in _BAR:
        return st.column_config.ProgressColumn(
            label,
            help=definition.formula,
            format=_format_of(frame[name], "share"),
            min_value=0,
            # The longest bar fills its cell: rows compare with each other.
            max_value=100 * end_of_scale(frame[name]),
        )
    printed = unit(name) or definition.unit
    if printed in formats.SECONDS:
        _, symbol, digits = _unit_of_durations(frame[name], printed)
        return st.column_config.NumberColumn(
            label, help=definition.formula, format=f"%,.{digits}f {symbol}"
        )
    return st.column_config.NumberColumn(
        label, help=definition.formula, format=_format_of(frame[name], printed)
    )


def _format_of(column: pl.Series, printed: Unit) -> str:
    """Return the format of a column of numbers that are not durations.

    It is the notation of tiles and charts, in browsers of any language.
    """
    decimals = decimals_of(column, printed)
    number = f"%,.{decimals}f" if decimals else "%,d"
    return f"{number}{'%%' if printed == 'share' else ''}"


def _width(label: str, texts: pl.Series) -> int:
    """Return the pixels that a column of texts needs.

    By itself a table takes those that are longer than most for outliers, and cuts them.
    """
    longest = texts.cast(pl.String).str.len_chars().max()
    return 17 + round(6.4 * max(len(label), longest if isinstance(longest, int) else 0))


def heading(name: str, table: str = "", of: pl.DataType | None = None) -> str:
    """Return what a reader sees above the column of this key; times name their zone."""
    base, suffix = _split(name)
    definition = _defined(name, table)
    title = f"{definition.title if definition else _named(base)}{suffix}"
    if not isinstance(of, pl.Datetime):
        return title
    return f"{'Hour' if name == 'bucket' else title} ({of.time_zone or 'UTC'})"


def unit(name: str) -> Unit | None:
    """Return the unit of the column of this key, None for a label."""
    definition = _defined(name)
    # A verdict is a word, though it is named after a number.
    if definition is None or name.endswith("_verdict"):
        return None
    return "share" if name.endswith("_share") else definition.unit


def _defined(name: str, table: str = "") -> Definition | None:
    base = _split(name)[0]
    return definition_of(base, table) if base in DEFINITIONS else None


def _named(column: str) -> str:
    # What already is a title may have names in it: "Column in CSV and API".
    return _TITLES.get(column, column[:1].upper() + column[1:].replace("_", " "))


_VERDICT = "Higher or lower?"
_SUFFIXES = {
    "": "",
    "_change_share": ", change %",
    "_change": ", change",
    "_before": ", before",
    "_low": ", from",
    "_high": ", to",
    "_others": ", all others",
    "_verdict": f": {_VERDICT.lower()}",
    "_detectable": ", detectable difference",
    "_of_half": ", this half",
    "_of_half_low": ", this half, from",
    "_of_half_high": ", this half, to",
}


def _split(name: str) -> tuple[str, str]:
    """Split `votes_before` into the number ("votes") and the words for its ending."""
    base, ending = split(name)
    return base, _SUFFIXES[ending]


def render_plain(
    frame: pl.DataFrame,
    title: str,
    *,
    widths: Mapping[str, int] | None = None,
    row_height: int = ROW_HEIGHT,
    height: int = MAX_HEIGHT,
) -> None:
    """Show a frame whose columns already are what a reader should see.

    Numbers that are not whole have two decimals or more. Higher rows wrap long texts;
    `widths` are those of columns, `height` is that of a long table, in pixels.
    """
    formats_of = {
        name: _format_of(frame[name], "number" if dtype.is_float() else "count")
        for name, dtype in frame.schema.items()
        if dtype.is_numeric()
    }
    st.dataframe(
        **_sent(frame),
        column_config={
            column: st.column_config.NumberColumn(format=formats_of[column])
            if column in formats_of
            else st.column_config.Column(width=(widths or {}).get(column))
            for column in frame.columns
        },
        hide_index=True,
        placeholder=NOTHING,
        alt=title,
        height=_height(frame, height),
        row_height=row_height,
    )
    _say_what_is_left_out(frame)


def render_with_csv(frame: pl.DataFrame, title: str, name: str, file: str) -> None:
    """Show a frame whose columns are keys of definitions, with title and CSV."""
    render_head(title, frame, name, file)
    render(frame, title)


def render_head(title: str, frame: pl.DataFrame, name: str, file: str) -> None:
    """Draw a title with the button for the CSV of a frame at its side."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"head_{name}"):
        st.header(title, anchor=False, width="stretch")
        render_csv_button(lambda: frame, file, f"csv_{name}")


def render_csv_button(rows: Callable[[], pl.DataFrame], file: str, key: str) -> None:
    """Draw a button that builds the CSV of all rows when it is clicked: no rerun.

    `rows` are asked for then.
    """
    st.download_button(
        "CSV",
        data=lambda: to_csv(rows()),
        file_name=file,
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
        key=key,
        type="tertiary",
    )


def _height(frame: pl.DataFrame, most: int = MAX_HEIGHT) -> int | Literal["auto"]:
    return "auto" if (frame.height + 1) * ROW_HEIGHT <= most else most
