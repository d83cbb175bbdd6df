"""The chart over time: whole and cut buckets, gaps, weekends, notes, zones, zoom."""

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import vl_convert
from hypothesis import assume, example, given
from hypothesis import strategies as st

from metrics import periods, time_axis
from metrics.behaviour import OTHER, SOURCE_CLASSES
from metrics.frames import Period
from metrics.query import Granularity
from metrics.time_zone import to_utc
from simulation.tables import Event, Route
from store.notes import Note, Notes
from tests.metrics.building import quick
from tests.pages.chart_specs import ticks
from ui import charts
from ui.blocks.kpi_strip import _longer_by
from ui.charts.axes import Chart, any_but_zero
from ui.charts.lines import columns_over_time, consensus_by_team_size
from ui.charts.theme import CUT, DASHES, PALETTE
from ui.charts.time_chart import (
    UNEQUAL,
    TimeAxis,
    incomplete_in,
    legend,
    lone_values,
)
from ui.export import with_notes

FEW = 10
"""Buckets of which each value is a point."""
NOW = datetime(2026, 11, 18, 14, 30)
"""A Wednesday."""


def axis(
    first: date, last: date, granularity: Granularity = "day", *notes: Note
) -> TimeAxis:
    whole = Period.of_days(first, last)
    period = Period(whole.start, max(whole.start, min(whole.end, NOW)))
    return TimeAxis(granularity, period, NOW, notes)


def plain(text: str) -> str:
    """Return a legend with blanks at which lines may end everywhere."""
    return text.replace("\u00a0", " ").replace("\u2060", "")


def november(*days: int) -> list[date]:
    return [date(2026, 11, day) for day in days]


def series(
    days: Sequence[date], values: Sequence[float | None] | None = None
) -> pl.DataFrame:
    counts = [*range(len(days))] if values is None else values
    return pl.DataFrame(
        {"bucket": days, "votes": counts},
        schema={"bucket": pl.Date, "votes": pl.Float64},
    )


def drawn(frame: pl.DataFrame, on: TimeAxis, **more: object) -> dict[str, object]:
    chart = charts.time_chart(frame, "votes", "Votes", "count", on, **more)  # type: ignore[arg-type]  # passed on
    return chart.to_dict()


WHOLE = pl.lit(None, pl.String).alias("cut")


def y_scale(chart: Chart) -> Mapping[str, object]:
    """Return the scale of values as Vega draws it."""
    compiled = vl_convert.vegalite_to_vega(chart.to_dict())
    return next(scale for scale in compiled["scales"] if scale["name"] == "y")


def test_an_axis_has_zero_at_its_foot_where_all_is_zero() -> None:
    days = november(15, 16, 17)
    on = axis(days[0], days[-1])
    for value, domain in ((0.0, [0, 1]), (2.0, None), (None, [0, 1])):
        frame = series(days, [0.0, 0.0, value])
        charts_of = [
            charts.time_chart(frame, "votes", "Votes", "count", on),
            columns_over_time(frame.with_columns(WHOLE), {"votes": "Votes"}, on),
        ]
        for chart in charts_of:
            found = y_scale(chart)["domain"]
            assert (found if isinstance(found, list) else None) == domain
    # Nor has it zero above it where the comparison is more than that.
    none, before = series(days, [0.0] * 3), series(november(12, 13, 14))
    compared = (before, axis(date(2026, 11, 12), date(2026, 11, 14)))
    chart = charts.time_chart(none, "votes", "Votes", "count", on, before=compared)
    assert not isinstance(y_scale(chart)["domain"], list)


def test_an_axis_of_crowded_lines_begins_at_zero_for_a_single_value() -> None:
    on = axis(date(2026, 11, 9), date(2026, 11, 17), "week")
    rows = {
        "bucket": november(9, 16),
        "team_size": ["2–3", "2–3"],
        "near_pair_share": [0.7, 0.8],
    }
    for shares, zero in (([0.7, 0.8], False), ([0.7, None], True)):
        frame = pl.DataFrame({**rows, "near_pair_share": shares})
        assert y_scale(consensus_by_team_size(frame, on))["zero"] is zero


def rows_of(spec: dict[str, object], column: str) -> list[dict[str, object]]:
    datasets: dict[str, list[dict[str, object]]] = spec["datasets"]  # type: ignore[assignment]  # JSON
    return next(rows for rows in datasets.values() if column in rows[0])


def column(spec: dict[str, object], name: str) -> list[object]:
    return [row[name] for row in rows_of(spec, name)]


@pytest.mark.parametrize(
    ("granularity", "first", "last", "buckets", "whole"),
    [
        ("day", 15, 17, november(15, 16, 17), [True, True, True]),
        ("day", 16, 18, november(16, 17, 18), [True, True, False]),
        ("week", 4, 17, november(2, 9, 16), [False, True, False]),
        ("week", 2, 15, november(2, 9), [True, True]),
        ("month", 1, 17, november(1), [False]),
    ],
)
def test_buckets_that_the_period_cuts_are_parts(
    granularity: Granularity,
    first: int,
    last: int,
    buckets: list[date],
    whole: list[bool],
) -> None:
    on = axis(date(2026, 11, first), date(2026, 11, last), granularity)
    placed = on.place(series(buckets))
    assert placed["whole"].to_list() == whole


def test_parts_say_so_in_their_tooltip() -> None:
    on = axis(date(2026, 11, 4), date(2026, 11, 18), "week")
    placed = on.place(series(november(2, 9, 16)))
    assert placed["when"].to_list() == [
        "week of 2 Nov 2026, in part",
        "week of 9 Nov 2026",
        "week of 16 Nov 2026, so far",
    ]


def test_a_solid_line_has_whole_buckets_and_dashes_lead_to_the_others() -> None:
    on = axis(date(2026, 11, 4), date(2026, 11, 18), "day")
    days = [date(2026, 11, 4) + timedelta(days=n) for n in range(15)]
    spec = drawn(series(days), on)
    assert column(spec, "solid") == [*range(14), None]
    assert column(spec, "part") == [*[None] * 13, 13, 14]


def test_a_gap_stays_a_gap_and_a_value_between_two_is_a_point() -> None:
    days = [date(2026, 10, 1) + timedelta(days=n) for n in range(14)]
    values = [1.0, 2.0, None, 5.0, None, *[3.0] * 9]
    spec = drawn(series(days, values), axis(days[0], days[-1]))
    assert column(spec, "solid")[2] is None
    assert [n for n, v in enumerate(column(spec, "alone")) if v is not None] == [3]


@given(
    values=st.lists(st.none() | st.floats(0, 9), min_size=3, max_size=30),
    ends=st.booleans(),
)
@example(values=[None, 1.0, 2.0, None], ends=True)
def test_every_value_is_in_a_line_or_a_point(
    values: list[float | None], *, ends: bool
) -> None:
    days = [date(2026, 10, 12) + timedelta(days=n) for n in range(len(values))]
    on = axis(days[0] + timedelta(days=1), days[-1] - timedelta(days=ends))
    placed = on.place(series(days, values)).rename({"votes": "value"})
    found = lone_values(placed).rows(named=True)
    for n, row in enumerate(found):
        if row["value"] is None:
            continue
        beside = [found[m] for m in (n - 1, n + 1) if 0 <= m < len(found)]
        in_line = any(
            row[line] is not None and other[line] is not None
            for line in ("solid", "part")
            for other in beside
        )
        assert in_line or row["alone"] == row["value"]
        in_solid = row["solid"] is not None and any(
            other["solid"] is not None for other in beside
        )
        if in_solid and len(found) > FEW:
            assert row["alone"] is None
    # Only a part with a value, beside another value, has a dotted line.
    pairs = [found[:2], found[:-3:-1]] if ends else [found[:2]]
    dotted = [all(row["value"] is not None for row in pair) for pair in pairs]
    lines = [all(row["part"] is not None for row in pair) for pair in pairs]
    assert lines == dotted
    assert any(row["part"] is not None for row in found) == any(dotted)


def test_hidden_weekends_leave_a_gap_and_shown_ones_a_shade() -> None:
    days = [date(2026, 11, 2) + timedelta(days=n) for n in range(12)]
    on = axis(days[0], days[-1])
    working = [day for day in days if day.isoweekday() < 6]
    hidden = drawn(series(working), on)
    assert [n for n, v in enumerate(column(hidden, "solid")) if v is None] == [5, 6]
    for frame in (series(days), series(working)):
        shades = rows_of(drawn(frame, on), "end")
        assert len(shades) == 2
        assert (shades[1]["end"] - shades[0]["start"]) / 3_600_000 == 48  # type: ignore[operator]  # numbers


def test_times_are_milliseconds_in_utc_whatever_the_browser_thinks() -> None:
    days = november(2, 3)
    spec = drawn(series(days), axis(days[0], days[-1]))
    midnight = datetime(2026, 11, 2, tzinfo=UTC).timestamp() * 1000
    assert column(spec, "at")[0] == midnight
    xs = [
        layer["encoding"]["x"]
        for layer in spec["layer"]  # type: ignore[attr-defined]  # JSON
        if "x" in layer["encoding"]
    ]
    assert {x["scale"]["type"] for x in xs} == {"utc"}


def test_the_comparison_is_a_line_by_position_that_may_end_early() -> None:
    now, before = november(9, 10, 11), november(2, 3)
    on, earlier = axis(now[0], now[-1]), axis(before[0], before[-1])
    spec = drawn(series(now), on, before=(series(before, [7, 8]), earlier))
    assert column(spec, "before_solid") == [7, 8, None]
    assert column(spec, "before_when") == ["Mon 2 Nov 2026", "Tue 3 Nov 2026", None]
    text = plain(legend(on, earlier, shorter=True))
    assert text.startswith("— 9 Nov – 11 Nov 2026")
    assert "┄ 2 Nov – 3 Nov 2026, shorter" in text
    same = axis(date(2026, 11, 6), date(2026, 11, 8))
    text = plain(legend(on, same, shorter=True))
    assert "┄ 6 Nov – 8 Nov 2026, its line ends early" in text
    text = plain(legend(earlier, on, longer=True))
    assert "┄ 9 Nov – 11 Nov 2026, longer: its end is not drawn" in text
    # By weeks, or as the clocks go back.
    text = plain(legend(on, same, longer=True))
    assert text.endswith("┄ 6 Nov – 8 Nov 2026, its end is not drawn")


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", date(2026, 3, 29)),
        ("Europe/Berlin", date(2026, 10, 25)),
        ("Australia/Lord_Howe", date(2026, 4, 5)),
        ("Australia/Lord_Howe", date(2026, 10, 4)),
        # The clocks skip midnight.
        ("America/Santiago", date(2026, 9, 6)),
    ],
)
def test_hours_are_compared_with_those_of_the_same_name(zone: str, day: date) -> None:
    """On days of 23, 24.5 and 25 hours, from either side; a repeated hour says so."""
    there, day_before = ZoneInfo(zone), day - timedelta(days=1)
    changed, usual = (Period.of_days(each, each, there) for each in (day, day_before))
    for now, before in ((changed, usual), (usual, changed)):
        on, earlier = (
            TimeAxis.of("hour", period, datetime(2027, 1, 1))
            for period in (now, before)
        )
        frames_of = [
            pl.DataFrame(
                {"bucket": [b.start for b in time_axis.buckets_of(period, "hour")]}
            ).with_columns(votes=pl.lit(1.0))
            for period in (now, before)
        ]
        spec = drawn(frames_of[0], on, before=(frames_of[1], earlier))
        names = [str(name) for name in column(spec, "when")]
        assert len({*names}) == len(names)
        for name, compared in zip(names, column(spec, "before_when"), strict=True):
            if compared is not None:
                hours = [text.partition(", ")[2][:2] for text in (name, str(compared))]
                assert hours[0] == hours[1]
        # Only an hour that the other day lacks, or has once, is beside nothing.
        assert column(spec, "before_when").count(None) <= 1
        # What is not drawn of the comparison is said.
        left_out = on.hours_left_out(frames_of[0], frames_of[1], earlier)
        drawn_ones = {str(when) for when in column(spec, "before_when") if when}
        every = [str(when) for when in earlier.place(frames_of[1])["when"]]
        missing = [when.split(", ")[1] for when in every if when not in drawn_ones]
        assert left_out == missing
        text = legend(on, earlier, left_out=left_out)
        assert text.endswith(f", not drawn: {missing[0]}" if missing else "2026")


@pytest.mark.parametrize(
    "now",
    [
        *(datetime(2027, 3, 29, 10, 30), datetime(2027, 3, 29, 22, 30)),
        *(datetime(2027, 11, 1, 10, 30), datetime(2027, 11, 1, 22, 30)),
    ],
)
def test_the_last_24_hours_are_beside_those_before_after_a_change(
    now: datetime,
) -> None:
    """They begin an hour apart, perhaps on another day, and end at the same time."""
    zone, days = ZoneInfo("Europe/Berlin"), periods.Days(now.date(), now.date())
    spans = (
        periods.period_of(days, now, zone, hours=24),
        periods.compared_with(periods.PREVIOUS, days, now, zone=zone, hours=24),
    )
    on, earlier = (TimeAxis.of("hour", span, now) for span in spans if span)
    rows = [
        pl.DataFrame(
            {"bucket": [b.start for b in time_axis.buckets_of(span, "hour")]}
        ).with_columns(votes=pl.lit(1.0))
        for span in spans
        if span
    ]
    spec = drawn(rows[0], on, before=(rows[1], earlier))
    compared = [str(when) for when in column(spec, "before_when") if when]
    # But for the hour that was skipped or repeated.
    assert len(compared) == 24
    assert _longer_by(on, rows[0], (rows[1], earlier)) == 0


def test_an_hour_is_left_out_where_both_periods_have_a_change() -> None:
    """As many hours as the period, but of other days."""
    zone = ZoneInfo("Europe/Berlin")
    periods = [
        Period.of_days(date(year, 3, 28), date(year, 3, 31), zone)
        for year in (2026, 2025)
    ]
    hours = [
        pl.DataFrame(
            {"bucket": [b.start for b in time_axis.buckets_of(period, "hour")]}
        )
        for period in periods
    ]
    on, earlier = (
        TimeAxis.of("hour", period, datetime(2027, 1, 1)) for period in periods
    )
    assert on.hours_left_out(hours[0], hours[1], earlier) == ["Sat 29 Mar 2025, 02:00"]


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Africa/Casablanca", date(2026, 3, 22)),
        ("Europe/Berlin", date(2026, 3, 29)),
        ("Europe/Berlin", date(2026, 10, 25)),
    ],
)
def test_the_running_hour_is_compared_on_days_on_which_clocks_change(
    zone: str, day: date
) -> None:
    there, noon = ZoneInfo(zone), time(12, 40)
    periods_of = [
        Period(
            Period.of_days(each, each, there).start,
            to_utc(datetime.combine(each, noon), there),
            there,
        )
        for each in (day, day - timedelta(days=1))
    ]
    for now, before in (periods_of, periods_of[::-1]):
        (on, frame), (earlier, frame_before) = (
            (
                TimeAxis.of("hour", period, period.end),
                pl.DataFrame(
                    {"bucket": [b.start for b in time_axis.buckets_of(period, "hour")]}
                ).with_columns(votes=pl.lit(1.0), cut=pl.lit(None, pl.String)),
            )
            for period in (now, before)
        )
        cut = pl.when(pl.int_range(pl.len()) == pl.len() - 1).then(pl.lit("running"))
        spec = drawn(
            frame.with_columns(cut=cut),
            on,
            before=(frame_before.with_columns(cut=cut), earlier),
        )
        assert column(spec, "before_when")[-1] is not None
        assert UNEQUAL not in column(spec, "change")


@quick
@given(
    st.dates(date(2020, 1, 1), date(2025, 12, 31)),
    st.integers(5, 60),
    st.integers(1, 400),
)
def test_days_are_compared_with_those_as_far_into_the_period_without_weekends_too(
    first: date, length: int, ago: int
) -> None:
    spans = [
        [start + timedelta(days=n) for n in range(length)]
        for start in (first, first - timedelta(days=ago))
    ]
    on, before = (axis(days[0], days[-1]) for days in spans)
    now, then = ([day for day in days if day.isoweekday() < 6] for days in spans)
    assume(len(now) > 1 and then)
    spec = drawn(series(now), on, before=(series(then), before))
    compared = dict(zip(column(spec, "when"), column(spec, "before_when"), strict=True))
    # Beside hidden weekends too, also where these are at the ends.
    for earlier in then:
        day = earlier + timedelta(days=ago)
        said = compared[f"{day:%a} {day.day} {day:%b %Y}"]
        assert said == f"{earlier:%a} {earlier.day} {earlier:%b %Y}"


@quick
@given(
    st.dates(date(2020, 1, 1), date(2025, 12, 31)),
    st.integers(8, 200),
    st.integers(1, 400),
    st.sampled_from(["week", "month"]),
)
def test_parts_of_the_comparison_are_drawn_as_parts_and_compared_with_their_like(
    first: date, length: int, ago: int, every: Granularity
) -> None:
    def days_in_buckets(since: date) -> dict[date, int]:
        days = [since + timedelta(days=n) for n in range(length)]
        if every == "month":
            return Counter(day.replace(day=1) for day in days)
        return Counter(day - timedelta(days=day.weekday()) for day in days)

    def is_whole(bucket: date, days: int) -> bool:
        size = monthrange(bucket.year, bucket.month)[1] if every == "month" else 7
        return days == size

    now, then = days_in_buckets(first), days_in_buckets(first - timedelta(days=ago))
    assume(len(now) > 1)
    on, before = (
        axis(since, since + timedelta(days=length - 1), every)
        for since in (first, first - timedelta(days=ago))
    )
    spec = drawn(series([*now]), on, before=(series([*then]), before))
    solid, change = column(spec, "before_solid"), column(spec, "change")
    # The one of the same days after its period's first, as nearly as buckets can be.
    starts = [next(iter(buckets)) for buckets in (now, then)]
    into = [(first - starts[0]).days, (first - starts[1]).days - ago]
    half = 3 if every == "week" else 15
    ahead = (into[0] - into[1] > half) - (into[1] - into[0] > half)
    for place, (here, days) in enumerate(now.items()):
        if not 0 <= place - ahead < len(then):
            assert solid[place] is None
            continue
        there = [*then.items()][place - ahead]
        alike = days == there[1] or (is_whole(here, days) and is_whole(*there))
        assert (change[place] == UNEQUAL) == (not alike)
        assert (solid[place] is None) == (not is_whole(*there))


def test_a_first_week_before_all_others_is_said_not_to_be_drawn() -> None:
    """28 days from a Monday, and a year before from a Sunday."""
    now, then = (date(2026, 10, 26), date(2025, 10, 26))
    on, before = (axis(day, day + timedelta(days=27), "week") for day in (now, then))
    assert (on.place_of_first(before), before.place_of_first(on)) == (-1, 1)
    text = plain(legend(on, before, earlier=True))
    assert text.endswith("22 Nov 2025, its first week is not drawn")


def test_a_month_is_beside_that_of_the_year_before_where_weekdays_match() -> None:
    """A year from 1 November, and one from 26 October: six days of another month."""
    now, then = (date(2025, 11, 1), date(2024, 10, 26))
    on, before = (axis(day, day + timedelta(days=364), "month") for day in (now, then))
    assert (on.place_of_first(before), before.place_of_first(on)) == (-1, 1)
    months = [date(2024 + (9 + n) // 12, (9 + n) % 12 + 1, 1) for n in range(13)]
    later = [month.replace(year=month.year + 1) for month in months[1:]]
    spec = drawn(series(later), on, before=(series(months), before))
    assert column(spec, "before_when")[::10] == ["November 2024", "September 2025"]
    text = plain(legend(on, before, earlier=True))
    assert text.endswith("25 Oct 2025, its first month is not drawn")


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Africa/Cairo", date(2026, 4, 24)),
        ("America/Santiago", date(2026, 9, 6)),
        ("Asia/Beirut", date(2026, 3, 29)),
    ],
)
def test_a_day_that_begins_at_one_o_clock_is_a_day_on_charts_too(
    zone: str, day: date
) -> None:
    for first in (day - timedelta(days=7), day, day - timedelta(days=1)):
        last = first + timedelta(days=6)
        on = TimeAxis.of("day", Period.of_days(first, last, ZoneInfo(zone)), NOW)
        assert plain(legend(on)) == periods.describe(periods.Days(first, last))
        assert on.place(series([first, last]))["whole"].to_list() == [True] * 7


def test_tooltips_print_as_the_page_does() -> None:
    days, before = november(9, 10, 11), november(2, 3, 4)
    frame = series(days, [1234.0, 2, None])
    spec = drawn(
        frame,
        axis(days[0], days[-1]),
        before=(series(before, [1000.0, 0, 3]), axis(before[0], before[-1])),
    )
    assert column(spec, "text") == ["1,234", "2", "–"]
    assert column(spec, "change") == ["+23.4%", "n/a", "n/a"]


def test_a_sample_says_what_is_counted() -> None:
    """A number alone may be votes, users or pairs."""
    frame = series(november(9, 10, 11)).with_columns(
        apart_rounds=pl.Series([1, 2_270, None])
    )
    on = axis(date(2026, 11, 9), date(2026, 11, 11))
    spec = drawn(frame, on, sample_size="apart_rounds")
    assert column(spec, "n") == ["1 wide vote", "2,270 wide votes", None]


def test_durations_that_are_compared_print_in_one_unit() -> None:
    days, before = november(9, 10), november(2, 3)
    on, earlier = axis(days[0], days[-1]), axis(before[0], before[-1])

    def texts(now: list[float | None], then: list[float | None]) -> list[list[object]]:
        shown = november(9) if len(now) == 1 else days
        chart = charts.time_chart(
            series(shown, now),
            "votes",
            "Duration",
            "seconds",
            on,
            before=(series(before[: len(then)], then), earlier),
        ).to_dict()
        names = ("text", "before_text") if len(now) > 1 else ("text",)
        return [column(chart, name) for name in names]

    assert texts([144, 99], [99, 9000]) == [
        ["2.4 min", "1.6 min"],
        ["1.6 min", "150.0 min"],
    ]
    assert texts([144], [99]) == [["2.4 min", "1.6 min"]]


def test_averages_print_with_decimals_and_counts_without() -> None:
    frame = series(november(9, 10), [5.0, 0.1666]).rename({"votes": "ma_votes"})
    both = frame.with_columns(WHOLE, votes=pl.lit(5))
    on = axis(date(2026, 11, 9), date(2026, 11, 10))
    texts = {
        name: column(
            charts.columns_over_time(both, {name: "Votes"}, on).to_dict(), "text"
        )
        for name in ("votes", "ma_votes")
    }
    assert texts == {"votes": ["5", "5"], "ma_votes": ["5.00", "0.167"]}


def test_a_single_bucket_is_a_bar_beside_the_one_before() -> None:
    today, yesterday = november(18), november(17)
    spec = drawn(
        series(today, [4]),
        axis(today[0], today[0]),
        before=(series(yesterday, [6]), axis(yesterday[0], yesterday[0])),
    )
    rows = rows_of(spec, "date")
    assert [(row["date"], row["value"]) for row in rows] == [
        ("Wed 18 Nov 2026, so far", 4),
        ("Tue 17 Nov 2026", 6),
    ]


@pytest.mark.parametrize(
    ("now", "before", "starts", "bars"),
    [
        # Both are parts of one month.
        (
            (10, 12),
            (7, 9),
            [date(2026, 10, 1)],
            [
                ("10 Oct – 12 Oct 2026", 4),
                ("7 Oct – 9 Oct 2026", 6),
            ],
        ),
        # One of them is running.
        (
            (47, 49),
            (40, 42),
            [date(2026, 11, 1)],
            [
                ("16 Nov – 18 Nov 2026", 4),
                ("9 Nov – 11 Nov 2026", 6),
            ],
        ),
        # What precedes is in two of them: neither is left out.
        (
            (2, 4),
            (-1, 1),
            [date(2026, 9, 1), date(2026, 10, 1)],
            [
                ("2 Oct – 4 Oct 2026", 4),
                ("September 2026, in part", 6),
                ("1 Oct 2026", 6),
            ],
        ),
    ],
)
def test_bars_of_single_buckets_differ_in_name_and_are_all_there(
    now: tuple[int, int],
    before: tuple[int, int],
    starts: list[date],
    bars: list[tuple[str, float]],
) -> None:
    def on(days: tuple[int, int]) -> TimeAxis:
        first, last = (date(2026, 9, 30) + timedelta(days=day) for day in days)
        return axis(first, last, "month")

    earlier = series(starts, [6] * len(starts)).with_columns(cut=pl.lit("end"))
    month, runs = on(now).period.first_day.replace(day=1), on(now).period.end == NOW
    frame = series([month], [4]).with_columns(cut=pl.lit("running" if runs else "end"))
    spec = drawn(frame, on(now), before=(earlier, on(before)))
    assert [(row["date"], row["value"]) for row in rows_of(spec, "date")] == bars


RELEASE = Note(date(2026, 11, 3), date(2026, 11, 4), "v2", "https://example.com")


def test_the_legend_explains_dotted_ends_where_lines_have_some() -> None:
    weeks = november(2, 9)
    on = axis(weeks[0], date(2026, 11, 15), "week")
    earlier = axis(date(2026, 10, 20), date(2026, 11, 1), "week")

    def said(values: Sequence[float | None], before: Sequence[float | None]) -> str:
        then = series([date(2026, 10, 19), date(2026, 10, 26)], before), earlier
        frame = series(weeks, values)
        chart = charts.time_chart(frame, "votes", "Votes", "count", on, before=then)
        return incomplete_in(chart, on, frame)

    assert not said([1, 2], [None, 3])
    dotted = said([1, 2], [4, 3])
    assert dotted == "⋯\u00a0incomplete week"
    # A point of its own has no line.
    assert not said([1, 2], [4, None])
    assert legend(on, incomplete=dotted).endswith(f" {dotted}")


@pytest.mark.parametrize(("last", "said"), [(8, ""), (7, "incomplete week")])
def test_points_of_a_single_bucket_say_in_the_legend_that_it_is_a_part(
    last: int, said: str
) -> None:
    week = november(2)
    on = axis(week[0], date(2026, 11, last), "week")
    cut = pl.lit("end" if said else None, pl.String)
    frame = series(week, [3]).with_columns(cut=cut)
    chart = charts.columns_over_time(frame, {"votes": "Votes"}, on)
    assert incomplete_in(chart, on, frame) == said


def test_each_line_has_its_own_gaps_on_days_that_only_others_have() -> None:
    days = november(2, 3, 4, 5)
    names = pl.Series("room", ["a", "a", "b", "b"])
    placed = axis(days[0], days[-1]).place(series(days).with_columns(names), by="room")
    assert placed.select("room", "bucket", "votes").rows() == [
        (room, day, votes)
        for room, counts in (("a", [0, 1, None, None]), ("b", [None, None, 2, 3]))
        for day, votes in zip(days, counts, strict=True)
    ]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [([0, -3], True), ([None, 0, 2.5], True), ([0, None], False), ([], False)],
)
def test_anything_but_zero_is_something(
    numbers: list[float | None], expected: bool
) -> None:
    assert any_but_zero([pl.Series(numbers, dtype=pl.Float64)]) == expected


def test_no_line_of_a_legend_ends_within_dates_or_after_a_mark() -> None:
    now, before = november(3, 4, 5), november(1, 2)
    on, earlier = axis(now[0], now[-1], "day", RELEASE), axis(before[0], before[-1])
    part = "⋯\u00a0incomplete day"
    text = legend(on, earlier, shorter=True, marked=True, incomplete=part)
    assert [part.split(" ")[0] for part in text.split(" \u2002 ")] == [
        "—\u00a03\u00a0Nov\u00a0–\u2060\u00a05\u00a0Nov\u00a02026",
        "┄\u00a01\u00a0Nov\u00a0–\u2060\u00a02\u00a0Nov\u00a02026,",
        "⋯\u00a0incomplete",
        ":orange[◆]\u00a0unusual",
        ":violet[⚑]\u00a03\u00a0Nov\u00a0–\u2060\u00a04\u00a0Nov\u00a02026:",
    ]


def test_notes_of_the_period_are_flags_and_are_in_the_legend() -> None:
    days = november(2, 3, 4, 5)
    old = Note(date(2026, 1, 1), date(2026, 1, 1), "old")
    on = axis(days[0], days[-1], "day", RELEASE, old)
    (flag,) = rows_of(drawn(series(days), on), "link")
    assert flag["title"] == "v2"
    assert flag["at"] == datetime(2026, 11, 3, tzinfo=UTC).timestamp() * 1000
    text = plain(legend(on))
    dates = "3 Nov – 4 Nov 2026"
    assert f":violet[⚑] {dates}: [v2](https://example.com)" in text
    assert "old" not in text


def test_many_notes_are_one_flag_a_bucket_and_counted_in_the_legend() -> None:
    days = november(2, 3, 4, 5)
    many = [Note(days[1], days[1], f"note {n}") for n in range(1_000)]
    on = axis(days[0], days[-1], "day", RELEASE, *many)
    (flag,) = rows_of(drawn(series(days), on), "link")
    title = str(flag["title"])
    assert title.startswith("v2; note 0; note 1; ")
    assert title.endswith("; 993 more notes on the Data page")
    assert len(title) < 200
    assert legend(on).endswith("993 more notes on the Data page")
    assert legend(on).count("⚑") == 8


@pytest.mark.parametrize(
    ("granularity", "notes"), [("day", ["a; b", "a; b", "a"]), ("month", ["a; b"])]
)
def test_a_note_of_centuries_is_in_the_csv_at_the_buckets_it_touches(
    granularity: Granularity, notes: list[str]
) -> None:
    held = Notes(
        (
            Note(date(1, 1, 1), date(9999, 12, 31), "a"),
            Note(date(2026, 10, 31), date(2026, 11, 2), "b"),
            Note(date(2026, 10, 1), date(2026, 10, 2), "before"),
        )
    )
    buckets = november(1, 2, 3) if granularity == "day" else november(1)
    period = Period.of_days(buckets[0], buckets[-1])
    found = with_notes(series(buckets), held, granularity, period)
    assert found["notes"].to_list() == notes
    assert with_notes(series([]), held, granularity, period).is_empty()


def test_a_bucket_that_the_period_cuts_has_no_note_of_a_day_outside_it() -> None:
    notes = [Note(day, day, f"{day.day}") for day in november(3, 4, 17, 18)]
    # Of several days of a week, it is there once.
    notes.append(Note(date(2026, 11, 10), date(2026, 11, 12), "10"))
    first, last = november(4, 17)
    period = Period.of_days(first, last)
    weeks = series(november(2, 9, 16)).with_columns(cut=pl.lit(value=False))
    found = with_notes(weeks, Notes(tuple(notes)), "week", period)
    assert found["notes"].to_list() == ["4", "10", "17"]
    rooms = pl.concat(
        series(november(9, 16)).with_columns(room=pl.lit(name)) for name in "ab"
    )
    found = with_notes(rooms, Notes(tuple(notes)), "week", period)
    assert found["notes"].to_list() == ["10", "17", "10", "17"]
    # Also where a page of one day has the week of it.
    of_day = Period.of_days(last, last)
    found = with_notes(series(november(16)), Notes(tuple(notes)), "week", of_day)
    assert found["notes"].to_list() == ["17"]


def test_a_note_on_a_hidden_weekend_is_on_the_day_before_it() -> None:
    friday, saturday, sunday, monday, tuesday = november(6, 7, 8, 9, 10)
    held = Notes(
        (
            Note(friday, friday, "a"),
            Note(saturday, sunday, "b; c"),
            Note(sunday, monday, "d"),
        )
    )
    shown = series([friday, monday, tuesday]).with_columns(cut=pl.lit(value=False))
    whole = Period.of_days(friday, tuesday)
    found = with_notes(shown, held, "day", whole)
    assert found["notes"].to_list() == ["a; b; c (7 Nov – 8 Nov 2026)", "d", None]
    # Or on the first day, where none is before it.
    found = with_notes(shown[1:], held, "day", Period.of_days(saturday, tuesday))
    assert found["notes"].to_list() == ["b; c (7 Nov – 8 Nov 2026); d", None]


def test_the_text_of_a_note_is_never_markup() -> None:
    note = Note(date(2026, 11, 3), date(2026, 11, 3), "[x](http://a.b) **y**")
    assert "\\[x\\]\\(" in legend(
        axis(date(2026, 11, 2), date(2026, 11, 4), "day", note)
    )


@pytest.mark.parametrize(
    ("granularity", "buckets", "picked", "days"),
    [
        ("day", november(2, 3, 4, 5), (0.6, 2.2), november(3, 4)),
        ("day", november(2, 3, 4, 5), (2.2, 0.6), november(3, 4)),
        ("week", november(2, 9, 16), (0.2, 1.1), november(2, 15)),
        ("week", november(2, 9, 16), (1.1, 2.0), november(9, 18)),
    ],
)
def test_a_dragged_span_is_the_days_of_its_buckets(
    granularity: Granularity,
    buckets: list[date],
    picked: tuple[float, float],
    days: list[date],
) -> None:
    on = axis(buckets[0], date(2026, 11, 18), granularity)
    frame = series(buckets)
    starts = on.place(frame)["at"]
    step = starts[1] - starts[0]
    span = [starts[0] + part * step for part in picked]
    assert [*on.days_between(span, frame)] == days
    assert not on.is_click(span, frame)
    assert on.is_click([span[0], span[0] + step / 250], frame)


ZONES = st.sampled_from(
    [
        *("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"),
        *("Africa/Casablanca", "America/Havana", "Pacific/Apia", "UTC"),
    ]
).map(ZoneInfo)


# Days whose clocks change in one of these zones, and up to a week before them.
CHANGES = [
    *(date(2026, 3, 8), date(2026, 3, 29), date(2026, 4, 5)),
    *(date(2026, 10, 4), date(2026, 10, 25), date(2026, 11, 1)),
]
FIRST_DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31)) | st.builds(
    lambda change, days: change - timedelta(days=days),
    st.sampled_from(CHANGES),
    st.integers(0, 6),
)


def hours_of(first: date, days: int, zone: ZoneInfo) -> tuple[TimeAxis, pl.DataFrame]:
    """Return the axis and the hours of some days; the clock is later."""
    now = datetime(2040, 1, 1)
    period = Period.of_days(first, first + timedelta(days=days - 1), zone)
    buckets = time_axis.period_axis(period, "hour").collect()
    return TimeAxis.of("hour", period, now), buckets.with_columns(
        votes=pl.lit(1.0), cut=pl.lit(None, pl.String)
    )


# Clocks there skip midnight.
@example(ZoneInfo("America/Havana"), date(2026, 3, 8), 1)
@given(ZONES, FIRST_DAYS, st.integers(1, 7))
def test_ticks_of_hours_are_what_clocks_show_also_after_they_change(
    zone: ZoneInfo, first: date, days: int
) -> None:
    on, frame = hours_of(first, days, zone)
    placed = on.place(frame)
    axis: dict[str, Any] = on.encoding(placed)["axis"].to_dict()
    found = re.findall(r"datum\.value >= (\d+) \? (-?\d+)", axis["labelExpr"])
    # The expression has the clock twice or thrice: each change counts once.
    changes = dict.fromkeys((int(at), int(by)) for at, by in found)

    def clock_at(at: float) -> datetime:
        shown = at + sum(by for since, by in changes if at >= since)
        return datetime.fromtimestamp(shown / 1000, UTC)

    for at, when in placed.select("at", "when").iter_rows():
        clock = clock_at(at)
        name = f"{clock:%a} {clock.day} {clock:%b %Y, %H:%M}"
        assert when.removesuffix(" again") == name
    values = axis["values"]
    assert 0 < len(values) <= 15
    each = 3 if days == 1 else 6 if days < 4 else 12
    for value in values:
        day = date(value["year"], value["month"], value["date"])
        at = datetime.combine(day, time(value["hours"]), UTC).timestamp() * 1000
        assert clock_at(at).hour % each == 0


@pytest.mark.parametrize("every", ["day", "week"])
def test_ticks_of_days_and_weeks_are_mondays_or_first_of_a_month(
    every: Granularity,
) -> None:
    first = date(2026, 1, 5)
    year = [first + timedelta(days=n) for n in range(200)]
    starts = [day for day in year if 0 in {day.weekday(), day.day - 1}]
    beginnings = {f"{day.day} {day:%b}" for day in starts}
    for weeks in range(14, 19):
        on = axis(first, first + timedelta(weeks=weeks, days=-1), every)
        days = time_axis.period_axis(on.period, every).collect()["bucket"].to_list()
        names = [name for name in ticks(drawn(series(days), on)) if " " in name]
        assert names
        assert all(name in beginnings for name in names), names


@given(ZONES, FIRST_DAYS, st.integers(1, 7))
def test_hours_are_shaded_where_their_clock_shows_a_weekend(
    zone: ZoneInfo, first: date, days: int
) -> None:
    on, frame = hours_of(first, days, zone)
    placed = on.place(frame)
    spans = [
        (row["start"], row["end"])
        for shade in on.weekends(placed)
        for row in rows_of(shade.to_dict(), "start")
    ]
    last = placed["at"].max()
    for at, when in placed.select("at", "when").iter_rows():
        middle = min(at + 1_800_000, last)
        is_shaded = any(start <= middle <= end for start, end in spans)
        # The last mark has no room behind it: its shade may end there.
        assert is_shaded == when.startswith(("Sat", "Sun")) or at == last


@given(
    ZONES,
    FIRST_DAYS,
    st.integers(1, 7),
    st.floats(0, 1),
)
def test_an_hour_that_is_dragged_is_of_the_day_that_its_clock_shows(
    zone: ZoneInfo, first: date, days: int, part: float
) -> None:
    on, frame = hours_of(first, days, zone)
    row = int(part * (frame.height - 1))
    start = frame["bucket"][row].replace(tzinfo=UTC).astimezone(zone)
    at = on.place(frame)["at"][row]
    found, _ = on.days_between([at, at], frame)
    assert found == start.date()


@quick
@given(ZONES, FIRST_DAYS, st.integers(1, 7))
def test_a_flag_among_hours_is_at_the_first_one_of_its_day(
    zone: ZoneInfo, first: date, days: int
) -> None:
    on, frame = hours_of(first, days, zone)
    last = first + timedelta(days=days - 1)
    note = Note(last, last, "v2")
    (flag,) = rows_of(drawn(frame, replace(on, notes=(note,))), "title")
    placed = on.place(frame)
    day = last.strftime("%a %-d %b %Y")
    assert flag["at"] == placed.filter(pl.col("when").str.starts_with(day))["at"].min()


def test_more_buckets_than_a_line_can_show_are_refused() -> None:
    days = [date(2020, 1, 1) + timedelta(days=n) for n in range(1300)]
    with pytest.raises(ValueError, match="longer"):
        drawn(series(days), axis(days[0], days[-1]))


def test_several_lines_draw_parts_apart() -> None:
    frame = series(november(9, 16))
    on = axis(date(2026, 11, 9), date(2026, 11, 18), "week")
    long = frame.select("bucket", count="votes", label=pl.lit("ROOM"))
    lines = charts.lines(long, "label", "Views", on).to_dict()
    dashed = [layer["mark"].get("strokeDash") for layer in lines["layer"]]
    assert list(CUT) in dashed
    # A whole line that looked like a cut one would say that all of it is in part.
    for stroke, gap, *more in DASHES:
        assert gap == 0 or max(stroke, *more[::2], 0) >= 2 * CUT[0]


def colors(*names: str | None, kind: str = "room_name") -> dict[str, str]:
    frame = pl.DataFrame(
        {
            "bucket": november(9) * len(names),
            "label": names,
            "count": [*range(len(names), 0, -1)],
        },
        schema_overrides={"label": pl.String},
    )
    on = axis(date(2026, 11, 9), date(2026, 11, 10))
    spec = charts.lines(frame, kind, "Views", on).to_dict()
    scale = next(
        layer["encoding"]["color"]["scale"]
        for layer in spec["layer"]
        if "color" in layer["encoding"]
    )
    return dict(zip(scale["domain"], scale["range"], strict=True))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("route", get_args(Route)),
        ("event", get_args(Event)),
        ("source", (*SOURCE_CLASSES, OTHER)),
    ],
)
def test_a_series_keeps_its_colour_under_any_filter(
    kind: str, values: tuple[str, ...]
) -> None:
    every = [*values, None]
    alone = {
        name: color
        for value in every
        for name, color in colors(value, kind=kind).items()
    }
    assert len({*alone.values()}) == len(every)
    for first in range(len(every)):
        some = [*every[first:], *every[:first]][:6]
        assert colors(*some, kind=kind).items() <= alone.items()


def test_rooms_have_a_colour_each() -> None:
    assert len({*colors(*map(str, range(6))).values()}) == 6


@pytest.mark.parametrize("lines", range(1, 7))
def test_the_legend_of_a_phone_leaves_half_of_a_chart_to_its_lines(lines: int) -> None:
    frame = pl.DataFrame(
        {
            "bucket": november(9) * lines,
            "label": [f"Entered the room of team {n}" for n in range(lines)],
            "count": [*range(lines)],
        }
    )
    on = axis(date(2026, 11, 9), date(2026, 11, 10))
    spec = charts.lines(frame, "source", "Views", on).to_dict()
    # Each name is a line of the legend there: 23 pixels.
    assert spec["height"] >= 120 + 23 * lines


def test_long_names_of_one_beginning_differ_in_the_legend() -> None:
    names = [f"{'Planning of the platform ' * 3}{end}" for end in ("north", "south")]
    frame = pl.DataFrame(
        {"bucket": november(9, 9), "label": names, "count": [1, 2]},
    )
    on = axis(date(2026, 11, 9), date(2026, 11, 10))
    drawn = vl_convert.vegalite_to_scenegraph(
        charts.lines(frame, "source", "Views", on).to_dict()
    )
    printed = re.findall(r"'text': '(Planning [^']*)'", str(drawn))
    assert printed == [f"Planning of the…platform {end}" for end in ("south", "north")]


def test_two_counts_that_grow_alike_are_two_lines() -> None:
    days = november(2, 3, 4)
    counts = series(days, [10, 20, 30]).with_columns(rooms=pl.col("votes") / 10)
    on = axis(days[0], days[-1])
    left, right = ("votes", "Votes"), ("rooms", "Rooms")
    spec = charts.two_axes(counts, left, right, on).to_dict()
    tops = [
        part["encoding"]["y"].get("scale", {}).get("domainMax", largest) / largest
        for side, largest in zip(spec["layer"][-3:-1], (30, 3), strict=True)
        for part in side["layer"][:1]
    ]
    assert tops[1] > 1.2 * tops[0]


def test_what_is_not_known_at_all_is_not_in_a_legend() -> None:
    """Without the table of votes, Historical named them beside no line."""
    days = november(2, 3)
    counts = series(days, [10, 20]).with_columns(WHOLE, rooms=pl.lit(None, pl.Int64))
    names = {"rooms": "Rooms", "votes": "Votes"}
    spec = charts.columns_over_time(
        counts, names, axis(days[0], days[-1]), hues=[*names.values()]
    ).to_dict()
    scales = [
        layer["encoding"]["color"]["scale"]
        for layer in spec["layer"]
        if "color" in layer["encoding"] and "scale" in layer["encoding"]["color"]
    ]
    assert {(*scale["domain"],) for scale in scales} == {("Votes",)}
    # And each other keeps its hue.
    assert {(*scale["range"],) for scale in scales} == {(PALETTE[1],)}


def test_names_in_a_tooltip_of_all_lines_are_nothing_but_names() -> None:
    """One may be that of the date, and "image" would be drawn as a picture."""
    days = november(2, 3)
    counts = series(days, [10, None]).with_columns(WHOLE, rooms=pl.col("votes") / 10)
    names = {"votes": "When", "rooms": "image"}
    spec = charts.columns_over_time(counts, names, axis(days[0], days[-1])).to_dict()
    (targets,) = (
        layer
        for layer in spec["layer"]
        if layer["mark"]["type"] == "rule" and "tooltip" in layer["encoding"]
    )
    when, *lines = targets["encoding"]["tooltip"]
    (rows,) = (
        rows for rows in spec["datasets"].values() if lines[0]["field"] in rows[0]
    )
    assert [rows[0][line["field"]] for line in lines] == ["10", "1"]
    assert [rows[1][line["field"]] for line in lines] == ["–", "–"]
    titles = [line["title"] for line in lines]
    assert [title.strip("\u200b") for title in titles] == ["When", "image"]
    assert not {*titles} & {when["title"], "title", "image"}
