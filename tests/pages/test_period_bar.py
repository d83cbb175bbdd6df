"""The line beneath the period bar, its steps and what it offers."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from metrics import periods
from metrics.frames import Period
from metrics.periods import Days
from metrics.query import Granularity, Query
from store.reader import Snapshot
from tests.metrics.building import frames, quick
from tests.metrics.building import view as page_view
from tests.pages.building import EVERY_TABLE, query_of
from tests.pages.conftest import GOLDEN, NOW, RunPage, captions
from tests.pages.test_pages import PAGES
from ui import period_bar, query_params
from ui.period_bar import Shown


def bar_says(query: Query, granularity: str = "auto") -> str:
    return period_bar.caption(
        query, NOW, granularity, bots=False, compares=True, later={}
    )


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


@pytest.mark.parametrize("granularity", ["Day", "Week", "Month"])
@pytest.mark.parametrize("page", ["behaviour.py", "historical.py", "insights.py"])
def test_all_years_are_drawn_in_any_granularity(
    run_page: RunPage, page: str, granularity: str
) -> None:
    query = {"period": "Custom", "from": "2024-06-01", "to": "2026-11-20"}
    app = run_page(page, GOLDEN, every=granularity, no_weekends="false", **query)
    assert [e.message for e in app.exception] == []


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
