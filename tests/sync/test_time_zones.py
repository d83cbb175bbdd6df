"""Situation 4: a server in Berlin, and both of its clock changes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core import clock
from metrics.tables import ESTIMATIONS, USERS
from testkit.database_servers import Kind, LiveDatabase, running_server
from testkit.harness import Store
from tests.sync.rows import estimation, user

INSTANTS = [
    "2026-03-29 00:59:59",  # 01:59:59 in Berlin, one second before the hour is lost
    "2026-03-29 01:00:00",  # 03:00:00
    "2026-10-25 00:30:00",  # 02:30:00, the first time
    "2026-10-25 01:30:00",  # 02:30:00 again
]


@pytest.fixture(scope="module")
def berlin(own_kind: Kind) -> Iterator[LiveDatabase]:
    with running_server(own_kind, time_zone="Europe/Berlin") as berlin:
        yield berlin.create_database()


def test_a_server_in_berlin_gives_the_same_instants_in_utc(
    berlin: LiveDatabase, tmp_path: Path
) -> None:
    rows = [estimation(key, at=at) for key, at in enumerate(INSTANTS, 1)]
    berlin.insert(ESTIMATIONS, rows)
    berlin.execute("INSERT INTO fpp_users (id) VALUES ('now')")
    store = Store(tmp_path, berlin)
    assert store.sync() == 0
    seen = store.rows(ESTIMATIONS)["estimated_at"].dt.to_string("%F %T").to_list()
    assert seen == INSTANTS
    store.assert_equals_source()


def test_the_time_of_the_data_is_the_servers_clock_in_utc(
    berlin: LiveDatabase, tmp_path: Path
) -> None:
    store = Store(tmp_path, berlin)
    began = datetime.now(UTC).replace(tzinfo=None)
    store.sync()
    ended = datetime.now(UTC).replace(tzinfo=None)
    second = timedelta(seconds=1)  # of which the server's clock tells no part
    assert began - second <= store.manifest().snapshot_at <= ended + second


def test_users_of_the_night_between_two_quarters_are_in_the_one_of_utc(
    berlin: LiveDatabase, tmp_path: Path
) -> None:
    berlin.insert(USERS, [user("new year in Berlin", "2025-12-31 23:30:00")])
    store = Store(tmp_path, berlin)
    store.sync()
    store.assert_equals_source()
    assert "2025Q4" in {block.key for block in store.manifest().tables[USERS.name]}


@pytest.mark.parametrize(
    ("ours", "said"),
    [
        (timedelta(hours=2), "120 minutes behind this machine's. The dashboard takes"),
        (timedelta(days=-1), "1,440 minutes ahead of this machine's. The dashboard no"),
        (timedelta(seconds=120), "2 minutes behind this machine's."),
        (timedelta(seconds=80), ""),
        (timedelta(), ""),
    ],
)
def test_a_clock_that_is_not_the_databases_is_said(
    berlin: LiveDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    ours: timedelta,
    said: str,
) -> None:
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: now() + ours)
    with caplog.at_level("WARNING", logger="fpp"):
        assert Store(tmp_path, berlin).sync() == 0
    assert [said in line for line in caplog.messages] == [True] * bool(said)
