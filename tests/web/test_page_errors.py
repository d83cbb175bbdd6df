"""A page that fails shows a sentence and a reference; the failure is reported once."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st

from metrics.tables import VOTES
from testkit.dashboard import TOKEN, dashboard, get
from testkit.fixed_clock import GOLDEN_NOW
from testkit.publishing import golden, publish
from testkit.visitor import log_in, visiting
from tests.web.sentry import sentry
from web import errors

SENTENCE = re.compile(r"failed to load\. Reported as \*\*([0-9a-f]{8})\*\*")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A store that has lost the blocks of its votes."""
    manifest = publish(tmp_path, golden(), GOLDEN_NOW)
    for block in manifest.tables[VOTES.name]:
        (tmp_path / block.file).unlink()
    return tmp_path


@pytest.mark.parametrize("environment", ["production", "development"])
def test_a_failing_page_shows_a_reference_that_is_in_log_and_sentry(
    broken: Path, environment: str
) -> None:
    with sentry() as tracker:
        variables = {
            "DATA_DIR": str(broken),
            "ANALYTICS_SECRET_TOKEN": TOKEN,
            "FPP_ANALYTICS_SENTRY_DSN": tracker.dsn,
            "SENTRY_ENVIRONMENT": environment,
        }
        with dashboard(variables) as running:
            with visiting(running.url, log_in(running.url, TOKEN)) as visitor:
                drawn = visitor.open("votes")
                shown = "\n".join(drawn.texts)
            _, log = running.stop()
    [reference] = SENTENCE.findall(shown)
    # Another period may be shown.
    assert "Period" in drawn.boxes
    assert "Traceback" not in shown
    assert "FileNotFoundError" not in shown
    # Reloading helps where the sync job has replaced the file meanwhile.
    assert "Reload; if this message returns, `python sync_job.py --verify`" in shown
    assert sum(reference in line for line in log.splitlines()) == 1
    assert log.count("Traceback") == 1
    sent = [event["tags"]["reference"] for event in tracker.events]
    assert sent == ([reference] if environment == "production" else [])
    if environment == "production":
        lines = [json.loads(line) for line in log.splitlines()]
        assert [entry["msg"] for entry in lines][-1] == "stopped"


def test_a_store_that_cannot_be_read_is_one_line_of_the_log(broken: Path) -> None:
    (broken / "CURRENT").write_text("")
    variables = {"DATA_DIR": str(broken), "ANALYTICS_SECRET_TOKEN": TOKEN}
    with dashboard(variables) as running:
        headers = {"Authorization": TOKEN}
        answer = get(f"{running.url}/api/alerts", headers=headers)
        _, log = running.stop()
    assert answer.status_code == 500
    [line] = [line for line in log.splitlines() if "StoreError" in line]
    assert "CURRENT does not name a manifest. Run `python sync_job.py" in line
    assert "Traceback" not in log
    assert "No data yet" not in log


@pytest.mark.parametrize(
    ("fragments", "has_started", "shown_by"),
    [
        (None, True, "error"),
        (None, False, "error"),
        (["block"], True, "error"),
        # Whatever is drawn before a block is would replace the head of the page, and
        # with the next run of its fragment the browser would show a white page.
        (["block"], False, "toast"),
    ],
)
def test_a_failing_click_in_a_block_leaves_the_page_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
    fragments: list[str] | None,
    has_started: bool,
    shown_by: str,
) -> None:
    run = SimpleNamespace(
        fragment_ids_this_run=fragments, has_script_started=has_started
    )
    monkeypatch.setattr(errors, "get_script_run_ctx", lambda: run)
    shown = []
    for name in ("error", "toast"):
        monkeypatch.setattr(
            st, name, lambda text, name=name, **_: shown.append((name, text))
        )
    assert errors.show_page_error(ValueError())
    [(by, text)] = shown
    assert by == shown_by
    assert SENTENCE.search(text)
