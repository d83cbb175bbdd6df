"""`/api/report` and `/api/alerts` over HTTP, on the golden data at the golden time."""

import json
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import polars as pl
import pytest

from metrics import attention, periods, report
from metrics.query import Query, SharedPlans
from metrics.tables import PAGE_VIEWS, USERS
from store import engine
from store.reader import DEMO_MARKER, open_store, without_bots
from testkit.dashboard import GOLDEN, TOKEN, get, serving
from tests.busy_day import busy
from tests.web.conftest import GOLDEN_NOW, StoppedClock, parts
from tests.web.test_openapi import check
from ui import period_bar
from web.api.reports import ReportQuery

HEADERS = {"Authorization": TOKEN}


def test_the_report_needs_the_token(api: httpx.Client) -> None:
    for path in ("/api/report", "/api/alerts"):
        assert get(str(api.base_url.join(path))).status_code == 401


@pytest.mark.parametrize("tz", ["UTC", "Europe/Berlin", "America/Los_Angeles"])
def test_figures_equal_those_of_the_page(api: httpx.Client, tz: str) -> None:
    snapshot, zone = open_store(GOLDEN), ZoneInfo(tz)
    days = periods.PERIODS["last_month"].days(GOLDEN_NOW.date(), GOLDEN_NOW.date())
    query = Query(
        without_bots(snapshot),
        periods.period_of(days, GOLDEN_NOW, zone),
        periods.compared_with(periods.PREVIOUS, days, GOLDEN_NOW, zone=zone),
        "day",
        GOLDEN_NOW,
    )
    results = engine.collect_all(report.plans(query))
    page = report.compose(query, results, snapshot.data_until)
    answer = api.get(f"/api/report?period=last_month&format=json&tz={tz}").json()
    assert [(f["key"], f["value"], f["before"]) for f in answer["figures"]] == [
        (f.definition.key, f.value, f.before) for f in page.figures
    ]
    assert answer["from"] == "2026-10-01"
    assert answer["comparison"] == {"from": "2026-09-01", "to": "2026-09-30"}


@pytest.mark.parametrize(
    ("form", "kind", "part"),
    [
        ("html", "text/html; charset=utf-8", "<!DOCTYPE html>"),
        ("md", "text/markdown; charset=utf-8", "**FPP Analytics: "),
        ("JSON", "application/json", '"from": "2026-10-01"'),
    ],
)
def test_each_format_has_its_type_and_is_kept_nowhere(
    api: httpx.Client, form: str, kind: str, part: str
) -> None:
    answer = api.get(f"/api/report?format={form}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert answer.headers["cache-control"] == "no-store"
    assert "fpp_report_2026-10-01" in answer.headers["content-disposition"]
    assert part in answer.text


@pytest.mark.parametrize(
    ("query", "allowed"),
    [
        ("period=last_moon", "last_month"),
        ("tz=Moon/Base", "Europe/Berlin"),
        ("period=", "last_month"),
        ("format=pdf", "html, md, json"),
        ("since=2026", "period, from, to, format"),
        ("period=today&from=2026-10-01", "a period, or from and to, not both"),
        ("from=2026-10-02&to=2026-10-01", "from ≤ to"),
        ("from=2027-01-01", "2000-01-01 to 2026-11-"),
        ("to=1.10.2026", "a date like"),
        ("period=today&period=yesterday", "once"),
    ],
)
def test_a_wrong_parameter_is_400_and_says_what_is_allowed(
    api: httpx.Client, query: str, allowed: str
) -> None:
    answer = api.get(f"/api/report?{query}")
    assert answer.status_code == 400
    assert allowed in answer.json()["detail"]


@pytest.mark.parametrize("form", ["html", "md", "json"])
def test_an_empty_store_and_an_empty_month_harm_nothing(
    form: str, tmp_path: Path
) -> None:
    with serving(parts(StoppedClock(), tmp_path)) as url:
        empty = get(f"{url}/api/report?format={form}", headers=HEADERS)
        alerts = get(f"{url}/api/alerts", headers=HEADERS)
    long_after = StoppedClock(GOLDEN_NOW + timedelta(days=400))
    with serving(parts(long_after)) as url:
        later = get(f"{url}/api/report?format={form}", headers=HEADERS)
    assert (empty.status_code, later.status_code) == (200, 200)
    if form != "json":
        assert "No data in this period." in empty.text
        assert "No data in this period. Data until " in later.text
    # Not "all is well": a folder that is not mounted looks like this for weeks.
    assert [(alert["kind"], alert["figure"]) for alert in alerts.json()] == [
        ("table_missing", 6)
    ]


def test_every_period_has_a_report_that_fits_the_document(api: httpx.Client) -> None:
    document = api.get("/api/openapi.json").json()
    parameters = document["paths"]["/report"]["get"]["parameters"]
    for period in parameters[0]["schema"]["enum"]:
        answer = api.get(f"/api/report?format=json&period={period}")
        assert answer.status_code == 200, period
        check(document, "/report", answer)


@pytest.mark.parametrize("form", ["html", "md", "json"])
def test_dates_are_the_period_that_has_them(api: httpx.Client, form: str) -> None:
    by_name = api.get(f"/api/report?period=last_month&format={form}")
    by_dates = api.get(f"/api/report?from=2026-10-01&to=2026-10-31&format={form}")
    disposition = "content-disposition"
    assert by_dates.text == by_name.text
    assert by_dates.headers[disposition] == by_name.headers[disposition]


def test_days_before_and_around_the_first_data_have_a_report(api: httpx.Client) -> None:
    first = api.get("/api/report?period=all_time&format=json").json()["from"]
    begins = date.fromisoformat(first)
    month = timedelta(days=29)
    document = api.get("/api/openapi.json").json()
    for start in (begins - 3 * month, begins - month / 2, begins, begins + month / 2):
        days = f"from={start}&to={start + month}"
        answer = api.get(f"/api/report?{days}&format=json")
        check(document, "/report", answer)
        if start + month < begins:
            assert "No data in this period." in api.get(f"/api/report?{days}").text
        else:
            # Nothing is compared with days before the data.
            assert answer.json()["comparison"] is None
            assert answer.json()["data_begins"] == first


def test_notes_of_the_period_are_in_the_report(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    others = "2026-09-30 Before\n2026-11-01 After\nnonsense\n"
    file.write_text(f"2026-10-12 Release of *v2* https://example.org/v2\n{others}")
    with serving(parts(StoppedClock(), NOTES_FILE=str(file))) as url:
        answer = get(f"{url}/api/report?format=json", headers=HEADERS)
        chat = get(f"{url}/api/report?format=md", headers=HEADERS)
    (note,) = answer.json()["notes"]
    assert note == {
        "from": "2026-10-12",
        "to": "2026-10-12",
        "title": "Release of *v2*",
        "link": "https://example.org/v2",
    }
    assert r"Release of \*v2\*](https://example.org/v2)" in chat.text


def test_notes_from_before_the_data_are_not_at_its_first_day(tmp_path: Path) -> None:
    """The golden data begin on 24 May 2024, and charts with them."""
    file = tmp_path / "notes.txt"
    file.write_text("2024-05-20 Too early\n2024-05-26 In time\n")
    days = "from=2024-05-18&to=2024-05-30"
    with serving(parts(StoppedClock(), NOTES_FILE=str(file))) as url:
        answer = get(f"{url}/api/report?{days}&format=html", headers=HEADERS)
    assert "In time" in answer.text
    assert "Too early" not in answer.text


def test_late_data_is_an_alert_with_figure_expectation_and_link(tmp_path: Path) -> None:
    for file in GOLDEN.glob("*.parquet"):
        shutil.copy(file, tmp_path)
    until = open_store(tmp_path).data_until
    assert until is not None
    late = StoppedClock(until + timedelta(hours=3))
    with serving(parts(late, tmp_path)) as url:
        answer = get(f"{url}/api/alerts", headers=HEADERS)
        document = get(f"{url}/api/openapi.json", headers=HEADERS).json()
    check(document, "/alerts", answer)
    alert = answer.json()[0]
    assert alert["kind"] == "data_late"
    assert alert["figure"] == 3 * 3600
    assert alert["expectation"] == {"low": 0, "high": 1200}
    assert alert["since"] == until.date().isoformat()
    assert alert["link"] == f"{url}/data?tz=UTC"
    (tmp_path / DEMO_MARKER).touch()
    with serving(parts(late, tmp_path)) as url:
        demo = get(f"{url}/api/alerts", headers=HEADERS).json()
    assert "data_late" not in {alert["kind"] for alert in demo}


def test_alerts_are_the_findings_of_the_attention_line() -> None:
    snapshot = open_store(GOLDEN)
    until = snapshot.ends(GOLDEN_NOW)
    plans = attention.plans(SharedPlans(without_bots(snapshot)), until)
    found = attention.findings(engine.collect_all(plans), GOLDEN_NOW, until, 600)
    with serving(parts(StoppedClock())) as url:
        answer = get(f"{url}/api/alerts", headers=HEADERS)
        again = get(f"{url}/api/alerts", headers=HEADERS)
    assert [alert["text"] for alert in answer.json()] == [f.text for f in found]
    assert [alert["kind"] for alert in answer.json()] == [f.kind for f in found]
    assert json.dumps(answer.json()) == json.dumps(again.json())


def test_bots_are_in_no_report_and_cause_no_alert(tmp_path: Path) -> None:
    """A day with an unusual number of page views, by users who are all bots or none."""
    clock = StoppedClock(datetime(2026, 6, 12, 18))
    users_only, bots = tmp_path / "users", tmp_path / "bots"
    for folder in (users_only, bots):
        folder.mkdir()
        busy(folder, {date(2026, 6, 9): [PAGE_VIEWS]})
    users = pl.read_parquet(bots / USERS.file_name)
    users = users.with_columns(device=pl.lit("bot"))
    users.write_parquet(bots / USERS.file_name)
    seen = {}
    for folder in (users_only, bots):
        with serving(parts(clock, folder)) as url:
            found = get(f"{url}/api/report?format=json", headers=HEADERS).json()
            alerts = get(f"{url}/api/alerts", headers=HEADERS).json()
        figures = {each["key"]: each["value"] for each in found["figures"]}
        alarms = [each["measure"] for each in alerts].count("page_views")
        seen[folder] = (bool(figures["page_views"]), bool(figures["votes"]), alarms)
    assert seen == {users_only: (True, True, 1), bots: (False, True, 0)}


@pytest.mark.parametrize(
    ("period", "granularity"),
    [("today", "hour"), ("last_28_days", "day"), ("last_12_months", "week")],
)
def test_the_chart_has_the_buckets_that_a_page_begins_with(
    api: httpx.Client, period: str, granularity: str
) -> None:
    asked = {"period": period, "format": "json", "tz": "Europe/London"}
    answer = api.get("/api/report", params=asked).json()
    assert answer["chart"]["granularity"] == granularity
    # Written as in the table, in winter as well.
    table = api.get(
        "/api/tables/votes_over_time", params=asked | {"every": granularity}
    ).json()["rows"]
    drawn = [tuple(row.values()) for row in answer["chart"]["values"]]
    assert drawn == [(row["bucket"], row["votes"], row["cut"]) for row in table]


def test_all_time_begins_where_the_page_begins_and_compares_with_nothing(
    tmp_path: Path,
) -> None:
    """A stray row of 1970 is no beginning, and history before June 2024 is history."""
    for file in GOLDEN.glob("*.parquet"):
        shutil.copy(file, tmp_path)
    views = pl.read_parquet(tmp_path / "fpp_page_views.parquet")
    early = views.head(2).with_columns(
        id=pl.lit(pl.Series([10**6, 10**6 + 1])).cast(views.schema["id"]),
        viewed_at=pl.lit(
            pl.Series([datetime(1970, 1, 1), datetime(2024, 2, 29, 10, 30)])
        ),
    )
    pl.concat([views, early], how="vertical_relaxed").write_parquet(
        tmp_path / "fpp_page_views.parquet"
    )
    snapshot = open_store(tmp_path)
    # The day of the zone on which the first row is, not that of midnight in UTC.
    for tz, first in (
        ("UTC", "2024-02-29"),
        ("America/Los_Angeles", "2024-02-29"),
        ("Pacific/Pago_Pago", "2024-02-28"),
        ("Pacific/Kiritimati", "2024-03-01"),
    ):
        asked = ReportQuery.read({"period": "all_time", "tz": tz}, GOLDEN_NOW)
        query = asked.metric_query(snapshot, GOLDEN_NOW)
        assert query.comparison is None
        days = period_bar.beginning(snapshot, ZoneInfo(tz))
        assert query.period.first_day == days == date.fromisoformat(first)
        # Nothing is compared with the day before.
        dated = {"from": f"{days}", "to": f"{days}", "tz": tz}
        asked = ReportQuery.read(dated, GOLDEN_NOW)
        assert asked.metric_query(snapshot, GOLDEN_NOW).data_begins == days


@pytest.mark.parametrize("tz", ["UTC", "Pacific/Auckland"])
def test_links_lead_to_the_dashboard_in_the_zone_of_the_answer(
    api: httpx.Client, tz: str
) -> None:
    """A page without a zone shows the days of the team's."""
    alerts = api.get("/api/alerts", params={"tz": tz}).json()
    query = {"tz": tz, "format": "json", "to": "2026-10-31"}
    report = api.get("/api/report", params=query).json()
    found = [*alerts, *report["rooms_grown"], *report["rooms_quiet"]]
    links = [httpx.URL(each["link"]) for each in found]
    assert len(links) > len(alerts) > 0
    for link in links:
        assert str(link).startswith(str(api.base_url).rstrip("/"))
        assert link.params["tz"] == tz
        assert "/api" not in link.path


def test_alerts_are_about_the_days_of_the_zone(api: httpx.Client) -> None:
    snapshot, zone = open_store(GOLDEN), ZoneInfo("Pacific/Auckland")
    until = snapshot.ends(GOLDEN_NOW)
    plans = attention.plans(SharedPlans(without_bots(snapshot)), until, zone)
    results = engine.collect_all(plans)
    found = attention.findings(results, GOLDEN_NOW, until, 600, zone)
    answer = api.get(f"/api/alerts?tz={zone.key}").json()
    assert [alert["text"] for alert in answer] == [each.text for each in found]
    assert found
    assert api.get("/api/alerts?tz=Moon/Base").status_code == 400
    assert api.get("/api/alerts?zone=UTC").status_code == 400
