"""An unhandled failure: one response without a trace, one report."""

import logging
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from testkit.dashboard import get, serving
from web.errors import ErrorMiddleware


async def fails(_: Request) -> Response:
    raise RuntimeError("a secret of the inside")


async def breaks_off(_: Request) -> Response:
    def body() -> Iterator[bytes]:
        yield b"begun"
        raise RuntimeError("a secret of the inside")

    return StreamingResponse(body())


APP = Starlette(
    routes=[Route("/fails", fails), Route("/breaks-off", breaks_off)],
    middleware=[Middleware(ErrorMiddleware)],
)


def test_it_is_answered_without_a_trace_and_captured_once(
    caplog: pytest.LogCaptureFixture, log_to_caplog: None
) -> None:
    with serving(APP) as url:
        answer = get(f"{url}/fails")
    (record,) = caplog.records
    assert answer.status_code == 500
    assert answer.json() == {
        "detail": "Internal server error",
        "reference": record.__dict__["fields"]["reference"],
    }
    assert record.levelname == "CRITICAL"
    assert "server/request: RuntimeError" in caplog.text


def test_an_answer_that_has_begun_breaks_off_and_is_captured_once(
    caplog: pytest.LogCaptureFixture,
    log_to_caplog: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    server = logging.getLogger("uvicorn.error")
    monkeypatch.setattr(server, "error", lambda text, **_: said.append(text))
    with serving(APP) as url, pytest.raises(Exception, match="without"):
        get(f"{url}/breaks-off")
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]
    # Not that a second answer cannot begin, with all of the trace again.
    assert said == ["ASGI callable returned without completing response."]
