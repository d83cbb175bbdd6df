"""The strip of key figures, and the chart over time of the chosen one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
import streamlit as st

from metrics.formats import beside_usual, judged_change, prints_zero, usual_span
from metrics.query import Granularity
from metrics.registry import DEFINITIONS, METRIC_TABLES, sample_size
from metrics.subject import Definition
from metrics.time_zone import in_zone
from metrics.usual_change import KEYS as USUAL_KEYS
from metrics.usual_change import MEANING
from ui import format as fmt
from ui import query_params
from ui.blocks import block, cards, empty_state, tables
from ui.charts import anomaly_marks
from ui.charts.time_chart import TimeAxis, incomplete_in, legend, time_chart
from ui.filters import filter_chips
from ui.page_context import USUAL, PageContext, Results

SHOW = "show"
"""The parameter of the address that carries the chosen key."""
_TILES = "kpi_strip"
Range = tuple[float, float]
"""Changes that the last comparable periods had as well: relative, of shares in parts
of 1."""
type Figures = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Kpis:
    """Figures of one subject: their totals, and the same figures over time."""

    totals: str
    series: str
    keys: tuple[str, ...]
    granularity: Granularity | None = None
    """The length of the series' buckets where it is not the page's."""


def tables_of(*kpis: Kpis) -> tuple[str, ...]:
    """Return the tables that a strip needs, of the comparison as well."""
    # Two parts may use the same table: it is computed once.
    names = (name for part in kpis for name in (part.totals, part.series))
    return tuple(dict.fromkeys(names))


def keys_of(*kpis: Kpis) -> tuple[str, ...]:
    """Return the figures of a strip."""
    return tuple(key for part in kpis for key in part.keys)


def render_kpis(
    context: PageContext,
    found: Results,
    *kpis: Kpis,
    marks: pl.DataFrame | None = None,
) -> None:
    """Draw the strip of all figures and the chart of the chosen one.

    `found` has `tables_of` the same figures, and `USUAL` where changes are judged.
    `marks` are days that stand out, as the table `unusual_days` has them. A tile
    redraws strip and chart, no more.
    """
    keys = keys_of(*kpis)
    now = _figures(found.now, kpis)
    before = _figures(found.earlier, kpis) if found.earlier else None
    usual = _usual_ranges(found.now.get(USUAL))

    @st.fragment(key="kpis")
    def fragment() -> None:
        older = [f"{SHOW}_{part.series}" for part in kpis]
        hidden = {
            key: _why_hidden(context, key)
            or cards.too_few(key, part.totals, found.now[part.totals])
            for part in kpis
            for key in part.keys
        }
        chosen = render_strip(keys, now, before, usual, older, hidden)
        part = next(part for part in kpis if chosen in part.keys)
        with st.container(border=True, gap="xsmall", key="kpi_chart"):
            _render_chart(context, found, part, chosen, marks)
            # Below the chart: by keyboard it is reached before its tools.
            with st.container(
                horizontal=True, vertical_alignment="center", key="head_kpis"
            ):
                change = explain(
                    DEFINITIONS[chosen],
                    now[chosen],
                    None if before is None else before[chosen],
                    usual.get(chosen),
                )
                text = f"{change}. " if change else ""
                text += anomaly_marks.of_comparison(found.earlier, chosen)
                # A change of a figure that is not shown is none either.
                text = "" if hidden[chosen] else text
                st.caption(
                    fmt.kept_together(text + _about(context, chosen)),
                    width="stretch",
                    help=cards.help_text(DEFINITIONS[chosen])
                    + (f"  \n{MEANING}" if text and chosen in usual else ""),
                )
                series = filter_chips.without_hidden(
                    context.filters, found[part.series]
                )
                block.render_tools(context, part.series, series)

    fragment()


def _about(context: PageContext, key: str) -> str:
    """Return what a figure means, and what in it no filter by room can change."""
    definition = DEFINITIONS[key]
    note = filter_chips.roomless_note(context.filters, definition.tables)
    return f"{definition.formula} {note}" if note else definition.formula


def _why_hidden(context: PageContext, key: str) -> str | None:
    """Return why a figure is not shown: a filter, or a table that the store lacks."""
    lacking = context.lacking(DEFINITIONS[key].tables)
    return (
        f"{lacking[0]} missing"
        if lacking
        else filter_chips.why_hidden(context.filters, key)
    )


def _usual_ranges(table: pl.DataFrame | None) -> Mapping[str, "Range"]:
    if table is None:
        return {}
    rows = table.select("key", "usual_low", "usual_high").iter_rows()
    return {key: (low, high) for key, low, high in rows if low is not None}


def _figures(found: Mapping[str, pl.DataFrame], kpis: Sequence[Kpis]) -> Figures:
    return {key: found[part.totals][key].item() for part in kpis for key in part.keys}


def _render_chart(
    context: PageContext,
    found: Results,
    part: Kpis,
    key: str,
    marks: pl.DataFrame | None,
) -> None:
    definition, name = DEFINITIONS[key], part.series
    granularity = part.granularity or context.query.granularity
    frame = found[name]
    st.header(f"{definition.title} per {granularity}", anchor=False)
    lacking = context.lacking(definition.tables)
    if lacking:
        empty_state.render_missing(lacking)
    elif filter_chips.why_hidden(context.filters, key):
        empty_state.render_unfilterable(context.filters, definition.tables)
    elif empty_state.is_blank(frame):
        # A table that only other figures need is not why this one is blank.
        empty_state.render_no_rows(context, name, frame)
    elif not block.is_table(name) and frame[key].is_null().all():
        empty_state.render_too_few(context, name, key, frame, granularity)
    elif block.is_table(name):
        # In place of a chart's dates: without it the tools below would move up a place,
        # where they are other elements, and the switch would lose the focus.
        st.empty()
        local = in_zone(frame, context.query.zone)
        tables.render(local, METRIC_TABLES[name].title, every=granularity)
    else:
        shown = anomaly_marks.marks_on(marks, key, frame)
        # Only days are judged; a week has no mark.
        _draw(context, found, part, key, shown if granularity == "day" else None)


def _draw(
    context: PageContext,
    found: Results,
    part: Kpis,
    key: str,
    marks: pl.DataFrame | None,
) -> None:
    definition, frame = DEFINITIONS[key], found[part.series]
    earlier = found.earlier.get(part.series)
    axis, axis_before = block.time_axes(context, part.granularity)
    before = None
    # Of values that are all unknown there is no line that a legend could name.
    if earlier is not None and axis_before and earlier[key].count():
        before = earlier, axis_before
    size = sample_size(key, part.series)
    chart = time_chart(
        frame,
        key,
        definition.title,
        definition.unit,
        axis,
        before=before,
        marks=marks,
        sample_size=size if size in frame.columns else None,
    )
    # A single bucket is a bar, which has all of those before beside it.
    line = before if frame.height > 1 else None
    more = _longer_by(axis, frame, line) if line else 0
    st.caption(
        legend(
            axis,
            axis_before if before else None,
            shorter=more < 0,
            longer=more > 0,
            earlier=line is not None and axis.place_of_first(line[1]) < 0,
            # Of a longer one it is said that its end is not drawn.
            left_out=axis.hours_left_out(frame, *line) if line and more <= 0 else (),
            marked=marks is not None,
            # A single bucket is a bar that says which days it has.
            as_lines=frame.height > 1,
            incomplete=incomplete_in(chart, axis, frame) if frame.height > 1 else "",
        )
    )
    alt = f"{definition.title} per {axis.granularity}, {fmt.period(axis.period)}"
    block.render_zoomable(chart, alt, key, axis, frame)


def _longer_by(
    axis: TimeAxis, frame: pl.DataFrame, before: tuple[pl.DataFrame, TimeAxis]
) -> float:
    """Return how much longer the comparison is: below 0 where it is shorter."""
    earlier, axis_before = before
    # A day of 25 hours is as long as the others by the clock.
    if axis.granularity == "hour":
        end = axis_before.period.end + axis.after(axis_before)
        return (end - axis.period.end).total_seconds()
    # Hidden weekends make neither of them shorter.
    if axis.granularity == "day":
        own, theirs = (
            on.period.last_day - on.period.first_day for on in (axis, axis_before)
        )
        return (theirs - own).days
    return axis.place_of_first(axis_before) + earlier.height - frame.height


def render_strip(
    keys: Sequence[str],
    now: Figures,
    before: Figures | None,
    usual: Mapping[str, Range],
    older: Collection[str],
    hidden: Mapping[str, str | None],
) -> str:
    """Draw a tile per key and return the chosen one; the address carries it.

    A change within its `usual` range, or without one, is grey. `older` are parameters
    of links from when each series had a choice of its own. `hidden` says of figures why
    they are not shown.
    """
    chosen = choice_of(keys, older)
    # Streamlit asks for each name several times.
    tiles = {
        key: tile(
            DEFINITIONS[key],
            now[key],
            None if before is None else before[key],
            compares=before is not None,
            usual=usual.get(key),
            hidden=hidden[key],
        )
        for key in keys
    }
    st.segmented_control(
        "Metric to draw",
        keys,
        format_func=tiles.__getitem__,
        required=True,
        label_visibility="collapsed",
        width="stretch",
        **query_params.bound(_TILES, chosen, lambda key: {SHOW: [key or keys[0]]}),
    )
    return chosen


def without_unknown(*kpis: Kpis) -> Mapping[str, None]:
    """Return the change of the address that removes a figure that these lack."""
    shown = query_params.get(SHOW) or ""
    known = query_params.option_of(shown, _titles(keys_of(*kpis)))
    return {} if known else {SHOW: None}


def choice_of(keys: Sequence[str], older: Collection[str] = ()) -> str:
    """Return the figure that the address names by its key or title, else the first."""
    return query_params.choice(SHOW, _titles(keys), keys[0], older)


def _titles(keys: Sequence[str]) -> Mapping[str, tuple[str]]:
    return {key: (DEFINITIONS[key].title,) for key in keys}


# Characters that fit a tile where eight of them are in a row.
_LONG_VALUE, _LONG_CHANGE = 9, 20


def tile(
    definition: Definition,
    now: float | None,
    before: float | None,
    *,
    compares: bool = True,
    usual: Range | None = None,
    hidden: str | None = None,
) -> str:
    """Return a tile's three lines as Markdown: name, value, change.

    `hidden` says why the figure is not shown.
    """
    name = f":small[{definition.title}]"
    if hidden is not None:
        return f"{name}  \n**{fmt.NOTHING}**  \n:small[:gray[{hidden}]]"
    text = fmt.number(now, definition.unit, before)
    # The style sheet makes it smaller.
    value = f"***{text}***" if len(text) > _LONG_VALUE else f"**{text}**"
    lines = f"{name}  \n{value}"
    if not compares:
        return lines
    color = color_of_change(definition, now, before, usual)
    change = fmt.arrow(now, before, definition.unit)
    then = fmt.number(before, definition.unit, now)
    # The base as well: −50% of 4 is not −50% of 4,000. On no tile with the unit of a
    # duration: it is that of the value above, and does not fit beside every change.
    unit = text[text.find(" ") :] if " " in text else ""
    base = f" from {then.removesuffix(unit)}" if before is not None else ""
    # A number that is cut off at its end is worse than none.
    if len(change + base) > _LONG_CHANGE:
        base = ""
    beside = f":gray[{base}]" if base else ""
    return f"{lines}  \n:small[:{color}[{change}]{beside}]"


def color_of_change(
    definition: Definition,
    now: float | None,
    before: float | None,
    usual: Range | None,
) -> str:
    """Return green or red for a change beyond the usual ones, else gray."""
    change = judged_change(now, before, definition.unit)
    if change is None or usual is None or definition.neutral:
        return "gray"
    # What is printed as no change is none.
    if prints_zero(fmt.change(now, before, definition.unit)):
        return "gray"
    # A change of the usual size is no news, however large, nor is a smaller one.
    if beside_usual(*usual, change) != "beyond":
        return "gray"
    return "green" if (change > 0) != definition.less_is_better else "red"


def explain(
    definition: Definition, now: float | None, before: float | None, usual: Range | None
) -> str | None:
    """Return whether a change is a usual one: "within the usual −9 to +14%".

    Where it is not, or that is not known, it says why the change is grey.
    """
    change = judged_change(now, before, definition.unit)
    # Nothing after nothing is no change that anything could judge.
    if change is None or now == before == 0:
        return None
    printed = fmt.change(now, before, definition.unit)
    if usual is None:
        why = (
            "earlier periods have too little data or vary too much to judge"
            if definition.key in USUAL_KEYS
            else "usual changes of this figure are not measured"
        )
        return f"{printed}, grey: {why}"
    span = usual_span(*usual, change, definition.unit)
    where = beside_usual(*usual, change)
    if where == "within":
        return f"{printed}, within the usual {span}"
    if prints_zero(printed):
        return printed
    if where != "beyond":
        return f"{printed}, grey: {where} the usual {span}"
    why = ", grey: neither better nor worse" if definition.neutral else ""
    return f"{printed}, beyond the usual {span}{why}"
