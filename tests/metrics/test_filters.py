from datetime import datetime

import polars as pl
import pytest

from metrics import filters
from metrics.filters import Filter
from metrics.frames import Frames
from metrics.numbering import numbered
from metrics.tables import BY_NAME, TABLES

AT = datetime(2026, 11, 2, 9)


NAMES = ("anna", "ben", "cleo", "gone")


def frame(table: str, rows: list[dict[str, object]]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=BY_NAME[table].schema)


@pytest.fixture
def frames() -> Frames:
    users = {"anna": ("DE", "desktop"), "ben": ("DE", "mobile"), "cleo": (None, None)}
    empty = {table.name: frame(table.name, []) for table in TABLES}
    return numbered(
        empty
        | {
            "fpp_users": frame(
                "fpp_users",
                [
                    {"id": who, "country": country, "device": device, "created_at": AT}
                    for who, (country, device) in users.items()
                ],
            ),
            "fpp_page_views": frame(
                "fpp_page_views",
                [
                    {"id": 1, "user_id": "anna", "route": "HOME", "viewed_at": AT}
                    | {"source": "https://www.google.com/"},
                    {"id": 2, "user_id": "ben", "route": "ROOM", "viewed_at": AT}
                    | {"room_id": 7},
                    {"id": 3, "user_id": "cleo", "route": "HOME", "viewed_at": AT},
                    {"id": 4, "user_id": "gone", "route": "HOME", "viewed_at": AT},
                ],
            ),
            "fpp_votes": frame("fpp_votes", [{"id": 1, "room_id": 7, "voted_at": AT}]),
        }
    )


def viewers(frames: Frames) -> list[str]:
    return [NAMES[n] for n in sorted(frames.page_views.collect()["user"].to_list())]


@pytest.mark.parametrize(
    ("texts", "kept"),
    [
        ([], ["anna", "ben", "cleo", "gone"]),
        (["country:DE"], ["anna", "ben"]),
        (["country:DE", "device:mobile"], ["ben"]),
        (["country:(not set)"], ["cleo"]),
        (["country:FR"], []),
        (["source:Google Search"], ["anna"]),
        (["route:HOME"], ["anna", "cleo", "gone"]),
        (["route:HOME", "country:DE"], ["anna"]),
        (["room:7"], ["ben"]),
        (["room:x"], []),
    ],
    ids=" and ".join,
)
def test_filters_keep(frames: Frames, texts: list[str], kept: list[str]) -> None:
    wanted = [f for f in map(Filter.parse, texts) if f is not None]
    assert len(wanted) == len(texts)
    assert viewers(filters.apply(frames, wanted)) == kept


def test_a_filter_on_users_leaves_votes_as_they_are(frames: Frames) -> None:
    kept = filters.apply(frames, [Filter("country", "FR")])
    assert kept.votes.collect().height == 1
    assert not Filter("country", "FR").applies(["fpp_votes", "fpp_rooms"])
    assert Filter("country", "FR").applies(["fpp_votes", "fpp_estimations"])


@pytest.mark.parametrize("text", ["", "country", "country:", "planet:Mars", ":DE"])
def test_what_is_no_filter_is_none(text: str) -> None:
    assert Filter.parse(text) is None


@pytest.mark.parametrize("text", ["country:DE", "city:(not set)", "route:a:b"])
def test_a_filter_reads_back_as_it_is_written(text: str) -> None:
    assert str(Filter.parse(text)) == text


def test_a_room_keeps_the_users_who_were_there(frames: Frames) -> None:
    kept = filters.apply(frames, [Filter("room", "7")])
    assert [NAMES[n] for n in kept.users.collect()["user"]] == ["ben"]
    assert kept.votes.collect().height == 1


@pytest.mark.parametrize("text", ["9" * 30, "-1", "٣", ""])
def test_a_text_that_is_no_room_id_keeps_nothing(frames: Frames, text: str) -> None:
    assert filters.apply(frames, [Filter("room", text)]).votes.collect().is_empty()
