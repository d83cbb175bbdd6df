"""Sentences that answer a table's title: what they say, and what none of them says."""

import random
import re
from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.expressions import rate
from metrics.frames import Frames
from metrics.query import SharedPlans
from metrics.registry import METRIC_TABLES, answer, plan
from metrics.sentences import duration, percent
from store import engine
from tests.metrics.building import (
    days,
    estimation,
    event,
    executed,
    frames,
    query,
    quick,
    room,
    user,
    view,
    vote,
)

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
                rounds_with_estimate=30,
                talks=20,
                duration_median_seconds=40,
                duration_p90_seconds=150,
                talk_median_seconds=62.5,
            ),
            (
                "The median vote takes 40 s; 9 in 10 end within 2.5 min. Median "
                "talk time is 63 s."
            ),
            id="vote time",
        ),
        pytest.param(
            "round_time",
            row(
                rounds_with_estimate=20,
                talks=19,
                duration_median_seconds=40,
                duration_p90_seconds=80,
                talk_median_seconds=62.5,
            ),
            "The median vote takes 40 s; 9 in 10 end within 80 s.",
            id="few talks",
        ),
        pytest.param(
            "round_time",
            row(
                rounds_with_estimate=19,
                talks=19,
                duration_median_seconds=40,
                duration_p90_seconds=80,
                talk_median_seconds=62.5,
            ),
            None,
            id="few votes",
        ),
        pytest.param(
            "auto_flip",
            row(
                rounds_with_estimate=20,
                auto_flip_share=0.5,
                auto_flip_effect_seconds=None,
                compared_rooms=0,
            ),
            "50% of votes use auto-flip. No rooms use both often enough: too few to "
            "compare.",
            id="no room does both",
        ),
        pytest.param(
            "spectators",
            row(spectator_share=0.06, estimated_later_share=None, watched_first=3),
            "6% of users in a vote watch. Too few users watched first to say how many "
            "estimate later.",
            id="spectators",
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
            row(inviting_share=0.001, new_rooms=3000, invite_intent=0.001, openers=900),
            (
                "Less than 1% of 3,000 new rooms brought two or more new users within "
                "a week. Less than 1% of 900 users who opened a room copied a link."
            ),
            id="sentences begin with a capital",
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
        "1,065 rooms had a non-empty vote in the last 56 days: 1,064 healthy, 0 "
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
    shares = [count / reached[0] if reached[0] > 19 else None for count in reached]
    return pl.DataFrame(
        {
            "step": range(1, 6),
            "step_name": names,
            "reached": reached,
            "share_of_new": shares,
        }
    )


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
    table = pl.DataFrame(counts, schema=schema, orient="row")
    rooms = pl.sum("room_count")
    return table.with_columns(share=rate("room_count", rooms))


def test_newcomers_of_rooms() -> None:
    assert answer(
        "invites_by_newcomers", newcomers((0, 5), (1, 5), (2, 8), (9, 2))
    ) == ("25% of new rooms brought no new users within a week, 50% two or more.")
    assert answer("invites_by_newcomers", newcomers((3, 20))) == (
        "All new rooms brought new users within a week, 100% two or more."
    )
    assert answer("invites_by_newcomers", newcomers((0, 19))) is None
    # As where a table begins later than others.
    unknown = newcomers((0, 20)).with_columns(share=pl.lit(None, pl.Float64))
    assert answer("invites_by_newcomers", unknown) is None


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


def hours(*cells: tuple[str, int, int, int]) -> pl.DataFrame:
    """Weekday, hour, votes and days of hours of the week."""
    return pl.DataFrame(
        {
            "weekday_name": [cell[0] for cell in cells],
            "hour": [cell[1] for cell in cells],
            "votes": [cell[2] for cell in cells],
            "votes_per_day": [cell[2] / cell[3] for cell in cells],
            "hour_verdict": ["no clear difference"] * len(cells),
        }
    )


@pytest.mark.parametrize(
    ("table", "start"),
    [
        pytest.param(
            hours(("Monday", 9, 40, 4), ("Friday", 23, 8, 4)),
            "The busiest hour was on Mondays, 09:00–10:00: 10.0 votes on average",
            id="one hour",
        ),
        pytest.param(
            hours(("Monday", 9, 40, 1000), ("Friday", 23, 8, 1000)),
            "The busiest hour was on Mondays, 09:00–10:00: 0.04 votes on average",
            id="a rare one",
        ),
        pytest.param(
            hours(("Monday", 9, 1200, 1), ("Friday", 23, 8, 1)),
            "The busiest hour was on Monday, 09:00–10:00: 1,200 votes",
            id="a week",
        ),
        pytest.param(
            hours(("Monday", 9, 20, 1), ("Thursday", 9, 30, 2)),
            "The busiest hour was on Monday, 09:00–10:00: 20 votes",
            id="fewer in all than a weekday that is there twice",
        ),
        pytest.param(
            hours(("Monday", 9, 12, 2), ("Friday", 23, 12, 2), ("Friday", 1, 1, 2)),
            "2 hours of the week are the busiest: 6.0 votes on average each",
            id="a tie",
        ),
        pytest.param(
            hours(*(("Monday", hour, 1, 1) for hour in range(24))),
            "24 hours of the week are the busiest: 1 vote each",
            id="all the same",
        ),
    ],
)
def test_the_busiest_hour_is_named_where_it_is_one(
    table: pl.DataFrame, start: str
) -> None:
    sentence = f"{start}; no hour stands out clearly."
    assert answer("votes_by_weekday_and_hour", table) == sentence


def test_hours_without_a_vote_are_not_the_busiest() -> None:
    """The votes of the data's first day are of no hour's average."""
    first_day = hours(("Monday", 9, 40, 1)).with_columns(
        votes_per_day=pl.lit(None, pl.Float64)
    )
    others = hours(("Tuesday", 9, 0, 1), ("Tuesday", 10, 0, 1))
    table = pl.concat([first_day, others])
    assert answer("votes_by_weekday_and_hour", table) is None


def test_hours_that_clearly_differ_are_listed() -> None:
    """As spans: 09:00 alone is a time, not an hour."""
    high = [("Monday", 9, 40, 4), ("Monday", 8, 30, 4), ("Monday", 14, 30, 4)]
    low = [("Monday", 2, 4, 4), ("Monday", 23, 4, 4)]
    judged = hours(*high, *low).with_columns(
        hour_verdict=pl.Series([*["higher"] * len(high), *["lower"] * len(low)])
    )
    assert answer("votes_by_weekday_and_hour", judged) == (
        "The busiest hour was on Mondays, 09:00–10:00: 10.0 votes on average. All days "
        "together, clearly busier than the average hour: 08:00–10:00 and 14:00–15:00; "
        "clearly quieter: 02:00–03:00 and 23:00–24:00."
    )


WORDS_OF_NO_SENTENCE = re.compile(
    r"\b(nan|inf|None|null|True|False)\b(?! (?:\([\d.–]+\) )?of (?:the|\d))"
    # "None of", but for what is compared: "0% of others were followed as quickly".
    r"|(?<![\d.,])0(?:\.0+)?% (?:\([\d.–]+\) )?(?:of(?! others)|after|two)\b|^0 "
    r"|[-−]0(?![\d.]*[1-9])|(?<![\w#])-\d"  # minus nothing, a hyphen for a minus
    r"|\b(?<![.,])1 (?!of )(?:new |more |fewer )?(?:[a-z]+ )?[a-z]*"
    r"(?:users|votes|rooms|views|estimations|visitors)\b"
    r"|  |\w_\w|[{}]"
)


SOURCES: list[list[str | None]] = [[None], ["cv"], ["cv", "x\ny", None]]
COUNTRIES: list[list[str | None]] = [[None], ["DE"], ["DE", "FR", "", "XX"]]


def a_store(data: random.Random) -> Frames:
    """A small store of one extreme or another: few users, one label, ties, no time."""
    span = data.choice([1, 7, 56]) * 24 * 60
    users = [f"u{n}" for n in range(data.choice([1, 3, 40]))]
    cards = data.choice([[3], [3, 5], [1, 21], [1, 2, 3, 5, 8, 13, 21]])
    shortest, longest = data.choice([(0, 0), (1, 90), (119, 121), (1, 9000)])
    sources, countries = data.choice(SOURCES), data.choice(COUNTRIES)
    flips = data.choice([0, 0.01, 0.5, 1])
    watching = data.choice([0, 0, 2])

    def time() -> str:
        return (END - timedelta(minutes=data.randint(1, span))).isoformat()

    rows = [user(who, time(), country=data.choice(countries)) for who in users]
    rows += [room(n, f"room {n}", time()) for n in range(1, 30)]
    for _ in range(data.choice([0, 400])):
        rows.append(view(data.choice(users), time(), source=data.choice(sources)))
        rows.append(event(data.choice(users), time(), "ENTERED_NEW_ROOM"))
    rooms = data.choice([1, 30])
    for _ in range(data.choice([19, 20, 400])):
        when, which = time(), data.randint(1, rooms)
        team = data.sample(users, data.randint(1, min(len(users), 8)))
        played = [data.choice(cards) for _ in team]
        rows.append(
            vote(
                when,
                room=which,
                low=min(played),
                high=max(played),
                average=f"{sum(played) / len(played):.2f}",
                amount=len(played),
                spectators=watching,
                duration=data.randint(shortest, longest),
                flip=data.random() < flips,
            )
        )
        rows += [
            estimation(who, when, card, room=which)
            for who, card in zip(team, played, strict=True)
        ]
    return frames(*rows)


ANSWERING = [name for name, one in METRIC_TABLES.items() if one.answer]
END = datetime(2026, 11, 23)


@settings(quick, max_examples=12)
@given(st.randoms(use_true_random=False))
def test_no_sentence_has_a_word_of_the_program_or_a_wrong_number(
    data: random.Random,
) -> None:
    rows = a_store(data)
    asked = query(rows, MONTH, BEFORE, "week")
    found = engine.collect_all(
        {name: plan(name, asked, SharedPlans.of(asked)) for name in ANSWERING}, 1_000
    )
    for name, frame in found.items():
        sentence = answer(name, frame)
        if sentence is not None:
            assert not WORDS_OF_NO_SENTENCE.search(sentence), sentence
            assert sentence.endswith("."), sentence
            assert sentence[0].isupper() or not sentence[0].isalpha(), sentence


@pytest.mark.parametrize("unit", ["weeks", "sprints"])
@pytest.mark.parametrize("who", ["users", "rooms"])
def test_a_grid_and_its_average_say_the_same(
    golden: Frames, who: str, unit: str
) -> None:
    asked = query(golden, MONTH, BEFORE)
    name = f"retention_{who}_by_{unit}"
    grid, average = (
        answer(each, executed(plan(each, asked))) for each in (name, f"{name}_average")
    )
    assert grid == average
    # Rooms of the golden data that begin in the same weeks are fewer than 20.
    assert (grid is None) == (name == "retention_rooms_by_weeks")


@pytest.mark.parametrize(
    ("sentence", "is_wrong"),
    [
        ("nan% of votes", True),
        ("None of users", True),
        ("None of 21 new rooms brought two.", False),
        ("from −0 to 3", True),
        ("−0.5 s", False),
        ("(-2 to +4 s)", True),
        ("1 more page views from CV", True),
        ("1 rooms use both", True),
        ("about 2.1 votes a day", False),
        ("1 of 20 rooms", False),
        ("room #-1", False),
        ("what_moved", True),
        ("two  spaces", True),
    ],
)
def test_wrong_words_are_found(sentence: str, *, is_wrong: bool) -> None:
    assert bool(WORDS_OF_NO_SENTENCE.search(sentence)) is is_wrong


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
