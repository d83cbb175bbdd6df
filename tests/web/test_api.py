"""The API on the golden data: the contract of the service that it replaces."""

import json
import re
from pathlib import Path

import httpx
import pytest

from testkit.dashboard import GOLDEN, TOKEN, Dashboard, client, get, serving
from tests.web.conftest import StoppedClock, parts
from web.api.openapi import OPERATIONS

EXPECTED = json.loads((GOLDEN / "expected.json").read_text("utf-8"))
TIED_AT_THE_CUT = {"country_region": "region", "country_city": "city"}
"""Lists of 40 whose last places are tied: the old service left the choice open."""


@pytest.mark.parametrize("path", ["/api", "/api/"])
def test_everything_equals_the_reference(api: httpx.Client, path: str) -> None:
    data = api.get(path).json()["data"]
    location = data.pop("location_and_user_agent")
    assert data == {name: EXPECTED[name] for name in data}
    expected = EXPECTED["location_and_user_agent"]
    for name, column in TIED_AT_THE_CUT.items():
        found, wanted = location.pop(name), expected[name]
        assert [row["count"] for row in found] == [row["count"] for row in wanted]
        cut = wanted[-1]["count"]
        assert {tuple(row.values()) for row in found if row["count"] > cut} == {
            (row["country"], row[column], row["count"])
            for row in wanted
            if row["count"] > cut
        }
    assert location == {n: v for n, v in expected.items() if n not in TIED_AT_THE_CUT}


def test_everything_says_when_the_data_were_updated(tmp_path: Path) -> None:
    with serving(parts(StoppedClock(), tmp_path)) as url:
        answer = get(f"{url}/api", headers={"Authorization": TOKEN})
    assert answer.json()["data_updated_at"] is None


@pytest.mark.parametrize("room_id", EXPECTED["rooms"])
def test_a_room_equals_the_reference(api: httpx.Client, room_id: str) -> None:
    answer = api.get(f"/api/room/{room_id}/stats")
    assert answer.json() == EXPECTED["rooms"][room_id]


def test_a_room_without_votes_answers_zeros(api: httpx.Client) -> None:
    answer = api.get("/api/room/2147483647/stats")
    assert answer.status_code == 200
    assert set(answer.json().values()) == {0}


@pytest.mark.parametrize(
    "room_id", ["0", "-1", "x", "1.5", "%201", "+1", "1_0", "²", "2147483648", "9" * 99]
)
def test_what_is_no_room_id_is_refused(api: httpx.Client, room_id: str) -> None:
    answer = api.get(f"/api/room/{room_id}/stats")
    assert (answer.status_code, answer.json()) == (400, {"detail": "Invalid room_id"})


def test_the_last_24_hours_equal_the_reference(api: httpx.Client) -> None:
    assert api.get("/api/daily-analytics").json() == EXPECTED["daily"]


@pytest.mark.parametrize(
    "path",
    ["/api/typo", "/api/room", "/api/room/1", "/api/tables", "/api/../x/y"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_anything_else_is_not_found(api: httpx.Client, method: str, path: str) -> None:
    answer = api.request(method, path)
    if path == "/api/../x/y":
        # The client resolves the dots: no address of the API.
        assert answer.status_code == 401
    else:
        assert answer.status_code == 404
        known = answer.json()["detail"].removeprefix("Unknown route; allowed: ")
        assert "/api/tables/{name}" in known.split(", ")


ADDRESSES = {
    f"/api{operation.path}".format(room_id="1", name="routes"): operation
    for operation in OPERATIONS
}
STRICT = [path for path, o in ADDRESSES.items() if not o.ignores_unknown]
LENIENT = [path for path, o in ADDRESSES.items() if o.ignores_unknown]


@pytest.mark.parametrize("path", [*ADDRESSES, "/health"])
def test_a_path_in_another_case_or_with_a_last_slash_is_the_same(
    api: httpx.Client, path: str
) -> None:
    answer, usual = api.get(f"{path.upper()}/"), api.get(path)
    assert (answer.status_code, answer.text) == (usual.status_code, usual.text)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", [*ADDRESSES, "/health"])
def test_another_method_is_told_which_ones_there_are(
    api: httpx.Client, method: str, path: str
) -> None:
    answer = api.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert answer.json() == {"detail": "Bad method; allowed: GET, HEAD"}


@pytest.mark.parametrize(
    "odd", ["tables/routes%00", "tables/%2e%2e/report", "%5c%5chost", "a//b", "c:/x"]
)
def test_whatever_the_path_a_refusal_is_json(running: Dashboard, odd: str) -> None:
    """Of the real server: Streamlit refuses some paths before any route sees them."""
    address = f"{running.url}/api/{odd}"
    for headers, status, detail in (
        ({"Authorization": TOKEN}, 404, "Not found|Unknown route; .*"),
        ({}, 401, "Unauthorized"),
    ):
        answer = get(address, headers=headers)
        assert answer.status_code == status
        assert re.fullmatch(detail, answer.json()["detail"])
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", ["x", "From", "since", "", "\x00", "é" * 200])
@pytest.mark.parametrize("path", STRICT)
def test_a_parameter_that_nothing_reads_is_refused(
    api: httpx.Client, path: str, name: str
) -> None:
    """An answer that ignores it would be taken for what was asked for."""
    answer = api.get(path, params={name: "2026-11-01"})
    assert answer.status_code == 400
    detail = answer.json()["detail"]
    assert detail.startswith(f"Unknown parameter {name[:40]}")
    assert "; allowed: " in detail
    assert len(detail) < 200


def test_the_replaced_service_and_the_description_ignore_what_nothing_reads() -> None:
    assert [
        *("/api", "/api/room/1/stats", "/api/daily-analytics", "/api/docs")
    ] == LENIENT


@pytest.mark.parametrize("query", ["?_=1732619220", "?_=1&_=2", "?utm_source=chat"])
@pytest.mark.parametrize("path", LENIENT)
def test_a_parameter_that_nothing_reads_changes_no_answer_there(
    api: httpx.Client, path: str, query: str
) -> None:
    answer = api.get(path + query)
    assert answer.status_code == 200
    assert answer.text == api.get(path).text


NEVER_RIGHT = (
    *("", " ", "null", "None", "NaN", "Infinity", "-1", "0", "1e3", "1.5", "+1", "[]"),
    *("2026-02-30", "2026-02-29", "2026/11/01", "2026-W01-1", "2026-11-01T00:00"),
    *("\u0662\u0660\u0662\u0666-11-01", "\u0661", "9999-12-31", "9" * 50, "day;week"),
    *("\x00", "a\x00b", "\ud7ff", "<script>", "' OR 1=1", "../../etc", "x" * 5_000),
)
PARAMETERS = [
    (f"/api{operation.path}".format(name="routes", room_id="1"), parameter.name)
    for operation in OPERATIONS
    for parameter in operation.parameters
    if parameter.location == "query"
]


@pytest.mark.parametrize(("path", "name"), PARAMETERS)
def test_a_value_that_cannot_be_meant_is_refused_with_what_is_allowed(
    api: httpx.Client, path: str, name: str
) -> None:
    for value in NEVER_RIGHT:
        answer = api.get(path, params={name: value})
        assert answer.status_code == 400, value
        detail = answer.json()["detail"]
        assert detail.startswith(f"Bad {name}; allowed: "), value
        assert len(detail) < 400, value


@pytest.mark.parametrize(
    "path", ["/api", "/api/typo", "/api/room/0/stats", "/api/openapi.json"]
)
def test_an_answer_is_never_stored(api: httpx.Client, path: str) -> None:
    assert api.get(path).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("header", [TOKEN, f"Bearer {TOKEN}", f"bearer   {TOKEN}"])
def test_the_token_comes_bare_or_as_bearer(api: httpx.Client, header: str) -> None:
    answer = api.get("/api/daily-analytics", headers={"Authorization": header})
    assert answer.status_code == 200


def test_two_tokens_are_refused_with_the_reason(api: httpx.Client) -> None:
    """Which of them counts would be a guess; a proxy that adds one is found so."""
    headers = [("Authorization", TOKEN), ("authorization", "Basic eA==")]
    for pair in (headers, headers[::-1]):
        answer = get(f"{api.base_url}/api/daily-analytics", headers=pair)
        assert answer.status_code == 400
        assert answer.json() == {"detail": "Two Authorization headers: send one"}


def test_an_unreadable_store_is_explained_and_captured_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, log_to_caplog: None
) -> None:
    (tmp_path / "fpp_votes.parquet").write_bytes(b"PAR1 this is no Parquet file PAR1")
    with serving(parts(StoppedClock(), tmp_path)) as url:
        answer = get(f"{url}/api", headers={"Authorization": TOKEN})
    assert answer.status_code == 500
    assert answer.json()["detail"] == (
        "fpp_votes.parquet is not a readable Parquet file. Put a whole copy there, or "
        "let the sync job write the store."
    )
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]
    assert f"[{answer.json()['reference']}]" in caplog.text


def test_any_other_failure_inside_says_nothing_but_its_reference(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    log_to_caplog: None,
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr("web.api.queries.all_metrics", fails)
    with serving(parts(StoppedClock())) as url:
        answer = get(f"{url}/api", headers={"Authorization": TOKEN})
    (record,) = caplog.records
    assert answer.status_code == 500
    assert answer.json() == {
        "detail": "Internal server error",
        "reference": record.__dict__["fields"]["reference"],
    }


@pytest.mark.parametrize(
    "path", ["/api/typo", "/api/room/0/stats", "/api/tables/typo", "/api/tables/x?y=1"]
)
def test_a_mistake_of_the_client_is_not_captured(
    api: httpx.Client, path: str, caplog: pytest.LogCaptureFixture, log_to_caplog: None
) -> None:
    assert api.get(path).status_code in {400, 404}
    assert caplog.records == []


def test_the_last_24_hours_of_a_table_equal_the_daily_summary(
    api: httpx.Client,
) -> None:
    daily = api.get("/api/daily-analytics").json()
    table = api.get(
        "/api/tables/votes_over_time?period=last_24_hours&every=hour&format=json"
    ).json()
    assert sum(row["votes"] for row in table["rows"]) == daily["votes"]
    assert sum(row["estimations"] for row in table["rows"]) == daily["estimations"]
    assert len(table["rows"]) in {24, 25}


@pytest.mark.parametrize(
    "query", ["period=last_moon", "period=today&from=2026-11-01", "period="]
)
def test_a_period_that_cannot_be_meant_is_refused(
    api: httpx.Client, query: str
) -> None:
    answer = api.get(f"/api/tables/votes_over_time?{query}")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("Bad period; allowed: ")


def test_the_daily_summary_is_a_row_of_a_table_with_bots(api: httpx.Client) -> None:
    daily = api.get("/api/daily-analytics").json()
    rows = api.get("/api/tables/daily_summary?bots=include&format=json").json()["rows"]
    (last,) = (row for row in rows if row["span"] == "last 24 hours")
    assert {key: last[key] for key in daily} == daily


def test_a_whole_address_is_answered_as_its_path_and_host(running: Dashboard) -> None:
    # As clients send it that take the server for a proxy.
    targets = [
        "http://stats.example.org/health",
        "http://stats.example.org/api",
        "HTTP://stats.example.org/api/tables/%72outes?period=today",
        "http://stats.example.org/api/alerts",
    ]
    headers = {"Authorization": TOKEN, "Host": "other.example.org"}
    with client(base_url=running.url, headers=headers) as program:
        found = [program.get("/", extensions={"target": t.encode()}) for t in targets]
    assert [answer.status_code for answer in found] == [200] * len(targets)
    links = [alert["link"] for alert in found[-1].json()]
    assert links
    assert all(link.startswith("http://stats.example.org/") for link in links)
    with client(base_url=running.url, headers={"Accept": "text/html"}) as browser:
        home = browser.get("/x", extensions={"target": b"http://stats.example.org"})
    assert home.headers["location"] == "/login?next=/"
