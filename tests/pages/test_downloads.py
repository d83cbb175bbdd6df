"""Files of a page: CSV, the workbook, the ZIP, and what they say of themselves."""

import io
import itertools
import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from metrics import filters
from metrics.export import to_csv
from metrics.filters import Filter
from metrics.frames import Frames, Period
from metrics.periods import Days
from metrics.registry import DEFINITIONS, METRIC_TABLES
from metrics.tables import TIMESTAMP
from metrics.time_zone import UTC_ZONE, in_zone
from store.notes import Note, Notes
from store.reader import Snapshot
from tests.busy_day import busy
from tests.pages.building import EVERY_TABLE, query_of, taken_away
from tests.pages.conftest import (
    GOLDEN,
    NOW,
    RunPage,
)
from tests.pages.test_pages import PAGES
from ui import export
from ui.blocks import tables
from ui.page_context import PageContext, Results
from ui.workbook import Sheet


def test_the_zip_has_both_periods_and_the_query() -> None:
    days = Days(date(2026, 11, 2), date(2026, 11, 3))
    before = Period.of_days(date(2026, 10, 31), date(2026, 11, 1))
    snapshot = Snapshot(Frames.empty(), "1", NOW, EVERY_TABLE, {}, generation=7)
    wanted = ("country:DE", "city:a\nGeneration: 8\u2028b")
    chosen = tuple(filter(None, map(Filter.parse, wanted)))
    query = query_of(days, comparison=before)
    view = PageContext(snapshot, query, days, "Previous period", NOW, filters=chosen)
    now, then = pl.DataFrame({"votes": [5]}), pl.DataFrame({"votes": [3]})
    packed = export.pack(view, Results({"votes_totals": now}, {"votes_totals": then}))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        texts = {n: archive.read(n).decode("utf-8-sig") for n in archive.namelist()}
    about = texts.pop("about.txt").splitlines()
    assert texts == {
        "fpp_votes_totals_2026-11-02_2026-11-03.csv": "votes\n5\n",
        "fpp_votes_totals_2026-10-31_2026-11-01.csv": "votes\n3\n",
    }
    assert about == [
        "Period: 2026-11-02 to 2026-11-03 (UTC), 2 days",
        "Compared with: 2026-10-31 to 2026-11-01",
        "Grouped by: nothing",
        "Weekends in daily series: hidden",
        "Bots: excluded",
        "Rooms: all",
        # A line break would let a link write lines of its own.
        "Filters: country:DE and city:a Generation: 8 b",
        "Data until: 2026-11-20 18:00:00 UTC",
        "Generation: 7",
        "votes_totals: Not filtered by country or city: votes are not linked to users.",
    ]
    empty = replace(view, snapshot=replace(snapshot, data_until=None))
    assert "Data until: no data yet\n" in export.readme(empty, Results({}, {}))
    hours = Period(datetime(2026, 11, 1, 16, 12), datetime(2026, 11, 2, 15, 7))
    within = replace(view, query=replace(query, period=hours))
    assert export.readme(within, Results({}, {})).startswith(
        "Period: 2026-11-01 16:12 to 2026-11-02 15:07 (UTC), "
    )


def test_files_have_the_times_of_their_zone_and_the_notes_of_their_period(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    zone = ZoneInfo("Pacific/Auckland")
    days = Days(date(2026, 11, 2), date(2026, 11, 3))
    earlier = (date(2026, 10, 31), date(2026, 11, 1))
    now, before = (
        Period.of_days(*both, zone) for both in ((days.first, days.last), earlier)
    )
    query = replace(query_of(days, comparison=before), period=now)
    snapshot = Snapshot(Frames.empty(), "1", NOW, EVERY_TABLE, {}, generation=7)
    noted = Notes(tuple(Note(day, day, f"{day}") for day in (days.last, earlier[0])))
    view = PageContext(snapshot, query, days, "Previous", NOW, notes=noted)
    at = pl.DataFrame(
        {"voted_at": [datetime(2026, 11, 2, 12)]}, {"voted_at": TIMESTAMP}
    )
    then = pl.DataFrame({"bucket": earlier, "cut": None})
    found = Results({"rounds": at}, {"votes_over_time": then})
    with zipfile.ZipFile(io.BytesIO(export.pack(view, found))) as archive:
        texts = {
            re.sub("^fpp_|_2026-.*", "", name): archive.read(name).decode("utf-8-sig")
            for name in archive.namelist()
        }
    assert texts["rounds"] == "voted_at\n2026-11-03T01:00:00+13:00\n"
    assert "2026-10-31,,'2026-10-31\n" in texts["votes_over_time_by_day"]
    sheets: list[Mapping[str, Sheet]] = []
    monkeypatch.setattr("ui.workbook.to_xlsx", lambda *made: sheets.append(made[2]))
    export.workbook_of(view, found, "votes")
    ((listed, series),) = (one.values() for one in sheets)
    assert listed.frame["voted_at"].dt.hour().to_list() == [1]
    assert series.frame["notes"].to_list() == ["2026-10-31", None]


def test_a_week_has_each_of_its_notes_once_and_so_has_each_compared_room() -> None:
    days = [date(2026, 11, day) for day in range(2, 9)]
    noted = Notes((Note(days[0], days[2], "Outage"), Note(days[1], days[1], "v2")))
    weeks = pl.DataFrame({"bucket": [days[0]] * 2, "room": ["a", "b"]})
    period = Period.of_days(days[0], days[-1], UTC_ZONE)
    noted_weeks = export.with_notes(weeks, noted, "week", period)
    assert noted_weeks["notes"].to_list() == ["Outage; v2"] * 2


def test_files_have_no_notes_from_before_the_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their first row is the day on which the data begins."""
    days = Days(date(2026, 11, 2), date(2026, 11, 5))
    begins = date(2026, 11, 4)
    query = replace(query_of(days), data_begins=begins)
    snapshot = Snapshot(Frames.empty(), "1", NOW, EVERY_TABLE, {}, generation=7)
    noted = Notes(tuple(Note(day, day, f"{day}") for day in (days.first, days.last)))
    view = PageContext(snapshot, query, days, "Previous", NOW, notes=noted)
    rows = pl.DataFrame({"bucket": [begins, days.last], "cut": ["start", None]})
    found = Results({"votes_over_time": rows}, {})
    with zipfile.ZipFile(io.BytesIO(export.pack(view, found))) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".csv"))
        assert archive.read(name).decode("utf-8-sig").splitlines()[1:] == [
            "2026-11-04,start,",
            "2026-11-05,,'2026-11-05",
        ]
    sheets: list[Mapping[str, Sheet]] = []
    monkeypatch.setattr("ui.workbook.to_xlsx", lambda *made: sheets.append(made[2]))
    export.workbook_of(view, found, "votes")
    ((series,),) = (one.values() for one in sheets)
    assert series.frame["notes"].to_list() == [None, "2026-11-05"]


@pytest.mark.parametrize("kind", filters.KINDS)
@pytest.mark.parametrize("condition", ["", "!"])
def test_downloads_leave_out_what_a_filter_makes_meaningless_and_say_why(
    kind: str, condition: str
) -> None:
    days = Days(date(2026, 11, 2), date(2026, 11, 3))
    snapshot = Snapshot(Frames.empty(), "1", NOW, EVERY_TABLE, {}, generation=7)
    chosen = tuple(filter(None, [Filter.parse(f"{kind}{condition}:1")]))
    view = PageContext(snapshot, query_of(days), days, "None", NOW, filters=chosen)
    found = Results(dict.fromkeys(METRIC_TABLES, pl.DataFrame({"votes": [5]})), {})
    with zipfile.ZipFile(io.BytesIO(export.pack(view, found))) as archive:
        names = {re.sub(r"^fpp_|_\d{4}-.*", "", name) for name in archive.namelist()}
        about = archive.read("about.txt").decode()
    about = re.sub(r": Covers [^.]*\.( |$)", ": ", about, flags=re.MULTILINE)
    book = export.workbook_of(view, found, "all")
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        listed = archive.read("xl/workbook.xml").decode()
    sheets = re.findall(r'<sheet name="([^"]+)"', listed)
    for name, table in METRIC_TABLES.items():
        left = filters.KINDS[kind].touches.isdisjoint(table.reads)
        partly = any(one.leaves(table.reads) for one in chosen)
        of_rooms = table.needs_all_rooms and kind == "room"
        meaningless = of_rooms or (table.needs_all_users and partly)
        assert (name in names) == (not meaningless), name
        reason = re.search(rf"^{name}: (.+)$", about, re.MULTILINE)
        roomless = any(one.roomless(table.reads) for one in chosen) or (
            kind == "room" and "fpp_events" in table.reads
        )
        assert bool(reason) == (left or partly or roomless or of_rooms), name
        linked_to = "rooms" if roomless else "users"
        why = "of all rooms only" if of_rooms else f"are not linked to {linked_to}"
        assert not reason or why in reason[1]
        # What it does not read is no reason.
        rows = {word for word in ("votes", "rooms") if f"fpp_{word}" in table.reads}
        if reason and (left or partly) and not roomless and not of_rooms:
            assert {*re.findall("votes|rooms", reason[1].lower())} == rows, name
    # The first sheet is `about.txt` there.
    assert len(sheets) == len(names)


def assert_same_rows(
    context: PageContext, found: Results, alone: Mapping[str, pl.DataFrame]
) -> None:
    """Compare the tables that a ZIP and a button have under one name."""
    names = {
        export.csv_name(context, name, frame): name for name, frame in found.now.items()
    }
    same = names.keys() & alone.keys()
    assert same
    for file in same:
        pack, csv = found.now[names[file]], alone[file].drop("notes", strict=False)
        zone = context.query.zone
        assert to_csv(in_zone(pack, zone)) == to_csv(
            in_zone(csv.select(pack.columns), zone)
        )


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("overview.py", {"filter": "country:DE"}),
        ("behaviour.py", {}),
        ("location.py", {}),
        ("historical.py", {}),
        ("returning.py", {"period": "12 months"}),
        ("insights.py", {"about": "Rooms"}),
        ("votes.py", {"tz": "Asia/Kolkata"}),
        ("room.py", {"room": ["88", "1"]}),
        ("room.py", {"room": "88", "from": "2026-11-09", "to": "2026-11-15"}),
        ("room.py", {"room": "88", "tz": "Asia/Kolkata", "period": "12 months"}),
    ],
)
def test_a_csv_has_the_rows_that_the_zip_has_under_its_name(
    run_page: RunPage,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    query: dict[str, Any],
) -> None:
    assert_same_rows(*taken_away(run_page, monkeypatch, page, **query))


def test_the_files_of_a_meeting_are_of_its_day_whatever_the_period(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, found, alone = taken_away(
        run_page, monkeypatch, "room.py", room="88", meeting="1751"
    )
    day = "2026-03-11"
    dates = {name: re.findall(r"\d{4}-\d\d-\d\d", name) for name in alone}
    assert dates.pop("fpp_room_88_meetings_2026-10-23_2026-11-19.csv")
    assert {*dates} == {
        f"fpp_room_88_{name}_1751_{day}_{day}.csv" for name in ("meeting", "votes")
    }
    assert [*dates.values()] == [[day, day]] * 2
    assert f"Period: {day} to {day} (UTC), 1 day\n" in export.readme(context, found)


def test_a_table_by_day_and_the_same_by_week_are_two_files(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second download of a table replaced the first, or was it "(1)"?"""
    pack, names = export.pack, []
    for every in ("day", "week"):
        context, found, alone = taken_away(
            run_page, monkeypatch, "historical.py", every=every
        )
        with zipfile.ZipFile(io.BytesIO(pack(context, found))) as archive:
            names += [{*alone, *archive.namelist()} - {"about.txt"}]
            assert [n for n in names[-1] if f"_by_{every}_20" not in n] == []
    assert names[0].isdisjoint(names[1])


def test_the_file_of_today_is_of_its_day_and_of_all_users(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Filtered or not, and whatever the period; what only alerts read is no file."""
    query = {"filter": "country:DE", "period": "Last month", "tz": "Pacific/Auckland"}
    context, found, alone = taken_away(run_page, monkeypatch, "overview.py", **query)
    assert "fpp_today_2026-11-21_2026-11-21.csv" in alone
    assert [name for name in found.now if name.startswith("attention")] == []
    said = export.readme(context, found)
    assert "today: The last day of the data, whatever the period." in said


def test_the_file_of_a_rooms_health_is_of_the_day_on_which_the_data_ends(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = {"room": "105", "period": "Last month", "tz": "Pacific/Auckland"}
    context, found, _ = taken_away(run_page, monkeypatch, "room.py", **query)
    name = export.csv_name(context, "health", found.now["health"])
    assert "health" in found.now
    assert name == "fpp_room_105_health_2026-11-21_2026-11-21.csv"
    said = export.readme(context, found)
    assert "health: At the end of the data, whatever the period." in said


def test_files_say_which_days_a_table_is_about_where_these_are_others(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the page says beneath the table: its new users are 28 days old."""
    pack = export.pack
    context, found, alone = taken_away(
        run_page, monkeypatch, "insights.py", about="New users"
    )
    about = export.readme(context, found)
    assert "invites: Covers 2026-10-16 to 2026-11-12.\n" in about
    assert "invites before: Covers 2026-09-18 to 2026-10-15.\n" in about
    # A single CSV has its name only.
    assert {*alone} == {
        f"fpp_{name}_2026-10-16_2026-11-12.csv"
        for name in ("invites", "invites_by_newcomers", "invites_by_room")
    }
    with zipfile.ZipFile(io.BytesIO(pack(context, found))) as archive:
        assert "fpp_invites_2026-09-18_2026-10-15.csv" in archive.namelist()
    everything = Results(dict.fromkeys(METRIC_TABLES, pl.DataFrame()), {})
    about = export.readme(context, everything)
    assert re.findall(r"^(\w+): Covers \d{4}-", about, re.MULTILINE) == [
        name
        for name, table in METRIC_TABLES.items()
        if table.covers(context.query) != context.query.period
    ]
    # A filter leaves these out, in both periods.
    chosen = replace(context, filters=(Filter("country", "DE"),))
    assert "invites before" not in export.readme(chosen, found)


def test_files_of_a_page_without_a_period_say_nothing_of_one(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor of rooms: what is stored has the excluded ones as well."""
    monkeypatch.setenv("EXCLUDED_ROOMS", "1,88")
    context, found, _ = taken_away(run_page, monkeypatch, "data.py")
    about = export.readme(context, found)
    assert re.findall(r"^(.+?): ", about, re.MULTILINE) == ["Data until", "Generation"]


def test_the_list_of_rooms_is_no_file_of_the_name_that_all_rooms_have(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []

    def offer(rows: Callable[[], pl.DataFrame], name: str, key: str) -> None:
        names.append(name)

    monkeypatch.setattr(tables, "render_csv_button", offer)
    run_page("room.py")
    assert names == ["fpp_busiest_rooms_2026-10-23_2026-11-19.csv"]


@pytest.mark.parametrize("page", ["overview.py", "traffic.py", "votes.py"])
def test_what_tiles_hide_is_null_in_workbook_and_zip_as_well(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    context, found, alone = taken_away(
        run_page, monkeypatch, page, filter="country!:XX"
    )
    assert_same_rows(context, found, alone)
    about = export.readme(context, found)
    assert re.search("votes_totals: Not available by country", about) or (
        "votes_totals" not in found.now
    )


def test_files_are_named_after_their_room_and_say_so_where_they_are_filtered() -> None:
    days = Days(date(2026, 11, 2), date(2026, 11, 3))
    snapshot = Snapshot(Frames.empty(), "1", NOW, EVERY_TABLE, {}, generation=7)
    chosen = tuple(filter(None, [Filter.parse("country:DE")]))
    page = PageContext(snapshot, query_of(days), days, "None", NOW)
    dates = "2026-11-02_2026-11-03"
    cases = {
        "routes": page,
        "routes_filtered": replace(page, filters=chosen),
        # Votes have no users: no filter by country changes them.
        "votes_totals": replace(page, filters=chosen),
        "room_88_meetings": replace(page, rooms=(88,)),
        "rooms_3_88_spread": replace(page, rooms=(3, 88)),
    }
    for wanted, context in cases.items():
        name = re.sub(r"^rooms?_[\d_]+_", "", wanted.removesuffix("_filtered"))
        ending = "_filtered" if wanted.endswith("_filtered") else ""
        file = f"fpp_{wanted.removesuffix('_filtered')}_{dates}{ending}.csv"
        assert export.csv_name(context, name, pl.DataFrame()) == file
    said = [
        re.findall(
            "^Rooms: (.*)$", export.readme(context, Results({}, {})), re.MULTILINE
        )
        for context in (
            page,
            replace(page, rooms=(88,)),
            replace(page, rooms=(3, 88)),
            replace(page, excluded_rooms=frozenset({9, 4})),
        )
    ]
    assert said == [["all"], ["only 88"], ["only 3, 88"], ["all but 4, 9"]]


@pytest.mark.parametrize(
    ("page", "query", "wanted"),
    [
        ("traffic.py", {}, "traffic_funnel_by_day_DATES"),
        (
            "traffic.py",
            {"filter": "country:DE"},
            "traffic_funnel_by_day_DATES_filtered",
        ),
        # One filtered table is enough: votes are not linked to countries.
        ("overview.py", {"filter": "country:DE"}, "overview_by_day_DATES_filtered"),
        # Votes have no users; a room has its own page, which filters leave as it is.
        (
            "votes.py",
            {"filter": "room:1", "every": "week"},
            "votes_by_weekday_by_week_DATES_filtered",
        ),
        ("insights.py", {}, "insights_agreement_by_week_DATES"),
        ("insights.py", {"about": "re_votes"}, "insights_re_votes_by_week_DATES"),
        # Whether a user returns is counted by days.
        (
            "returning.py",
            {"period": "yesterday", "every": "hour"},
            "returning_users_by_sprints_by_day_DATES",
        ),
        ("room.py", {"room": "1", "filter": "country:DE"}, "room_1_by_day_DATES"),
        ("room.py", {"room": ["1", "88"]}, "rooms_1_88_by_day_DATES"),
        ("report.py", {"filter": "country:DE"}, "report_by_day_DATES"),
    ],
)
def test_files_of_a_page_say_so_where_they_are_filtered(
    run_page: RunPage,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    query: dict[str, Any],
    wanted: str,
) -> None:
    names: list[str] = []

    def offer(label: str, file_name: str, **_: object) -> None:
        if label.startswith("Download page"):
            names.append(file_name)

    monkeypatch.setattr("streamlit.download_button", offer)
    run_page(page, **query)
    written = [re.sub(r"\d{4}-.*\d{4}-\d\d-\d\d", "DATES", name) for name in names]
    assert written == [f"fpp_{wanted}.{ending}" for ending in ("xlsx", "zip")]


@pytest.mark.parametrize(
    ("page", "switches"),
    [
        ("traffic.py", ("part", "split")),
        ("votes.py", ("part",)),
        ("behaviour.py", ("part",)),
        ("location.py", ("place", "with")),
        ("returning.py", ("who", "in")),
        ("insights.py", ("about",)),
    ],
)
def test_files_of_a_page_with_other_tables_have_other_names(
    run_page: RunPage,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    switches: Sequence[str],
) -> None:
    offered: list[tuple[str, frozenset[str]]] = []

    def offer(_: object, found: Results, name: str, *__: object) -> None:
        # How much figures usually change is the page's, whatever it shows.
        offered.append((name, frozenset(found.now) - {"usual_changes"}))

    monkeypatch.setattr("ui.export.render_download", offer)
    app = run_page(page)
    options = [app.button_group(key=key).options for key in switches]
    for values in itertools.product(*options):
        run_page(page, **dict(zip(switches, values, strict=True)))
    assert len({name for name, _ in offered}) == len({tables for _, tables in offered})
    assert len({*offered}) == len({name for name, _ in offered})


def test_a_workbook_names_columns_as_the_table_on_the_page_does() -> None:
    days = Days(date(2026, 11, 2), date(2026, 11, 3))
    snapshot = Snapshot(Frames.empty(), "1", NOW, EVERY_TABLE, {}, generation=7)
    view = PageContext(snapshot, query_of(days), days, "None", NOW)
    different = [
        (table, key)
        for table in METRIC_TABLES
        for key in DEFINITIONS
        if tables.heading(key, table) != tables.heading(key)
    ]
    assert {("historical", "estimations"), ("rounds", "avg_estimation")} <= {*different}
    for table, key in different:
        frame = {table: pl.DataFrame({key: [5]})}
        book = export.workbook_of(view, Results(frame, frame), "page")
        with zipfile.ZipFile(io.BytesIO(book)) as archive:
            texts = archive.read("xl/sharedStrings.xml").decode()
        assert f">{tables.heading(key, table)}<" in texts
        assert f">{tables.heading(key)}<" not in texts


def test_a_block_without_a_meaning_offers_no_csv(run_page: RunPage) -> None:
    shown = run_page("insights.py", about="Agreement", period="All time")
    hidden = run_page(
        "insights.py", about="Agreement", period="All time", filter="country:DE"
    )
    assert any("Not available by country" in info.value for info in hidden.info)
    assert not any("not filtered by" in text.value for text in hidden.caption)
    buttons = [len(app.get("download_button")) for app in (shown, hidden)]
    assert buttons[1] < buttons[0]


@pytest.mark.parametrize(
    ("file", "query", "title"),
    [
        ("historical.py", {"every": "Month"}, "Month"),
        ("votes.py", {"every": "Week", "table_votes_over_time": "true"}, "Week of"),
        (
            "behaviour.py",
            {"every": "Week", "table_routes_over_time": "true"},
            "Week of",
        ),
        ("behaviour.py", {"part": "Rooms", "every": "Month"}, "Month"),
        ("overview.py", {"every": "Month"}, "Date"),
        ("historical.py", {"every": "Day"}, "Date"),
    ],
)
def test_a_bucket_of_a_table_is_not_read_as_its_first_day(
    run_page: RunPage, tmp_path: Path, file: str, query: Mapping[str, str], title: str
) -> None:
    """Of "1 Oct 2026" a newcomer would take the month's votes for those of a day."""
    rooms = {"table_rooms_over_time": "true"} if "part" in query else {}
    app = run_page(file, busy(tmp_path), period="All time", **query, **rooms)
    looks = [json.loads(table.proto.columns) for table in app.dataframe]
    titles = {look["bucket"]["label"] for look in looks if "bucket" in look}
    assert titles == {title}


@pytest.mark.parametrize("file", PAGES)
def test_every_page_offers_all_that_it_shows_as_one_zip_and_one_workbook(
    run_page: RunPage, file: str
) -> None:
    app = run_page(file, GOLDEN, room="1")
    labels = [button.proto.label for button in app.get("download_button")]
    # A report is taken away whole, in the forms in which it is sent.
    forms = ["HTML for mail"]
    if file != "report.py":
        forms = ["Download page (ZIP)", "Download page (XLSX)"]
    assert [labels.count(form) for form in forms] == [1] * len(forms)
