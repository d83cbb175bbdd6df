"""A slow question of a program keeps no page, no login and no monitor waiting."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from store.engine import AT_ONCE
from testkit.dashboard import TOKEN, dashboard, get, wait_until
from testkit.visitor import log_in, visiting

SLOW = """
import os, pathlib, time
from web.api import queries
answered = queries.all_metrics
def all_metrics(snapshot, now):
    folder = pathlib.Path(os.environ["SIGNALS"])
    (folder / f"asked-{time.monotonic_ns()}").touch()
    while not (folder / "go-on").exists():
        time.sleep(0.02)
    return answered(snapshot, now)
queries.all_metrics = all_metrics
"""
"""Makes the largest question take as long as a test wants."""


def wait_until_asked(signals: Path) -> None:
    def all_asked() -> bool:
        return len(list(signals.glob("asked-*"))) >= AT_ONCE

    wait_until(all_asked, "the questions did not arrive")


def test_while_programs_wait_all_others_are_served(tmp_path: Path) -> None:
    variables = {"ANALYTICS_SECRET_TOKEN": TOKEN, "SIGNALS": str(tmp_path)}
    with (
        dashboard(variables, before=SLOW) as running,
        ThreadPoolExecutor(6) as programs,
    ):

        def ask() -> int:
            headers = {"Authorization": TOKEN}
            return get(f"{running.url}/api", headers=headers, timeout=60).status_code

        waiting = [programs.submit(ask) for _ in range(6)]
        try:
            wait_until_asked(tmp_path)
            assert get(f"{running.url}/health").status_code == 200
            with visiting(running.url, log_in(running.url, TOKEN)) as visitor:
                drawn = visitor.open("votes")
            asked = len(list(tmp_path.glob("asked-*")))
            still_waiting = [not answer.done() for answer in waiting]
        finally:
            (tmp_path / "go-on").touch()
        statuses = [answer.result() for answer in waiting]
    assert "Votes" in drawn.texts
    assert not drawn.failed
    assert still_waiting == [True] * 6
    # The others are not even begun: memory is bounded as well.
    assert asked == AT_ONCE
    assert statuses == [200] * 6
