"""Rules of the live database, in both simulated ones.

`tables` is either the demo's history or the one drawn at scale; what only the demo
has to show takes `history`.
"""

from datetime import timedelta

import polars as pl
import pytest

from metrics.tables import BY_NAME, ROOMS, TABLES
from simulation import scaled
from testkit.fixed_clock import NOW

Tables = dict[str, pl.DataFrame]


@pytest.fixture(scope="module", params=["demo", "scaled"])
def tables(request: pytest.FixtureRequest, history: Tables) -> Tables:
    return history if request.param == "demo" else scaled.simulate(1, NOW)


def test_keys_are_unique_and_in_the_order_of_time(tables: Tables) -> None:
    for table in TABLES:
        frame = tables[table.name]
        assert frame[table.key].is_unique().all()
        assert frame[table.time].is_sorted() or table == ROOMS


def test_columns_that_may_not_be_null_are_not(tables: Tables) -> None:
    for table in TABLES:
        required = [c.name for c in table.columns if not c.nullable]
        assert tables[table.name].select(required).null_count().sum_horizontal()[0] == 0


def test_user_ids_are_nanoids(tables: Tables) -> None:
    assert tables["fpp_users"]["id"].str.contains(r"^[\w-]{21}$").all()


def test_room_names_fit_and_are_unique(history: Tables) -> None:
    rooms = history["fpp_rooms"]
    assert rooms["name"].str.len_chars().is_between(1, 15).all()
    assert rooms["name"].is_unique().all()
    assert rooms["number"].is_unique().all()
    assert {"=1+1", "<b>x</b>", "@équipe"} <= set(rooms["name"])


def test_each_vote_says_what_its_estimations_say(tables: Tables) -> None:
    """Within a room, votes are at least two seconds apart: the nearest is right."""
    votes = tables["fpp_votes"].select("id", "room_id", at="voted_at")
    rows = tables["fpp_estimations"].join_asof(
        votes.rename({"id": "vote_id"}),
        left_on="estimated_at",
        right_on="at",
        by="room_id",
        strategy="backward",
        tolerance="2s",
        check_sortedness=False,
    )
    assert rows["vote_id"].null_count() == 0
    value = pl.col("estimation")
    told = (
        rows.group_by(id="vote_id")
        .agg(
            mean=value.mean().round(2).fill_null(0),
            high=value.max().fill_null(1).cast(pl.Int32),
            low=value.min().fill_null(21).cast(pl.Int32),
            n=value.count().cast(pl.Int32),
            spectators=pl.col("spectator").sum().cast(pl.Int32),
        )
        .join(tables["fpp_votes"], on="id")
    )
    assert told.height == tables["fpp_votes"].height
    assert (told["high"] == told["max_estimation"]).all()
    assert (told["low"] == told["min_estimation"]).all()
    assert (told["n"] == told["amount_of_estimations"]).all()
    assert (told["spectators"] == told["amount_of_spectators"]).all()
    assert (told["mean"] - told["avg_estimation"].cast(pl.Float64)).abs().max() == 0


def test_spectators_have_no_estimation_and_estimations_are_on_the_scale(
    tables: Tables,
) -> None:
    rows = tables["fpp_estimations"]
    assert rows.filter("spectator")["estimation"].is_null().all()
    held = set(rows["estimation"].drop_nulls())
    assert held == {1, 2, 3, 5, 8, 13, 21}


def test_users_enter_a_room_before_they_see_it(history: Tables) -> None:
    entered = (
        history["fpp_events"]
        .filter(pl.col("event").str.starts_with("ENTERED_"))
        .group_by("user_id")
        .agg(entered=pl.col("event_at").min())
    )
    seen = (
        history["fpp_page_views"]
        .filter(pl.col("route") == "ROOM")
        .group_by("user_id")
        .agg(seen=pl.col("viewed_at").min())
        .join(entered, on="user_id", how="left")
    )
    assert (seen["entered"] <= seen["seen"]).sum() == seen.height


def test_some_users_and_rooms_have_been_deleted_and_their_rows_stay(
    tables: Tables,
) -> None:
    users, rooms = tables["fpp_users"]["id"], tables["fpp_rooms"]["id"]
    estimations = tables["fpp_estimations"]
    gone = estimations.filter(~pl.col("user_id").is_in(users.implode()))
    assert 0 < gone.height < 0.1 * estimations.height
    votes = tables["fpp_votes"]
    orphans = votes.filter(~pl.col("room_id").is_in(rooms.implode()))
    assert 0 < orphans.height < 0.2 * votes.height


def test_it_has_what_pages_have_to_cope_with(history: Tables) -> None:
    users, votes = history["fpp_users"], history["fpp_votes"]
    assert (users["device"] == "bot").sum() > 100
    assert users["country"].null_count() > 50
    assert users["city"].null_count() > users["country"].null_count()
    empty = votes.filter(pl.col("amount_of_estimations") == 0)
    assert empty.height > 100
    assert empty.select(
        "min_estimation", "max_estimation", pl.col("avg_estimation").cast(pl.Int8)
    ).unique().rows() == [(21, 1, 0)]
    assert votes["was_auto_flip"].mean() is not None
    # Whose clock ran on in a room that was left open.
    assert (votes["duration"] > 3_600).sum() > 20
    events = set(history["fpp_events"]["event"])
    assert len(events) == 8
    assert set(history["fpp_page_views"]["route"]) == {
        *("HOME", "CONTACT", "IMPRINT", "GUIDE", "ROOM", "ANALYTICS", "ROADMAP")
    }
    assert BY_NAME["fpp_rooms"].schema == history["fpp_rooms"].schema


def test_work_rests_at_weekends_and_at_christmas(history: Tables) -> None:
    at = pl.col("voted_at")
    # The last eight weeks have no holidays: they have the stories.
    earlier = at < NOW - timedelta(weeks=9)
    votes = history["fpp_votes"].filter(earlier)
    weekend = votes.filter(at.dt.weekday() > 5).height
    assert 0 < weekend < 0.12 * votes.height
    christmas = votes.filter(
        at.dt.strftime("%m-%d").is_between(pl.lit("12-22"), pl.lit("12-31"))
    )
    december = votes.filter(
        at.dt.strftime("%m-%d").is_between(pl.lit("12-08"), pl.lit("12-17"))
    )
    assert christmas.height < 0.4 * december.height
