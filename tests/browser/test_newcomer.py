"""Six questions of a user who sees the dashboard for the first time.

Each test goes where the words on the screen lead, and compares what it reads there
against the same number counted from the files.
"""

import re
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Page, expect

from metrics.formats import fixed
from testkit import chromium
from testkit.chromium import Server
from tests.browser.by_hand import WEEKDAYS, Days, Files
from tests.browser.looking import (
    block,
    csv_button,
    go,
    grid,
    navigation,
    rows_of,
    save,
    sentence,
    tile,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def files(demo_data: Path) -> Files:
    return Files(demo_data)


@pytest.fixture
def start(page: Page, demo_server: Server) -> Page:
    """The first thing that a newcomer sees."""
    return go(page, demo_server.url)


def visit(page: Page, title: str) -> None:
    navigation(page, title).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    chromium.wait_until_drawn(page)


def choose_period(page: Page, name: str) -> None:
    page.get_by_role("combobox", name="Period").click()
    page.get_by_role("option", name=name, exact=True).click()
    page.wait_for_url(f"**period={name.lower().replace(' ', '_')}**")
    chromium.wait_until_drawn(page)


def numbers(text: str) -> list[float]:
    return [float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*\.?\d*", text)]


def test_which_source_brings_users_who_really_estimate(
    start: Page, files: Files
) -> None:
    visit(start, "Traffic")
    days = Days.until_yesterday(28)
    came = files.views(days).unique(["source", "user_id"])
    named = came.drop_nulls("source")
    # Only users none of whose page views has a source count without one.
    nameless = came.filter(pl.col("source").is_null())
    nameless = nameless.join(named, on="user_id", how="anti")
    came = pl.concat([named, nameless.with_columns(source=pl.lit("(not set)"))])
    took_part = files.read("estimations").filter(days.hold("estimated_at"))
    counted = (
        came.join(took_part.select("user_id", took=True).unique(), "user_id", "left")
        .group_by("source")
        .agg(people=pl.len(), estimated=pl.col("took").count())
        .with_columns(share=pl.col("estimated") / pl.col("people"))
    )
    question = block(start, "Which sources bring users who join a vote?")
    shown = {cells[0]: numbers(" ".join(cells[1:3])) for cells in grid(question)}
    expected = {
        source: [visitors, estimated]
        for source, visitors, estimated, _ in counted.iter_rows()
    }
    # The grid draws only the rows within its height: those with most visitors.
    largest = sorted((count for count, _ in expected.values()), reverse=True)
    assert len(shown) >= 8
    assert sorted((n for n, _ in shown.values()), reverse=True) == largest[: len(shown)]
    assert shown == {source: expected[source] for source in shown}
    best = counted.filter(pl.col("people") >= 20).sort("share").row(-1, named=True)
    share = f"{best['share'] * 100:.0f}%"
    visitors = f"of {best['people']:,} visitors from {best['source']} joined a vote"
    said = sentence(start.get_by_text("joined a vote,"))
    assert re.match(rf"{share} \(\d+–\d+\) {re.escape(visitors)}", said)


def test_how_is_a_room_doing(start: Page, files: Files) -> None:
    days = Days.until_yesterday(28)
    teams = files.rooms_by_votes(days).filter(pl.col("name").str.contains("^[A-Z]"))
    room, name = teams.select("room_id", "name").row(0)
    visit(start, "Room")
    start.get_by_role("combobox", name="Find a room").press_sequentially(name)
    start.get_by_role("combobox", name="Find a room").press("Enter")
    expect(start.get_by_role("heading", name=name, exact=True)).to_be_visible()
    chromium.wait_until_drawn(start)
    held = files.read("votes").filter(pl.col("room_id") == room, days.hold("voted_at"))
    estimated = held.filter(pl.col("amount_of_estimations") > 0)

    def mean(column: str) -> str:
        value = estimated.select(pl.col(column).cast(pl.Float64).mean()).item()
        return f"{value:.3f}" if 0 < value < 1 else f"{value:.2f}"

    for title, value in {
        "Votes": f"{held.height:,}",
        "Estimations": f"{held['amount_of_estimations'].sum():,}",
        "Mean team size": mean("amount_of_estimations"),
        "Mean estimation": mean("avg_estimation"),
        "Mean spectators": mean("amount_of_spectators"),
        "Empty votes": f"{held.height - estimated.height:,}",
    }.items():
        assert tile(start, title)[1] == value, title
    expect(start.get_by_text("Health", exact=False).first).to_be_visible()


def test_which_weekday_and_hour_is_busiest(start: Page, files: Files) -> None:
    visit(start, "Votes")
    # 28 days have each weekday four times: sums rank as means do.
    votes = files.votes(Days.until_yesterday(28)).select(
        day=pl.col("voted_at").dt.weekday().cast(int), hour=pl.col("voted_at").dt.hour()
    )
    day, most = votes.group_by("day").len().sort("len").row(-1)
    # A few rooms of the demo decide whether a weekday is clearly busier.
    clear, unclear = "than the average day", "No clear difference between weekdays"
    said = sentence(start.get_by_text(re.compile(f"{clear}|{unclear}")))
    assert re.search(rf"\b{re.escape(fixed(votes.height / 28, 1))}(\)\.| votes)", said)
    if " busier " in said:
        busier = said.partition(" are busier")[0]
        assert f"{WEEKDAYS[day - 1]}s" in busier
        assert f"{fixed(most / 4, 1)} votes a day)" in busier
    per_hour = votes.group_by("day", "hour").len()
    said = sentence(start.get_by_text("The busiest hour was on"))
    most = int(per_hour["len"].to_list()[per_hour["len"].arg_max() or 0])
    (day,) = (n for n, name in enumerate(WEEKDAYS, 1) if f" {name}s, " in said)
    assert per_hour.filter(day=day, hour=int(numbers(said)[0]))["len"].item() == most
    assert f":00: {fixed(most / 4, 1)} votes on average" in said


def test_the_country_table_of_last_month_as_a_csv(start: Page, files: Files) -> None:
    visit(start, "Location")
    choose_period(start, "Last month")
    month = Days.last_month()
    name, content = save(start, csv_button(start, "Users by country"))
    assert name == f"fpp_countries_{month.first}_{month.last}.csv"
    head, *rows = rows_of(content)
    country, count = head.index("country"), head.index("count")
    found = {row[country] or None: int(row[count]) for row in rows if row[count] != "0"}
    counted = files.seen(month).group_by("country").len()
    assert found == dict(counted.iter_rows())


def test_how_are_dates_marked_on_the_charts(start: Page) -> None:
    """On a phone as well the menu leads to the answer, not above it."""
    start.set_viewport_size({"width": 375, "height": 667})
    start.get_by_role("button", name="Options").click()
    start.get_by_role("link", name="Notes on dates, definitions").click()
    expect(start.get_by_role("heading", level=1)).to_have_text("Data")
    chromium.wait_until_drawn(start)
    expect(start.get_by_text("Set NOTES_FILE to a text file")).to_be_in_viewport(
        ratio=1
    )
