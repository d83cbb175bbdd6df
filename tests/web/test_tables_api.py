"""Every table that a page exports, for programs: same name, same rows."""

import io
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import cycle, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from metrics.export import to_csv
from metrics.filters import Filter, apply
from metrics.frames import Frames, Period
from metrics.query import Query
from metrics.registry import DEFINITIONS, METRIC_TABLES, plan
from metrics.tables import ESTIMATIONS, TABLES
from metrics.time_zone import in_zone
from store import engine
from store.reader import Snapshot, open_store, without_bots
from testkit.dashboard import GOLDEN, TOKEN, client, get, serving
from tests.csv_reader import read_csv
from tests.web.conftest import GOLDEN_NOW, StoppedClock, parts
from web.api.reports import ReportQuery
from web.api.tables import TableQuery, table_response

DAY = timedelta(days=1)
LAST_28_DAYS = Period.of_days(date(2026, 10, 23), date(2026, 11, 19))
BERLIN = ZoneInfo("Europe/Berlin")
THE_28_BEFORE = Period.of_days(date(2026, 9, 25), date(2026, 10, 22))


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return open_store(GOLDEN)


def asked(snapshot: Snapshot, name: str, **changes: object) -> pl.DataFrame:
    """Return a table as a page computes it when nothing was chosen."""
    scope = {
        "frames": without_bots(snapshot),
        "period": LAST_28_DAYS,
        "comparison": THE_28_BEFORE,
        "granularity": "day",
        "now": GOLDEN_NOW,
        "weekends": True,
    }
    chosen = Query(**scope | changes)  # type: ignore[arg-type]  # a few of its fields
    return engine.collect(plan(name, chosen))


@pytest.mark.parametrize("name", METRIC_TABLES)
def test_the_csv_is_the_one_of_the_page(
    api: httpx.Client, snapshot: Snapshot, name: str
) -> None:
    answer = api.get(f"/api/tables/{name}")
    expected = asked(snapshot, name)
    assert answer.content == to_csv(expected)
    assert_frame_equal(read_csv(answer.content, expected.schema), expected)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    # It is named after its buckets and the days that its rows are about.
    days = api.get(f"/api/tables/{name}", params={"format": "json"}).json()
    every = METRIC_TABLES[name].buckets("day")
    own = f"{name}_by_{every}" if {"bucket", "cut"} <= {*expected.columns} else name
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="fpp_{own}_{days["covers_from"]}_{days["covers_to"]}'
        '.csv"'
    )


@pytest.mark.parametrize("name", METRIC_TABLES)
def test_parquet_has_the_same_table(
    api: httpx.Client, snapshot: Snapshot, name: str
) -> None:
    answer = api.get(f"/api/tables/{name}", params={"format": "parquet"})
    found = pl.read_parquet(io.BytesIO(answer.content))
    assert_frame_equal(found, asked(snapshot, name))


def test_json_has_the_same_rows_with_window_and_time(
    api: httpx.Client, snapshot: Snapshot
) -> None:
    answer = api.get("/api/tables/votes_by_weekday", params={"format": "json"}).json()
    assert answer.pop("rows") == asked(snapshot, "votes_by_weekday").to_dicts()
    assert answer.pop("data_updated_at")[-6:] == "+00:00"
    assert answer == {
        "name": "votes_by_weekday",
        "title": METRIC_TABLES["votes_by_weekday"].title,
        "from": "2026-10-23",
        "to": "2026-11-19",
        "covers_from": "2026-10-23",
        "covers_to": "2026-11-19",
        "compared_from": "2026-09-25",
        "compared_to": "2026-10-22",
        "data_begins": None,
        "missing": [],
        "later_begins": {},
    }


def test_json_names_the_dates_that_a_funnel_covers(api: httpx.Client) -> None:
    """Whole days, all of whose new users are 28 days old."""
    answer = api.get("/api/tables/funnel", params={"format": "json"}).json()
    assert (answer["from"], answer["to"]) == ("2026-10-23", "2026-11-19")
    assert (answer["covers_from"], answer["covers_to"]) == ("2026-09-25", "2026-10-22")


@pytest.mark.parametrize("name", ["funnel", "funnel_by_source", "invites"])
def test_no_table_covers_days_before_the_data(api: httpx.Client, name: str) -> None:
    """The golden data begin on 24 May 2024; followed users are of earlier days."""
    query = {"period": "all_time", "format": "json"}
    answer = api.get(f"/api/tables/{name}", params=query).json()
    assert answer["covers_from"] == "2024-05-24"
    assert answer["covers_to"] < answer["to"]


def test_seven_whole_days_have_hours(api: httpx.Client) -> None:
    query = {"from": "2026-11-01", "to": "2026-11-07", "every": "hour"}
    answer = api.get("/api/tables/votes_over_time", params=query)
    assert pl.read_csv(answer.content).height == 7 * 24


@pytest.mark.parametrize(
    ("query", "changes"),
    [
        ({"every": "week"}, {"granularity": "week"}),
        ({"weekends": "hide"}, {"weekends": False}),
        (
            {"from": "2026-10-25", "to": "2026-10-25", "tz": "Europe/Berlin"}
            | {"every": "hour"},
            {
                "granularity": "hour",
                "period": Period.of_days(
                    date(2026, 10, 25), date(2026, 10, 25), BERLIN
                ),
                "comparison": Period.of_days(
                    date(2026, 10, 24), date(2026, 10, 24), BERLIN
                ),
            },
        ),
        (
            {"from": "2026-11-02", "to": "2026-11-08"},
            {
                "period": Period.of_days(date(2026, 11, 2), date(2026, 11, 8)),
                "comparison": Period.of_days(date(2026, 10, 26), date(2026, 11, 1)),
            },
        ),
        (
            {"to": "2026-11-20"},
            {
                "period": Period(LAST_28_DAYS.start + DAY, GOLDEN_NOW),
                "comparison": Period(THE_28_BEFORE.start + DAY, GOLDEN_NOW - 28 * DAY),
            },
        ),
    ],
    ids=[
        "weeks",
        "weekends",
        "hours of Berlin",
        "a week against the one before",
        "the running day",
    ],
)
def test_a_parameter_changes_the_question(
    api: httpx.Client,
    snapshot: Snapshot,
    query: dict[str, str],
    changes: dict[str, object],
) -> None:
    answer = api.get("/api/tables/traffic_over_time", params=query)
    expected = asked(snapshot, "traffic_over_time", **changes)
    zone = ZoneInfo(query.get("tz", "UTC"))
    assert answer.content == to_csv(in_zone(expected, zone))


@pytest.mark.parametrize(
    ("tz", "first", "second"),
    [
        ("UTC", "2026-10-25T00:00:00+00:00", "2026-10-25T01:00:00+00:00"),
        ("Europe/Berlin", "2026-10-25T00:00:00+02:00", "2026-10-25T01:00:00+02:00"),
        ("Asia/Kolkata", "2026-10-25T00:00:00+05:30", "2026-10-25T01:00:00+05:30"),
    ],
)
def test_times_are_the_same_in_csv_and_json_and_say_their_zone(
    api: httpx.Client, tz: str, first: str, second: str
) -> None:
    """Hour by hour through the night in which clocks change."""
    question = {"from": "2026-10-25", "to": "2026-10-25", "every": "hour", "tz": tz}
    address = "/api/tables/votes_over_time"
    rows = api.get(address, params=question | {"format": "json"}).json()["rows"]
    times = [row["bucket"] for row in rows]
    assert times[:2] == [first, second]
    moments = [datetime.fromisoformat(time) for time in times]
    assert {b - a for a, b in pairwise(moments)} == {timedelta(hours=1)}
    lines = api.get(address, params=question).content.decode().splitlines()[1:]
    written = [line.partition(",")[0] for line in lines]
    # UTC is the rule of a CSV, and needs no mark.
    assert written == [time.removesuffix("+00:00") for time in times]


@pytest.mark.parametrize("path", ["tables/votes_by_weekday", "report"])
@pytest.mark.parametrize(
    ("tz", "today"), [("UTC", "2026-11-20"), ("Pacific/Auckland", "2026-11-21")]
)
def test_days_end_with_the_running_one_of_the_zone(
    api: httpx.Client, path: str, tz: str, today: str
) -> None:
    yesterday = f"{date.fromisoformat(today) - timedelta(days=1)}"
    question = {"tz": tz, "format": "json"}
    answer = api.get(f"/api/{path}", params=question | {"to": today})
    assert answer.json()["to"] == today
    tomorrow = f"{date.fromisoformat(today) + timedelta(days=1)}"
    refusal = api.get(f"/api/{path}", params=question | {"to": tomorrow})
    assert refusal.status_code == 400
    # Without an end, the last full day.
    answer = api.get(f"/api/{path}", params=question | {"from": "2026-11-01"})
    assert answer.json()["to"] == yesterday


@pytest.mark.parametrize("tz", ["UTC", "America/Los_Angeles"])
def test_all_time_is_that_of_the_report_and_compares_with_nothing(
    api: httpx.Client, tz: str
) -> None:
    question = {"period": "all_time", "format": "json", "tz": tz}
    table = api.get("/api/tables/what_moved", params=question).json()
    found = api.get("/api/report", params=question).json()
    assert (table["from"], table["to"]) == (found["from"], found["to"])
    assert table["compared_from"] is table["compared_to"] is found["comparison"] is None
    assert table["rows"] == []


def test_what_moved_leaves_out_what_a_filter_decides(api: httpx.Client) -> None:
    """As the page does: of one room's votes every change is in this room."""
    question = {"period": "last_28_days", "format": "json"}
    answer = api.get("/api/tables/what_moved", params=question).json()
    assert "room" in {row["dimension"] for row in answer["rows"]}
    room = max(row["room_id"] or 0 for row in answer["rows"])
    answer = api.get("/api/tables/what_moved", params=question | {"room": room})
    found = {row["dimension"] for row in answer.json()["rows"]}
    assert found
    assert "room" not in found


@pytest.mark.parametrize(
    ("name", "start", "before", "until"),
    [
        ("today", "2026-11-20", "2026-11-19", "2026-11-19T18"),
        ("last_24_hours", "2026-11-19T18", "2026-11-18T18", "2026-11-19T18"),
        ("month_to_date", "2026-11-01", "2026-10-01", "2026-10-20T18"),
        ("year_to_date", "2026-01-01", "2025-01-01", "2025-11-20T18"),
    ],
)
def test_a_period_that_is_not_over_compares_with_one_of_its_length(
    api: httpx.Client,
    snapshot: Snapshot,
    name: str,
    start: str,
    before: str,
    until: str,
) -> None:
    answer = api.get("/api/tables/what_moved", params={"period": name})
    expected = asked(
        snapshot,
        "what_moved",
        period=Period(datetime.fromisoformat(start), GOLDEN_NOW),
        comparison=Period(
            datetime.fromisoformat(before), datetime.fromisoformat(until)
        ),
    )
    assert expected.height
    assert answer.content == to_csv(expected)


@pytest.mark.parametrize("late", [timedelta(hours=3), timedelta(days=3)])
@pytest.mark.parametrize("read", [TableQuery, ReportQuery])
def test_what_is_not_over_ends_with_late_data_in_both_periods(
    snapshot: Snapshot, read: type[TableQuery | ReportQuery], late: timedelta
) -> None:
    until = GOLDEN_NOW - late
    parameters = {"period": "month_to_date"}
    if read is TableQuery:
        query: TableQuery | ReportQuery = TableQuery.read(
            "rooms", parameters, GOLDEN_NOW
        )
    else:
        query = ReportQuery.read(parameters, GOLDEN_NOW)
    asked = query.metric_query(replace(snapshot, data_until=until), GOLDEN_NOW)
    assert (asked.period, asked.now) == (Period(datetime(2026, 11, 1), until), until)
    assert asked.comparison == Period(datetime(2026, 10, 1), until.replace(month=10))
    # A demo ends when it was made: what follows would count as nothing there as well.
    demo = replace(snapshot, data_until=until, demo=True)
    assert query.metric_query(demo, GOLDEN_NOW).period == asked.period


def _since(snapshot: Snapshot, begins: datetime) -> Frames:
    """Return frames whose estimations begin late."""
    return snapshot.frames.map(
        lambda live, rows: (
            rows.filter(pl.col(live.time) >= begins) if live == ESTIMATIONS else rows
        )
    )


def test_a_table_that_begins_long_before_the_period_is_known_to_what_looks_back(
    snapshot: Snapshot,
) -> None:
    begins = datetime(2026, 5, 5)
    held = replace(snapshot, frames=_since(snapshot, begins))
    asked = ReportQuery.read({}, GOLDEN_NOW).metric_query(held, GOLDEN_NOW)
    assert asked.later_begins == {ESTIMATIONS.name: begins.date()}
    known = {ESTIMATIONS.name: f"{begins:%Y-%m-%d}"}
    # An average of 30 months needs as many of them.
    later = {"from": "2026-11-01", "compare": "none", "every": "month"}
    read = TableQuery.read("historical", {**later, "to": "2026-11-15"}, GOLDEN_NOW)
    early = replace(held, frames=_since(snapshot, datetime(2025, 11, 3)))
    assert read.metric_query(early, GOLDEN_NOW).later_begins
    # It says nothing of numbers of weeks later.
    for name, said in (("retention_users_by_sprints", known), ("estimates", {})):
        read = TableQuery.read(name, {"format": "json"}, GOLDEN_NOW)
        answer = table_response(read, ())(held, GOLDEN_NOW)
        assert json.loads(bytes(answer.body))["later_begins"] == said


def test_the_last_30_days_are_compared_with_as_many_where_they_are_a_month(
    snapshot: Snapshot,
) -> None:
    now = datetime(2026, 7, 1, 9)
    query = TableQuery.read("rooms", {"period": "last_30_days"}, now)
    assert query.metric_query(replace(snapshot, data_until=now), now).comparison == (
        Period(datetime(2026, 5, 2), datetime(2026, 6, 1))
    )


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("room_states", "2026-09-25", "2026-11-19"),
        ("room_health", "2026-09-25", "2026-11-19"),
        ("rooms_gone_quiet", "2026-09-25", "2026-11-19"),
        ("daily_summary", "2026-11-19", "2026-11-20"),
        ("all_rooms", "1970-01-01", "2026-11-20"),
    ],
)
def test_json_names_the_dates_of_rows_that_are_not_about_the_period(
    api: httpx.Client, name: str, first: str, last: str
) -> None:
    answer = api.get(f"/api/tables/{name}", params={"format": "json"}).json()
    assert (answer["covers_from"], answer["covers_to"]) == (first, last)


@pytest.mark.parametrize("live", [table.name for table in TABLES])
def test_without_a_table_answers_are_null_and_say_why(
    live: str, tmp_path: Path, snapshot: Snapshot
) -> None:
    for file in GOLDEN.glob("*.parquet"):
        if file.stem != live:
            shutil.copy(file, tmp_path)
    # Each table is asked for without two of those that are kept.
    place = [table.name for table in TABLES].index(live) % 3
    with serving(parts(StoppedClock(), tmp_path)) as url:
        for name, table in [*METRIC_TABLES.items()][place::3]:
            answer = get(
                f"{url}/api/tables/{name}?format=json", headers={"Authorization": TOKEN}
            )
            assert answer.status_code == 200, name
            # Without users, bots are not known, and count.
            reads = live in {*table.reads, "fpp_users"}
            if name in {"routes", "votes_totals", "rooms", "events", "historical"}:
                for form in ("csv", "parquet"):
                    download = get(
                        f"{url}/api/tables/{name}?format={form}",
                        headers={"Authorization": TOKEN},
                    )
                    said = download.headers.get("missing-tables")
                    assert said == (live if reads else None), name
            assert answer.json()["missing"] == ([live] if reads else []), name
        report = get(
            f"{url}/api/report?format=json&period=last_28_days",
            headers={"Authorization": TOKEN},
        ).json()
        alerts = get(f"{url}/api/alerts", headers={"Authorization": TOKEN}).json()
        for path in ("", "/daily-analytics", "/room/1/stats"):
            summary = get(f"{url}/api{path}", headers={"Authorization": TOKEN})
            assert summary.headers["missing-tables"] == live, path
        texts = [
            get(
                f"{url}/api/report?period=last_28_days&format={form}",
                headers={"Authorization": TOKEN},
            ).text
            for form in ("md", "html")
        ]
    needed = live not in {"fpp_users", "fpp_events"} or live in report["missing"]
    assert report["missing"] == ([live] if needed else [])
    for figure in report["figures"]:
        lacks = live in DEFINITIONS[figure["key"]].tables
        assert (figure["value"] is None) == lacks, figure["key"]
    for text in texts:
        assert ("is missing" in text) == needed
        assert "(deleted)" not in text or live != "fpp_rooms"
    assert [a["text"] for a in alerts if a["kind"] == "table_missing"] == [
        f"Table {live} is missing"
    ]


def test_bots_are_out_unless_asked_for(api: httpx.Client, snapshot: Snapshot) -> None:
    answer = api.get(
        "/api/tables/devices", params={"bots": "include", "from": "2024-06-03"}
    )
    period = Period.of_days(date(2024, 6, 3), date(2026, 11, 19))
    # The days before it are before the data.
    expected = asked(
        snapshot, "devices", frames=snapshot.frames, period=period, comparison=None
    )
    assert answer.content == to_csv(expected)
    assert b"\nbot," in answer.content


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        *((name, ()) for name in ("traffic_totals", "events", "countries", "funnel")),
        ("spectators", ("watched_first", "estimated_later")),
        ("invites", ("newcomers", "inviting_rooms")),
    ],
)
def test_a_room_is_the_filter_of_the_pages(
    api: httpx.Client, snapshot: Snapshot, name: str, hidden: Sequence[str]
) -> None:
    """Users and events name no room: those of all users would be read as the room's.

    Nor is it known from one room who was new there.
    """
    room = Filter("room", "88")
    answer = api.get(f"/api/tables/{name}", params={"room": "88"})
    frames = apply(without_bots(snapshot), [room])
    expected = asked(snapshot, name, frames=frames).with_columns(
        pl.lit(None).alias(key) for key in hidden
    )
    assert answer.content == to_csv(expected) != to_csv(asked(snapshot, name))


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("tables/{}", "period=last_month&tz=utc&room=88&format=json&bots=include"),
        ("tables/{}", "from=2026-11-02&to=2026-11-03&weekends=hide&every=week"),
        ("report", "period=last_month&tz=utc&format=md"),
        ("alerts", "tz=utc"),
    ],
)
def test_values_are_read_in_either_case_and_without_what_is_not_seen(
    api: httpx.Client, path: str, query: str
) -> None:
    """It comes along when a value is copied, and a refusal would not show it."""
    plain = api.get(f"/api/{path.format('votes_totals')}?{query}").raise_for_status()
    values = dict(httpx.QueryParams(query))
    copied = api.get(
        f"/api/{path.format('%20VOTES_totals%0A')}",
        params={
            name: f" {value.upper()}\u00a0\u200b" for name, value in values.items()
        },
    )
    assert copied.text == plain.text


def test_a_room_keeps_only_its_rows(api: httpx.Client, snapshot: Snapshot) -> None:
    query = {"room": "88", "from": "2026-01-01", "to": "2026-11-19"}
    answer = api.get("/api/tables/votes_totals", params=query)
    named = "fpp_room_88_votes_totals_2026-01-01_2026-11-19.csv"
    assert named in answer.headers["content-disposition"]
    rows = read_csv(answer.content, asked(snapshot, "votes_totals").schema)
    votes = snapshot.frames.of_room(88).votes
    year = Period.of_days(date(2026, 1, 1), date(2026, 11, 19))
    expected = engine.collect(votes.filter(year.contains("voted_at")).select(pl.len()))
    assert rows["votes"].item() == expected.item()


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("typo", 404, f"Unknown table; allowed: {', '.join(METRIC_TABLES)}"),
        (
            "routes?from=2026-13-01",
            400,
            "Bad from; allowed: a date like 2026-11-20, 2000-01-01 to 2026-11-20",
        ),
        (
            "routes?from=1999-12-31&to=2000-01-01",
            400,
            "Bad from; allowed: a date like 2026-11-20, 2000-01-01 to 2026-11-20",
        ),
        (
            "routes?to=2026-11-21",
            400,
            "Bad to; allowed: a date like 2026-11-20, 2000-01-01 to 2026-11-20",
        ),
        (
            "routes?from=2026-11-02&to=2026-11-01",
            400,
            "from (2026-11-02) is after to (2026-11-01); allowed: from ≤ to",
        ),
        ("routes?format=xlsx", 400, "Bad format; allowed: csv, json, parquet"),
        ("routes?every=year", 400, "Bad every; allowed: day, hour, week, month"),
        (
            "routes?from=2026-11-01&to=2026-11-08&every=hour",
            400,
            "Bad every; allowed: hour for at most 7 days",
        ),
        (
            "routes?tz=Mars/Olympus",
            400,
            "Bad tz; allowed: a name such as Europe/Berlin or UTC",
        ),
        ("routes?room=0", 400, "Bad room; allowed: 1 to 2147483647"),
        (
            "routes?form=csv",
            400,
            (
                "Unknown parameter form; allowed: period, from, to, room, tz, format, "
                "every, bots, weekends"
            ),
        ),
    ],
)
def test_a_refusal_lists_what_is_allowed(
    api: httpx.Client, path: str, status: int, detail: str
) -> None:
    answer = api.get(f"/api/tables/{path}")
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


@pytest.mark.parametrize("name", METRIC_TABLES)
def test_a_room_that_does_not_exist_has_no_tables(api: httpx.Client, name: str) -> None:
    """Zeros would be read as what happened there."""
    answer = api.get(f"/api/tables/{name}", params={"room": "999999"})
    said = "No room with ID 999999; the table all_rooms lists them"
    assert (answer.status_code, answer.json()) == (404, {"detail": said})


def test_a_deleted_room_has_the_tables_of_its_votes(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN, tmp_path, dirs_exist_ok=True)
    rooms = pl.read_parquet(GOLDEN / "fpp_rooms.parquet")
    rooms.filter(pl.col("id") != 88).write_parquet(tmp_path / "fpp_rooms.parquet")
    with serving(parts(StoppedClock(), tmp_path)) as url:
        path = f"{url}/api/tables/votes_totals?room=88"
        assert get(path, headers={"Authorization": TOKEN}).status_code == 200


@pytest.mark.parametrize("live", ["fpp_rooms", "fpp_votes"])
def test_whether_a_room_exists_is_not_known_without_its_table(
    live: str, tmp_path: Path
) -> None:
    for file in GOLDEN.glob("*.parquet"):
        if file.stem != live:
            shutil.copy(file, tmp_path)
    with serving(parts(StoppedClock(), tmp_path)) as url:
        path = f"{url}/api/tables/votes_totals?room=999999"
        assert get(path, headers={"Authorization": TOKEN}).status_code == 200


# Each table in one format, each format of some: with data each table is in all of them.
@pytest.mark.parametrize(
    ("name", "extra"), [*zip(METRIC_TABLES, cycle(("csv", "json", "parquet")))]
)
def test_a_store_without_data_answers_tables_without_failing(
    empty: httpx.Client, name: str, extra: str
) -> None:
    answer = empty.get(f"/api/tables/{name}", params={"format": extra})
    assert answer.status_code == 200


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The API on an empty store."""
    with (
        serving(parts(StoppedClock(), tmp_path_factory.mktemp("empty"))) as url,
        client(base_url=url, headers={"Authorization": TOKEN}) as program,
    ):
        yield program


def test_nothing_is_compared_with_days_before_the_data(api: httpx.Client) -> None:
    """The golden data begin on 24 May 2024."""
    for first, begins in (("2024-05-29", "2024-05-24"), ("2024-06-07", None)):
        query = {"from": first, "to": "2024-06-19", "format": "json"}
        table = api.get("/api/tables/sources", params=query).json()
        assert table["data_begins"] == begins
        assert (table["compared_from"] is None) == (begins is not None)
        before = {row["count_before"] for row in table["rows"]}
        assert (before == {None}) == (begins is not None)


def test_the_day_on_which_the_data_begins_is_no_whole_one(api: httpx.Client) -> None:
    """The golden data begin on 24 May 2024."""
    for days in ("period=all_time", "from=2024-05-22&to=2024-05-31"):
        address = f"/api/tables/traffic_over_time?format=json&every=day&{days}"
        table = api.get(address).json()
        assert table["data_begins"] == "2024-05-24"
        (cut,) = (row["bucket"] for row in table["rows"] if row["cut"] == "start")
        assert cut == table["rows"][0]["bucket"] == "2024-05-24"
        whole = [row for row in table["rows"] if row["cut"] is None]
        assert len(whole) >= len(table["rows"]) - 2


def test_nothing_is_known_of_new_users_of_days_before_the_data() -> None:
    """The golden data begin on 24 May 2024; users are new four weeks before."""
    with (
        serving(parts(StoppedClock(datetime(2024, 6, 10, 12)))) as url,
        client(base_url=url, headers={"Authorization": TOKEN}) as program,
    ):
        address = "/api/tables/funnel?period=last_7_days&format=json"
        table = program.get(address).json()
    # Page views of the period, and of the one before, are known.
    assert table["data_begins"] is None
    assert {row["reached"] for row in table["rows"]} == {None}


def test_an_empty_store_begins_on_no_day(empty: httpx.Client) -> None:
    for address in ("/api/tables/sources", "/api/report"):
        answer = empty.get(f"{address}?period=all_time&format=json")
        assert answer.json()["data_begins"] is None
