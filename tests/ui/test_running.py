"""The bucket that is not over is drawn apart from those that are."""

from datetime import date

import polars as pl
import pytest

from metrics.query import Granularity
from ui import charts
from ui.charts.axes import split_open_bucket

TODAY = date(2026, 11, 18)  # a Wednesday


def series(*days: date) -> pl.DataFrame:
    return pl.DataFrame({"bucket": days, "votes": range(len(days))})


@pytest.mark.parametrize(
    ("granularity", "days", "over", "runs"),
    [
        ("day", [16, 17], [16, 17], []),
        ("day", [16, 17, 18], [16, 17], [17, 18]),
        ("day", [18], [], [18]),
        ("week", [9, 16], [9], [9, 16]),
        ("week", [2, 9], [2, 9], []),
        ("month", [1], [], [1]),
    ],
    ids=str,
)
def test_the_running_bucket_starts_where_the_last_whole_one_ends(
    granularity: Granularity, days: list[int], over: list[int], runs: list[int]
) -> None:
    frame = series(*(date(2026, 11, day) for day in days))
    found = split_open_bucket(frame, granularity, TODAY)
    assert [[d.day for d in part["bucket"]] for part in found] == [over, runs]


def test_a_hidden_weekend_does_not_make_friday_run() -> None:
    saturday = date(2026, 11, 21)
    friday = series(date(2026, 11, 19), date(2026, 11, 20))
    over, runs = split_open_bucket(friday, "day", saturday)
    assert (over.height, runs.height) == (2, 0)


def test_a_line_is_dashed_to_the_running_day_and_its_tooltip_says_so() -> None:
    frame = series(*(date(2026, 11, day) for day in (15, 16, 17, 18)))
    drawn = charts.over_time(frame, "votes", "Votes", "count", "day", TODAY).to_dict()
    whole, last = drawn["layer"][1], drawn["layer"][-1]
    assert "strokeDash" not in whole["mark"]
    assert last["mark"]["strokeDash"] == [4, 4]
    rows = [drawn["datasets"][layer["data"]["name"]] for layer in (whole, last)]
    assert [[row["value"] for row in data] for data in rows] == [[0, 1, 2], [2, 3]]
    assert rows[1][-1]["when"] == "Wed 18 Nov 2026, so far"


def test_several_lines_and_bars_draw_the_running_week_apart() -> None:
    frame = series(date(2026, 11, 9), date(2026, 11, 16))
    long = frame.select("bucket", count="votes", label=pl.lit("ROOM"))
    lines = charts.lines(long, "label", "Views", "week", TODAY).to_dict()
    bars = charts.bars_over_time(frame, "votes", "Votes", "week", TODAY).to_dict()
    assert lines["layer"][1]["mark"]["strokeDash"] == [1, 4]
    assert bars["layer"][1]["mark"]["strokeDash"] == [3, 3]


def test_a_single_bucket_is_a_bar_beside_the_one_before() -> None:
    today, yesterday = series(TODAY), series(date(2026, 11, 17))
    drawn = charts.over_time(
        today, "votes", "Votes", "count", "day", TODAY, before=yesterday
    ).to_dict()
    (rows,) = drawn["datasets"].values()
    assert [row["when"] for row in rows] == [
        "Wed 18 Nov 2026, so far",
        "Tue 17 Nov 2026",
    ]
    assert drawn["layer"][0]["mark"]["type"] == "bar"
