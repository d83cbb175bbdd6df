"""Situation 14: the monitor, well and ill."""

import logging
import re
import socket
import ssl
import threading
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest

from core.network import run_within
from core.settings import Secret
from metrics.tables import TABLES, VOTES
from sync.job import push
from testkit.database_servers import LiveDatabase
from testkit.harness import Store
from testkit.ports import free_port
from tests.sync.conftest import Lines, on_one_kind
from tests.sync.endpoints import endpoint, listening
from tests.sync.rows import insert_votes
from tests.sync.test_tls import authority


def test_up_is_pushed_with_the_summary_and_the_milliseconds_of_the_run(
    database: LiveDatabase, store: Store
) -> None:
    insert_votes(database, range(1, 4))
    with endpoint() as monitor:
        store.heartbeat = monitor.url
        assert store.sync() == 0
    (push,) = monitor.pushes
    assert push["status"] == "up"
    assert re.match(
        r"Synced 6 tables in [\d.]+ s: 3 new, 0 changed, 0 deleted", push["msg"]
    )
    assert 0 < int(push["ping"]) < 60_000


def test_up_is_pushed_only_once_the_new_state_is_in_force(
    database: LiveDatabase, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert_votes(database, range(1, 4))
    in_force: list[int] = []
    monkeypatch.setattr(
        "sync.job.push",
        lambda *_: in_force.append(store.rows(VOTES).height),
    )
    store.sync()
    assert in_force == [3]


def test_down_is_pushed_with_a_reason_that_names_no_host_and_no_user(
    database: LiveDatabase, store: Store
) -> None:
    database.execute("DROP TABLE fpp_events")
    with endpoint() as monitor:
        store.heartbeat = monitor.url
        assert store.sync() == 1
    (push,) = monitor.pushes
    assert push["status"] == "down"
    assert "fpp_events is missing" in push["msg"]
    assert "127.0.0.1" not in push["msg"]


def test_an_unforeseen_error_is_pushed_by_its_kind_only(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("sync.job.connected", fail)
    with endpoint() as monitor:
        store.heartbeat = monitor.url
        assert store.sync() == 1
    assert monitor.pushes[0]["msg"] == (
        "Unexpected RuntimeError. The store is unchanged. See the job's log."
    )


def test_a_long_reason_is_cut_so_that_every_monitor_takes_it(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    for table in TABLES:
        columns = ", ".join(f"another_{n} int" for n in range(99))
        database.execute(f"DROP TABLE {table.name}")
        database.execute(f"CREATE TABLE {table.name} ({columns})")
    with endpoint() as monitor:
        store.heartbeat = monitor.url
        assert store.sync() == 1
    (push,) = monitor.pushes
    assert len(reported[-1]) > 7_000 > len(monitor.paths[0])
    assert push["msg"].startswith("39 differences between the database and metrics")
    assert push["msg"].endswith("…")


ILL = {
    "answers 500": (dict[str, object](status=500), "500"),
    "redirects": (dict[str, object](status=302, headers={"Location": "/"}), "302"),
    "shows a login": (dict[str, object](body=b"\n<!DOCTYPE html>"), "a web page"),
    "hangs": (dict[str, object](hangs=True), "no answer within 0.5 s"),
    "answers slowly": (dict[str, object](pause=0.1), "no answer within 0.5 s"),
}


@on_one_kind
@pytest.mark.parametrize(("told", "said"), ILL.values(), ids=ILL.keys())
def test_a_monitor_that_fails_does_not_touch_the_sync_and_is_logged_once(
    database: LiveDatabase,
    store: Store,
    lines: Lines,
    monkeypatch: pytest.MonkeyPatch,
    told: dict[str, object],
    said: str,
) -> None:
    # A busy machine may take longer than that for an answer.
    if "0.5 s" in said:
        monkeypatch.setattr("sync.job._HEARTBEAT_SECONDS", 0.5)
    tries: list[float] = []

    def counted(seconds: float, work: Coroutine[Any, Any, int]) -> int:
        tries.append(seconds)
        return run_within(seconds, work)

    monkeypatch.setattr("core.network.run_within", counted)
    insert_votes(database, range(1, 4))
    with endpoint(**told) as monitor:  # type: ignore[arg-type]  # one table of cases
        store.heartbeat = monitor.url
        assert store.sync() == 0
    # In half a second a busy machine does not even get to ask.
    assert len(tries) == 2 >= len(monitor.paths)
    store.assert_equals_source()
    (medium,) = [line for line in lines.records if line.levelno > logging.INFO]
    assert medium.levelno == logging.WARNING
    assert f"Heartbeat failed ({said}). The data is not affected" in medium.getMessage()


def test_a_name_that_is_looked_up_for_ever_delays_no_run_and_no_exit(
    reported: Sequence[str],
    monkeypatch: pytest.MonkeyPatch,
    hanging_lookups: Sequence[threading.Thread],
) -> None:
    monkeypatch.setattr("sync.job._HEARTBEAT_SECONDS", 0.2)
    # A proxy of the network would look the name up.
    monkeypatch.setenv("no_proxy", "*")
    push(Secret("http://monitor.example/api/push/t0ken"), "up", "", 1)
    assert [thread.daemon for thread in hanging_lookups] == [True, True]
    (line,) = reported
    assert "Heartbeat failed (no answer within 0.2 s)" in line


@pytest.mark.parametrize("body", [b'{"ok":true}', b"OK", b"", b" "])
def test_what_monitors_answer_is_taken(reported: Sequence[str], body: bytes) -> None:
    with endpoint(body=body) as monitor:
        push(Secret(monitor.url), "up", "", 1)
    assert [*reported] == []
    assert len(monitor.pushes) == 1


def test_parameters_that_the_monitor_needs_are_kept() -> None:
    with endpoint() as monitor:
        push(Secret(f"{monitor.url}&team=blue"), "down", "a & b", 1.5)
    (sent,) = monitor.pushes
    assert sent == {"team": "blue", "status": "down", "msg": "a & b", "ping": "1500"}


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "127.0.0.1:99999"])
def test_an_address_that_cannot_be_meant_is_logged_without_it(
    store: Store, reported: Sequence[str], host: str
) -> None:
    """Not all of what is raised then is an error of the HTTP client."""
    store.heartbeat = f"http://{host}/api/push/t0ken"
    assert store.sync() == 0
    (line,) = reported
    assert re.search(r"Heartbeat failed \((?!no answer)[\w ]+\)", line)
    assert "t0ken" not in line


def test_a_monitor_that_is_not_there_is_logged_without_its_address(
    store: Store, reported: Sequence[str]
) -> None:
    store.heartbeat = f"http://127.0.0.1:{free_port()}/api/push/t0ken"
    assert store.sync() == 0
    (line,) = reported
    assert re.search(r"Heartbeat failed \(no connection\)", line)


def with_an_unknown_certificate(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made = authority(folder, "unknown")
    context.load_cert_chain(made, made.with_suffix(".key"))
    return context


NO_MONITORS = {
    "not trusted": ("https", True, "its certificate cannot be verified"),
    "without TLS": ("https", False, "no TLS connection"),
    "not HTTP": ("http", False, "its answer is not HTTP"),
}


@pytest.mark.parametrize(
    ("scheme", "has_tls", "said"), NO_MONITORS.values(), ids=NO_MONITORS.keys()
)
def test_what_is_wrong_with_a_connection_to_the_monitor_is_named(
    tmp_path: Path, reported: Sequence[str], scheme: str, said: str, *, has_tls: bool
) -> None:
    context = with_an_unknown_certificate(tmp_path) if has_tls else None

    def answer(connection: socket.socket) -> None:
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        with connection:
            connection.recv(1_000)
            connection.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")

    with listening(answer) as port:
        push(Secret(f"{scheme}://127.0.0.1:{port}/api/push/t0ken"), "up", "", 1)
    (line,) = reported
    assert f"Heartbeat failed ({said}). " in line
    assert "t0ken" not in line
