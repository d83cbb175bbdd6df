"""Blocks of the pages: their sentences, charts, tables and switches."""

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from metrics.periods import Days
from metrics.registry import DEFINITIONS, METRIC_TABLES, definition, plan
from metrics.tables import PAGE_VIEWS, TABLES, VOTES
from store import engine
from store.notes import Note, Notes
from store.reader import open_store
from tests.busy_day import busy
from tests.pages.building import query_of
from tests.pages.chart_specs import data_of, read_aloud
from tests.pages.conftest import (
    GOLDEN,
    NOW,
    RunPage,
    captions,
    plain,
    tile_lines,
    tiles,
)
from tests.pages.test_pages import PAGES
from ui import charts, export, query_params
from ui.charts.time_chart import TimeAxis
from ui.page_context import PageContext, Results


def test_the_data_page_says_how_to_add_a_note(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def said() -> str:
        captions = [caption.value for caption in run_page("data.py").caption]
        [how] = [text for text in captions if "NOTES_FILE" in text]
        return how

    assert said().startswith("None. Set `NOTES_FILE` to a text file")
    notes = tmp_path / "notes.txt"
    monkeypatch.setenv("NOTES_FILE", str(notes))
    notes.touch()
    assert said().startswith("None. Add a line such as `2026-11-12 Release")
    notes.write_text("2026-11-10 Release of v2\n")
    assert said().startswith("Add a line such as `2026-11-12 Release")


def test_the_data_page_names_each_wrong_line_of_the_notes(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("tomorrow *Release*\n2026-11-10 Release of v2\n2026-13-10 x\n")
    monkeypatch.setenv("NOTES_FILE", str(notes))
    app = run_page("data.py")
    said = [plain(warning.value).replace("\\", "") for warning in app.warning]
    assert [text[:19] for text in said] == [f"NOTES_FILE: Line {n} " for n in (1, 3)]
    assert "v2" in " ".join(text.value for text in app.markdown)


@pytest.mark.parametrize("file", PAGES)
def test_an_axis_of_hours_has_hours(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    placed: list[tuple[str, bool]] = []

    def place(
        axis: TimeAxis, frame: pl.DataFrame, by: str | None = None
    ) -> pl.DataFrame:
        is_instant = isinstance(frame.schema["bucket"], pl.Datetime)
        placed.append((axis.granularity, is_instant))
        return original(axis, frame, by)

    original = TimeAxis.place
    monkeypatch.setattr(TimeAxis, "place", place)
    of_page = {"room.py": {"room": "1"}, "historical.py": {"of": "page_views"}}
    own = of_page.get(file, {})
    run_page(file, period="last_7_days", every="hour", tz="America/New_York", **own)
    assert all((every == "hour") == is_instant for every, is_instant in placed)


@pytest.mark.parametrize("rooms", [[], ["1", "2"]])
def test_a_meeting_without_its_room_alone_is_said(
    run_page: RunPage, rooms: list[str]
) -> None:
    [warning] = run_page("room.py", meeting="5", room=rooms).warning
    assert warning.value == (
        "Ignoring `meeting` in the link: add the ID of its `room`, and of no other."
    )


def test_a_chart_without_a_chosen_metric_asks_for_one(run_page: RunPage) -> None:
    app = run_page("historical.py", of="")
    assert [info.value for info in app.info] == ["Choose a metric."]
    some = run_page("historical.py", of=["votes", "beer"])
    assert "using Votes." in some.warning[0].value
    assert not run_page("historical.py", of=["votes", "rooms"]).warning


@pytest.mark.parametrize(
    ("every", "shorter"), [("month", True), ("day", False), ("hour", False)]
)
def test_an_average_says_how_much_data_it_needs(
    run_page: RunPage, every: str, shorter: bool
) -> None:
    """The table below it has rows: a longer period would have no average either."""
    days = {"from": "2024-05-24", "to": "2024-05-24"}
    app = run_page(
        "historical.py", GOLDEN, kind="30-row moving average", every=every, **days
    )
    [info] = app.info
    assert info.value.startswith(f"An average of 30 {every}s needs as many {every}s of")
    assert ("Choose shorter ones" in info.value) == shorter


def test_every_table_over_time_has_all_notes_of_the_period() -> None:
    days = Days(date(2026, 10, 21), date(2026, 11, 18))
    snapshot = open_store(GOLDEN)
    query = replace(query_of(days, weekends=True), frames=snapshot.frames)
    found = engine.collect_all(
        {name: plan(name, query) for name in METRIC_TABLES}, snapshot.rows
    )
    noted = [days.first + timedelta(days=n) for n in range(len(days))]
    notes = Notes(tuple(Note(day, day, f"{day}") for day in noted))
    # Unusual days are no series.
    over_time = {
        name: rows
        for name, rows in found.items()
        if "bucket" in rows.columns and name != "unusual_days"
    }
    assert len(over_time) > 10
    for name, rows in over_time.items():
        every = export.buckets_of(name, query.granularity)
        texts = export.with_notes(rows, notes, every, query.period)["notes"]
        assert set("; ".join(texts.drop_nulls()).split("; ")) == set(map(str, noted)), (
            name
        )
    # The same is said of the files: agreement has weeks at least.
    context = PageContext(snapshot, query, days, "None", NOW)
    for name, said in (("consensus_over_time", "week"), ("votes_over_time", "day")):
        assert f"Grouped by: {said}\n" in export.readme(
            context, Results({name: found[name]}, {})
        )
    assert "Grouped by: day, week\n" in export.readme(context, Results(found, {}))
    context = replace(context, notes=notes)
    weekly = Results({"consensus_over_time": found["consensus_over_time"]}, {})
    book = export.workbook_of(context, weekly, "insights")
    of_week = "2026-10-26; 2026-10-27; 2026-10-28; 2026-10-29; 2026-10-30"
    for packed in (export.pack(context, weekly), book):
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            text = "".join(archive.read(name).decode() for name in archive.namelist())
        assert of_week in text
    # A Monday by the hour is no week.
    hours = pl.DataFrame({"bucket": [datetime(2026, 11, 16)], "cut": [None]})
    hourly = replace(query_of(Days(days.last, days.last)), granularity="hour")
    context = replace(context, query=hourly)
    assert "Grouped by: hour\n" in export.readme(
        context, Results({"votes_over_time": hours}, {})
    )
    # Nor is a Monday that is left of two days.
    monday = pl.DataFrame({"bucket": [date(2026, 11, 16)], "cut": [None]})
    of_two = query_of(Days(date(2026, 11, 15), date(2026, 11, 16)), weekends=False)
    context = replace(context, query=of_two)
    assert "Grouped by: day\n" in export.readme(
        context, Results({"votes_over_time": monday}, {})
    )


def test_a_page_of_several_tables_reads_each_live_table_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    executed: list[str] = []
    execute = engine.Local.run

    def note(
        self: engine.Local, plans: Sequence[pl.LazyFrame], rows: int
    ) -> list[pl.DataFrame]:
        executed.extend(plan.explain() for plan in plans)
        return execute(self, plans, rows)

    monkeypatch.setattr(engine.Local, "run", note)
    snapshot, days = open_store(GOLDEN), Days(date(2026, 10, 1), date(2026, 10, 28))
    query = replace(query_of(days, weekends=True), frames=snapshot.frames)
    context = PageContext(snapshot, query, days, "None", NOW)
    context.compute("room_health", "room_states")
    assert executed
    assert not [plan for plan in executed if "Parquet SCAN" in plan]
    context.compute("room_health")
    assert "Parquet SCAN" in executed[-1]


def test_nothing_but_zeros_is_said_and_not_drawn(run_page: RunPage) -> None:
    query = {"period": "Custom", "from": "2021-01-04", "to": "2021-01-10"}
    app = run_page("votes.py", GOLDEN, **query)
    assert not app.get("vega_lite_chart")
    assert "the data begins on 24 May 2024" in plain(app.info[0].value)
    assert "24 May 2024" not in app.info[0].value  # no line ends within the date
    # A Sunday with votes, by the day: the tile above has them.
    sunday = {"from": "2026-07-12", "to": "2026-07-12", "every": "day"}
    shown, hidden = (
        run_page("votes.py", GOLDEN, weekends=weekends, **sunday)
        for weekends in ("true", "false")
    )
    assert tiles(shown)["Votes"] == tiles(hidden)["Votes"] != "0"
    assert not shown.info
    assert "No data on the working days of this period" in hidden.info[0].value
    # A second block of the same rows gives the same reason.
    both = run_page("historical.py", GOLDEN, weekends="false", **sunday).info
    assert [said.value for said in both] == [hidden.info[0].value] * 2
    # From Monday to Friday nothing is hidden.
    week = {"from": "2026-07-06", "to": "2026-07-10", "every": "day"}
    app = run_page("historical.py", GOLDEN, weekends="false", filter="room:1", **week)
    assert "No data matches the filters" in app.info[0].value


def test_a_block_names_the_missing_table_that_it_needs(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    folder = plain_store(without=("fpp_votes",))
    app = run_page("votes.py", folder, period="All time", part="Estimations")
    said = {plain(info.value) for info in app.info}
    assert said == {
        "Table `fpp_votes` is missing. Its metrics are empty until the next sync run."
    }
    assert app.get("vega_lite_chart")


def test_without_data_a_page_only_says_how_to_get_them(
    run_page: RunPage, tmp_path: Path
) -> None:
    app = run_page("votes.py", tmp_path)
    assert len(app.info) == 1
    assert not app.metric
    assert not app.get("vega_lite_chart")
    assert run_page("data.py", tmp_path).dataframe


@pytest.mark.parametrize(
    ("chosen", "first"),
    [("Routes", "routes_over_time"), ("Rooms", "rooms_over_time")],
)
def test_behaviour_over_time_draws_what_is_chosen(
    run_page: RunPage, chosen: str, first: str
) -> None:
    app = run_page("behaviour.py", GOLDEN, part=chosen, period="All time")
    assert [e.message for e in app.exception] == []
    assert app.toggle(key=f"table_{first}").value is False


def chart_of(app: AppTest, key: str) -> dict[str, object]:
    """Return the specification of the first chart whose data has a column."""
    specs = [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]
    return next(spec for spec in specs if key in json.dumps(spec))


def test_history_can_be_zoomed_and_its_table_has_eleven_columns_newest_first(
    run_page: RunPage,
) -> None:
    query = {"kind": "Accumulated", "of": "New users", "period": "Last month"}
    app = run_page("historical.py", GOLDEN, **query)
    spec = json.dumps(chart_of(app, "solid"))
    assert '"name": "zoom"' in spec
    assert "mousedown" in spec
    table = app.dataframe[0].value
    days = list(table["bucket"])
    assert len(table.columns) == 11
    assert days == sorted(days, reverse=True)
    # Of a running one there is a part.
    running = run_page("historical.py", GOLDEN, period="Month to date")
    parts = running.dataframe[0].value["cut"].dropna()
    assert dict(parts) == {0: "running"}


def test_a_room_shows_the_range_of_its_latest_votes(run_page: RunPage) -> None:
    app = run_page("room.py", GOLDEN, room="1", period="All time")
    assert [e.message for e in app.exception] == []
    spec = chart_of(app, "max_estimation")
    assert '"type": "log"' in json.dumps(spec)
    search = app.multiselect(key="room_search")
    search.unselect(search.value[0]).run()
    assert "room" not in app.query_params
    assert app.dataframe


def test_only_votes_with_an_estimation_are_drawn_oldest_first() -> None:
    lima = ZoneInfo("America/Lima")
    votes = pl.DataFrame(
        {
            "voted_at": [datetime(2026, 11, day, 9, tzinfo=lima) for day in (4, 3, 2)],
            "min_estimation": [1, None, 3],
            "avg_estimation": [1.5, None, 3.0],
            "max_estimation": [2, None, 3],
            "steps": [1, None, 0],
            "amount_of_estimations": [2, 0, 1],
        }
    )
    (rows,) = charts.ranges(votes).to_dict()["datasets"].values()
    assert [(row["vote"], row["min_estimation"], row["when"]) for row in rows] == [
        (1, 3, "Mon 2 Nov 2026, 09:00 UTC-05"),
        (2, 1, "Wed 4 Nov 2026, 09:00 UTC-05"),
    ]


def test_votes_show_each_average_and_its_median(run_page: RunPage) -> None:
    means = tiles(run_page("votes.py"))
    medians = tiles(run_page("votes.py", figures="Medians"))
    assert len(means) == len(medians) == 8
    assert {"Votes", "Estimations"} == means.keys() & medians.keys()


def test_the_first_line_is_all_clear_or_has_four_findings_and_names_the_others(
    run_page: RunPage, tmp_path: Path
) -> None:
    folder = busy(tmp_path, {NOW.date(): (VOTES, PAGE_VIEWS)})

    def first_line() -> tuple[int, int, list[str]]:
        app = run_page("overview.py", folder)
        clear = [text for text in captions(app) if ":material/check:" in text]
        menus = [menu.proto.popover.label for menu in app.get("popover")]
        more = [label for label in menus if label.endswith(" more")]
        return len(app.get("page_link")), len(clear), more

    assert first_line() == (4, 0, [])
    written = (NOW - timedelta(hours=2)).replace(tzinfo=UTC).timestamp()
    for file in folder.glob("*.parquet"):
        os.utime(file, (written, written))
    assert first_line() == (4, 0, ["1 more"])
    for live in TABLES:
        file = folder / live.file_name
        pl.read_parquet(file).clear().write_parquet(file)
    assert first_line() == (0, 1, [])


@pytest.mark.parametrize(
    ("period", "read"),
    [
        ("last_month", "Votes per day: 1.80; Votes: 9"),
        ("today", "Votes: 0; Votes per day: –"),
    ],
    ids=["with five of them", "without a whole one"],
)
def test_weekdays_are_drawn_as_the_average_day_that_is_said(
    run_page: RunPage, period: str, read: str
) -> None:
    app = run_page("votes.py", period=period)
    assert f"Weekday: Thursday; {read}" in read_aloud(app)


def test_the_busiest_hour_is_named_with_its_zone(run_page: RunPage) -> None:
    app = run_page("votes.py", period="all_time", tz="Europe/Berlin")
    (said,) = (t.value for t in app.text if t.value.startswith("The busiest hour"))
    assert said.endswith(" Hours in Europe/Berlin.")


@pytest.mark.parametrize(
    ("file", "query", "columns"),
    [
        ("returning.py", {}, "reoccurring_users reoccurring_rooms"),
        (
            "returning.py",
            {"reduced": "true"},
            "adjusted_reoccurring_users adjusted_reoccurring_rooms",
        ),
        ("historical.py", {}, "estimations votes"),
        ("historical.py", {"kind": "Accumulated"}, "acc_estimations acc_votes"),
        ("historical.py", {"kind": "30-row moving average"}, "ma_estimations ma_votes"),
    ],
)
def test_lines_are_named_as_the_columns_that_they_draw(
    run_page: RunPage, file: str, query: dict[str, str], columns: str
) -> None:
    """One name is one number: of a day, since the start, on average."""
    app = run_page(file, **query)
    said = [text for text in read_aloud(app) if text.startswith("When: ")]
    names = {
        value if name == "Metric" else name.rstrip("\N{ZERO WIDTH SPACE}")
        for text in said
        for name, value in (part.split(": ") for part in text.split("; ")[1:])
        if name not in {"Count", "Average"}
    }
    assert names == {definition(key, "historical").title for key in columns.split()}


def test_an_average_return_rate_says_when_those_started(run_page: RunPage) -> None:
    """They are others than those of the period, which the head names."""
    note = "Users who started 20 Apr – 26 Jul 2026."
    assert note in captions(run_page("returning.py"))
    of_rooms = captions(run_page("returning.py", who="Rooms"))
    of_them = note.replace("Users who", "Rooms that")
    assert of_them in of_rooms
    assert note not in captions(run_page("returning.py", **{"as": "By start"}))
    on_insights = captions(run_page("insights.py", about="Rooms"))
    assert any(said.startswith(f"{of_them} As of ") for said in on_insights)


def test_cards_that_need_not_add_up_to_the_estimations_say_so(
    run_page: RunPage,
) -> None:
    """Cards are rows of users, estimations are what votes state."""
    app = run_page("votes.py", part="Estimations")
    [note] = [text.value for text in app.caption if "participations" in text.value]
    assert f"“{DEFINITIONS['estimations'].title}”" in note


@pytest.mark.parametrize(
    ("days", "every", "says"),
    [
        # A month of five and sixteen votes would have enough, one of five would not.
        (("2026-11-12", "2026-11-19"), "week", "week. Choose months under Group by."),
        (("2026-11-12", "2026-11-12"), "week", "week."),
        (("2026-11-12", "2026-11-12"), "month", "month."),
    ],
)
def test_a_chart_whose_every_bucket_has_too_few_cases_says_so(
    run_page: RunPage, days: tuple[str, str], every: str, says: str
) -> None:
    first, last = days
    period = {"period": "custom", "from": first, "to": last}
    app = run_page("insights.py", show="near_consensus", every=every, **period)
    blank = [info.value for info in app.info if "too little data" in info.value]
    assert {text.partition(": ")[2] for text in blank} == {
        f"too little data in each {says}"
    }


def test_a_curve_whose_every_share_is_hidden_says_so(run_page: RunPage) -> None:
    """Axes of nothing would be read as a fault; the table has the numbers."""
    few = {"filter": "city:Malmö"}
    app = run_page("returning.py", **few)
    [said] = [info.value for info in app.info]
    assert said.startswith("Too little data for a chart: shares of fewer than 20")
    assert len(app.get("vega_lite_chart")) == 1
    table = {"table_retention_users_by_sprints_average": "true"}
    assert run_page("returning.py", **few, **table).dataframe
    # The same curve of rooms.
    app = run_page("insights.py", about="Rooms", filter="room:100")
    assert said in [info.value for info in app.info]


@pytest.mark.parametrize(("part", "charts_of_some"), [("When", 0), ("Estimations", 3)])
def test_a_chart_of_some_votes_says_which(
    run_page: RunPage, part: str, charts_of_some: int
) -> None:
    """Its bars add up to fewer votes than the tile says."""
    app = run_page("votes.py", part=part)
    said = [caption.value for caption in app.caption]
    some = [text for text in said if text.startswith("Votes with ")]
    assert len(some) == charts_of_some


def test_a_blank_figure_does_not_blame_a_table_that_it_does_not_need(
    run_page: RunPage, plain_store: Callable[..., Path]
) -> None:
    # Visits need events, unique users do not; the filter leaves none of them.
    app = run_page(
        "traffic.py", plain_store(without=("fpp_events",)), filter="country:XX"
    )
    first = plain(app.info[0].value)
    assert first == (
        "No data matches the filters. Remove one or choose a longer period."
    )


def test_plans_of_a_large_store_that_read_the_same_blocks_stay_together(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a small one, whose tables are in memory, are built while others run."""
    begun: list[int] = []
    begin = engine.begin

    def counting(*asked: Any) -> Any:
        begun.append(len(asked[0]))
        return begin(*asked)

    monkeypatch.setattr(engine, "begin", counting)
    small = tile_lines(run_page("overview.py"))
    assert len(begun) == 1
    monkeypatch.setattr(engine, "READ_WHOLE_BELOW", 0)
    assert tile_lines(run_page("overview.py")) == small
    assert len(begun) == 1


def test_a_list_that_is_cut_says_so_and_offers_the_rest(run_page: RunPage) -> None:
    def switches(app: AppTest) -> list[str]:
        return [each.label for each in app.toggle if each.label.startswith("Show all")]

    lines = run_page("behaviour.py", part="Rooms", period="All time")
    funnel = run_page("traffic.py", split="Country", period="All time")
    listed = run_page("room.py", period="All time")
    changed = run_page("overview.py")
    assert any(label.startswith("Show all") for label in switches(changed))
    assert any(label.startswith("Show all") for label in switches(funnel))
    said = captions(lines)
    # How many there are the bars beside it say.
    rest = "the table has 40, and all others as one"
    assert f"The 6 largest are drawn; {rest}." in said
    # Those beyond the 40 are not all that have no line.
    drawn = [
        rows["series"].unique()
        for chart in lines.get("vega_lite_chart")
        for rows in data_of(chart)
        if "series" in rows.columns
    ]
    assert [names.len() for names in drawn] == [6]
    assert "(other rooms)" not in drawn[0]
    few = run_page("behaviour.py", part="Rooms")
    said = captions(few)
    assert "The 6 largest of 11 are drawn; the table has all." in said
    # One other is no less than itself; four more had votes in the comparison alone.
    assert switches(few) == []
    bars = [
        rows["_label"]
        for chart in few.get("vega_lite_chart")
        for rows in data_of(chart)
        if "_label" in rows.columns
    ]
    assert [labels.len() for labels in bars] == [11]
    assert "1 other" not in bars[0]
    as_table = run_page("behaviour.py", part="Rooms", table_rooms="true")
    assert len(as_table.dataframe[0].value) == 15
    rows = len(listed.dataframe[0].value)
    assert rows > 50
    text = f"The rooms with votes in this period, busiest first: {rows} rooms"
    assert any(caption.startswith(text) for caption in captions(listed))


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"filter": ["country:DE", "country:US"], "period": "All time"},
        {"filter": "room:1", "period": "All time", "every": "month"},
    ],
)
def test_a_word_has_one_number_on_all_pages(
    run_page: RunPage, query: dict[str, str | list[str]]
) -> None:
    views: tuple[tuple[str, dict[str, str]], ...] = (
        ("overview.py", {}),
        ("traffic.py", {}),
        ("votes.py", {"figures": "Medians"}),
        ("votes.py", {"figures": "Other figures"}),
        ("insights.py", {"about": "Meetings"}),
    )
    shown = [tiles(run_page(file, **query, **view)) for file, view in views]
    values = {
        name: {found[name] for found in shown if found.get(name, "–") != "–"}
        for name in chain.from_iterable(shown)
    }
    assert {"Votes", "Unique users", "Median duration"} <= values.keys()
    assert {name: found for name, found in values.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("period", "server", "days", "bars"),
    [
        ("last_7_days", "", 0, 10),
        ("last_28_days", "", 3, 13),
        ("last_91_days", "", 5, 15),
        # The figures of the product's server have the place.
        ("last_28_days", "http://127.0.0.1:9", 3, 10),
    ],
)
def test_what_changed_fills_the_place_beside_the_unusual_days(
    run_page: RunPage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    period: str,
    server: str,
    days: int,
    bars: int,
) -> None:
    monkeypatch.setenv("FPP_SERVER_URL", server)
    app = run_page("overview.py", busy(tmp_path), period=period)
    assert [len(table.value) for table in app.dataframe] == ([days] if days else [])
    _, changed, _ = app.get("vega_lite_chart")
    [moved] = data_of(changed)
    assert moved.height == bars


def _places(node: Any, at: tuple[int, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the key of each switch with the place where the browser has it."""
    for number, child in getattr(node, "children", {}).items():
        if child.type == "toggle":
            yield child.key, (*at, number)
        yield from _places(child, (*at, number))


@pytest.mark.parametrize("file", PAGES)
def test_a_switch_stays_in_its_place_when_it_is_pressed(
    run_page: RunPage, file: str
) -> None:
    """One that moves is another element for the browser, and loses the focus."""
    before = dict(_places(run_page(file)._tree))  # not public
    for key in query_params.OF_BLOCKS & before.keys():
        after = dict(_places(run_page(file, **{key: "true"})._tree))
        assert after[key] == before[key], key
