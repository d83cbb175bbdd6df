"""Every number of the replaced service, exactly."""

from collections.abc import Mapping
from datetime import datetime

import polars as pl
import pytest

from metrics import behaviour, daily, legacy_api, location, rooms
from metrics.frames import Frames
from store.engine import collect_all
from tests.metrics.building import one, plan_of
from tests.metrics.conftest import Json

CUT = 40
"""Ranked lists end here; among labels that tie at the cut any may be listed."""


@pytest.fixture(scope="module")
def answer(golden: Frames, as_of: datetime) -> Json:
    return legacy_api.answer(
        collect_all(legacy_api.plans(legacy_api.sharing(golden), as_of))
    )


def counts_without_cut(plan: pl.LazyFrame) -> dict[tuple[str | None, ...], int]:
    """Labels with their counts, over all rows."""
    *labels, value = plan.collect().to_dict(as_series=False).values()
    return dict(zip(zip(*labels, strict=True), value, strict=True))


def assert_same_ranking(
    got: Mapping[tuple[str | None, ...], int],
    wanted: Mapping[tuple[str | None, ...], int],
    uncut: Mapping[tuple[str | None, ...], int],
) -> None:
    """Same counts in the same order, and each label has its true count."""
    assert list(got.values()) == list(wanted.values())
    assert {label: uncut[label] for label in got} == got
    assert {label: uncut[label] for label in wanted} == wanted
    least = min(wanted.values())
    assert {k: n for k, n in got.items() if n > least} == {
        k: n for k, n in wanted.items() if n > least
    }


def test_the_answer_has_the_six_parts(answer: Json, expected: Json) -> None:
    assert answer.keys() == expected.keys() - {"as_of", "daily", "rooms"}


@pytest.mark.parametrize("part", ["traffic", "votes", "reoccurring", "historical"])
def test_numbers_equal_the_reference(part: str, answer: Json, expected: Json) -> None:
    assert answer[part] == expected[part]


@pytest.mark.parametrize("part", ["weekday_counts", "estimation_counts"])
def test_counts_keep_the_order_of_the_reference(
    part: str, answer: Json, expected: Json
) -> None:
    assert list(answer["votes"][part]) == list(expected["votes"][part])


@pytest.mark.parametrize("part", ["routes", "sources", "events"])
def test_behaviour_equals_the_reference(
    part: str, answer: Json, expected: Json
) -> None:
    assert answer["behaviour"][part] == expected["behaviour"][part]


@pytest.mark.parametrize("part", ["routes", "sources"])
def test_routes_and_sources_keep_the_order_of_the_reference(
    part: str, answer: Json, expected: Json
) -> None:
    assert list(answer["behaviour"][part]) == list(expected["behaviour"][part])


def test_rooms_equal_the_reference(
    golden: Frames, answer: Json, expected: Json
) -> None:
    uncut = counts_without_cut(
        plan_of(behaviour.rooms, golden).select("room_name", "votes")
    )
    assert_same_ranking(
        {(name,): n for name, n in answer["behaviour"]["rooms"].items()},
        {(name,): n for name, n in expected["behaviour"]["rooms"].items()},
        uncut,
    )


@pytest.mark.parametrize("part", ["device", "os", "browser"])
def test_user_agents_equal_the_reference(
    part: str, answer: Json, expected: Json
) -> None:
    got = answer["location_and_user_agent"][part]
    assert got == expected["location_and_user_agent"][part]


def test_countries_equal_the_reference(
    golden: Frames, answer: Json, expected: Json
) -> None:
    def keyed(groups: Mapping[str, int]) -> dict[tuple[str | None, ...], int]:
        return {(None if k == "null" else k,): n for k, n in groups.items()}

    uncut = location.users_by(golden.users, ["country"]).drop("share")
    assert_same_ranking(
        keyed(answer["location_and_user_agent"]["country"]),
        keyed(expected["location_and_user_agent"]["country"]),
        counts_without_cut(uncut),
    )


@pytest.mark.parametrize("place", ["region", "city"])
def test_places_equal_the_reference(
    place: str, golden: Frames, answer: Json, expected: Json
) -> None:
    def keyed(
        groups: list[dict[str, str | int]],
    ) -> dict[tuple[str | None, ...], int]:
        rows = [tuple(group.values()) for group in groups]
        return {(country, name): n for country, name, n in rows}  # type: ignore[misc]  # JSON rows are not typed by position

    part = f"country_{place}"
    uncut = location.users_by(golden.users, ["country", place]).drop("share")
    got = answer["location_and_user_agent"][part]
    wanted = expected["location_and_user_agent"][part]
    assert [list(row) for row in got] == [list(row) for row in wanted]
    assert_same_ranking(keyed(got), keyed(wanted), counts_without_cut(uncut))


def test_daily_equals_the_reference(
    golden: Frames, as_of: datetime, expected: Json
) -> None:
    assert one(daily.legacy(golden, as_of)) == expected["daily"]


def test_rooms_have_the_statistics_of_the_reference(
    golden: Frames, expected: Json
) -> None:
    got = {
        room_id: one(rooms.statistics(golden, int(room_id)))
        for room_id in expected["rooms"]
    }
    assert got == expected["rooms"]
