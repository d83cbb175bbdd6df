"""What a table shows on a page, where its files have more columns."""

import json
import re
import subprocess
import sys
from math import copysign
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Dataframe

from metrics.formats import fixed, number, share_digits
from metrics.sentences import durations, with_interval
from testkit.dashboard import LONGEST_WAIT
from tests.pages.test_insights import read
from ui.blocks import tables
from ui.labels import readable

ROOT = Path(__file__).parents[2]


def test_a_figure_and_its_interval_are_one_cell() -> None:
    frame = pl.DataFrame(
        {
            "source": ["Bing", "Teams", "CV"],
            "activation_rate": [0.08, 1.0, None],
            "activation_rate_low": [0.042, 0.84, None],
            "activation_rate_high": [0.146, 1.0, None],
            "activation_rate_others": [0.5, 0.4, 0.5],
            "activation_rate_verdict": ["lower", "higher", None],
            "activation_rate_detectable": [0.1, 0.1, None],
        }
    )
    shown = tables.with_intervals(frame)
    assert shown.columns == ["source", "activation_rate", "activation_rate_verdict"]
    cells = ["  8.0% (4–15)", "100.0% (84–100)", None]
    assert shown["activation_rate"].to_list() == cells
    config = json.loads(headed(frame))
    assert config["activation_rate_verdict"]["label"] == "Higher or lower?"
    # Also where every sample is too small.
    for rows in (frame, frame.tail(1)):
        column = json.loads(headed(rows))["activation_rate"]
        assert "In brackets: its 95% interval." in column["help"]
        assert column["alignment"] == "right"
    # What is not known stays empty: it is no label that is "(not set)".
    assert readable(shown)["activation_rate_verdict"].to_list() == [
        *("lower", "higher", None)
    ]


def headed(frame: pl.DataFrame) -> str:
    return str(drawn(frame).proto.columns)


def drawn(frame: pl.DataFrame) -> Dataframe:
    def page(rows: dict[str, list[object]]) -> None:
        import polars as pl

        from ui.blocks import tables

        tables.render(pl.DataFrame(rows), "A table")

    app = AppTest.from_function(
        page, args=(frame.to_dict(as_series=False),), default_timeout=LONGEST_WAIT
    ).run()
    return app.dataframe[0]


def test_an_interval_below_zero_has_minus_signs_and_no_two_dashes() -> None:
    name = "auto_flip_effect_seconds"
    ends = {name: [-14.0], f"{name}_low": [-21.0], f"{name}_high": [-2.0]}
    cells = tables.with_intervals(pl.DataFrame(ends))[name].to_list()
    assert cells == ["−14 s (−21 to −2)"]


@pytest.mark.parametrize(
    ("key", "figure", "interval"),
    [
        ("came_back_share", (0.0, 0.0, 0.004), "(0.0–0.4)"),
        ("came_back_share", (1.0, 0.9996, 1.0), "(99.96–100.00)"),
        ("came_back_share", (0.48, 0.44, 0.52), "(44–52)"),
        ("duration_median_seconds", (40.0, 39.8, 40.3), "(39.8–40.3)"),
    ],
)
def test_the_ends_of_an_interval_are_told_apart(
    key: str, figure: tuple[float, float, float], interval: str
) -> None:
    """Of many users: "None (0–0) of them estimated again"."""
    names = (key, f"{key}_low", f"{key}_high")
    row = dict(zip(names, figure, strict=True))
    cell = tables.with_intervals(pl.DataFrame([row]))[key].item()
    assert cell.endswith(f" {interval}")
    said = durations(figure)[0] if "seconds" in key else with_interval(row, key)
    assert said.endswith(f" {interval}")


def test_labels_over_time_are_named_after_their_kind_and_spelt_out() -> None:
    def page() -> None:
        import polars as pl

        from ui.blocks import tables

        rows = pl.DataFrame({"label": ["CONTACT", "ANALYTICS"], "count": [3, 2]})
        tables.render(rows, "A table", table="routes_over_time")
        moved = pl.DataFrame({"dimension": ["source"], "change": [-2]})
        tables.render(moved, "Another")

    routes, changes = (
        AppTest.from_function(page, default_timeout=LONGEST_WAIT).run().dataframe
    )
    assert json.loads(routes.proto.columns)["route"]["label"] == "Route"
    assert list(routes.value["route"]) == ["Contact", "Analytics"]
    assert list(changes.value["dimension"]) == ["Source"]


def test_each_of_two_verdicts_says_of_what_it_is() -> None:
    kinds = ("re_vote_rate", "convergence_excess")
    frame = pl.DataFrame({f"{kind}_verdict": ["higher"] for kind in kinds})
    columns = json.loads(headed(frame))
    labels = {columns[name]["label"] for name in frame.columns}
    assert len(labels) == 2
    assert all(label.endswith(": higher or lower?") for label in labels)


def test_the_last_vote_of_a_room_is_not_that_of_its_health() -> None:
    """It may be an empty one, which health leaves out."""
    assert tables.heading("last_vote_at") != tables.heading("last_round_at")


def test_a_column_of_intervals_is_as_wide_as_its_longest_text() -> None:
    # Of these, a table by itself takes the only long one for an outlier.
    rates = {"activation_rate": [0.045, 0.114, 0.026, 0.083, None, 1.0]}
    frame = pl.DataFrame(rates).with_columns(
        pl.lit(None, pl.Float64).alias("activation_rate_low"),
        pl.lit(None, pl.Float64).alias("activation_rate_high"),
    )
    frame[-1, "activation_rate_low"], frame[-1, "activation_rate_high"] = 0.84, 1.0
    width = json.loads(headed(frame))["activation_rate"]["width"]
    # Digits are 6.4 pixels wide, and a cell has 8 at each side.
    assert width >= len("100.0% (84–100)") * 6.4 + 16


def test_a_column_of_verdicts_is_as_wide_as_its_longest_text() -> None:
    verdicts = [*["lower"] * 9, "no clear difference"]
    config = json.loads(headed(pl.DataFrame({"activation_rate_verdict": verdicts})))
    # Letters are 5.7 pixels wide.
    width = len(verdicts[-1]) * 5.7 + 16
    assert config["activation_rate_verdict"]["width"] >= width


def test_texts_of_intervals_sort_as_their_figures_do() -> None:
    values = [3.0, 40.0, 119.0, 12.0]
    frame = pl.DataFrame({"duration_median_seconds": values}).with_columns(
        duration_median_seconds_low=pl.col("duration_median_seconds") - 1,
        duration_median_seconds_high=pl.col("duration_median_seconds") + 1,
    )
    texts = tables.with_intervals(frame)["duration_median_seconds"]
    assert texts.to_list()[1] == " 40 s (39–41)"
    assert texts.arg_sort().to_list() == pl.Series(values).arg_sort().to_list()


@pytest.mark.parametrize(
    ("seconds", "cells"),
    [
        # Alone, as the tile of the same figure.
        ([3800.0], ["63.3 min"]),
        ([40.0, None], ["40 s", ""]),
        ([9000.0, 12_600.0], ["2.5 h", "3.5 h"]),
        # Most votes are short, however long one room was left open.
        ([12.0, 30.0, 43_200.0], ["12 s", "30 s", "43,200 s"]),
        # None is 0 that is not, and 0 is.
        (
            [99.0, 9000.0, 10_800.0, 0.0],
            ["1.6 min", "150.0 min", "180.0 min", "0.0 min"],
        ),
    ],
)
@pytest.mark.parametrize(
    ("key", "counted_in"),
    [("duration_median_seconds", 1), ("session_median_minutes", 60)],
)
def test_durations_of_a_column_have_the_unit_that_fits_most_of_them(
    seconds: list[float | None], cells: list[str], key: str, counted_in: int
) -> None:
    frame = pl.DataFrame({key: seconds}, schema={key: pl.Float64}) / counted_in
    table = drawn(frame)
    look = json.loads(table.proto.columns)[key]["type_config"]["format"]
    _, digits, symbol = re.split(r"^%,\.(\d)f ", look)
    sent = read(table.proto.arrow_data.data)[key]
    texts = ["" if n is None else f"{n:,.{digits}f} {symbol}" for n in sent]
    assert texts == cells
    ends = frame.with_columns(
        pl.col(key).alias(f"{key}_low"), pl.col(key).alias(f"{key}_high")
    )
    texts = tables.with_intervals(ends)[key].to_list()
    assert [(text or "").partition(" (")[0].strip() for text in texts] == cells


def test_a_label_without_a_text_is_not_set_but_a_remark_is_not() -> None:
    frame = pl.DataFrame({"source": [None, "Bing"], "cut": [None, "start"]})
    shown = readable(frame)
    assert shown["source"].to_list() == ["(not set)", "Bing"]
    assert shown["cut"].to_list() == [None, "start"]


def test_numbers_of_a_plain_table_have_their_notation_and_texts_their_width() -> None:
    def page() -> None:
        import polars as pl

        from ui.blocks import tables

        frame = pl.DataFrame({"Average": [3.5, 2.0], "Votes": [1, 2], "What": ["", ""]})
        tables.render_plain(frame, "Votes", widths={"What": 90})

    app = AppTest.from_function(page, default_timeout=LONGEST_WAIT).run()
    columns = json.loads(app.dataframe[0].proto.columns)
    assert columns["Average"]["type_config"]["format"] == "%,.2f"
    assert columns["Votes"]["type_config"]["format"] == "%,d"
    assert columns["What"]["width"] == 90


def test_points_are_whole_ones_that_have_been_reached() -> None:
    def page() -> None:
        import polars as pl

        from ui.blocks import tables

        tables.render(pl.DataFrame({"health": [69.6, 70.0, 39.9]}), "Health")

    sent = (
        AppTest.from_function(page, default_timeout=LONGEST_WAIT)
        .run()
        .dataframe[0]
        .value
    )
    # Rounded, a cooling room would have the 70 points of a healthy one.
    assert list(sent["health"]) == [69, 70, 39]


@given(
    st.integers(0, 2),
    st.integers(-(10**6), 10**6).map(lambda n: n / 2000)
    | st.floats(-1e9, 1e9, allow_nan=False),
)
@example(1, 0.15)
@example(1, 6.25)
@example(2, 1.005)
@example(1, 81.1)
def test_cells_are_read_out_as_they_are_printed(digits: int, number: float) -> None:
    # Polars divides many rows by one number in another way than one row.
    frame = pl.DataFrame({"n": [number, 0.0]})
    sent = frame.select(tables._as_printed("n", digits))["n"][0]
    both = (float(fixed(n, digits).replace(",", "")) for n in (sent, number))
    assert next(both) == next(both)
    # Halves alone have one digit more: the browser rounds them.
    assert sent == round(sent, digits) or abs(sent * 10**digits) % 1 == 0.5
    assert copysign(1, sent) == 1 or sent != 0


def test_no_number_prints_as_minus_zero() -> None:
    def page() -> None:
        import polars as pl

        from ui.blocks import tables

        shares = [-0.0004, -0.0006, 0.0, None]
        frame = pl.DataFrame({"count_change_share": shares})
        means = pl.DataFrame({"ma_votes": [-0.00004, -0.00006, 0.00004, None]})
        least = pl.DataFrame({"contribution": [-0.000004, -0.000006, 0.0, None]})
        frame = frame.with_columns(least)
        tables.render(pl.concat([frame, means], how="horizontal"), "Changes")

    (sent,) = AppTest.from_function(page, default_timeout=LONGEST_WAIT).run().dataframe
    found = read(sent.proto.arrow_data.data).to_dict(as_series=False)
    # As the browser prints them: with so many decimals.
    assert found["count_change_share"] == [0, -0.1, 0, None]
    assert found["contribution"] == [-0.0004, -0.0006, 0, None]
    assert found["ma_votes"] == [-0.00004, -0.00006, 0.00004, None]
    assert "-0.0" not in map(str, found["contribution"] + found["ma_votes"])
    # From 3 to 60 votes it is 1,900.0%, as on tiles.
    looks = json.loads(sent.proto.columns)
    for name, digits in (("contribution", 4), ("count_change_share", 1)):
        assert looks[name]["type_config"]["format"] == f"%,.{digits}f%%"


@pytest.mark.parametrize(
    ("shares", "texts"),
    [
        ([0.25, 0.0, 1.0], ["25.0%", "0.0%", "100.0%"]),
        ([0.0004, 0.25], ["0.04%", "25.00%"]),
        ([0.9996, 0.5], ["99.96%", "50.00%"]),
        ([0.000006], ["0.001%"]),
        ([1 / 200_001, 1 - 1 / 200_001], ["0.0005%", "99.9995%"]),
        ([0.3 - 0.1 * 3, 1 - 1e-16, 0.5], ["0.0%", "100.0%", "50.0%"]),
    ],
)
def test_only_none_prints_as_none_and_only_all_as_all(
    shares: list[float], texts: list[str]
) -> None:
    """Of a million users four hundred are 0.04%, on tiles, in tables and in sheets."""
    table = drawn(pl.DataFrame({"share": shares}))
    look = json.loads(table.proto.columns)["share"]["type_config"]["format"]
    sent = read(table.proto.arrow_data.data)["share"]
    digits = int(look[3])
    assert [f"{share:.{digits}f}%" for share in sent] == texts
    beside = [number(share, "share", *shares) for share in shares]
    assert beside == texts
    assert max(map(share_digits, shares)) == digits


def test_a_number_stays_behind_a_name_from_right_to_left() -> None:
    def page() -> None:
        import polars as pl

        from ui.blocks import tables

        rooms = ["\u05d0 \u05d1 #12", "Owls #7", None]
        tables.render(pl.DataFrame({"room": rooms}), "Rooms")

    (sent,) = AppTest.from_function(page, default_timeout=LONGEST_WAIT).run().dataframe
    found = read(sent.proto.arrow_data.data)["room"].to_list()
    assert found[:2] == ["\u2068\u05d0 \u05d1\u2069 #12", "Owls #7"]


MANY = f"""
import sys
import polars as pl
from ui.blocks import tables
rows = pl.DataFrame({{"votes": range({tables.MOST_ROWS + 2})}})
tables.render(rows, "Votes", "{tables.CLICKABLE}votes", lambda: None)
print("pandas" in sys.modules)
"""


def test_a_table_of_very_many_rows_is_cut_and_leaves_pandas_unloaded() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MANY],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    # Charts of other users would fail while it is loaded.
    assert done.stdout.strip() == "False"
    app = AppTest.from_string(MANY, default_timeout=LONGEST_WAIT).run()
    assert app.dataframe[0].value.shape == (150_000, 1)
    [note] = [caption.value for caption in app.caption]
    assert note == "The first 150,000 of 150,002 rows; the CSV has all."
