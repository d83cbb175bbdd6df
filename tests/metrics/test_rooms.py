"""Finding a room, and what it shows."""

import pytest

from metrics import rooms, votes
from tests.metrics.building import (
    answer,
    at,
    column,
    frames,
    one,
    room,
    unestimated,
    vote,
)

HOUSE = frames(
    room(1, "team-7", number=235376),
    room(7, "Équipe", number=17),
    room(70, "a.b", number=99),
    room(3, "axb", number=700),
    room(8, "c#", number=55),
    vote("2026-11-02 09:00", room=70),
)


def test_a_room_without_votes_has_zeros() -> None:
    assert set(one(rooms.statistics(HOUSE, 999999)).values()) == {0}


def test_statistics_round_as_python_does() -> None:
    rows = frames(
        vote("2026-11-02 09:00", amount=1, duration=58, average="1.00", spectators=1),
        vote("2026-11-02 09:00", amount=2, duration=59, average="1.01"),
        vote("2026-11-02 09:00", room=2, amount=9),
    )
    assert one(rooms.statistics(rows, 1)) == {
        "votes": 2,
        "duration": 58.0,
        "estimations": 3,
        "estimations_per_vote": 1.5,
        "avg_min_estimation": 3.0,
        "avg_avg_estimation": round(2.01 / 2, 2),
        "avg_max_estimation": 5.0,
        "spectators": 1,
        "spectators_per_vote": 0.5,
    }


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        pytest.param("7", [7, 70, 3, 1], id="equal id, then starts, then parts"),
        pytest.param("235376", [1], id="number"),
        pytest.param("17", [7], id="number of a room with another id"),
        pytest.param("TEAM", [1], id="name in another case"),
        pytest.param("équipe", [7], id="accents in another case"),
        pytest.param("E\u0301quipe", [7], id="accents as separate characters"),
        pytest.param(" a.b ", [70], id="dots and blanks"),
        pytest.param(".*", [], id="no patterns"),
        pytest.param("x%", [], id="no wildcards"),
        pytest.param("5376", [], id="not the end of a number"),
        pytest.param("#235376", [1], id="number as printed"),
        pytest.param("#2353", [1], id="start of a number as printed"),
        pytest.param("#7", [3], id="a printed number is no id"),
        pytest.param(" Équipe (#17) \u200b", [7], id="name and number as printed"),
        pytest.param("ID 7", [7, 70], id="ID as printed, then starts"),
        pytest.param("ID 17", [], id="a printed ID is no number"),
        pytest.param("Old name (#99, ID 7)", [7, 70], id="all of it as printed"),
        pytest.param(
            "Équipe #17", [7], id="name and number as bars and filters say it"
        ),
        pytest.param("(deleted) (ID 70)", [70], id="a room without a number"),
        pytest.param("(deleted) ID 70", [70], id="a room without a number, as a bar"),
        pytest.param("#", [8], id="a number sign in a name"),
        pytest.param("\u2068Équipe\u2069", [7], id="copied from a table"),
    ],
)
def test_finds_rooms_by_id_number_or_name_best_match_first(
    text: str, ids: list[int]
) -> None:
    assert column(rooms.find(HOUSE, text), "id") == ids


def test_a_name_stored_with_accents_and_joiners_is_found_as_it_looks() -> None:
    rows = frames(room(7, "E\u0301qui\u200cpe", number=17))
    assert column(rooms.find(rows, "équipe"), "id") == [7]


def test_nothing_typed_lists_rooms_last_voted_in_first() -> None:
    assert column(rooms.find(HOUSE, ""), "id") == [70, 1, 3, 7, 8]


def test_finds_20_rooms_at_most() -> None:
    rows = frames(*(room(n, f"team-{n}") for n in range(1, 30)))
    assert len(column(rooms.find(rows, "team"), "id")) == 20


def test_all_rooms_are_listed_with_and_without_votes() -> None:
    listed = answer(rooms.all_rooms(HOUSE))
    assert listed[0] == {
        "id": 70,
        "number": 99,
        "name": "a.b",
        "votes": 1,
        "last_vote_at": at("2026-11-02 09:00"),
    }
    assert [row["votes"] for row in listed] == [1, 0, 0, 0, 0]


def test_a_deleted_room_is_found_by_the_id_of_its_votes() -> None:
    rows = frames(room(1, "team-7", number=41), vote("2026-11-02 09:00", room=41))
    found = answer(rooms.find(rows, "ID 41"))
    assert [(each["id"], each["name"], each["votes"]) for each in found] == [
        (41, None, 1)
    ]
    assert column(rooms.find(rows, "41"), "id") == [41, 1]
    assert column(rooms.all_rooms(rows), "id") == [1]


def test_votes_are_listed_newest_first_without_the_marks_of_an_empty_vote() -> None:
    rows = frames(
        vote("2026-11-02 09:00", low=2, high=8, average="4.50"),
        unestimated("2026-11-02 10:00"),
        vote("2026-11-02 11:00", room=2),
    )
    table = votes.newest_first_of(rows.of_room(1).votes).drop("room_id")
    assert answer(table) == [
        {
            "id": 2,
            "voted_at": at("2026-11-02 10:00"),
            "amount_of_estimations": 0,
            "amount_of_spectators": 0,
            "min_estimation": None,
            "avg_estimation": None,
            "max_estimation": None,
            "steps": None,
            "duration": 9999,
            "was_auto_flip": False,
        },
        {
            "id": 1,
            "voted_at": at("2026-11-02 09:00"),
            "amount_of_estimations": 2,
            "amount_of_spectators": 0,
            "min_estimation": 2,
            "avg_estimation": 4.5,
            "max_estimation": 8,
            "steps": 3,
            "duration": 30,
            "was_auto_flip": False,
        },
    ]
    assert column(votes.newest_first_of(rows.votes), "room_id") == [2, 1, 1]
