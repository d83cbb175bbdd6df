"""The retention grid: rows in order, the future blank, small shares hidden."""

from datetime import date

import polars as pl
import pytest
import vl_convert

from tests.pages.chart_specs import ticks
from ui.charts.heat_map import heat_map, retention_curve, retention_grid

OLD, NEW, LATEST = date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)
CELLS = pl.DataFrame(
    {
        "cohort": [OLD, OLD, NEW, NEW, LATEST],
        "size": [30, 30, 5, 5, 0],
        "k": [0, 1, 0, 1, 0],
        "alive": [30, 12, 5, None, 0],
        "share": [1.0, 0.4, None, None, None],
        "running": [False, True, True, None, True],
    }
)
AVERAGE = pl.DataFrame({"k": [0], "size": [30], "alive": [30], "share": [1.0]})


def cells() -> list[dict[str, object]]:
    (data,) = retention_grid(CELLS, AVERAGE, "weeks").to_dict()["datasets"].values()
    return list(data)


def test_the_average_is_above_the_cohorts_in_order_of_time() -> None:
    layers = retention_grid(CELLS, AVERAGE, "weeks").to_dict()["layer"]
    order = ["Weighted average", "2 Nov 2026  ·  30", "9 Nov 2026  ·  5"]
    assert [layer["encoding"]["y"]["sort"] for layer in layers] == [order] * 4


def test_a_cell_of_the_future_is_blank_and_not_zero() -> None:
    at = [(cell["row"], cell["k"], cell["alive"]) for cell in cells()]
    assert at == [
        ("Weighted average", 0, 30),
        ("2 Nov 2026  ·  30", 0, 30),
        ("2 Nov 2026  ·  30", 1, 12),
        ("9 Nov 2026  ·  5", 0, 5),
    ]


def test_an_average_of_no_cohort_that_is_old_enough_has_no_row() -> None:
    none = {"k": [0, 1], "size": [0, 0], "alive": [0, 0], "share": [None, None]}
    average = pl.DataFrame(none, schema=AVERAGE.schema)
    young = retention_grid(CELLS, average, "weeks").to_dict()
    (drawn,) = young["datasets"].values()
    assert {str(cell["row"])[:5] for cell in drawn} == {"2 Nov", "9 Nov"}


def test_a_cohort_of_fewer_than_20_shows_its_number_and_no_share() -> None:
    (small,) = [cell for cell in cells() if str(cell["row"]).startswith("9 Nov")]
    assert (small["alive"], small["share"]) == (5, None)


def test_a_bucket_that_has_not_ended_is_not_called_over() -> None:
    found = {(str(cell["row"])[:5], cell["k"]): cell["over"] for cell in cells()}
    assert found[("2 Nov", 0)] == found[("Weigh", 0)] == "yes"
    assert found[("2 Nov", 1)] == found[("9 Nov", 0)] == "no"


def test_the_curve_shows_the_average_by_age() -> None:
    chart = retention_curve(AVERAGE, "sprints").to_dict()
    line, points, _ = (layer["encoding"] for layer in chart["layer"])
    for drawn in (line, points):
        assert drawn["y"]["scale"] == {"domain": [0, 1]}
        assert drawn["x"]["title"] == "Sprints since the first"


def test_the_axis_of_the_curve_ends_with_the_last_age() -> None:
    rows = {"k": [*range(9)], "size": [30] * 9, "alive": [3] * 9, "share": [0.1] * 9}
    chart = retention_curve(pl.DataFrame(rows), "sprints").to_dict()
    assert [label for label in ticks(chart) if "%" not in label][-1] == "8"
    # From 0 to 8 there are eight steps: the tooltips of two ages meet half-way.
    assert chart["layer"][2]["mark"]["strokeWidth"] == {"expr": "max(1, width / 8)"}


@pytest.mark.parametrize("most", [0.0, None])
def test_a_heat_map_of_nothing_has_its_palest_shade_at_zero(most: float | None) -> None:
    cells = pl.DataFrame(
        {"hour": [9], "day": ["Monday"], "votes": [most]},
        schema_overrides={"votes": pl.Float64},
    )
    chart = heat_map(cells, ("hour", "Hour"), ("day", "Day"), ("votes", "Votes"))
    svg = vl_convert.vegalite_to_svg(chart.to_dict())
    assert ">0.0<" in svg
    assert ">1.0<" in svg


def test_a_word_is_one_number_in_curve_and_grid() -> None:
    charts = retention_curve(AVERAGE, "weeks"), retention_grid(CELLS, AVERAGE, "weeks")
    for chart in charts:
        layers = chart.to_dict()["layer"]
        tips = [tip for n in layers for tip in n["encoding"].get("tooltip", ())]
        titles = {tip["title"]: tip["field"] for tip in tips}
        assert titles["Came back"] == "alive"
        assert titles["Share"] == "share_text"
