"""The period bar: one period, comparison and granularity for all pages."""

from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple

import streamlit as st

from metrics import filters, growth, periods
from metrics.filters import Filter
from metrics.periods import ALL_TIME, CUSTOM, DEFAULT_PERIOD, Days
from metrics.query import Query
from store import engine
from store.reader import Snapshot, without_bots
from ui import query_params
from ui.filters import filter_chips
from ui.page_context import PageContext

FIRST_DAY = date(2024, 6, 3)
"""Where "All time" starts when there are no data to ask."""


class Choice(NamedTuple):
    """The values of the controls."""

    days: Days
    comparison: str
    granularity: str
    hide_weekends: bool
    bots: bool
    filters: tuple[Filter, ...]


def render(snapshot: Snapshot, now: datetime) -> PageContext:
    """Draw the bar and return what was chosen."""
    check_address()
    with st.container(horizontal=True, vertical_alignment="center", key="period_bar"):
        chosen = _render_controls(snapshot, now)
    query = _query(snapshot, chosen, now)
    st.caption(caption(query, chosen.days, chosen.granularity, bots=chosen.bots))
    return PageContext(
        *(snapshot, query, chosen.days, chosen.comparison, now),
        bots=chosen.bots,
        filters=chosen.filters,
    )


def render_hidden(snapshot: Snapshot, now: datetime) -> PageContext:
    """Return the context of a page that always shows all of history, without a bar.

    The controls are there, out of sight: of one that is not, Streamlit takes the value
    out of the address, as a step of its own in the browser's history.
    """
    with st.container(key="period_bar_kept"):
        _render_controls(snapshot, now)
    days = periods.PERIODS[ALL_TIME](now.date(), beginning(ALL_TIME, snapshot))
    period = periods.period_of(days, now)
    query = Query(snapshot.frames, period, None, "week", now)
    return PageContext(snapshot, query, days, periods.NO_COMPARISON, now, bots=True)


def _query(snapshot: Snapshot, chosen: Choice, now: datetime) -> Query:
    people = snapshot.frames if chosen.bots else without_bots(snapshot)
    return Query(
        frames=filters.apply(people, chosen.filters),
        period=periods.period_of(chosen.days, now),
        comparison=periods.compared_with(chosen.comparison, chosen.days, now),
        granularity=periods.granularity_of(chosen.granularity, chosen.days),
        now=now,
        weekends=not chosen.hide_weekends,
    )


def _render_controls(snapshot: Snapshot, now: datetime) -> Choice:
    """Draw the controls where the caller stands; return what they say."""
    days = _render_days(snapshot, now)
    comparison = _render_choice(
        "Compare with", "compare", periods.COMPARISONS, "compare_arrows", 225
    )
    granularity = _render_choice(
        "Group by", "every", periods.GRANULARITIES, "bar_chart", 115
    )
    with st.popover("Options", icon=":material/tune:"):
        hide_weekends = st.toggle(
            "Hide weekends",
            value=True,
            key="no_weekends",
            bind="query-params",
            help="Hides Saturdays and Sundays in daily charts and tables. "
            "Totals count every day.",
        )
        bots = st.toggle(
            "Include bots",
            key="bots",
            bind="query-params",
            help="Bots are users whose device is “bot”. Votes carry no user, "
            "so this leaves them as they are.",
        )
    return Choice(
        days,
        comparison,
        granularity,
        hide_weekends,
        bots,
        filters=filter_chips.render(),
    )


def _render_choice(
    label: str, key: str, options: tuple[str, ...], icon: str, width: int
) -> str:
    return st.selectbox(
        label,
        options,
        key=key,
        bind="query-params",
        icon=f":material/{icon}:",
        label_visibility="collapsed",
        width=width,
    )


def _render_days(snapshot: Snapshot, now: datetime) -> Days:
    names = [*periods.PERIODS, CUSTOM]
    name = st.selectbox(
        "Period",
        names,
        index=names.index(DEFAULT_PERIOD),
        key="period",
        bind="query-params",
        icon=":material/calendar_today:",
        label_visibility="collapsed",
        width=170,
    )
    today = now.date()
    days = (
        _render_custom_days(today)
        if name == CUSTOM
        else periods.PERIODS[name](today, beginning(name, snapshot))
    )
    _render_step("Previous period", "chevron_left", periods.previous(days))
    after = periods.following(days)
    _render_step("Next period", "chevron_right", after, disabled=after.first > today)
    return days


def _render_custom_days(today: date) -> Days:
    default = periods.PERIODS[DEFAULT_PERIOD](today, today)
    first = _render_date("From", "from", default.first, today)
    last = _render_date("To", "to", default.last, today)
    return Days(min(first, last), max(first, last))


def _render_date(label: str, key: str, default: date, today: date) -> date:
    return st.date_input(
        label,
        default,
        min_value=date(2020, 1, 1),
        max_value=today,
        key=key,
        bind="query-params",
        format="YYYY-MM-DD",
        label_visibility="collapsed",
        width=130,
    )


def _render_step(label: str, icon: str, days: Days, *, disabled: bool = False) -> None:
    st.button(
        f":material/{icon}:",
        key=f"step_{icon}",
        help=f"{label}: {periods.describe(days)}",
        disabled=disabled,
        on_click=_go_to(days),
    )


def choose_days(first: date, last: date) -> None:
    """Choose a period of one's own; for callbacks, which run before the controls."""
    _go_to(Days(first, last))()


def _go_to(days: Days) -> Callable[[], None]:
    def go() -> None:
        st.session_state["period"] = CUSTOM
        st.session_state["from"] = days.first
        st.session_state["to"] = days.last

    return go


def beginning(period: str, snapshot: Snapshot) -> date:
    """Return where the data begin in earnest, which only "All time" looks up.

    Says how many older rows are left out.
    """
    if period != ALL_TIME:
        return FIRST_DAY
    found = engine.collect(growth.beginning(snapshot.frames), snapshot.rows)
    first_day, older = found.row(0)
    if older:
        st.caption(
            f"All time begins on {first_day}: {older:,} older rows are left out."
        )
    return first_day or FIRST_DAY


def check_address() -> None:
    """Say so where the address asks for what no control offers."""
    query_params.check("period", [*periods.PERIODS, CUSTOM])
    query_params.check("compare", periods.COMPARISONS)
    query_params.check("every", periods.GRANULARITIES)
    for day in ("from", "to"):
        query_params.check_date(day)
    for flag in ("no_weekends", "bots"):
        query_params.check_flag(flag)


def caption(query: Query, days: Days, granularity: str, *, bots: bool) -> str:
    """Return the dates of both periods and whatever is not as usual."""
    parts = [
        f"{periods.describe(days)} · {count_days(days, query)}",
        _compared_with(query),
        f"by {query.granularity}{_why_not_days(granularity, query)}",
        "bots included" if bots else "",
        "weekends shown" if query.weekends else "",
        "UTC",
    ]
    return " · ".join(part for part in parts if part)


def count_days(days: Days, query: Query) -> str:
    """Return the number of days, and whether the running one is among them."""
    count = f"{len(days):,} day{'s' if len(days) != 1 else ''}"
    today = query.now.date()
    if days.last >= today:
        return f"{count}, with today so far"
    return f"{count}, without today" if days.last == today - periods.DAY else count


def _compared_with(query: Query) -> str:
    if query.comparison is None:
        return ""
    before = Days(query.comparison.first_day, query.comparison.last_day)
    return f"compared with {periods.describe(before)}"


def _why_not_days(granularity: str, query: Query) -> str:
    """Say so where a period has too many days to draw each of them."""
    asked = granularity.lower()
    return " (too long for days)" if asked == "day" != query.granularity else ""
