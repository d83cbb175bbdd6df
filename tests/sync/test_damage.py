"""Every damage of a file of the store is found, and healed as the docs promise."""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from metrics.tables import EVENTS, ROOMS, TABLES, USERS, VOTES, Blocks, Table
from store.manifest import CURRENT, MANIFESTS, Block, Manifest
from sync.checksum import Form, checksum
from sync.connection import Deadline
from sync.exceptions import DamagedStoreError, DifferenceError
from sync.partitions import Partition
from sync.run import Request
from sync.store_writer import LOCK, SUSPECTS, Disk, StoreWriter
from sync.verify import verify
from testkit.database_servers import LiveDatabase
from testkit.harness import Store
from tests.sync.conftest import on_one_kind
from tests.sync.rows import AT, insert_votes, room, user
from tests.sync.sources import opened

type Pair = tuple[pl.DataFrame, pl.DataFrame]

EVERYTHING = Request(rebuild=frozenset(table.name for table in TABLES))


@pytest.fixture
def filled(database: LiveDatabase, small_blocks: Store) -> Store:
    insert_votes(database, range(1, 41))
    database.insert(USERS, [user(f"u{n}") for n in range(20)])
    database.insert(EVENTS, [(n, f"u{n}", "LEFT_ROOM", AT) for n in range(1, 20)])
    assert small_blocks.sync() == 0
    return small_blocks


def files(store: Store) -> dict[str, Path]:
    """Return one file of each kind."""
    manifest = store.manifest()
    name = (store.root / CURRENT).read_text().strip()
    return {
        "CURRENT": store.root / CURRENT,
        "manifest": store.root / MANIFESTS / name,
        "block": store.root / manifest.tables[VOTES.name][1].file,
        "block of users": store.root / manifest.tables[USERS.name][0].file,
        "user ids": store.root / manifest.user_ids[0].file,
    }


def flipped(content: bytes, position: int) -> bytes:
    changed = bytearray(content)
    changed[position] ^= 1
    return bytes(changed)


@on_one_kind
def test_verify_finds_every_flipped_byte(database: LiveDatabase, store: Store) -> None:
    """Each byte of each kind of file, in a store of one table and a few rows."""
    store.tables = EVENTS_ALONE
    database.insert(EVENTS, [(n, f"u{n}", "LEFT_ROOM", AT) for n in (1, 2)])
    assert store.sync() == 0
    writer, manifest = StoreWriter(Disk(store.root)), store.manifest()
    assert len(manifest.files) == 2
    kinds = [store.root / file.file for file in manifest.files]
    kinds += [store.root / CURRENT, *(store.root / MANIFESTS).iterdir()]
    with opened(database) as source:
        for path in kinds:
            content = path.read_bytes()
            for position in range(len(content)):
                path.write_bytes(flipped(content, position))
                assert not is_as_written(writer, manifest), (path.name, position)
                # It begins with the same look, so that a sample shows the rest.
                if position % (len(content) // 20 + 1) == 0:
                    with pytest.raises((DifferenceError, DamagedStoreError)):
                        verify(writer, source, EVENTS_ALONE, store.policy, Deadline(60))
            path.write_bytes(content)
            assert is_as_written(writer, manifest)
            verify(writer, source, EVENTS_ALONE, store.policy, Deadline(60))


EVENTS_ALONE = (EVENTS,)


def is_as_written(writer: StoreWriter, manifest: Manifest) -> bool:
    """Return whether the manifest is in force, and its files have all their bytes."""
    try:
        in_force = writer.current()
    except DamagedStoreError:
        return False
    return in_force == manifest and all(map(writer.is_whole, manifest.files))


def put(store: Store, table: Table, blocks: dict[int, pl.DataFrame]) -> None:
    """Publish other rows under the keys of blocks, as a job gone wrong would."""
    writer = StoreWriter(Disk(store.root))
    manifest = store.manifest()
    found = list(manifest.tables[table.name])
    form = Form.PAGES if table.blocks is Blocks.KEY_RANGE else Form.ROWS
    for place, rows in blocks.items():
        proof = checksum(table, rows, form)
        partition = Partition(found[place].key)
        found[place] = writer.write(table, partition, rows, proof)
    publish(store, table, found)


def publish(store: Store, table: Table, blocks: Sequence[Block]) -> None:
    manifest = store.manifest()
    tables = {**manifest.tables, table.name: tuple(blocks)}
    number = manifest.number + 1
    StoreWriter(Disk(store.root)).publish(
        replace(manifest, number=number, tables=tables)
    )


def swapped(one: pl.DataFrame, other: pl.DataFrame) -> Pair:
    return one.with_columns(pl.col("duration").reverse()), other


def moved(one: pl.DataFrame, other: pl.DataFrame) -> Pair:
    return one.head(-1), pl.concat([one.tail(1), other])


def copied(one: pl.DataFrame, other: pl.DataFrame) -> Pair:
    return one, pl.concat([one.tail(1), other])


def lost(one: pl.DataFrame, other: pl.DataFrame) -> Pair:
    return one.head(-1), other


def doubled(one: pl.DataFrame, other: pl.DataFrame) -> Pair:
    return pl.concat([one, one.tail(1)]), other


def invented(one: pl.DataFrame, other: pl.DataFrame) -> Pair:
    return one.tail(1), other.vstack(other.tail(1).with_columns(pl.col("id") + 1))


@on_one_kind
@pytest.mark.parametrize("change", [swapped, moved, copied, lost, doubled, invented])
@pytest.mark.parametrize("first", [0, 2], ids=["older blocks", "newest blocks"])
def test_verify_finds_rows_that_moved_and_values_that_were_swapped(
    database: LiveDatabase,
    filled: Store,
    change: Callable[[pl.DataFrame, pl.DataFrame], Pair],
    first: int,
) -> None:
    """Even in files whose every checksum is right, of rows that are wrong."""
    database.execute("DELETE FROM fpp_votes WHERE id IN (30, 39, 40)")
    database.execute("UPDATE fpp_votes SET duration = id")
    assert filled.sync() == 0
    blocks = filled.manifest().tables[VOTES.name][first : first + 2]
    one, other = (pl.read_parquet(filled.root / block.file) for block in blocks)
    put(filled, VOTES, dict(enumerate(change(one, other), first)))
    assert filled.verify() == 1
    assert filled.verify() == 1
    # A manifest that contradicts itself is not followed by chance: only on purpose.
    assert filled.sync() == 0 or filled.sync(EVERYTHING) == 0
    filled.assert_equals_source()
    assert filled.verify() == 0


def test_verify_finds_values_that_were_swapped_in_a_whole_table(
    database: LiveDatabase, filled: Store
) -> None:
    database.insert(ROOMS, [room(n, f"room {n}") for n in range(1, 6)])
    assert filled.sync() == 0
    (block,) = filled.manifest().tables[ROOMS.name]
    rows = pl.read_parquet(filled.root / block.file)
    put(filled, ROOMS, {0: rows.with_columns(pl.col("name").reverse())})
    assert filled.verify() == 1
    assert filled.sync() == 0
    filled.assert_equals_source()
    # A room that is in use has changed by its own time.
    database.execute(
        "UPDATE fpp_rooms SET name = 'new', last_used_at = NOW() WHERE id = 2"
    )
    assert filled.verify() == 0


def test_verify_finds_a_block_whose_ends_are_not_those_of_its_rows(
    filled: Store,
) -> None:
    """Readers leave out blocks by them."""
    first, *others = filled.manifest().tables[EVENTS.name]
    assert first.max_time is not None
    later = replace(first, max_time=first.max_time + timedelta(seconds=1))
    publish(filled, EVENTS, [later, *others])
    assert filled.verify() == 1
    assert filled.sync() == 0
    assert filled.manifest().tables[EVENTS.name][0].max_time == first.max_time
    assert filled.verify() == 0


@on_one_kind
@pytest.mark.parametrize("table", [USERS, EVENTS, VOTES], ids=lambda t: t.name)
@pytest.mark.parametrize("place", [0, -1])
def test_verify_finds_a_block_that_the_manifest_left_out(
    filled: Store, table: Table, place: int
) -> None:
    blocks = list(filled.manifest().tables[table.name])
    del blocks[place]
    publish(filled, table, blocks)
    assert filled.verify() == 1
    assert filled.sync() == 0
    filled.assert_equals_source()
    assert filled.verify() == 0


def test_damaged_user_ids_are_found_before_a_number_is_given(
    database: LiveDatabase, filled: Store
) -> None:
    before = filled.user_ids()
    path = files(filled)["user ids"]
    content = path.read_bytes()
    position = content.index(b"u7")
    path.write_bytes(content[:position] + b"x7" + content[position + 2 :])
    database.insert(USERS, [user("x7"), user("u7b")])
    assert filled.sync() == 0
    after = filled.user_ids()
    assert before.join(after, on=["person", "user"], how="anti").is_empty()
    assert after["person"].is_unique().all()
    filled.assert_equals_source()
    assert filled.verify() == 0


@on_one_kind
def test_verify_finds_an_id_with_two_numbers(filled: Store) -> None:
    manifest, writer = filled.manifest(), StoreWriter(Disk(filled.root))
    (file,) = manifest.user_ids
    ids = writer.read_user_ids(file)
    twice = writer.write_user_ids(file.first, pl.concat([ids, ids.head(1)]))
    number = manifest.number + 1
    writer.publish(replace(manifest, number=number, user_ids=(twice,)))
    assert filled.verify() == 1
    assert filled.sync() == 0
    filled.assert_equals_source()
    assert filled.verify() == 0


def nothing(path: Path) -> None:
    path.write_bytes(b"")


def noise(path: Path) -> None:
    path.write_bytes(b"\xff\0\xfe{")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "file").touch()


def deep(path: Path) -> None:
    path.write_text("[" * 100_000)


def gone(path: Path) -> None:
    path.unlink()


def pipe(path: Path) -> None:
    """Which waits for a writer: a run that opens it never ends."""
    path.unlink()
    os.mkfifo(path)


@on_one_kind
@pytest.mark.parametrize("damage", [nothing, noise, folder, deep, gone, pipe])
@pytest.mark.parametrize("kind", ["CURRENT", "manifest"])
def test_a_rebuild_heals_whatever_the_manifest_has_become(
    filled: Store, kind: str, damage: Callable[[Path], None], reported: Sequence[str]
) -> None:
    damage(files(filled)[kind])
    if (kind, damage) != ("CURRENT", gone):  # which is a store that never was
        assert filled.sync() == 1
        assert "--rebuild" in reported[-1]
    assert filled.sync(EVERYTHING) == 0
    filled.assert_equals_source()
    assert filled.verify() == 0
    assert filled.sync() == 0


@on_one_kind
@pytest.mark.parametrize("damage", [nothing, noise, folder, deep, pipe])
def test_a_list_of_suspects_that_cannot_be_read_suspects_everything(
    filled: Store, damage: Callable[[Path], None]
) -> None:
    old = {file.file for file in filled.manifest().files}
    path = filled.root / SUSPECTS
    path.touch()
    damage(path)
    assert filled.sync() == 0
    assert not old & {file.file for file in filled.manifest().files}
    assert not path.exists()
    filled.assert_equals_source()


def test_a_list_of_suspects_that_could_fill_the_memory_is_not_read(
    tmp_path: Path,
) -> None:
    (tmp_path / SUSPECTS).write_text("[]" + " " * 10_000_000)
    assert StoreWriter(Disk(tmp_path)).suspects() is None


@on_one_kind
@pytest.mark.parametrize("damage", [folder, pipe])
@pytest.mark.parametrize("kind", ["block", "block of users", "user ids"])
def test_a_block_that_is_no_file_is_found_and_healed(
    filled: Store, kind: str, damage: Callable[[Path], None]
) -> None:
    damage(files(filled)[kind])
    assert filled.verify() == 1
    assert filled.sync() == 0
    assert filled.verify() == 0
    filled.assert_equals_source()


def test_a_folder_is_no_file_whatever_its_size_is(tmp_path: Path) -> None:
    writer = StoreWriter(Disk(tmp_path))
    file = writer.write_user_ids(0, pl.Series(["a"]))
    assert writer.is_there(file)
    folder(tmp_path / file.file)
    size = (tmp_path / file.file).stat().st_size
    assert not writer.is_there(replace(file, bytes=size))


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def short(path: Path) -> None:
    """Cut off while it was written."""
    path.write_text(path.read_text()[:10])


@on_one_kind
@pytest.mark.parametrize("damage", [nothing, noise, folder, deep, loop, gone, short])
def test_a_lock_that_cannot_be_read_is_written_again(
    database: LiveDatabase, filled: Store, damage: Callable[[Path], None]
) -> None:
    damage(filled.root / LOCK)
    insert_votes(database, range(900, 910))
    assert filled.sync() == 0
    filled.assert_equals_source()
    name = (filled.root / LOCK).read_text()
    assert len(name) == 32
    assert filled.verify() == 0
    assert (filled.root / LOCK).read_text() == name


FOLDERS = ["blocks", "blocks/fpp_votes", "blocks/people", "manifests"]


@on_one_kind
@pytest.mark.parametrize("name", FOLDERS)
def test_a_file_in_the_place_of_a_folder_is_healed(
    database: LiveDatabase, filled: Store, name: str
) -> None:
    shutil.rmtree(filled.root / name)
    (filled.root / name).write_text("a file")
    database.insert(USERS, [user("newcomer")])
    insert_votes(database, range(900, 910))
    assert filled.sync(EVERYTHING if name == "manifests" else Request()) == 0
    filled.assert_equals_source()
    assert filled.verify() == 0


@on_one_kind
def test_a_link_to_a_folder_that_is_gone_is_named_and_kept(
    database: LiveDatabase, filled: Store, reported: Sequence[str]
) -> None:
    """As where the disk of the blocks is not mounted: it may come back."""
    blocks, elsewhere = filled.root / "blocks", filled.root.parent / "elsewhere"
    blocks.rename(elsewhere)
    blocks.symlink_to(elsewhere)
    assert filled.sync() == 0
    elsewhere.rename(filled.root.parent / "away")
    insert_votes(database, range(900, 910))
    assert filled.sync() == 1
    assert "blocks is a link to a folder that is not there" in reported[-1]
    (filled.root.parent / "away").rename(elsewhere)
    assert filled.sync() == 0
    filled.assert_equals_source()
    assert filled.verify() == 0
    # The store's own folder as well.
    store = filled.root.rename(filled.root.parent / "store")
    filled.root.symlink_to(store)
    store.rename(store.parent / "unmounted")
    assert filled.sync() == 1
    assert "written (it is a link to a folder that is not there)" in reported[-1]


@on_one_kind
@pytest.mark.parametrize("text", ['{"a": 1}', "5", "[1]", '"x"'])
def test_a_list_of_suspects_that_is_none_suspects_everything(
    filled: Store, text: str
) -> None:
    (filled.root / SUSPECTS).write_text(text)
    assert filled.sync() == 0
    filled.assert_equals_source()


@on_one_kind
def test_stray_files_disturb_no_run(filled: Store) -> None:
    filled.policy = replace(filled.policy, keep_generations=1, keep_seconds=0)
    (filled.root / MANIFESTS / "folder.json").mkdir()
    (filled.root / MANIFESTS / "noise.json").write_bytes(b"\xff")
    (filled.root / MANIFESTS / "abc-def.json").write_text("{}")
    (filled.root / MANIFESTS / "link.json").symlink_to("nowhere")
    (filled.root / "blocks" / VOTES.name / "folder").mkdir()
    (filled.root / "blocks" / VOTES.name / "link").symlink_to("nowhere")
    (filled.root / "CURRENT-1.tmp").mkdir()
    for _ in range(2):
        assert filled.sync() == 0
        filled.assert_equals_source()
    assert not (filled.root / MANIFESTS / "folder.json").exists()


@on_one_kind
def test_a_file_that_panics_ends_a_run_and_is_named(
    filled: Store, monkeypatch: pytest.MonkeyPatch, reported: Sequence[str]
) -> None:
    """Polars' panics are no `Exception`; they passed every handler."""

    def panic(*_: object, **__: object) -> pl.DataFrame:
        raise pl.exceptions.PanicException("out of range")

    filled.source.execute("UPDATE fpp_votes SET duration = 999 WHERE id = 15")
    monkeypatch.setattr(pl, "read_parquet", panic)
    assert filled.sync() == 1
    assert "cannot be read (PanicException)" in reported[-1]
    monkeypatch.undo()
    assert filled.sync() == 0
    filled.assert_equals_source()


@on_one_kind
def test_a_manifest_in_force_can_be_read_by_users(filled: Store) -> None:
    text = files(filled)["manifest"].read_text()
    assert json.loads(text)["format"] == 3
    assert Manifest.from_json(text) == filled.manifest()
    shutil.copy(files(filled)["manifest"], filled.root / MANIFESTS / "copy.json")
    assert filled.sync() == 0
