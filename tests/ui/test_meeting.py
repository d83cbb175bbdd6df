"""The timeline of a meeting, also of one during which the clocks change."""

import re
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import vl_convert

from metrics import meetings
from metrics.frames import Period
from metrics.time_zone import in_zone
from tests.metrics.building import estimation, frames, view, vote
from tests.pages.chart_specs import widths_of_bars
from ui.blocks.meeting import Meeting
from ui.charts import meeting as chart


def drawn(
    start: datetime, zone: ZoneInfo, votes: int = 8, apart: int = 1800, lasts: int = 30
) -> dict[str, Any]:
    """Return the chart of a meeting with a vote each half hour, for four hours."""
    times = [start + timedelta(seconds=apart * n) for n in range(votes)]
    rows = frames(
        *(vote(f"{time}", duration=lasts) for time in times),
        *(estimation("anna", f"{time}") for time in times),
        view("anna", f"{times[-1]}"),
    )
    span = Period(start - timedelta(hours=1), times[-1] + timedelta(hours=1), zone)
    found = (
        meetings.timeline(rows, span, 1),
        meetings.cards(rows, span, 1),
        meetings.activity(rows, 1, span, 1),
    )
    held, cards, activity = (in_zone(plan.collect(), zone) for plan in found)
    spec: dict[str, Any] = chart.timeline(held, cards, activity, zone).to_dict()
    return spec


@pytest.mark.parametrize(
    ("zone", "start", "jumps"),
    [
        ("Europe/Berlin", "2026-10-24 23:10", [-60]),
        ("Europe/Berlin", "2026-03-28 23:10", [60]),
        ("Australia/Lord_Howe", "2026-04-04 13:10", [-30]),
        # The day after: this meeting has nothing to do with the change.
        ("Europe/Berlin", "2026-10-25 10:10", []),
        ("Europe/Berlin", "2026-10-24 10:10", []),
        ("UTC", "2026-10-24 23:10", []),
    ],
)
def test_a_meeting_goes_on_evenly_while_the_clocks_change(
    zone: str, start: str, jumps: list[int]
) -> None:
    spec = drawn(datetime.fromisoformat(start), ZoneInfo(zone))
    rows = [row for data in spec["datasets"].values() for row in data]
    votes = [row for row in rows if "vote" in row]
    assert [b["end"] - a["end"] for a, b in pairwise(votes)] == [30 * 60_000] * 7
    cards = [row for row in rows if "card" in row]
    assert [row["at"] for row in cards] == [row["end"] for row in votes]
    # Texts and ticks say what the clocks show; at first that is where a mark is.
    first = datetime(1970, 1, 1) + timedelta(milliseconds=votes[0]["end"])
    assert f"{first:%H:%M:%S}" == votes[0]["when"]
    shown = [datetime.fromisoformat(f"2026-01-01 {row['when']}") for row in votes]
    by = [(b - a) // timedelta(minutes=1) % 1440 - 30 for a, b in pairwise(shown)]
    assert [(jump + 720) % 1440 - 720 for jump in by if jump] == jumps
    axes = [layer["encoding"]["x"].get("axis", {}) for layer in spec["layer"]]
    names = {axis["labelExpr"] for axis in axes if "labelExpr" in axis}
    assert len(names) == len(jumps)
    for name, jump in zip(names, jumps, strict=True):
        assert f" ? {jump * 60_000} : 0)" in name
    # As a browser computes them: each tick has a time.
    svg = vl_convert.vegalite_to_svg(spec | {"width": 1050})
    ticks = re.findall(r">(\d\d:\d\d|[^<]*NaN[^<]*)</text>", svg)
    assert len(ticks) > 3
    assert all(re.fullmatch(r"\d\d:[03]0", tick) for tick in ticks)
    assert (len({*ticks}) < len(ticks)) == any(jump < 0 for jump in jumps)


@pytest.mark.parametrize("seconds", [1, 3, 20, 90, 240, 600, 1500])
def test_no_two_ticks_of_a_short_meeting_say_the_same(seconds: int) -> None:
    start = datetime(2026, 11, 12, 8, 10)
    spec = drawn(start, ZoneInfo("UTC"), 2, seconds, min(seconds, 30))
    svg = vl_convert.vegalite_to_svg(spec | {"width": 1050})
    ticks = re.findall(r">(\d\d:\d\d[:\d]*)</text>", svg)
    assert len({*ticks}) == len(ticks) > 1


def test_a_meeting_of_days_dates_its_times() -> None:
    """A room that is in use day and night; 12:00 alone would be any of them."""
    spec = drawn(datetime(2026, 11, 12, 8, 10), ZoneInfo("Asia/Kathmandu"), 100)
    rows = [row for data in spec["datasets"].values() for row in data]
    times = [row["when"] for row in rows if "vote" in row]
    assert (times[0], times[-1]) == ("12 Nov, 13:55:00", "14 Nov, 15:25:00")
    assert len({*times}) == 100
    (axis,) = (
        layer["encoding"]["x"]["axis"]
        for layer in spec["layer"]
        if "labelExpr" in layer["encoding"]["x"].get("axis", {})
        and layer["mark"]["type"] == "bar"
    )
    assert "'%a %-d %b'" in axis["labelExpr"]


@pytest.mark.parametrize("width", [250, 1050])
@pytest.mark.parametrize("votes", [1, 2, 20, 40, 90])
def test_no_two_cards_are_drawn_over_each_other(votes: int, width: int) -> None:
    """A 2 and a 1 would be read as 21, and lines to all votes as a grey ground."""
    spec = drawn(datetime(2026, 11, 12, 8, 10), ZoneInfo("UTC"), votes)
    svg = vl_convert.vegalite_to_svg(spec | {"width": width})
    found = re.findall(r"<text ([^>]*)>3</text>", svg)
    cards = [
        (float(re.findall(r"translate\(([\d.]+)", text)[0]), int(size))
        for text in found
        if 'opacity="0"' not in text
        for size in re.findall(r'font-size="(\d+)', text)
    ]
    # Where there is enough room each of them; otherwise some everywhere on the axis.
    assert len(cards) == votes or votes * 9 > width - 24
    assert len(cards) >= min(votes, (width - 24) // 24)
    assert len(re.findall(r'<line [^>]*opacity="0.25"', svg)) == len(cards)
    for (one, size), (other, other_size) in pairwise(cards):
        assert other - one >= 1.19 * (size + other_size) / 2
        assert len(cards) == votes or other - one < 24
    # A vote of seconds in a meeting of days would be too pale to have a colour.
    assert min(widths_of_bars(svg)) > 0.5


@pytest.mark.parametrize(
    ("zone", "says"),
    [
        ("UTC", "24 Oct 2026, 21:30–23:10 UTC"),
        ("Europe/Berlin", "24 Oct 2026, 23:30 – 25 Oct 2026, 01:10 Europe/Berlin"),
    ],
)
def test_a_meeting_over_midnight_names_both_days(zone: str, says: str) -> None:
    start = datetime(2026, 10, 24, 21, 30)
    held = Meeting(1, start, start + timedelta(minutes=100), 2, 0, 0, 1, 0)
    assert held.when(ZoneInfo(zone)) == says


@pytest.mark.parametrize(
    ("start", "says"),
    [
        (
            "2026-10-25 00:20",
            "25 Oct 2026, 02:20–02:50 Europe/Berlin (clocks went back)",
        ),
        (
            "2026-03-29 00:20",
            "29 Mar 2026, 01:20–03:50 Europe/Berlin (clocks went forward)",
        ),
        ("2026-10-25 01:20", "25 Oct 2026, 02:20–03:50 Europe/Berlin"),
    ],
)
def test_a_meeting_is_not_shorter_or_longer_than_its_times_say(
    start: str, says: str
) -> None:
    begins = datetime.fromisoformat(start)
    held = Meeting(1, begins, begins + timedelta(minutes=90), 2, 0, 0, 1, 0)
    assert held.when(ZoneInfo("Europe/Berlin")) == says


def test_a_meeting_says_who_estimated_and_nothing_of_what_is_not_known() -> None:
    begins = datetime(2026, 11, 19)
    empty = Meeting(1, begins, begins, 1, 1, 0, 0, 0)
    assert empty.summary == "1 vote, 0 estimators, 1 empty vote."
    unknown = Meeting(1, begins, begins, 1_200, 0, 2, None, None)
    assert unknown.summary == "1,200 votes, 2 wide (re-votes included)."
