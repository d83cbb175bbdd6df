import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from metrics.tables import (
    ESTIMATIONS,
    ROOMS,
    TABLES,
    USERS,
    VOTES,
)
from store.manifest import BLOCKS, CURRENT, MANIFESTS
from sync.run import Request
from sync.source import Source
from sync.store_writer import Disk, StoreWriter
from sync.table_sync import TableSync
from testkit.database_servers import LiveDatabase
from testkit.harness import Store
from tests.sync.conftest import on_one_kind
from tests.sync.rows import insert_votes, user


def test_first_sync_copies_every_row_of_every_table(
    database: LiveDatabase, store: Store
) -> None:
    database.fill_from_golden()
    assert store.sync() == 0
    store.assert_equals_source()
    assert sum(store.rows(table).height for table in TABLES) > 10_000


@on_one_kind
@pytest.mark.parametrize("name", ["[live]", "[", "st*re", "a {b} ?", "größe\n", "a=1"])
def test_a_store_may_be_in_a_folder_of_any_name(
    database: LiveDatabase, small_blocks: Store, name: str
) -> None:
    """A pattern would find no file, or those of another store as well."""
    small_blocks.root = small_blocks.root.parent / name / "data"
    twin = small_blocks.root.parents[1] / "store" / "data"
    insert_votes(database, range(1, 31))
    database.insert(USERS, [user("a"), user("b", "2025-01-02")])
    assert small_blocks.sync() == 0
    shutil.copytree(small_blocks.root, twin)
    small_blocks.assert_equals_source()
    database.execute("UPDATE fpp_votes SET duration = 9 WHERE id = 5")
    database.insert(USERS, [user("c", "2025-01-02")])
    assert small_blocks.sync() == 0
    small_blocks.assert_equals_source()
    (small_blocks.root / small_blocks.manifest().user_ids[0].file).unlink()
    assert small_blocks.sync() == 0
    small_blocks.assert_equals_source()
    assert small_blocks.verify() == 0
    users = small_blocks.manifest().tables[USERS.name]
    assert StoreWriter(Disk(small_blocks.root)).keys(USERS, users).len() == 3


@on_one_kind
def test_plain_files_of_an_earlier_job_are_named_once_and_left(
    store: Store, logged: Sequence[str]
) -> None:
    plain = store.root / VOTES.file_name
    plain.parent.mkdir()
    plain.touch()
    assert [store.sync(), store.sync()] == [0, 0]
    said = [line for line in logged if "No longer used" in line]
    assert said == ["No longer used, safe to delete: fpp_votes.parquet"]
    assert plain.exists()


def test_second_sync_follows_inserts_renames_edits_and_deletes(
    database: LiveDatabase, store: Store
) -> None:
    database.fill_from_golden()
    store.sync()
    database.execute(
        "UPDATE fpp_rooms SET name = 'renamed', last_used_at = '2026-11-20' "
        "WHERE id = 1"
    )
    database.execute("INSERT INTO fpp_users (id, city) VALUES ('new', 'Kraków')")
    database.execute("UPDATE fpp_votes SET duration = duration + 1 WHERE id = 7")
    database.execute("DELETE FROM fpp_estimations WHERE id BETWEEN 10 AND 19")
    assert store.sync() == 0
    store.assert_equals_source()
    run = store.manifest().runs[-1]
    assert (run.new, run.changed, run.gone) == (1, 2, 10)


def test_a_run_asks_the_server_for_nothing_but_its_statements(
    database: LiveDatabase, store: Store
) -> None:
    """The driver pings it for each new cursor."""

    def counted(name: str) -> int:
        with database.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"SHOW GLOBAL STATUS LIKE '{name}'")
            ((_, count),) = cursor.fetchall()
            return int(str(count))

    names = "Com_select", "Com_admin_commands"
    before = [counted(name) for name in names]
    assert store.sync() == 0
    selects, pings = (
        counted(name) - was for name, was in zip(names, before, strict=True)
    )
    assert selects > 30
    assert pings < 15


def test_a_run_without_changes_moves_only_the_time(
    database: LiveDatabase, store: Store
) -> None:
    database.fill_from_golden()
    store.sync()
    first = store.manifest()
    store.sync()
    second = store.manifest()
    assert second.tables == first.tables
    assert second.generation == first.generation
    assert timedelta() < second.snapshot_at - first.snapshot_at < timedelta(minutes=1)


def test_a_late_commit_with_a_lower_id_is_copied(
    database: LiveDatabase, store: Store
) -> None:
    late, early = database.connect(), database.connect()
    late.start_transaction()
    insert = "INSERT INTO fpp_estimations (user_id, room_id, spectator) VALUES (%s,1,0)"
    late.cursor().execute(insert, ("late",))
    early.cursor().execute(insert, ("early",))
    store.sync()
    assert store.rows(ESTIMATIONS)["user_id"].to_list() == ["early"]
    late.commit()
    store.sync()
    assert store.rows(ESTIMATIONS)["user_id"].to_list() == ["late", "early"]
    late.close()
    early.close()


def test_empty_tables_are_there_with_their_types(store: Store) -> None:
    assert store.sync() == 0
    for table in TABLES:
        assert store.rows(table).schema == table.schema
        assert store.rows(table).is_empty()


def test_rows_are_sorted_by_key_and_written_with_exactly_the_schema(
    database: LiveDatabase, store: Store
) -> None:
    database.insert(USERS, [(k, *[None] * 6, "2026-01-01") for k in ("b", "C", "a")])
    store.sync()
    (block,) = store.manifest().tables[USERS.name]
    frame = pl.read_parquet(store.root / block.file)
    assert frame["id"].to_list() == ["C", "a", "b"]
    assert frame.schema == USERS.stored_schema
    assert store.manifest().tables[ROOMS.name] == ()


def test_users_of_one_second_around_a_sync_are_there_once(
    database: LiveDatabase, store: Store
) -> None:
    database.insert(USERS, [user("a"), user("b")])
    store.sync()
    database.insert(USERS, [user("c"), user("d")])
    store.sync()
    assert store.rows(USERS)["id"].to_list() == ["a", "b", "c", "d"]
    store.assert_equals_source()


def test_a_user_whose_commit_came_after_the_quarter_ended_is_copied(
    database: LiveDatabase, store: Store
) -> None:
    database.insert(USERS, [user("a", "2026-09-30 23:59:58"), user("b", "2026-10-01")])
    store.sync()
    database.insert(USERS, [user("late", "2026-09-30 23:59:59")])
    store.sync()
    store.assert_equals_source()
    assert [b.key for b in store.manifest().tables["fpp_users"]] == ["2026Q3", "2026Q4"]


def test_users_at_both_ends_of_the_timestamp_range_are_copied(
    database: LiveDatabase, store: Store
) -> None:
    ends = ["1970-01-01 00:00:01", "2037-12-31 23:59:59", "2038-01-19 03:14:07"]
    database.insert(USERS, [user(f"u{n}", at) for n, at in enumerate(ends)])
    store.sync()
    store.assert_equals_source()


def test_a_deleted_user_a_deleted_range_and_emptied_tables_are_followed(
    database: LiveDatabase, store: Store
) -> None:
    database.fill_from_golden()
    store.sync()
    (someone, *_) = store.rows(USERS)["id"]
    database.execute("DELETE FROM fpp_users WHERE id = %s", (someone,))
    database.execute("DELETE FROM fpp_page_views WHERE id < 100")
    assert store.sync() == 0
    store.assert_equals_source()
    database.execute("DELETE FROM fpp_votes")
    assert store.sync(Request(accept_shrink=True)) == 0
    store.assert_equals_source()
    assert store.rows(VOTES).is_empty()


def test_an_edit_in_an_old_block_is_followed_within_one_recheck(
    database: LiveDatabase, small_blocks: Store
) -> None:
    insert_votes(database, range(1, 81))
    small_blocks.sync()
    database.execute("UPDATE fpp_votes SET duration = 61 WHERE id = 5")
    exits = [small_blocks.sync() for _ in small_blocks.manifest().tables["fpp_votes"]]
    assert set(exits) == {0}
    small_blocks.assert_equals_source()


def test_one_lost_row_lets_the_whole_table_be_compared_at_once(
    database: LiveDatabase, small_blocks: Store
) -> None:
    insert_votes(database, range(1, 81))
    small_blocks.sync()
    database.execute("DELETE FROM fpp_votes WHERE id IN (5, 15, 25, 35, 80)")
    small_blocks.sync()
    small_blocks.assert_equals_source()
    assert small_blocks.manifest().runs[-1].gone == 5


def test_a_wide_gap_of_ids_costs_no_block(
    database: LiveDatabase, small_blocks: Store
) -> None:
    insert_votes(database, range(1, 3))
    insert_votes(database, range(2_000_000_000, 2_000_000_002))
    small_blocks.sync()
    small_blocks.assert_equals_source()
    assert len(small_blocks.manifest().tables["fpp_votes"]) == 2


def test_a_backlog_read_before_the_snapshot_is_confirmed_inside_it(
    database: LiveDatabase, small_blocks: Store
) -> None:
    """Rows change between the backlog and the snapshot, in every block."""
    small_blocks.policy = replace(small_blocks.policy, snapshot_seconds=0)
    insert_votes(database, range(1, 81))

    class Meanwhile(TableSync):
        def fetch_backlog(self, source: Source) -> None:
            super().fetch_backlog(source)
            database.execute("UPDATE fpp_votes SET duration = duration + 1")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sync.run.TableSync", Meanwhile)
        assert small_blocks.sync() == 0
    small_blocks.assert_equals_source()


def test_rebuild_reads_a_table_again_and_keeps_the_others(
    database: LiveDatabase, store: Store
) -> None:
    database.fill_from_golden()
    store.sync()
    first = store.manifest().tables
    assert store.sync(Request(rebuild=frozenset({"fpp_votes"}))) == 0
    second = store.manifest().tables
    store.assert_equals_source()
    assert [b.file for b in second["fpp_votes"]] != [b.file for b in first["fpp_votes"]]
    assert second["fpp_users"] == first["fpp_users"]


def test_a_rebuild_of_everything_heals_a_damaged_manifest(
    database: LiveDatabase, store: Store
) -> None:
    database.fill_from_golden()
    store.sync()
    (store.root / CURRENT).write_text("nonsense.json\n")
    assert store.sync() == 1
    assert store.sync(Request(rebuild=frozenset(t.name for t in TABLES))) == 0
    store.assert_equals_source()


def test_old_generations_are_collected_and_the_newest_three_are_kept(
    database: LiveDatabase, store: Store
) -> None:
    store.policy = replace(store.policy, keep_seconds=0)
    for key in range(1, 7):
        insert_votes(database, range(key, key + 1))
        store.sync()
    assert len(list((store.root / MANIFESTS).iterdir())) == 3
    assert len(list((store.root / BLOCKS / "fpp_votes").iterdir())) == 3
    store.assert_equals_source()


def test_the_latest_fifty_runs_are_remembered(store: Store) -> None:
    store.policy = replace(store.policy, keep_runs=2)
    for _ in range(3):
        store.sync()
    assert len(store.manifest().runs) == 2
