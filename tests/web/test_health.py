"""The health report: public, cheap, and no more than a monitor needs."""

import json
import os
import re
import shutil
from collections.abc import Callable
from datetime import UTC, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import polars as pl
import pytest

from metrics.tables import TABLES
from store.manifest import BLOCKS, CURRENT, MANIFESTS
from store.reader import DEMO_MARKER, open_store
from testkit.dashboard import GOLDEN, TOKEN, get, serving
from testkit.publishing import golden, publish
from tests.web import attack
from tests.web.conftest import GOLDEN_NOW, StoppedClock, parts
from ui.blocks.data_page import stored_tables
from web.health import Health, check

FILES = [table.file_name for table in TABLES]
INTERVAL = 600
ROOMS = pl.read_parquet(GOLDEN / "fpp_rooms.parquet")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A copy of the golden data, as of ten minutes before the golden time."""
    for name in FILES:
        shutil.copy(GOLDEN / name, tmp_path)
    touch(tmp_path, timedelta(minutes=10))
    return tmp_path


def touch(store: Path, age: timedelta) -> None:
    instant = (GOLDEN_NOW - age).replace(tzinfo=UTC).timestamp()
    for path in store.iterdir():
        os.utime(path, (instant, instant))


def test_fresh_and_complete_is_ok(store: Path) -> None:
    size = round(sum(path.stat().st_size for path in store.iterdir()) / 1e6, 2)
    assert check(store, INTERVAL, GOLDEN_NOW).to_json() == {
        "status": "ok",
        "components": {
            "parquet_files": {"status": "ok", "files": dict.fromkeys(FILES, True)},
            "storage": {"status": "ok", "data_size_mb": size},
        },
        "data_until": "2026-11-20T17:50:00+00:00",
        "age_seconds": 600,
        "edits_seen_within_seconds": None,
    }
    # The Data page has the same, by table.
    listed = stored_tables(open_store(store))
    rows = [pl.read_parquet(store / name).height for name in FILES]
    assert listed["stored_rows"].to_list() == rows
    assert round(listed["stored_megabytes"].sum(), 2) == size


def test_the_longest_wait_for_an_edit_is_in_whole_seconds() -> None:
    report = Health(frozenset(), 0.0, None, None, is_late=False, longest_wait=90.6)
    assert report.to_json()["edits_seen_within_seconds"] == 90


def test_no_data_are_read_for_it(tmp_path: Path) -> None:
    publish(tmp_path, golden(), GOLDEN_NOW - timedelta(minutes=10))
    spoil_rows(tmp_path)
    assert check(tmp_path, INTERVAL, GOLDEN_NOW).to_json()["status"] == "ok"


def test_plain_files_whose_rows_cannot_be_read_are_degraded(store: Path) -> None:
    spoil_rows(store)
    touch(store, timedelta(minutes=10))
    assert check(store, INTERVAL, GOLDEN_NOW).to_json()["status"] == "degraded"


def spoil_rows(folder: Path) -> None:
    """Leave nothing of Parquet files but their footers."""
    for path in folder.rglob("*.parquet"):
        whole = path.read_bytes()
        footer = int.from_bytes(whole[-8:-4], "little") + 8
        path.write_bytes(b"PAR1" + bytes(len(whole) - footer - 4) + whole[-footer:])


@pytest.mark.parametrize("name", FILES)
def test_a_missing_table_is_degraded_and_named(store: Path, name: str) -> None:
    (store / name).unlink()
    report = check(store, INTERVAL, GOLDEN_NOW).to_json()
    assert report["status"] == "degraded"
    assert report["components"]["parquet_files"] == {  # type: ignore[index]  # JSON
        "status": "error",
        "files": dict.fromkeys(FILES, True) | {name: False},
    }


@pytest.mark.parametrize(
    ("age", "status"), [(3 * INTERVAL, "ok"), (3 * INTERVAL + 1, "degraded")]
)
def test_older_than_three_intervals_is_degraded(
    store: Path, age: int, status: str
) -> None:
    touch(store, timedelta(seconds=age))
    report = check(store, INTERVAL, GOLDEN_NOW).to_json()
    assert (report["status"], report["age_seconds"]) == (status, age)
    # Alerts and pages call no demo late, which ended when it was made.
    (store / DEMO_MARKER).touch()
    assert check(store, INTERVAL, GOLDEN_NOW).to_json() == {**report, "status": "ok"}


def test_no_data_yet_is_degraded_without_a_time(tmp_path: Path) -> None:
    report = check(tmp_path / "nothing", INTERVAL, GOLDEN_NOW).to_json()
    assert (report["status"], report["data_until"], report["age_seconds"]) == (
        "degraded",
        None,
        None,
    )


def test_a_damaged_store_is_degraded_and_says_no_more(store: Path) -> None:
    (store / "CURRENT").write_text("../../etc/passwd")
    report = check(store, INTERVAL, GOLDEN_NOW).to_json()
    assert report["status"] == "degraded"
    components = report["components"]
    assert set(components["parquet_files"]["files"].values()) == {False}  # type: ignore[index]  # JSON
    assert "--rebuild" in components["storage"]["detail"]  # type: ignore[index]  # JSON
    assert "passwd" not in str(report)


def manifest_of(folder: Path) -> Path:
    return folder / MANIFESTS / (folder / CURRENT).read_text().strip()


def forge(folder: Path, old: str, new: str) -> None:
    """Change a manifest, in the earlier format, which has no checksum of its own."""
    raw = json.loads(manifest_of(folder).read_text())
    raw |= {"format": 2, "people": raw.pop("user_ids")}
    text = json.dumps(raw)
    assert old in text
    manifest_of(folder).write_text(text.replace(old, new))


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGED: dict[str, Callable[[Path], object]] = {
    "NULs in CURRENT": lambda folder: (folder / CURRENT).write_bytes(b"a\0.json\n"),
    "an empty CURRENT": lambda folder: (folder / CURRENT).write_bytes(b""),
    "CURRENT is no text": lambda folder: (folder / CURRENT).write_bytes(b"\xff\0"),
    "CURRENT is a folder": lambda folder: folder_instead(folder / CURRENT),
    "CURRENT is long": lambda folder: (folder / CURRENT).write_text("x" * 10**6),
    "deep JSON": lambda folder: manifest_of(folder).write_text("[" * 300_000),
    "1e400": lambda folder: forge(folder, '"number": 1', '"number": 1e400'),
    "an absolute path": lambda folder: forge(folder, '"blocks/', '"/etc/'),
    "a climbing path": lambda folder: forge(folder, '"blocks/', '"blocks/../../'),
    "another format": lambda folder: manifest_of(folder).write_text('{"format": 4}'),
    "no manifest": lambda folder: manifest_of(folder).unlink(),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_health_is_200_and_degraded_whatever_the_store_has_become(
    tmp_path: Path, kind: str
) -> None:
    publish(tmp_path, {"fpp_rooms": ROOMS}, GOLDEN_NOW)
    assert check(tmp_path, INTERVAL, GOLDEN_NOW).is_readable
    DAMAGED[kind](tmp_path)
    with serving(parts(StoppedClock(), tmp_path)) as url:
        answer = get(f"{url}/health")
        api = get(f"{url}/api", headers={"Authorization": TOKEN})
    attack.note(f"store: {kind}", let_through=answer.status_code != 200)
    assert answer.status_code == 200
    report = answer.json()
    assert report["status"] == "degraded"
    assert "python sync_job.py --rebuild" in report["components"]["storage"]["detail"]
    assert api.status_code == 500
    assert re.search("sync_job.py --rebuild|Check the disk", api.json()["detail"])


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


@pytest.mark.parametrize("lost", ["fpp_rooms", "fpp_votes"])
@pytest.mark.parametrize("damage", [Path.unlink, _cut])
def test_files_that_are_gone_or_cut_are_named_by_health_and_explained_by_the_api(
    tmp_path: Path,
    lost: str,
    damage: Callable[[Path], None],
    caplog: pytest.LogCaptureFixture,
    log_to_caplog: None,
) -> None:
    publish(tmp_path, golden(), GOLDEN_NOW)
    for path in (tmp_path / BLOCKS / lost).iterdir():
        damage(path)
    with serving(parts(StoppedClock(), tmp_path)) as url:
        report = get(f"{url}/health").json()
        api = get(f"{url}/api", headers={"Authorization": TOKEN})
    assert report["status"] == "degraded"
    assert report["components"]["parquet_files"] == {
        "status": "error",
        "files": dict.fromkeys(FILES, True) | {f"{lost}.parquet": False},
    }
    assert api.status_code == 500
    assert "`python sync_job.py --verify` finds the file" in api.json()["detail"]
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]
    assert f"[{api.json()['reference']}]" in caplog.text
    states = stored_tables(open_store(tmp_path)).select("table", "state").rows()
    assert dict(states) == {t.name: "stored" for t in TABLES} | {lost: "damaged"}


def test_a_folder_in_the_place_of_a_file_is_damage(tmp_path: Path) -> None:
    """Polars finds no rows in it, and no error."""
    publish(tmp_path, golden(), GOLDEN_NOW)
    (path,) = (tmp_path / BLOCKS / "fpp_rooms").iterdir()
    path.unlink()
    path.mkdir()
    assert open_store(tmp_path).incomplete == {"fpp_rooms"}


def test_a_clock_that_runs_behind_gives_no_negative_age(store: Path) -> None:
    report = check(store, INTERVAL, GOLDEN_NOW - timedelta(hours=1)).to_json()
    assert (report["status"], report["age_seconds"]) == ("ok", 0)


def test_it_answers_all_with_200_even_without_data(tmp_path: Path) -> None:
    with serving(parts(StoppedClock(), tmp_path)) as url:
        answer = get(f"{url}/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert str(tmp_path) not in answer.text


def test_an_unreadable_data_folder_is_degraded(tmp_path: Path) -> None:
    # A file where a folder is expected fails for root, too.
    (tmp_path / "store").write_text("")
    report = check(tmp_path / "store" / "deep", INTERVAL, GOLDEN_NOW).to_json()
    assert report["status"] == "degraded"


def test_a_response_does_not_wait_for_the_client_to_confirm_its_head(
    stranger: httpx.Client,
) -> None:
    """With Nagle's algorithm it does, for 40 ms, on a connection that is kept."""
    seconds = [stranger.get("/health").elapsed.total_seconds() for _ in range(200)]
    # A client confirms the first packets of a connection at once.
    assert min(seconds[40:]) < 0.035


def test_a_file_that_may_not_be_read_is_named_by_health() -> None:
    """Written by a sync job with another umask, or restored by another user."""
    # Not below Pytest's folders, which are closed to other users.
    with TemporaryDirectory() as folder:
        store = Path(folder)
        publish(store, golden(), GOLDEN_NOW)
        store.chmod(0o755)
        (path,) = (store / BLOCKS / "fpp_rooms").iterdir()
        path.chmod(0)
        usual = os.geteuid()
        # Permissions do not apply to root.
        os.seteuid(usual or 10_001)
        try:
            report = check(store, INTERVAL, GOLDEN_NOW)
        finally:
            os.seteuid(usual)
    assert report.to_json()["status"] == "degraded"
    assert {t.name for t in TABLES} - report.present == {"fpp_rooms"}
