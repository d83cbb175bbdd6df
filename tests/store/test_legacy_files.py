"""Plain files without user numbers are numbered once per state of their folder."""

import logging
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import batched
from pathlib import Path
from shutil import copy, rmtree
from traceback import format_exception
from typing import Any

import polars as pl
import pytest

from metrics import legacy_api
from metrics.numbering import numbered
from metrics.tables import (
    ESTIMATIONS,
    EVENTS,
    ROOMS,
    TABLES,
    USER,
    USER_NUMBER,
    USERS,
    VOTES,
    Table,
)
from store import engine, legacy_files
from store.legacy_files import scan_plain
from store.reader import Snapshot, StoreError, open_store
from testkit.fixed_clock import NOW
from web.health import check

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, of this test alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """The files that the replaced job wrote."""
    folder = tmp_path / "plain"
    folder.mkdir()
    for table in TABLES:
        copy(GOLDEN / table.file_name, folder)
    return folder


def answers(folder: Path) -> dict[str, pl.DataFrame]:
    return engine.collect_all(
        legacy_api.plans(legacy_api.sharing(open_store(folder).frames), NOW)
    )


def expected(folder: Path) -> dict[str, pl.DataFrame]:
    rows = {t.name: scan_plain(folder / t.file_name, t) for t in TABLES}
    return engine.collect_all(legacy_api.plans(legacy_api.sharing(numbered(rows)), NOW))


def assert_same(
    found: dict[str, pl.DataFrame], wanted: dict[str, pl.DataFrame]
) -> None:
    assert found.keys() == wanted.keys()
    for name, frame in wanted.items():
        assert found[name].equals(frame), name


def test_a_state_is_numbered_once_and_answers_the_same(
    plain: Path, temporary: Path
) -> None:
    assert_same(answers(plain), expected(plain))
    (first,) = temporary.iterdir()
    assert_same(answers(plain), expected(plain))
    assert [*temporary.iterdir()] == [first]


def test_a_folder_is_opened_again_once_its_files_are_others(plain: Path) -> None:
    before = open_store(plain)
    assert open_store(plain) is before
    (plain / legacy_files.DEMO_MARKER).touch()
    assert open_store(plain).demo
    (plain / legacy_files.DEMO_MARKER).unlink()
    # The same times and sizes, below the name of another table.
    (plain / EVENTS.file_name).rename(plain / "kept")
    assert open_store(plain).missing == (EVENTS.name,)
    (plain / USERS.file_name).rename(plain / EVENTS.file_name)
    with pytest.raises(StoreError, match=EVENTS.file_name):
        open_store(plain)
    (plain / EVENTS.file_name).rename(plain / USERS.file_name)
    (plain / "kept").rename(plain / EVENTS.file_name)
    assert open_store(plain).tables == before.tables


def test_a_folder_may_have_a_name_that_is_a_pattern(
    plain: Path, temporary: Path
) -> None:
    for name in ("[live]", "pl*n", "plain?"):
        folder = plain.rename(plain.parent / name)
        assert_same(answers(folder), expected(folder))
        plain = folder


def test_copies_may_be_in_a_folder_whose_name_is_a_pattern(
    plain: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = temporary / "[tmp]"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    assert_same(answers(plain), expected(plain))
    assert len([*folder.iterdir()]) == 1


def test_a_new_state_is_numbered_and_the_state_before_stays_readable(
    plain: Path, temporary: Path
) -> None:
    former = open_store(plain).frames.events
    events = pl.read_parquet(plain / EVENTS.file_name)
    for rows in range(1, 4):
        more = events.head(rows).with_columns(
            pl.col("id") + 1_000_000, user_id=pl.lit("another user")
        )
        pl.concat([events, more]).write_parquet(plain / EVENTS.file_name)
        newest = open_store(plain).frames.events
        assert newest.collect().height == events.height + rows
        if rows == 1:
            assert former.collect().height == events.height
    assert_same(answers(plain), expected(plain))
    assert len([*temporary.iterdir()]) == 2
    with pytest.raises(FileNotFoundError):  # which `reader.run_query` answers
        former.collect()


def test_files_that_are_written_over_in_place_stay_readable_once_opened(
    plain: Path, temporary: Path
) -> None:
    """As `cp` writes them over: what is mapped into memory would end the process."""
    # A simulated history, which has user numbers, and not all of the tables.
    (plain / ROOMS.file_name).unlink()
    for table in (t for t in TABLES if t.user_id):
        rows = pl.read_parquet(plain / table.file_name)
        number = pl.int_range(pl.len(), dtype=USER_NUMBER).alias(USER)
        rows.with_columns(number).write_parquet(plain / table.file_name)
    found = open_store(plain)
    assert open_store(plain) is found
    before = {n: f.collect() for n, f in found.frames.by_name.items()}
    assert before[EVENTS.name][USER].n_unique() > 1
    for file in plain.iterdir():
        os.truncate(file, 100)
    for name, frame in found.frames.by_name.items():
        assert frame.collect().equals(before[name]), name


def test_a_copy_that_was_tidied_away_is_written_again(
    plain: Path, temporary: Path
) -> None:
    wanted = expected(plain)
    assert_same(answers(plain), wanted)
    (first,) = temporary.iterdir()
    # What was not read for days, a system removes: a file, or the folder.
    (first / VOTES.file_name).unlink()
    assert_same(answers(plain), wanted)
    (second,) = temporary.iterdir()
    assert second != first
    rmtree(second)
    assert_same(answers(plain), wanted)
    assert len([*temporary.iterdir()]) == 1


def test_folders_do_not_take_each_others_copies(plain: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    copy(plain / USERS.file_name, other)
    users = open_store(plain).frames.users
    for rows in (10, 20, 30):
        pl.read_parquet(plain / USERS.file_name).head(rows).write_parquet(
            other / USERS.file_name
        )
        assert open_store(other).frames.users.collect().height == rows
    assert users.collect().height > 30


def test_copies_of_killed_processes_are_removed(plain: Path, temporary: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (temporary / f"fpp-numbered-{ended.pid}-x").mkdir()
    open_store(plain)
    (own,) = temporary.iterdir()
    assert own.name.startswith(f"fpp-numbered-{os.getpid()}-")


@pytest.mark.parametrize("has_folder", [True, False])
def test_without_room_for_a_copy_each_question_numbers_the_users(
    plain: Path,
    temporary: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    has_folder: bool,
) -> None:
    if not has_folder:
        monkeypatch.setattr(tempfile, "tempdir", str(temporary / "missing"))
    wanted = expected(plain)
    most, ever = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A real limit of the operating system: it stops within a file, as a full disk does.
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, ever))
    try:
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                assert_same(answers(plain), wanted)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, ever))
    # Tried once per state: a copy that fails late costs seconds.
    assert caplog.text.count("Set TMPDIR") == 1
    assert not [*temporary.iterdir()]


@pytest.mark.parametrize("has_room", [True, False])
def test_a_key_that_is_there_twice_counts_once_by_its_last_row(
    plain: Path,
    temporary: Path,
    monkeypatch: pytest.MonkeyPatch,
    has_room: bool,
) -> None:
    wanted = expected(plain)
    for table in TABLES:
        rows = pl.read_parquet(plain / table.file_name)
        earlier = rows.head(3).with_columns(
            pl.lit(datetime(2026, 11, 19), rows.schema[of]).alias(of)
            for of in rows.columns
            if of.endswith("_at")
        )
        pl.concat([earlier, rows]).write_parquet(plain / table.file_name)
    if not has_room:
        monkeypatch.setattr(tempfile, "tempdir", str(temporary / "missing"))
    assert_same(answers(plain), wanted)
    assert open_store(plain).repeated == dict.fromkeys((t.name for t in TABLES), 3)


def damaged_page(path: Path) -> None:
    content = path.read_bytes()
    # The first page is behind the file's mark of four bytes.
    path.write_bytes(content[:4] + b"\xff" * 2_000 + content[2_004:])


def with_value(column: str, value: float) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        rows = pl.read_parquet(path)
        first = pl.int_range(pl.len()) == 0
        held = pl.when(first).then(pl.lit(value)).otherwise(pl.col(column))
        rows.with_columns(held.alias(column)).write_parquet(path)

    return write


@pytest.mark.parametrize(
    ("table", "damage", "says"),
    [
        (USERS, damaged_page, "cannot be read. Put a whole copy"),
        (VOTES, damaged_page, "cannot be read. Put a whole copy"),
        (VOTES, with_value("duration", 2**40), "Column 'duration'"),
        (VOTES, with_value("duration", float("nan")), "Column 'duration'"),
        (VOTES, with_value("avg_estimation", 1000.0), "Column 'avg_estimation'"),
        (ROOMS, with_value("number", 2**63 - 1), "column 'number': [92233720368547"),
        (ESTIMATIONS, with_value("estimation", 2**15), "Column 'estimation'"),
    ],
)
@pytest.mark.parametrize("beside", [None, EVENTS, ROOMS])
def test_a_file_whose_rows_cannot_be_read_is_named(
    plain: Path,
    temporary: Path,
    table: Table,
    damage: Callable[[Path], None],
    says: str,
    beside: Table | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    damage(plain / table.file_name)
    # A second file that is missing changes nothing.
    if beside is not None and beside != table:
        (plain / beside.file_name).unlink()
    with pytest.raises(StoreError) as raised:
        open_store(plain)
    said = str(raised.value)
    # That there is no CURRENT is no part of what happened.
    told = format_exception(raised.value)
    assert "FileNotFoundError: [Errno 2]" not in "".join(told)
    # A monitor asks every minute: the same state is not read again.
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    with pytest.raises(StoreError, match=re.escape(said)):
        open_store(plain)
    assert said.count(table.file_name) == 1
    assert says in said
    assert "\n" not in said
    assert [*temporary.iterdir()] == []


def test_a_file_that_is_being_written_is_waited_for(
    plain: Path, temporary: Path
) -> None:
    """The older job opened its files for writing, and filled them."""
    file = plain / VOTES.file_name
    whole = file.read_bytes()
    before = open_store(plain).tables
    file.write_bytes(b"")

    def write_on() -> None:
        with file.open("wb") as written:
            for part in batched(whole, len(whole) // 5):
                written.write(bytes(part))
                written.flush()
                time.sleep(0.05)

    with ThreadPoolExecutor(1) as job:
        job.submit(write_on)
        assert open_store(plain).tables == before


def test_a_file_that_is_another_once_it_has_been_opened_is_opened_again(
    plain: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = legacy_files._open

    def overtaken(*given: Any, **named: Any) -> Snapshot:
        monkeypatch.undo()
        found = opened(*given, **named)
        pl.read_parquet(plain / VOTES.file_name).head(1).write_parquet(
            plain / VOTES.file_name
        )
        return found

    monkeypatch.setattr(legacy_files, "_open", overtaken)
    assert open_store(plain).tables[VOTES.name].rows == 1


@pytest.mark.parametrize(
    "error",
    [
        OSError("failed to fill whole buffer"),
        pl.exceptions.ComputeError("parquet: File out of specification: a header"),
        pl.exceptions.PanicException("called `Result::unwrap()` on an `Err` value"),
    ],
)
def test_what_ends_between_two_looks_at_a_file_is_an_error_of_the_store(
    plain: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(pl, "collect_all", fails)
    with pytest.raises(StoreError) as raised:
        open_store(plain)
    assert str(raised.value) == (
        "A file of the store cannot be read. Put a whole copy there, or let the sync "
        "job write the store."
    )
    assert check(plain, 600, NOW).to_json()["status"] == "degraded"


def test_a_file_that_may_not_be_read_is_named_without_its_folder(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: pl.LazyFrame) -> pl.Schema:
        # As Polars says it.
        raise PermissionError(f"Permission denied (os error 13): {plain}/{name}")

    name = USERS.file_name
    monkeypatch.setattr(pl.LazyFrame, "collect_schema", refused)
    with pytest.raises(StoreError) as error:
        open_store(plain)
    assert str(error.value) == (
        f"{name} cannot be read: PermissionError. Check the disk, and the permissions "
        "of DATA_DIR."
    )


def test_an_empty_folder_needs_no_copy(tmp_path: Path, temporary: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert open_store(tmp_path / "empty").tables == {}
    assert [*temporary.iterdir()] == []
