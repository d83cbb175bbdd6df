"""The OpenAPI document is true: real answers fit it, and it leaves nothing out."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import (  # type: ignore[import-untyped]  # ships no types
    Draft202012Validator,
)

from metrics.registry import METRIC_TABLES
from metrics.tables import TABLES
from store.manifest import CURRENT
from testkit.dashboard import TOKEN, get, serving
from tests.conftest import EXAMPLES
from tests.web.conftest import StoppedClock, parts
from web.api.openapi import HEALTH, OPERATIONS, Parameter
from web.auth.throttle import FREE_ATTEMPTS
from web.health import Health

# JSON has no types of its own.
Document = Mapping[str, Any]


@pytest.fixture(scope="module")
def document(api: httpx.Client) -> Document:
    answer: Document = api.get("/api/openapi.json").json()
    return answer


def check(document: Document, path: str, answer: httpx.Response) -> None:
    """Fail unless the answer fits what the document says of its path and status."""
    responses = document["paths"][path]["get"]["responses"]
    content = responses[str(answer.status_code)]["content"]
    schema = content[answer.headers["content-type"].partition(";")[0]]["schema"]
    validator = Draft202012Validator(
        {**schema, "components": document["components"]},
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
    assert [error.message for error in validator.iter_errors(answer.json())] == []


def test_the_document_names_version_server_and_both_forms_of_the_token(
    document: Document,
) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "/api"}]
    assert document["security"] == [{"bearer": []}, {"bare": []}]


def test_the_document_names_every_route_and_every_table(document: Document) -> None:
    assert list(document["paths"]) == [
        "/",
        "/room/{room_id}/stats",
        "/daily-analytics",
        "/tables/{name}",
        "/report",
        "/alerts",
        "/openapi.json",
        "/docs",
        "/health",
    ]
    name = document["paths"]["/tables/{name}"]["get"]["parameters"][0]
    assert name["schema"]["enum"] == list(METRIC_TABLES)


@pytest.mark.parametrize("operation", [*OPERATIONS, HEALTH], ids=lambda o: o.name)
def test_every_schema_is_a_schema(document: Document, operation: Any) -> None:
    for schema in operation.responses.values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("path", "request_path", "status"),
    [
        ("/", "", 200),
        ("/", "/", 200),
        ("/room/{room_id}/stats", "/room/1/stats", 200),
        ("/room/{room_id}/stats", "/room/2147483647/stats", 200),
        ("/room/{room_id}/stats", "/room/0/stats", 400),
        ("/daily-analytics", "/daily-analytics", 200),
        ("/tables/{name}", "/tables/typo", 404),
        ("/tables/{name}", "/tables/routes?to=1", 400),
        ("/openapi.json", "/openapi.json", 200),
        *(
            ("/tables/{name}", f"/tables/{name}?format=json", 200)
            for name in METRIC_TABLES
        ),
    ],
)
def test_a_real_answer_fits(
    api: httpx.Client, document: Document, path: str, request_path: str, status: int
) -> None:
    answer = api.get(f"/api{request_path}")
    assert answer.status_code == status
    check(document, path, answer)


def values_of(parameter: Parameter) -> st.SearchStrategy[str]:
    """Return allowed values in either case, and values that may be refused."""
    likely = {
        "from": ["2024-02-29", "2026-11-01", "2026-11-20", "2026-11-21"],
        "to": ["2024-02-29", "2026-11-01", "2026-11-20", "2026-11-21"],
        "tz": ["Europe/Berlin", "pacific/kiritimati", "Etc/GMT+5", "GMT+5", "EST"],
        "room": ["1", "88", "0088", "2147483647", "2147483648"],
        "room_id": ["1", "88", "0088", "2147483647", "2147483648"],
    }
    allowed = likely.get(parameter.name) or list(parameter.schema["enum"])  # type: ignore[call-overload]  # a list, of JSON
    as_meant = st.sampled_from(allowed)
    odd = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9)
    return as_meant | as_meant.map(str.upper) | odd


@settings(max_examples=min(EXAMPLES, 60))
@given(data=st.data())
def test_any_request_is_answered_as_described(
    api: httpx.Client, document: Document, data: st.DataObject
) -> None:
    operation = data.draw(st.sampled_from(OPERATIONS))
    inside: dict[str, str] = {}
    query: dict[str, str] = {}
    for parameter in operation.parameters:
        if parameter.location == "path":
            value = data.draw(values_of(parameter))
            inside[parameter.name] = quote(value, safe="")
        elif data.draw(st.booleans()):
            query[parameter.name] = data.draw(values_of(parameter))
    answer = api.get("/api" + operation.path.format(**inside), params=query)
    if answer.status_code == 404 and answer.json()["detail"].startswith(
        "Unknown route"
    ):
        # A slash or a dot in a name is another path, and Streamlit refuses a NUL.
        assert set("/.\0") & set("".join(unquote(v) for v in inside.values()))
        return
    assert answer.status_code in {200, 400, 404}
    if answer.headers["content-type"].startswith("application/json"):
        check(document, operation.path or "/", answer)
    else:
        described = document["paths"][operation.path or "/"]["get"]["responses"]
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in described[str(answer.status_code)]["content"]


def test_an_empty_value_is_no_value(api: httpx.Client, document: Document) -> None:
    empty = [
        (path, parameter["name"], parameter["schema"])
        for path, item in document["paths"].items()
        for parameter in item["get"]["parameters"]
        if parameter["in"] == "query"
    ]
    assert {name for _, name, _ in empty} > {"tz", "from", "period", "room"}
    dates = Draft202012Validator.FORMAT_CHECKER
    for path, name, schema in empty:
        described = Draft202012Validator(schema, format_checker=dates)
        assert not described.is_valid(""), (path, name)
        address = f"/api{path.format(name='routes')}"
        assert api.get(address, params={name: ""}).status_code == 400, (path, name)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_without_the_token_every_route_refuses_as_described(
    api: httpx.Client, document: Document, operation: Any
) -> None:
    path = operation.path.format(room_id=1, name="routes")
    answer = get(api.base_url.join(f"/api{path}"))
    assert answer.status_code == 401
    check(document, operation.path or "/", answer)


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_table_comes_as_one_of_the_types_that_are_described(
    api: httpx.Client, document: Document, form: str
) -> None:
    answer = api.get("/api/tables/routes", params={"format": form})
    described = document["paths"]["/tables/{name}"]["get"]["responses"]["200"]
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in described["content"]
    assert form in kind


def test_a_failure_inside_answers_as_described(
    document: Document, tmp_path: Path
) -> None:
    (tmp_path / "fpp_votes.parquet").write_bytes(b"PAR1 this is no Parquet file PAR1")
    with serving(parts(StoppedClock(), tmp_path)) as url:
        answer = get(f"{url}/api", headers={"Authorization": TOKEN})
    assert answer.status_code == 500
    check(document, "/", answer)


def test_a_service_that_refuses_answers_as_described(document: Document) -> None:
    # Nothing listens on the service's port of this machine.
    app = parts(StoppedClock(), BEA_BASE_URL="127.0.0.1", BEA_SECRET_KEY="k")  # noqa: S106  # no secret
    with serving(app) as url:
        answer = get(f"{url}/api/daily-analytics", headers={"Authorization": TOKEN})
    assert answer.status_code == 502
    check(document, "/daily-analytics", answer)


def test_who_guesses_is_answered_as_described(document: Document) -> None:
    with serving(parts(StoppedClock())) as url:
        for _ in range(FREE_ATTEMPTS + 1):
            answer = get(f"{url}/api", headers={"Authorization": "guess"})
    assert answer.status_code == 429
    assert answer.headers["retry-after"].isdigit()
    check(document, "/", answer)


@pytest.mark.parametrize("base", ["", "/fpp"])
@pytest.mark.parametrize("spoiled", [False, True])
def test_the_health_report_is_where_the_document_says_and_as_it_says(
    tmp_path: Path, base: str, *, spoiled: bool
) -> None:
    """It needs no token, and is beside the API, wherever that is."""
    if spoiled:
        (tmp_path / CURRENT).write_text("nothing")
    with serving(parts(StoppedClock(), tmp_path, base=base)) as url:
        token = {"Authorization": TOKEN}
        document = get(f"{url}{base}/api/openapi.json", headers=token).json()
        described = document["paths"]["/health"]
        (server,) = described["servers"]
        assert described["get"]["security"] == []
        assert described["get"]["responses"].keys() == {"200", "500"}
        answer = get(f"{url}{server['url'].removesuffix('/')}/health")
    assert ("detail" in answer.json()["components"]["storage"]) is spoiled
    check(document, "/health", answer)
    names, now = frozenset(table.name for table in TABLES), datetime(2026, 11, 20)
    fresh = Health(names, 12.5, now, timedelta(1), is_late=False, longest_wait=60)
    check(document, "/health", httpx.Response(200, json=fresh.to_json()))


def test_a_wrong_answer_would_not_fit(document: Document) -> None:
    wrong = httpx.Response(200, json={"votes": -1})
    with pytest.raises(AssertionError, match="less than the minimum"):
        check(document, "/daily-analytics", wrong)


def test_the_document_is_the_same_each_time(api: httpx.Client) -> None:
    first, second = (api.get("/api/openapi.json").text for _ in range(2))
    assert json.loads(first) == json.loads(second)


def test_the_page_has_every_route_parameter_status_and_working_examples(
    api: httpx.Client, document: Document
) -> None:
    answer = api.get("/api/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    # What holds for all routes is said once, above them.
    assert "are refused (405)." in answer.text.partition("<section")[0]
    for path, item in document["paths"].items():
        operation = item["get"]
        begin = answer.text.index(f'<section id="{operation["operationId"]}">')
        section = answer.text[begin : answer.text.index("</section>", begin)]
        base = "" if path == HEALTH.path else "/api"
        assert f"GET {base}{path.removesuffix('/')}</h2>" in section
        needed = [each for each in operation["parameters"] if each["required"]]
        assert section.count("path, required") == len(needed)
        for parameter in operation["parameters"]:
            assert f"<code>{parameter['name']}</code>" in section
        for status, response in operation["responses"].items():
            assert f'<th scope="row">{status}</th>' in section
            assert escape(response["description"]).partition("`")[0] in section
            for name in response.get("headers", ()):
                assert f"Header <code>{name}</code>" in section
        example = re.search(r"&quot;(http[^&]+)&quot;", section)
        assert example
        assert ("Authorization" in section) is (path != HEALTH.path)
        assert api.get(unescape(example[1])).status_code == 200
    # What may be one of two kinds says both.
    assert re.search(r"<code>comparison</code>[^<]*object or null", answer.text)
    assert "<script" not in answer.text


def test_browsers_read_the_page_after_the_login_and_programs_with_the_token(
    stranger: httpx.Client, member: httpx.Client
) -> None:
    page = {"Accept": "text/html"}
    refused = stranger.get("/api/docs", headers=page)
    assert refused.status_code == 303
    assert refused.headers["location"] == "/login?next=/api/docs"
    assert stranger.get("/api/openapi.json", headers=page).status_code == 401
    assert stranger.get("/api/docs", headers={"Authorization": "x"}).status_code == 401
    for path in ("/api/docs", "/api/openapi.json"):
        assert member.get(path, headers=page).status_code == 200
    # The cookie opens nothing else of the API.
    for path in ("/api", "/api/alerts", "/api/docs/x"):
        assert member.get(path, headers=page).status_code == 401, path
