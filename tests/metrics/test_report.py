"""The report: the pages' figures, written so that no name does any harm."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from metrics import periods, report
from metrics.frames import Frames, Period
from metrics.query import Granularity, Query
from metrics.registry import DEFINITIONS, plan
from metrics.report import ChartBucket, GrownRoom, QuietRoom, Report
from metrics.report_writers import (
    FORMATS,
    in_chat,
    to_html,
    to_json,
    to_markdown,
    write,
)
from metrics.tables import ESTIMATIONS, PAGE_VIEWS, ROOMS, VOTES
from metrics.usual_change import MEANING
from store import engine
from store.notes import Note
from tests.busy_day import busier
from tests.metrics.building import executed, frames, quick, room, user, view, vote

NOW = datetime(2026, 11, 20, 18)
PHONE = 299
"""Pixels of a narrow phone that the chart's bars have."""
HOSTILE = '<script>alert(1)</script>*_[x](http://evil.example)_* @all & "q" `c` |'


def asked(
    rows: Frames,
    days: periods.Days,
    now: datetime,
    compare: str = periods.PREVIOUS,
) -> Query:
    return Query(
        rows,
        periods.period_of(days, now),
        periods.compared_with(compare, days, now),
        "day",
        now,
    )


def reported(
    rows: Frames,
    days: periods.Days,
    notes: Sequence[Note] = (),
    *,
    usual: tuple[float, float] | None = None,
    compare: str = periods.PREVIOUS,
    now: datetime = NOW,
) -> tuple[Query, Report]:
    query = asked(rows, days, now, compare)
    results = engine.collect_all(report.plans(query))
    found = report.compose(query, results, now, notes)
    if usual:
        changed = [replace(figure, usual=usual) for figure in found.figures]
        found = replace(found, figures=tuple(changed))
    return query, found


OCTOBER = periods.Days(date(2026, 10, 1), date(2026, 10, 31))


@pytest.mark.parametrize(
    ("now", "before", "line"),
    [
        (100, 130, "**1.7 min** (−23.1% from 2.2 min)"),
        (130, 100, "**2.2 min** (+30.0% from 1.7 min)"),
        (100, 110, "**100 s** (−9.1% from 110 s)"),
    ],
)
def test_durations_beside_each_other_have_one_unit(
    now: int, before: int, line: str
) -> None:
    rows = frames(
        vote("2026-10-05 09:00", duration=now),
        vote("2026-09-07 09:00", duration=before),
    )
    _, found = reported(rows, OCTOBER)
    assert f"- Median duration: {line}" in to_markdown(found).splitlines()
    cells = re.findall(r"<td[^>]*>(.*?)</td>", to_html(found))
    shown = [line.split("**")[1], line.split("from ")[1].removesuffix(")")]
    assert f"<strong>{shown[0]}</strong>" in cells
    assert shown[1] in cells


def test_a_weekday_is_compared_with_as_many_of_it() -> None:
    """October has five Thursdays, September four: 8 votes there are 10 here."""
    before = [vote(f"2026-09-{day:02} 0{h}:00") for day in (3, 10) for h in range(4)]
    after = [vote(f"2026-10-{day:02} 09:00") for day in (1, 8, 15)]
    rows = frames(*before, *after)
    _, found = reported(rows, OCTOBER)
    line = "Weekday Thursday: 3 votes, 10 on as many Thursdays before"
    assert f"- {line}" in to_markdown(found).splitlines()
    assert f"<li>{line}</li>" in to_html(found)


def test_figures_equal_the_tables_of_the_pages(golden: Frames) -> None:
    query, found = reported(golden, OCTOBER)
    before = query.comparison_query
    assert before is not None
    figures = iter(found.figures)
    for name, keys in report.FIGURES.items():
        now, then = (executed(plan(name, q)) for q in (query, before))
        for key in keys:
            figure = next(figures)
            assert (figure.definition.key, figure.value) == (key, now[key].item())
            assert figure.before == then[key].item()
    series = executed(plan("votes_over_time", query))
    assert [bucket.votes for bucket in found.series] == series["votes"].to_list()
    assert sum(bucket.votes for bucket in found.series) == next(
        f.value for f in found.figures if f.definition.key == "votes"
    )


def test_every_format_has_the_figures_and_lists(golden: Frames) -> None:
    release = Note(date(2026, 10, 12), date(2026, 10, 12), "Release of v2")
    monday = date(2026, 10, 5)
    rows = golden.map(
        lambda live, rows: (
            busier(rows.collect(), live, monday).lazy() if live == PAGE_VIEWS else rows
        )
    )
    _, found = reported(rows, OCTOBER, [release], usual=(-0.1, 0.12))
    for text in (to_html(found), to_markdown(found)):
        for part in (
            *("1 Oct – 31 Oct 2026", "1 Sep – 30 Sep 2026", "113", "−15.7%"),
            "beyond the usual −10 to +12%",
            *("Monday, 5 Oct 2026", "Release of v2", "team-57 (#722059): 17 votes"),
            "263707 (#263707): last non-empty vote 30 Sep 2026",
            f"Rooms that grew (5 of {found.grown_count})",
            MEANING,
        ):
            assert part in text.replace("\u00a0", " ")
    content = json.loads(to_json(found))
    assert content["from"] == "2026-10-01"
    assert content["data_until"].endswith(":00+00:00")
    votes = next(f for f in content["figures"] if f["key"] == "votes")
    assert (votes["value"], votes["before"], votes["unusual"]) == (113, 134, True)
    assert len(content["chart"]["values"]) == 31
    assert content["rooms_grown"][2]["name"] == "team-57"
    assert content["rooms_grown_count"] == found.grown_count > len(found.grown) == 5


def test_rooms_that_grew_alike_are_in_the_order_of_their_ids() -> None:
    rows = frames(
        *(room(key, f"r{key}") for key in (2, 1, 3)),
        *(vote("2026-10-05 09:00", room=key) for key in (2, 3, 1, 3)),
        vote("2026-09-07 09:00"),
        vote("2026-10-06 09:00"),
    )
    _, found = reported(rows, OCTOBER)
    assert [(r.room_id, r.votes - r.before) for r in found.grown] == [
        (3, 2),
        (1, 1),
        (2, 1),
    ]


def test_a_list_of_quiet_rooms_says_how_many_there_are(golden: Frames) -> None:
    query = asked(golden, OCTOBER, NOW)
    results = engine.collect_all(report.plans(query))
    quiet = results["rooms_gone_quiet"].drop_nulls("health").head(1)
    found = report.compose(
        query, results | {"rooms_gone_quiet": pl.concat([quiet] * 7)}, NOW
    )
    assert json.loads(to_json(found))["rooms_quiet_count"] == 7
    for text in (to_html(found), to_markdown(found)):
        assert "Rooms that went quiet (5 of 7)" in text


def test_the_chart_says_which_buckets_are_not_whole() -> None:
    """Of both periods; tables over time have the same."""
    rows = frames(*(vote(f"2026-11-{day} 09:00") for day in ("05", "14", "19")))
    days = periods.Days(date(2026, 11, 4), date(2026, 11, 20))
    query = replace(asked(rows, days, NOW), granularity="week")
    found = report.compose(query, engine.collect_all(report.plans(query)), NOW)
    assert [bucket.cut for bucket in found.series] == ["start", None, "running"]
    assert found.series_before[0].cut == "start"
    chart = json.loads(to_json(found))["chart"]
    assert [row["cut"] for row in chart["values"]] == ["start", None, "running"]
    assert chart["cut_before"] == [bucket.cut for bucket in found.series_before]
    assert "; the first week and the last week are not whole" in to_markdown(found)
    page = to_html(found).replace("\n", "")
    assert "hollow: not a whole week" in page
    assert page.count("border:1px solid #3b7fd4") == 2
    assert "9 Nov: 1, 16 Nov: 1 in part" in page
    # The data may begin in any of them; those before it are left out.
    for day, text in (
        (13, "the first week and the last week are not whole"),
        (16, "this week is not whole"),
    ):
        begun = replace(query, comparison=None, data_begins=date(2026, 11, day))
        found = report.compose(begun, engine.collect_all(report.plans(begun)), NOW)
        assert f"; {text}\n" in to_markdown(found)
        legend = re.findall("■</span> ([^<]*)", to_html(found))
        assert legend[0].startswith(f"{day} ")
    # Of bars that cannot be seen, a legend would say nothing.
    assert "hollow" in to_html(found)
    quiet = tuple(bucket._replace(votes=0) for bucket in found.series)
    assert "hollow" not in to_html(replace(found, series=quiet))
    # Whole weeks are neither, nor is one alone.
    for first in (2, 9):
        days = periods.Days(date(2026, 11, first), date(2026, 11, 15))
        query = replace(asked(rows, days, NOW), granularity="week")
        found = report.compose(query, engine.collect_all(report.plans(query)), NOW)
        assert "whole" not in to_markdown(found) + to_html(found)


def test_no_column_or_sheet_ends_with_a_title() -> None:
    """Firefox and WebKit know no other way to keep it with its list than a frame."""
    titles = re.findall("(<div[^>]*>)?<h2", to_html(SOME_REPORT))
    assert len(titles) > 2
    assert all("break-inside:avoid" in frame for frame in titles)


def test_dates_below_the_chart_are_the_first_the_middle_and_the_last() -> None:
    days = periods.Days(date(2026, 11, 2), date(2026, 11, 10))
    query = asked(frames(vote("2026-11-05 09:00")), days, NOW)
    found = report.compose(query, engine.collect_all(report.plans(query)), NOW)
    chart = to_html(found).partition('<table role="img"')[2].partition("</table>")[0]
    dates = re.findall(r">(\d+ Nov)</td>", chart.replace("\u00a0", " "))
    assert dates == ["2 Nov", "6 Nov", "10 Nov"]


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("granularity", "first", "days", "ago", "zone"),
    [
        # A day of 25 hours and one of 23, from either side.
        ("hour", date(2026, 10, 25), 1, 1, BERLIN),
        ("hour", date(2026, 10, 26), 1, 1, BERLIN),
        ("hour", date(2026, 3, 29), 1, 1, BERLIN),
        ("hour", date(2026, 3, 30), 1, 1, BERLIN),
        # Weekends are hidden: one of the two begins with one, the other ends so.
        ("day", date(2026, 10, 1), 31, 30, ZoneInfo("UTC")),
        ("day", date(2026, 10, 31), 9, 9, ZoneInfo("UTC")),
        ("day", date(2026, 10, 22), 9, 9, ZoneInfo("UTC")),
    ],
)
def test_bars_beside_each_other_are_of_the_same_hour_or_day_of_the_period(
    granularity: Granularity, first: date, days: int, ago: int, zone: ZoneInfo
) -> None:
    """One vote in each bucket by day, and by hour one at 05:00 and at 23:00."""
    last = first + timedelta(days=days - 1)
    now, then = (
        Period.of_days(first - back, last - back, zone)
        for back in (timedelta(), timedelta(days=ago))
    )
    rows = frames(vote(f"{first} 12:00"))
    query = Query(rows, now, then, granularity, datetime(2027, 1, 1))
    shown = replace(query, weekends=False)
    results = engine.collect_all(report.plans(shown))
    found = report.compose(shown, results, NOW)

    def counted(of: Period, bucket: ChartBucket) -> ChartBucket:
        at = bucket.at
        is_counted = not isinstance(at, datetime) or of.local(at).hour in {5, 23}
        return bucket._replace(votes=int(is_counted))

    found = replace(
        found,
        series=tuple(counted(now, bucket) for bucket in found.series),
        series_before=tuple(counted(then, bucket) for bucket in found.series_before),
    )
    heights = re.findall(r'<div style="height:(\d+)px', to_html(found))
    bars = [
        (int(grey) > 0, int(own) > 0)
        for grey, own in zip(heights[::2], heights[1::2], strict=True)
    ]
    if granularity == "hour":
        # The two hours of both days, and no other.
        assert [pair for pair in bars if any(pair)] == [(True, True)] * 2
        return
    span = [first + timedelta(days=n) for n in range(days)]
    working = [
        tuple(day.isoweekday() < 6 for day in (each - timedelta(days=ago), each))
        for each in span
    ]
    assert bars == [pair for pair in working if any(pair)]


def test_a_week_is_beside_the_one_nearest_to_as_many_days_into_its_period() -> None:
    """28 days from a Monday; a year before the first of them is a Sunday."""
    now, then = (
        Period.of_days(date(year, 10, 26), date(year, 11, 22)) for year in (2026, 2025)
    )
    query = Query(frames(vote("2026-10-26 12:00")), now, then, "week", NOW)
    found = report.compose(query, engine.collect_all(report.plans(query)), NOW)
    votes = tuple(
        bucket._replace(votes=1 + n) for n, bucket in enumerate(found.series_before)
    )
    text = to_html(replace(found, series_before=votes))
    grey = heights(text)[::2]
    assert [height // grey[0] for height in grey] == [1, 2, 3, 4, 5]
    assert heights(text)[1::2][:3] == [0, grey[0], 0]


@pytest.mark.parametrize(
    ("zone", "granularity", "first", "last", "says"),
    [
        # By Berlin's clocks; in UTC the day before begins it.
        ("Europe/Berlin", "hour", "2026-11-20", "2026-11-20", "20 Nov 00:00: "),
        ("UTC", "week", "2025-12-22", "2026-01-18", "29 Dec 2025: "),
        ("UTC", "month", "2025-12-01", "2026-03-31", "Jan 2026: "),
        ("UTC", "day", "2026-11-02", "2026-11-08", "2 Nov: "),
    ],
)
def test_the_chart_names_buckets_by_the_zone_and_with_a_year_where_it_turns(
    zone: str, granularity: Granularity, first: str, last: str, says: str
) -> None:
    start, end = (date.fromisoformat(day) for day in (first, last))
    period = Period.of_days(start, end, ZoneInfo(zone))
    rows = frames(*(vote(f"{day} 12:00") for day in (first, last)))
    query = Query(rows, period, None, granularity, datetime(2026, 12, 1))
    found = report.compose(query, engine.collect_all(report.plans(query)), NOW)
    told = to_html(found).partition("Votes per ")[2].replace("\n", "")
    assert f": {says}" in told or f", {says}" in told


def test_a_change_within_the_usual_is_said_to_be(golden: Frames) -> None:
    _, found = reported(golden, OCTOBER, usual=(-0.9, -0.8))
    assert "smaller than the usual −90 to −80%" in to_markdown(found)
    _, found = reported(golden, OCTOBER, usual=(-0.2, 0.2))
    assert "within the usual −20 to +20%" in to_markdown(found)
    # On a phone a line would end within the range.
    assert "within the usual −20\u00a0to\u00a0+20%" in to_html(found)


def test_a_list_that_has_all_of_its_rooms_gives_no_count(golden: Frames) -> None:
    _, found = reported(golden, OCTOBER)
    unjudged = tuple(replace(figure, usual=None) for figure in found.figures)
    whole = replace(found, grown_count=len(found.grown), figures=unjudged)
    assert "**Rooms that grew**" in to_markdown(whole)
    # Nothing else says "usual" then.
    assert MEANING not in to_markdown(whole)


@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_month_is_words_and_no_error(form: str) -> None:
    _, found = reported(Frames.empty(), OCTOBER)
    assert found.is_empty
    text = write(found, "json" if form == "json" else "md" if form == "md" else "html")
    if form == "json":
        assert json.loads(text)["figures"][0]["value"] == 0
    else:
        assert "No data in this period." in text
        # Who reads it in a mail cannot choose, and of an empty store none has more.
        assert "Choose" not in text


@pytest.mark.parametrize("form", FORMATS)
def test_a_period_after_an_empty_one_has_no_percentages(form: str) -> None:
    rows = frames(
        user("a"), view("a", "2026-10-05 09:00"), vote("2026-10-05 09:00"), room(1, "x")
    )
    _, found = reported(rows, OCTOBER)
    text = {"html": to_html, "md": to_markdown, "json": to_json}[form](found)
    assert "n/a" in text or form == "json"
    assert "inf" not in text.lower().replace("information", "")
    assert "nan" not in text.lower()


def test_usual_changes_are_those_of_the_pages(golden: Frames) -> None:
    query, found = reported(golden, periods.Days(date(2026, 10, 5), date(2026, 10, 11)))
    ranges = executed(plan("usual_changes", query)).drop_nulls()
    known = {key: (low, high) for key, _, low, high in ranges.iter_rows()}
    assert known
    for figure in found.figures:
        expected = known.get(figure.definition.key)
        assert figure.usual == (expected and pytest.approx(expected))
    # Of a figure that needs a missing table nothing is known.
    lacking = replace(query, missing=(ESTIMATIONS.name,))
    some, every = (
        executed(found)
        for found in (
            report.plans(lacking)["usual_changes"],
            plan("usual_changes", lacking),
        )
    )
    assert some.height > 3
    assert_frame_equal(some, every.filter(pl.col("key").is_in(some["key"].implode())))


@pytest.mark.parametrize(
    ("key", "now", "before", "change", "unusual"),
    [
        # Prints as 0.0%, and as 0.0 pp: that is not unusual, whatever the range.
        ("votes", 1_000_001, 1_000_000, 1e-6, False),
        ("activation_rate", 0.48104, 0.48096, 8e-5, False),
        ("votes", 110, 100, 0.1, True),
        ("votes", 0, 0, 0.0, False),
        # Smaller than every usual one: grey on pages, and not unusual.
        ("votes", 1_005, 1_000, 0.005, False),
        # Sums of damaged rows have no percentage.
        ("estimations", 10, -5, None, None),
    ],
)
def test_a_program_reads_of_a_change_what_the_text_says(
    golden: Frames,
    key: str,
    now: float,
    before: float,
    change: float | None,
    unusual: bool | None,
) -> None:
    _, found = reported(golden, OCTOBER)
    figure = report.Figure(DEFINITIONS[key], now, before, (0.01, 0.02))
    found = replace(found, figures=(figure,))
    (row,) = json.loads(to_json(found))["figures"]
    assert row["change"] == (change and pytest.approx(change))
    assert row["unusual"] is unusual
    for text in (to_html(found), to_markdown(found)):
        assert ("beyond the usual" in text) == bool(unusual)
        assert "within the usual" not in text


def test_of_nothing_after_nothing_no_usual_change_is_said(golden: Frames) -> None:
    _, found = reported(golden, OCTOBER)
    figures = tuple(
        report.Figure(DEFINITIONS[key], value, value, (-0.2, 0.2))
        for key, value in (("votes", 0), ("page_views", 1))
    )
    text = to_markdown(replace(found, figures=figures))
    assert "Votes: **0** (0.0% from 0)" in text
    assert "Page views: **1** (0.0% from 1, within the usual −20 to +20%)" in text


def test_without_a_comparison_there_is_no_before(golden: Frames) -> None:
    _, found = reported(golden, OCTOBER, compare=periods.NO_COMPARISON)
    assert found.grown == ()
    assert "compared" not in to_html(found)
    assert "from" not in to_markdown(found).split("\n\n")[1]
    assert json.loads(to_json(found))["comparison"] is None


def test_numbers_too_wide_for_a_phone_can_break_after_a_comma() -> None:
    votes = next(f for f in SOME_REPORT.figures if f.definition.key == "votes")
    for value, printed in (
        (12_345_678, "12,345,678"),
        (345_678_901_234, "345,<wbr>678,<wbr>901,<wbr>234"),
    ):
        figures = (replace(votes, value=value, before=value),)
        page = to_html(replace(SOME_REPORT, figures=figures))
        assert f"<strong>{printed}</strong>" in page
        assert f">{printed}</td>" in page


def heights(text: str) -> list[int]:
    return [int(found) for found in re.findall(r"<div style=.height:(\d+)px", text)]


@pytest.mark.parametrize("most", [9, 101, 166, 201, 10_100, 41_000])
def test_bars_take_most_of_the_height(golden: Frames, most: int) -> None:
    """Of 10,100 votes the axis ended at 20,000: the upper half was empty."""
    _, found = reported(golden, OCTOBER)
    largest = found.series[0]._replace(votes=most)
    page = to_html(
        replace(found, series=(largest, *found.series[1:]), series_before=())
    )
    assert max(heights(page)) in range(80, 121)


def test_bars_are_as_high_as_their_votes(golden: Frames) -> None:
    _, found = reported(golden, OCTOBER)
    drawn = heights(to_html(found))
    counts = [bucket.votes for bucket in found.series]
    assert len(drawn) == 2 * len(counts)
    assert drawn.index(max(drawn[1::2])) // 2 == counts.index(max(counts))
    assert [height == 0 for height in drawn[1::2]] == [count == 0 for count in counts]
    shown = re.findall("■</span> ([^&<]+)", to_html(found))
    assert [text.strip() for text in shown] == [
        periods.describe_period(of) for of in (found.period, found.comparison) if of
    ]
    _, one = reported(golden, periods.Days(date(2026, 10, 5), date(2026, 10, 5)))
    assert len(heights(to_html(one))) == 2
    # Between two steps a bar in a chat is the nearer one.
    days = periods.Days(date(2026, 10, 5), date(2026, 10, 6))
    counted = [f"2026-10-0{day} 09:00" for day in (5, 5, 6, 6, 6)]
    _, two = reported(frames(*map(vote, counted)), days)
    assert "`▆█` 2–3" in to_markdown(two)
    # One vote is not as high as the axis; below two bars is one date.
    _, few = reported(frames(vote("2026-10-05 09:00")), days)
    _, _, drawn_few = to_html(few).partition('role="img"')
    cells = re.findall("<td[^>]*>([^<]*)</td>", drawn_few)
    assert [text for text in cells if text] == ["2", "0", "5\u00a0Oct"]
    # Days of one count have no range of counts.
    fives = tuple(bucket._replace(votes=5) for bucket in found.series)
    alike = replace(found, series=fives)
    assert f"` {max(counts)}" not in to_markdown(alike)
    assert re.search("█` 5$", to_markdown(alike), re.M)


@pytest.mark.parametrize("count", [7, 31, 53, 92])
def test_bars_of_the_comparison_are_seen_on_a_phone(golden: Frames, count: int) -> None:
    """A gap as wide as a bar left nothing of those that it is before."""
    last = date(2026, 10, 31)
    days = periods.Days(last - timedelta(days=count - 1), last)
    _, found = reported(golden, days)
    gaps = re.findall(r"padding:0 0 0 (\d+)px;border-bottom", to_html(found))
    assert len(gaps) == 2 * count
    # The two of a day are together.
    assert set(gaps[1::2]) == {"0"}
    assert int(max(gaps)) <= PHONE / len(gaps) / 2


@pytest.mark.parametrize("every", ["day", "week", "month"])
def test_a_report_is_not_refused_on_its_way(golden: Frames, every: Granularity) -> None:
    """Mail has no longer lines, also where dates below a chart begin with a letter."""
    _, found = reported(golden, OCTOBER, [Note(OCTOBER.first, OCTOBER.last, "Release")])
    many = tuple(bucket._replace(votes=12_345) for bucket in found.series)
    lines = to_html(replace(found, series=many, granularity=every)).encode()
    assert max(map(len, lines.splitlines())) <= 998


def test_countries_have_names_in_texts_and_codes_in_json(golden: Frames) -> None:
    _, found = reported(golden, OCTOBER)
    country = next(row for row in found.changes if row.dimension == "country")
    assert country.label
    named = replace(found, country_names={country.label: "Utopia"})
    assert f"Country {country.label}:" in to_markdown(found)
    assert "Country Utopia:" in to_markdown(named)
    assert "Country Utopia:" in to_html(named)
    # Long names break: a phone is narrow.
    lists = re.findall(r"<ul[^>]*>", to_html(named))
    assert lists
    assert all("overflow-wrap:break-word" in each for each in lists)
    labels = [
        row["label"] for row in json.loads(to_json(named))["what_changed"]["rows"]
    ]
    assert country.label in labels


def test_a_report_names_the_time_zone_of_its_days(golden: Frames) -> None:
    query, found = reported(golden, OCTOBER)
    berlin = Period(query.period.start, query.period.end, ZoneInfo("Europe/Berlin"))
    assert "(UTC)" in to_html(found)
    assert "(Europe/Berlin)" in to_html(replace(found, period=berlin))


def test_the_last_vote_of_a_room_is_on_the_day_of_the_zone(golden: Frames) -> None:
    query, found = reported(golden, OCTOBER)
    kiritimati = ZoneInfo("Pacific/Kiritimati")
    there = Period(query.period.start, query.period.end, kiritimati)
    quiet = (QuietRoom("x", 1, 1, datetime(2026, 10, 4, 10, 30)),)
    for period, day in ((query.period, "4 Oct 2026"), (there, "5 Oct 2026")):
        report = replace(found, period=period, quiet=quiet)
        for text in (to_html(report), to_markdown(report)):
            assert f"x (#1): last non-empty vote {day}" in text.replace("\\", "")


def test_hours_are_those_of_the_zone_in_every_format() -> None:
    """The day on which the clocks of Berlin go back has 25 hours."""
    rows = frames(vote("2026-10-25 09:00"), room(1, "x"))
    berlin = ZoneInfo("Europe/Berlin")
    days = periods.Days(date(2026, 10, 25), date(2026, 10, 25))
    period = periods.period_of(days, NOW, berlin)
    query = Query(rows, period, None, "hour", NOW)
    found = report.compose(query, engine.collect_all(report.plans(query)), NOW)
    html, content = to_html(found), json.loads(to_json(found))
    told = re.findall(r"\d+ Oct \d\d:00(?=: )", html)
    assert told[:4] == [f"25 Oct {hour:02}:00" for hour in (0, 1, 2, 2)]
    assert (len(told), told[-1]) == (25, "25 Oct 23:00")
    written = [row["date"] for row in content["chart"]["values"]]
    assert written[1:4] == [
        "2026-10-25T01:00:00+02:00",
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:00:00+01:00",
    ]
    assert content["data_until"] == "2026-11-20T19:00:00+01:00"


@pytest.mark.parametrize(
    ("first", "compare"),
    [
        pytest.param(date(2026, 8, 29), "", id="as the page compares own dates"),
        pytest.param(date(2026, 9, 1), "&compare=none", id="a period to date"),
    ],
)
def test_rooms_lead_to_their_pages_in_the_same_days_and_zone(
    golden: Frames, first: date, compare: str
) -> None:
    query, found = reported(golden, OCTOBER)
    zone = ZoneInfo("America/Argentina/Buenos_Aires")
    there = Period(query.period.start, query.period.end, zone)
    before = Period.of_days(first, first + timedelta(days=31), zone)
    found = replace(found, period=there, comparison=before)
    found = replace(found, address="https://fpp.example/analytics")
    rooms: list[GrownRoom | QuietRoom] = [*found.grown, *found.quiet]
    assert rooms
    links = [
        f"https://fpp.example/analytics/room?room={room.room_id}"
        f"&from={there.first_day}&to={there.last_day}"
        f"&tz=America%2FArgentina%2FBuenos_Aires{compare}"
        for room in rooms
    ]
    assert Elements(to_html(found)).asked == links
    assert [link for link in links if f"]({link})" in to_markdown(found)] == links
    content = json.loads(to_json(found))
    assert [r["link"] for r in content["rooms_grown"] + content["rooms_quiet"]] == links


@pytest.mark.parametrize(
    ("granularity", "buckets", "of_the_12th"),
    [("day", 31, 11), ("week", 5, 2), ("month", 1, 0)],
)
def test_the_chart_has_a_flag_in_the_bucket_where_a_note_begins(
    golden: Frames, granularity: Granularity, buckets: int, of_the_12th: int
) -> None:
    notes = [
        Note(date(2026, 9, 1), date(2026, 10, 2), "Outage"),
        Note(date(2026, 10, 12), date(2026, 10, 20), 'Release <of> "v2"'),
        Note(date(2026, 10, 12), date(2026, 10, 12), "Campaign"),
    ]
    query = replace(asked(golden, OCTOBER, NOW), granularity=granularity)
    results = engine.collect_all(report.plans(query))
    plain, flagged = (
        to_html(report.compose(query, results, NOW, given)) for given in ([], notes)
    )
    assert "⚑" not in plain
    row = re.findall("<tr><td[^<]*</td>(?:<td[^<]*</td>)+</tr>", flagged)[0]
    _, *cells = re.findall("<td[^<]*</td>", row)
    assert len(cells) == buckets
    for place, cell in enumerate(cells):
        titles = ["Outage"] if place == 0 else []
        titles += ["Release", "Campaign"] if place == of_the_12th else []
        assert ("⚑" in cell) == bool(titles)
        for title in ("Outage", "Release", "Campaign"):
            assert (title in cell) == (title in titles)


class Elements(HTMLParser):
    """The elements of a document, and every attribute that asks for something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.asked: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.asked += [
            value or ""
            for name, value in attrs
            if name in {"src", "href", "srcset", "data", "action"}
            or name.startswith("on")
        ]


def hostile(found: Report, text: str) -> Report:
    """The report where every text that a stranger can type is this one."""
    return replace(
        found,
        what_changed=text,
        changes=tuple(replace(change, label=text) for change in found.changes),
        notes=(Note(date(2026, 10, 1), date(2026, 10, 2), text),),
        grown=(GrownRoom(text, 1, 1, 2, 1),),
        quiet=(QuietRoom(text, 1, 1, NOW),),
    )


def test_the_html_asks_for_nothing_and_runs_nothing(golden: Frames) -> None:
    _, found = reported(golden, OCTOBER)
    written = Elements(to_html(hostile(found, HOSTILE)))
    assert written.asked == []
    assert not {"script", "style", "link", "img", "iframe"} & set(written.tags)
    assert "url(" not in to_html(found)


@quick
@given(st.text(min_size=1, max_size=30))
def test_no_name_changes_the_elements_of_the_html(text: str) -> None:
    plain = Elements(to_html(hostile(SOME_REPORT, "name")))
    assert Elements(to_html(hostile(SOME_REPORT, text))).tags == plain.tags


@quick
@given(st.text(min_size=1, max_size=30))
def test_no_name_adds_a_line_to_the_markdown_or_a_mention(text: str) -> None:
    lines = to_markdown(hostile(SOME_REPORT, "name")).count("\n")
    written = to_markdown(hostile(SOME_REPORT, text))
    assert written.count("\n") == lines
    assert len(written.splitlines()) == lines


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("@all", "@\u200ball"),
        ("<!here>", "&lt;\\!here&gt;"),
        ("a & b", "a &amp; b"),
        ("**b** _i_ `c`", "\\*\\*b\\*\\* \\_i\\_ \\`c\\`"),
        ("[x](y)", "\\[x\\](y)"),
        ("https://e.org", "https:\u200b/\u200b/\u200be\u200b\\.org"),
        ("www.e.org", "www\u200b\\.e\u200b\\.org"),
        ("_WWW.e.org", "\\_WWW\u200b\\.e\u200b\\.org"),
        ("e.org", "e\u200b\\.org"),
        ("a@e.co.uk", "a@\u200be\u200b\\.co\u200b\\.uk"),
        ("v1.2, Mr. X", "v1.2, Mr. X"),
        ("$x$", r"\$x\$"),
        ("==a== ++b++", "=\u200b=a=\u200b= +\u200b+b+\u200b+"),
        ("a^2^", r"a\^2\^"),
        ("e/e#12", "e/\u200be\\#\u200b12"),
        ("two\nlines\r\n# title", "two lines \\# title"),
        ("\u202eabc", "abc"),
        ("a\0b\x1bc", "a b c"),
        (
            "\u05d0 \u05d1: 7 of \u0627",
            "\u2068\u05d0 \u05d1\u2069:\u200b 7 of \u2068\u0627\u2069",
        ),
        ("team-7", "team-7"),
        ("- a", "\u200b- a"),
        ("+ a", "\u200b+ a"),
        ("12. a", "\u200b12. a"),
        ("3)", "\u200b3)"),
        ("-3 a", "-3 a"),
    ],
)
def test_what_strangers_typed_is_text_in_a_chat(typed: str, written: str) -> None:
    assert in_chat(typed) == written


def test_json_keeps_names_as_they_are() -> None:
    content = json.loads(to_json(hostile(SOME_REPORT, HOSTILE)))
    assert content["rooms_grown"][0]["name"] == HOSTILE


def test_bars_and_their_legend_keep_their_colours_on_paper() -> None:
    """Browsers print no backgrounds, and systems with own colours have none."""
    marks = re.findall(
        r'<(?:div|span) style="([^"]*color[^"]*)"', to_html(_some_report())
    )
    assert len(marks) > 2
    for style in marks:
        assert "print-color-adjust:exact" in style
        assert "forced-color-adjust:none" in style


def _some_report() -> Report:
    rows = frames(
        *(vote(f"2026-10-{day:02} 09:00") for day in range(1, 29)),
        vote("2026-09-05 09:00"),
        room(1, "x"),
    )
    return reported(rows, OCTOBER)[1]


SOME_REPORT = _some_report()


def test_a_report_of_the_running_day_is_cut_at_the_clock() -> None:
    today = periods.Days(NOW.date(), NOW.date())
    rows = frames(vote("2026-11-20 09:00"), vote("2026-11-19 19:00"))
    query, found = reported(rows, today)
    assert query.comparison == Period(
        datetime(2026, 11, 19), datetime(2026, 11, 19, 18)
    )
    votes = next(f for f in found.figures if f.definition.key == "votes")
    assert (votes.value, votes.before) == (1, 0)


def test_without_a_table_its_figures_are_unknown_and_there_is_no_chart(
    golden: Frames,
) -> None:
    rows = Frames({**golden.by_name, VOTES.name: Frames.empty().votes})
    now = datetime(2026, 11, 1)
    query = replace(asked(rows, OCTOBER, now), missing=(VOTES.name,))
    found = report.compose(query, engine.collect_all(report.plans(query)), now)
    figures = {f.definition.key: f.value for f in found.figures}
    assert figures["votes"] is None
    assert figures["page_views"]
    assert (found.series, found.series_before, found.quiet) == ((), (), ())
    assert "Votes per day" not in to_html(found) + to_markdown(found)
    # Nothing is said of a change from nothing known.
    assert "- Votes: **–**" in to_markdown(found).splitlines()
    assert json.loads(to_json(found))["chart"]["values"] == []


def test_without_the_table_of_rooms_no_room_is_called_deleted(golden: Frames) -> None:
    rows = Frames({**golden.by_name, ROOMS.name: Frames.empty().rooms})
    now = datetime(2026, 11, 20)
    query = asked(rows, OCTOBER, now)

    def texts(missing: tuple[str, ...], late: bool = False) -> tuple[str, str, str]:
        begins = {ROOMS.name: query.period.first_day} if late else {}
        lacking = replace(query, missing=missing, later_begins=begins)
        found = report.compose(lacking, engine.collect_all(report.plans(lacking)), now)
        return to_html(found), to_markdown(found), to_json(found)

    for text in texts((ROOMS.name,)):
        assert "(deleted)" not in text
        assert ROOMS.name in text
    html, chat, _ = texts((ROOMS.name,))
    assert "(name missing)" in html
    assert "name missing" in chat
    # With an empty table the same rooms are deleted.
    assert "(deleted)" in texts(())[0]
    assert "(deleted)" not in texts((), late=True)[0]
    # A room whose name is blank is there.
    blank = golden.rooms.with_columns(name=pl.lit("\u200b "))
    query = asked(Frames({**golden.by_name, ROOMS.name: blank}), OCTOBER, now)
    html = texts(())[0]
    # Each is told from the others that are called so.
    called = re.findall(r"Room \(not set\) \(ID \d+\): ", html)
    assert called
    assert len(called) == len(set(called)) == html.count("Room (not set)")
    assert "Room (deleted)" not in html
