"""Sentences that compare: what each verdict says, and when there is none."""

import re
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from metrics.query import SharedPlans
from metrics.registry import METRIC_TABLES, answer
from metrics.sentences import adding_up, in_figures
from metrics.tables import VOTES
from simulation.scaled.known_truth import Truth, history
from store import engine
from testkit.claims import VERDICTS, query

HIGHER, LOWER, UNCLEAR = "higher", "lower", "no clear difference"


def over_time(
    name: str, *halves: tuple[float | None, float, float, str | None]
) -> pl.DataFrame:
    """A table over time of one bucket per half: share, low, high, verdict."""
    return pl.DataFrame(
        {
            "bucket": [date(2026, 11, 2 + 7 * n) for n in range(len(halves))],
            "half": ["first", "second"][-len(halves) :],
            f"{name}_of_half": [half[0] for half in halves],
            f"{name}_of_half_low": [half[1] for half in halves],
            f"{name}_of_half_high": [half[2] for half in halves],
            f"{name}_verdict": [half[3] for half in halves],
            f"{name}_detectable": [0.15] * len(halves),
        },
        schema_overrides={f"{name}_of_half": pl.Float64, f"{name}_verdict": pl.String},
    )


FROM = "Only differences of about 15 points or more would show."
SECOND = "60% (55–65) before 9 Nov 2026, 70% (66–74) from then on"


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (HIGHER, f"The share of spectators rose: {SECOND}."),
        (LOWER, f"The share of spectators fell: {SECOND}."),
        (
            UNCLEAR,
            f"No clear change in the share of spectators: {SECOND}. {FROM}",
        ),
        (None, f"Too few rooms to compare the share of spectators: {SECOND}."),
    ],
)
def test_a_share_over_time_has_three_verdicts(
    verdict: str | None, sentence: str
) -> None:
    table = over_time(
        "spectator_share", (0.6, 0.55, 0.65, None), (0.7, 0.66, 0.74, verdict)
    )
    assert answer("spectators_over_time", table) == sentence


def test_a_half_with_too_few_cases_says_nothing() -> None:
    table = over_time(
        "spectator_share", (None, 0.0, 0.0, None), (0.7, 0.66, 0.74, None)
    )
    assert answer("spectators_over_time", table) is None
    assert answer("spectators_over_time", table.head(1)) is None


def sources(*rows: tuple[str | None, int, int, str | None]) -> pl.DataFrame:
    """Source, visitors, those who joined, verdict."""
    name = "activation_rate"
    return pl.DataFrame(
        {
            "source": [row[0] for row in rows],
            "people": [row[1] for row in rows],
            "estimated": [row[2] for row in rows],
            name: [row[2] / row[1] if row[1] >= 20 else None for row in rows],
            f"{name}_low": [0.1] * len(rows),
            f"{name}_high": [0.9] * len(rows),
            f"{name}_others": [0.3] * len(rows),
            f"{name}_verdict": [row[3] for row in rows],
            f"{name}_detectable": [0.08] * len(rows),
        },
        schema_overrides={f"{name}_verdict": pl.String, name: pl.Float64},
    )


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        pytest.param(
            sources(("CV", 40, 20, HIGHER), ("Bing", 60, 6, LOWER)),
            "50% (10–90) of 40 visitors from CV joined a vote, 10% (10–90) of 60 "
            "visitors from Bing.",
            id="two labels",
        ),
        pytest.param(
            sources(
                ("CV", 40, 20, HIGHER), ("Bing", 60, 6, LOWER), ("A", 50, 9, UNCLEAR)
            ),
            "50% (10–90) of 40 visitors from CV joined a vote, more than the 30% of "
            "all others; 10% (10–90) of 60 visitors from Bing joined a vote, fewer "
            "than the 30% of all others.",
            id="more labels",
        ),
        pytest.param(
            sources(
                (None, 900, 800, None),
                ("CV", 40, 20, HIGHER),
                ("Bing", 60, 6, UNCLEAR),
                ("A", 50, 9, UNCLEAR),
            ),
            "50% (10–90) of 40 visitors from CV joined a vote, more than the 30% of "
            "all other known sources.",
            id="labels beside none",
        ),
        pytest.param(
            sources(
                (None, 900, 800, None),
                ("CV", 40, 20, UNCLEAR),
                ("Bing", 60, 25, UNCLEAR),
            ),
            "No clear difference between known sources: about 45% joined a vote.",
            id="unclear beside none",
        ),
        pytest.param(
            sources(("CV", 40, 20, UNCLEAR), ("Bing", 60, 25, UNCLEAR)),
            "No clear difference between sources: about 45% joined a vote.",
            id="unclear",
        ),
        pytest.param(
            sources(("CV", 40, 0, UNCLEAR), ("Bing", 60, 0, UNCLEAR)),
            "No clear difference between sources: none joined a vote.",
            id="none",
        ),
        pytest.param(
            sources(("CV", 40, 40, None), ("Bing", 60, 60, None)),
            "Too few to compare sources: 100% joined a vote.",
            id="all",
        ),
        pytest.param(
            sources(("CV", 40, 20, None), ("Bing", 60, 25, None)),
            "Too few to compare sources: about 45% joined a vote.",
            id="too few",
        ),
        pytest.param(
            sources(("My\nCV", 40, 20, None), ("Bing", 19, 19, None)),
            "50% (10–90) of 40 visitors from My CV joined a vote.",
            id="one label with enough",
        ),
        pytest.param(
            sources((None, 40, 20, None), ("Bing", 19, 19, None)), None, id="none"
        ),
    ],
)
def test_labels_are_compared_with_all_others(
    table: pl.DataFrame, sentence: str | None
) -> None:
    assert answer("sources_quality", table) == sentence


def test_a_share_after_a_word_is_in_figures() -> None:
    """Not "about more than 99%", nor "more than the less than 1%"."""
    nearly_all = sources(("CV", 400, 399, UNCLEAR), ("Bing", 600, 599, UNCLEAR))
    said = "No clear difference between sources: about 99.8% joined a vote."
    assert answer("sources_quality", nearly_all) == said
    hardly_any = sources(
        ("CV", 40, 20, HIGHER), ("Bing", 60, 6, UNCLEAR), ("A", 50, 9, UNCLEAR)
    ).with_columns(activation_rate_others=pl.lit(0.004))
    assert "more than the 0.4% of all others" in str(
        answer("sources_quality", hardly_any)
    )
    by_chance = convergence(expected_convergence=0.0004)
    assert "more than the 0.04% that would by" in str(answer("convergence", by_chance))
    assert in_figures(1) == "100%"


def test_of_team_sizes_the_one_that_says_most_is_named() -> None:
    """Not that the largest teams have too few rooms, beside others that have enough."""
    name = "near_pair_share"

    def said(small: str | None, large: str | None) -> str:
        halves = [
            over_time(name, (0.6, 0.55, 0.65, None), (0.7, 0.66, 0.74, verdict))
            for verdict in (small, large)
        ]
        sizes = [
            rows.with_columns(order=pl.lit(order), team_size=pl.lit(size))
            for order, (size, rows) in enumerate(
                zip(("2–3", "4–6"), halves, strict=True)
            )
        ]
        return str(answer("consensus_by_team_size_over_time", pl.concat(sizes)))

    of = "share of pairs within one step in teams of"
    assert said(HIGHER, UNCLEAR).startswith(f"The {of} 2–3 rose: ")
    assert said(UNCLEAR, None).startswith(f"No clear change in the {of} 2–3: ")
    assert said(UNCLEAR, UNCLEAR).startswith(f"No clear change in the {of} 4–6: ")
    assert said(None, None).startswith(f"Too few rooms to compare the {of} 4–6: ")


def consensus(*counts: int) -> pl.DataFrame:
    total, same, near, split = counts
    shown = near / total if total >= 20 else None
    return pl.DataFrame(
        {
            "rounds": total,
            "consensus_rounds": same,
            "near_rounds": near,
            "split_rounds": split,
            "near_consensus": shown,
        }
    )


def test_the_shares_of_consensus_add_up_to_100() -> None:
    assert answer("consensus", consensus(30, 10, 20, 1)) == (
        "Of 30 votes with two or more estimations, 34% ended on one card, 33% one step "
        "apart, 30% two steps and 3% three or more."
    )
    assert answer("consensus", consensus(19, 10, 15, 1)) is None


def test_a_few_of_many_votes_are_not_none() -> None:
    assert answer("consensus", consensus(1000, 1, 999, 1)) == (
        "Of 1,000 votes with two or more estimations, less than 1% ended on one card, "
        "more than 99% one step apart, none two steps and less than 1% three or more."
    )


@pytest.mark.parametrize(
    "halves", [(0.4812, 0.4838), (0.48124, 0.48131), (0.9951, 0.9979), (0.001, 0.004)]
)
def test_a_difference_that_is_claimed_is_one_in_print(
    halves: tuple[float, float],
) -> None:
    """Of large counts a clear difference may be smaller than a percent."""
    first, second = halves
    ends = (0.4, 0.5, None), (0.4, 0.5, HIGHER)
    table = over_time("spectator_share", (first, *ends[0]), (second, *ends[1]))
    labels = sources(("CV", 40, 20, HIGHER), ("Bing", 60, 6, LOWER)).with_columns(
        activation_rate=pl.Series([second, first])
    )
    more = sources(("CV", 40, 20, HIGHER), ("A", 60, 6, UNCLEAR)).with_columns(
        activation_rate=pl.Series([second, first]), activation_rate_others=first
    )
    votes = convergence(
        re_vote_rate=second,
        re_vote_rate_verdict=HIGHER,
        follow_rate=first,
        convergence=second,
        expected_convergence=first,
    )
    for name, frame in (
        ("spectators_over_time", table),
        ("sources_quality", labels),
        ("sources_quality", more),
        ("convergence", votes),
    ):
        sentence = str(answer(name, frame))
        shares = re.findall(r"([\d.]+)%", sentence)
        assert len(shares) in {2, 4}, sentence
        assert all(
            float(a) != float(b) for a, b in zip(shares[::2], shares[1::2], strict=True)
        ), sentence


def medians(
    first: float, second: float, verdict: str | None
) -> tuple[pl.DataFrame, ...]:
    """Median durations over time and by kind of vote, the second of them judged."""
    name = "duration_median_seconds"
    half = {
        "bucket": [date(2026, 11, 2), date(2026, 11, 9)],
        "half": ["first", "second"],
        f"{name}_of_half": [first, second],
        f"{name}_of_half_low": [first - 2, second - 2],
        f"{name}_of_half_high": [first + 2, second + 2],
        f"{name}_verdict": [None, verdict],
    }
    kinds = {
        "flip": ["by hand", "auto-flip"],
        name: [first, second],
        f"{name}_verdict": [None, verdict],
    }
    return pl.DataFrame(half), pl.DataFrame(kinds)


@pytest.mark.parametrize(
    ("first", "second", "earlier", "later", "by_kind"),
    [
        (
            *(119, 121, "1.98 min (1.95–2.02)", "2.02 min (1.98–2.05)"),
            "2.02 min with auto-flip and 1.98 min without",
        ),
        (
            *(30, 200, "0.5 min (0.47–0.53)", "3.3 min (3.3–3.4)"),
            "3.3 min with auto-flip and 0.5 min without",
        ),
        (
            *(30, 30.4, "30.0 s (28.0–32.0)", "30.4 s (28.4–32.4)"),
            "30.4 s with auto-flip and 30.0 s without",
        ),
    ],
)
def test_durations_print_in_one_unit_and_as_different_as_they_are(
    first: float, second: float, earlier: str, later: str, by_kind: str
) -> None:
    halves, kinds = medians(float(first), float(second), HIGHER)
    assert answer("round_time_over_time", halves) == (
        f"The median vote became longer: {earlier} before 9 Nov 2026, "
        f"{later} from then on."
    )
    assert answer("auto_flip_by_kind", kinds) == f"The median vote takes {by_kind}."


@pytest.mark.parametrize(
    ("verdict", "start"),
    [
        (LOWER, "The median vote became shorter: "),
        (UNCLEAR, "No clear change in how long the median vote takes: "),
        (None, "Too few rooms to compare the median vote: "),
    ],
)
def test_what_is_known_of_a_change_of_the_median_vote_is_said(
    verdict: str | None, start: str
) -> None:
    halves, _ = medians(200.0, 30.0, verdict)
    said = answer("round_time_over_time", halves)
    assert str(said).startswith(start)
    assert str(said).endswith(" from then on.")


@pytest.mark.parametrize(
    "counts",
    [(1, 1, 1), (1, 1, 1, 1, 1, 1), (5, 0, 0), (7, 13, 977), (67, 133, 800)],
)
def test_rounded_shares_add_up(counts: tuple[int, ...]) -> None:
    shares = [
        int(share.rstrip("%").replace("none", "0")) for share in adding_up(counts)
    ]
    assert sum(shares) == 100
    exact = [100 * count / sum(counts) for count in counts]
    assert all(abs(a - b) < 1 for a, b in zip(shares, exact, strict=True))


def convergence(**figures: float | str | None) -> pl.DataFrame:
    usual: dict[str, float | str | None] = {
        "apart_rounds": 1200,
        "re_vote_rate": 0.3,
        "re_vote_rate_low": 0.25,
        "re_vote_rate_high": 0.35,
        "re_vote_rate_verdict": UNCLEAR,
        "follow_rate": 0.28,
        "convergence": 0.6,
        "expected_convergence": 0.52,
        "compared_re_votes": 100_000,
        "convergence_excess_verdict": HIGHER,
    }
    row = usual | figures
    shares = row["convergence"], row["expected_convergence"]
    # As where all re-votes are compared.
    if isinstance(shares[0], float) and isinstance(shares[1], float):
        row = {"convergence_excess": shares[0] - shares[1], **row}
    return pl.DataFrame([row])


def test_re_votes_are_beside_what_chance_gives() -> None:
    start = "30% (25–35) of 1,200 votes two or more steps apart led to a re-vote"
    followed = f"{start}, 28% of others were followed as quickly (no clear difference)"
    assert answer("convergence", convergence()) == (
        f"{followed}; 60% of re-votes ended closer, more than the 52% that would by "
        "chance."
    )
    few = convergence(convergence=None)
    assert answer("convergence", few) == f"{followed}."
    assert answer("convergence", convergence(follow_rate=None, convergence=None)) == (
        f"{start}."
    )
    assert answer("convergence", convergence(re_vote_rate=None)) is None
    # After a word the ends of an interval say that they are shares.
    never = answer("convergence", convergence(re_vote_rate=0.0, re_vote_rate_low=0.0))
    assert str(never).startswith("None (0–35%) of 1,200 votes ")
    # Of rooms with no third vote nothing says what chance gives.
    alone = convergence(expected_convergence=None)
    assert answer("convergence", alone) == f"{followed}; 60% of re-votes ended closer."
    unknown = convergence(convergence_excess_verdict=None)
    assert "(too few rooms to compare)" in str(answer("convergence", unknown))
    # Of rooms with two votes nothing says what chance gives.
    some = convergence(compared_re_votes=25, convergence_excess=0.2)
    assert answer("convergence", some) == (
        f"{followed}; 60% of re-votes ended closer. Of the 25 with other votes to "
        "compare, 72% did, more than the 52% that would by chance."
    )


@pytest.mark.parametrize(
    ("low", "high", "verdict", "sentence"),
    [
        (-12, -6, LOWER, "In 40 rooms using both, it saves 9 s (6–12)."),
        (6, 12, HIGHER, "In 40 rooms using both, it adds 9 s (6–12)."),
        (
            -2,
            4,
            UNCLEAR,
            "In 40 rooms using both, it makes no clear difference (−2 to +4 s).",
        ),
        (
            -0.4,
            0.4,
            UNCLEAR,
            "In 40 rooms using both, it makes no clear difference (−0.4 to +0.4 s).",
        ),
        (0.2, 12, HIGHER, "In 40 rooms using both, it adds 9 s (0–12)."),
        (6, 500, HIGHER, "In 40 rooms using both, it adds 0.1 min (0.1–8.3)."),
        (
            -500,
            40,
            UNCLEAR,
            "In 40 rooms using both, it makes no clear difference (−8.3 to +0.7 min).",
        ),
    ],
)
def test_auto_flip_saves_adds_or_makes_no_clear_difference(
    low: float, high: float, verdict: str, sentence: str
) -> None:
    name = "auto_flip_effect_seconds"
    effect = -9 if verdict == LOWER else 9
    table = pl.DataFrame(
        {
            "rounds_with_estimate": 960,
            "auto_flip_share": 0.48,
            "compared_rooms": 40,
            name: effect,
            f"{name}_low": low,
            f"{name}_high": high,
            f"{name}_verdict": verdict,
        }
    )
    assert answer("auto_flip", table) == f"48% of votes use auto-flip. {sentence}"


def changes(
    *rows: tuple[str, str | None, int, str | None], measure: str = "page_views"
) -> pl.DataFrame:
    """Dimension, label, change and verdict; 100 page views before."""
    return pl.DataFrame(
        {
            "dimension": [row[0] for row in rows],
            "measure": [measure] * len(rows),
            "label": [row[1] for row in rows],
            "change": [row[2] for row in rows],
            "change_verdict": [row[3] for row in rows],
            "total_before": [100] * len(rows),
            "contribution": [row[2] / 100 for row in rows],
        },
        schema_overrides={"change_verdict": pl.String, "contribution": pl.Float64},
    )


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        pytest.param(
            changes(("source", "CV", -40, LOWER), ("source", "Bing", 10, HIGHER)),
            "Biggest change: 40 fewer page views from CV, 40% of the previous 100; "
            "partly offset by 10 more page views from Bing.",
            id="offset",
        ),
        pytest.param(
            changes(("source", "CV", -40, UNCLEAR), ("source", None, 10, UNCLEAR)),
            # Not that nothing changed: a tile may say so of their sum.
            "No single change is clear. The largest is 40 fewer page views from CV, "
            "40% of the previous 100.",
            id="unclear",
        ),
        # Of months, the sum over weekdays is not the count before.
        pytest.param(
            changes(("weekday", "Monday", -40, LOWER)),
            "Biggest change: 40 fewer page views on Mondays, 40% of the previous 100, "
            "scaled to the same weekdays.",
            id="weekday",
        ),
        pytest.param(
            changes(("source", "CV", -40, None), ("source", None, 10, None)),
            "Too little is known to call a change clear. The largest is 40 fewer page "
            "views from CV, 40% of the previous 100.",
            id="unknown",
        ),
        pytest.param(
            changes(("source", "CV", -40, UNCLEAR), ("source", None, 10, HIGHER)),
            "Biggest clear change: 10 more page views without a known source, 10% of "
            "the previous 100.",
            id="the largest clear one",
        ),
        # Visitors are other users: a tile counts them.
        pytest.param(
            changes(("country", "Japan", -40, LOWER), measure="users"),
            "Biggest change: 40 fewer users from Japan, 40% of the previous 100 with "
            "any activity.",
            id="users",
        ),
        # A room of a blank name is there, one without a name is not.
        pytest.param(
            changes(("room", "\u200b ", -40, LOWER), ("room", None, 10, HIGHER)),
            "Biggest change: 40 fewer page views in room (not set), 40% of the "
            "previous 100; partly offset by 10 more page views in a deleted room.",
            id="blank and invisible",
        ),
        pytest.param(changes(), None, id="nothing"),
    ],
)
def test_the_biggest_change_is_a_clear_one(
    table: pl.DataFrame, sentence: str | None
) -> None:
    assert answer("what_moved", table) == sentence


def weekdays(*rows: tuple[str, int, int, str | None]) -> pl.DataFrame:
    """Name, votes, days, verdict."""
    return pl.DataFrame(
        {
            "weekday_name": [row[0] for row in rows],
            "votes": [row[1] for row in rows],
            "days": [row[2] for row in rows],
            "votes_per_day": [row[1] / row[2] if row[2] else None for row in rows],
            "votes_per_day_verdict": [row[3] for row in rows],
        },
        schema_overrides={"votes_per_day_verdict": pl.String},
    )


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        pytest.param(
            weekdays(
                ("Monday", 40, 4, UNCLEAR),
                ("Tuesday", 80, 4, HIGHER),
                ("Sunday", 4, 4, LOWER),
                ("Saturday", 0, 0, None),
            ),
            "Tuesdays (20.0 votes a day) are busier and Sundays (1.0) are quieter than "
            "the average day (10.3).",
            id="clear",
        ),
        pytest.param(
            weekdays(
                ("Monday", 40, 1, HIGHER),
                ("Friday", 39, 1, HIGHER),
                ("Sunday", 1, 1, LOWER),
            ),
            # One of each says nothing of others.
            "Monday and Friday (39–40 votes) were busier and Sunday (1) was quieter "
            "than the average day (26.7).",
            id="once",
        ),
        pytest.param(
            weekdays(("Monday", 40, 1, UNCLEAR), ("Sunday", 1, 1, LOWER)),
            "Sunday (1 vote) was quieter than the average day (20.5).",
            id="one vote",
        ),
        pytest.param(
            weekdays(("Monday", 80, 2, HIGHER), ("Friday", 40, 1, HIGHER)),
            "Mondays and Friday (40.0 votes a day) were busier than the average day "
            "(40.0).",
            id="once or twice",
        ),
        pytest.param(
            weekdays(("Monday", 40, 4, UNCLEAR), ("Tuesday", 44, 4, UNCLEAR)),
            "No clear difference between weekdays: about 10.5 votes a day.",
            id="unclear",
        ),
        pytest.param(weekdays(("Monday", 19, 4, None)), None, id="few"),
        pytest.param(
            weekdays(("Monday", 90, 1, None), ("Sunday", 0, 0, None)),
            None,
            id="one weekday",
        ),
    ],
)
def test_weekdays_are_compared_with_the_average_day(
    table: pl.DataFrame, sentence: str | None
) -> None:
    assert answer("votes_by_weekday", table) == sentence


def test_one_room_gets_a_verdict_or_the_reason_why_there_is_none() -> None:
    """With a filter for one room there are no clusters to compare."""
    made = history(0, Truth())
    busiest = made.tables[VOTES.name]["room_id"].mode()[0]
    asked = query(made)
    alone = replace(asked, frames=asked.frames.of_rooms([busiest]))
    shared = SharedPlans.of(alone)
    reasons = 0
    for name, columns in VERDICTS.items():
        table = engine.collect(METRIC_TABLES[name].build(alone, shared))
        sentence = answer(name, table)
        known = [not table[column].is_null().all() for column in columns]
        if sentence is None or any(known):
            continue
        reasons += "oo few" in sentence
        # One label alone is compared with nothing.
        assert "oo few" in sentence or table.height == 1 or _one_label(table), name
    assert reasons >= 5


def _one_label(table: pl.DataFrame) -> bool:
    shares = [name for name in table.columns if f"{name}_others" in table.columns]
    return bool(shares) and table[shares[0]].count() == 1
