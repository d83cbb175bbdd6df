"""The Room page: states, meetings, rooms side by side."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path

import polars as pl
import pytest
from streamlit.proto.GapSize_pb2 import GapSize
from streamlit.proto.SelectWidgetFilterMode_pb2 import FILTER_MODE_CONTAINS
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from metrics import meetings
from store.reader import open_store
from tests.pages.chart_specs import data_of, read_aloud
from tests.pages.conftest import GOLDEN, RunPage, captions, plain
from tests.pages.test_insights import read
from ui import format as fmt
from ui.blocks import room
from ui.blocks.comparison import TOTALS, _tile
from ui.page_context import Results

# In memory: the copy of a folder's state goes when another folder is opened.
FRAMES = open_store(GOLDEN).frames.map(lambda _, rows: rows.collect().lazy())
HELD = meetings.meetings(FRAMES).collect()
BUSIEST = HELD.group_by("room_id").agg(pl.col("votes").sum()).sort("votes")["room_id"]
ROOM = int(BUSIEST[-1])


def texts(app: AppTest) -> str:
    blocks = (*app.markdown, *app.header, *app.info, *app.warning)
    said = (*(str(block.value) for block in blocks), *captions(app))
    return "\n".join(said).replace("\\", "")


def test_a_room_lists_its_meetings_and_opens_one(run_page: RunPage) -> None:
    held = HELD.filter(pl.col("room_id") == ROOM, pl.col("wide_votes") > 0)
    meeting = held.row(0, named=True)
    app = run_page(
        "room.py",
        GOLDEN,
        room=str(ROOM),
        period="All time",
        meeting=str(meeting["meeting"]),
    )
    assert not app.exception
    assert f"{meeting['started_at']:%H:%M}–{meeting['ended_at']:%H:%M} UTC" in texts(
        app
    )
    # A re-vote has its own colour and word, so the wide ones cannot be counted there.
    assert f", {meeting['wide_votes']} wide (re-votes included)," in texts(app)
    listed = [frame.value for frame in app.dataframe if "Cards by seat" in frame.value]
    assert listed[0].shape[0] == meeting["votes"]
    # Two may begin minutes apart: the first vote of the second one was a long one.
    assert "votes that end less than 60 minutes apart" in texts(app)
    # In the list its row is ticked.
    (others,) = (frame for frame in app.dataframe if frame.proto.selection_default)
    [row] = json.loads(others.proto.selection_default)["selection"]["rows"]
    assert others.value.iloc[row, 0] == meeting["started_at"]


def test_any_vote_of_a_meeting_opens_it_and_another_is_said(run_page: RunPage) -> None:
    long = HELD.filter(pl.col("room_id") == ROOM, pl.col("votes") > 2).row(
        0, named=True
    )
    inside = FRAMES.votes.filter(
        pl.col("room_id") == ROOM, pl.col("voted_at") == long["ended_at"]
    ).collect()["id"][0]
    app = run_page("room.py", GOLDEN, room=str(ROOM), meeting=str(inside))
    assert f"{long['started_at']:%H:%M}–" in texts(app)
    alone = HELD.filter(pl.col("votes") == 1).row(0, named=True)
    room_id, meeting = str(alone["room_id"]), str(alone["meeting"])
    app = run_page("room.py", GOLDEN, room=room_id, meeting=meeting)
    assert "1 vote, " in texts(app)
    assert "the table below" not in texts(app)
    app = run_page("room.py", GOLDEN, room=str(ROOM), meeting="999999999")
    assert "no vote with ID 999999999" in texts(app)
    app = run_page("room.py", GOLDEN, room=str(ROOM), meeting="x")
    assert "not the ID of a vote" in texts(app)


def test_a_period_without_a_meeting_names_the_last_one(run_page: RunPage) -> None:
    app = run_page("room.py", GOLDEN, room=str(ROOM), period="Today")
    assert "No meeting in this period. The last one was on" in texts(app)
    # One click to where there is something.
    next(b for b in app.button if b.label.startswith("Show ")).click().run()
    assert "No meeting in this period." not in texts(app)
    assert app.get("vega_lite_chart")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"room": "999999"}, "No room with ID 999999."),
        ({"room": "x"}, "is not the ID of a room"),
        ({"room": "#1"}, "“#1” in the link is not the ID of a room"),
        ({"room": "0"}, "is not the ID of a room"),
        ({"room": "99999999999999"}, "is not the ID of a room"),
        ({"room": "0000000001" + "9" * 5000}, "is not the ID of a room"),
        ({"room": ["1", "2", "3", "4"]}, "showing the first 3"),
    ],
)
def test_a_wrong_room_in_the_link_is_said(
    run_page: RunPage, query: dict[str, str], said: str
) -> None:
    app = run_page("room.py", GOLDEN, **query)
    assert not app.exception
    assert said in texts(app)


def test_a_room_without_a_name_or_a_time_says_that_it_has_none(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    file = plain_store() / "fpp_rooms.parquet"
    rooms = pl.read_parquet(file)
    rooms.with_columns(
        name=pl.lit("\u200b"), last_used_at=pl.lit(None, pl.Datetime("us"))
    ).write_parquet(file)
    app = run_page("room.py", file.parent, room=str(ROOM))
    assert not app.exception
    assert app.header[0].value == fmt.escaped("(not set)")
    assert "last used –" in texts(app)
    # Nothing says when its votes were.
    votes = pl.read_parquet(file := file.parent / "fpp_votes.parquet")
    votes.with_columns(voted_at=pl.lit(None)).write_parquet(file)
    app = run_page("room.py", file.parent, room=str(ROOM))
    assert not app.exception
    assert "This room has no votes in the data." in texts(app)


def test_a_deleted_room_and_one_without_votes_are_states(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    store = plain_store()
    rooms = pl.read_parquet(store / "fpp_rooms.parquet")
    silent = rooms.head(1).with_columns(
        id=pl.lit(4321).cast(rooms.schema["id"]), name=pl.lit("silent")
    )
    kept = pl.concat([rooms.filter(pl.col("id") != ROOM), silent])
    kept.write_parquet(store / "fpp_rooms.parquet")
    app = run_page("room.py", store, room=str(ROOM), period="All time")
    assert "The room is deleted; its votes are kept." in texts(app)
    assert "Meetings, newest first" in texts(app)
    search = app.multiselect(key="room_search")
    assert search.value == [f"ID {ROOM}"]
    assert f"ID {ROOM}" in run_page("room.py", store).multiselect[0].options
    app = run_page("room.py", store, room="4321")
    assert "This room has no votes in the data." in texts(app)
    # Those that are compared have the colours of the charts.
    app = run_page("room.py", store, room=["4321", str(ROOM), str(BUSIEST[-2])])
    marks = [re.findall(r"^:(\w+)\[", head.value) for head in app.header[:3]]
    assert marks == [[], ["blue"], ["orange"]]
    app = run_page("room.py", store, room=["87654321", "4321", str(ROOM)])
    assert "No room with ID 87654321" in texts(app)
    search = app.multiselect(key="room_search")
    assert [text.rpartition(" ")[2] for text in search.value] == ["4321)", str(ROOM)]
    assert [head.value[:2] for head in app.header[:2]] == ["si", "\\("]
    # Room for a box between the titles, which are close to each other elsewhere.
    (box, *_) = (box for box in app.info if "87654321" in box.value)
    (around,) = (
        part
        for part in app.main
        if isinstance(part, Block) and box in part.children.values()
    )
    assert around.proto.flex_container.gap_config.gap_size == GapSize.SMALL
    app = run_page("room.py", store, room="87654321")
    assert app.multiselect(key="room_search").value == []
    assert "to compare" not in texts(app)
    # Of those from before a late table of rooms, none is known to be deleted.
    late = rooms.filter(pl.col("first_used_at") >= datetime(2026, 10, 20))
    late.write_parquet(store / "fpp_rooms.parquet")
    app = run_page("room.py", store, room=str(ROOM), period="All time")
    assert app.header[0].value == fmt.escaped("(name missing)")
    whole = {"period": "custom", "from": "2026-09-01", "to": "2026-11-18"}
    shown = [
        read(table.proto.arrow_data.data)
        for table in run_page("room.py", store, **whole).dataframe
    ]
    (names,) = [t["room_name"].to_list() for t in shown if "room_name" in t.columns]
    assert "(name missing)" in names
    assert "(deleted)" not in names


def test_two_rooms_have_one_strip_and_a_colour_each(run_page: RunPage) -> None:
    pair = [str(BUSIEST[-1]), str(BUSIEST[-2])]
    number = FRAMES.rooms.filter(id=BUSIEST[-1]).collect()["number"].item()
    for order in (pair, [*pair, str(BUSIEST[-3])]):
        # A number is read as pages print it.
        named = [f" #{number}", *order[1:]]
        app = run_page("room.py", GOLDEN, room=named, period="All time")
        assert not app.exception
        assert texts(app).count("●") == len(order)
        chips = app.multiselect(key="room_search").value
        assert [chip.rpartition("ID ")[2] for chip in chips] == [f"{i})" for i in order]
        # In the text, and in each chart, a room has the same colour.
        marks = re.findall(r":(\w+)\[●\] \**([^*\n]+?)\**(?:\n|$)", texts(app))
        assert [color for color, _ in marks] == ["blue", "orange", "green"][
            : len(order)
        ]
        charts = [json.loads(c.proto.spec) for c in app.get("vega_lite_chart")]
        assert len(charts) == 3
        for chart in charts:
            (rooms, colors) = next(of_rooms(chart))
            named = [room.rpartition(" (#")[0] for room in rooms]
            assert named == [name.replace("\u2060", "") for _, name in marks]
            assert colors == ["#4f7cff", "#e0682b", "#079464"][: len(order)]


def of_rooms(spec: object) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the series and colours of the scales of a chart."""
    if isinstance(spec, list):
        for part in spec:
            yield from of_rooms(part)
    elif isinstance(spec, dict):
        scale = spec.get("color", {})
        scale = scale.get("scale", {}) if isinstance(scale, dict) else {}
        if "range" in scale:
            yield scale["domain"], scale["range"]
        for part in spec.values():
            yield from of_rooms(part)


def test_rooms_side_by_side_without_a_vote_say_so(run_page: RunPage) -> None:
    pair = [str(BUSIEST[-1]), str(BUSIEST[-2])]
    sunday = {"period": "custom", "from": "2026-11-15", "to": "2026-11-15"}
    app = run_page("room.py", GOLDEN, room=pair, **sunday)
    assert "No data in this period. Choose a longer one." in texts(app)
    assert not app.get("vega_lite_chart")


def test_rooms_side_by_side_have_what_other_charts_over_time_have(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Dates and notes in words, a drag that zooms, and a CSV of each block."""
    notes = tmp_path / "notes.txt"
    notes.write_text("2026-11-10 Release of v2\n")
    monkeypatch.setenv("NOTES_FILE", str(notes))
    pair = [str(BUSIEST[-1]), str(BUSIEST[-2])]
    app = run_page("room.py", GOLDEN, room=pair)
    [legend] = [c.value for c in app.caption if "⚑" in c.value]
    release = r":violet\[⚑\]\s10\sNov\s2026: Release of v2"
    assert re.search(rf"^\d+\s\w+\s–\u2060\s.* {release}$", legend)
    (chart, *_) = [c.proto for c in app.get("vega_lite_chart")]
    assert '"name": "zoom"' in chart.spec
    # Without a selection that is sent, a drag would only paint over the chart.
    assert [*chart.selection_mode] == ["zoom"]
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels.count("CSV") == 4


def test_a_room_that_is_removed_leaves_the_others(run_page: RunPage) -> None:
    pair = [str(BUSIEST[-1]), str(BUSIEST[-2])]
    app = run_page("room.py", GOLDEN, room=pair)
    app.button_group(key="kpi_strip").set_value("estimations").run()
    assert app.button_group(key="kpi_strip").value == "estimations"
    search = app.multiselect(key="room_search")
    search.unselect(search.value[0]).run()
    assert app.query_params["room"] in (pair[1], [pair[1]])


def test_averages_of_a_room_leave_empty_votes_out(run_page: RunPage) -> None:
    """A room with empty votes has the averages that Votes has, filtered by the room."""
    empty = HELD.filter(pl.col("rounds_without_estimate") > 0, pl.col("estimators") > 0)
    room_id = str(empty["room_id"][0])
    page = run_page("room.py", GOLDEN, room=room_id, period="All time")
    votes = run_page("votes.py", GOLDEN, filter=f"room:{room_id}", period="All time")
    ours, theirs = (tiles(app) for app in (page, votes))
    shared = {name: ours[name] for name in ours.keys() & theirs.keys()}
    assert len(shared) >= 4
    assert shared == {name: theirs[name] for name in shared}


def tiles(app: AppTest) -> dict[str, str]:
    """Return the tiles of the strip by their names."""
    (strip,) = (group for group in app.button_group if group.key == "kpi_strip")
    return {str(text).partition("  \n")[0]: str(text) for text in strip.options}


def test_filters_do_not_hide_a_room_and_the_page_says_so(run_page: RunPage) -> None:
    app = run_page("room.py", GOLDEN, room=str(ROOM), filter="country:XX")
    assert "Filters do not apply to this page" in texts(app)
    assert "No room with ID" not in texts(app)


@pytest.mark.parametrize(
    ("chosen", "says_so"), [("country:DE", True), (f"room:{ROOM}", False)]
)
def test_the_list_of_rooms_says_what_does_not_filter_it(
    run_page: RunPage, chosen: str, *, says_so: bool
) -> None:
    app = run_page("room.py", GOLDEN, period="All time", filter=chosen)
    rows = app.dataframe[0].value
    assert (len(rows) > 1) is says_so
    note = "Not filtered by country: votes and rooms are not linked to users."
    assert (note in texts(app)) is says_so


def test_the_search_names_every_room_in_a_line(
    run_page: RunPage, plain_store: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = plain_store() / "fpp_rooms.parquet"
    rooms = pl.read_parquet(file).head(3)
    names = pl.Series("name", ["x" * 5_000, None, "y-" * 50])
    rooms.with_columns(names).write_parquet(file)
    ids, numbers = rooms["id"].to_list(), rooms["number"].to_list()
    search = run_page("room.py", file.parent).multiselect(key="room_search").options
    deleted = {text for text in search if text.startswith("ID ")}
    assert set(search) - deleted == {
        f"{name} (#{number}, ID {room_id})"
        for name, number, room_id in zip(
            ["x" * 99 + "…", "(not set)", "y-" * 50], numbers, ids, strict=True
        )
    }
    # An open room that is not among the first is called the same.
    monkeypatch.setattr(room, "LISTED", 0)
    opened = run_page("room.py", file.parent, room=str(ids[-1]))
    box = opened.multiselect(key="room_search")
    assert box.value[0] in search
    # One that is only like what is typed would come before what Enter looks up.
    assert box.proto.accept_new_options
    assert box.proto.filter_mode == FILTER_MODE_CONTAINS


def test_of_a_meeting_that_never_ends_the_first_votes_and_seats_are_drawn(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    store = plain_store()
    file = store / "fpp_votes.parquet"
    votes = pl.read_parquet(file)
    first = votes.filter(pl.col("room_id") == ROOM).head(1)
    number = pl.int_range(1, 301)
    many = pl.concat([first] * 300).with_columns(
        id=(number + 5_000_000).cast(votes.schema["id"]),
        voted_at=pl.col("voted_at") + pl.duration(minutes=number * 20),
    )
    many.select(votes.columns).write_parquet(file)
    crowd = pl.read_parquet(store / "fpp_estimations.parquet")
    pl.concat([crowd.head(1)] * 300).with_columns(
        id=(number + 5_000_000).cast(crowd.schema["id"]),
        user_id=pl.format("user {}", number),
        room_id=pl.lit(ROOM, crowd.schema["room_id"]),
        estimated_at=many["voted_at"].first(),
    ).select(crowd.columns).write_parquet(store / "fpp_estimations.parquet")
    query = {"room": str(ROOM), "meeting": "5000001", "period": "All time"}
    app = run_page("room.py", store, **query)
    assert not app.exception
    left_out = "Only the first 200 of 300 votes and the first 24 of 300 seats are drawn"
    # A condition: on a wide screen, all may have room.
    close = "Where cards would overlap, only some of them are drawn"
    assert f"{left_out}. {close}; the table below has all." in texts(app)
    shown = app.dataframe[0].value
    assert shown.shape[0] == 300
    assert shown["Cards by seat"][0].count(": ") == 300
    lanes = [
        set(rows["lane"])
        for drawn in app.get("vega_lite_chart")
        for rows in data_of(drawn)
        if "card" in rows.columns
    ]
    assert lanes == [{f"Seat {seat}" for seat in range(1, 25)}]


def test_durations_of_compared_rooms_have_one_unit() -> None:
    frames = (
        pl.DataFrame({"duration_median_seconds": [seconds]})
        for seconds in (99.0, 144.0, None)
    )
    found = [Results({TOTALS: frame}, {}) for frame in frames]
    text = _tile(found, "duration_median_seconds")
    assert re.findall(r"\*\*(.*?)\*\*", text) == [
        "1.6\N{NO-BREAK SPACE}min",
        "2.4\N{NO-BREAK SPACE}min",
        "–",
    ]


def test_cards_off_the_scale_are_drawn_at_its_edge(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    file = plain_store() / "fpp_votes.parquet"
    votes = pl.read_parquet(file)
    off = {"min_estimation": [0, -5], "max_estimation": [10**9, 100]}
    some = votes.filter(pl.col("room_id") == ROOM).head(2)
    ends = [pl.Series(name, value, pl.Int32) for name, value in off.items()]
    some.with_columns(*ends, amount_of_estimations=pl.lit(3, pl.Int32)).write_parquet(
        file
    )
    app = run_page("room.py", file.parent, room=str(ROOM), period="All time")
    drawn = [
        rows
        for chart in app.get("vega_lite_chart")
        for rows in data_of(chart)
        if "min_estimation_at" in rows.columns
    ]
    assert [rows["min_estimation_at"].to_list() for rows in drawn] == [[0.9, 0.9]]
    assert [rows["max_estimation_at"].to_list() for rows in drawn] == [[23.0, 23.0]]
    # Its tooltip says what is stored.
    assert any("Lowest: −5; " in said for said in read_aloud(app))


def test_rooms_with_empty_votes_only_say_so_instead_of_empty_charts(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    file = plain_store() / "fpp_votes.parquet"
    ids = [str(room_id) for room_id in BUSIEST[-2:]]
    votes = pl.read_parquet(file)
    empty = pl.col("room_id").cast(pl.String).is_in(ids)
    votes.with_columns(
        pl.when(~empty).then("amount_of_estimations").otherwise(0).cast(pl.Int16)
    ).cast(votes.schema).write_parquet(file)
    app = run_page("room.py", file.parent, room=ids, period="All time")
    assert [info.value for info in app.info] == ["No vote has enough estimations."] * 2
    app = run_page("room.py", file.parent, room=ids[0], period="All time")
    specs = [chart.proto.spec for chart in app.get("vega_lite_chart")]
    assert any("No vote has an estimation" in spec for spec in specs)


def test_a_room_of_a_store_without_estimations_has_no_numbers_of_them(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    """Health would be that of a room that never agrees, and meetings without users."""
    store = plain_store(without=("fpp_estimations",))
    app = run_page("room.py", store, room=str(ROOM), period="all_time")
    assert not [c for c in app.caption if "Room health" in c.value]
    listed = read(app.dataframe[0].proto.arrow_data.data)
    assert listed["votes"].sum() > 0
    for number in ("estimators", "spectators"):
        assert listed[number].null_count() == listed.height > 0
    votes = pl.read_parquet(store / "fpp_votes.parquet")
    opened = votes.filter(pl.col("room_id") == ROOM)["id"][-1]
    app = run_page("room.py", store, room=str(ROOM), meeting=str(opened))
    assert not app.exception
    [said] = [text for text in captions(app) if "Seats are numbered" in text]
    assert re.match(r"\d+ votes?(, \d+ wide \(re-votes included\))?\. –", said), said


def test_before_estimations_begin_nothing_is_known_of_the_health_of_rooms(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    """Nor of the users of meetings."""
    begins = datetime(2026, 11, 9)
    file = plain_store() / "fpp_estimations.parquet"
    time, rows = pl.col("estimated_at"), pl.read_parquet(file)
    # Of earlier days health is not about.
    rows.filter(time >= datetime(2026, 8, 3)).write_parquet(file)
    app = run_page("room.py", file.parent, room="134", period="all_time")
    assert "Room health is not known" not in texts(app)
    rows.filter(time >= begins).write_parquet(file)
    app = run_page("room.py", file.parent, room="134")
    said = [text for text in captions(app) if "Room health" in text]
    assert len(said) == 1
    assert said[0].startswith("Room health is not known. fpp_estimations begins on")
    listed = read(app.dataframe[0].proto.arrow_data.data)
    early = listed["started_at"].dt.replace_time_zone(None) < begins
    for number in ("estimators", "spectators"):
        assert listed[number].is_null().to_list() == early.to_list()
    assert {*early} == {True, False}
    app = run_page("insights.py", file.parent, about="Rooms")
    unknown = [info for info in app.info if "fpp_estimations begins on" in info.value]
    assert len(unknown) == 2


def test_before_votes_begin_nothing_is_known_of_rooms(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    """Neither of one nor of two beside each other: that they had no votes."""
    file = plain_store() / "fpp_votes.parquet"
    votes = pl.read_parquet(file).filter(pl.col("voted_at") >= datetime(2026, 11, 9))
    votes.write_parquet(file)
    pair = [str(key) for key in sorted({*votes["room_id"]})[:2]]
    before = {"period": "custom", "from": "2026-10-26", "to": "2026-11-01"}
    for chosen in (pair[:1], pair):
        app = run_page("room.py", file.parent, room=chosen, **before)
        [info] = app.info
        assert plain(info.value).startswith("No data. fpp_votes begins on")
        meetings = [text for text in captions(app) if "meetings" in text]
        known = "Nothing is known of meetings in this period."
        assert len(chosen) == 2 or meetings[0].startswith(known)


@pytest.mark.parametrize("bots", ["false", "true"])
def test_a_room_counts_bots_as_the_other_pages_do(
    run_page: RunPage, plain_store: Callable[..., Path], bots: str
) -> None:
    """Every fourth user is a bot here: health and meetings change with the option."""
    file = plain_store() / "fpp_users.parquet"
    users = pl.read_parquet(file).with_row_index()
    device = pl.when(pl.col("index") % 4 == 3).then(pl.lit("bot")).otherwise("device")
    users.with_columns(device=device).drop("index").write_parquet(file)
    frames = open_store(file.parent).frames
    if bots == "false":
        frames = frames.without(frames.bots.collect().to_series())
    query = {"period": "all_time", "bots": bots}
    app = run_page("room.py", file.parent, room=str(ROOM), **query)
    held = meetings.meetings(frames.of_room(ROOM)).collect()
    listed = read(app.dataframe[0].proto.arrow_data.data)
    assert listed["estimators"].to_list() == held["estimators"].to_list()
    newest = held.filter(pl.col("estimators") > 0).row(0, named=True)
    opened = {"room": str(ROOM), "meeting": str(newest["meeting"])}
    meeting = run_page("room.py", file.parent, **opened, **query)
    assert f" {newest['estimators']} estimator" in texts(meeting)
    window = meetings.span(newest["started_at"], newest["ended_at"])
    done = meetings.activity(frames, ROOM, window, newest["meeting"]).collect()
    drawn = chain.from_iterable(map(data_of, meeting.get("vega_lite_chart")))
    (marks,) = (rows for rows in drawn if "name" in rows.columns)
    assert marks.height == done.height
    (said,) = (c.value for c in app.caption if "Room health" in c.value)
    insights = run_page("insights.py", file.parent, about="Rooms", **query)
    healths = [
        rows
        for frame in insights.dataframe
        if "health_consensus" in (rows := read(frame.proto.arrow_data.data)).columns
    ]
    (row,) = healths[0].filter(pl.col("room_id") == ROOM).iter_rows(named=True)
    assert f"{row['health']:.0f} of 100 points" in said
    assert f"consensus {row['health_consensus']:.0f}" in said


def test_where_all_rooms_with_votes_are_deleted_the_page_says_so(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    """A longer period would list no more of them."""
    store = plain_store()
    rooms = pl.read_parquet(store / "fpp_rooms.parquet")
    rooms.clear().write_parquet(store / "fpp_rooms.parquet")
    said = [info.value for info in run_page("room.py", store).info]
    assert said == [
        "Only deleted rooms have votes in this period. Search for one by its ID."
    ]
    before = {"period": "custom", "from": "2024-05-25", "to": "2024-05-25"}
    [nothing] = run_page("room.py", store, **before).info
    assert nothing.value.startswith("No data in this period.")
