"""Situations 12 and 13: a source that lost rows, a file that lost bytes."""

import itertools
import re
import time
from collections.abc import Sequence
from typing import Any

import pytest

from metrics.tables import TABLES, USERS, VOTES
from store.manifest import Block
from sync.checksum import Checksum
from sync.run import Request
from sync.source import Source
from testkit.database_servers import SCHEMA, LiveDatabase
from testkit.harness import Store
from tests.sync.rows import cast_votes, insert_votes, user, vote

CONFIRMED = Request(accept_shrink=True)


def test_more_than_a_fifth_gone_publishes_nothing_until_confirmed(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    insert_votes(database, range(1, 101))
    database.insert(USERS, [user("a")])
    store.sync()
    before = store.manifest()
    database.execute("DELETE FROM fpp_votes WHERE id > 79")
    database.insert(USERS, [user("b")])
    assert store.sync() == 1
    assert store.manifest() == before
    assert "fpp_votes lost 21 of 100 rows" in reported[-1]
    assert "--accept-shrink" in reported[-1]
    assert store.sync(CONFIRMED) == 0
    store.assert_equals_source()


def test_rows_gone_from_damaged_blocks_wait_for_the_confirmation_too(
    database: LiveDatabase, small_blocks: Store, reported: Sequence[str]
) -> None:
    insert_votes(database, range(1, 101))
    small_blocks.sync()
    for block in small_blocks.manifest().tables[VOTES.name]:
        damage(small_blocks, block, position=40)
    small_blocks.verify()
    database.execute("DELETE FROM fpp_votes WHERE id MOD 10 > 0")
    assert small_blocks.sync() == 1
    assert "fpp_votes lost 90 of 100 rows" in reported[-1]
    assert small_blocks.sync(CONFIRMED) == 0
    small_blocks.assert_equals_source()


def test_users_who_moved_to_other_quarters_are_not_lost(
    database: LiveDatabase, store: Store, logged: Sequence[str]
) -> None:
    database.insert(USERS, [user(f"u{n}", "2026-02-01") for n in range(30)])
    database.insert(USERS, [user(f"v{n}", "2026-05-01") for n in range(30)])
    store.sync()
    database.execute(
        "UPDATE fpp_users SET created_at = created_at + INTERVAL 3 MONTH"
        " WHERE id NOT IN ('u0', 'u1')"
    )
    database.execute("DELETE FROM fpp_users WHERE id IN ('u1', 'u2', 'v1')")
    database.insert(USERS, [user("w0", "2026-05-01")])
    assert store.sync() == 0
    assert "fpp_users: 58 rows, 1 new, 56 changed, 3 deleted rows" in logged
    store.assert_equals_source()


def test_a_fifth_gone_is_followed(database: LiveDatabase, store: Store) -> None:
    insert_votes(database, range(1, 101))
    store.sync()
    database.execute("DELETE FROM fpp_votes WHERE id > 80")
    assert store.sync() == 0
    store.assert_equals_source()


def test_a_truncated_table_waits_for_the_confirmation(
    database: LiveDatabase, small_blocks: Store
) -> None:
    insert_votes(database, range(1, 101))
    small_blocks.sync()
    database.execute("TRUNCATE fpp_votes")
    assert small_blocks.sync() == 1
    assert small_blocks.rows(VOTES).height == 100
    assert small_blocks.sync(CONFIRMED) == 0
    small_blocks.assert_equals_source()


def test_tables_that_were_created_again_with_fewer_rows_wait_for_the_confirmation(
    database: LiveDatabase, store: Store, reported: Sequence[str]
) -> None:
    insert_votes(database, range(1, 101))
    store.sync()
    time.sleep(1.1)  # a server remembers in whole seconds when tables were created
    for table in TABLES:
        database.execute(f"DROP TABLE {table.name}")
    for statement in SCHEMA.read_text().split(";\n"):
        if statement.strip():
            database.execute(statement)
    insert_votes(database, range(1, 31))
    assert store.sync() == 1
    assert "fpp_votes lost 70 of 100 rows" in reported[-1]
    assert store.rows(VOTES).height == 100
    assert store.sync(CONFIRMED) == 0
    store.assert_equals_source()
    assert store.sync() == 0


def test_ids_that_a_restored_source_uses_again_get_their_new_contents(
    database: LiveDatabase, small_blocks: Store
) -> None:
    """Restored to row 85 of 100, then grown past the old end."""
    insert_votes(database, range(1, 101))
    small_blocks.sync()
    database.execute("DELETE FROM fpp_votes WHERE id > 85")
    database.insert(VOTES, [vote(key, duration=999) for key in range(86, 131)])
    assert small_blocks.sync() == 0
    small_blocks.assert_equals_source()
    run = small_blocks.manifest().runs[-1]
    assert (run.new, run.changed, run.gone) == (30, 15, 0)


def flip(store: Store, table: str, position: int) -> None:
    damage(store, store.manifest().tables[table][0], position)


def damage(store: Store, block: Block, position: int) -> None:
    path = store.root / block.file
    content = bytearray(path.read_bytes())
    content[position] ^= 0x10
    path.write_bytes(content)


def test_verify_finds_a_flipped_byte_and_the_next_run_heals_it(
    database: LiveDatabase, small_blocks: Store, reported: Sequence[str]
) -> None:
    insert_votes(database, range(1, 101))
    small_blocks.sync()
    assert small_blocks.verify() == 0
    before = small_blocks.manifest()
    flip(small_blocks, "fpp_votes", position=40)
    assert small_blocks.verify() == 1
    assert "fpp_votes: blocks are damaged" in reported[-1]
    assert small_blocks.manifest() == before
    assert small_blocks.sync() == 0
    assert small_blocks.manifest().runs[-1].healed == 1
    small_blocks.assert_equals_source()
    assert small_blocks.verify() == 0


@pytest.mark.parametrize("damage", ["removed", "cut"])
def test_a_file_that_is_gone_or_short_is_healed_by_the_next_run(
    database: LiveDatabase, small_blocks: Store, damage: str
) -> None:
    insert_votes(database, range(1, 101))
    small_blocks.sync()
    path = small_blocks.root / small_blocks.manifest().tables["fpp_votes"][3].file
    if damage == "removed":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1])
    assert small_blocks.sync() == 0
    small_blocks.assert_equals_source()


def test_verify_separates_newer_rows_from_wrong_ones(
    database: LiveDatabase, small_blocks: Store, logged: Sequence[str]
) -> None:
    insert_votes(database, range(1, 101))
    small_blocks.sync()
    cast_votes(database, range(101, 104))
    assert small_blocks.verify() == 0
    assert "fpp_votes: since the last run 3 new, 0 changed, 0 deleted rows" in logged
    database.execute("UPDATE fpp_votes SET duration = 61 WHERE id = 5")
    assert small_blocks.verify() == 1
    assert "1 block out of date" in " ".join(logged)
    small_blocks.sync()
    small_blocks.assert_equals_source()
    # Of a deleted row nothing says when it went.
    database.execute("DELETE FROM fpp_votes WHERE id = 103")
    assert small_blocks.verify() == 1


@pytest.mark.parametrize(
    "change",
    [
        # Blocks of which the source has no row any more.
        "DELETE FROM fpp_votes WHERE id BETWEEN 30 AND 39",
        "DELETE FROM fpp_votes WHERE id = 100",
        "DELETE FROM fpp_votes WHERE id < 10",
        # By its own time this came since, but no run looks at older blocks for it.
        "UPDATE fpp_votes SET duration = 61, voted_at = NOW() WHERE id = 5",
    ],
)
def test_verify_finds_blocks_that_differ_in_more_than_newer_rows(
    database: LiveDatabase, small_blocks: Store, change: str, logged: Sequence[str]
) -> None:
    insert_votes(database, range(1, 101))
    small_blocks.sync()
    database.execute(change)
    assert small_blocks.verify() == 1
    assert "fpp_votes: 1 block out of date" in logged
    assert small_blocks.sync() == 0
    small_blocks.assert_equals_source()
    assert small_blocks.verify() == 0


def test_verify_takes_rows_that_come_while_it_runs_for_no_fault(
    database: LiveDatabase,
    small_blocks: Store,
    logged: Sequence[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    insert_votes(database, range(1, 101))
    small_blocks.sync()
    compare = Source.checksum
    keys = itertools.count(101)

    def compare_late(*of: Any) -> Checksum:
        key = next(keys)
        cast_votes(database, range(key, key + 1))
        return compare(*of)

    monkeypatch.setattr(Source, "checksum", compare_late)
    assert small_blocks.verify() == 0
    assert any(
        re.match(r"fpp_votes: since the last run \d+ new, 0 ch", s) for s in logged
    )
    assert next(keys) > 105


def test_verify_changes_no_file_but_its_own_note(
    database: LiveDatabase, small_blocks: Store
) -> None:
    insert_votes(database, range(1, 101))
    small_blocks.sync()
    files = {p: p.stat().st_mtime_ns for p in small_blocks.root.rglob("*.*")}
    flip(small_blocks, "fpp_votes", position=40)
    flip(small_blocks, "fpp_votes", position=40)
    small_blocks.verify()
    names = set(small_blocks.root.rglob("*.*"))
    assert names == files.keys()


def test_verify_without_a_store_says_what_to_do(
    store: Store, reported: Sequence[str]
) -> None:
    assert store.verify() == 1
    assert "Run the sync job first" in reported[0]
