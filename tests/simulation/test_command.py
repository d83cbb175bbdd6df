import resource
from pathlib import Path

import polars as pl
import pytest

from core import clock
from simulation import writer
from simulation.__main__ import main
from simulation.writer import is_current
from testkit.fixed_clock import NOW


@pytest.fixture(autouse=True)
def _stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def test_it_fills_an_empty_folder(tmp_path: Path) -> None:
    assert main([str(tmp_path / "data"), "--if-needed"]) == 0
    assert is_current(tmp_path / "data", NOW)


def test_yesterdays_history_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "DEMO").write_text("2026-11-18")
    assert main([str(tmp_path), "--if-needed"]) == 0
    assert is_current(tmp_path, NOW)


def test_todays_history_is_left_as_it_is(tmp_path: Path) -> None:
    main([str(tmp_path)])
    before = (tmp_path / "fpp_votes.parquet").stat().st_mtime_ns
    assert main([str(tmp_path), "--if-needed"]) == 0
    assert (tmp_path / "fpp_votes.parquet").stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["CURRENT", "fpp_votes.parquet"])
def test_real_data_are_never_overwritten(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text("real")
    assert main([str(tmp_path), "--if-needed"]) == 0
    assert main([str(tmp_path)]) == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "real"
    assert "not simulated" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # root may write anywhere: a folder in the place of the first file stops it too.
    (tmp_path / "DEMO").mkdir()
    assert main([str(tmp_path), "--if-needed"]) == 1
    assert capsys.readouterr().err == (
        f"Demo data cannot be written to {tmp_path} (Is a directory). Make that folder "
        "writable, or set DATA_DIR to a folder that has data.\n"
    )


def test_a_full_disk_is_said_in_one_line_and_leaves_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {"fpp_rooms": pl.DataFrame({"id": range(10_000)})}
    monkeypatch.setattr(writer, "simulate", lambda _: rows)
    monkeypatch.setattr(writer, "_with_numbers", lambda by_name: by_name)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_192, hard))
    try:
        code = main([str(tmp_path), "--if-needed"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert code == 1
    assert capsys.readouterr().err == (
        f"Demo data cannot be written to {tmp_path} (File too large). Make room there, "
        "or set DATA_DIR to a folder that has data.\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["DEMO"]
