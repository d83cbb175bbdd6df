"""The controls of the period bar, each bound to the address.

A copied link carries what they say.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple

import polars as pl
import streamlit as st

from metrics import periods
from metrics.filters import Filter
from metrics.periods import ALL_TIME, CUSTOM, DEFAULT_PERIOD, Days
from metrics.tables import TABLES
from store import engine
from store.reader import Snapshot
from ui import address, chips

FIRST_DAY = date(2024, 6, 3)
"""Where "All time" starts when there are no data to ask."""


class Chosen(NamedTuple):
    """What the controls say."""

    days: Days
    comparison: str
    granularity: str
    hide_weekends: bool
    bots: bool
    filters: tuple[Filter, ...]


def controls(snapshot: Snapshot, now: datetime) -> Chosen:
    """Draw the controls where the caller stands; return what they say."""
    days = _days(snapshot, now)
    comparison = _choice(
        "Compare with", "compare", periods.COMPARISONS, "compare_arrows", 225
    )
    granularity = _choice("Group by", "every", periods.GRANULARITIES, "bar_chart", 115)
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
    return Chosen(
        days, comparison, granularity, hide_weekends, bots, filters=chips.draw()
    )


def _choice(
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


def _days(snapshot: Snapshot, now: datetime) -> Days:
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
        _custom_days(today)
        if name == CUSTOM
        else periods.PERIODS[name](today, beginning(name, snapshot))
    )
    _step("Previous period", "chevron_left", periods.previous(days))
    after = periods.following(days)
    _step("Next period", "chevron_right", after, disabled=after.first > today)
    return days


def _custom_days(today: date) -> Days:
    default = periods.PERIODS[DEFAULT_PERIOD](today, today)
    first = _date("From", "from", default.first, today)
    last = _date("To", "to", default.last, today)
    return Days(min(first, last), max(first, last))


def _date(label: str, key: str, default: date, today: date) -> date:
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


def _step(label: str, icon: str, days: Days, *, disabled: bool = False) -> None:
    st.button(
        f":material/{icon}:",
        key=f"step_{icon}",
        help=f"{label}: {periods.describe(days)}",
        disabled=disabled,
        on_click=_go_to(days),
    )


def _go_to(days: Days) -> Callable[[], None]:
    def go() -> None:
        st.session_state["period"] = CUSTOM
        st.session_state["from"] = days.first
        st.session_state["to"] = days.last

    return go


def beginning(period: str, snapshot: Snapshot) -> date:
    """Return the first day with data, which only "All time" has to look up."""
    if period != ALL_TIME:
        return FIRST_DAY
    firsts = {
        table.name: snapshot.frames.by_name[table.name].select(
            pl.col(table.time).min().alias("first")
        )
        for table in TABLES
    }
    answers = engine.collect_all(firsts, snapshot.rows)
    found = [answer["first"][0] for answer in answers.values()]
    return min((time.date() for time in found if time is not None), default=FIRST_DAY)


def check_address() -> None:
    """Say so where the address asks for what no control offers."""
    address.check("period", [*periods.PERIODS, CUSTOM])
    address.check("compare", periods.COMPARISONS)
    address.check("every", periods.GRANULARITIES)
    for day in ("from", "to"):
        address.check_date(day)
    for flag in ("no_weekends", "bots"):
        address.check_flag(flag)
