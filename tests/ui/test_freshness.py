"""The badge of freshness turns amber and red after missed runs of the sync job."""

from datetime import datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from testkit.dashboard import LONGEST_WAIT
from ui import freshness, query_params
from ui.blocks.data_page import longest_wait

NOW = datetime(2026, 11, 22, 14, 24)
INTERVAL = 600


@pytest.mark.parametrize(
    ("minutes", "color"),
    [
        (0, "green"),
        (20, "green"),
        (21, "orange"),
        (60, "orange"),
        (61, "red"),
        (60 * 24, "red"),
    ],
)
def test_two_missed_runs_are_amber_and_six_are_red(minutes: int, color: str) -> None:
    until = NOW - timedelta(minutes=minutes)
    assert freshness.level(until, NOW, INTERVAL) == color


def test_the_sync_interval_sets_the_pace() -> None:
    until = NOW - timedelta(minutes=21)
    assert freshness.level(until, NOW, 3600) == "green"


@pytest.mark.parametrize(
    ("seconds", "text"), [(20, "1 minute"), (60, "1 minute"), (61, "2 minutes")]
)
def test_a_wait_is_rounded_up_to_whole_minutes(seconds: float, text: str) -> None:
    assert longest_wait(seconds).endswith(f"follow within {text}.")


@pytest.mark.parametrize(
    ("versions", "reruns"), [(["a", "a"], 0), (["a", "b"], 1), ([None, "a"], 1)]
)
def test_a_store_that_could_not_be_read_is_read_once_it_is_another(
    monkeypatch: pytest.MonkeyPatch, versions: list[str | None], reruns: int
) -> None:
    def page() -> None:
        from pathlib import Path

        from ui import freshness

        freshness.rerun_on_change(Path())

    asked = []
    monkeypatch.setattr(freshness, "_version", lambda _: versions.pop(0))
    monkeypatch.setattr(query_params, "refresh", lambda: asked.append(1))
    AppTest.from_function(page, default_timeout=LONGEST_WAIT).run()
    assert len(asked) == reruns


@pytest.mark.parametrize(("version", "reruns"), [("a", 0), ("b", 1), (None, 0)])
def test_a_page_is_drawn_again_for_newer_data_and_kept_while_none_can_be_read(
    monkeypatch: pytest.MonkeyPatch, version: str | None, reruns: int
) -> None:
    def page() -> None:
        from dataclasses import replace
        from pathlib import Path

        from metrics.time_zone import UTC_ZONE
        from store.snapshot import NOTHING
        from ui import freshness

        snapshot = replace(NOTHING, version="a")
        freshness.render_badge(snapshot, Path(), 600, UTC_ZONE)

    asked = []
    monkeypatch.setattr(freshness, "_version", lambda _: version)
    monkeypatch.setattr(query_params, "refresh", lambda: asked.append(1))
    AppTest.from_function(page, default_timeout=LONGEST_WAIT).run()
    assert len(asked) == reruns
