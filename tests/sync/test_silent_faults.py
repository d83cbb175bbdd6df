"""What must never end with 0 and a wrong store."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep

import pytest

from metrics.tables import TABLES, USERS, VOTES
from sync.job import Job
from sync.plan import longest_wait, recheck_order
from sync.run import Request, SyncRun
from sync.source import Source
from sync.store_writer import SUSPECTS, Disk, StoreWriter
from testkit.database_servers import Kind, LiveDatabase, running_server
from testkit.harness import QUICK, Store
from tests.sync.conftest import on_one_kind
from tests.sync.rows import insert_votes, user, vote

EVERYTHING = Request(rebuild=frozenset(table.name for table in TABLES))


def hurried(store: Store) -> Job:
    """Return a job whose time for older blocks is up after the first."""
    return replace(store.job(), interval=1e-9)


def test_negative_ids_are_stored_once(
    database: LiveDatabase, small_blocks: Store
) -> None:
    keys = [-25, -11, -10, -1, 1, 9, 10, 25]
    database.insert(VOTES, [vote(key) for key in keys])
    for _ in range(2):
        assert small_blocks.sync() == 0
        assert small_blocks.rows(VOTES)["id"].to_list() == keys
    assert small_blocks.verify() == 0
    database.execute("UPDATE fpp_votes SET duration = 7 WHERE id IN (-10, -1)")
    assert small_blocks.sync() == 0
    small_blocks.assert_equals_source()


def test_a_row_whose_key_changed_is_there_once(
    database: LiveDatabase, small_blocks: Store
) -> None:
    insert_votes(database, range(1, 101))
    small_blocks.sync()
    database.execute("UPDATE fpp_votes SET id = 104 WHERE id = 35")
    assert hurried(small_blocks).run(Request()).exit_code == 0
    small_blocks.assert_equals_source()


def test_a_row_whose_key_changes_between_recheck_and_snapshot_is_there_once(
    database: LiveDatabase, small_blocks: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert_votes(database, range(1, 101))
    small_blocks.sync()
    recheck = SyncRun._recheck

    def move_after(self: SyncRun, source: Source) -> None:
        recheck(self, source)
        database.execute("UPDATE fpp_votes SET id = 104 WHERE id = 35")
        database.execute("DELETE FROM fpp_votes WHERE id = 51")

    monkeypatch.setattr(SyncRun, "_recheck", move_after)
    assert small_blocks.sync() == 0
    small_blocks.assert_equals_source()


def test_a_user_who_moved_to_another_quarter_is_there_once(
    database: LiveDatabase, store: Store
) -> None:
    quarters = ["2025-01-02", "2025-05-02", "2025-08-02", "2025-11-02", "2026-02-02"]
    database.insert(USERS, [user(f"u{n}", at) for n, at in enumerate(quarters)])
    store.sync()
    database.execute("UPDATE fpp_users SET created_at = '2026-02-03' WHERE id = 'u1'")
    assert hurried(store).run(Request()).exit_code == 0
    store.assert_equals_source()
    assert store.verify() == 0


IN_ANOTHER_QUARTER = "UPDATE fpp_users SET created_at = {0} WHERE id = {1}"
OLD, NEWEST = "'2024-02-01'", "'2026-11-01'"
DELETED = "DELETE FROM fpp_users WHERE id = {0}"
FILLED_IN = "INSERT INTO fpp_users (id, created_at) VALUES ({0}, {1})"
MOVES = {
    "two change places": [
        IN_ANOTHER_QUARTER.format(NEWEST, "'old1'"),
        IN_ANOTHER_QUARTER.format(OLD, "'newest1'"),
    ],
    "one leaves, another is filled in": [
        IN_ANOTHER_QUARTER.format(NEWEST, "'old1'"),
        FILLED_IN.format("'another'", OLD),
    ],
    "one comes, another is deleted": [
        IN_ANOTHER_QUARTER.format(OLD, "'newest1'"),
        DELETED.format("'old1'"),
    ],
    "one moves among old quarters, another is deleted": [
        IN_ANOTHER_QUARTER.format("'2025-02-01'", "'old1'"),
        DELETED.format("'middle1'"),
    ],
    "one leaves the newest, another comes, a third makes room": [
        IN_ANOTHER_QUARTER.format(OLD, "'newest6'"),
        FILLED_IN.format("'another'", NEWEST),
        DELETED.format("'old1'"),
    ],
    "deleted and registered again, another is filled in": [
        DELETED.format("'old1'"),
        FILLED_IN.format("'old1'", NEWEST),
        FILLED_IN.format("'another'", OLD),
    ],
}


@on_one_kind
@pytest.mark.parametrize("damaged", [False, True])
@pytest.mark.parametrize("changes", MOVES.values(), ids=MOVES.keys())
def test_users_who_change_quarters_between_recheck_and_snapshot_are_there_once(
    database: LiveDatabase,
    store: Store,
    changes: Sequence[str],
    damaged: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The old quarter keeps its number of rows, so that counting sees nothing."""
    for name, year in (("old", 2024), ("middle", 2025), ("newest", 2026)):
        times = f"{year}-02-01 00:00:00", f"{year}-11-01 00:00:00"
        for place, at in enumerate(times):
            keys = (f"{name}{n}" for n in range(place * 5, place * 5 + 5))
            database.insert(USERS, [user(key, at) for key in keys])
    store.sync()
    if damaged:
        newest = store.manifest().tables[USERS.name][-1]
        zeroed(store.root / newest.file)
    recheck = SyncRun._recheck

    def recheck_and_change(self: SyncRun, source: Source) -> None:
        recheck(self, source)
        for change in changes:
            database.execute(change)

    monkeypatch.setattr(SyncRun, "_recheck", recheck_and_change)
    assert store.sync() == 0
    store.assert_equals_source()


def zeroed(file: Path) -> None:
    file.write_bytes(b"\0" * file.stat().st_size)


def forbidden(file: Path) -> None:
    file.chmod(0)


@pytest.mark.parametrize("damage", [zeroed, forbidden])
def test_a_block_that_cannot_be_read_does_not_keep_a_new_user_away(
    database: LiveDatabase, damage: Callable[[Path], None]
) -> None:
    times = "2024-02-01", "2024-05-01", "2026-11-01"
    database.insert(USERS, [user(f"u{n}", at) for n, at in enumerate(times)])
    with TemporaryDirectory() as folder:
        os.chown(folder, ORDINARY_USER, -1)
        store = Store(Path(folder) / "data", database)
        # The recheck sees the first block only.
        store.policy = replace(store.policy, recheck_share=0.0, hot_blocks=1)
        assert sync_as_an_ordinary_user(store) == 0
        damage(store.root / store.manifest().tables[USERS.name][1].file)
        database.insert(USERS, [user("newcomer")])
        assert sync_as_an_ordinary_user(store) == 0
        store.assert_equals_source()


ORDINARY_USER = os.geteuid() or 10_001


def sync_as_an_ordinary_user(store: Store) -> int:
    """Sync as a user to whom permissions apply: root may read any file."""
    before = os.geteuid()
    os.seteuid(ORDINARY_USER)
    try:
        return store.sync()
    finally:
        os.seteuid(before)


def test_blocks_whose_check_is_still_to_come_are_rechecked(
    database: LiveDatabase, small_blocks: Store
) -> None:
    """The source's clock was ahead for one run: those blocks waited until it came."""
    insert_votes(database, range(1, 101))
    small_blocks.sync()
    manifest = small_blocks.manifest()
    ahead = [
        replace(block, checked_at=manifest.snapshot_at + timedelta(days=900))
        for block in manifest.tables[VOTES.name][:2]
    ]
    tables = {VOTES.name: (*ahead, *manifest.tables[VOTES.name][2:])}
    StoreWriter(Disk(small_blocks.root)).publish(
        replace(manifest, number=2, tables={**manifest.tables, **tables})
    )
    small_blocks.policy = replace(small_blocks.policy, recheck_share=0.0)
    database.execute("UPDATE fpp_votes SET duration = 999 WHERE id = 15")
    assert [small_blocks.sync() for _ in range(2)] == [0, 0]
    small_blocks.assert_equals_source()


def test_rows_filled_into_an_old_gap_are_seen_by_the_next_run(
    database: LiveDatabase, small_blocks: Store
) -> None:
    insert_votes(database, range(1, 200, 2))
    small_blocks.sync()
    insert_votes(database, range(42, 44, 2))
    assert hurried(small_blocks).run(Request()).exit_code == 0
    small_blocks.assert_equals_source()


def test_a_row_gone_and_another_filled_in_elsewhere_are_seen_by_the_next_run(
    database: LiveDatabase, small_blocks: Store
) -> None:
    insert_votes(database, range(1, 200, 2))
    small_blocks.sync()
    database.execute("DELETE FROM fpp_votes WHERE id = 35")
    insert_votes(database, [82])
    assert hurried(small_blocks).run(Request()).exit_code == 0
    small_blocks.assert_equals_source()


def test_an_edit_anywhere_is_seen_by_the_next_run_as_long_as_time_allows(
    database: LiveDatabase, small_blocks: Store
) -> None:
    insert_votes(database, range(1, 201))
    small_blocks.sync()
    database.execute("UPDATE fpp_votes SET duration = 999 WHERE id IN (5, 77, 123)")
    assert small_blocks.sync() == 0
    small_blocks.assert_equals_source()
    now = small_blocks.manifest().snapshot_at
    for block in small_blocks.manifest().tables[VOTES.name]:
        assert block.checked_at is not None
        assert now - block.checked_at < timedelta(seconds=60)


def test_a_changed_row_lets_the_whole_table_be_compared_in_the_same_run(
    database: LiveDatabase, small_blocks: Store
) -> None:
    insert_votes(database, range(1, 201))
    small_blocks.policy = replace(small_blocks.policy, recheck_share=0.0)
    assert small_blocks.sync() == 0
    # Without time for rechecks this run would not look at the block of row 105.
    database.execute("UPDATE fpp_votes SET duration = 61 WHERE id IN (105, 200)")
    assert small_blocks.sync() == 0
    small_blocks.assert_equals_source()


def test_older_blocks_are_rechecked_the_longest_unchecked_first(
    database: LiveDatabase, small_blocks: Store
) -> None:
    insert_votes(database, range(1, 101))
    small_blocks.sync()
    waiting = len(small_blocks.manifest().tables[VOTES.name]) - QUICK.hot_blocks
    seen: list[str] = []
    for _ in range(waiting):
        seen.append(next_in_turn(small_blocks))
        assert hurried(small_blocks).run(Request()).exit_code == 0
    assert len(set(seen)) == waiting
    # A new block does not restart the recheck, as a turn by number did.
    insert_votes(database, range(101, 111))
    hurried(small_blocks).run(Request())
    assert next_in_turn(small_blocks) == seen[1]


def next_in_turn(store: Store) -> str:
    """Return the block of votes that the next run rechecks first."""
    manifest = store.manifest()
    older = manifest.tables[VOTES.name][: -QUICK.hot_blocks]
    return recheck_order(older, manifest.snapshot_at)[0].key


def test_the_stated_wait_is_kept_for_every_block(
    database: LiveDatabase, small_blocks: Store
) -> None:
    insert_votes(database, range(1, 101))
    small_blocks.sync()
    assert small_blocks.manifest().longest_wait == 600
    hurried(small_blocks).run(Request())
    manifest = small_blocks.manifest()
    # One of eight older blocks a run: the recheck takes eight runs.
    blocks = [block for table in manifest.tables.values() for block in table]
    assert manifest.longest_wait is not None
    expected = longest_wait(blocks, 10, 80, manifest.snapshot_at, 600)
    assert expected == 8 * 600
    assert small_blocks.sync() == 0
    assert (small_blocks.manifest().longest_wait or 0) < 700


def test_another_database_is_not_taken_over(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    insert_votes(database, range(1, 101))
    store.sync()
    before = store.manifest()
    other = database.server.create_database()
    other.insert(VOTES, [vote(key, duration=5) for key in range(1, 101)])
    store.address = other.settings
    assert store.sync() == 1
    assert "replica of another database" in reported[-1]
    assert "--rebuild" in reported[-1]
    assert store.verify() == 1
    assert "replica of another database" in reported[-1]
    assert not (store.root / SUSPECTS).exists()
    assert store.manifest() == before
    assert store.sync(EVERYTHING) == 0
    store.source = other
    store.assert_equals_source()
    assert store.sync() == 0


def test_another_server_with_other_rows_is_not_taken_over(
    database: LiveDatabase, store: Store, own_kind: Kind, reported: Sequence[str]
) -> None:
    insert_votes(database, range(1, 101))
    store.sync()
    with running_server(own_kind) as server:
        other = server.create_database(name=database.name)
        other.insert(VOTES, [vote(key, duration=5) for key in range(1, 101)])
        store.address = other.settings
        assert store.sync() == 1
        assert "replica of another database" in reported[-1]
        assert store.verify() == 1
    assert "replica of another database" in reported[-1]
    assert not (store.root / SUSPECTS).exists()


def test_another_server_at_the_same_address_is_not_taken_over(
    store: Store, own_kind: Kind, reported: Sequence[str]
) -> None:
    """MariaDB's own id of a server is made of its host and port only."""
    for duration in (60, 5):
        with running_server(own_kind, port=port_of(store)) as server:
            store.source = server.create_database(name="fpp")
            rows = [vote(key, duration=duration) for key in range(1, 101)]
            store.source.insert(VOTES, rows)
            assert store.sync() == (duration == 5)
        sleep(1.1)  # MariaDB remembers in whole seconds when tables were created
    assert "replica of another database" in reported[-1]


def port_of(store: Store) -> int | None:
    """Return the port of the server that the store was copied from; None before."""
    return store.source.server.port if (store.root / "CURRENT").exists() else None


def test_a_database_that_moved_to_another_server_is_followed(
    database: LiveDatabase, store: Store, own_kind: Kind
) -> None:
    insert_votes(database, range(1, 101))
    store.sync()
    with running_server(own_kind) as server:
        store.source = server.create_database(name=database.name)
        insert_votes(store.source, range(1, 111))
        assert store.sync() == 0
        store.assert_equals_source()
        assert store.sync() == 0


def test_a_store_of_the_earlier_format_is_followed_and_proven(
    database: LiveDatabase, small_blocks: Store
) -> None:
    insert_votes(database, range(1, 101))
    database.insert(USERS, [user("a"), user("b")])
    small_blocks.sync()
    files = {file.file for file in small_blocks.manifest().files}
    make_earlier(small_blocks)
    assert small_blocks.rows(VOTES).height == 100
    assert small_blocks.verify() == 0
    assert small_blocks.sync() == 0
    manifest = small_blocks.manifest()
    assert {file.file for file in manifest.files} == files
    blocks = [block for table in manifest.tables.values() for block in table]
    assert all(block.checksum and block.checked_at for block in blocks)
    assert small_blocks.verify() == 0


def make_earlier(store: Store) -> None:
    """Write the manifest in force as version 1.0 did."""
    name = (store.root / "CURRENT").read_text().strip()
    path = store.root / "manifests" / name
    raw = json.loads(path.read_text())
    for blocks in raw["tables"].values():
        for block in blocks:
            del block["checksum"], block["checked_at"]
            block |= {"crc_sum": 1, "crc_xor": 2}
    for key in ("sha256", "origin", "longest_wait"):
        del raw[key]
    raw |= {"format": 2, "people": raw.pop("user_ids")}
    path.write_text(json.dumps(raw))
