"""The planted stories, as the pages show them."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from metrics.frames import Period
from metrics.numbering import numbered
from metrics.query import Query
from metrics.registry import METRIC_TABLES, answer, plan
from simulation.writer import simulate
from store import engine
from testkit.fixed_clock import NOW

Tables = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def asked(history: Tables) -> Query:
    return about_28_days(history, NOW)


def about_28_days(history: Tables, now: datetime) -> Query:
    """Ask about the last 28 whole days."""
    period = Period.of_days(now.date() - timedelta(28), now.date() - timedelta(1))
    frames = numbered({name: frame.lazy() for name, frame in history.items()})
    before = Period(period.start - timedelta(28), period.start)
    return Query(frames, period, before, "day", now)


def table(asked: Query, name: str) -> pl.DataFrame:
    return engine.collect(plan(name, asked))


def test_the_outage_is_an_unusual_day(asked: Query) -> None:
    monday = NOW.date() - timedelta(days=NOW.weekday())
    found = table(asked, "unusual_days")
    outage = found.filter(pl.col("bucket") == monday - timedelta(days=13))
    assert set(outage["measure"]) >= {"page_views", "votes"}
    assert outage.select((pl.col("value") < pl.col("low")).all()).item()


def test_teams_bring_users_who_stay_and_the_launch_did_not(asked: Query) -> None:
    found = table(asked, "funnel_by_source").drop_nulls(["source", "came_back_share"])
    shares = dict(found.select("source", "came_back_share").iter_rows())
    assert max(shares, key=lambda source: shares[source]) == "Teams"
    assert shares["Google Ads"] < 0.1 < shares["Teams"]


def test_the_teams_that_went_quiet_are_on_the_list(asked: Query) -> None:
    found = table(asked, "rooms_gone_quiet")
    assert {"Phoenix", "Kraken", "Wombats"} <= set(found["room_name"])


def pairs_apart(asked: Query) -> float:
    """Return the share of pairs of large teams' estimations that are not near."""
    found = table(asked, "consensus_by_team_size").filter(pl.col("order") == 3)
    return 1 - float(found["near_pair_share"].item())


def test_large_teams_agree_less_than_half_a_year_ago(asked: Query) -> None:
    end = asked.period.end - timedelta(weeks=26)
    period = Period(end - timedelta(weeks=12), end)
    then = Query(asked.frames, period, None, "day", NOW)
    # About twice as many, give or take what 28 days have by chance.
    assert pairs_apart(asked) > 1.5 * pairs_apart(then)


def test_large_teams_drift_apart_within_the_period_that_a_page_opens_with(
    asked: Query,
) -> None:
    earlier = asked.comparison_query
    assert earlier is not None
    assert pairs_apart(asked) > 1.25 * pairs_apart(earlier)


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(datetime(2024, 2, 29, 12), id="29 February of years ago"),
        pytest.param(datetime(2025, 12, 29, 9, 5), id="a Monday after Christmas"),
        pytest.param(datetime(2026, 10, 25, 1, 30), id="clocks go back"),
        pytest.param(datetime(2032, 2, 29, 12), id="29 February to come"),
    ],
)
def test_on_any_date_the_history_is_as_long_and_large_teams_drift_apart(
    history: Tables, now: datetime
) -> None:
    then = simulate(now)
    assert 0.9 < then["fpp_votes"].height / history["fpp_votes"].height < 1.1
    early = now - timedelta(weeks=128)
    assert then["fpp_votes"].filter(pl.col("voted_at") < early).height > 0
    assert (
        then["fpp_votes"]
        .filter(pl.col("voted_at") < early - timedelta(weeks=2))
        .is_empty()
    )
    test_large_teams_drift_apart_within_the_period_that_a_page_opens_with(
        about_28_days(then, now)
    )


def test_auto_flip_makes_votes_quicker_in_the_rooms_that_do_both(asked: Query) -> None:
    found = table(asked, "auto_flip").row(0, named=True)
    assert found["compared_rooms"] >= 20
    assert found["auto_flip_effect_seconds"] < 0


def test_every_question_has_an_answer(asked: Query) -> None:
    names = [name for name, one in METRIC_TABLES.items() if one.answer]
    silent = {name for name in names if answer(name, table(asked, name)) is None}
    assert silent == set()
