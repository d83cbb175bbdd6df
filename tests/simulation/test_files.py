import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import simulation
from metrics.tables import ROOMS, TABLES, USER, USER_NUMBER, Table
from simulation.timeline import first_day
from simulation.writer import simulate
from store.reader import open_store
from testkit.fixed_clock import NOW


def latest_noon_of_a_workday() -> datetime:
    noon = NOW.replace(hour=12, minute=0)
    while noon > NOW or noon.weekday() > 4:
        noon -= timedelta(days=1)
    return noon


def test_the_store_reads_all_six_tables_and_calls_them_demo_data(folder: Path) -> None:
    snapshot = open_store(folder)
    assert snapshot.demo
    assert snapshot.data_until == NOW
    assert snapshot.missing == ()
    for table in TABLES:
        written = pl.read_parquet_schema(folder / table.file_name)
        number = {USER: USER_NUMBER} if table.user_id else {}
        assert written == {**table.schema, **number}


def test_it_has_about_the_size_of_the_live_database(folder: Path) -> None:
    snapshot = open_store(folder)
    days = (NOW.date() - first_day(NOW)).days
    assert 165 < snapshot.rows / days < 385
    assert 0.6 < snapshot.tables["fpp_rooms"].rows / days < 1.4
    assert 22 < snapshot.tables["fpp_votes"].rows / days < 66


def test_the_same_seed_and_day_give_the_same_bytes_within_seconds(
    folder: Path, tmp_path: Path
) -> None:
    start = time.process_time()
    simulation.write(tmp_path, NOW)
    assert time.process_time() - start < 8
    for table in TABLES:
        again = (tmp_path / table.file_name).read_bytes()
        assert again == (folder / table.file_name).read_bytes()


def test_another_seed_gives_another_history(history: dict[str, pl.DataFrame]) -> None:
    other = simulate(NOW, seed=7)["fpp_users"]
    assert set(other["id"]).isdisjoint(history["fpp_users"]["id"])


def test_later_on_the_same_workday_only_rows_are_added() -> None:
    noon = latest_noon_of_a_workday()
    earlier = simulate(noon)["fpp_votes"]
    later = simulate(noon + timedelta(hours=5))["fpp_votes"]
    assert_frame_equal(later.filter(pl.col("voted_at") <= noon), earlier)
    assert later.height > earlier.height


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_it_reaches_from_before_the_start_to_the_last_workday(
    history: dict[str, pl.DataFrame], table: Table
) -> None:
    first, last = (
        history[table.name]
        .select(first=pl.col(table.time).min(), last=pl.col(table.time).max())
        .row(0)
    )
    begins = first_day(NOW)
    # A founder's view of the home page may be on the evening before, in UTC.
    assert begins - timedelta(days=1) <= first.date() < begins + timedelta(weeks=1)
    # Rooms are new on some days only, and a team may start on a Friday or a Monday.
    new_rooms = timedelta(days=4 if table == ROOMS else 0)
    assert latest_noon_of_a_workday() - timedelta(hours=12) - new_rooms < last <= NOW


def test_a_folder_is_current_until_the_day_ends(folder: Path) -> None:
    assert simulation.is_current(folder, NOW)
    assert not simulation.is_current(folder, NOW + timedelta(days=1))


def test_a_half_written_folder_is_demo_data_but_not_current(
    folder: Path, tmp_path: Path
) -> None:
    half = shutil.copytree(folder, tmp_path / "half")
    (half / "fpp_votes.parquet").unlink()
    assert open_store(half).demo
    assert not simulation.is_current(half, NOW)


def test_an_empty_folder_is_not_current(tmp_path: Path) -> None:
    assert not simulation.is_current(tmp_path, NOW)
