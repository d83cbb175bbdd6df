"""Plain files without user numbers are numbered once per state of their folder."""

import logging
import tempfile
from pathlib import Path
from shutil import copy

import polars as pl
import pytest

from metrics import legacy_api
from metrics.numbering import numbered
from metrics.tables import EVENTS, TABLES, USERS
from store import engine
from store.legacy_files import scan_plain
from store.reader import open_store
from testkit.fixed_clock import NOW

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
    return engine.collect_all(legacy_api.plans(open_store(folder).frames, NOW))


def expected(folder: Path) -> dict[str, pl.DataFrame]:
    rows = {t.name: scan_plain(folder / t.file_name, t) for t in TABLES}
    return engine.collect_all(legacy_api.plans(numbered(rows), NOW))


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


def test_a_new_state_replaces_the_numbered_copy(plain: Path, temporary: Path) -> None:
    open_store(plain)
    (first,) = temporary.iterdir()
    events = pl.read_parquet(plain / EVENTS.file_name)
    more = events.head(1).with_columns(user_id=pl.lit("another user"))
    pl.concat([events, more]).write_parquet(plain / EVENTS.file_name)
    snapshot = open_store(plain)
    (second,) = temporary.iterdir()
    assert second != first
    assert snapshot.frames.events.collect().height == events.height + 1
    assert_same(answers(plain), expected(plain))


def test_a_question_that_began_on_the_former_copy_starts_over(
    plain: Path, temporary: Path
) -> None:
    former = open_store(plain).frames.users
    users = pl.read_parquet(plain / USERS.file_name)
    users.head(10).write_parquet(plain / USERS.file_name)
    open_store(plain)
    with pytest.raises(FileNotFoundError):  # which `reader.run_query` answers
        former.collect()


def test_without_room_for_a_copy_each_question_numbers_the_users(
    plain: Path,
    temporary: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "missing"))
    with caplog.at_level(logging.WARNING):
        assert_same(answers(plain), expected(plain))
    assert "Set TMPDIR" in caplog.text
