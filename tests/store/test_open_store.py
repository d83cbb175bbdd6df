"""The reader: a missing store is a state, a damaged one is explained."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from metrics.frames import Frames, Period
from metrics.tables import ESTIMATIONS, EVENTS, PAGE_VIEWS, TABLES, USERS, VOTES
from store import engine
from store.files import text_of
from store.manifest import CURRENT, MANIFESTS, Manifest, ManifestError, Run
from store.reader import (
    Snapshot,
    StoreError,
    beginning,
    begins_within,
    current_version,
    later_begins,
    open_store,
    run_query,
)
from store.snapshot import NOTHING, TableInfo
from testkit import publishing
from testkit.publishing import golden
from tests.metrics.building import estimation, event, frames, user, view, vote

AT = datetime(2026, 11, 2, 10)
STATE = Manifest(
    number=7,
    generation=5,
    snapshot_at=AT,
    tables={table.name: () for table in TABLES},
    runs=(Run(AT, 0.4, new=1, changed=2, gone=3, healed=0),),
    ignored=("fpp_rooms.colour",),
)


def publish(folder: Path, text: str) -> None:
    (folder / MANIFESTS).mkdir(exist_ok=True)
    (folder / MANIFESTS / "7.json").write_text(text)
    (folder / CURRENT).write_text("7.json\n")


def test_a_manifest_read_back_is_the_one_that_was_written() -> None:
    assert Manifest.from_json(STATE.to_json()) == STATE


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', '{"format": 1}'])
def test_what_is_not_a_manifest_is_refused(text: str) -> None:
    with pytest.raises(ManifestError):
        Manifest.from_json(text)


def test_an_empty_folder_is_a_store_without_tables(tmp_path: Path) -> None:
    snapshot = open_store(tmp_path)
    assert snapshot.missing == tuple(table.name for table in TABLES)
    assert snapshot.data_until is None
    for table in TABLES:
        frame = snapshot.frames.by_name[table.name].collect()
        assert (frame.schema, frame.height) == (table.numbered_schema, 0)


def test_a_published_state_has_its_time_generation_and_runs(tmp_path: Path) -> None:
    publish(tmp_path, STATE.to_json())
    snapshot = open_store(tmp_path)
    assert (snapshot.data_until, snapshot.generation) == (AT, 5)
    assert snapshot.runs == STATE.runs
    assert snapshot.version == current_version(tmp_path) == "7.json"
    assert snapshot.missing == ()


def test_small_files_are_read_as_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "notes"
    file.write_bytes("größe".encode())
    assert text_of(file) == "größe"


def test_a_state_in_force_whose_manifest_is_gone_is_explained(tmp_path: Path) -> None:
    (tmp_path / CURRENT).write_text("gone.json\n")
    with pytest.raises(StoreError, match=r"missing.*copy `manifests` again"):
        open_store(tmp_path)


def test_a_damaged_manifest_is_explained(tmp_path: Path) -> None:
    publish(tmp_path, STATE.to_json()[:-9])
    with pytest.raises(StoreError, match=r"cannot be read: .* does not have its own"):
        open_store(tmp_path)


def test_a_pipe_in_the_place_of_a_block_is_not_waited_for(
    tmp_path: Path,
) -> None:
    manifest = publishing.publish(tmp_path, golden(), AT)
    block = tmp_path / manifest.tables[VOTES.name][0].file
    block.unlink()
    os.mkfifo(block)
    found = open_store(tmp_path)
    assert found.incomplete == {VOTES.name}
    with pytest.raises(StoreError, match="--verify` finds the file"):
        engine.collect(found.frames.votes)
    assert engine.collect(found.frames.events).height


def ring(path: Path) -> None:
    path.symlink_to(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    ("put", "fact"),
    [
        (os.mkfifo, "not a regular file"),
        (device, "not a regular file"),
        (Path.mkdir, "Is a directory"),
        (ring, "Too many levels of symbolic links"),
    ],
)
@pytest.mark.parametrize("name", [CURRENT, f"{MANIFESTS}/7.json"])
def test_what_is_no_file_in_the_place_of_one_is_written_again(
    tmp_path: Path, name: str, put: Callable[[Path], None], fact: str
) -> None:
    publish(tmp_path, STATE.to_json())
    (tmp_path / name).unlink()
    put(tmp_path / name)
    with pytest.raises(StoreError) as error:
        open_store(tmp_path)
    # Advice about the disk would lead nowhere.
    assert str(error.value) == (
        f"{Path(name).name} cannot be read: {fact}. Run `python sync_job.py --rebuild` "
        "to write the store again."
    )


@pytest.mark.parametrize("name", [CURRENT, f"{MANIFESTS}/7.json"])
def test_what_the_system_refuses_to_read_is_not_called_damaged(
    tmp_path: Path, name: str
) -> None:
    publish(tmp_path, STATE.to_json())
    (tmp_path / name).unlink()
    # A file whose first byte cannot be read, as on a disk that fails.
    (tmp_path / name).symlink_to("/proc/self/mem")
    with pytest.raises(StoreError) as error:
        open_store(tmp_path)
    # A client of the API reads it, too: not where the folder is.
    assert str(error.value) == (
        f"{Path(name).name} cannot be read: Input/output error. Check the disk, and "
        "the permissions of DATA_DIR."
    )


def test_a_question_starts_over_once_when_a_file_is_gone_and_no_more(
    tmp_path: Path,
) -> None:
    asked: list[Snapshot] = []

    def question(snapshot: Snapshot) -> int:
        asked.append(snapshot)
        if len(asked) == 1:
            raise FileNotFoundError
        return 42

    def hopeless(snapshot: Snapshot) -> int:
        asked.append(snapshot)
        raise FileNotFoundError

    assert run_query(tmp_path, question) == 42
    assert len(asked) == 2
    with pytest.raises(StoreError, match="--verify` finds the file"):
        run_query(tmp_path, hopeless)
    assert len(asked) == 4


def test_plain_files_of_the_replaced_job_are_read_with_our_types(
    tmp_path: Path,
) -> None:
    pl.DataFrame(
        {
            "user_id": ["a"],
            "device": [None],
            "created_at": [AT],
        }
    ).write_parquet(tmp_path / USERS.file_name)
    pl.DataFrame(
        {
            "id": [1],
            "user_id": ["a"],
            # As programs that write dictionaries of texts leave it.
            "event": pl.Series(["LEFT_ROOM"], dtype=pl.Categorical),
            "created_at": pl.Series([AT]).dt.replace_time_zone("UTC"),
        }
    ).write_parquet(tmp_path / EVENTS.file_name)
    snapshot = open_store(tmp_path)
    users = snapshot.frames.users.collect()
    assert users.schema == USERS.numbered_schema
    assert users.row(0) == (0, *[None] * 6, AT)
    assert snapshot.frames.events.collect().row(0) == (1, 0, "LEFT_ROOM", AT)
    assert VOTES.name in snapshot.missing


def test_a_plain_file_that_lacks_columns_names_them_all(tmp_path: Path) -> None:
    pl.DataFrame({"id": [1], "avg_estimation": [Decimal("3.50")]}).write_parquet(
        tmp_path / VOTES.file_name
    )
    with pytest.raises(StoreError, match=r"lacks 8 columns: 'room_id', 'max_est"):
        open_store(tmp_path).frames.votes.collect()


@pytest.mark.parametrize(
    "names", [[f"column_{n}" for n in range(500)], ["x" * 20_000], ["a\nb"]]
)
def test_what_is_said_of_a_foreign_file_is_short(
    tmp_path: Path, names: list[str]
) -> None:
    pl.DataFrame({name: [1] for name in names}).write_parquet(
        tmp_path / VOTES.file_name
    )
    with pytest.raises(StoreError, match="lacks 10 columns: 'id', ") as error:
        open_store(tmp_path)
    said = str(error.value)
    assert len(said) < 600
    assert "\n" not in said
    assert ("488 more" in said) == (len(names) == 500)


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("id", ["1"], "text instead of a number"),
        ("avg_estimation", [AT], "a date instead of a number"),
        ("was_auto_flip", ["true"], "text instead of a flag"),
        ("voted_at", ["2026-11-20 10:00:00"], "text instead of a date"),
        ("voted_at", [1_795_000_000], "a number instead of a date"),
        ("id", [[1]], "of type list instead of a number"),
    ],
)
def test_a_plain_file_with_a_column_of_another_type_names_it(
    tmp_path: Path, column: str, values: list[object], said: str
) -> None:
    # A page would fail later, with a text of Polars.
    held = pl.Series(column, values)
    frame = pl.DataFrame(
        [
            held if name == column else pl.Series(name, [None], dtype)
            for name, dtype in VOTES.schema.items()
        ]
    )
    frame.write_parquet(tmp_path / VOTES.file_name)
    with pytest.raises(StoreError) as error:
        open_store(tmp_path).frames.votes.collect()
    assert str(error.value) == (
        f"1 column of another type in {VOTES.file_name}: {column!r} is {said}. "
        "Put a whole copy there, or let the sync job write the store."
    )


@pytest.mark.parametrize(
    ("row", "zone", "day"),
    [
        ("2026-03-02 09:00", "UTC", 2),
        ("2026-03-02 07:30", "America/Los_Angeles", 1),
        ("2026-03-02 20:00", "America/Los_Angeles", 2),
        ("2026-03-02 20:00", "Pacific/Auckland", 3),
    ],
)
def test_the_data_begins_on_the_zones_day_of_the_first_row(
    row: str, zone: str, day: int
) -> None:
    held = replace(NOTHING, frames=frames(vote(row), vote("2026-03-03 12:00")))
    first, place = date(2026, 3, day), ZoneInfo(zone)
    assert beginning(held, place) == (first, 0)
    since = first - timedelta(days=1)
    assert begins_within(held, Period.of_days(since, first, place)) == first
    # The first day may lack its morning.
    assert begins_within(held, Period.of_days(first, first, place)) == first
    after = first + timedelta(days=1)
    assert begins_within(held, Period.of_days(after, after, place)) is None


def test_a_table_that_begins_weeks_after_others_is_named_with_its_day() -> None:
    """Before it nothing is known; a young product's first vote comes days later."""
    rows = [
        user("a", "2026-01-05 09:00"),
        view("a", "2026-01-05 09:00"),
        event("a", "2026-01-09 10:00"),
    ]
    held = replace(
        NOTHING,
        frames=frames(*rows, vote("2026-06-02 20:00")),
        tables={table.name: TableInfo(1, 1) for table in TABLES},
    )
    auckland = ZoneInfo("Pacific/Auckland")
    for day, zone, found in (
        (date(2026, 1, 1), ZoneInfo("UTC"), {VOTES.name: date(2026, 6, 2)}),
        (date(2026, 5, 1), ZoneInfo("UTC"), {VOTES.name: date(2026, 6, 2)}),
        (date(2026, 5, 1), auckland, {VOTES.name: date(2026, 6, 3)}),
        (date(2026, 6, 3), ZoneInfo("UTC"), {}),
        # No longer used since: it had begun all the same.
        (date(2027, 6, 4), ZoneInfo("UTC"), {}),
    ):
        reach = Period.of_days(day, day, zone)
        assert later_begins(held, reach) == found, day
    four_weeks = replace(held, frames=frames(*rows, vote("2026-02-02 09:00")))
    everything = Period.of_days(date(2026, 1, 1), date(2026, 1, 1))
    assert later_begins(four_weeks, everything) == {VOTES.name: date(2026, 2, 2)}
    soon = replace(held, frames=frames(*rows, vote("2026-02-02 08:59")))
    for nothing in (soon, NOTHING):
        assert later_begins(nothing, Period.of_days(day, day)) == {}


def test_a_table_begins_later_whatever_a_stray_row_says() -> None:
    """A clock set to 1970 wrote the first row that is stored."""
    begun = view("a", "2024-01-05 09:00")
    held = replace(
        NOTHING,
        frames=frames(begun, vote("1970-01-02 05:00"), vote("2026-06-02 20:00")),
        tables={live.name: TableInfo(1, 1) for live in (PAGE_VIEWS, VOTES)},
    )
    reach = Period.of_days(date(2026, 5, 1), date(2026, 5, 1))
    assert later_begins(held, reach) == {VOTES.name: date(2026, 6, 2)}

    # Nor is one of a year that may be true, seven years before all others.
    views = [view("a", f"2026-04-20 09:{n % 60:02}") for n in range(1001)]
    rows = [event("a", "2019-03-04 09:00"), *views, vote("2026-05-11 09:00")]
    for later, found in (
        ("2026-05-17 09:00", {}),
        ("2026-06-02 09:00", {ESTIMATIONS.name: date(2026, 6, 2)}),
    ):
        last = estimation("a", later)
        held = replace(
            NOTHING,
            frames=frames(*rows, last),
            tables={live.name: TableInfo(1, 1) for live in TABLES},
        )
        assert later_begins(held, reach) == found


def test_a_damaged_table_does_not_keep_others_from_being_shown(tmp_path: Path) -> None:
    day, file = date(2026, 1, 1), tmp_path / "events.parquet"
    for damage in (b"PAR1" + bytes(400) + b"PAR1", None):
        file.unlink(missing_ok=True)
        if damage:
            file.write_bytes(damage)
        events = pl.scan_parquet(file, schema=EVENTS.numbered_schema)
        rows = {**frames(vote("2026-01-05 09:00")).by_name, EVENTS.name: events}
        held = replace(NOTHING, frames=Frames(rows))
        assert later_begins(held, Period.of_days(day, day)) == {}
