"""The badge of freshness turns amber and red after missed runs of the sync job."""

from datetime import datetime, timedelta

import pytest

from ui import freshness
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
