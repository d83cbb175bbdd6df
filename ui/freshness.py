"""The age of the data, and new data without a reload."""

from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import streamlit as st

from core import clock
from core.location import Folder
from metrics.attention import LATE_AFTER, duration
from store.reader import Snapshot, StoreError, current_version
from ui import format as fmt
from ui import query_params

POLL = 20.0
"""Seconds; Streamlit would ask pandas to read a text such as "20s"."""
Level = Literal["green", "orange", "red"]
RED_AFTER = 6
"""Missed runs of the sync job after which the badge is red; see also `LATE_AFTER`."""


def level(data_until: datetime, now: datetime, sync_interval: int) -> Level:
    """Return green, orange or red for the age of the data."""
    missed = (now - data_until) / timedelta(seconds=sync_interval)
    if missed > RED_AFTER:
        return "red"
    return "orange" if missed > LATE_AFTER else "green"


def render_badge(
    snapshot: Snapshot, data_dir: Folder, sync_interval: int, zone: ZoneInfo
) -> None:
    """Show the time of the data; rerun the page when the store has newer data."""

    @st.fragment(run_every=POLL)
    def badge() -> None:
        # While the store cannot be read, the page keeps what it has.
        if _version(data_dir) not in {snapshot.version, None}:
            query_params.refresh()
        _render_age(snapshot, sync_interval, zone)

    badge()


def rerun_on_change(data_dir: Folder) -> None:
    """Rerun the page as soon as the store, which cannot be read, is another one."""
    # Even a broken store has a version: it changes when the store is repaired.
    broken = _version(data_dir)

    @st.fragment(run_every=POLL)
    def look() -> None:
        if _version(data_dir) != broken:
            query_params.refresh()

    look()


def _version(data_dir: Folder) -> str | None:
    """Return the version that is there now; None while it cannot be read."""
    try:
        return current_version(data_dir)
    except (StoreError, OSError):
        return None


def _render_age(snapshot: Snapshot, sync_interval: int, zone: ZoneInfo) -> None:
    now = clock.now()
    if snapshot.incomplete:
        # Its age would say that all is well, beside pages that fail.
        st.badge("Files damaged", icon=":material/error:", color="red")
        return
    if snapshot.data_until is None:
        st.badge("No data yet", icon=":material/hourglass_empty:", color="gray")
        return
    if snapshot.demo:
        st.badge("Demo data", icon=":material/science:", color="violet")
        return
    behind = now - snapshot.data_until
    color = level(snapshot.data_until, now, sync_interval)
    # As the attention line says it: both are about the same instant.
    age = "on time" if color == "green" else f"{duration(behind)} late"
    icons: dict[Level, str] = {
        "green": "check_circle",
        "orange": "schedule",
        "red": "error",
    }
    st.badge(
        f"Data until {fmt.instant(snapshot.data_until, now, zone)}, {age}",
        icon=f":material/{icons[color]}:",
        color=color,
    )
