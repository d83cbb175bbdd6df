"""The period bar: one period, comparison and granularity for all pages."""

from datetime import datetime

import streamlit as st

from metrics import filters, periods
from metrics.periods import ALL_TIME
from metrics.query import Query
from store.reader import Snapshot, without_bots
from ui.caption import caption
from ui.controls import Chosen, beginning, check_address, controls
from ui.view import View


def draw(snapshot: Snapshot, now: datetime) -> View:
    """Draw the bar and return what was chosen."""
    check_address()
    with st.container(horizontal=True, vertical_alignment="center", key="period_bar"):
        chosen = controls(snapshot, now)
    query = _query(snapshot, chosen, now)
    st.caption(caption(query, chosen.days, chosen.granularity, bots=chosen.bots))
    return View(
        *(snapshot, query, chosen.days, chosen.comparison, now),
        bots=chosen.bots,
        filters=chosen.filters,
    )


def whole(snapshot: Snapshot, now: datetime) -> View:
    """Return the view of a page that always shows all of history, without a bar.

    The controls are there, out of sight: of one that is not, Streamlit takes the value
    out of the address, as a step of its own in the browser's history.
    """
    with st.container(key="period_bar_kept"):
        controls(snapshot, now)
    days = periods.PERIODS[ALL_TIME](now.date(), beginning(ALL_TIME, snapshot))
    period = periods.period_of(days, now)
    query = Query(snapshot.frames, period, None, "week", now)
    return View(snapshot, query, days, periods.NO_COMPARISON, now, bots=True)


def _query(snapshot: Snapshot, chosen: Chosen, now: datetime) -> Query:
    people = snapshot.frames if chosen.bots else without_bots(snapshot)
    return Query(
        frames=filters.apply(people, chosen.filters),
        period=periods.period_of(chosen.days, now),
        comparison=periods.compared_with(chosen.comparison, chosen.days, now),
        granularity=periods.granularity_of(chosen.granularity, chosen.days),
        now=now,
        weekends=not chosen.hide_weekends,
    )
