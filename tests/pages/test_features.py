"""What every page offers: filters by click, the address, the line beneath the bar."""

import io
import itertools
import json
import os
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from metrics import attention, filters, periods
from metrics.export import to_csv
from metrics.filters import Filter
from metrics.frames import Frames, Period
from metrics.periods import Days
from metrics.query import Granularity, Query
from metrics.registry import DEFINITIONS, METRIC_TABLES, definition, plan
from metrics.tables import PAGE_VIEWS, TABLES, TIMESTAMP, USERS, VOTES
from metrics.time_zone import in_zone
from store import engine
from store.notes import Note, Notes
from store.reader import DEMO_MARKER, Snapshot, open_store
from store.snapshot import TableInfo
from tests.busy_day import busy
from tests.metrics.building import frames, quick
from tests.metrics.building import view as page_view
from tests.pages.chart_specs import data_of, read_aloud
from tests.pages.conftest import (
    GOLDEN,
    RunPage,
    captions,
    html_of,
    plain,
    tile_lines,
    tiles,
)
from tests.pages.conftest import NOW as APP_NOW
from tests.pages.test_pages import PAGES
from ui import charts, export, labels, period_bar, query_params
from ui import format as fmt
from ui.blocks import tables
from ui.charts.time_chart import TimeAxis
from ui.filters import click_filters, filter_chips
from ui.page_context import PageContext, Results
from ui.period_bar import Shown
from ui.workbook import Sheet

NOW = datetime(2026, 11, 20, 18)
EVERY_TABLE = dict.fromkeys((table.name for table in TABLES), TableInfo(1, 1))


def bar_says(query: Query, granularity: str = "auto") -> str:
    return period_bar.caption(
        query, NOW, granularity, bots=False, compares=True, later={}
    )


def query_of(days: Days, **more: object) -> Query:
    period = Period.of_days(days.first, days.last)
    values = {
        "comparison": None,
        "granularity": "day",
        "now": NOW,
        "weekends": False,
    } | more
    return Query(Frames.empty(), period, **values)  # type: ignore[arg-type]  # a test


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (date(2026, 11, 20), "including today so far"),
        (date(2026, 11, 19), "excluding today"),
        (date(2026, 11, 18), "18 Nov 2026 · 2 days"),
    ],
)
def test_the_bar_says_whether_today_is_in_the_period(last: date, said: str) -> None:
    days = Days(last.replace(day=last.day - 1), last)
    assert said in bar_says(query_of(days))


@pytest.mark.parametrize(
    ("now", "period", "said"),
    [
        (
            "2026-11-21 00:00",
            "month_to_date",
            "1 Nov – 20 Nov 2026 · 20 days, excluding",
        ),
        ("2026-11-21 00:00", "last_24_hours", "20 Nov 2026 · 1 day, excluding today"),
        ("2026-11-21 00:00", "today", "21 Nov 2026 · 1 day, including today so far"),
        ("2026-11-21 00:01", "month_to_date", "21 Nov 2026 · 21 days, including today"),
    ],
)
def test_days_that_are_counted_are_those_that_are_named(
    run_page: RunPage, now: str, period: str, said: str
) -> None:
    """At midnight, and until the next run of the sync job, today has no data."""
    app = run_page("votes.py", now=datetime.fromisoformat(now), period=period)
    assert any(said in text for text in captions(app))


def test_the_bar_says_what_is_not_as_usual() -> None:
    days = Days(date(2026, 11, 2), date(2026, 11, 3))
    before = Period.of_days(date(2026, 10, 31), date(2026, 11, 1))
    text = period_bar.caption(
        query_of(
            days,
            comparison=before,
            weekends=True,
            granularity="week",
        ),
        NOW,
        "day",
        bots=True,
        compares=True,
        later=dict.fromkeys(["fpp_votes", "fpp_rooms"], days.last),
    )
    assert text == (
        "2 Nov – 3 Nov 2026 · 2 days · compared with 31 Oct – 1 Nov 2026 · fpp_rooms "
        "and fpp_votes begin on 3 Nov 2026: their earlier numbers are unknown · too "
        "long for days · bots included · UTC"
    )


def test_the_bar_counts_one_day_of_the_comparison() -> None:
    days = Days(date(2026, 11, 2), date(2026, 11, 3))
    before = Period.of_days(date(2026, 11, 1), date(2026, 11, 1))
    said = bar_says(query_of(days, comparison=before))
    assert "compared with 1 Nov 2026 (1 day)" in said
    # Hours are as many, on however many days.
    hours = Period(datetime(2026, 11, 2, 23), datetime(2026, 11, 3, 23))
    said = bar_says(replace(query_of(days, comparison=before), period=hours))
    assert "compared with 1 Nov 2026 · " in said


def test_the_data_page_says_how_to_add_a_note(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def said() -> str:
        captions = [caption.value for caption in run_page("data.py").caption]
        [how] = [text for text in captions if "NOTES_FILE" in text]
        return how

    assert said().startswith("None. Set `NOTES_FILE` to a text file")
    notes = tmp_path / "notes.txt"
    monkeypatch.setenv("NOTES_FILE", str(notes))
    notes.touch()
    assert said().startswith("None. Add a line such as `2026-11-12 Release")
    notes.write_text("2026-11-10 Release of v2\n")
    assert said().startswith("Add a line such as `2026-11-12 Release")


@pytest.mark.parametrize(
    ("drawn", "said"), [("day", "by week: rates need many votes"), ("week", "")]
)
def test_the_bar_says_why_a_page_has_longer_buckets(drawn: str, said: str) -> None:
    days = Days(date(2026, 11, 2), date(2026, 11, 3))
    query = query_of(days, granularity=drawn, weekends=True)
    text = period_bar.caption(
        query, NOW, drawn, "week", bots=False, compares=True, later={}
    )
    assert text == " · ".join(
        ("2 Nov – 3 Nov 2026", "2 days", *filter(None, [said]), "UTC")
    )


@pytest.mark.parametrize(
    ("drawn", "shortest", "says_so"),
    [
        ("day", "hour", True),
        ("hour", "day", True),
        # Saturdays are in weeks, and among hours.
        ("week", "hour", False),
        ("hour", "hour", False),
        ("day", "week", False),
        ("day", None, False),
    ],
)
def test_the_bar_says_that_weekends_are_hidden_where_they_are(
    drawn: Granularity, shortest: Granularity | None, says_so: bool
) -> None:
    days = Days(date(2026, 11, 2), date(2026, 11, 8))
    query = query_of(days, granularity=drawn, weekends=False)
    text = period_bar.caption(
        query, NOW, drawn, shortest, bots=False, compares=True, later={}
    )
    assert ("weekends hidden" in text) == says_so


@pytest.mark.parametrize(
    ("asked", "drawn", "says_so"),
    [("week", "month", True), ("hour", "day", True), ("auto", "month", False)],
)
def test_the_bar_says_where_a_period_is_too_long_for_its_buckets(
    asked: str, drawn: str, says_so: bool
) -> None:
    days = Days(date(2000, 1, 1), date(2026, 11, 19))
    text = bar_says(query_of(days, granularity=drawn), asked)
    assert (f"too long for {asked}s" in text) == says_so


@pytest.mark.parametrize(
    ("file", "period", "every", "offered"),
    [
        ("votes.py", "last_7_days", "auto", True),
        ("votes.py", "last_24_hours", "auto", True),
        ("votes.py", "last_28_days", "auto", False),
        ("votes.py", "all_time", "month", False),
        # What a link asks for is in the box, and the caption says what is drawn.
        ("votes.py", "last_28_days", "hour", True),
        # Users and rooms come back on another day.
        ("returning.py", "last_7_days", "auto", False),
    ],
)
def test_hours_are_offered_for_up_to_seven_days(
    run_page: RunPage, file: str, period: str, every: str, offered: bool
) -> None:
    app = run_page(file, GOLDEN, period=period, every=every)
    [box] = [box for box in app.selectbox if box.label == "Group by"]
    assert ("Hour" in box.options) == offered
    assert box.value == every


@pytest.mark.parametrize(
    ("file", "query"),
    [
        *((file, {}) for file in PAGES if file != "data.py"),
        *(
            ("insights.py", {"about": about})
            for about in ("Second votes", "Meetings", "Rooms", "New people")
        ),
        ("room.py", {"room": "ROOM"}),
        ("room.py", {"room": "ROOM", "meeting": "VOTE"}),
    ],
)
def test_a_page_offers_what_to_group_by_where_that_changes_something(
    run_page: RunPage, file: str, query: dict[str, str]
) -> None:
    votes = pl.read_parquet(GOLDEN / "fpp_votes.parquet").sort("voted_at")
    last = votes.row(-1, named=True)
    own = {"ROOM": str(last["room_id"]), "VOTE": str(last["id"])}
    of_room = {name: own.get(value, value) for name, value in query.items()}

    def drawn(every: str) -> tuple[list[str], list[str]]:
        app = run_page(file, GOLDEN, period="last_91_days", every=every, **of_room)
        kinds = ("vega_lite_chart", "arrow_data_frame", "html")
        shown = [str(part.proto) for kind in kinds for part in app.get(kind)]
        # Links of the menu have every choice of the address.
        shown = [text for text in shown if "menu-item" not in text]
        boxes = [box for box in app.selectbox if box.label == "Group by"]
        return shown, [option for box in boxes for option in box.options]

    (by_day, _), (by_week, offered) = drawn("day"), drawn("week")
    by_month, _ = drawn("month")
    assert ("Month" in offered) == (by_week != by_month)
    # What a link asks for is in the box all the same.
    assert ("Day" in offered) == (by_day != by_week)


def reopened(shown: Shown) -> Shown:
    """Return what the bar shows when the address is opened again."""
    address = {k: values[0] for k, values in shown.address().items() if values}
    if shown.key != periods.CUSTOM:
        return shown._replace(asked=None)
    fallback = Days(shown.today, shown.today)
    read = periods.read_days(
        address["from"], address["to"], fallback, shown.beginning, shown.today
    )
    return shown._replace(days=read.days, asked=read.asked)


@given(
    st.sampled_from(sorted({*periods.PERIODS} - {"all_time", "last_24_hours"})),
    st.dates(date(2025, 1, 1), date(2028, 12, 31)),
    st.integers(0, 800),
    st.integers(1, 3),
    st.booleans(),
)
def test_as_many_steps_forward_as_back_lead_to_the_same_period(
    key: str, today: date, history: int, steps: int, reloads: bool
) -> None:
    """Also at the edge of history, and by whatever address is copied in between."""
    began = today - timedelta(days=history)
    option = periods.PERIODS[key]
    there = start = Shown(key, option.days(today, began), began, today)
    taken = 0
    monthly = option.to_date or key in {"last_month", "last_quarter", "last_12_months"}
    for _ in range(steps):
        # Own dates that are a February are followed by months.
        assume(monthly or there.by_days or not periods.whole_months(there.days))
        if (back := there.step(-1)) is None:
            break
        there, taken = reopened(back) if reloads else back, taken + 1
    for _ in range(taken):
        assume(monthly or not periods.whole_months(there.asked or there.days))
        forward = there.step(1)
        assert forward is not None
        there = reopened(forward) if reloads else forward
    assert there.days == start.days or there.asked == start.days
    if option.to_date or key == periods.TODAY:
        assert there.key == key


@pytest.mark.parametrize(
    ("key", "today"),
    [
        ("last_28_days", date(2026, 3, 1)),
        ("last_30_days", date(2026, 7, 1)),
        ("last_91_days", date(2026, 7, 1)),
    ],
)
def test_days_by_number_step_by_days_also_where_they_are_months(
    key: str, today: date
) -> None:
    days = periods.PERIODS[key].days(today, today)
    assert periods.whole_months(days)
    shown = Shown(key, days, date(2024, 5, 24), today)
    back, forward = shown.step(-1), shown.step(1)
    assert back is not None
    assert back.days == days.moved(-len(days) * periods.DAY)
    assert forward == shown.with_days(days.moved(periods.DAY))


def test_a_step_leads_to_own_dates_that_do_not_move_with_the_calendar() -> None:
    today, week = date(2026, 11, 20), Days(date(2026, 11, 6), date(2026, 11, 12))
    shown = Shown(periods.CUSTOM, week, date(2026, 11, 1), today)
    # They are the last seven days today only.
    assert shown.step(1) == shown._replace(days=week.moved(7 * periods.DAY))
    longer = shown._replace(asked=Days(date(2026, 10, 30), week.last))
    forward = longer.step(1)
    assert forward is not None
    assert forward.asked is None


def test_hours_step_back_to_yesterday_where_that_has_data() -> None:
    today, yesterday = date(2026, 11, 20), date(2026, 11, 19)
    hours = Shown("last_24_hours", Days(yesterday, today), yesterday, today)
    assert hours.step(-1) == hours.with_days(Days(yesterday, yesterday))
    assert hours._replace(beginning=today).step(-1) is None


def test_a_second_quick_click_goes_one_step_further(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    today, days = date(2026, 11, 20), Days(date(2026, 10, 23), date(2026, 11, 19))
    # Of these 28 days the bar knows that some earlier day has data, and of which.
    shown = Shown("last_28_days", days, date(2026, 10, 1), today)
    state = {"shown_period": shown}
    monkeypatch.setattr("streamlit.session_state", state)
    monkeypatch.setattr(query_params, "update", lambda _: None)
    click = period_bar._step(-1, lambda _: date(2024, 5, 24))
    click()
    click()
    assert state["shown_period"].days == days.moved(-56 * periods.DAY)


@quick
@given(
    st.sampled_from(sorted({*periods.PERIODS} - {"all_time"})),
    st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    st.integers(-50, 900),
    st.sampled_from(["UTC", "Pacific/Auckland", "America/Los_Angeles"]),
)
def test_steps_back_from_any_period_end_where_the_data_begin(
    key: str, today: date, history: int, zone: str
) -> None:
    """Also in a store that is a day old, or of which all data are in the future."""
    began = today - timedelta(days=history)
    days_with_views = (began + timedelta(days=n) for n in range(0, 900, 90))
    views = frames(*(page_view("a", f"{day} 10:00") for day in days_with_views))
    snapshot = Snapshot(views, "1", NOW, EVERY_TABLE, {})
    bound = partial(period_bar.step_bound, snapshot, zone=ZoneInfo(zone))
    days = periods.PERIODS[key].days(today, today)
    shown = Shown(key, days, bound(days), today)
    while there := shown.step(-1):
        assert there.days.last >= began - timedelta(days=1)
        shown = there._replace(beginning=bound(there.days))
    # "Last 24 hours" is about yesterday, too.
    assert shown.hours or history < 0 or shown.days.first <= began


@pytest.mark.parametrize(
    "now",
    [datetime(2024, 5, 1, 9), datetime(2024, 5, 24, 7), datetime(2024, 6, 12, 9)],
    ids=["before the data", "their first hour", "some weeks later"],
)
def test_no_period_is_impossible_where_the_data_have_hardly_begun(
    run_page: RunPage, now: datetime
) -> None:
    today = now.date()
    future = {"period": "custom", "from": "2024-05-20", "to": "2030-01-01"}
    named = ({"period": name} for name in ("last_7_days", "all_time", "custom"))
    for query in (*named, future):
        app = run_page("location.py", now=now, **query)
        for _ in range(3):
            assert [e.message for e in app.exception] == []
            days = app.session_state["shown_period"].days
            assert days.first <= days.last <= today
            back = app.button(key="step_chevron_left")
            if back.disabled:
                break
            app = back.click().run()
            # A step is no fault of a link.
            assert not [w.value for w in app.warning if "link" in w.value]


def test_an_act_is_not_undone_by_the_next_one_of_a_browser_that_waits(
    run_page: RunPage,
) -> None:
    """With a click it sends what all controls show, and the address that it has."""
    app = run_page("location.py", period="last_week")
    weeks = [("2026-11-02", "2026-11-08"), ("2026-10-26", "2026-11-01")]
    for waits_with in ("last_week", "custom"):
        asked = dict(app.query_params)
        dates = [box.value for box in app.date_input]
        first, last = weeks.pop(0)
        app.button(key="step_chevron_left").click().run()
        for chosen in ("none", "year"):
            app.query_params.clear()
            app.query_params.update(asked)
            app.selectbox(key="period").set_value(waits_with)
            for box, shown in zip(app.date_input, dates, strict=False):
                box.set_value(shown)
            app.selectbox(key="compare").set_value(chosen).run()
            found = dict(parse_qsl(urlencode(app.query_params, doseq=True)))
            own = {"period": "custom", "from": first, "to": last}
            assert found == own | {"compare": chosen}
    # Once it has the answer, what was replaced can be chosen again.
    app.selectbox(key="period").set_value("last_week").run()
    assert "period=last_week" in urlencode(app.query_params, doseq=True)


def test_half_a_choice_of_dates_ends_with_the_next_act(run_page: RunPage) -> None:
    query = {"period": "custom", "from": "2026-10-01", "to": "2026-10-31"}
    app = run_page("location.py", **query)
    app.date_input(key="dates").set_value((date(2026, 10, 9),)).run()
    assert app.date_input(key="dates").value == (date(2026, 10, 9),)
    app.selectbox(key="compare").set_value("none").run()
    both = (date(2026, 10, 1), date(2026, 10, 31))
    assert app.date_input(key="dates").value == both
    del app.query_params["compare"]  # as Back does
    app.run()
    assert app.date_input(key="dates").value == both


@pytest.mark.parametrize(
    ("page", "key", "value"),
    [
        ("overview.py", "period", "Fortnight"),
        ("overview.py", "from", "yesterday"),
        ("overview.py", "bots", "perhaps"),
        ("traffic.py", "split", "Planet"),
        ("historical.py", "kind", "Hourly"),
        ("historical.py", "of", "Beers"),
        ("returning.py", "reduced", "2"),
        ("returning.py", "in", "Years"),
        ("insights.py", "about", "Weather"),
        ("overview.py", "show_votes_over_time", "Beers"),
        ("traffic.py", "table_funnel", "perhaps"),
    ],
)
def test_an_unknown_value_of_the_address_is_said(
    run_page: RunPage, page: str, key: str, value: str
) -> None:
    app = run_page(page, GOLDEN, **{key: value})
    assert [e.message for e in app.exception] == []
    assert f"“{value}”" in plain(app.warning[0].value)
    assert f"`{key}`" in plain(app.warning[0].value)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"perid": "today"}, "Did you mean `period`?"),
        ({"PERIOD": "today"}, "“PERIOD”"),
        ({"room": "1"}, "“room”"),
        ({"table_funel": "true"}, "Did you mean `table_funnel`?"),
        ({"<b>": ""}, "“\\<b\\>”"),
        ({"": "5"}, "“”"),
        ({"period": ["today", "yesterday"]}, "using the last, “yesterday”"),
        ({"table_funnel": ["1", "0"]}, "`table_funnel` has 2 values"),
        ({"period": "today", "from": "2026-11-02", "to": "2026-11-03"}, "is Today"),
        ({"from": "2026-11-02"}, "to is missing. Showing 2 Nov – 19 Nov 2026."),
        ({"to": "2026-01-31"}, "from is missing. Showing 4 Jan – 31 Jan 2026."),
        ({"period": "custom"}, "Showing 23 Oct – 19 Nov 2026."),
        ({"period": "fortnight"}, "using Last 28 days."),
        ({"tz": ""}, "time zone “”"),
        ({"tz": "Mars/Olympus"}, "showing UTC"),
        ({"match": "perhaps"}, "using false"),
        ({"a": "", "perid": ""}, "Ignoring “a”, “perid” in the link: this page has no"),
        ({"a": "", "perid": ""}, "settings of those names. Did you mean `period`?"),
        ({str(n): "" for n in range(990)}, "“4”, 985 others in the link"),
        ({"filter": [f"x{n}" for n in range(9)]}, "“x4”, 4 others. Use country:"),
    ],
)
def test_whatever_of_a_link_is_not_shown_as_asked_is_said(
    run_page: RunPage, query: dict[str, str], said: str
) -> None:
    app = run_page("traffic.py", **query)
    assert [e.message for e in app.exception] == []
    [warning] = app.warning
    assert said in plain(warning.value)


@pytest.mark.parametrize("file", sorted({*PAGES} - {"data.py"}))
def test_an_unknown_value_is_said_also_where_a_page_lacks_its_control(
    run_page: RunPage, file: str
) -> None:
    """Links carry it to pages that have the control."""
    query = {"compare": "before", "every": "decade", "match": "perhaps"}
    # Nothing is compared with all of history.
    [warning] = run_page(file, period="all_time", **query).warning
    for key, value in query.items():
        assert f"Unknown value “{value}” for `{key}`" in warning.value


def test_the_look_of_a_block_that_is_not_drawn_is_no_fault_of_a_link(
    run_page: RunPage,
) -> None:
    """Of another part of the page, or of the page that the link was copied from."""
    looks = {"table_session_lengths": "true", "table_estimates": "true"}
    assert not run_page("traffic.py", **looks, all_cities="true").warning
    assert not run_page("data.py", **looks).warning


@pytest.mark.parametrize("mark", [" ", "\u200b", "\u00a0", " \u2060\ufeff\u200e"])
def test_what_is_not_seen_of_a_value_of_the_address_does_not_matter(
    run_page: RunPage, mark: str
) -> None:
    query = {"tz": f"{mark}Europe/Berlin", "weekends": f"false{mark}"}
    query |= {"bots": f"{mark}true", "compare": f"{mark}None{mark}"}
    dates = {"from": f"2026-11-02{mark}", "to": f"{mark}2026-11-03"}
    room = pl.read_parquet(GOLDEN / "fpp_votes.parquet")["room_id"][0]
    room_text = f"{mark}{room}{mark}"
    app = run_page("room.py", **query, **dates, room=room_text, meeting=f"1{mark}")
    assert [each.value for each in app.warning] == []
    (said,) = [text for text in captions(app) if "Europe/Berlin" in text]
    assert said.startswith("2 Nov – 3 Nov 2026 · 2 days · bots included")


@pytest.mark.parametrize("text", ["room!:0", "room:two"])
def test_a_filter_by_what_is_no_room_is_said(run_page: RunPage, text: str) -> None:
    [warning] = run_page("votes.py", filter=text).warning
    assert warning.value.endswith("in a filter is not the ID of a room.")


@pytest.mark.parametrize(
    ("excluded", "said"),
    [
        ("2", ["No figure counts room 2 of the filter, which"]),
        ("4,2,9", ["No figure counts rooms 2 and 4 of the filter, which"]),
        # Every block says so of a filter by excluded rooms alone.
        ("1,2,4", []),
        ("3", []),
    ],
)
def test_a_filter_by_several_rooms_says_which_of_them_are_excluded(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch, excluded: str, said: list[str]
) -> None:
    monkeypatch.setenv("EXCLUDED_ROOMS", excluded)
    app = run_page("votes.py", filter=[f"room{w}" for w in (":1", ":2", ":4", "!:3")])
    assert [plain(w.value).partition(" `EXCL")[0] for w in app.warning] == said


def test_the_filter_box_offers_no_excluded_room() -> None:
    snapshot = open_store(GOLDEN)
    first, second, *others = filter_chips.offers(snapshot, "room", ())
    # Also a room with few votes is found by a part of its name.
    assert len(others) + 2 == snapshot.frames.votes.collect()["room_id"].n_unique()
    offered = filter_chips.offers(snapshot, "room", {int(first), int(second)})
    assert offered
    assert offered.keys().isdisjoint({first, second})
    assert filter_chips.offers(snapshot, "city", {int(first)})


def test_a_filter_may_name_its_value_as_pages_do(run_page: RunPage) -> None:
    rooms = pl.read_parquet(GOLDEN / "fpp_rooms.parquet")
    number = rooms.filter(id=2)["number"].item()
    meant = {
        "country:Germany": "country:DE",
        "country!:gbr": "country!:GB",
        "region:(not set)": "region:(not set)",
        "city:MÜNCHEN": "city:München",
        "city!:Mu\u0308nchen": "city!:München",
        "device:Desktop": "device:desktop",
        "os:mac-os": "os:Mac OS",
        "browser:samsung browser": "browser:Samsung Browser",
        "source:google search": "source:Google Search",
        # As it is stored: a filter is by the class of it.
        "source:email": "source:Email",
        "route:Home": "route:HOME",
        "event:Entered a new room": "event:ENTERED_NEW_ROOM",
        "room:1": "room:1",
        # As pages print it.
        f"room: #{number}": "room:2",
    }
    assert {text.partition(":")[0].strip("!") for text in meant} == {*filters.KINDS}
    app = run_page("traffic.py", filter=[*meant])
    assert [warning.value for warning in app.warning] == []
    chips = [button for button in app.button if str(button.key).startswith("chip_")]
    assert [chip.key for chip in chips] == [f"chip_{text}" for text in meant.values()]
    # It goes as the link wrote it.
    chips[0].click().run()
    assert app.query_params["filter"] == [*meant][1:]


def test_a_filter_by_what_the_data_lacks_is_said(run_page: RunPage) -> None:
    values = dict.fromkeys(filters.KINDS, "Germny") | {"room": "999"}
    [warning] = run_page("votes.py", filter="room:#1").warning
    assert "The data has no room “\\#1”. Find its" in warning.value
    app = run_page("location.py", filter=[f"{k}:{v}" for k, v in values.items()])
    shown = values | {"room": "ID 999"}
    said = [
        f"The data has no {labels.KIND_LABELS[kind].lower()} “{value}”. "
        "Find its values in Filter."
        for kind, value in shown.items()
    ]
    # In one box: more would fill the screen.
    [warning] = app.warning
    *named, rest = plain(warning.value).split("\n")
    assert named == [f"- {text}" for text in said[:5]]
    assert rest == f"- And {len(said) - 5} other faults of the link."


@pytest.mark.parametrize("file", PAGES)
def test_an_axis_of_hours_has_hours(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    placed: list[tuple[str, bool]] = []

    def place(
        axis: TimeAxis, frame: pl.DataFrame, by: str | None = None
    ) -> pl.DataFrame:
        is_instant = isinstance(frame.schema["bucket"], pl.Datetime)
        placed.append((axis.granularity, is_instant))
        return original(axis, frame, by)

    original = TimeAxis.place
    monkeypatch.setattr(TimeAxis, "place", place)
    of_page = {"room.py": {"room": "1"}, "historical.py": {"of": "page_views"}}
    own = of_page.get(file, {})
    run_page(file, period="last_7_days", every="hour", tz="America/New_York", **own)
    assert all((every == "hour") == is_instant for every, is_instant in placed)


@pytest.mark.parametrize(
    ("first", "last", "every", "said"),
    [
        # In two weeks, those before in three.
        (
            "2026-11-03",
            "2026-11-12",
            "week",
            "┄ 24 Oct – 2 Nov 2026, its first week is not drawn",
        ),
        # Whole weeks are beside each other, not one beside three days.
        (
            "2026-11-02",
            "2026-11-11",
            "week",
            "┄ 23 Oct – 1 Nov 2026, its first week is not drawn, its line ends early",
        ),
        # In three weeks, those before in two.
        (
            "2026-10-24",
            "2026-11-02",
            "week",
            "┄ 14 Oct – 23 Oct 2026, its line ends early",
        ),
        ("2026-11-02", "2026-11-15", "week", "┄ 19 Oct – 1 Nov 2026"),
        # One week is a bar, and so is the one of the days before a Monday.
        ("2026-11-02", "2026-11-04", "week", "compared with 30 Oct – 1 Nov 2026"),
        # One month is a bar, beside which both of those before are.
        ("2026-11-05", "2026-11-12", "month", "compared with 28 Oct – 4 Nov 2026"),
        # Two weekends, of which the days before have one: both have twelve days.
        ("2026-10-31", "2026-11-11", "day", "┄ 19 Oct – 30 Oct 2026"),
    ],
)
def test_a_comparison_of_more_or_fewer_weeks_says_so(
    run_page: RunPage, first: str, last: str, every: str, said: str
) -> None:
    days = {"from": first, "to": last}
    app = run_page("votes.py", every=every, weekends="false", **days)
    dated = (c.value for c in app.caption if "\u2002" in c.value)
    [text] = [text for text in dated if re.search("┄|compared", text)]
    parts = text.split(" \u2002 ")[1:]
    assert parts[0].replace("\u00a0", " ").replace("\u2060", "") == said
    # Only dotted lines are explained: not a bar, and no whole weeks and days.
    whole = last in {"2026-11-15", "2026-11-04"} or every != "week"
    assert parts[1:] == ([] if whole else ["⋯\u00a0incomplete week"])


@pytest.mark.parametrize("rooms", [[], ["1", "2"]])
def test_a_meeting_without_its_room_alone_is_said(
    run_page: RunPage, rooms: list[str]
) -> None:
    [warning] = run_page("room.py", meeting="5", room=rooms).warning
    assert warning.value == (
        "Ignoring `meeting` in the link: add the ID of its `room`, and of no other."
    )


def test_a_view_may_lead_to_a_part_of_a_page(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "views").write_text(
        "Notes & more /data?tz=UTC#notes-on-dates\nX /votes"
    )
    monkeypatch.setenv("VIEWS_FILE", str(tmp_path / "views"))
    app = run_page("location.py")
    links = html_of(app)
    assert 'href="data?tz=UTC#notes-on-dates">Notes &amp; more</a>' in links
    assert "X" in [link.proto.label for link in app.get("page_link")]


def test_a_link_of_too_many_settings_says_that_none_is_used(run_page: RunPage) -> None:
    [warning] = run_page("data.py", GOLDEN, too_many_settings="").warning
    assert warning.value.startswith("Ignoring all settings of the link: there are too")
    # These are Streamlit's own; it tells no page of them.
    framed = {"Embed": "true", "embed_options": "dark_theme"}
    assert not run_page("data.py", GOLDEN, **framed).warning


def test_a_chart_without_a_chosen_metric_asks_for_one(run_page: RunPage) -> None:
    app = run_page("historical.py", of="")
    assert [info.value for info in app.info] == ["Choose a metric."]
    some = run_page("historical.py", of=["votes", "beer"])
    assert "using Votes." in some.warning[0].value
    assert not run_page("historical.py", of=["votes", "rooms"]).warning


@pytest.mark.parametrize(
    ("every", "shorter"), [("month", True), ("day", False), ("hour", False)]
)
def test_an_average_says_how_much_data_it_needs(
    run_page: RunPage, every: str, shorter: bool
) -> None:
    """The table below it has rows: a longer period would have no average either."""
    days = {"from": "2024-05-24", "to": "2024-05-24"}
    app = run_page(
        "historical.py", GOLDEN, kind="30-row moving average", every=every, **days
    )
    [info] = app.info
    assert info.value.startswith(f"An average of 30 {every}s needs as many {every}s of")
    assert ("Choose shorter ones" in info.value) == shorter


def test_every_parameter_that_a_page_reads_is_one_that_its_links_may_have(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: set[str] = set()

    def get_all(key: str) -> list[str]:
        read.add(key)
        return original(key)

    original = query_params.get_all
    monkeypatch.setattr(query_params, "get_all", get_all)
    of_pages = {}
    for file in PAGES:
        read.clear()
        queries = [{}, {"room": "1"}] if file == "room.py" else [{}]
        for query in queries:
            run_page(file, period="all_time", **query)
        of_pages[file.removesuffix(".py")] = (
            read - {*query_params.CARRIED} - {*query_params.OF_BLOCKS}
        )
    declared = {page: {*keys} for page, keys in query_params.OF_PAGES.items()}
    assert {page: keys for page, keys in of_pages.items() if keys} == declared


@pytest.mark.parametrize(
    ("page", "group", "figure", "other"),
    [
        ("votes.py", "figures", "duration_p90_seconds", "means"),
        ("insights.py", "about", "coverage", "second_votes"),
    ],
)
def test_figures_without_the_chosen_one_show_their_first(
    run_page: RunPage, page: str, group: str, figure: str, other: str
) -> None:
    values = {"votes.py": "other_figures", "insights.py": "agreement"}
    app = run_page(page, show=figure, **{group: values[page]})
    assert not app.warning
    app.button_group(key=group).set_value(other).run()
    assert not app.warning
    assert "show" not in app.query_params
    kept = run_page("votes.py", show="estimations")
    kept.button_group(key="figures").set_value("medians").run()
    assert kept.query_params["show"] == "estimations"


@pytest.mark.parametrize(
    ("file", "names", "keys"),
    [
        ("insights.py", {"about": "second_votes"}, {"about": "second_votes"}),
        ("insights.py", {"about": "Second votes"}, {"about": "second_votes"}),
        ("insights.py", {"about": "Re-votes"}, {"about": "second_votes"}),
        ("insights.py", {"about": "re_votes"}, {"about": "second_votes"}),
        ("location.py", {"with": "Systems"}, {"with": "systems"}),
        ("location.py", {"with": "Operating systems"}, {"with": "systems"}),
        (
            "votes.py",
            {"figures": "Other figures", "part": "When"},
            {"figures": "other_figures", "part": "when"},
        ),
        (
            "votes.py",
            {"figures": "Others", "part": "Weekdays"},
            {"figures": "other_figures", "part": "when"},
        ),
    ],
)
def test_a_renamed_choice_is_found_by_its_old_and_its_new_name(
    run_page: RunPage, file: str, names: dict[str, str], keys: dict[str, str]
) -> None:
    app = run_page(file, **names)
    assert not app.warning
    assert {key: app.button_group(key=key).value for key in keys} == keys


def test_an_older_link_still_matches_weekdays_and_hides_weekends(
    run_page: RunPage,
) -> None:
    asked = {"compare": "Year ago, same weekdays", "no_weekends": "true"}
    app = run_page("votes.py", period="last_7_days", **asked)
    assert not app.warning
    on = {toggle.label for toggle in app.toggle if toggle.value}
    assert on == {"Match weekdays", "Hide weekends"}
    assert "compared with 14 Nov – 20 Nov 2025" in captions(app)[0]
    # The menu leads to notes of the same period.
    shown = [part.proto.body for part in app.get("html")]
    (menu,) = [body for body in shown if "Notes on dates" in body]
    assert 'href="data?period=last_7_days&amp;compare=Year+ago' in menu


def test_a_page_without_a_chart_over_time_has_no_period_too_long_for_it(
    run_page: RunPage,
) -> None:
    for file, says_so in (("location.py", False), ("votes.py", True)):
        head = captions(run_page(file, every="hour"))[0]
        assert ("too long for hours" in head) == says_so


def test_a_figure_is_found_by_an_older_title_that_its_key_still_says() -> None:
    titles = {"unique_users": ("Unique users",), "bounce_rate": ("Never joined",)}
    assert query_params.option_of("Bounce rate", titles) == "bounce_rate"
    assert query_params.option_of("", titles) is None


def test_an_option_is_found_by_its_label_written_as_a_key() -> None:
    titles = {key: (known.title,) for key, known in DEFINITIONS.items()}
    for key, (title,) in titles.items():
        assert query_params.option_of(key, titles) == key
        alone = {key: (title,)}
        assert query_params.option_of(query_params.slug(title), alone) == key
    # The title of one figure is the key of another.
    assert query_params.option_of("new_rooms", titles) == "new_rooms"
    compared = {key: (label,) for key, label in periods.COMPARISONS.items()}
    assert query_params.option_of("same_period_last_year", compared) == periods.YEAR


def test_text_of_the_address_is_never_markup(run_page: RunPage) -> None:
    app = run_page("votes.py", filter="city:[x](http://a.b)")
    (chip,) = [button for button in app.button if "a\\.b" in button.label]
    assert chip.label == "City is \\[x\\]\\(http\\:\N{WORD JOINER}\\/\\/a\\.b\\)"


@pytest.mark.parametrize("granularity", ["Day", "Week", "Month"])
@pytest.mark.parametrize("page", ["behaviour.py", "historical.py", "insights.py"])
def test_all_years_are_drawn_in_any_granularity(
    run_page: RunPage, page: str, granularity: str
) -> None:
    query = {"period": "Custom", "from": "2024-06-01", "to": "2026-11-20"}
    app = run_page(page, GOLDEN, every=granularity, no_weekends="false", **query)
    assert [e.message for e in app.exception] == []


def test_every_table_over_time_has_all_notes_of_the_period() -> None:
    days = Days(date(2026, 10, 21), date(2026, 11, 18))
    snapshot = open_store(GOLDEN)
    query = replace(query_of(days, weekends=True), frames=snapshot.frames)
    found = engine.collect_all(
        {name: plan(name, query) for name in METRIC_TABLES}, snapshot.rows
    )
    noted = [days.first + timedelta(days=n) for n in range(len(days))]
    notes = Notes(tuple(Note(day, day, f"{day}") for day in noted))
    # Unusual days are no series.
    over_time = {
        name: rows
        for name, rows in found.items()
        if "bucket" in rows.columns and name != "unusual_days"
    }
    assert len(over_time) > 10
    for name, rows in over_time.items():
        every = export.buckets_of(name, query.granularity)
        texts = export.with_notes(rows, notes, every, query.period)["notes"]
        assert set("; ".join(texts.drop_nulls()).split("; ")) == set(map(str, noted)), (
            name
        )
    # The same is said of the files: agreement has weeks at least.
    context = PageContext(snapshot, query, days, "None", NOW)
    for name, said in (("consensus_over_time", "week"), ("votes_over_time", "day")):
        assert f"Grouped by: {said}\n" in export.readme(
            context, Results({name: found[name]}, {})
        )
    assert "Grouped by: day, week\n" in export.readme(context, Results(found, {}))
    context = replace(context, notes=notes)
    weekly = Results({"consensus_over_time": found["consensus_over_time"]}, {})
    book = export.workbook_of(context, weekly, "insights")
    of_week = "2026-10-26; 2026-10-27; 2026-10-28; 2026-10-29; 2026-10-30"
    for packed in (export.pack(context, weekly), book):
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            text = "".join(archive.read(name).decode() for name in archive.namelist())
        assert of_week in text
    # A Monday by the hour is no week.
    hours = pl.DataFrame({"bucket": [datetime(2026, 11, 16)], "cut": [None]})
    hourly = replace(query_of(Days(days.last, days.last)), granularity="hour")
    context = replace(context, query=hourly)
    assert "Grouped by: hour\n" in export.readme(
        context, Results({"votes_over_time": hours}, {})
    )
    # Nor is a Monday that is left of two days.
    monday = pl.DataFrame({"bucket": [date(2026, 11, 16)], "cut": [None]})
    of_two = query_of(Days(date(2026, 11, 15), date(2026, 11, 16)), weekends=False)
    context = replace(context, query=of_two)
    assert "Grouped by: day\n" in export.readme(
        context, Results({"votes_over_time": monday}, {})
    )


def test_a_click_asks_for_all_that_makes_a_row_unique() -> None:
    frame = pl.DataFrame({"country": ["DE", None], "city": ["Bern", "Bern"]})
    marked = click_filters.with_filters(frame, click_filters.by("country", "city"))
    assert [*map(click_filters.asked_for, marked[click_filters.FIELD])] == [
        [Filter("country", "DE"), Filter("city", "Bern")],
        [Filter("country", None), Filter("city", "Bern")],
    ]


def test_a_click_on_a_change_asks_for_what_changed() -> None:
    frame = pl.DataFrame(
        {
            "dimension": ["country", "country", "source", "room", "room", "weekday"],
            "label": ["DE", None, 'a:"b"', "name", None, "Monday"],
            "room_id": [None, None, None, 7, 8, None],
        }
    )
    marked = click_filters.with_filters(frame, click_filters.BY_DIMENSION)
    *asked, of_weekday = marked[click_filters.FIELD]
    assert [*map(click_filters.asked_for, asked)] == [
        [Filter("country", "DE")],
        [Filter("country", None)],
        [Filter("source", 'a:"b"')],
        [Filter("room", "7")],
        [Filter("room", "8")],
    ]
    # Users have no weekday to be filtered by.
    assert of_weekday is None


@pytest.mark.parametrize(
    ("label", "columns", "expected"),
    [
        (
            "city",
            {"country": ["DE", "CH"], "city": ["Bern", "Bern"]},
            ["Bern, DE", "Bern, CH"],
        ),
        (
            "region",
            {"country": ["DE", None], "region": ["BY", None]},
            ["Bayern, DE", "(not set)"],
        ),
        (
            "room_name",
            {"room_id": [1, 2], "room_number": [7, None], "room_name": ["x", None]},
            ["x #7", "(deleted) ID 2"],
        ),
        (
            "room_name",
            {
                "room_id": [1, 2],
                "room_number": [7, 8],
                "room_name": ["x" * 99, "Ω" * 25],
            },
            [f"{'x' * 99} #7", f"{'Ω' * 25} #8"],
        ),
        ("route", {"route": ["HOME", None]}, ["Home", "(not set)"]),
    ],
)
def test_each_bar_has_a_label_of_its_own(
    label: str, columns: dict[str, list[object]], expected: list[str]
) -> None:
    assert labels.bar_labels(pl.DataFrame(columns), label).to_list() == expected


def test_a_table_of_users_and_votes_says_which_part_is_not_filtered(
    run_page: RunPage,
) -> None:
    app = run_page("historical.py", filter="country:DE")
    said = (
        "Votes and rooms in it are not filtered by country: they are not linked to "
        "users."
    )
    assert said in [caption.value for caption in app.caption]
    assert filter_chips.unfiltered_note((), ["fpp_votes"]) is None


def test_a_room_filters_users_and_events_as_well(run_page: RunPage) -> None:
    all_users = run_page("location.py", period="All time")
    there = run_page("location.py", period="All time", filter="room:1")
    assert [e.message for e in there.exception] == []
    assert not [c for c in there.caption if "filtered" in c.value]
    charts = [app.get("vega_lite_chart")[0].proto for app in (all_users, there)]
    assert charts[0].datasets[0].data.data != charts[1].datasets[0].data.data


def test_a_table_that_no_room_can_be_left_out_of_says_so(run_page: RunPage) -> None:
    """A room is a filter of its users' events; without a room they are those of all."""
    app = run_page("behaviour.py", filter="room!:88", part="Events")
    said = [caption.value for caption in app.caption]
    # Once below their lines, once below their list.
    assert said.count("Not filtered by room: events are not linked to rooms.") == 2
    assert not Filter("room", "88", excludes=True).applies(["fpp_events"])
    part = "Events in it are of all rooms: they are not linked to rooms."
    app = run_page("traffic.py", filter="room!:88", show="visits")
    formula = DEFINITIONS["visits"].formula
    (visits,) = (text for text in captions(app) if formula in text)
    assert visits.endswith(f"{formula} {part}")
    # Above the cards; the tables of newcomers are hidden.
    app = run_page("insights.py", filter="room!:88", about="New people")
    assert [caption.value for caption in app.caption].count(part) == 1
    chosen = [Filter("room", "88", excludes=True), Filter("country", "DE")]
    note = filter_chips.unfiltered_note(chosen, [table.name for table in TABLES])
    assert note == (
        "Votes and rooms in it are not filtered by country: they are not linked to "
        "users. Users and events in it are of all rooms: they are not linked to rooms."
    )


def test_what_changed_most_is_not_what_the_filters_decide(run_page: RunPage) -> None:
    """Of the users of Germany, all changes are from Germany."""
    app = run_page("overview.py", filter="country:DE", table_what_moved="true")
    (moved,) = (t.value for t in app.dataframe if "contribution" in t.value)
    assert {*moved["dimension"]} == {"Source", "Room", "Weekday"}
    of_two = [Filter("country", "DE"), Filter("country", "AT"), Filter("room", "1")]
    rows = pl.DataFrame({"dimension": ["country", "source", "room", "weekday"]})
    left = filters.left_open(of_two, rows)["dimension"].to_list()
    assert left == ["country", "source", "weekday"]
    others = [Filter("country", "DE", excludes=True)]
    assert filters.left_open(others, rows).equals(rows)


def test_events_under_the_filter_of_a_room_are_said_to_be_of_any_room(
    run_page: RunPage,
) -> None:
    """In room 112 nothing has happened for four weeks: its user was elsewhere."""
    part = (
        "Events in it are of users who were there, in any room: they are not linked to "
        "rooms."
    )
    app = run_page("traffic.py", filter="room:112", show="visits")
    assert (tiles(app)["Unique users"], tiles(app)["Visits"]) == ("0", "2")
    formula = DEFINITIONS["visits"].formula
    (visits,) = (text for text in captions(app) if formula in text)
    assert visits.endswith(f"{formula} {part}")
    assert captions(run_page("location.py", filter="room:112")).count(part) == 3
    # Participations have a room.
    chosen = [Filter("room", "112")]
    assert filter_chips.unfiltered_note(chosen, ["fpp_estimations"]) is None


def test_a_room_has_the_same_figures_in_a_list_as_under_its_filter(
    run_page: RunPage,
) -> None:
    """A user who is known from another room would be new under the filter."""
    snapshot = open_store(GOLDEN)
    period = Period.of_days(date(2025, 11, 20), date(2026, 11, 19))
    room, all_rooms = (
        Filter("room", "94"),
        Query(snapshot.frames, period, None, "week", NOW),
    )
    only = replace(all_rooms, frames=filters.apply(snapshot.frames, [room]))
    compared = set()
    for name, table in METRIC_TABLES.items():
        listed = engine.collect(plan(name, all_rooms))
        if "room_id" not in listed.columns or table.title.endswith("over time"):
            continue
        if filter_chips.is_meaningless([room], name):
            continue
        compared.add(name)
        own = listed.filter(pl.col("room_id") == 94)
        shares = [c for c in ("share", "rank", "healthy_rooms") if c in own.columns]
        alone = engine.collect(plan(name, only)).filter(pl.col("room_id") == 94)
        assert own.drop(shares).equals(alone.drop(shares)), name
    assert compared == {"rooms", "rounds", "meetings", "room_health"} | (
        {"what_moved", "rooms_gone_quiet"} & compared
    )
    app = run_page("insights.py", about="New people", filter="room:94")
    why = "Not available by room: what a user did first is known of all rooms only."
    assert all(plain(text.value).startswith(why) for text in app.info)
    cards = {card.label: card.value for card in app.metric}
    assert cards["Newcomers"] == cards["Inviting rooms"] == "–"
    assert cards["Week-old rooms"] != "–"


def test_a_figure_of_too_few_cases_is_not_called_hidden_by_a_filter(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = {"filter": "country:AT", "period": "Yesterday"}
    context, found, _ = taken_away(run_page, monkeypatch, "overview.py", **query)
    assert found["what_moved"]["contribution"].is_null().all()
    assert found["what_moved"].height
    assert "what_moved: Votes and rooms in it are not filtered by country" in (
        export.readme(context, found)
    )


def test_the_zip_has_both_periods_and_the_query() -> None:
    days = Days(date(2026, 11, 2), date(2026, 11, 3))
    before = Period.of_days(date(2026, 10, 31), date(2026, 11, 1))
    snapshot = Snapshot(Frames.empty(), "1", NOW, EVERY_TABLE, {}, generation=7)
    wanted = ("country:DE", "city:a\nGeneration: 8\u2028b")
    chosen = tuple(filter(None, map(Filter.parse, wanted)))
    query = query_of(days, comparison=before)
    view = PageContext(snapshot, query, days, "Previous period", NOW, filters=chosen)
    now, then = pl.DataFrame({"votes": [5]}), pl.DataFrame({"votes": [3]})
    packed = export.pack(view, Results({"votes_totals": now}, {"votes_totals": then}))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        texts = {n: archive.read(n).decode("utf-8-sig") for n in archive.namelist()}
    about = texts.pop("about.txt").splitlines()
    assert texts == {
        "fpp_votes_totals_2026-11-02_2026-11-03.csv": "votes\n5\n",
        "fpp_votes_totals_2026-10-31_2026-11-01.csv": "votes\n3\n",
    }
    assert about == [
        "Period: 2026-11-02 to 2026-11-03 (UTC), 2 days",
        "Compared with: 2026-10-31 to 2026-11-01",
        "Grouped by: nothing",
        "Weekends in daily series: hidden",
        "Bots: excluded",
        "Rooms: all",
        # A line break would let a link write lines of its own.
        "Filters: country:DE and city:a Generation: 8 b",
        "Data until: 2026-11-20 18:00:00 UTC",
        "Generation: 7",
        "votes_totals: Not filtered by country or city: votes are not linked to users.",
    ]
    empty = replace(view, snapshot=replace(snapshot, data_until=None))
    assert "Data until: no data yet\n" in export.readme(empty, Results({}, {}))
    hours = Period(datetime(2026, 11, 1, 16, 12), datetime(2026, 11, 2, 15, 7))
    within = replace(view, query=replace(query, period=hours))
    assert export.readme(within, Results({}, {})).startswith(
        "Period: 2026-11-01 16:12 to 2026-11-02 15:07 (UTC), "
    )


def test_files_have_the_times_of_their_zone_and_the_notes_of_their_period(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    zone = ZoneInfo("Pacific/Auckland")
    days = Days(date(2026, 11, 2), date(2026, 11, 3))
    earlier = (date(2026, 10, 31), date(2026, 11, 1))
    now, before = (
        Period.of_days(*both, zone) for both in ((days.first, days.last), earlier)
    )
    query = replace(query_of(days, comparison=before), period=now)
    snapshot = Snapshot(Frames.empty(), "1", NOW, EVERY_TABLE, {}, generation=7)
    noted = Notes(tuple(Note(day, day, f"{day}") for day in (days.last, earlier[0])))
    view = PageContext(snapshot, query, days, "Previous", NOW, notes=noted)
    at = pl.DataFrame(
        {"voted_at": [datetime(2026, 11, 2, 12)]}, {"voted_at": TIMESTAMP}
    )
    then = pl.DataFrame({"bucket": earlier, "cut": None})
    found = Results({"rounds": at}, {"votes_over_time": then})
    with zipfile.ZipFile(io.BytesIO(export.pack(view, found))) as archive:
        texts = {
            re.sub("^fpp_|_2026-.*", "", name): archive.read(name).decode("utf-8-sig")
            for name in archive.namelist()
        }
    assert texts["rounds"] == "voted_at\n2026-11-03T01:00:00+13:00\n"
    assert "2026-10-31,,'2026-10-31\n" in texts["votes_over_time_by_day"]
    sheets: list[Mapping[str, Sheet]] = []
    monkeypatch.setattr("ui.workbook.to_xlsx", lambda *made: sheets.append(made[2]))
    export.workbook_of(view, found, "votes")
    ((listed, series),) = (one.values() for one in sheets)
    assert listed.frame["voted_at"].dt.hour().to_list() == [1]
    assert series.frame["notes"].to_list() == ["2026-10-31", None]


def test_files_have_no_notes_from_before_the_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their first row is the day on which the data begins."""
    days = Days(date(2026, 11, 2), date(2026, 11, 5))
    begins = date(2026, 11, 4)
    query = replace(query_of(days), data_begins=begins)
    snapshot = Snapshot(Frames.empty(), "1", NOW, EVERY_TABLE, {}, generation=7)
    noted = Notes(tuple(Note(day, day, f"{day}") for day in (days.first, days.last)))
    view = PageContext(snapshot, query, days, "Previous", NOW, notes=noted)
    rows = pl.DataFrame({"bucket": [begins, days.last], "cut": ["start", None]})
    found = Results({"votes_over_time": rows}, {})
    with zipfile.ZipFile(io.BytesIO(export.pack(view, found))) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".csv"))
        assert archive.read(name).decode("utf-8-sig").splitlines()[1:] == [
            "2026-11-04,start,",
            "2026-11-05,,'2026-11-05",
        ]
    sheets: list[Mapping[str, Sheet]] = []
    monkeypatch.setattr("ui.workbook.to_xlsx", lambda *made: sheets.append(made[2]))
    export.workbook_of(view, found, "votes")
    ((series,),) = (one.values() for one in sheets)
    assert series.frame["notes"].to_list() == [None, "2026-11-05"]


@pytest.mark.parametrize("kind", filters.KINDS)
@pytest.mark.parametrize("condition", ["", "!"])
def test_downloads_leave_out_what_a_filter_makes_meaningless_and_say_why(
    kind: str, condition: str
) -> None:
    days = Days(date(2026, 11, 2), date(2026, 11, 3))
    snapshot = Snapshot(Frames.empty(), "1", NOW, EVERY_TABLE, {}, generation=7)
    chosen = tuple(filter(None, [Filter.parse(f"{kind}{condition}:1")]))
    view = PageContext(snapshot, query_of(days), days, "None", NOW, filters=chosen)
    found = Results(dict.fromkeys(METRIC_TABLES, pl.DataFrame({"votes": [5]})), {})
    with zipfile.ZipFile(io.BytesIO(export.pack(view, found))) as archive:
        names = {re.sub(r"^fpp_|_\d{4}-.*", "", name) for name in archive.namelist()}
        about = archive.read("about.txt").decode()
    about = re.sub(r": Covers [^.]*\.( |$)", ": ", about, flags=re.MULTILINE)
    book = export.workbook_of(view, found, "all")
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        listed = archive.read("xl/workbook.xml").decode()
    sheets = re.findall(r'<sheet name="([^"]+)"', listed)
    for name, table in METRIC_TABLES.items():
        left = filters.KINDS[kind].touches.isdisjoint(table.reads)
        partly = any(one.leaves(table.reads) for one in chosen)
        of_rooms = table.needs_all_rooms and kind == "room"
        meaningless = of_rooms or (table.needs_all_users and partly)
        assert (name in names) == (not meaningless), name
        reason = re.search(rf"^{name}: (.+)$", about, re.MULTILINE)
        roomless = any(one.roomless(table.reads) for one in chosen) or (
            kind == "room" and "fpp_events" in table.reads
        )
        assert bool(reason) == (left or partly or roomless or of_rooms), name
        linked_to = "rooms" if roomless else "users"
        why = "of all rooms only" if of_rooms else f"are not linked to {linked_to}"
        assert not reason or why in reason[1]
        # What it does not read is no reason.
        rows = {word for word in ("votes", "rooms") if f"fpp_{word}" in table.reads}
        if reason and (left or partly) and not roomless and not of_rooms:
            assert {*re.findall("votes|rooms", reason[1].lower())} == rows, name
    # The first sheet is `about.txt` there.
    assert len(sheets) == len(names)


@pytest.mark.parametrize("kind", filters.KINDS)
@pytest.mark.parametrize("about", ["Agreement", "Re-votes", "Meetings", "New users"])
def test_no_sample_mixes_filtered_users_and_all_votes(
    run_page: RunPage, about: str, kind: str
) -> None:
    app = run_page(
        "insights.py", about=about, period="all_time", filter=f"{kind}!:nothing"
    )
    said = [c.value for c in app.caption if c.value.startswith("Based on")]
    if kind == "room":
        assert len(said) == 1
        return
    cards = [card.value for card in app.metric]
    values = [*cards, *tiles(app).values()]
    assert values
    # Some users' estimations alone are a sample, and the figures of both are hidden.
    assert not said or "votes" not in said[0] or "–" not in values
    notes = [plain(info.value) for info in app.info] + [c.value for c in app.caption]
    label = labels.KIND_LABELS[kind].lower()
    rows = "rooms" if about == "New users" else "votes"
    assert any(f"by {label}: {rows} are not linked" in text for text in notes)


def test_cards_that_a_filter_leaves_without_a_meaning_are_blank(
    run_page: RunPage,
) -> None:
    query = {"about": "New users", "period": "all_time"}
    for chosen, blank in (
        ({}, set()),
        (
            {"filter": "country!:XX"},
            {"Week-old rooms", "Newcomers", "Inviting rooms"},
        ),
    ):
        app = run_page("insights.py", **query, **chosen)
        assert {card.label for card in app.metric if card.value == "–"} == blank
        # No user is new before the data begins.
        period, *notes = captions(app)
        about = [note for note in notes if note.startswith("New rooms of ")]
        assert about
        begins = period.partition(" – ")[0]
        assert all(note.startswith(f"New rooms of {begins} – ") for note in about)


def test_a_room_has_its_figures_whatever_the_filters(run_page: RunPage) -> None:
    query = {"room": "1", "period": "all_time"}
    alone = run_page("room.py", **query)
    filtered = run_page("room.py", filter="country:DE", **query)
    assert tiles(filtered) == tiles(alone)
    assert not [i.value for i in filtered.info if "Not available" in i.value]


def test_a_figure_that_filters_hide_is_in_no_csv_and_has_no_change(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: dict[str, pl.DataFrame] = {}

    def offer(rows: Callable[[], pl.DataFrame], name: str, key: str) -> None:
        offered[key] = rows()

    monkeypatch.setattr(tables, "render_csv_button", offer)
    counts = []
    for query in ({}, {"filter": "country!:XX"}):
        app = run_page("votes.py", **query)
        counts.append(int(offered["csv_votes_over_time"]["votes"].sum()))
        # With its change before it, the definition is only part of a caption.
        assert (DEFINITIONS["votes"].formula in captions(app)) == bool(query)
    assert counts[0] > counts[1] == 0


def taken_away(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch, page: str, **query: str
) -> tuple[PageContext, Results, dict[str, pl.DataFrame]]:
    """Run a page; return what its ZIP is made of, and the tables of its CSV buttons."""
    offered: list[tuple[PageContext, Results]] = []
    alone: dict[str, pl.DataFrame] = {}

    def collect(context: PageContext, found: Results) -> bytes:
        offered.append((context, found))
        return b""

    def offer(rows: Callable[[], pl.DataFrame], name: str, key: str) -> None:
        # Two buttons may offer one file, and no two files have one name.
        assert rows().equals(alone.setdefault(name, rows()))

    def offer_all(label: str, data: Callable[[], bytes], **_: object) -> None:
        if label.endswith("(ZIP)"):
            data()

    monkeypatch.setattr(export, "pack", collect)
    monkeypatch.setattr(tables, "render_csv_button", offer)
    monkeypatch.setattr("streamlit.download_button", offer_all)
    run_page(page, **query)
    ((context, found),) = offered
    return context, found, alone


def assert_same_rows(
    context: PageContext, found: Results, alone: Mapping[str, pl.DataFrame]
) -> None:
    """Compare the tables that a ZIP and a button have under one name."""
    names = {
        export.csv_name(context, name, frame): name for name, frame in found.now.items()
    }
    same = names.keys() & alone.keys()
    assert same
    for file in same:
        pack, csv = found.now[names[file]], alone[file].drop("notes", strict=False)
        zone = context.query.zone
        assert to_csv(in_zone(pack, zone)) == to_csv(
            in_zone(csv.select(pack.columns), zone)
        )


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("overview.py", {"filter": "country:DE"}),
        ("behaviour.py", {}),
        ("location.py", {}),
        ("historical.py", {}),
        ("returning.py", {"period": "12 months"}),
        ("insights.py", {"about": "Rooms"}),
        ("votes.py", {"tz": "Asia/Kolkata"}),
        ("room.py", {"room": ["88", "1"]}),
        ("room.py", {"room": "88", "from": "2026-11-09", "to": "2026-11-15"}),
        ("room.py", {"room": "88", "tz": "Asia/Kolkata", "period": "12 months"}),
    ],
)
def test_a_csv_has_the_rows_that_the_zip_has_under_its_name(
    run_page: RunPage,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    query: dict[str, Any],
) -> None:
    assert_same_rows(*taken_away(run_page, monkeypatch, page, **query))


def test_the_files_of_a_meeting_are_of_its_day_whatever_the_period(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, found, alone = taken_away(
        run_page, monkeypatch, "room.py", room="88", meeting="1751"
    )
    day = "2026-03-11"
    dates = {name: re.findall(r"\d{4}-\d\d-\d\d", name) for name in alone}
    assert dates.pop("fpp_room_88_meetings_2026-10-23_2026-11-19.csv")
    assert {*dates} == {
        f"fpp_room_88_{name}_1751_{day}_{day}.csv" for name in ("meeting", "votes")
    }
    assert [*dates.values()] == [[day, day]] * 2
    assert f"Period: {day} to {day} (UTC), 1 day\n" in export.readme(context, found)


def test_a_table_by_day_and_the_same_by_week_are_two_files(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second download of a table replaced the first, or was it "(1)"?"""
    pack, names = export.pack, []
    for every in ("day", "week"):
        context, found, alone = taken_away(
            run_page, monkeypatch, "historical.py", every=every
        )
        with zipfile.ZipFile(io.BytesIO(pack(context, found))) as archive:
            names += [{*alone, *archive.namelist()} - {"about.txt"}]
            assert [n for n in names[-1] if f"_by_{every}_20" not in n] == []
    assert names[0].isdisjoint(names[1])


def test_the_file_of_today_is_of_its_day_and_of_all_users(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Filtered or not, and whatever the period; what only alerts read is no file."""
    query = {"filter": "country:DE", "period": "Last month", "tz": "Pacific/Auckland"}
    context, found, alone = taken_away(run_page, monkeypatch, "overview.py", **query)
    assert "fpp_today_2026-11-21_2026-11-21.csv" in alone
    assert [name for name in found.now if name.startswith("attention")] == []
    said = export.readme(context, found)
    assert "today: The last day of the data, whatever the period." in said


def test_the_file_of_a_rooms_health_is_of_the_day_on_which_the_data_ends(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = {"room": "105", "period": "Last month", "tz": "Pacific/Auckland"}
    context, found, _ = taken_away(run_page, monkeypatch, "room.py", **query)
    name = export.csv_name(context, "health", found.now["health"])
    assert "health" in found.now
    assert name == "fpp_room_105_health_2026-11-21_2026-11-21.csv"
    said = export.readme(context, found)
    assert "health: At the end of the data, whatever the period." in said


def test_files_say_which_days_a_table_is_about_where_these_are_others(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the page says beneath the table: its new users are 28 days old."""
    pack = export.pack
    context, found, alone = taken_away(
        run_page, monkeypatch, "insights.py", about="New users"
    )
    about = export.readme(context, found)
    assert "invites: Covers 2026-10-16 to 2026-11-12.\n" in about
    assert "invites before: Covers 2026-09-18 to 2026-10-15.\n" in about
    # A single CSV has its name only.
    assert {*alone} == {
        f"fpp_{name}_2026-10-16_2026-11-12.csv"
        for name in ("invites", "invites_by_newcomers", "invites_by_room")
    }
    with zipfile.ZipFile(io.BytesIO(pack(context, found))) as archive:
        assert "fpp_invites_2026-09-18_2026-10-15.csv" in archive.namelist()
    everything = Results(dict.fromkeys(METRIC_TABLES, pl.DataFrame()), {})
    about = export.readme(context, everything)
    assert re.findall(r"^(\w+): Covers \d{4}-", about, re.MULTILINE) == [
        name
        for name, table in METRIC_TABLES.items()
        if table.covers(context.query) != context.query.period
    ]
    # A filter leaves these out, in both periods.
    chosen = replace(context, filters=(Filter("country", "DE"),))
    assert "invites before" not in export.readme(chosen, found)


def test_files_of_a_page_without_a_period_say_nothing_of_one(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor of rooms: what is stored has the excluded ones as well."""
    monkeypatch.setenv("EXCLUDED_ROOMS", "1,88")
    context, found, _ = taken_away(run_page, monkeypatch, "data.py")
    about = export.readme(context, found)
    assert re.findall(r"^(.+?): ", about, re.MULTILINE) == ["Data until", "Generation"]


def test_the_list_of_rooms_is_no_file_of_the_name_that_all_rooms_have(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []

    def offer(rows: Callable[[], pl.DataFrame], name: str, key: str) -> None:
        names.append(name)

    monkeypatch.setattr(tables, "render_csv_button", offer)
    run_page("room.py")
    assert names == ["fpp_busiest_rooms_2026-10-23_2026-11-19.csv"]


@pytest.mark.parametrize("page", ["overview.py", "traffic.py", "votes.py"])
def test_what_tiles_hide_is_null_in_workbook_and_zip_as_well(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    context, found, alone = taken_away(
        run_page, monkeypatch, page, filter="country!:XX"
    )
    assert_same_rows(context, found, alone)
    about = export.readme(context, found)
    assert re.search("votes_totals: Not available by country", about) or (
        "votes_totals" not in found.now
    )


def test_a_page_of_several_tables_reads_each_live_table_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    executed: list[str] = []
    execute = engine.Local.run

    def note(
        self: engine.Local, plans: Sequence[pl.LazyFrame], rows: int
    ) -> list[pl.DataFrame]:
        executed.extend(plan.explain() for plan in plans)
        return execute(self, plans, rows)

    monkeypatch.setattr(engine.Local, "run", note)
    snapshot, days = open_store(GOLDEN), Days(date(2026, 10, 1), date(2026, 10, 28))
    query = replace(query_of(days, weekends=True), frames=snapshot.frames)
    context = PageContext(snapshot, query, days, "None", NOW)
    context.compute("room_health", "room_states")
    assert executed
    assert not [plan for plan in executed if "Parquet SCAN" in plan]
    context.compute("room_health")
    assert "Parquet SCAN" in executed[-1]


def test_files_are_named_after_their_room_and_say_so_where_they_are_filtered() -> None:
    days = Days(date(2026, 11, 2), date(2026, 11, 3))
    snapshot = Snapshot(Frames.empty(), "1", NOW, EVERY_TABLE, {}, generation=7)
    chosen = tuple(filter(None, [Filter.parse("country:DE")]))
    page = PageContext(snapshot, query_of(days), days, "None", NOW)
    dates = "2026-11-02_2026-11-03"
    cases = {
        "routes": page,
        "routes_filtered": replace(page, filters=chosen),
        # Votes have no users: no filter by country changes them.
        "votes_totals": replace(page, filters=chosen),
        "room_88_meetings": replace(page, rooms=(88,)),
        "rooms_3_88_spread": replace(page, rooms=(3, 88)),
    }
    for wanted, context in cases.items():
        name = re.sub(r"^rooms?_[\d_]+_", "", wanted.removesuffix("_filtered"))
        ending = "_filtered" if wanted.endswith("_filtered") else ""
        file = f"fpp_{wanted.removesuffix('_filtered')}_{dates}{ending}.csv"
        assert export.csv_name(context, name, pl.DataFrame()) == file
    said = [
        re.findall(
            "^Rooms: (.*)$", export.readme(context, Results({}, {})), re.MULTILINE
        )
        for context in (
            page,
            replace(page, rooms=(88,)),
            replace(page, rooms=(3, 88)),
            replace(page, excluded_rooms=frozenset({9, 4})),
        )
    ]
    assert said == [["all"], ["only 88"], ["only 3, 88"], ["all but 4, 9"]]


@pytest.mark.parametrize(
    ("page", "query", "wanted"),
    [
        ("traffic.py", {}, "traffic_funnel_by_day_DATES"),
        (
            "traffic.py",
            {"filter": "country:DE"},
            "traffic_funnel_by_day_DATES_filtered",
        ),
        # One filtered table is enough: votes are not linked to countries.
        ("overview.py", {"filter": "country:DE"}, "overview_by_day_DATES_filtered"),
        # Votes have no users; a room has its own page, which filters leave as it is.
        (
            "votes.py",
            {"filter": "room:1", "every": "week"},
            "votes_by_weekday_by_week_DATES_filtered",
        ),
        ("insights.py", {}, "insights_agreement_by_week_DATES"),
        ("insights.py", {"about": "re_votes"}, "insights_re_votes_by_week_DATES"),
        # Whether a user returns is counted by days.
        (
            "returning.py",
            {"period": "yesterday", "every": "hour"},
            "returning_users_by_sprints_by_day_DATES",
        ),
        ("room.py", {"room": "1", "filter": "country:DE"}, "room_1_by_day_DATES"),
        ("room.py", {"room": ["1", "88"]}, "rooms_1_88_by_day_DATES"),
        ("report.py", {"filter": "country:DE"}, "report_by_day_DATES"),
    ],
)
def test_files_of_a_page_say_so_where_they_are_filtered(
    run_page: RunPage,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    query: dict[str, Any],
    wanted: str,
) -> None:
    names: list[str] = []

    def offer(label: str, file_name: str, **_: object) -> None:
        if label.startswith("Download page"):
            names.append(file_name)

    monkeypatch.setattr("streamlit.download_button", offer)
    run_page(page, **query)
    written = [re.sub(r"\d{4}-.*\d{4}-\d\d-\d\d", "DATES", name) for name in names]
    assert written == [f"fpp_{wanted}.{ending}" for ending in ("xlsx", "zip")]


@pytest.mark.parametrize(
    ("page", "switches"),
    [
        ("traffic.py", ("part", "split")),
        ("votes.py", ("part",)),
        ("behaviour.py", ("part",)),
        ("location.py", ("place", "with")),
        ("returning.py", ("who", "in")),
        ("insights.py", ("about",)),
    ],
)
def test_files_of_a_page_with_other_tables_have_other_names(
    run_page: RunPage,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    switches: Sequence[str],
) -> None:
    offered: list[tuple[str, frozenset[str]]] = []

    def offer(_: object, found: Results, name: str, *__: object) -> None:
        # How much figures usually change is the page's, whatever it shows.
        offered.append((name, frozenset(found.now) - {"usual_changes"}))

    monkeypatch.setattr("ui.export.render_download", offer)
    app = run_page(page)
    options = [app.button_group(key=key).options for key in switches]
    for values in itertools.product(*options):
        run_page(page, **dict(zip(switches, values, strict=True)))
    assert len({name for name, _ in offered}) == len({tables for _, tables in offered})
    assert len({*offered}) == len({name for name, _ in offered})


def test_a_workbook_names_columns_as_the_table_on_the_page_does() -> None:
    days = Days(date(2026, 11, 2), date(2026, 11, 3))
    snapshot = Snapshot(Frames.empty(), "1", NOW, EVERY_TABLE, {}, generation=7)
    view = PageContext(snapshot, query_of(days), days, "None", NOW)
    different = [
        (table, key)
        for table in METRIC_TABLES
        for key in DEFINITIONS
        if tables.heading(key, table) != tables.heading(key)
    ]
    assert {("historical", "estimations"), ("rounds", "avg_estimation")} <= {*different}
    for table, key in different:
        frame = {table: pl.DataFrame({key: [5]})}
        book = export.workbook_of(view, Results(frame, frame), "page")
        with zipfile.ZipFile(io.BytesIO(book)) as archive:
            texts = archive.read("xl/sharedStrings.xml").decode()
        assert f">{tables.heading(key, table)}<" in texts
        assert f">{tables.heading(key)}<" not in texts


def test_a_block_without_a_meaning_offers_no_csv(run_page: RunPage) -> None:
    shown = run_page("insights.py", about="Agreement", period="All time")
    hidden = run_page(
        "insights.py", about="Agreement", period="All time", filter="country:DE"
    )
    assert any("Not available by country" in info.value for info in hidden.info)
    assert not any("not filtered by" in text.value for text in hidden.caption)
    buttons = [len(app.get("download_button")) for app in (shown, hidden)]
    assert buttons[1] < buttons[0]


@pytest.mark.parametrize(
    ("file", "query", "title"),
    [
        ("historical.py", {"every": "Month"}, "Month"),
        ("votes.py", {"every": "Week", "table_votes_over_time": "true"}, "Week of"),
        (
            "behaviour.py",
            {"every": "Week", "table_routes_over_time": "true"},
            "Week of",
        ),
        ("behaviour.py", {"part": "Rooms", "every": "Month"}, "Month"),
        ("overview.py", {"every": "Month"}, "Date"),
        ("historical.py", {"every": "Day"}, "Date"),
    ],
)
def test_a_bucket_of_a_table_is_not_read_as_its_first_day(
    run_page: RunPage, tmp_path: Path, file: str, query: Mapping[str, str], title: str
) -> None:
    """Of "1 Oct 2026" a newcomer would take the month's votes for those of a day."""
    rooms = {"table_rooms_over_time": "true"} if "part" in query else {}
    app = run_page(file, busy(tmp_path), period="All time", **query, **rooms)
    looks = [json.loads(table.proto.columns) for table in app.dataframe]
    titles = {look["bucket"]["label"] for look in looks if "bucket" in look}
    assert titles == {title}


def test_nothing_but_zeros_is_said_and_not_drawn(run_page: RunPage) -> None:
    query = {"period": "Custom", "from": "2021-01-04", "to": "2021-01-10"}
    app = run_page("votes.py", GOLDEN, **query)
    assert not app.get("vega_lite_chart")
    assert "the data begins on 24 May 2024" in plain(app.info[0].value)
    assert "24 May 2024" not in app.info[0].value  # no line ends within the date
    # A Sunday with votes, by the day: the tile above has them.
    sunday = {"from": "2026-07-12", "to": "2026-07-12", "every": "day"}
    shown, hidden = (
        run_page("votes.py", GOLDEN, weekends=weekends, **sunday)
        for weekends in ("true", "false")
    )
    assert tiles(shown)["Votes"] == tiles(hidden)["Votes"] != "0"
    assert not shown.info
    assert "No data on the working days of this period" in hidden.info[0].value
    # A second block of the same rows gives the same reason.
    both = run_page("historical.py", GOLDEN, weekends="false", **sunday).info
    assert [said.value for said in both] == [hidden.info[0].value] * 2
    # From Monday to Friday nothing is hidden.
    week = {"from": "2026-07-06", "to": "2026-07-10", "every": "day"}
    app = run_page("historical.py", GOLDEN, weekends="false", filter="room:1", **week)
    assert "No data matches the filters" in app.info[0].value


def test_a_block_names_the_missing_table_that_it_needs(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    folder = plain_store(without=("fpp_votes",))
    app = run_page("votes.py", folder, period="All time", part="Estimations")
    said = {plain(info.value) for info in app.info}
    assert said == {
        "Table `fpp_votes` is missing. Its metrics are empty until the next sync run."
    }
    assert app.get("vega_lite_chart")


def test_without_data_a_page_only_says_how_to_get_them(
    run_page: RunPage, tmp_path: Path
) -> None:
    app = run_page("votes.py", tmp_path)
    assert len(app.info) == 1
    assert not app.metric
    assert not app.get("vega_lite_chart")
    assert run_page("data.py", tmp_path).dataframe


def test_the_address_carries_the_drawn_number_and_the_open_tables(
    run_page: RunPage,
) -> None:
    address = {
        "period": "All time",
        "show": "duration_mean_seconds",
        "table_votes_by_weekday": "true",
    }
    app = run_page("votes.py", GOLDEN, **address)
    assert app.button_group(key="kpi_strip").value == "duration_mean_seconds"
    assert app.toggle(key="table_votes_by_weekday").value is True
    assert len(app.dataframe) == 1


@pytest.mark.parametrize(
    ("chosen", "first"),
    [("Routes", "routes_over_time"), ("Rooms", "rooms_over_time")],
)
def test_behaviour_over_time_draws_what_is_chosen(
    run_page: RunPage, chosen: str, first: str
) -> None:
    app = run_page("behaviour.py", GOLDEN, part=chosen, period="All time")
    assert [e.message for e in app.exception] == []
    assert app.toggle(key=f"table_{first}").value is False


def test_a_filtered_room_leads_to_its_page(run_page: RunPage) -> None:
    app = run_page("behaviour.py", GOLDEN, filter="room:1")
    links = [link.proto for link in app.get("page_link") if "room" in link.proto.label]
    rooms = pl.read_parquet(GOLDEN / "fpp_rooms.parquet").filter(pl.col("id") == 1)
    name, number = rooms.select("name", "number").row(0)
    label = f"Open room {fmt.escaped(f'{name} #{number}')}"
    assert [link.label for link in links] == [label]
    assert "room=1" in links[0].query_string


def chart_of(app: AppTest, key: str) -> dict[str, object]:
    """Return the specification of the first chart whose data has a column."""
    specs = [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]
    return next(spec for spec in specs if key in json.dumps(spec))


def test_history_can_be_zoomed_and_its_table_has_eleven_columns_newest_first(
    run_page: RunPage,
) -> None:
    query = {"kind": "Accumulated", "of": "New users", "period": "Last month"}
    app = run_page("historical.py", GOLDEN, **query)
    spec = json.dumps(chart_of(app, "solid"))
    assert '"name": "zoom"' in spec
    assert "mousedown" in spec
    table = app.dataframe[0].value
    days = list(table["bucket"])
    assert len(table.columns) == 11
    assert days == sorted(days, reverse=True)
    # Of a running one there is a part.
    running = run_page("historical.py", GOLDEN, period="Month to date")
    parts = running.dataframe[0].value["cut"].dropna()
    assert dict(parts) == {0: "running"}


def test_a_room_shows_the_range_of_its_latest_votes(run_page: RunPage) -> None:
    app = run_page("room.py", GOLDEN, room="1", period="All time")
    assert [e.message for e in app.exception] == []
    spec = chart_of(app, "max_estimation")
    assert '"type": "log"' in json.dumps(spec)
    search = app.multiselect(key="room_search")
    search.unselect(search.value[0]).run()
    assert "room" not in app.query_params
    assert app.dataframe


def test_only_votes_with_an_estimation_are_drawn_oldest_first() -> None:
    lima = ZoneInfo("America/Lima")
    votes = pl.DataFrame(
        {
            "voted_at": [datetime(2026, 11, day, 9, tzinfo=lima) for day in (4, 3, 2)],
            "min_estimation": [1, None, 3],
            "avg_estimation": [1.5, None, 3.0],
            "max_estimation": [2, None, 3],
            "steps": [1, None, 0],
            "amount_of_estimations": [2, 0, 1],
        }
    )
    (rows,) = charts.ranges(votes).to_dict()["datasets"].values()
    assert [(row["vote"], row["min_estimation"], row["when"]) for row in rows] == [
        (1, 3, "Mon 2 Nov 2026, 09:00 UTC-05"),
        (2, 1, "Wed 4 Nov 2026, 09:00 UTC-05"),
    ]


def test_votes_show_each_average_and_its_median(run_page: RunPage) -> None:
    means = tiles(run_page("votes.py"))
    medians = tiles(run_page("votes.py", figures="Medians"))
    assert len(means) == len(medians) == 8
    assert {"Votes", "Estimations"} == means.keys() & medians.keys()


@pytest.mark.parametrize("file", PAGES)
def test_every_page_offers_all_that_it_shows_as_one_zip(
    run_page: RunPage, file: str
) -> None:
    app = run_page(file, GOLDEN, room="1")
    labels = [button.proto.label for button in app.get("download_button")]
    # A report is taken away whole, in the forms in which it is sent.
    whole = "HTML for mail" if file == "report.py" else "Download page (ZIP)"
    assert labels.count(whole) == 1


@pytest.mark.parametrize(
    ("minutes", "said", "color", "period"),
    [
        (-4, "on time", "green", "today"),
        (20, "on time", "green", "today"),
        (21, "21 minutes late", "orange", "today"),
        (48, "48 minutes late", "orange", "yesterday"),
        (90, "1 hour late", "red", "today"),
    ],
)
def test_the_badge_says_whether_the_data_is_late_and_the_bar_where_it_matters(
    run_page: RunPage,
    plain_store: Callable[..., Path],
    minutes: int,
    said: str,
    color: str,
    period: str,
) -> None:
    folder = plain_store()
    written = (APP_NOW - timedelta(minutes=minutes)).replace(tzinfo=UTC).timestamp()
    for file in folder.glob("*.parquet"):
        os.utime(file, (written, written))
    app = run_page("traffic.py", folder, period=period)
    (badge,) = [text.value for text in app.markdown if "Data until" in text.value]
    assert f", {said}" in badge
    assert f":{color}-badge[" in badge
    # Whole days that are over have all of their data.
    ends_early = color != "green" and period == "today"
    assert any(", data until " in text for text in captions(app)) == ends_early


def test_late_data_need_attention_and_a_demo_is_never_late(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    folder = plain_store()
    written = (APP_NOW - timedelta(days=2)).replace(tzinfo=UTC).timestamp()
    for file in folder.glob("*.parquet"):
        os.utime(file, (written, written))

    def findings() -> list[str]:
        app = run_page("overview.py", folder)
        return [plain(link.proto.label) for link in app.get("page_link")]

    assert "Data is 2 days late" in findings()
    (folder / DEMO_MARKER).touch()
    assert not [text for text in findings() if "late" in text]


def test_the_first_line_is_all_clear_or_has_four_findings_and_names_the_others(
    run_page: RunPage, tmp_path: Path
) -> None:
    folder = busy(tmp_path, {APP_NOW.date(): (VOTES, PAGE_VIEWS)})

    def first_line() -> tuple[int, int, list[str]]:
        app = run_page("overview.py", folder)
        clear = [text for text in captions(app) if ":material/check:" in text]
        menus = [menu.proto.popover.label for menu in app.get("popover")]
        more = [label for label in menus if label.endswith(" more")]
        return len(app.get("page_link")), len(clear), more

    assert first_line() == (4, 0, [])
    written = (APP_NOW - timedelta(hours=2)).replace(tzinfo=UTC).timestamp()
    for file in folder.glob("*.parquet"):
        os.utime(file, (written, written))
    assert first_line() == (4, 0, ["1 more"])
    for live in TABLES:
        file = folder / live.file_name
        pl.read_parquet(file).clear().write_parquet(file)
    assert first_line() == (0, 1, [])


@pytest.mark.parametrize(
    ("period", "read"),
    [
        ("last_month", "Votes per day: 1.80; Votes: 9"),
        ("today", "Votes: 0; Votes per day: –"),
    ],
    ids=["with five of them", "without a whole one"],
)
def test_weekdays_are_drawn_as_the_average_day_that_is_said(
    run_page: RunPage, period: str, read: str
) -> None:
    app = run_page("votes.py", period=period)
    assert f"Weekday: Thursday; {read}" in read_aloud(app)


def test_the_busiest_hour_is_named_with_its_zone(run_page: RunPage) -> None:
    app = run_page("votes.py", period="all_time", tz="Europe/Berlin")
    (said,) = (t.value for t in app.text if t.value.startswith("The busiest hour"))
    assert said.endswith(" Hours in Europe/Berlin.")


@pytest.fixture
def late_store(plain_store: Callable[..., Path]) -> Path:
    """The golden files as of three days ago, Tuesday at ten."""
    folder = plain_store()
    written = LATE_UNTIL.replace(tzinfo=UTC).timestamp()
    for file in folder.glob("*.parquet"):
        os.utime(file, (written, written))
    return folder


LATE_UNTIL = datetime(2026, 11, 17, 10)
OF_A_PERIOD: Sequence[tuple[str, Mapping[str, str]]] = [
    ("overview.py", {}),
    *(("traffic.py", {"split": split}) for split in ("all", "source")),
    *(("traffic.py", {"part": part}) for part in ("page_views", "session_length")),
    *(("votes.py", {"part": part}) for part in ("when", "estimations")),
    *(("behaviour.py", {"part": part}) for part in ("routes", "events", "rooms")),
    ("location.py", {}),
    ("historical.py", {}),
    *(("returning.py", {"as": view}) for view in ("average", "by_start")),
    *(
        ("insights.py", {"about": about})
        for about in ("agreement", "second_votes", "meetings", "rooms", "new_users")
    ),
]
"""Pages of a period, and what they show by choice."""


@pytest.mark.parametrize(
    ("file", "query", "columns"),
    [
        ("returning.py", {}, "reoccurring_users reoccurring_rooms"),
        (
            "returning.py",
            {"reduced": "true"},
            "adjusted_reoccurring_users adjusted_reoccurring_rooms",
        ),
        ("historical.py", {}, "estimations votes"),
        ("historical.py", {"kind": "Accumulated"}, "acc_estimations acc_votes"),
        ("historical.py", {"kind": "30-row moving average"}, "ma_estimations ma_votes"),
    ],
)
def test_lines_are_named_as_the_columns_that_they_draw(
    run_page: RunPage, file: str, query: dict[str, str], columns: str
) -> None:
    """One name is one number: of a day, since the start, on average."""
    app = run_page(file, **query)
    said = [text for text in read_aloud(app) if text.startswith("When: ")]
    names = {
        value if name == "Metric" else name.rstrip("\N{ZERO WIDTH SPACE}")
        for text in said
        for name, value in (part.split(": ") for part in text.split("; ")[1:])
        if name not in {"Count", "Average"}
    }
    assert names == {definition(key, "historical").title for key in columns.split()}


def test_a_comparison_ends_where_late_data_does_and_the_page_says_so(
    run_page: RunPage, late_store: Path
) -> None:
    """Else the days without data would be a fall."""
    app = run_page("votes.py", late_store, period="last_7_days")
    votes = pl.read_parquet(GOLDEN / "fpp_votes.parquet")["voted_at"]
    starts, length = (
        (datetime(2026, 11, 13), datetime(2026, 11, 6)),
        LATE_UNTIL.day - 13,
    )
    now, before = (
        votes.is_between(start, start + timedelta(days=length, hours=10), "left").sum()
        for start in starts
    )
    value, change = tile_lines(app)["Votes"]
    assert (value, change.rpartition(" from ")[2]) == (f"{now}", f"{before}")
    assert (
        "13 Nov – 17 Nov 2026 · 5 days, data until 17 Nov 2026, 10:00 · compared with "
        "6 Nov – 10 Nov 2026 · UTC"
    ) in captions(app)
    # The day on which the data ends is no whole one, and none follows it.
    days = [text for text in read_aloud(app) if "When: " in text]
    assert [text for text in days if "Tue 17 Nov 2026, so far" in text]
    assert not [text for text in days if "18 Nov" in text]


def test_a_period_after_the_end_of_late_data_is_empty_and_compared_with_nothing(
    run_page: RunPage, late_store: Path
) -> None:
    for file, query in OF_A_PERIOD:
        app = run_page(file, late_store, period="today", **query)
        assert [error.message for error in app.exception] == [], file
        assert any(
            text.startswith("20 Nov 2026 · 1 day, data until 17 Nov 2026, 10:00")
            for text in captions(app)
        )
        # Whether anything has happened is not known: 0 would say that nothing has.
        assert {tuple(line) for line in tile_lines(app).values()} <= {("–",)}
        said = [plain(info.value) for info in app.info]
        ends = "No data in this period. The data ends on 17 Nov 2026."
        # Rooms, invitations and return rates are those of earlier days.
        if file == "overview.py":
            assert "17 Nov 2026 until 10:00 UTC" in [head.value for head in app.header]
            # Changes and unusual days are of the period as well.
            assert {*said} == {ends}
        elif not query.get("about", "").startswith(("rooms", "new")):
            assert said[0] == ends, file
    # How healthy it is now is not known.
    said = captions(run_page("room.py", late_store, period="today", room="88"))
    ended = "**Room health at the end of the data: 25 of 100 points, dormant.**"
    assert any(text.startswith(ended) for text in said)


def test_at_midnight_data_on_time_has_not_ended(run_page: RunPage) -> None:
    midnight = datetime(2026, 11, 20)
    said = run_page("returning.py", now=midnight, period="today").info[0].value
    assert said == "No returning users or rooms in this period."


def test_an_average_return_rate_says_when_those_started(run_page: RunPage) -> None:
    """They are others than those of the period, which the head names."""
    note = "Users who started 20 Apr – 26 Jul 2026."
    assert note in captions(run_page("returning.py"))
    of_rooms = captions(run_page("returning.py", who="Rooms"))
    of_them = note.replace("Users who", "Rooms that")
    assert of_them in of_rooms
    assert note not in captions(run_page("returning.py", **{"as": "By start"}))
    on_insights = captions(run_page("insights.py", about="Rooms"))
    assert any(said.startswith(f"{of_them} As of ") for said in on_insights)


@pytest.mark.parametrize(("chosen", "says_so"), [("country:DE", True), ("", False)])
def test_what_needs_attention_is_said_to_be_of_all_users(
    run_page: RunPage, chosen: str, *, says_so: bool
) -> None:
    app = run_page("overview.py", **({"filter": chosen} if chosen else {}))
    assert ("Without filters:" in captions(app)) is says_so


def test_what_needs_attention_leads_to_a_page_that_draws_it(run_page: RunPage) -> None:
    usual = {"today": 0, "median": 60.0, "lowest": 50, "highest": 70, "weeks": 8}
    counts = pl.DataFrame([{"measure": key, **usual} for key in attention.MEASURES])
    numbers = dict.fromkeys(("value", "expected", "low", "high"), pl.Int64)
    days = pl.DataFrame(schema={"measure": pl.String, "bucket": pl.Date, **numbers})
    none = pl.DataFrame(schema={"health": pl.Float64})
    answers = {"today": counts, "unusual_days": days, "rooms_gone_quiet": none}
    found = attention.findings(answers, APP_NOW, APP_NOW, 600)
    assert [each.measure for each in found] == [*attention.MEASURES]
    for finding in found:
        app = run_page(f"{finding.page}.py", **finding.query)
        assert [warning.value for warning in app.warning] == []
        chosen = [group.value for group in app.button_group]
        assert {finding.measure, f"['{finding.measure}']"} & {*map(str, chosen)}


def test_cards_that_need_not_add_up_to_the_estimations_say_so(
    run_page: RunPage,
) -> None:
    """Cards are rows of users, estimations are what votes state."""
    app = run_page("votes.py", part="Estimations")
    [note] = [text.value for text in app.caption if "participations" in text.value]
    assert f"“{DEFINITIONS['estimations'].title}”" in note


def test_new_data_are_shown_and_what_was_chosen_stays(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    folder = plain_store(without=("fpp_votes",))
    query = {"period": "All time", "show": "estimations"}
    app = run_page("votes.py", folder, **query)
    before = tiles(app)["Votes"]
    shutil.copy(GOLDEN / "fpp_votes.parquet", folder)
    app.run()
    assert (before, tiles(app)["Votes"]) == ("–", "2,907")
    assert app.selectbox(key="period").value == "all_time"
    assert app.button_group(key="kpi_strip").value == "estimations"


def test_a_chip_removes_its_filter_however_the_link_wrote_it(run_page: RunPage) -> None:
    app = run_page("traffic.py", filter="country:de")
    (chip,) = [button for button in app.button if "Germany" in button.label]
    chip.click().run()
    assert "filter" not in app.query_params
    assert not [button for button in app.button if "Germany" in button.label]


@pytest.mark.parametrize(
    ("days", "every", "says"),
    [
        # A month of five and sixteen votes would have enough, one of five would not.
        (("2026-11-12", "2026-11-19"), "week", "week. Choose months under Group by."),
        (("2026-11-12", "2026-11-12"), "week", "week."),
        (("2026-11-12", "2026-11-12"), "month", "month."),
    ],
)
def test_a_chart_whose_every_bucket_has_too_few_cases_says_so(
    run_page: RunPage, days: tuple[str, str], every: str, says: str
) -> None:
    first, last = days
    period = {"period": "custom", "from": first, "to": last}
    app = run_page("insights.py", show="near_consensus", every=every, **period)
    blank = [info.value for info in app.info if "too little data" in info.value]
    assert {text.partition(": ")[2] for text in blank} == {
        f"too little data in each {says}"
    }


def test_a_curve_whose_every_share_is_hidden_says_so(run_page: RunPage) -> None:
    """Axes of nothing would be read as a fault; the table has the numbers."""
    few = {"filter": "city:Malmö"}
    app = run_page("returning.py", **few)
    [said] = [info.value for info in app.info]
    assert said.startswith("Too little data for a chart: shares of fewer than 20")
    assert len(app.get("vega_lite_chart")) == 1
    table = {"table_retention_users_by_sprints_average": "true"}
    assert run_page("returning.py", **few, **table).dataframe
    # The same curve of rooms.
    app = run_page("insights.py", about="Rooms", filter="room:100")
    assert said in [info.value for info in app.info]


@pytest.mark.parametrize(("part", "charts_of_some"), [("When", 0), ("Estimations", 3)])
def test_a_chart_of_some_votes_says_which(
    run_page: RunPage, part: str, charts_of_some: int
) -> None:
    """Its bars add up to fewer votes than the tile says."""
    app = run_page("votes.py", part=part)
    said = [caption.value for caption in app.caption]
    some = [text for text in said if text.startswith("Votes with ")]
    assert len(some) == charts_of_some


def test_a_blank_figure_does_not_blame_a_table_that_it_does_not_need(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    # Visits need events, unique users do not; the filter leaves none of them.
    app = run_page(
        "traffic.py", plain_store(without=("fpp_events",)), filter="country:XX"
    )
    first = plain(app.info[0].value)
    assert first == (
        "No data matches the filters. Remove one or choose a longer period."
    )


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({}, "No data in this period. Choose a longer one."),
        ({"period": "all_time"}, "Nothing to show yet."),
        (
            {"period": "all_time", "filter": "source:Nowhere"},
            "No data matches the filters. Remove one.",
        ),
    ],
)
def test_a_blank_block_of_all_time_asks_for_no_longer_period(
    run_page: RunPage,
    plain_store: Callable[..., Path],
    query: dict[str, str],
    says: str,
) -> None:
    views = pl.read_parquet(GOLDEN / "fpp_page_views.parquet")
    store = plain_store(without=("fpp_page_views",))
    views.head(0).write_parquet(store / "fpp_page_views.parquet")
    app = run_page("behaviour.py", store, **query)
    assert says in [plain(info.value) for info in app.info]
    assert not [
        plain(i.value) for i in app.info if "longer" in i.value and "longer" not in says
    ]


@pytest.mark.parametrize(
    ("first", "says"),
    [
        # A longer one would end on the same day, before the data.
        (
            "2026-11-20 09:00",
            "No data in this period. The data begins on 20 Nov 2026. Choose Today.",
        ),
        ("2026-10-20 09:00", "No data in this period. Choose a longer one."),
    ],
)
def test_before_the_data_begins_a_blank_block_says_so(
    run_page: RunPage, tmp_path: Path, first: str, says: str
) -> None:
    at = datetime.fromisoformat(first)
    for table in TABLES:
        rows = pl.read_parquet(GOLDEN / table.file_name).head(1)
        times = [n for n, dtype in rows.schema.items() if dtype == TIMESTAMP]
        rows = rows.with_columns(pl.lit(at, TIMESTAMP).alias(name) for name in times)
        rows.write_parquet(tmp_path / table.file_name)
    app = run_page("behaviour.py", tmp_path, period="last_7_days")
    assert says in [plain(info.value) for info in app.info]
    # Nothing is judged before: no day was usual, and no room healthy.
    unusual = run_page("overview.py", tmp_path, period="last_7_days").info[-1].value
    gone_quiet = (
        run_page("insights.py", tmp_path, period="last_7_days", about="rooms")
        .info[-2]
        .value
    )
    begins = "begins" in says
    assert (plain(unusual) == says) is begins
    assert (plain(gone_quiet) == says) is begins


def write_last(folder: Path, span: timedelta) -> None:
    """Write a store of a young product: the last rows of the golden one."""
    for table in TABLES:
        rows = pl.read_parquet(GOLDEN / table.file_name)
        young = pl.col(table.time) >= APP_NOW - span
        rows.filter(young).write_parquet(folder / table.file_name)


def test_days_before_a_table_begins_are_unknown_on_the_pages_that_need_it(
    run_page: RunPage, tmp_path: Path
) -> None:
    for table in TABLES:
        rows = pl.read_parquet(GOLDEN / table.file_name)
        if table.name in {"fpp_votes", "fpp_estimations"}:
            rows = rows.filter(pl.col(table.time) >= datetime(2026, 8, 12))
        rows.write_parquet(tmp_path / table.file_name)
    dates = {"from": "2026-06-20", "to": "2026-07-20"}
    votes, seats = "fpp_votes begins", "fpp_estimations begins"
    named = {
        ("behaviour.py", "routes"): None,
        ("behaviour.py", "events"): None,
        ("behaviour.py", "rooms"): votes,
        ("votes.py", "when"): votes,
        # Days are marked as unusual by views and votes.
        ("traffic.py", "page_views"): seats,
        ("traffic.py", "session_length"): seats,
        ("location.py", ""): seats,
        ("returning.py", ""): seats,
        ("insights.py", "new_users"): seats,
    }
    for file, query in OF_A_PERIOD:
        app = run_page(file, tmp_path, **dates, **query)
        assert [error.message for error in app.exception] == [], (file, query)
        begin = named.get(
            (file, query.get("part", query.get("about", ""))),
            "fpp_estimations and fpp_votes begin",
        )
        said = [text for text in captions(app) if "earlier numbers are unknown" in text]
        assert len(said) == (begin is not None), (file, query)
        assert begin is None or f" · {begin} on 12 Aug 2026: " in said[0], (file, query)
        zeros = [line for line in tile_lines(app).values() if line[0] == "0"]
        assert not zeros, (file, query)
    app = run_page("votes.py", tmp_path, **dates)
    assert {line[0] for line in tile_lines(app).values()} == {"–"}
    single = (
        "No data. fpp_votes begins on 12 Aug 2026: its earlier numbers are unknown."
    )
    assert {plain(info.value) for info in app.info} == {single}
    # Beside a comparison before it, what is known is compared with nothing.
    after = {"from": "2026-08-13", "to": "2026-08-31"}
    app = run_page("votes.py", tmp_path, **after)
    shown = {line[0]: line[-1] for line in tile_lines(app).values()}
    assert all("n/a" in change for change in shown.values()), shown
    assert any("fpp_votes begins" in text for text in captions(app))
    # New users of as many earlier days would be before it: these pages have none.
    later = {"from": "2026-09-10", "to": "2026-09-20"}
    for file in ("votes.py", "location.py"):
        app = run_page(file, tmp_path, **later)
        assert "begin" not in f"{captions(app)}", file
    # Users who started up to 16 weeks before, and any who had started before them.
    months_later = {"from": "2026-11-10", "to": "2026-11-18", "as": "By start"}
    app = run_page("returning.py", tmp_path, **months_later)
    assert any("fpp_estimations begins" in text for text in captions(app))
    # Nor has nothing changed where no change is known.
    views = tmp_path / "fpp_page_views.parquet"
    kept = pl.col("viewed_at") >= datetime(2026, 8, 12)
    pl.read_parquet(views).filter(kept).write_parquet(views)
    said = [
        plain(info.value) for info in run_page("overview.py", tmp_path, **after).info
    ]
    assert any(text.startswith("No known change. fpp_estim") for text in said), said
    shutil.copy(GOLDEN / views.name, views)
    # Who was where is not known before users are, whatever they did.
    rows = pl.read_parquet(GOLDEN / USERS.file_name)
    late = rows.filter(pl.col(USERS.time) >= datetime(2026, 8, 12))
    late.write_parquet(tmp_path / USERS.file_name)
    since = {"from": "2026-08-20", "to": "2026-09-20", "filter": "country!:AT"}
    for before in ("previous", "year"):
        for file in ("traffic.py", "overview.py"):
            app = run_page(file, tmp_path, compare=before, **since)
            tiles = tile_lines(app).values()
            assert all(line[-1] == "n/a" or line[0] == "–" for line in tiles), file
    rows.write_parquet(tmp_path / USERS.file_name)
    # Of votes without their estimations, no bucket is too short.
    shutil.copy(GOLDEN / "fpp_votes.parquet", tmp_path)
    app = run_page("insights.py", tmp_path, about="agreement", **dates)
    said = [plain(info.value) for info in app.info]
    # In each chart, that of team sizes too; bars of nothing would give no reason.
    assert said == [single.replace("votes", "estimations")] * 3
    # Nor is a comparison of them named that is not drawn.
    for show, drawn in (("page_views", True), ("activation_rate", False)):
        app = run_page("traffic.py", tmp_path, show=show, **after)
        assert any("┄" in text for text in captions(app)) is drawn, show


def test_plans_of_a_large_store_that_read_the_same_blocks_stay_together(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a small one, whose tables are in memory, are built while others run."""
    begun: list[int] = []
    begin = engine.begin

    def counting(*asked: Any) -> Any:
        begun.append(len(asked[0]))
        return begin(*asked)

    monkeypatch.setattr(engine, "begin", counting)
    small = tile_lines(run_page("overview.py"))
    assert len(begun) == 1
    monkeypatch.setattr(engine, "READ_WHOLE_BELOW", 0)
    assert tile_lines(run_page("overview.py")) == small
    assert len(begun) == 1


def test_nothing_is_shown_or_said_of_a_period_before_the_data(
    run_page: RunPage, tmp_path: Path
) -> None:
    """A product of two days, and a whole quarter before them: 0 is not known."""
    write_last(tmp_path, timedelta(days=2))
    for file, query in OF_A_PERIOD:
        options = {"period": "last_quarter", "weekends": "hide"}
        app = run_page(file, tmp_path, **options, **query)
        assert [error.message for error in app.exception] == [], (file, query)
        assert {tuple(line) for line in tile_lines(app).values()} <= {("–",)}
        assert {card.value for card in app.metric} <= {"–"}
        begins = "the data begins on 19 Nov 2026."
        unknown = f"No data in this period. T{begins[1:]}", f"No comparison: {begins}"
        assert {plain(info.value) for info in app.info} <= {*unknown}, (file, query)
        assert not app.text, file


def test_days_of_new_users_may_be_before_the_data_where_no_other_days_are(
    run_page: RunPage, tmp_path: Path
) -> None:
    write_last(tmp_path, timedelta(days=19))
    app = run_page("traffic.py", tmp_path, period="last_7_days")
    assert "No data of these days. The data begins on 2 Nov 2026." in {
        plain(info.value) for info in app.info
    }
    assert tiles(app)["Visits"] != "–"
    query = {"period": "last_7_days", "about": "new_users"}
    cards = {
        card.label: card for card in run_page("insights.py", tmp_path, **query).metric
    }
    rooms = cards["Week-old rooms"]
    assert (rooms.value == "–", rooms.delta) == (False, "n/a")


@pytest.mark.parametrize(("stray", "said"), [(1, "1 older row"), (2, "2 older rows")])
def test_all_time_says_how_many_rows_of_a_wrong_clock_it_leaves_out(
    run_page: RunPage, plain_store: Callable[..., Path], stray: int, said: str
) -> None:
    file = plain_store() / "fpp_page_views.parquet"
    views = pl.read_parquet(file)
    old = views.head(stray).with_columns(
        pl.lit(datetime(1970, 1, 1)).alias("viewed_at")
    )
    pl.concat([views, old], how="vertical_relaxed").write_parquet(file)
    captions = [
        c.value for c in run_page("votes.py", file.parent, period="all_time").caption
    ]
    assert f"All time begins on 24 May 2024, without {said}." in captions
    own = {"from": "2024-05-24", "to": "2024-06-20"}
    assert not [
        c.value
        for c in run_page("location.py", file.parent, **own).caption
        if said in c.value
    ]


def test_where_the_data_begins_in_the_period_no_longer_one_is_advised(
    run_page: RunPage, tmp_path: Path
) -> None:
    """It would be as blank: the only vote has one estimation."""
    for table in TABLES:
        rows = pl.read_parquet(GOLDEN / table.file_name).head(1)
        times = [n for n, dtype in rows.schema.items() if dtype == TIMESTAMP]
        at = pl.lit(datetime(2026, 11, 18, 9), TIMESTAMP)
        rows = rows.with_columns(at.alias(name) for name in times)
        if (name := "amount_of_estimations") in rows.columns:
            rows = rows.with_columns(pl.lit(1, rows.schema[name]).alias(name))
        rows.write_parquet(tmp_path / table.file_name)
    app = run_page("insights.py", tmp_path, period="last_28_days")
    said = {plain(info.value) for info in app.info}
    assert said == {"Nothing to show yet: the data begins on 18 Nov 2026."}


@pytest.mark.parametrize(
    ("query", "begins"),
    [
        ({"period": "all_time"}, False),
        ({"from": "2024-05-24", "to": "2024-06-02"}, True),
        ({"from": "2024-05-29", "to": "2024-06-07"}, True),
        ({"from": "2024-05-24", "to": "2024-06-02", "compare": "none"}, False),
    ],
)
def test_why_nothing_is_compared_is_said_where_a_comparison_was_asked_for(
    run_page: RunPage,
    monkeypatch: pytest.MonkeyPatch,
    query: dict[str, str],
    *,
    begins: bool,
) -> None:
    """The golden data begin on 24 May 2024."""
    app = run_page("traffic.py", GOLDEN, **query)
    because = "no comparison: the data begins on 24 May 2024"
    assert any(because in text for text in captions(app)) == begins
    context, *_ = taken_away(run_page, monkeypatch, "traffic.py", **query)
    reason = ": the data begins on 2024-05-24" if begins else ""
    about = export.readme(context, Results({}, {})).splitlines()
    assert f"Compared with: nothing{reason}" in about


@pytest.mark.parametrize("every", ["day", "week"])
def test_charts_begin_with_the_data_and_say_so(run_page: RunPage, every: str) -> None:
    """The golden data begin on 24 May 2024, in the middle of these 91 days."""
    drawn = {"overview": "", "historical": ", by", "behaviour": ", by", "votes": ""}
    for page, after in drawn.items():
        now = datetime(2024, 7, 10, 12)
        app = run_page(
            f"{page}.py", GOLDEN, now=now, period="last_91_days", every=every
        )
        texts = (text.replace("\\", "") for text in captions(app))
        head, *others = (text.replace("\u2060", "") for text in texts)
        assert head.startswith("10 Apr – 9 Jul 2024 · 91 days")
        assert any(c.startswith(f"24 May – 9 Jul 2024{after}") for c in others), page
        assert not any("10 Apr" in c for c in others)


def test_data_without_a_row_begins_on_no_day(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for table in TABLES:
        rows = pl.read_parquet(GOLDEN / table.file_name).clear()
        rows.write_parquet(tmp_path / table.file_name)
    shared: list[PageContext] = []
    monkeypatch.setattr("ui.page_context.share", shared.append)
    run_page("report.py", tmp_path, period="all_time")
    assert [context.query.data_begins for context in shared] == [None]


def test_a_finding_leads_to_the_figures_that_it_names(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    """It is of all users, whatever is filtered on the page that names it."""
    chosen = {"filter": "country:DE", "bots": "true", "every": "month", "tz": "UTC"}
    folder = plain_store()
    written = (APP_NOW - timedelta(days=2)).replace(tzinfo=UTC).timestamp()
    for file in folder.glob("*.parquet"):
        os.utime(file, (written, written))
    app = run_page("overview.py", folder, **chosen)
    found = re.compile("Today: |expected|gone quiet|late")
    links = [link.proto for link in app.get("page_link")]
    carried = {
        link.page: {*parse_qs(link.query_string)}
        for link in links
        if found.search(link.label)
    }
    # The Data page has no figures, and leads back to what was chosen.
    assert carried.pop("data") == {*chosen}
    assert carried
    for page, names in carried.items():
        assert "tz" in names, page
        assert names.isdisjoint({"filter", "bots", "every"}), page


def test_a_link_to_another_page_is_understood_there(run_page: RunPage) -> None:
    """As are those of findings, also of ones that today does not have."""
    own: set[tuple[str, str]] = {
        (page, urlencode(query)) for page, query in attention.PAGES.values()
    }
    for file, query in (
        *((file, {}) for file in PAGES),
        ("room.py", {"room": "1"}),
        *(("insights.py", {"about": about}) for about in ("Meetings", "Rooms")),
    ):
        for link in run_page(file, **query).get("page_link"):
            if link.proto.query_string:
                own.add((link.proto.page or "overview", link.proto.query_string))
    assert len(own) > 8
    for page, text in own:
        app = run_page(f"{page}.py", **parse_qs(text))
        assert [warning.value for warning in app.warning] == [], (page, text)


def test_the_last_30_days_are_compared_with_as_many_where_they_are_a_month(
    run_page: RunPage,
) -> None:
    app = run_page("votes.py", now=datetime(2026, 7, 1, 9), period="last_30_days")
    said = next(text for text in captions(app) if "compared with" in text)
    assert "compared with 2 May – 31 May 2026" in said


@pytest.mark.parametrize(
    ("file", "query", "compares"),
    [
        ("room.py", {}, False),
        ("room.py", {"room": "1"}, True),
        ("room.py", {"room": ["1", "01", "x"]}, True),
        ("room.py", {"room": "x"}, False),
        ("room.py", {"room": "1", "meeting": "1"}, False),
        ("room.py", {"room": "1", "meeting": "x"}, True),
        ("room.py", {"room": ["1", "2"]}, False),
        ("room.py", {"room": ["1", "999999"]}, True),
        ("room.py", {"room": "999999"}, False),
        ("insights.py", {"about": "Rooms"}, False),
        ("insights.py", {"about": " rooms "}, False),
        ("insights.py", {"about": "Agreement"}, True),
        ("historical.py", {}, False),
        ("votes.py", {}, True),
        # Nothing is before it.
        ("votes.py", {"period": "all_time"}, False),
    ],
)
def test_a_comparison_is_offered_and_named_where_something_is_compared(
    run_page: RunPage, file: str, query: dict[str, str | list[str]], *, compares: bool
) -> None:
    app = run_page(file, **query)
    offered = any(box.label == "Compare with" for box in app.selectbox)
    named = any(" compared with " in text for text in captions(app))
    matches = any(toggle.label == "Match weekdays" for toggle in app.toggle)
    assert (offered, named, matches) == (compares, compares, compares)


@pytest.mark.parametrize(
    ("query", "groups"),
    [
        ({}, False),
        ({"room": "999999"}, False),
        ({"room": "1"}, True),
        ({"room": ["1", "2"]}, True),
        ({"room": "1", "meeting": "1"}, False),
    ],
)
def test_a_granularity_is_offered_where_a_room_has_figures_over_time(
    run_page: RunPage, query: dict[str, str | list[str]], *, groups: bool
) -> None:
    app = run_page("room.py", **query)
    assert any(box.label == "Group by" for box in app.selectbox) == groups


def test_a_room_of_a_filter_has_a_name_in_words(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    file = plain_store() / "fpp_rooms.parquet"
    rooms = pl.read_parquet(file)
    names = (
        pl.when(pl.col("id") == rooms["id"][0]).then(None).otherwise(pl.lit("\u200b"))
    )
    rooms.with_columns(name=names).write_parquet(file)
    for room_id, number in rooms.select("id", "number").head(2).iter_rows():
        app = run_page("votes.py", file.parent, filter=f"room:{room_id}")
        (chip,) = [button for button in app.button if "is" in button.label]
        assert chip.label == fmt.escaped(f"Room is (not set) #{number}")


def test_a_room_that_is_typed_for_a_filter_is_found_as_pages_name_it(
    plain_store: Callable[..., Path],
) -> None:
    file = plain_store() / "fpp_rooms.parquet"
    first, second, deleted = pl.read_parquet(file).head(3).iter_rows(named=True)
    first |= {"name": "654321", "number": 700_001}
    # Its number is the id of another room.
    second |= {"number": first["id"]}
    pl.DataFrame([first, second]).write_parquet(file)
    snapshot = open_store(file.parent)
    for room, typed in (
        *((first, text) for text in (str(first["id"]), "700001", "#700001", "654321")),
        *((second, text) for text in (str(second["id"]), second["name"])),
        (deleted, str(deleted["id"])),
    ):
        assert filter_chips._room_id(snapshot, typed) == str(room["id"]), typed
    # No number that begins with it is meant.
    assert filter_chips._room_id(snapshot, "7000") == "7000"


def test_a_list_that_is_cut_says_so_and_offers_the_rest(run_page: RunPage) -> None:
    def switches(app: AppTest) -> list[str]:
        return [each.label for each in app.toggle if each.label.startswith("Show all")]

    lines = run_page("behaviour.py", part="Rooms", period="All time")
    funnel = run_page("traffic.py", split="Country", period="All time")
    listed = run_page("room.py", period="All time")
    changed = run_page("overview.py")
    assert any(label.startswith("Show all") for label in switches(changed))
    assert any(label.startswith("Show all") for label in switches(funnel))
    said = captions(lines)
    # How many there are the bars beside it say.
    rest = "the table has 40, and all others as one"
    assert f"The 6 largest are drawn; {rest}." in said
    # Those beyond the 40 are not all that have no line.
    drawn = [
        rows["series"].unique()
        for chart in lines.get("vega_lite_chart")
        for rows in data_of(chart)
        if "series" in rows.columns
    ]
    assert [names.len() for names in drawn] == [6]
    assert "(other rooms)" not in drawn[0]
    few = run_page("behaviour.py", part="Rooms")
    said = captions(few)
    assert "The 6 largest of 11 are drawn; the table has all." in said
    # One other is no less than itself; four more had votes in the comparison alone.
    assert switches(few) == []
    bars = [
        rows["_label"]
        for chart in few.get("vega_lite_chart")
        for rows in data_of(chart)
        if "_label" in rows.columns
    ]
    assert [labels.len() for labels in bars] == [11]
    assert "1 other" not in bars[0]
    as_table = run_page("behaviour.py", part="Rooms", table_rooms="true")
    assert len(as_table.dataframe[0].value) == 15
    rows = len(listed.dataframe[0].value)
    assert rows > 50
    text = f"The rooms with votes in this period, busiest first: {rows} rooms"
    assert any(caption.startswith(text) for caption in captions(listed))


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"filter": ["country:DE", "country:US"], "period": "All time"},
        {"filter": "room:1", "period": "All time", "every": "month"},
    ],
)
def test_a_word_has_one_number_on_all_pages(
    run_page: RunPage, query: dict[str, str | list[str]]
) -> None:
    views: tuple[tuple[str, dict[str, str]], ...] = (
        ("overview.py", {}),
        ("traffic.py", {}),
        ("votes.py", {"figures": "Medians"}),
        ("votes.py", {"figures": "Other figures"}),
        ("insights.py", {"about": "Meetings"}),
    )
    shown = [tiles(run_page(file, **query, **view)) for file, view in views]
    values = {
        name: {found[name] for found in shown if found.get(name, "–") != "–"}
        for name in chain.from_iterable(shown)
    }
    assert {"Votes", "Unique users", "Median duration"} <= values.keys()
    assert {name: found for name, found in values.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        pytest.param(
            datetime(2024, 5, 30, 12), "24 May 2024", id="all before the data"
        ),
        pytest.param(datetime(2024, 6, 5, 12), "24 May 2024", id="partly before it"),
        pytest.param(datetime(2024, 6, 7, 12), "24 May 2024", id="from its first day"),
        pytest.param(datetime(2024, 6, 8, 12), None, id="after its first day"),
    ],
)
def test_nothing_is_compared_with_days_before_the_data(
    run_page: RunPage, now: datetime, begins: str | None
) -> None:
    """A count of no days, or of some of them, is nothing to rise from."""
    app = run_page("overview.py", now=now, period="last_7_days")
    said = [*captions(app), *(plain(text.value) for text in app.info)]
    reason = f"o comparison: the data begins on {begins}"
    bar, block = f"n{reason}", f"N{reason}."
    assert any(bar in text for text in said) == (begins is not None)
    assert (block in said) == (begins is not None)
    compared = {len(lines) > 1 for lines in tile_lines(app).values()}
    assert compared == {begins is None}
    report = run_page("report.py", now=now, period="last_7_days")
    text = html_of(report)
    assert (bar in text) == (begins is not None)
    assert ("Before" in text) == (begins is None)


def test_unusual_days_of_the_comparison_are_named_beside_the_change(
    run_page: RunPage, tmp_path: Path
) -> None:
    """October grew from a September that had a busy Monday."""
    folder = busy(tmp_path)
    named = "Unusual in the comparison: Mon 21 Sep 2026 (902 votes, 0–27 expected). "
    for file in ("overview.py", "votes.py"):
        for compare, is_named in (("previous", True), ("none", False)):
            view = {"period": "last_month", "show": "votes", "compare": compare}
            app = run_page(file, folder, **view)
            assert any(named in text for text in captions(app)) == is_named
    report = run_page("report.py", folder, period="last_month")
    before = html_of(report).partition("Unusual days in the comparison")[2]
    assert "Monday, 21 Sep 2026: " in before
    assert "902 votes (0–27 expected)" in before


@pytest.mark.parametrize(
    ("period", "server", "days", "bars"),
    [
        ("last_7_days", "", 0, 10),
        ("last_28_days", "", 3, 13),
        ("last_91_days", "", 5, 15),
        # The figures of the product's server have the place.
        ("last_28_days", "http://127.0.0.1:9", 3, 10),
    ],
)
def test_what_changed_fills_the_place_beside_the_unusual_days(
    run_page: RunPage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    period: str,
    server: str,
    days: int,
    bars: int,
) -> None:
    monkeypatch.setenv("FPP_SERVER_URL", server)
    app = run_page("overview.py", busy(tmp_path), period=period)
    assert [len(table.value) for table in app.dataframe] == ([days] if days else [])
    _, changed, _ = app.get("vega_lite_chart")
    [moved] = data_of(changed)
    assert moved.height == bars


def _places(node: Any, at: tuple[int, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the key of each switch with the place where the browser has it."""
    for number, child in getattr(node, "children", {}).items():
        if child.type == "toggle":
            yield child.key, (*at, number)
        yield from _places(child, (*at, number))


@pytest.mark.parametrize("file", PAGES)
def test_a_switch_stays_in_its_place_when_it_is_pressed(
    run_page: RunPage, file: str
) -> None:
    """One that moves is another element for the browser, and loses the focus."""
    before = dict(_places(run_page(file)._tree))  # not public
    for key in query_params.OF_BLOCKS & before.keys():
        after = dict(_places(run_page(file, **{key: "true"})._tree))
        assert after[key] == before[key], key
