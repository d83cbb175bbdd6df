import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import altair as alt
import polars as pl
import pytest
from jsonschema_rs import ValidationError
from streamlit.testing.v1 import AppTest

from metrics.formats import SECONDS, unit_of_seconds
from metrics.frames import Period
from metrics.registry import DEFINITIONS
from metrics.subject import Unit
from testkit.dashboard import LONGEST_WAIT
from tests.pages.chart_specs import check_charts, data_of, read_aloud, ticks
from tests.pages.conftest import GOLDEN, RunPage
from ui.charts.axes import value_axis
from ui.charts.lines import per_room
from ui.charts.rendering import Layer, layered
from ui.charts.time_chart import TimeAxis, time_chart
from ui.filters.click_filters import FIELD, asked_for


def a_page(mark: "Any") -> None:
    import altair as alt
    import polars as pl

    from ui.charts.rendering import Layer, layered, render_chart

    layer = Layer(mark=alt.MarkDef(type=mark)).encode(alt.X("a:Q"))
    told = layer.encode(alt.X("a:Q"), tooltip=[alt.Tooltip("a:Q", title="A")])
    render_chart(layered(layer, told, data=pl.DataFrame({"a": [1]})), "A chart")


def sent(mark: str) -> AppTest:
    app = AppTest.from_function(
        a_page, args=(mark,), default_timeout=LONGEST_WAIT
    ).run()
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == 1
    return app


def test_a_right_chart_is_let_through() -> None:
    check_charts(sent("bar"))


def test_a_chart_that_breaks_the_schema_is_sent_and_found() -> None:
    with pytest.raises(ValidationError):
        check_charts(sent("barre"))


def test_layers_become_what_altair_makes_of_them() -> None:
    data = pl.DataFrame({"a": [1, 2], "b": [3, 4]})
    clicked = alt.selection_point("pick", fields=["a"])
    bars = Layer().mark_bar().encode(alt.X("a:Q"), alt.Y("b:Q"))
    points = Layer().mark_point().encode(alt.X("a:Q"), alt.Y("b:Q"))
    shown = {"data": data, "height": 100}

    ours = layered(points, bars.add_params(clicked), **shown).to_dict()
    theirs = alt.layer(points, bars.add_params(clicked), **shown).to_dict()

    # Each names the layer in its own way.
    for chart in (ours, theirs):
        (selection,) = chart["params"]
        assert selection.pop("views") == [chart["layer"][1].pop("name")]
    assert ours == theirs


def a_page_of_gaps() -> None:
    import altair as alt
    import polars as pl

    from ui.charts.rendering import Layer, layered, render_chart

    rows = pl.DataFrame(
        {
            "at": [1, 2],
            "room": [None, "it's \\ 'x'"],
            "share": [None, 0.422178988327],
            "change": [0.0, -0.0004],
        }
    )
    bars = (
        Layer()
        .mark_bar()
        .encode(
            alt.X("at:Q"),
            tooltip=[
                alt.Tooltip("room:N", title="Room's name"),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
                alt.Tooltip("change:Q", title="Change", format="+.1%"),
            ],
        )
    )
    rule = Layer().mark_rule().encode(alt.X("at:Q"), alt.Y("share:Q"))
    render_chart(layered(bars, rule, data=rows), "A chart")


def test_marks_say_names_and_printed_values_and_a_dash_for_nothing() -> None:
    app = AppTest.from_function(a_page_of_gaps, default_timeout=LONGEST_WAIT).run()
    check_charts(app)
    assert read_aloud(app) == [
        "Room's name: –; Share: –; Change: 0.0%",
        "Room's name: it's \\ 'x'; Share: 42.2%; Change: 0.0%",
    ]
    (chart,) = app.get("vega_lite_chart")
    bars, rule = json.loads(chart.proto.spec)["layer"]
    # Streamlit would show the columns of a mark that has no tooltip.
    assert rule["mark"] == {"type": "rule", "aria": False, "tooltip": None}
    assert "tooltip" in bars["encoding"]


# Codes, words of a program, unrounded numbers, a sign before nothing.
RAW = re.compile(
    r"\b(null|undefined|NaN|None|true|false)\b|[a-z]_[a-z]|[A-Z]_[A-Z]|\.\d{4}"
    r"|[+−-]0(\.0*)?%|\d{4}-\d\d-\d\d"
)


@pytest.mark.parametrize(
    ("file", "query"),
    [
        ("overview.py", {}),
        ("traffic.py", {"period": "All time", "split": "Country"}),
        ("votes.py", {"part": "Estimations", "no_weekends": "true"}),
        ("returning.py", {"as": "By start", "in": "Weeks"}),
        ("behaviour.py", {"part": "Events"}),
        ("insights.py", {"about": "Agreement", "period": "All time"}),
        ("room.py", {"room": "ROOM", "meeting": "MEETING", "period": "All time"}),
    ],
)
def test_no_mark_of_a_page_says_anything_raw(
    run_page: RunPage, file: str, query: Mapping[str, str]
) -> None:
    votes = pl.read_parquet(GOLDEN / "fpp_votes.parquet").sort("voted_at")
    busiest = votes["room_id"].value_counts(sort=True)["room_id"][0]
    last = votes.filter(pl.col("room_id") == busiest)["id"][-1]
    own = {"ROOM": str(busiest), "MEETING": str(last)}
    app = run_page(file, **{name: own.get(v, v) for name, v in query.items()})
    said = read_aloud(app)
    assert said
    assert [text for text in said if RAW.search(text)] == []


def test_a_chart_is_announced_with_the_rows_of_its_table(run_page: RunPage) -> None:
    """Three bars are not "a chart of 1 row"."""
    charts = run_page("insights.py", about="Re-votes").get("vega_lite_chart")
    said = [chart.proto.alt for chart in charts]
    assert "Do re-votes bring teams closer?: chart; the table has 1 row" in said


@pytest.mark.parametrize(
    ("file", "query", "expected"),
    [
        ("behaviour.py", {"part": "Routes"}, {"route"}),
        ("behaviour.py", {"part": "Events"}, {"event"}),
        ("behaviour.py", {"part": "Rooms"}, {"room"}),
        ("location.py", {}, {"country", "device"}),
        ("location.py", {"place": "Regions"}, {"country", "country region", "device"}),
        ("location.py", {"place": "Cities"}, {"country", "country city", "device"}),
        ("location.py", {"with": "Browsers"}, {"country", "browser"}),
        ("traffic.py", {"part": "Page views"}, {"source"}),
        ("traffic.py", {"split": "Device"}, {"device"}),
    ],
)
def test_a_click_filters_by_what_the_mark_is(
    run_page: RunPage, file: str, query: Mapping[str, str], expected: set[str]
) -> None:
    app = run_page(file, period="All time", **query)
    charts = app.get("vega_lite_chart")
    drawn = [rows for chart in charts for rows in data_of(chart)]
    clicks = [rows[FIELD].drop_nulls() for rows in drawn if FIELD in rows.columns]
    asked = {
        " ".join(wanted.kind for wanted in asked_for(click))
        for each in clicks
        for click in each
    }
    assert asked == expected


@pytest.mark.parametrize("unit", ["share", "number", "count", "minutes", "seconds"])
@pytest.mark.parametrize("largest", [0.0004, 0.006, 0.04, 0.3, 1, 7, 1_234, 25_000])
def test_no_two_ticks_of_an_axis_have_the_same_label(
    unit: Unit, largest: float
) -> None:
    rows = pl.DataFrame({"y": [0, largest]}, strict=False)
    y = alt.Y("y:Q", title=None, axis=value_axis(unit, rows))
    chart = alt.Chart(rows, height=240).mark_bar().encode(y=y)
    labels = ticks(chart.to_dict())
    assert labels
    assert len(labels) == len(set(labels))
    # Averages have as many decimals as their ticks need: 20 and not 20.00.
    if unit == "number":
        assert {"." in label for label in labels} == {largest < 7}
    if unit in SECONDS:
        # As a tooltip prints the longest of them.
        _, name, _ = unit_of_seconds(largest * SECONDS[unit])
        assert {label.partition(" ")[2] for label in labels} == {name}


@pytest.mark.parametrize("largest", [9_900, 10_000, 12_000, 28_000, 1_600_000])
def test_ticks_of_an_axis_of_counts_are_short_or_whole(largest: int) -> None:
    """No 5,000 below 10k."""
    rows = pl.DataFrame({"y": [0, largest]})
    y = alt.Y("y:Q", title=None, axis=value_axis("count", rows))
    labels = ticks(alt.Chart(rows, height=240).mark_bar().encode(y=y).to_dict())
    are_short = {label.endswith(("k", "M")) for label in labels if label != "0"}
    assert are_short == {largest >= 10_000}, labels


@pytest.mark.parametrize("unit", SECONDS)
@pytest.mark.parametrize("drawn", [None, pl.DataFrame({"y": [0.0, None]})])
def test_an_axis_without_a_duration_has_seconds(
    unit: Unit, drawn: pl.DataFrame | None
) -> None:
    assert value_axis(unit, drawn).to_dict()["labelExpr"] == "datum.label + ' s'"


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (119, ["0 s", "100 s"]),
        (49, ["0 s", "10 s", "20 s", "30 s", "40 s"]),
        (150, ["0 min", "0.5 min", "1 min", "1.5 min", "2 min", "2.5 min"]),
        (3_000, ["0 min", "10 min", "20 min", "30 min", "40 min", "50 min"]),
        (9_000, ["0 h", "0.5 h", "1 h", "1.5 h", "2 h", "2.5 h"]),
        (9e6, ["0 h", "500 h", "1,000 h", "1,500 h", "2,000 h", "2,500 h"]),
    ],
)
@pytest.mark.parametrize(
    ("key", "counted_in"),
    [("duration_median_seconds", 1), ("session_median_minutes", 60)],
)
def test_axes_of_durations_have_whole_steps_of_the_unit_in_the_tooltips(
    seconds: float, labels: list[str], key: str, counted_in: int
) -> None:
    days = [date(2026, 11, 16), date(2026, 11, 17)]
    axis = TimeAxis("day", Period.of_days(days[0], days[1]), datetime(2026, 11, 18))
    rows = pl.DataFrame({"bucket": days, key: [0.01, 0.01]})
    most = pl.DataFrame({"bucket": days, key: [0.01, seconds / counted_in]})
    definition = DEFINITIONS[key]
    title, unit = definition.title, definition.unit
    rooms = most.with_columns(room=pl.lit("Team"))
    for chart in (
        time_chart(most, key, title, unit, axis),
        time_chart(rows, key, title, unit, axis, before=(most, axis)),
        per_room(rooms, key, definition, axis, {"Team": "#000"}),
    ):
        found = ticks(chart.to_dict())
        assert [label for label in found if label in labels] == labels


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("overview.py", {}),
        ("traffic.py", {"part": "page_views"}),
        ("votes.py", {"compare": "none"}),
        *(("behaviour.py", {"part": part}) for part in ("routes", "events", "rooms")),
        *(("historical.py", {"kind": kind}) for kind in ("daily", "accumulated")),
        ("returning.py", {}),
        ("insights.py", {"about": "agreement"}),
        ("room.py", {"room": "1"}),
        ("room.py", {"room": ["1", "2"]}),
    ],
)
def test_the_first_day_of_the_data_is_in_part_on_every_chart_over_time(
    run_page: RunPage, page: str, query: dict[str, Any]
) -> None:
    """The golden data begin on 24 May 2024."""
    days = {"from": "2024-05-24", "to": "2024-08-20", "every": "day"}
    app = run_page(page, **days, **query)
    drawn = [data for chart in app.get("vega_lite_chart") for data in data_of(chart)]
    over_time = [data for data in drawn if {"when", "bucket"} <= {*data.columns}]
    assert over_time
    for data in over_time:
        first = data.sort("bucket")["when"][0]
        assert first.endswith(", in part"), (first, data)
