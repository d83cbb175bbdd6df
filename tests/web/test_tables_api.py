"""Every table that a page exports, for programs: same name, same rows."""

import io
from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import httpx
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from metrics.export import to_csv
from metrics.frames import Period
from metrics.query import Query
from metrics.registry import METRIC_TABLES, plan
from store import engine
from store.reader import Snapshot, open_store, without_bots
from testkit.dashboard import GOLDEN, LONGEST_WAIT, TOKEN, serving
from tests.csv_reader import read_csv
from tests.web.conftest import GOLDEN_NOW, StoppedClock, parts

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
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="fpp_{name}_2026-10-23_2026-11-19.csv"'
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
    }


def test_json_names_the_dates_that_a_funnel_covers(api: httpx.Client) -> None:
    """Whole days, all of whose new users are 28 days old."""
    answer = api.get("/api/tables/funnel", params={"format": "json"}).json()
    assert (answer["from"], answer["to"]) == ("2026-10-23", "2026-11-19")
    assert (answer["covers_from"], answer["covers_to"]) == ("2026-09-25", "2026-10-22")


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
    assert answer.content == to_csv(asked(snapshot, "traffic_over_time", **changes))


def test_bots_are_out_unless_asked_for(api: httpx.Client, snapshot: Snapshot) -> None:
    answer = api.get(
        "/api/tables/devices", params={"bots": "include", "from": "2024-06-03"}
    )
    period = Period.of_days(date(2024, 6, 3), date(2026, 11, 19))
    before = Period(period.start - period.length, period.start)
    expected = asked(
        snapshot, "devices", frames=snapshot.frames, period=period, comparison=before
    )
    assert answer.content == to_csv(expected)
    assert b"\nbot," in answer.content


def test_a_room_keeps_only_its_rows(api: httpx.Client, snapshot: Snapshot) -> None:
    query = {"room": "88", "from": "2026-01-01", "to": "2026-11-19"}
    rows = read_csv(
        api.get("/api/tables/votes_totals", params=query).content,
        asked(snapshot, "votes_totals").schema,
    )
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
            "routes?tz=Mars/Olympus",
            400,
            "Bad tz; allowed: a name such as Europe/Berlin or UTC",
        ),
        ("routes?room=0", 400, "Invalid room_id"),
        (
            "routes?form=csv",
            400,
            (
                "Unknown parameter; allowed: period, from, to, room, tz, format, "
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


@pytest.mark.parametrize("extra", ["csv", "json", "parquet"])
@pytest.mark.parametrize("name", METRIC_TABLES)
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
        httpx.Client(
            base_url=url, headers={"Authorization": TOKEN}, timeout=LONGEST_WAIT
        ) as client,
    ):
        yield client
