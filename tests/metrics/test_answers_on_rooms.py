"""Sentences on lists of rooms."""

import polars as pl
import pytest

from metrics.registry import answer


def healths(*points: float) -> pl.DataFrame:
    states = ["healthy" if p >= 70 else "dormant" for p in points]
    return pl.DataFrame({"health": points, "state": states})


def test_how_many_of_all_rooms_are_healthy() -> None:
    assert answer("room_health", healths(93.2, *[70.0] * 4, *[0.0] * 15)) == (
        "25% of the 20 rooms with a non-empty vote in the last 56 days are healthy; "
        "the best has 93 of 100 points."
    )
    assert answer("room_health", healths(*[39.6] * 20)) == (
        "None of the 20 rooms with a non-empty vote in the last 56 days are healthy; "
        "the best has 39 of 100 points."
    )
    assert answer("room_health", healths(*[93.2] * 19)) is None


def quiet(rooms: int, healthy: int) -> pl.DataFrame:
    return pl.DataFrame({"healthy_rooms": [healthy] * rooms})


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        pytest.param(
            quiet(11, 1100),
            "11 of the 1,100 rooms healthy four weeks earlier have become dormant.",
            id="several",
        ),
        pytest.param(
            quiet(1, 20),
            "1 of the 20 rooms healthy four weeks earlier has become dormant.",
            id="one",
        ),
        pytest.param(quiet(5, 19), None, id="19 rooms"),
    ],
)
def test_which_part_of_healthy_rooms_has_gone_quiet(
    table: pl.DataFrame, sentence: str | None
) -> None:
    assert answer("rooms_gone_quiet", table) == sentence


@pytest.mark.parametrize(
    ("newcomers", "sentence"),
    [
        pytest.param(
            [5, 3, *[0] * 18],
            "20 new rooms brought 8 new users within a week, up to 5 each.",
            id="several",
        ),
        pytest.param(
            [1, *[0] * 19],
            "20 new rooms brought 1 new user within a week.",
            id="one",
        ),
        pytest.param([0] * 20, "20 new rooms brought no new users.", id="no users"),
        pytest.param([9] * 19, None, id="19 rooms"),
    ],
)
def test_what_new_rooms_bring(newcomers: list[int], sentence: str | None) -> None:
    table = pl.DataFrame({"newcomers": newcomers})
    assert answer("invites_by_room", table) == sentence
