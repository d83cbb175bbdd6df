"""Each story of the package's docstring can be seen in the data."""

from datetime import date, timedelta

import polars as pl

from metrics.card_scale import steps
from simulation.tables import rooms_used
from testkit.fixed_clock import NOW

Tables = dict[str, pl.DataFrame]
TODAY = NOW.date()
MONDAY = TODAY - timedelta(days=TODAY.weekday())
SOURCE = pl.col("source").drop_nulls().first().over("user_id", order_by="viewed_at")


def between(column: str, first: date, last: date) -> pl.Expr:
    return pl.col(column).dt.date().is_between(first, last)


def visitors(history: Tables, first: date, last: date) -> pl.DataFrame:
    return (
        history["fpp_page_views"]
        .with_columns(from_=SOURCE)
        .filter(between("viewed_at", first, last))
        .group_by("user_id")
        .agg(views=pl.len(), source=pl.col("from_").first())
    )


def test_launch_ads_and_github_bring_visitors_who_leave_at_once(
    history: Tables,
) -> None:
    start = MONDAY - timedelta(weeks=6)
    launch = visitors(history, start, start + timedelta(days=13))
    before = visitors(history, start - timedelta(days=14), start - timedelta(days=1))
    launched = r"ads\.|google_ads|github\.com"
    came = launch.filter(pl.col("source").str.contains(launched))
    usual = before.filter(pl.col("source").str.contains(launched))
    assert came.height > 3 * usual.height
    assert (came["views"] == 1).sum() > 0.8 * came.height


def test_outage_almost_nothing_happens_on_the_tuesday(history: Tables) -> None:
    outage = MONDAY - timedelta(days=13)
    for name, at in (("fpp_votes", "voted_at"), ("fpp_page_views", "viewed_at")):
        frame = history[name]
        down = frame.filter(between(at, outage, outage)).height
        later = outage + timedelta(days=7)
        up = frame.filter(between(at, later, later)).height
        assert down < 0.25 * up


def test_users_from_microsoft_teams_stay(history: Tables) -> None:
    everyone = visitors(history, date.min, TODAY - timedelta(days=28))
    estimators = history["fpp_estimations"]["user_id"].unique().implode()
    share = pl.col("user_id").is_in(estimators).mean()
    teams = pl.col("source").str.contains(r"teams\.")
    assert everyone.filter(teams).select(share).item() > 0.9
    assert everyone.filter(~teams).select(share).item() < 0.2


def test_drift_the_six_teams_agree_less_and_less(history: Tables) -> None:
    names = ["Apollo", "Gemini", "Mercury", "Skylab", "Soyuz", "Voyager"]
    votes = (
        history["fpp_votes"]
        .join(history["fpp_rooms"], left_on="room_id", right_on="id")
        .filter(pl.col("name").is_in(names), pl.col("amount_of_estimations") >= 2)
    )
    near = (steps() <= 1).mean()
    start = TODAY - timedelta(weeks=14)
    healthy = votes.filter(between("voted_at", date.min, start))
    lately = votes.filter(between("voted_at", TODAY - timedelta(weeks=4), TODAY))
    assert healthy.select(near).item() > lately.select(near).item() + 0.15


def test_gone_quiet_three_teams_met_twice_a_week_and_stopped(history: Tables) -> None:
    rooms = history["fpp_rooms"].filter(
        pl.col("name").is_in(["Phoenix", "Kraken", "Wombats"])
    )
    last = rooms["last_used_at"].dt.date()
    assert rooms.height == 3
    assert last.is_between(TODAY - timedelta(days=40), TODAY - timedelta(days=29)).all()


def test_no_team_that_the_demo_tells_of_has_its_room_deleted(history: Tables) -> None:
    """Whatever IDs the rooms have: these depend on the date."""
    every = [31 * n for n in range(1, 9)]
    named = pl.DataFrame({"id": every, "number": every, "name": "x"}).with_columns(
        name=pl.when(pl.col("id") == 62).then(pl.lit("Kraken")).otherwise("name")
    )
    viewed = pl.Series(every, dtype=pl.Int32)
    views = history["fpp_page_views"].head(8).with_columns(room_id=viewed)
    acts = {"fpp_page_views": views, "fpp_votes": history["fpp_votes"].clear()}
    assert rooms_used(named, acts)["name"].to_list() == ["Kraken"]


def test_growth_brazil_multiplies_in_five_weeks(history: Tables) -> None:
    brazil = history["fpp_users"].filter(pl.col("country") == "BR")
    weeks = timedelta(weeks=5)
    lately = brazil.filter(between("created_at", TODAY - weeks, TODAY)).height
    earlier = brazil.filter(between("created_at", TODAY - 2 * weeks, TODAY - weeks))
    assert lately > 3 * earlier.height
