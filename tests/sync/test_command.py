"""The command itself, as a process: flags, exit codes, signals, what it says."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from shlex import quote
from threading import Event
from typing import cast

import pytest

from metrics.tables import USERS
from sync.connection import HAS_EXTENSION, implementation
from sync.job import Job, Result, every
from sync.run import Request
from sync_job import _until_done, main
from testkit.dashboard import LONGEST_WAIT, wait_until
from testkit.database_servers import PASSWORD, LiveDatabase, series
from testkit.harness import Store
from testkit.ports import free_port
from tests.sync.conftest import on_one_kind
from tests.sync.endpoints import Endpoint, endpoint
from tests.sync.processes import ROOT, environment, run, start
from tests.sync.rows import insert_votes, user

SUMMARY = re.compile(
    r"Synced 6 tables in [\d.]+ s: ([\d,]+) new, ([\d,]+) changed, "
    r"([\d,]+) deleted rows; [\d,]+ older rows rechecked in [\d.]+ s, "
    r"any edit is seen within [\d,]+ min; generation (\d+)"
)


def test_one_run_says_a_line_per_table_and_a_summary(
    database: LiveDatabase, store: Store
) -> None:
    insert_votes(database, range(1, 1_235))
    done = run(store, "sync_job.py")
    assert done.returncode == 0
    assert (
        "fpp_votes: 1,234 rows, 1,234 new, 0 changed, 0 deleted rows\n" in done.stderr
    )
    found = SUMMARY.search(done.stderr)
    assert found is not None
    assert found.groups() == ("1,234", "0", "0", "1")
    assert done.stderr.count("fpp_") == 6
    assert "█" not in done.stderr
    store.assert_equals_source()
    # The log says which implementation of the driver runs, too.
    assert re.search(r"mysql-connector-python [\d.]+, (C ext|pure)", done.stderr)
    assert implementation(database.settings).endswith(
        "C extension" if HAS_EXTENSION else "pure Python (about 7 times slower)"
    )


@on_one_kind
def test_a_failed_run_ends_with_1_and_says_what_to_do(
    database: LiveDatabase, store: Store
) -> None:
    database.execute("DROP TABLE fpp_votes")
    done = run(store, "sync_job.py")
    assert done.returncode == 1
    assert "fpp_votes is missing, or SELECT on it is not granted" in done.stderr
    assert PASSWORD not in done.stderr


@on_one_kind
@pytest.mark.skipif(
    not str(ROOT).isascii(), reason="there Python loads no extension from this folder"
)
def test_ids_outside_ascii_are_followed_whatever_the_locale(
    database: LiveDatabase, store: Store
) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    database.insert(USERS, [user("größe"), user("東京")])
    for flags in ([], [], ["--verify"], ["--rebuild"]):
        done = run(store, "sync_job.py", *flags, environ=plain)
        assert done.returncode == 0, done.stderr
    reader = (
        "import os, pathlib, store.reader as reader; "
        "reader.open_store(pathlib.Path(os.environ['DATA_DIR']))"
    )
    assert run(store, "-c", reader, environ=plain).returncode == 0
    store.assert_equals_source()


@on_one_kind
def test_a_wrong_setting_ends_with_1_and_one_line(store: Store) -> None:
    done = run(store, "sync_job.py", environ={"DB_PORT": "x"})
    assert done.returncode == 1
    assert done.stderr.startswith("DB_PORT is 'x'. Use")
    assert done.stderr.count("\n") == 1


WRONG_FLAGS = [
    ["--every", "0"],
    ["--every", "inf"],
    ["--every", "nan"],
    ["--every", "1e300"],
    ["--every", "86401"],
    ["--every", "soon"],
    ["--rebuild", "fpp_nothing"],
    ["--verify", "--every"],
    ["--verify", "--rebuild"],
    ["--verify", "--accept-shrink"],
]


@pytest.mark.parametrize("flags", WRONG_FLAGS, ids=" ".join)
def test_a_wrong_flag_is_refused(flags: list[str]) -> None:
    with pytest.raises(SystemExit) as refusal:
        main(flags, {})
    assert refusal.value.code == 2


@on_one_kind
def test_the_flags_reach_the_job(database: LiveDatabase, store: Store) -> None:
    insert_votes(database, range(1, 101))
    store.sync()
    (first,) = store.manifest().tables["fpp_votes"]
    assert run(store, "sync_job.py", "--verify").returncode == 0
    assert store.manifest().number == 1
    assert run(store, "sync_job.py", "--rebuild", "fpp_votes").returncode == 0
    assert store.manifest().tables["fpp_votes"][0].file != first.file
    database.execute("DELETE FROM fpp_votes WHERE id > 10")
    assert store.sync() == 1
    assert run(store, "sync_job.py", "--accept-shrink").returncode == 0
    store.assert_equals_source()


@on_one_kind
def test_every_runs_until_sigterm_and_ends_with_0(
    database: LiveDatabase, store: Store
) -> None:
    job = start(store, "sync_job.py", "--every", "0.2")
    try:
        wait_for_number(store, 3)
    finally:
        job.send_signal(signal.SIGTERM)
    said = job.communicate(timeout=LONGEST_WAIT)[1]
    assert job.returncode == 0, said
    assert len(SUMMARY.findall(said)) >= 3
    assert "Traceback" not in said


@pytest.mark.parametrize("module", ["mysql", "polars"])
def test_ctrl_c_while_modules_load_ends_it_without_a_traceback(
    tmp_path: Path, module: str
) -> None:
    pressed = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT)"
    (tmp_path / f"{module}.py").write_text(f"{pressed}; time.sleep(60)")
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "sync_job.py"]
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, b"")


def test_sigterm_ends_the_first_process_of_a_container_while_modules_load(
    tmp_path: Path,
) -> None:
    ended = "import os, signal, time; os.kill(os.getpid(), signal.SIGTERM)"
    (tmp_path / "mysql.py").write_text(f"{ended}; time.sleep(60)")
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    # The kernel lets process 1 ignore what it has no handler for.
    ignoring = ["sh", "-c", 'trap "" TERM; exec "$0" sync_job.py', sys.executable]
    done = subprocess.run(
        ignoring, cwd=ROOT, env=environ, capture_output=True, check=False, timeout=50
    )
    assert (done.returncode, done.stderr) == (143, b"")


def wait_for_number(store: Store, number: int) -> None:
    def has_come() -> bool:
        return (store.root / "CURRENT").exists() and store.manifest().number >= number

    wait_until(has_come, "the job does not get on")


@on_one_kind
def test_sigterm_lets_a_run_in_progress_end(
    database: LiveDatabase, store: Store
) -> None:
    insert_votes(database, range(1, 101))
    with database.connect() as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLES fpp_votes WRITE")
        job = start(store, "sync_job.py", "--every", "600")
        wait_for_reader(database)
        job.send_signal(signal.SIGTERM)
        cursor.execute("UNLOCK TABLES")
    said = job.communicate(timeout=LONGEST_WAIT)[1]
    assert job.returncode == 0, said
    assert SUMMARY.search(said)
    store.assert_equals_source()


def wait_for_reader(database: LiveDatabase) -> None:
    """Wait until the job waits for the locked table."""
    waiting = (
        "SELECT COUNT(*) FROM information_schema.processlist "
        "WHERE db = %s AND state LIKE 'Waiting for table%'"
    )
    wait_until(lambda: database.count(waiting, (database.name,)), "the job never came")


class Clock(Event):
    """A stop signal and a clock that moves only while it is waited for."""

    now = 0.0

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0
        return False


def test_a_database_that_is_away_for_weeks_is_waited_for_in_slots() -> None:
    """Pauses that double would be no number after a thousand runs."""
    clock = Clock()
    starts: list[float] = []

    def work() -> Result:
        starts.append(clock.now)
        if len(starts) == 1_100:
            clock.set()
        return Result.FAILED

    every(600, work, clock, lambda: clock.now)
    assert starts[:5] == [0, 5, 15, 35, 75]
    assert starts[-1] - starts[-2] == 600


def test_flags_apply_until_a_run_has_succeeded() -> None:
    results = iter([Result.BUSY, Result.FAILED, Result.DONE, Result.FAILED])
    asked: list[Request] = []

    class Recorder:
        def run(self, request: Request) -> Result:
            asked.append(request)
            return next(results)

    once = Request(accept_shrink=True)
    run = _until_done(cast("Job", Recorder()), once)
    assert [run() for _ in range(4)][2] is Result.DONE
    assert asked == [once, once, once, Request()]


def test_slots_that_a_long_run_missed_are_skipped() -> None:
    clock = Clock()
    starts: list[float] = []

    def work() -> Result:
        starts.append(clock.now)
        clock.now += 25 if len(starts) == 1 else 1
        if len(starts) == 3:
            clock.set()
        return Result.DONE

    every(10, work, clock, lambda: clock.now)
    assert starts == [0, 30, 40]


@on_one_kind
def test_a_terminal_sees_a_progress_bar_on_long_work(
    database: LiveDatabase, store: Store
) -> None:
    insert_votes(database, range(1, 3))
    database.execute(
        "INSERT INTO fpp_votes (id, room_id, avg_estimation, max_estimation, "  # noqa: S608  # numbers only
        "min_estimation, amount_of_estimations, amount_of_spectators, duration, "
        "was_auto_flip) SELECT seq * 65536, 1, 1, 1, 1, 1, 0, 1, 0 "
        f"FROM {series(20)} AS series"
    )
    done = subprocess.run(
        ["script", "-qec", f"{quote(sys.executable)} sync_job.py", "/dev/null"],
        cwd=ROOT,
        env=environment(store),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert re.search(r"fpp_votes +comparing +█+·+ \d+/21 blocks", done.stdout)
    assert "████████████████████████ 21/21 blocks\n" in done.stdout


def envelopes(tracker: Endpoint) -> list[dict[str, object]]:
    """Return the events of what the error tracker was sent."""
    texts = [
        gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        for body in tracker.bodies
    ]
    items = [json.loads(line) for text in texts for line in text.splitlines()]
    return [item for item in items if "level" in item]


def sync_in_production(
    store: Store, **environ: str
) -> tuple[subprocess.CompletedProcess[str], dict[str, object]]:
    """Run the job with an error tracker; return what it said and its one event."""
    with endpoint() as tracker:
        dsn = f"http://dsn-key@127.0.0.1:{tracker.port}/1"
        sentry = {"FPP_ANALYTICS_SENTRY_DSN": dsn, "SENTRY_ENVIRONMENT": "production"}
        done = run(store, "sync_job.py", environ=sentry | environ)
    (event,) = envelopes(tracker)
    return done, event


@on_one_kind
def test_sentry_gets_component_action_table_and_severity_and_no_secret(
    database: LiveDatabase, store: Store
) -> None:
    insert_votes(database, range(1, 2))
    database.execute("UPDATE fpp_votes SET was_auto_flip = 2")
    done, event = sync_in_production(store)
    assert done.returncode == 1
    tags = event["tags"]
    assert isinstance(tags, dict)
    wanted = {"component": "sync", "action": "run", "severity": "high"}
    assert wanted.items() <= tags.items()
    assert event["level"] == "error"
    assert isinstance(event["extra"], dict)
    assert event["extra"]["table"] == "fpp_votes"
    for secret in (PASSWORD, database.name, "dsn-key"):
        assert secret not in json.dumps(event) + done.stderr


@on_one_kind
def test_sentry_gets_nothing_that_the_server_wrote(store: Store) -> None:
    # It names hosts and users, and quotes the row whose text it cannot convert.
    done, event = sync_in_production(store, DB_PASSWORD="wrong")  # noqa: S106
    assert done.returncode == 1
    exception = event["exception"]
    assert isinstance(exception, dict)
    assert [one["type"] for one in exception["values"]] == ["SourceError"]
    assert "Access denied" not in json.dumps(event)


@on_one_kind
def test_sentry_hears_of_a_failed_heartbeat_without_its_token(store: Store) -> None:
    address = f"http://127.0.0.1:{free_port()}/api/push/t0ken"
    done, event = sync_in_production(store, UPTIMEKUMA_PUSH_URL=address)
    assert done.returncode == 0
    assert isinstance(event["tags"], dict)
    wanted = {"component": "sync", "action": "heartbeat", "severity": "medium"}
    assert wanted.items() <= event["tags"].items()
    assert event["level"] == "warning"
    assert "t0ken" not in json.dumps(event) + done.stderr
