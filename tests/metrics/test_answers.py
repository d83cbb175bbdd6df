import polars as pl
import pytest

from metrics.expressions import MINIMUM_SAMPLE
from metrics.frames import Frames
from metrics.registry import METRIC_TABLES, answer, plan
from metrics.sentences import duration, percent
from tests.metrics.building import days, frames, query, vote

MONTH = days("2026-10-26", "2026-11-22")
BEFORE = days("2026-09-28", "2026-10-25")


def sizes(*near_and_rounds: tuple[int, int]) -> pl.DataFrame:
    """A table of team sizes, from small to large."""
    return pl.DataFrame(
        {
            "order": [1, 2, 3],
            "team_size": ["2–3", "4–6", "7 or more"],
            "near_rounds": [near for near, _ in near_and_rounds],
            "rounds": [rounds for _, rounds in near_and_rounds],
            "near_consensus": [
                near / rounds if rounds >= MINIMUM_SAMPLE else None
                for near, rounds in near_and_rounds
            ],
        },
        schema_overrides={"near_consensus": pl.Float64},
    )


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        pytest.param(
            sizes((71, 100), (130, 210), (48, 100)),
            (
                "61% of votes ended within one step: 71% in teams of 2–3, 48% in "
                "teams of 7 or more."
            ),
            id="larger teams less",
        ),
        pytest.param(
            sizes((10, 100), (0, 0), (20, 100)),
            (
                "15% of votes ended within one step: 10% in teams of 2–3, 20% in "
                "teams of 7 or more."
            ),
            id="larger teams more, one class missing",
        ),
        pytest.param(
            sizes((50, 100), (10, 20), (0, 19)),
            (
                "No clear difference between team sizes: about 50% of votes ended "
                "within one step."
            ),
            id="a tie, and a class that is too small",
        ),
        pytest.param(
            sizes((0, 100), (0, 100), (0, 100)),
            (
                "No clear difference between team sizes: about 0% of votes ended "
                "within one step."
            ),
            id="all zero",
        ),
        pytest.param(
            sizes((15, 30), (0, 0), (0, 0)),
            "50% of votes ended within one step.",
            id="one class only",
        ),
        pytest.param(
            sizes((5, 10), (5, 10), (0, 0)),
            "50% of votes ended within one step.",
            id="enough only together",
        ),
        pytest.param(sizes((19, 19), (0, 0), (0, 0)), None, id="19 rounds"),
        pytest.param(sizes((0, 0), (0, 0), (0, 0)), None, id="no round"),
    ],
)
def test_consensus_by_team_size(table: pl.DataFrame, sentence: str | None) -> None:
    assert answer("consensus_by_team_size", table) == sentence


def weeks(*near_and_rounds: tuple[int, int]) -> pl.DataFrame:
    near, rounds = zip(*near_and_rounds, strict=True) if near_and_rounds else ((), ())
    return pl.DataFrame(
        {"near_rounds": near, "rounds": rounds},
        schema={"near_rounds": pl.Int64, "rounds": pl.Int64},
    )


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        pytest.param(
            weeks((30, 40), (0, 0), (10, 20), (10, 20)),
            (
                "The share of votes within one step fell from 75% in the first half"
                " of the period to 50% in the second."
            ),
            id="changed",
        ),
        pytest.param(
            weeks((20, 40), (10, 20)),
            (
                "The share of votes within one step was 50% in both halves of the "
                "period."
            ),
            id="equal",
        ),
        pytest.param(weeks((40, 40), (19, 19)), None, id="too few in the second half"),
        pytest.param(weeks((40, 40)), None, id="one week"),
        pytest.param(weeks(), None, id="no week"),
    ],
)
def test_consensus_over_time(table: pl.DataFrame, sentence: str | None) -> None:
    assert answer("consensus_over_time", table) == sentence


def row(**values: float | None) -> pl.DataFrame:
    return pl.DataFrame({name: [value] for name, value in values.items()})


@pytest.mark.parametrize(
    ("name", "table", "sentence"),
    [
        pytest.param(
            "consensus",
            row(near_consensus=0.58, consensus=0.2, split=0.14, rounds=1602),
            (
                "58% of 1,602 votes ended within one step, 20% on one card; 14% "
                "were three or more steps apart."
            ),
            id="consensus",
        ),
        pytest.param(
            "consensus",
            row(near_consensus=None, consensus=None, split=None, rounds=19),
            None,
            id="no consensus",
        ),
        pytest.param(
            "agreement",
            row(agreement=0.66, outlier_share=0.0),
            (
                "66% of estimations match their vote's most common card; 0% are two"
                " or more steps from its median."
            ),
            id="agreement",
        ),
        pytest.param(
            "agreement",
            row(agreement=None, outlier_share=None),
            None,
            id="no agreement",
        ),
        pytest.param(
            "convergence",
            row(apart_rounds=1200, re_vote_rate=0.86, convergence=0.75),
            (
                "86% of 1,200 votes two or more steps apart led to a re-vote; 75% "
                "of these ended closer."
            ),
            id="convergence",
        ),
        pytest.param(
            "convergence",
            row(apart_rounds=40, re_vote_rate=0.25, convergence=None),
            "25% of 40 votes two or more steps apart led to a re-vote.",
            id="few second votes",
        ),
        pytest.param(
            "convergence",
            row(apart_rounds=19, re_vote_rate=None, convergence=None),
            None,
            id="few split rounds",
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
            id="round time",
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
            id="few rounds",
        ),
        pytest.param(
            "auto_flip",
            row(auto_flip_share=0.3, auto_flip_effect_seconds=-9, compared_rooms=3),
            "30% of votes use auto-flip. In 3 rooms using both, it saves 9 s.",
            id="auto-flip is quicker",
        ),
        pytest.param(
            "auto_flip",
            row(auto_flip_share=1.0, auto_flip_effect_seconds=130, compared_rooms=1200),
            (
                "100% of votes use auto-flip. In 1,200 rooms using both, it adds "
                "2.2 min."
            ),
            id="auto-flip is slower",
        ),
        pytest.param(
            "auto_flip",
            row(auto_flip_share=0.5, auto_flip_effect_seconds=-0.4, compared_rooms=2),
            (
                "50% of votes use auto-flip. In 2 rooms using both, it makes no "
                "clear difference."
            ),
            id="auto-flip changes nothing",
        ),
        pytest.param(
            "auto_flip",
            row(auto_flip_share=0.5, auto_flip_effect_seconds=None, compared_rooms=0),
            "50% of votes use auto-flip.",
            id="no room does both",
        ),
        pytest.param(
            "spectators",
            row(spectator_share=0.005, estimated_later_share=0.4, watched_first=240),
            (
                "Less than 1% of users in a vote watch. Of 240 who watched first, "
                "40% estimated later."
            ),
            id="spectators",
        ),
        pytest.param(
            "spectators",
            row(spectator_share=0.08, estimated_later_share=None, watched_first=3),
            "8% of users in a vote watch.",
            id="few newcomers who watch",
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


def kinds(by_hand: float | None, auto: float | None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "flip": ["by hand", "auto-flip"],
            "duration_median_seconds": [by_hand, auto],
        }
    )


def test_kinds_of_flip() -> None:
    assert answer("auto_flip_by_kind", kinds(44, 36)) == (
        "The median vote takes 36 s with auto-flip and 44 s without."
    )
    assert answer("auto_flip_by_kind", kinds(36.2, 36)) == (
        "The median vote takes 36 s with and without auto-flip."
    )
    assert answer("auto_flip_by_kind", kinds(None, 36)) is None


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


def cells(*rows: tuple[int, int, int | None, bool | None]) -> pl.DataFrame:
    schema = {"k": pl.Int64, "size": pl.Int64, "alive": pl.Int64, "running": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_retention_is_weighted_and_knows_no_future() -> None:
    grid = cells(
        (1, 30, 15, False),
        (1, 10, 1, False),
        (1, 90, 90, True),
        (4, 30, 3, False),
        (4, 10, None, None),
    )
    assert answer("retention_rooms_by_weeks", grid) == (
        "40% of rooms were used again after 1 week, 10% after 4 weeks."
    )


def test_retention_leaves_out_an_age_that_few_have_reached() -> None:
    grid = cells((1, 20, 0, False), (4, 19, 19, False))
    assert answer("retention_users_by_sprints", grid) == (
        "0% of users estimated again after 1 sprint."
    )
    assert answer("retention_users_by_weeks", cells((1, 19, 19, False))) is None


def test_retention_of_the_average_says_the_same() -> None:
    average = cells((1, 40, 16, None), (4, 30, 3, None)).drop("running")
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
            id="nobody is lost",
        ),
        pytest.param(steps(19, 5, 4, 3, 2), None, id="19 users"),
        pytest.param(steps(0, 0, 0, 0, 0), None, id="nobody"),
    ],
)
def test_funnel(table: pl.DataFrame, sentence: str | None) -> None:
    assert answer("funnel", table) == sentence


def by_source(*rows: tuple[str | None, int, float | None]) -> pl.DataFrame:
    schema = {
        "source": pl.String,
        "new_users": pl.Int64,
        "came_back_share": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        pytest.param(
            by_source(
                (None, 500, 0.9),
                ("GitHub", 100, 0.02),
                ("Teams", 50, 0.5),
                ("CV", 3, None),
            ),
            (
                "50% of 50 new users from Teams estimated again on a later day, 2% "
                "of 100 from GitHub."
            ),
            id="unknown and few are not compared",
        ),
        pytest.param(
            by_source(("Teams", 50, 0.5), ("Bing", 20, 0.5)),
            "No clear difference between sources: about 50%.",
            id="a tie",
        ),
        pytest.param(
            by_source(("Teams", 50, 0.0)),
            "0% of 50 new users from Teams estimated again on a later day.",
            id="one source",
        ),
        pytest.param(
            by_source(("A", 20, 0.0), ("B", 90, 0.0), ("C", 20, 1.0), ("D", 30, 1.0)),
            (
                "100% of 30 new users from D estimated again on a later day, 0% of "
                "90 from B."
            ),
            id="of several, that with most people",
        ),
        pytest.param(by_source((None, 50, 0.5), ("CV", 3, None)), None, id="none"),
    ],
)
def test_funnel_by_source(table: pl.DataFrame, sentence: str | None) -> None:
    assert answer("funnel_by_source", table) == sentence


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
    ids=["no row", "one round"],
)
def test_every_answer_is_silent_where_the_store_holds_next_to_nothing(
    name: str, rows: Frames
) -> None:
    table = plan(name, query(rows, MONTH, BEFORE)).collect()
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
