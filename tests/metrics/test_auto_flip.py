from metrics import auto_flip
from tests.metrics.building import Row, days, frames, one, plan_of, unestimated, vote

WEEK = days("2026-11-02", "2026-11-08")
DAY = "2026-11-03 09:00"


def vote_rows(times: int, duration: int, *, flip: bool, room: int = 1) -> list[Row]:
    return [vote(DAY, duration=duration, flip=flip, room=room)] * times


def test_the_share_is_of_votes_with_an_estimation() -> None:
    rows = [
        *vote_rows(5, 30, flip=True),
        *vote_rows(15, 30, flip=False),
        unestimated(DAY),
    ]
    found = one(plan_of(auto_flip.totals, frames(*rows), WEEK))
    assert (found["rounds_with_estimate"], found["auto_flip_share"]) == (20, 0.25)


def test_the_effect_is_the_median_over_rooms_that_do_both() -> None:
    rows = []
    for room, seconds in enumerate((20, 30, 70) * 7, 1):
        rows += vote_rows(5, seconds, flip=True, room=room)
        rows += vote_rows(5, 40, flip=False, room=room)
    found = one(plan_of(auto_flip.totals, frames(*rows), WEEK))
    assert (found["compared_rooms"], found["compared_rounds"]) == (21, 210)
    assert found["auto_flip_effect_seconds"] == -10
    # From the sixth of them in order to the sixth from the end.
    ends = [found[f"auto_flip_effect_seconds_{end}"] for end in ("low", "high")]
    assert ends == [-20, 30]


def test_a_room_with_four_votes_of_a_kind_is_not_compared() -> None:
    rows = [*vote_rows(4, 10, flip=True), *vote_rows(50, 20, flip=False)]
    found = one(plan_of(auto_flip.totals, frames(*rows), WEEK))
    assert found["compared_rooms"] == 0
    assert found["auto_flip_effect_seconds"] is None


def test_an_effect_from_fewer_than_twenty_rooms_is_hidden() -> None:
    rows = []
    for room in range(19):
        rows += vote_rows(50, 10, flip=True, room=room)
        rows += vote_rows(50, 20, flip=False, room=room)
    found = one(plan_of(auto_flip.totals, frames(*rows), WEEK))
    assert (found["compared_rooms"], found["compared_rounds"]) == (19, 1900)
    assert found["auto_flip_effect_seconds"] is None


def test_both_kinds_are_listed_also_when_one_is_missing() -> None:
    table = plan_of(
        auto_flip.by_kind, frames(*vote_rows(20, 30, flip=True)), WEEK
    ).collect()
    assert table["flip"].to_list() == ["by hand", "auto-flip"]
    assert table["rounds_with_estimate"].to_list() == [0, 20]
    assert table["share"].to_list() == [0, 1]
    assert table["duration_median_seconds"].to_list() == [None, 30]
