import polars as pl
import pytest

from metrics.frames import Frames
from metrics.registry import METRIC_TABLES, answer, plan
from metrics.sentences import duration, percent
from tests.metrics.building import days, executed, frames, query, vote

MONTH = days("2026-10-26", "2026-11-22")
BEFORE = days("2026-09-28", "2026-10-25")


def row(**values: float | None) -> pl.DataFrame:
    return pl.DataFrame({name: [value] for name, value in values.items()})


@pytest.mark.parametrize(
    ("name", "table", "sentence"),
    [
        pytest.param(
            "consensus",
            row(near_consensus=None, consensus=None, split=None, rounds=19),
            None,
            id="no consensus",
        ),
        pytest.param(
            "convergence",
            row(apart_rounds=19, re_vote_rate=None, convergence=None),
            None,
            id="few split votes",
        ),
        pytest.param(
            "round_time",
            row(
                duration_median_seconds=40,
                duration_p90_seconds=150,
                talk_median_seconds=62.5,
            ),
            (
                "The median vote takes 40 s; 9 in 10 end within 2.5 min. Median "
                "talk time is 62 s."
            ),
            id="vote time",
        ),
        pytest.param(
            "round_time",
            row(
                duration_median_seconds=40,
                duration_p90_seconds=80,
                talk_median_seconds=None,
            ),
            "The median vote takes 40 s; 9 in 10 end within 80 s.",
            id="few talks",
        ),
        pytest.param(
            "round_time",
            row(
                duration_median_seconds=None,
                duration_p90_seconds=None,
                talk_median_seconds=None,
            ),
            None,
            id="few votes",
        ),
        pytest.param(
            "auto_flip",
            row(auto_flip_share=0.5, auto_flip_effect_seconds=None, compared_rooms=0),
            "50% of votes use auto-flip. 0 rooms use both often enough: too few to "
            "compare.",
            id="no room does both",
        ),
        pytest.param(
            "spectators",
            row(spectator_share=None, estimated_later_share=None, watched_first=0),
            None,
            id="few seats",
        ),
        pytest.param(
            "invites",
            row(inviting_share=0.4, new_rooms=37, invite_intent=0.6, openers=52),
            (
                "40% of 37 new rooms brought two or more new users within a week. "
                "60% of 52 users who opened a room copied a link."
            ),
            id="invites",
        ),
        pytest.param(
            "invites",
            row(inviting_share=None, new_rooms=3, invite_intent=0.6, openers=52),
            "60% of 52 users who opened a room copied a link.",
            id="few new rooms",
        ),
        pytest.param(
            "invites",
            row(inviting_share=None, new_rooms=3, invite_intent=None, openers=2),
            None,
            id="few of both",
        ),
    ],
)
def test_totals(name: str, table: pl.DataFrame, sentence: str | None) -> None:
    assert answer(name, table) == sentence


def states(healthy: int, cooling: int, dormant: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "state": ["healthy", "cooling", "dormant"],
            "room_count": [healthy, cooling, dormant],
        }
    )


def test_states_of_rooms() -> None:
    assert answer("room_states", states(1064, 0, 1)) == (
        "1,065 rooms had a vote in the last 56 days: 1,064 healthy, 0 "
        "cooling, 1 dormant."
    )
    assert answer("room_states", states(19, 0, 0)) is None


def test_retention_is_named_after_one_bucket_and_after_four() -> None:
    average = pl.DataFrame({"k": [1, 4], "size": [40, 30], "alive": [16, 3]})
    assert answer("retention_rooms_by_weeks_average", average) == (
        "40% of rooms were used again after 1 week, 10% after 4 weeks."
    )


def steps(*reached: int) -> pl.DataFrame:
    names = ["New users", "Entered a room", "Estimated", "With others", "Again"]
    return pl.DataFrame({"step": range(1, 6), "step_name": names, "reached": reached})


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        pytest.param(
            steps(1000, 500, 450, 450, 100),
            (
                "Of 1,000 new users, 50% entered a room, 45% estimated and 10% "
                "estimated again on a later day. The biggest drop is before "
                "“Entered a room”."
            ),
            id="most are lost at the door",
        ),
        pytest.param(
            steps(40, 30, 20, 20, 20),
            (
                "Of 40 new users, 75% entered a room, 50% estimated and 50% "
                "estimated again on a later day."
            ),
            id="two steps tie",
        ),
        pytest.param(
            steps(20, 20, 20, 20, 20),
            (
                "Of 20 new users, 100% entered a room, 100% estimated and 100% "
                "estimated again on a later day."
            ),
            id="no user is lost",
        ),
        pytest.param(steps(19, 5, 4, 3, 2), None, id="19 users"),
        pytest.param(steps(0, 0, 0, 0, 0), None, id="no users"),
    ],
)
def test_funnel(table: pl.DataFrame, sentence: str | None) -> None:
    assert answer("funnel", table) == sentence


def newcomers(*counts: tuple[int, int]) -> pl.DataFrame:
    schema = {"newcomers": pl.Int64, "room_count": pl.Int64}
    return pl.DataFrame(counts, schema=schema, orient="row")


def test_newcomers_of_rooms() -> None:
    assert answer(
        "invites_by_newcomers", newcomers((0, 5), (1, 5), (2, 8), (9, 2))
    ) == ("25% of new rooms brought no new users within a week, 50% two or more.")
    assert answer("invites_by_newcomers", newcomers((3, 20))) == (
        "0% of new rooms brought no new users within a week, 100% two or more."
    )
    assert answer("invites_by_newcomers", newcomers((0, 19))) is None


@pytest.mark.parametrize(
    "name", [name for name, one in METRIC_TABLES.items() if one.answer]
)
@pytest.mark.parametrize(
    "rows",
    [Frames.empty(), frames(vote("2026-11-03 09:00"))],
    ids=["no row", "one vote"],
)
def test_every_answer_is_silent_where_the_store_is_nearly_empty(
    name: str, rows: Frames
) -> None:
    table = executed(plan(name, query(rows, MONTH, BEFORE)))
    assert answer(name, table) is None


def test_a_table_without_a_question_has_no_answer() -> None:
    assert answer("estimates", pl.DataFrame()) is None


@pytest.mark.parametrize(
    ("share", "text"),
    [
        *((0, "0%"), (0.0001, "less than 1%"), (0.01, "1%"), (0.994, "more than 99%")),
        *((0.99, "99%"), (0.9999, "more than 99%"), (1, "100%")),
    ],
)
def test_only_none_is_0_percent_and_only_all_is_100(share: float, text: str) -> None:
    assert percent(share) == text


def test_seconds_turn_into_minutes_from_two_minutes_on() -> None:
    assert [duration(s) for s in (0, 119.4, 120, 3600)] == [
        *("0 s", "119 s", "2.0 min", "60.0 min")
    ]
