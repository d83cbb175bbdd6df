import polars as pl
from polars.testing import assert_frame_equal

from ui import labels
from ui.charts.world_map import not_drawn


def test_codes_get_names_and_null_is_said() -> None:
    frame = pl.DataFrame({"country": ["DE", "XX", None], "users": [3, 2, 1]})
    expected = pl.DataFrame(
        {"country": ["Germany 🇩🇪", "XX", "(not set)"], "users": [3, 2, 1]}
    )
    assert_frame_equal(labels.readable(frame), expected)


def test_regions_are_named_within_their_country() -> None:
    frame = pl.DataFrame({"country": ["DE", "US", "DE"], "region": ["BY", "BY", None]})
    assert labels.readable(frame)["region"].to_list() == [
        "Bayern",
        "BY",
        "(not set)",
    ]


def test_a_room_without_a_name_is_deleted() -> None:
    frame = pl.DataFrame({"room_name": ["team", None]})
    assert labels.readable(frame)["room_name"].to_list() == ["team", "(deleted)"]


def test_what_the_map_cannot_show_is_counted_beside_it() -> None:
    countries = ["DE", "GI", "XX", None, "MQ"]
    frame = pl.DataFrame({"country": countries, "users": [3, 2, 1, 4, 0]})
    said = not_drawn(frame, "users")
    assert said is not None
    assert said.replace("\\", "") == (
        "Not on the map: Gibraltar (2), XX (1), (not set) (4)."
    )
    assert not_drawn(frame.head(1), "users") is None
