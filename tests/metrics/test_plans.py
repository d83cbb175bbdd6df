"""Plans beside the registry: the replaced service's answers and a room's page."""

import json
from collections.abc import Callable, Mapping
from io import BytesIO

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from metrics import daily, legacy_api, rooms, votes
from metrics.frames import Frames
from metrics.query import SharedPlans
from metrics.registry import DEFINITIONS, LABELS
from metrics.room_health import health
from tests.metrics.building import at
from tests.metrics.edge_cases import BEFORE_START, DATA, EMPTY, SINGLE

NOW = at("2026-11-20 18:00")
Build = Callable[[Frames], pl.LazyFrame]
REFERENCE = tuple(legacy_api.plans(legacy_api.sharing(EMPTY), NOW))
SHOWN: Mapping[str, Build] = {
    "room statistics": lambda frames: rooms.statistics(frames, 1),
    "room votes": lambda frames: votes.newest_first_of(frames.of_room(1).votes),
    "room search": lambda frames: rooms.find(frames, "team"),
    "room spread": lambda frames: votes.spread_of(frames.of_room(1).votes),
    "room team sizes": lambda frames: votes.team_sizes_of(frames.of_room(1).votes),
    "last 24 hours": lambda frames: daily.legacy(frames, NOW),
    "health": lambda frames: health(SharedPlans(frames), NOW),
}


def plans(frames: Frames) -> dict[str, pl.LazyFrame]:
    shown = {name: build(frames) for name, build in SHOWN.items()}
    return legacy_api.plans(legacy_api.sharing(frames), NOW) | shown


@pytest.mark.parametrize("name", [*REFERENCE, *SHOWN])
def test_a_plan_that_was_sent_away_gives_the_same_answer(
    name: str, golden: Frames
) -> None:
    plan = plans(golden)[name]
    sent = pl.LazyFrame.deserialize(BytesIO(plan.serialize()))
    # A cluster streams.
    assert_frame_equal(sent.collect(engine="streaming"), plan.collect())


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("name", [*REFERENCE, *SHOWN])
def test_answers_on_any_data_with_the_same_columns(name: str, data: str) -> None:
    frame = plans(DATA[data])[name].collect()
    assert frame.schema == plans(EMPTY)[name].collect_schema()
    for series in frame:
        assert not series.dtype.is_decimal()
        assert not series.dtype.is_float() or series.is_finite().all()


@pytest.mark.parametrize("name", SHOWN)
def test_every_column_that_a_page_shows_is_defined_or_a_label(name: str) -> None:
    columns = SHOWN[name](EMPTY).collect_schema().names()
    assert [c for c in columns if c not in DEFINITIONS.keys() | LABELS] == []


def answer(frames: Frames) -> dict[str, object]:
    found = {
        name: p.collect()
        for name, p in legacy_api.plans(legacy_api.sharing(frames), NOW).items()
    }
    return legacy_api.answer(found)


@pytest.mark.parametrize("data", DATA)
def test_the_answer_is_json_on_any_data(data: str) -> None:
    parts = json.loads(json.dumps(answer(DATA[data]), allow_nan=False))
    assert parts.keys() == answer(EMPTY).keys()


def test_the_answer_to_nothing_is_0_and_every_weekday() -> None:
    empty = answer(EMPTY)
    assert empty["traffic"] == {
        "unique_users": 0,
        "page_views": 0,
        "bounce_rate": 0.0,
        "average_duration": 0.0,
    }
    assert empty["behaviour"] == {
        "routes": {},
        "sources": {"Other": 0},
        "events": {},
        "rooms": {},
    }
    historical = empty["historical"]
    assert isinstance(historical, list)
    assert len(historical) == 645
    assert historical[0]["date"] == "2024-06-03"


def test_a_null_group_is_under_null() -> None:
    places = answer(SINGLE)["location_and_user_agent"]
    assert isinstance(places, dict)
    assert places["device"] == {"null": 1}
    assert places["country_city"] == [{"country": "DE", "city": None, "count": 1}]


def test_rows_before_the_start_count_in_totals_and_not_in_series() -> None:
    parts = answer(BEFORE_START)
    traffic, historical = parts["traffic"], parts["historical"]
    assert isinstance(traffic, dict)
    assert isinstance(historical, list)
    assert traffic == {
        "unique_users": 1,
        "page_views": 1,
        "bounce_rate": 1.0,
        "average_duration": 0.0,
    }
    assert historical[-1]["acc_page_views"] == 0
