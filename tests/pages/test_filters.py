"""Filters: chips, clicks, the box, and what a filter leaves without a meaning."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from metrics import filters
from metrics.filters import Filter
from metrics.frames import Period
from metrics.query import Query
from metrics.registry import DEFINITIONS, METRIC_TABLES, plan
from metrics.tables import TABLES, VOTES
from store import engine
from store.reader import open_store
from tests.pages.building import taken_away
from tests.pages.conftest import GOLDEN, NOW, RunPage, captions, plain, tiles
from ui import export, labels
from ui import format as fmt
from ui.blocks import tables
from ui.filters import click_filters, filter_chips


@pytest.mark.parametrize("text", ["room!:0", "room:two"])
def test_a_filter_by_what_is_no_room_is_said(run_page: RunPage, text: str) -> None:
    [warning] = run_page("votes.py", filter=text).warning
    assert warning.value.endswith("in a filter is not the ID of a room.")


@pytest.mark.parametrize(
    ("excluded", "said"),
    [
        ("2", ["No figure counts room 2 of the filter, which"]),
        ("4,2,9", ["No figure counts rooms 2 and 4 of the filter, which"]),
        # Every block says so of a filter by excluded rooms alone.
        ("1,2,4", []),
        ("3", []),
    ],
)
def test_a_filter_by_several_rooms_says_which_of_them_are_excluded(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch, excluded: str, said: list[str]
) -> None:
    monkeypatch.setenv("EXCLUDED_ROOMS", excluded)
    app = run_page("votes.py", filter=[f"room{w}" for w in (":1", ":2", ":4", "!:3")])
    assert [plain(w.value).partition(" `EXCL")[0] for w in app.warning] == said


@pytest.mark.parametrize(
    ("chosen", "remedy"),
    [
        (["country:DE"], "the filter"),
        (["country:DE", "device:mobile"], "the filters"),
        (["country:DE", "room:1"], "the filter"),
    ],
)
def test_a_block_without_a_meaning_says_which_filters_to_remove(
    chosen: list[str], remedy: str
) -> None:
    parsed = [wanted for text in chosen if (wanted := Filter.parse(text))]
    note = filter_chips.unavailable_note(parsed, [VOTES.name])
    assert note.endswith(f"Remove {remedy} to see it.")


def test_the_filter_box_offers_no_excluded_room() -> None:
    snapshot = open_store(GOLDEN)
    first, second, *others = filter_chips.offers(snapshot, "room", ())
    # Also a room with few votes is found by a part of its name.
    assert len(others) + 2 == snapshot.frames.votes.collect()["room_id"].n_unique()
    offered = filter_chips.offers(snapshot, "room", {int(first), int(second)})
    assert offered
    assert offered.keys().isdisjoint({first, second})
    assert filter_chips.offers(snapshot, "city", {int(first)})


def test_a_filter_may_name_its_value_as_pages_do(run_page: RunPage) -> None:
    rooms = pl.read_parquet(GOLDEN / "fpp_rooms.parquet")
    number = rooms.filter(id=2)["number"].item()
    meant = {
        "country:Germany": "country:DE",
        "country!:gbr": "country!:GB",
        "region:(not set)": "region:(not set)",
        "city:MÜNCHEN": "city:München",
        "city!:Mu\u0308nchen": "city!:München",
        "device:Desktop": "device:desktop",
        "os:mac-os": "os:Mac OS",
        "browser:samsung browser": "browser:Samsung Browser",
        "source:google search": "source:Google Search",
        # As it is stored: a filter is by the class of it.
        "source:email": "source:Email",
        "route:Home": "route:HOME",
        "event:Entered a new room": "event:ENTERED_NEW_ROOM",
        "room:1": "room:1",
        # As pages print it.
        f"room: #{number}": "room:2",
    }
    assert {text.partition(":")[0].strip("!") for text in meant} == {*filters.KINDS}
    app = run_page("traffic.py", filter=[*meant])
    assert [warning.value for warning in app.warning] == []
    chips = [button for button in app.button if str(button.key).startswith("chip_")]
    assert [chip.key for chip in chips] == [f"chip_{text}" for text in meant.values()]
    # It goes as the link wrote it.
    chips[0].click().run()
    assert app.query_params["filter"] == [*meant][1:]


def test_a_filter_by_what_the_data_lacks_is_said(run_page: RunPage) -> None:
    values = dict.fromkeys(filters.KINDS, "Germny") | {"room": "999"}
    [warning] = run_page("votes.py", filter="room:#1").warning
    assert "The data has no room “\\#1”. Find its" in warning.value
    app = run_page("location.py", filter=[f"{k}:{v}" for k, v in values.items()])
    shown = values | {"room": "ID 999"}
    said = [
        f"The data has no {labels.KIND_LABELS[kind].lower()} “{value}”. "
        "Find its values in Filter."
        for kind, value in shown.items()
    ]
    # In one box: more would fill the screen.
    [warning] = app.warning
    *named, rest = plain(warning.value).split("\n")
    assert named == [f"- {text}" for text in said[:5]]
    assert rest == f"- And {len(said) - 5} other faults of the link."


def test_a_click_asks_for_all_that_makes_a_row_unique() -> None:
    frame = pl.DataFrame({"country": ["DE", None], "city": ["Bern", "Bern"]})
    marked = click_filters.with_filters(frame, click_filters.by("country", "city"))
    assert [*map(click_filters.asked_for, marked[click_filters.FIELD])] == [
        [Filter("country", "DE"), Filter("city", "Bern")],
        [Filter("country", None), Filter("city", "Bern")],
    ]


def test_a_click_on_a_change_asks_for_what_changed() -> None:
    frame = pl.DataFrame(
        {
            "dimension": ["country", "country", "source", "room", "room", "weekday"],
            "label": ["DE", None, 'a:"b"', "name", None, "Monday"],
            "room_id": [None, None, None, 7, 8, None],
        }
    )
    marked = click_filters.with_filters(frame, click_filters.BY_DIMENSION)
    *asked, of_weekday = marked[click_filters.FIELD]
    assert [*map(click_filters.asked_for, asked)] == [
        [Filter("country", "DE")],
        [Filter("country", None)],
        [Filter("source", 'a:"b"')],
        [Filter("room", "7")],
        [Filter("room", "8")],
    ]
    # Users have no weekday to be filtered by.
    assert of_weekday is None


@pytest.mark.parametrize(
    ("label", "columns", "expected"),
    [
        (
            "city",
            {"country": ["DE", "CH"], "city": ["Bern", "Bern"]},
            ["Bern, DE", "Bern, CH"],
        ),
        (
            "region",
            {"country": ["DE", None], "region": ["BY", None]},
            ["Bayern, DE", "(not set)"],
        ),
        (
            "room_name",
            {"room_id": [1, 2], "room_number": [7, None], "room_name": ["x", None]},
            ["x #7", "(deleted) ID 2"],
        ),
        (
            "room_name",
            {
                "room_id": [1, 2],
                "room_number": [7, 8],
                "room_name": ["x" * 99, "Ω" * 25],
            },
            [f"{'x' * 99} #7", f"{'Ω' * 25} #8"],
        ),
        ("route", {"route": ["HOME", None]}, ["Home", "(not set)"]),
    ],
)
def test_each_bar_has_a_label_of_its_own(
    label: str, columns: dict[str, list[object]], expected: list[str]
) -> None:
    assert labels.bar_labels(pl.DataFrame(columns), label).to_list() == expected


def test_a_table_of_users_and_votes_says_which_part_is_not_filtered(
    run_page: RunPage,
) -> None:
    app = run_page("historical.py", filter="country:DE")
    said = (
        "Votes and rooms in it are not filtered by country: they are not linked to "
        "users."
    )
    assert said in [caption.value for caption in app.caption]
    assert filter_chips.unfiltered_note((), ["fpp_votes"]) is None


def test_a_room_filters_users_and_events_as_well(run_page: RunPage) -> None:
    all_users = run_page("location.py", period="All time")
    there = run_page("location.py", period="All time", filter="room:1")
    assert [e.message for e in there.exception] == []
    assert not [c for c in there.caption if "filtered" in c.value]
    charts = [app.get("vega_lite_chart")[0].proto for app in (all_users, there)]
    assert charts[0].datasets[0].data.data != charts[1].datasets[0].data.data


def test_a_table_that_no_room_can_be_left_out_of_says_so(run_page: RunPage) -> None:
    """A room is a filter of its users' events; without a room they are those of all."""
    app = run_page("behaviour.py", filter="room!:88", part="Events")
    said = [caption.value for caption in app.caption]
    # Once below their lines, once below their list.
    assert said.count("Not filtered by room: events are not linked to rooms.") == 2
    assert not Filter("room", "88", excludes=True).applies(["fpp_events"])
    part = "Events in it are of all rooms: they are not linked to rooms."
    app = run_page("traffic.py", filter="room!:88", show="visits")
    formula = DEFINITIONS["visits"].formula
    (visits,) = (text for text in captions(app) if formula in text)
    assert visits.endswith(f"{formula} {part}")
    # Above the cards; the tables of newcomers are hidden.
    app = run_page("insights.py", filter="room!:88", about="New people")
    assert [caption.value for caption in app.caption].count(part) == 1
    chosen = [Filter("room", "88", excludes=True), Filter("country", "DE")]
    note = filter_chips.unfiltered_note(chosen, [table.name for table in TABLES])
    assert note == (
        "Votes and rooms in it are not filtered by country: they are not linked to "
        "users. Users and events in it are of all rooms: they are not linked to rooms."
    )


def test_what_changed_most_is_not_what_the_filters_decide(run_page: RunPage) -> None:
    """Of the users of Germany, all changes are from Germany."""
    app = run_page("overview.py", filter="country:DE", table_what_moved="true")
    (moved,) = (t.value for t in app.dataframe if "contribution" in t.value)
    assert {*moved["dimension"]} == {"Source", "Room", "Weekday"}
    of_two = [Filter("country", "DE"), Filter("country", "AT"), Filter("room", "1")]
    rows = pl.DataFrame({"dimension": ["country", "source", "room", "weekday"]})
    left = filters.left_open(of_two, rows)["dimension"].to_list()
    assert left == ["country", "source", "weekday"]
    others = [Filter("country", "DE", excludes=True)]
    assert filters.left_open(others, rows).equals(rows)


def test_events_under_the_filter_of_a_room_are_said_to_be_of_any_room(
    run_page: RunPage,
) -> None:
    """In room 112 nothing has happened for four weeks: its user was elsewhere."""
    part = (
        "Events in it are of users who were there, in any room: they are not linked to "
        "rooms."
    )
    app = run_page("traffic.py", filter="room:112", show="visits")
    assert (tiles(app)["Unique users"], tiles(app)["Visits"]) == ("0", "2")
    formula = DEFINITIONS["visits"].formula
    (visits,) = (text for text in captions(app) if formula in text)
    assert visits.endswith(f"{formula} {part}")
    assert captions(run_page("location.py", filter="room:112")).count(part) == 3
    # Participations have a room.
    chosen = [Filter("room", "112")]
    assert filter_chips.unfiltered_note(chosen, ["fpp_estimations"]) is None


def test_a_room_has_the_same_figures_in_a_list_as_under_its_filter(
    run_page: RunPage,
) -> None:
    """A user who is known from another room would be new under the filter."""
    snapshot = open_store(GOLDEN)
    period = Period.of_days(date(2025, 11, 20), date(2026, 11, 19))
    room, all_rooms = (
        Filter("room", "94"),
        Query(snapshot.frames, period, None, "week", NOW),
    )
    only = replace(all_rooms, frames=filters.apply(snapshot.frames, [room]))
    compared = set()
    for name, table in METRIC_TABLES.items():
        listed = engine.collect(plan(name, all_rooms))
        if "room_id" not in listed.columns or table.title.endswith("over time"):
            continue
        if filter_chips.is_meaningless([room], name):
            continue
        compared.add(name)
        own = listed.filter(pl.col("room_id") == 94)
        shares = [c for c in ("share", "rank", "healthy_rooms") if c in own.columns]
        alone = engine.collect(plan(name, only)).filter(pl.col("room_id") == 94)
        assert own.drop(shares).equals(alone.drop(shares)), name
    assert compared == {"rooms", "rounds", "meetings", "room_health"} | (
        {"what_moved", "rooms_gone_quiet"} & compared
    )
    app = run_page("insights.py", about="New people", filter="room:94")
    why = "Not available by room: what a user did first is known of all rooms only."
    assert all(plain(text.value).startswith(why) for text in app.info)
    cards = {card.label: card.value for card in app.metric}
    assert cards["Newcomers"] == cards["Inviting rooms"] == "–"
    assert cards["Week-old rooms"] != "–"


def test_a_figure_of_too_few_cases_is_not_called_hidden_by_a_filter(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = {"filter": "country:AT", "period": "Yesterday"}
    context, found, _ = taken_away(run_page, monkeypatch, "overview.py", **query)
    assert found["what_moved"]["contribution"].is_null().all()
    assert found["what_moved"].height
    assert "what_moved: Votes and rooms in it are not filtered by country" in (
        export.readme(context, found)
    )


@pytest.mark.parametrize("kind", filters.KINDS)
@pytest.mark.parametrize("about", ["Agreement", "Re-votes", "Meetings", "New users"])
def test_no_sample_mixes_filtered_users_and_all_votes(
    run_page: RunPage, about: str, kind: str
) -> None:
    app = run_page(
        "insights.py", about=about, period="all_time", filter=f"{kind}!:nothing"
    )
    said = [c.value for c in app.caption if c.value.startswith("Based on")]
    if kind == "room":
        assert len(said) == 1
        return
    cards = [card.value for card in app.metric]
    values = [*cards, *tiles(app).values()]
    assert values
    # Some users' estimations alone are a sample, and the figures of both are hidden.
    assert not said or "votes" not in said[0] or "–" not in values
    notes = [plain(info.value) for info in app.info] + [c.value for c in app.caption]
    label = labels.KIND_LABELS[kind].lower()
    rows = "rooms" if about == "New users" else "votes"
    assert any(f"by {label}: {rows} are not linked" in text for text in notes)


def test_cards_that_a_filter_leaves_without_a_meaning_are_blank(
    run_page: RunPage,
) -> None:
    query = {"about": "New users", "period": "all_time"}
    for chosen, blank in (
        ({}, set()),
        (
            {"filter": "country!:XX"},
            {"Week-old rooms", "Newcomers", "Inviting rooms"},
        ),
    ):
        app = run_page("insights.py", **query, **chosen)
        assert {card.label for card in app.metric if card.value == "–"} == blank
        # No user is new before the data begins.
        period, *notes = captions(app)
        about = [note for note in notes if note.startswith("New rooms of ")]
        assert about
        begins = period.partition(" – ")[0]
        assert all(note.startswith(f"New rooms of {begins} – ") for note in about)


def test_a_room_has_its_figures_whatever_the_filters(run_page: RunPage) -> None:
    query = {"room": "1", "period": "all_time"}
    alone = run_page("room.py", **query)
    filtered = run_page("room.py", filter="country:DE", **query)
    assert tiles(filtered) == tiles(alone)
    assert not [i.value for i in filtered.info if "Not available" in i.value]


def test_a_figure_that_filters_hide_is_in_no_csv_and_has_no_change(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: dict[str, pl.DataFrame] = {}

    def offer(rows: Callable[[], pl.DataFrame], name: str, key: str) -> None:
        offered[key] = rows()

    monkeypatch.setattr(tables, "render_csv_button", offer)
    counts = []
    for query in ({}, {"filter": "country!:XX"}):
        app = run_page("votes.py", **query)
        counts.append(int(offered["csv_votes_over_time"]["votes"].sum()))
        # With its change before it, the definition is only part of a caption.
        assert (DEFINITIONS["votes"].formula in captions(app)) == bool(query)
    assert counts[0] > counts[1] == 0


def test_a_filtered_room_leads_to_its_page(run_page: RunPage) -> None:
    app = run_page("behaviour.py", GOLDEN, filter="room:1")
    links = [link.proto for link in app.get("page_link") if "room" in link.proto.label]
    rooms = pl.read_parquet(GOLDEN / "fpp_rooms.parquet").filter(pl.col("id") == 1)
    name, number = rooms.select("name", "number").row(0)
    label = f"Open room {fmt.escaped(f'{name} #{number}')}"
    assert [link.label for link in links] == [label]
    assert "room=1" in links[0].query_string


@pytest.mark.parametrize(("chosen", "says_so"), [("country:DE", True), ("", False)])
def test_what_needs_attention_is_said_to_be_of_all_users(
    run_page: RunPage, chosen: str, *, says_so: bool
) -> None:
    app = run_page("overview.py", **({"filter": chosen} if chosen else {}))
    assert ("Without filters:" in captions(app)) is says_so


def test_a_chip_removes_its_filter_however_the_link_wrote_it(run_page: RunPage) -> None:
    app = run_page("traffic.py", filter="country:de")
    (chip,) = [button for button in app.button if "Germany" in button.label]
    chip.click().run()
    assert "filter" not in app.query_params
    assert not [button for button in app.button if "Germany" in button.label]


def test_a_room_of_a_filter_has_a_name_in_words(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    file = plain_store() / "fpp_rooms.parquet"
    rooms = pl.read_parquet(file)
    names = (
        pl.when(pl.col("id") == rooms["id"][0]).then(None).otherwise(pl.lit("\u200b"))
    )
    rooms.with_columns(name=names).write_parquet(file)
    for room_id, number in rooms.select("id", "number").head(2).iter_rows():
        app = run_page("votes.py", file.parent, filter=f"room:{room_id}")
        (chip,) = [button for button in app.button if "is" in button.label]
        assert chip.label == fmt.escaped(f"Room is (not set) #{number}")


def test_a_room_that_is_typed_for_a_filter_is_found_as_pages_name_it(
    plain_store: Callable[..., Path],
) -> None:
    file = plain_store() / "fpp_rooms.parquet"
    first, second, deleted = pl.read_parquet(file).head(3).iter_rows(named=True)
    first |= {"name": "654321", "number": 700_001}
    # Its number is the id of another room.
    second |= {"number": first["id"]}
    pl.DataFrame([first, second]).write_parquet(file)
    snapshot = open_store(file.parent)
    for room, typed in (
        *((first, text) for text in (str(first["id"]), "700001", "#700001", "654321")),
        *((second, text) for text in (str(second["id"]), second["name"])),
        (deleted, str(deleted["id"])),
    ):
        assert filter_chips._room_id(snapshot, typed) == str(room["id"]), typed
    # No number that begins with it is meant.
    assert filter_chips._room_id(snapshot, "7000") == "7000"
