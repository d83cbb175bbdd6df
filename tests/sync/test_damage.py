"""Every damage of a file of the store is found, and healed as the docs promise."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from metrics.tables import EVENTS, TABLES, USERS, VOTES
from store.manifest import CURRENT, MANIFESTS, Manifest
from sync.checksum import Form, checksum
from sync.partitions import Partition
from sync.run import Request
from sync.store_writer import SUSPECTS, Disk, StoreWriter
from testkit.database_servers import LiveDatabase
from testkit.harness import Store
from tests.sync.rows import AT, insert_votes, user

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


def test_verify_finds_every_flipped_byte(filled: Store) -> None:
    for kind, path in files(filled).items():
        content = path.read_bytes()
        # All of them: tests/store/test_manifest.py flips each byte of a manifest, the
        # test below each of a block; here that verification asks those.
        for position in (0, len(content) // 2, len(content) - 1):
            path.write_bytes(flipped(content, position))
            assert filled.verify() == 1, f"{kind}, byte {position}"
        path.write_bytes(content)
        (filled.root / SUSPECTS).unlink(missing_ok=True)
        assert filled.verify() == 0


def test_each_flipped_byte_of_a_block_or_of_ids_is_found(filled: Store) -> None:
    writer = StoreWriter(Disk(filled.root))
    manifest = filled.manifest()
    for file in (manifest.tables[VOTES.name][1], manifest.user_ids[0]):
        path = filled.root / file.file
        content = path.read_bytes()
        for position in range(len(content)):
            path.write_bytes(flipped(content, position))
            assert not writer.is_whole(file)
        path.write_bytes(content)
        assert writer.is_whole(file)


def put(store: Store, table: str, blocks: dict[int, pl.DataFrame]) -> None:
    """Publish other rows under the keys of blocks, as a job gone wrong would."""
    writer = StoreWriter(Disk(store.root))
    manifest = store.manifest()
    found = list(manifest.tables[table])
    (described,) = (t for t in TABLES if t.name == table)
    for place, rows in blocks.items():
        proof = checksum(described, rows, Form.PAGES)
        partition = Partition(found[place].key)
        found[place] = writer.write(described, partition, rows, proof)
    tables = {**manifest.tables, table: tuple(found)}
    number = manifest.number + 1
    writer.publish(replace(manifest, number=number, tables=tables))


def swapped(one: pl.DataFrame, other: pl.DataFrame) -> dict[int, pl.DataFrame]:
    return {1: one.with_columns(pl.col("duration").reverse()), 2: other}


def moved(one: pl.DataFrame, other: pl.DataFrame) -> dict[int, pl.DataFrame]:
    return {1: one.head(-1), 2: pl.concat([one.tail(1), other])}


def copied(one: pl.DataFrame, other: pl.DataFrame) -> dict[int, pl.DataFrame]:
    return {1: one, 2: pl.concat([one.tail(1), other])}


def lost(one: pl.DataFrame, other: pl.DataFrame) -> dict[int, pl.DataFrame]:
    return {1: one.head(-1), 2: other}


def doubled(one: pl.DataFrame, other: pl.DataFrame) -> dict[int, pl.DataFrame]:
    return {1: pl.concat([one, one.tail(1)]), 2: other}


type Change = Callable[[pl.DataFrame, pl.DataFrame], dict[int, pl.DataFrame]]


@pytest.mark.parametrize("change", [swapped, moved, copied, lost, doubled])
def test_verify_finds_rows_that_moved_and_values_that_were_swapped(
    database: LiveDatabase, filled: Store, change: Change
) -> None:
    """Even in files whose every checksum is right, of rows that are wrong."""
    database.execute("UPDATE fpp_votes SET duration = id")
    assert filled.sync() == 0
    blocks = filled.manifest().tables[VOTES.name]
    one, other = (pl.read_parquet(filled.root / block.file) for block in blocks[1:3])
    put(filled, VOTES.name, change(one, other))
    assert filled.verify() == 1
    assert filled.verify() == 1
    # A manifest that contradicts itself is not followed by chance: only on purpose.
    assert filled.sync() == 0 or filled.sync(EVERYTHING) == 0
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


@pytest.mark.parametrize("damage", [nothing, noise, folder, deep, gone])
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


@pytest.mark.parametrize("damage", [nothing, noise, folder, deep])
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


@pytest.mark.parametrize("text", ['{"a": 1}', "5", "[1]", '"x"'])
def test_a_list_of_suspects_that_is_none_suspects_everything(
    filled: Store, text: str
) -> None:
    (filled.root / SUSPECTS).write_text(text)
    assert filled.sync() == 0
    filled.assert_equals_source()


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


def test_a_manifest_in_force_can_be_read_by_users(filled: Store) -> None:
    text = files(filled)["manifest"].read_text()
    assert json.loads(text)["format"] == 3
    assert Manifest.from_json(text) == filled.manifest()
    shutil.copy(files(filled)["manifest"], filled.root / MANIFESTS / "copy.json")
    assert filled.sync() == 0
