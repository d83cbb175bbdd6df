"""User numbers: one for each id, in every table, whatever happens."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl
import pytest

from metrics.tables import EVENTS, TABLES, USER, USERS
from store.manifest import Manifest
from sync import user_ids
from sync.checksum import Form, checksum
from sync.partitions import Partition
from sync.run import Request
from sync.store_writer import USER_ID, Disk, StoreWriter
from testkit.database_servers import LiveDatabase
from testkit.harness import Store
from tests.sync.conftest import on_one_kind
from tests.sync.rows import AT, user

EVERYTHING = Request(rebuild=frozenset(table.name for table in TABLES))


def numbers(store: Store) -> dict[str, int]:
    """Return every user's number, by id."""
    return dict(store.user_ids().drop_nulls().select(USER_ID, USER).iter_rows())


def event(key: int, who: str) -> tuple[int, str, str, str]:
    return (key, who, "LEFT_ROOM", AT)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of three ids, so that few users make several."""
    monkeypatch.setattr(user_ids, "FILE_ROWS", 3)


def test_numbers_are_dense_stay_and_are_given_to_newcomers_only(
    database: LiveDatabase, store: Store, few: None
) -> None:
    database.insert(USERS, [user(who) for who in "ab"])
    database.insert(EVENTS, [event(n, who) for n, who in enumerate("bcd", 1)])
    store.sync()
    first = numbers(store)
    assert sorted(first.values()) == [0, 1, 2, 3]
    database.insert(EVENTS, [event(n, who) for n, who in enumerate("aefg", 10)])
    store.sync()
    second = numbers(store)
    assert second == first | {who: second[who] for who in "efg"}
    assert sorted(second.values()) == list(range(7))
    assert [(f.first, f.rows) for f in store.manifest().user_ids] == [
        (0, 3),
        (3, 3),
        (6, 1),
    ]
    store.assert_equals_source()
    assert store.verify() == 0


def test_full_files_are_never_written_again(
    database: LiveDatabase, store: Store, few: None
) -> None:
    database.insert(USERS, [user(who) for who in "abcd"])
    store.sync()
    before = store.manifest().user_ids
    database.insert(USERS, [user(who) for who in "ef"])
    store.sync()
    after = store.manifest().user_ids
    assert after[0] == before[0]
    assert after[1].file != before[1].file
    store.sync()
    assert store.manifest().user_ids == after


def test_a_deleted_user_keeps_the_number_until_all_is_read_again(
    database: LiveDatabase, store: Store
) -> None:
    database.insert(USERS, [user(who) for who in "abcdefgh"])
    store.sync()
    database.execute("DELETE FROM fpp_users WHERE id = 'a'")
    store.sync()
    assert set(numbers(store)) == set("abcdefgh")
    store.sync(EVERYTHING)
    assert set(numbers(store)) == set("bcdefgh")
    assert sorted(numbers(store).values()) == list(range(7))
    store.assert_equals_source()


def test_one_table_read_again_keeps_the_numbers(
    database: LiveDatabase, store: Store
) -> None:
    database.fill_from_golden()
    store.sync()
    before = numbers(store)
    assert store.sync(Request(rebuild=frozenset({USERS.name}))) == 0
    assert numbers(store) == before
    store.assert_equals_source()


def cut(store: Store, manifest: Manifest) -> None:
    file = store.root / manifest.user_ids[0].file
    file.write_bytes(file.read_bytes()[:-1])


def remove(store: Store, manifest: Manifest) -> None:
    (store.root / manifest.user_ids[0].file).unlink()


@pytest.mark.parametrize("damage", [cut, remove])
def test_ids_that_are_gone_are_restored_from_the_blocks(
    database: LiveDatabase, store: Store, few: None, damage: object
) -> None:
    database.insert(USERS, [user(who) for who in "abcd"])
    database.insert(EVENTS, [event(n, who) for n, who in enumerate("bz", 1)])
    store.sync()
    before = numbers(store)
    assert callable(damage)
    damage(store, store.manifest())
    assert store.sync() == 0
    assert numbers(store) == before
    store.assert_equals_source()
    assert store.verify() == 0


@on_one_kind
def test_a_flipped_byte_among_the_ids_is_found_and_healed(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    database.fill_from_golden()
    store.sync()
    before = numbers(store)
    file = store.root / store.manifest().user_ids[0].file
    content = bytearray(file.read_bytes())
    content[200] ^= 1
    file.write_bytes(content)
    assert store.verify() == 1
    assert "User IDs: blocks are damaged" in reported[-1]
    assert store.sync() == 0
    assert numbers(store) == before
    store.assert_equals_source()
    assert store.verify() == 0


def test_verify_finds_a_number_of_another_user(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    """A block whose bytes are what was written, written wrong."""
    database.insert(USERS, [user(who) for who in "ab"])
    store.sync()
    manifest = store.manifest()
    (block,) = manifest.tables[USERS.name]
    swapped = pl.read_parquet(store.root / block.file).with_columns(
        pl.col(USER).reverse()
    )
    rewrite(store, manifest, swapped)
    assert store.verify() == 1
    assert USERS.name in reported[-1]
    assert store.sync() == 0
    store.assert_equals_source()
    assert store.verify() == 0


def rewrite(store: Store, manifest: Manifest, rows: pl.DataFrame) -> None:
    """Put other rows in force in place of the users, as if the job had."""
    writer = StoreWriter(Disk(store.root))
    (block,) = manifest.tables[USERS.name]
    proof = checksum(USERS, rows, Form.ROWS)
    other = writer.write(USERS, Partition(block.key), rows, proof)
    tables = {**manifest.tables, USERS.name: (other,)}
    writer.publish(replace(manifest, number=manifest.number + 1, tables=tables))


def test_after_a_run_that_published_nothing_numbers_are_given_again(
    database: LiveDatabase, store: Store
) -> None:
    database.insert(USERS, [user("a")])
    store.sync()
    database.insert(USERS, [user("b", city="München")])
    database.execute("ALTER TABLE fpp_votes RENAME COLUMN duration TO lasted")
    assert store.sync() == 1
    assert numbers(store) == {"a": 0}
    database.execute("ALTER TABLE fpp_votes RENAME COLUMN lasted TO duration")
    assert store.sync() == 0
    assert numbers(store) == {"a": 0, "b": 1}


def test_more_users_than_numbers_stop_the_run(
    database: LiveDatabase,
    store: Store,
    reported: Sequence[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(user_ids, "MOST_USERS", 2)
    database.insert(USERS, [user(who) for who in "ab"])
    assert store.sync() == 0
    database.insert(USERS, [user("c")])
    assert store.sync() == 1
    assert "There are 3 users" in reported[-1]
    assert len(numbers(store)) == 2
